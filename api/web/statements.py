"""What an entry says, field by field, with what the declaration tells of each. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from jinja2 import Environment

from api.web.words import label, number, partial_date, parties, party, quantity, sentence, sum_of
from ledger.events import EVENTS, PARTY_FIELDS
from ledger.standing import CORRECTED
from ledger.values import Source

_DATE = re.compile(r"\d{4}(-\d{2}){0,2}")
_FREE = frozenset(
    ("text", "statement", "reason", "title", "name", "terms", "outcome", "circumstances", "purpose", "legal_basis")
    + ("condition_text", "person", "speaker", "note", "publisher", "names", "place", "rule", "about")
)


@dataclass(frozen=True)
class Told:
    """One field of what was said: its name in words, what the declaration says of it, and its value. `kind` tells how it is written."""

    name: str
    hint: str
    kind: str
    value: Any


def teach(environment: Environment) -> None:
    """Make these words known to the templates."""
    for word in (type_name, meaning, written):
        environment.filters[word.__name__] = word


def type_name(code: str) -> str:
    """`pledge.notified` as Pledge notified."""
    return sentence(label(code.replace(".", " ")))


def meaning(code: str) -> str:
    """What the declaration says of an event type."""
    return " ".join((EVENTS[code].__doc__ or "").split()) if code in EVENTS else ""


def field_rows(type_code: str, data: Mapping[str, Any], target_type: str | None = None) -> list[Told]:
    """What an event says, field by field, in the order of its declaration. `target_type`: what a correction is about."""
    hints = hints_of(type_code)
    names = [name for name in hints if name in data] + [name for name in data if name not in hints]
    return [row for name in names for row in _rows(type_code, name, data[name], hints.get(name, ""), target_type)]


def _rows(type_code: str, name: str, value: Any, hint: str, target_type: str | None) -> Iterator[Told]:
    if type_code == CORRECTED and name == "data" and isinstance(value, Mapping):
        for row in field_rows(target_type or "", value):
            yield Told(f"{row.name}, corrected", row.hint, row.kind, row.value)
    else:
        yield Told(label(name), hint, kind_of(name, value), value)


def hints_of(type_code: str) -> dict[str, str]:
    """By field of an event type: what the declaration says of it."""
    return _hints(EVENTS[type_code]) if type_code in EVENTS else {}


def _hints(declared: Any) -> dict[str, str]:
    return {part.name: part.metadata.get("description", "") for part in fields(declared)}


def source_rows(source: Mapping[str, Any]) -> list[Told]:
    """The same of a source."""
    hints = _hints(Source)
    return [Told(label(name), hints.get(name, ""), kind_of(name, value), value) for name, value in source.items()]


def kind_of(name: str, value: Any) -> str:
    """How a value is written, by its field's name and its shape. Whatever is stored has a kind: nothing is left out."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes or no"
    if isinstance(value, int):
        return "entry" if name in ("target", "rival") else "number"
    if isinstance(value, Mapping):
        return "money" if "currency" in value and "kind" not in value else "source" if _is_source(value) else "other"
    if isinstance(value, list | tuple):
        return _kind_of_list(name, value)
    return _kind_of_text(name, str(value))


def _is_source(value: Mapping[str, Any]) -> bool:
    return bool({"symbol", "url", "title"} & value.keys())


def _kind_of_list(name: str, value: Sequence[Any]) -> str:
    if value and all(isinstance(one, Mapping) and {"kind", "category", "currency"} & one.keys() for one in value):
        return "items"
    if not all(isinstance(one, str) for one in value):
        return "other"
    return "parties" if name in PARTY_FIELDS else "texts"


def _kind_of_text(name: str, value: str) -> str:
    if name in PARTY_FIELDS:
        return "party"
    if name == "url":
        return "address"
    if name in ("pledge", "fulfils"):
        return "pledge"
    if name not in _FREE and _DATE.fullmatch(value) and _is_date(value):
        return "date"
    return "code" if re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", value) and name not in _FREE else "text"


def _is_date(value: str) -> bool:
    return len(value) == 4 or 1 <= int(value[5:7]) <= 12


def written(value: Any, name: str) -> str:
    """A value of a change (`data.until`, `effective`, `source`) as text."""
    name = name.removeprefix("data.")
    kind = kind_of(name, value)
    match kind:
        case "none":
            return "nothing"
        case "yes or no":
            return "yes" if value else "no"
        case "party":
            return party(value)
        case "parties":
            return parties(value)
        case "date":
            return partial_date(value)
        case "money":
            return sum_of(value)
        case "items":
            return ", ".join(map(quantity, value))
        case "source":
            return ", ".join(str(value[part]) for part in ("symbol", "title", "publisher", "url") if value.get(part))
        case "texts":
            return ", ".join(value)
        case "code":
            return label(value)
        case "number":
            return number(value)
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{label(str(name))} {written(part, str(name))}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(_plain(part) for part in value)
    return str(value)
