"""Figures, dates, parties and codes in words: one way to write each, on every page.

A figure that is missing is never written as 0, a range never as a point.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import g, request, url_for
from jinja2 import Environment
from sqlalchemy import Connection

from ledger import codes
from projections.queries import party_rows
from projections.questions import Question

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
NO_SPECIFICS = "no specifics"
_SHORT = {
    "USA": "United States", "GBR": "United Kingdom", "BOL": "Bolivia", "VEN": "Venezuela", "COD": "DR Congo", "KOR": "South Korea",
    "IRN": "Iran", "LAO": "Laos", "MDA": "Moldova", "PRK": "North Korea", "RUS": "Russia", "SYR": "Syria", "TWN": "Taiwan",
    "TZA": "Tanzania", "VNM": "Viet Nam", "FSM": "Micronesia", "PSE": "Palestine", "VGB": "British Virgin Islands",
    "VIR": "US Virgin Islands", "FLK": "Falkland Islands",
}  # fmt: skip


def teach(environment: Environment) -> None:
    """Make the words known to the templates."""
    for word in (
        figure,
        quantity,
        amount,
        sum_of,
        sentence,
        host,
        partial_date,
        moment,
        party,
        parties,
        label,
        document_url,
        number,
    ):
        environment.filters[word.__name__] = word
    environment.globals.update(at=at, this_page=this_page, days_between=days_between)
    environment.trim_blocks = environment.lstrip_blocks = True


def number(value: Any) -> str:
    """A count or an amount with separators: 120,000,000."""
    made = Decimal(str(value))
    return f"{made:,f}" if made != made.to_integral() else f"{int(made):,}"


def figure(shown: Mapping[str, Any] | None, currency: str = "") -> str:
    """A figure of an answer: a point, a range, open on a side, or none at all."""
    if shown is None:
        return "none"
    left_out = shown.get("unspecified") or 0
    text = _range(shown["minimum"], shown["maximum"], bool(shown.get("approximate")))
    if text is None:
        return NO_SPECIFICS
    text = f"{text} {currency}".strip()
    return f"{text}, and {left_out} without a figure" if left_out else text


def _range(low: Any, high: Any, approximate: bool) -> str | None:
    if low is None and high is None:
        return None
    about = "about " if approximate else ""
    if low is None:
        return f"up to {about}{number(high)}"
    if high is None:
        return f"at least {about}{number(low)}"
    return about + (number(low) if Decimal(str(low)) == Decimal(str(high)) else f"{number(low)}–{number(high)}")


def quantity(item: Mapping[str, Any]) -> str:
    """What an item says: how many of what, or how much money."""
    if "unspecified" in item:
        told = f"{NO_SPECIFICS} ({label(item['unspecified'])})"
    else:
        told = sum_of(item) if "currency" in item else _counted(item)
    what = "" if item.get("kind") == "money" or "currency" in item else label(item.get("category", ""))
    return f"{told} {what}".strip()


def amount(item: Mapping[str, Any]) -> str:
    """How much or how many an item says, without what of."""
    if "unspecified" in item:
        return NO_SPECIFICS
    return sum_of(item) if "currency" in item else _counted(item)


def sentence(text: str) -> str:
    """Words as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def _counted(item: Mapping[str, Any]) -> str:
    text = _range(item.get("minimum"), item.get("maximum"), bool(item.get("approximate"))) or NO_SPECIFICS
    return f"{text} {label(item['unit'])}".strip() if item.get("unit") else text


def sum_of(money: Mapping[str, Any]) -> str:
    """A sum of money as it was said."""
    low, high = (money.get("amount", money.get(f"amount_{end}")) for end in ("minimum", "maximum"))
    text = _range(low, high, bool(money.get("approximate")))
    return f"{text} {money['currency']}" if text else NO_SPECIFICS


def partial_date(text: str | None) -> str:
    """12 September 2024, September 2024 or 2024: as precise as it is known."""
    if not text:
        return "not stated"
    year, *rest = text.split("-")
    named = [_MONTHS[int(rest[0]) - 1]] if rest else []
    day = [str(int(rest[1]))] if len(rest) > 1 else []
    return " ".join([*day, *named, year])


def moment(text: str | None) -> str:
    """A moment of the recording clock: 22 November 2026, 05:01:45 UTC."""
    return f"{partial_date(text[:10])}, {text[11:19]} UTC" if text else "never"


def days_between(first: str, last: str) -> int:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def party(code: str) -> str:
    """A party's name; its code where nobody registered a name. A joint one is named by all of its members."""
    return ", ".join(_party(one) for one in code.split("+"))


def _party(code: str) -> str:
    known: Mapping[str, str] = g.get("party_names", {})
    return known.get(code) or _SHORT.get(code) or codes.STATES.get(code) or code


def parties(those: Iterable[str]) -> str:
    return ", ".join(party(one) for one in those)


def know_parties(connection: Connection, question: Question) -> None:
    """Call the parties of this page by the names under which they are registered at these clocks."""
    rows = party_rows(connection, question.valid_at, question.known)
    g.party_names = {row["key"]: row["acronym"] or row["name"] for row in rows if row["acronym"] or row["name"]}
    know_acronyms(g.party_names)


def know_acronyms(those: Iterable[str]) -> None:
    """Let labels on this page write these in capitals, such as the codes of parties and the acronyms of a mission."""
    g.acronyms = g.get("acronyms", _ACRONYMS) | {one.casefold() for one in those}


_ACRONYMS = frozenset({"un"})
_LABELS = {
    "un_trust_fund": "UN trust fund",
    "mou": "MoU",
    "pcrs_registration": "PCRS registration",
    "not_stated": "not stated",
}


def label(code: str | None) -> str:
    """A code as words: `individual_police` is individual police. Acronyms that this page knows stand in capitals."""
    if not code:
        return ""
    acronyms = g.get("acronyms", _ACRONYMS) if g else _ACRONYMS
    words = code.replace("_", " ").replace("-", " ").split()
    return _LABELS.get(code) or " ".join(word.upper() if word in acronyms else word for word in words)


def document_url(source: Mapping[str, Any] | None) -> str | None:
    """Where a source can be read: its address, else that of its UN symbol."""
    if not source:
        return None
    if source.get("url"):
        return str(source["url"])
    return f"https://undocs.org/{source['symbol']}" if source.get("symbol") else None


def host(address: str) -> str:
    """Whose address it is, where that is all that is known of a source."""
    return urlsplit(address).hostname or address


CLOCKS = ("valid_at", "known_at", "known_position", "reported_by")


def at(endpoint: str, **values: Any) -> str:
    """An address of a page, at the clocks of this one."""
    clocks = {name: request.args[name] for name in CLOCKS if request.args.get(name)}
    return url_for(endpoint, **{**clocks, **{name: value for name, value in values.items() if value is not None}})


def this_page(**changes: Any) -> str:
    """The address of this page with other values in it; what is None is left out."""
    values = {**request.args.to_dict(), **changes}
    kept = {name: value for name, value in values.items() if value not in (None, "")}
    path = url_for(
        request.endpoint or "", **(request.view_args or {})
    )  # what a reader wrote is never an option of url_for
    return f"{path}?{urlencode(kept)}" if kept else path
