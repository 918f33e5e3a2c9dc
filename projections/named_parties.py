"""Which parties are named, whatever their part: as pledger, reporter, holder, recipient or host. Pure.

Found in what the rows keep, and by the head of a row in what its lists keep. Who writes a letter or meets stands in the
history alone.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from functools import lru_cache
from typing import Any

from ledger.events import PARTY_FIELDS

_CODE = re.compile(r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*")
_NOBODY = frozenset({"mission", "unstated"})


_KEPT = PARTY_FIELDS | {"merged_into"}  # as rows name them
_VALUES = frozenset(
    {"entries", "item", "items", "money", "source"}
)  # quantities, sums and sources name no party by its code
_HOLDING = frozenset({dict, list})  # what JSON has parts in
# What a head keeps of its lists: `named` has the parties of all of them.
_DERIVED = frozenset(
    [
        "entries",
        "claims",
        "key",
        "events",
        "forgot",
        "beyond",
        "brief",
        "named",
        "newest",
        "counts",
        "noted",
        "remarks",
        "held",
        "best",
        "sums",
        "lost",
        "linked",
        "arrived",
        "terms",
        "last_terms",
        "original",
        "suspensions",
        "promised",
    ]
)


def named_parties(rows: Mapping[str, list[dict[str, Any]]], known: Set[str]) -> dict[str, set[int]]:
    """Every party that the rows name, but those that are `known`, with the entries that name it; of a row without its lists,
    the last that does."""
    named: dict[str, set[int]] = defaultdict(set)
    for name, kept in rows.items():
        fields = [field for field in kept[0] if field not in _DERIVED] if kept else []
        for row in kept:
            entries, listed = row["entries"], row["named"]
            found = [(code, entries) for code in _in_key(name, row["key"])]
            found += listed.items()
            passed = (
                () if row["beyond"] or not listed.keys() <= known else row["counts"]
            )  # lists that name but who is known
            for field in fields:
                if (value := row[field]) and field not in passed:
                    found += _in_field(field, value, entries)
            for code, behind in found:
                if code not in known:
                    named[code].update(behind)
    return {code: entries for code, entries in named.items() if code not in _NOBODY}


@lru_cache(maxsize=65_536)
def _in_key(name: str, key: str) -> Sequence[str]:
    """The parties in a row's key: `FRA+CAN/personnel/troops/for=HTI`, `SGP-HTI/KEN`."""
    first, *rest = key.split("/")
    if name in ("deployments", "flows"):
        return [*first.split("+"), *(part.removeprefix("for=") for part in rest if part.startswith("for="))]
    if name == "positions":
        return rest[0].split("+")
    if name == "observations":
        return {"fund": rest[3:], "equipment": rest[1:2]}.get(first, [])
    return [first, *rest] if name == "partners" else []


def in_fields(part: Any, entries: list[int]) -> list[tuple[str, list[int]]]:
    """The parties in the fields of a row's parts, each with the nearest entries above it."""
    found: list[tuple[str, list[int]]] = []
    _look(part, entries, found)
    return found


def _in_field(field: str, value: Any, entries: list[int]) -> list[tuple[str, list[int]]]:
    if isinstance(value, (dict, list)) and field not in _KEPT:
        return in_fields(value, entries)
    return in_fields({field: value}, entries) if field in _KEPT else []


def _look(part: Any, entries: list[int], found: list[tuple[str, list[int]]]) -> None:
    if isinstance(part, list):
        for inner in part:
            if type(inner) in _HOLDING:
                _look(inner, entries, found)
        return
    entries = part.get("entries") or entries
    for field, value in part.items():
        if not value or field in _VALUES:
            continue
        if field in _KEPT and not (field == "by" and "cause" in part):  # which body suspends is told in words
            found += ((code, entries) for code in _codes(value))
        if type(value) in _HOLDING:
            _look(value, entries, found)


@lru_cache(maxsize=65_536)
def _codes_in(text: str) -> tuple[str, ...]:
    return tuple(code for code in text.split("+") if _CODE.fullmatch(code))


def _codes(value: Any) -> list[str]:
    """Party codes in a field: one, several, or several that act as one."""
    texts = [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
    return [code for text in texts for code in _codes_in(text)]
