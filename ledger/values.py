"""The values that events are made of: names and codes, partial dates, quantities, money, sources.

Pure. A `Text` says what a string must look like; the schemas, the documentation and the forms are
derived from it. A value class checks what concerns several of its fields when it is made and raises
`Unfit`, which names the field.
"""

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Literal

from ledger import codes, symbols
from ledger.texts import HIDDEN, Text

FIRST_YEAR, LAST_YEAR = 1900, 2199
MAX_COUNT = 10**9
MAX_SAFE_INTEGER = 2**53 - 1


class Unfit(ValueError):
    """A value that cannot be: `field` names where, the text says what to do."""

    def __init__(self, field_name: str, text: str):
        super().__init__(text)
        self.field = field_name


@dataclass(frozen=True)
class PartialDate:
    """A date of year, month or day precision (`YYYY`, `YYYY-MM`, `YYYY-MM-DD`; EDTF level 0 subset)."""

    text: str
    first: date
    last: date

    @staticmethod
    @lru_cache(maxsize=65_536)
    def parse(text: str) -> "PartialDate":
        """Raises ValueError where `text` is no such date or lies outside 1900 to 2199."""
        match = re.fullmatch(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", text, re.ASCII)
        if not match:
            raise ValueError(
                f"{text[:40]!r} is not a date; write YYYY, YYYY-MM or YYYY-MM-DD, as precise as it is known"
            )
        year, month, day = (int(part) if part else None for part in match.groups())
        assert year is not None
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise ValueError(f"{text} lies outside the years {FIRST_YEAR} to {LAST_YEAR}")
        try:
            first = date(year, 1 if month is None else month, 1 if day is None else day)
        except ValueError:
            raise ValueError(f"{text} is not in the calendar") from None
        last_month = month or 12
        return PartialDate(text, first, date(year, last_month, day or calendar.monthrange(year, last_month)[1]))

    @property
    def precision(self) -> str:
        return {4: "year", 7: "month", 10: "day"}[len(self.text)]


@lru_cache(maxsize=65_536)
def first_day(text: str) -> str:
    """The first day of a partial date, as `YYYY-MM-DD`. Raises ValueError as `PartialDate.parse`."""
    return PartialDate.parse(text).first.isoformat()


@lru_cache(maxsize=65_536)
def last_day(text: str) -> str:
    """The last day of a partial date, as `YYYY-MM-DD`. Raises ValueError as `PartialDate.parse`."""
    return PartialDate.parse(text).last.isoformat()


def add_months(day: date, months: int) -> date:
    """The same day `months` later, or the last of that month where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _date_text(text: str) -> str:
    return PartialDate.parse(text).text


def _day_text(text: str) -> str:
    if len(text) != 10:
        raise ValueError(f"{text[:40]!r} is not a day; write YYYY-MM-DD")
    return PartialDate.parse(text).text


def _date_hint(text: str) -> str:
    """A date written otherwise, as the ledger has it; where day and month could be either, both."""
    if with_time := re.match(r"(\d{4}-\d{2}-\d{2})[T ]\d", text, re.ASCII):
        return f"write {with_time[1]}, without a time"
    if year_last := re.fullmatch(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", text, re.ASCII):
        one, other, year = year_last.groups()
        read = sorted({f"{year}-{m:0>2}-{d:0>2}" for m, d in ((one, other), (other, one)) if int(m) <= 12})
        return f"write {' or '.join(read)}, whichever is meant" if read else ""
    return ""


def _party(text: str) -> str:
    """A state goes by its code; its name in capitals would otherwise pass for the code of another party."""
    if hint := _party_hint(text):
        raise ValueError(f"{text!r} is the name of a state; {hint}")
    return text


def _party_hint(text: str) -> str:
    code = codes.state_called(text)
    return f"write {code} for {codes.STATES[code]}" if code and code != text else ""


_address = re.compile(r"https?://[^\s<>\"'`\\]+").fullmatch


def _url(text: str) -> str:
    if not _address(text):
        raise ValueError(f"{text[:80]!r} is not an http or https address")
    return text


def closed(choices: Mapping[str, str], name: str, meaning: str) -> Text:
    return Text(meaning, choices=choices, choices_name=name, max_length=64)


_SLUG = r"[a-z0-9]+(?:-[a-z0-9]+)*"
Slug = Annotated[
    str, Text("a short name of lower-case letters, digits and hyphens", _SLUG, 64, example="jam-personnel")
]
MissionName = Annotated[
    str, Text("a mission's short name of lower-case letters, digits and hyphens", _SLUG, 64, example="haiti-mss")
]
Ref = Annotated[
    str,
    Text(
        "the recorder's own name for an event: letters, digits, dots, colons, underscores and hyphens",
        r"[A-Za-z][A-Za-z0-9._:-]*",
        128,
        example="letter-2024-03-05",
    ),
]
PartyCode = Annotated[
    str,
    Text(
        "a party's code: ISO 3166-1 alpha-3 for a state, else the code it was registered with",
        r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*",
        32,
        normal=_party,
        hint=_party_hint,
        example="JAM",
    ),
]
_LINE = rf"[^\t\n\r{HIDDEN}]*"
Title = Annotated[str, Text("a line of text", _LINE, 300, free=True)]
Prose = Annotated[str, Text("text", max_length=4_000, free=True)]
Term = Annotated[
    str,
    Text(
        "a name for a kind of thing: lower-case letters, digits and underscores",
        r"[a-z0-9]+(?:_[a-z0-9]+)*",
        64,
        example="patrol_ship",
    ),
]
DateText = Annotated[
    str,
    Text(
        "a date: YYYY, YYYY-MM or YYYY-MM-DD",
        r"\d{4}(?:-\d{2}){0,2}",
        10,
        normal=_date_text,
        hint=_date_hint,
        example="2024-03-05",
    ),
]
DayText = Annotated[
    str, Text("a day: YYYY-MM-DD", r"\d{4}-\d{2}-\d{2}", 10, normal=_day_text, hint=_date_hint, example="2024-10-02")
]
Symbol = Annotated[str, Text("a UN document symbol", r"[ -~]*", 80, normal=symbols.canonical, example="S/2024/262")]
Instrument = Annotated[
    str,
    Text(
        "the act itself: a UN document symbol, or another act's name",
        _LINE,
        120,
        normal=symbols.canonical_instrument,
        free=True,
        example="S/RES/2699(2023)",
    ),
]
Url = Annotated[
    str,
    Text(
        "an http or https address", rf"[^\t\n\r {HIDDEN}]*", 2_000, normal=_url, example="https://undocs.org/S/2024/262"
    ),
]
Digest = Annotated[str, Text("a SHA-256 digest in hexadecimal", r"[0-9a-f]{64}", 64)]
Amount = Annotated[
    str,
    Text(
        "a decimal amount as text, without sign or separators",
        r"(?:0|[1-9]\d{0,17})(?:\.\d{1,4})?",
        24,
        example="15000000",
    ),
]
Currency = Annotated[str, closed(codes.CURRENCIES, "currency", "an ISO 4217 currency code")]
Unspecified = Annotated[str, closed(codes.UNSPECIFIED_REASONS, "unspecified", "why there is no figure")]
PersonnelCategory = Annotated[str, closed(codes.PERSONNEL_CATEGORIES, "personnel_category", "a category of personnel")]
Channel = Annotated[str, closed(codes.CHANNELS, "channel", "the channel through which money or goods go")]
SourceKind = Annotated[str, closed(codes.SOURCE_KINDS, "source_kind", "what sort of source it is")]
SourceRelation = Annotated[str, closed(codes.SOURCE_RELATIONS, "source_relation", "how the source stands to the fact")]
Confidence = Annotated[str, closed(codes.CONFIDENCES, "confidence", "how far the recorder trusts the statement")]


def told(
    description: str,
    *,
    example: Any = None,
    low: int | None = None,
    high: int | None = None,
    most: int | None = None,
    default: Any = ...,
) -> Any:
    """A declared field: its description, an example, bounds of a number (`low`, `high`) or of a list's length (`most`)."""
    metadata = {"description": description, "example": example, "low": low, "high": high, "most": most}
    return field(metadata=metadata) if default is ... else field(default=default, metadata=metadata)


def optional(description: str, **more: Any) -> Any:
    """A declared field that may be left out."""
    return told(description, default=None, **more)


def _check_range(low: Any, high: Any, unspecified: str | None, name_low: str, name_high: str) -> None:
    """A figure is a range, open on one side at most, or says why there is none."""
    if unspecified is not None and (low is not None or high is not None):
        raise Unfit("unspecified", "a figure and a reason for having none exclude each other; drop one of them")
    if unspecified is None and low is None and high is None:
        raise Unfit(
            name_low,
            f"a figure is missing; give {name_low}, {name_high} or both, or say with unspecified why there is none",
        )
    check_order(low, high, name_low, name_high)


def check_order(low: Any, high: Any, name_low: str = "minimum", name_high: str = "maximum") -> None:
    """At least is no more than at most."""
    if low is not None and high is not None and low > high:
        raise Unfit(name_low, f"{name_low} {low} is more than {name_high} {high}")


class _Quantity:
    """A count of units: exact where minimum and maximum agree, open where one of them is left out."""

    minimum: int | None
    maximum: int | None
    unspecified: str | None

    def __post_init__(self) -> None:
        _check_range(self.minimum, self.maximum, self.unspecified, "minimum", "maximum")


@dataclass(frozen=True, kw_only=True)
class PersonnelItem(_Quantity):
    """People of one category."""

    kind: Literal["personnel"] = told("Always `personnel`.")
    category: PersonnelCategory = told("The category of personnel.", example="troops")
    minimum: int | None = optional(
        "At least so many; an exact figure stands in both.", low=0, high=MAX_COUNT, example=170
    )
    maximum: int | None = optional("At most so many.", low=0, high=MAX_COUNT, example=170)
    approximate: bool | None = optional("The source says about, nearly, some.")
    unspecified: Unspecified | None = optional("Why there is no figure.")
    unit: Term | None = optional("What is counted, where it is not persons: company, platoon, unit.", example="company")
    women: int | None = optional("How many of them are women.", low=0, high=MAX_COUNT)
    capability: Term | None = optional("What they are to do: medevac, maritime, military_police.", example="medevac")
    note: Prose | None = optional("What the figures do not say.")


@dataclass(frozen=True, kw_only=True)
class EquipmentItem(_Quantity):
    """Equipment of one category."""

    kind: Literal["equipment"] = told("Always `equipment`.")
    category: Term = told("What it is; an open list.", example="helicopter")
    minimum: int | None = optional(
        "At least so many; an exact figure stands in both.", low=0, high=MAX_COUNT, example=3
    )
    maximum: int | None = optional("At most so many.", low=0, high=MAX_COUNT, example=3)
    approximate: bool | None = optional("The source says about, nearly, some.")
    unspecified: Unspecified | None = optional("Why there is no figure.")
    unit: Term | None = optional("What is counted, where it is not pieces.", example="ton")
    model: Title | None = optional("Make, model or name.", example="MaxxPro")
    note: Prose | None = optional("What the figures do not say.")


@dataclass(frozen=True, kw_only=True)
class ServiceItem(_Quantity):
    """A service: training, medical care, airlift, the use of a place."""

    kind: Literal["service"] = told("Always `service`.")
    category: Term = told("What it is; an open list.", example="training")
    minimum: int | None = optional("At least so many units; an exact figure stands in both.", low=0, high=MAX_COUNT)
    maximum: int | None = optional("At most so many units.", low=0, high=MAX_COUNT)
    approximate: bool | None = optional("The source says about, nearly, some.")
    unspecified: Unspecified | None = optional("Why there is no figure.")
    unit: Term | None = optional("What is counted.", example="person_trained")
    note: Prose | None = optional("What the figures do not say.")


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


@dataclass(frozen=True, kw_only=True)
class Money:
    """A sum in one currency: exact by `amount`, or a range open on one side at most."""

    currency: Currency = told("ISO 4217.", example="USD")
    amount: Amount | None = optional("The exact sum.", example="15000000")
    amount_minimum: Amount | None = optional("At least so much.")
    amount_maximum: Amount | None = optional("At most so much.")
    approximate: bool | None = optional("The source says about, nearly, some.")
    unspecified: Unspecified | None = optional("Why there is no figure.")

    def __post_init__(self) -> None:
        if self.amount is not None and (self.amount_minimum is not None or self.amount_maximum is not None):
            raise Unfit("amount", "an exact amount and a range exclude each other; drop one of them")
        low, high = self.amount or self.amount_minimum, self.amount or self.amount_maximum
        _check_range(_amount(low), _amount(high), self.unspecified, "amount_minimum", "amount_maximum")


@dataclass(frozen=True, kw_only=True)
class MoneyItem(Money):
    """Money within a pledge."""

    kind: Literal["money"] = told("Always `money`.")
    channel: Channel | None = optional("The channel; not stated where it is left out.", example="un_trust_fund")
    purpose: Prose | None = optional("What the money is for.")
    note: Prose | None = optional("What the figures do not say.")


Item = PersonnelItem | EquipmentItem | ServiceItem | MoneyItem
KitItem = EquipmentItem | ServiceItem


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a statement stands. At least one of symbol, url and title is needed."""

    symbol: Symbol | None = optional("UN document symbol.", example="S/2024/262")
    paragraph: Title | None = optional("Paragraph or page.", example="16-17")
    url: Url | None = optional("Address.")
    title: Title | None = optional("Title.")
    publisher: Title | None = optional("Who published it.")
    published: DateText | None = optional("When it was published.", example="2024-03-06")
    kind: SourceKind | None = optional("What sort of source it is.")
    relation: SourceRelation | None = optional("How the source stands to the fact.")
    confidence: Confidence | None = optional("How far the recorder trusts the statement.")
    retrieved: DayText | None = optional("When the recorder read it.")
    sha256: Digest | None = optional("Digest of the document as read.")
    also: tuple[Title, ...] | None = optional(
        "Further places that carry the same statement: addresses or titles.", most=20
    )

    def __post_init__(self) -> None:
        if self.symbol is None and self.url is None and self.title is None:
            raise Unfit("title", "a source needs a symbol, a url or a title")


def is_slug(value: Any) -> bool:
    """Whether a value of unchecked JSON could be a short name."""
    return isinstance(value, str) and len(value) <= 64 and re.fullmatch(_SLUG, value, re.ASCII) is not None


def is_position(value: Any) -> bool:
    """Whether a value of unchecked JSON could be an entry's position."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_SAFE_INTEGER


_PLAIN = frozenset({str, int, bool, type(None), float, dict})


def as_json(value: Any) -> Any:
    """A declared value as plain JSON data: what was left out stays out."""
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, tuple):
        return [part if type(part) in _PLAIN else as_json(part) for part in value]
    names = _names_of(kind)
    if names is None:
        return value
    return {
        name: part if type(part) in _PLAIN else as_json(part)
        for name in names
        if (part := getattr(value, name)) is not None
    }


@lru_cache(maxsize=1_024)
def _names_of(declared: Any) -> tuple[str, ...] | None:
    """The fields of a declared class; None of any other."""
    return tuple(part.name for part in fields(declared)) if is_dataclass(declared) else None
