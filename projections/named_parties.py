"""Which parties are named, whatever their part: as pledger, reporter, holder, recipient or host. Pure.

Found in what the rows keep, and by the head of a row in what its lists keep. Who writes a letter or meets stands in the
history alone.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ledger.events import PARTY_FIELDS

_CODE = re.compile(r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*")
_NOBODY = frozenset({"mission", "unstated"})


_KEPT = PARTY_FIELDS | {"merged_into"}  # as rows name them
_DERIVED = frozenset({"entries", "named", "newest", "counts", "noted", "held"})  # what a row keeps of its lists


def named_parties(rows: Mapping[str, list[dict[str, Any]]]) -> dict[str, set[int]]:
    """Every party that the rows name, with the entries that name it; of a row without its lists, the last that does."""
    named: dict[str, set[int]] = defaultdict(set)
    for name, kept in rows.items():
        for row in kept:
            for code in _in_key(name, row["key"]):
                named[code].update(row["entries"])
            for code, entries in row["named"].items():
                named[code].update(entries)
            plain = {field: value for field, value in row.items() if field not in _DERIVED}
            for code, entries in in_fields(plain, row["entries"]):
                named[code].update(entries)
    return {code: entries for code, entries in named.items() if code not in _NOBODY}


def _in_key(name: str, key: str) -> Iterable[str]:
    """The parties in a row's key: `FRA+CAN/personnel/troops/for=HTI`, `SGP-HTI/KEN`."""
    first, *rest = key.split("/")
    if name in ("deployments", "flows"):
        return [*first.split("+"), *(part.removeprefix("for=") for part in rest if part.startswith("for="))]
    if name == "positions":
        return rest[0].split("+")
    if name == "observations":
        return {"fund": rest[3:], "equipment": rest[1:2]}.get(first, [])
    return [first, *rest] if name == "partners" else []


def in_fields(part: Any, entries: list[int]) -> Iterator[tuple[str, list[int]]]:
    """The parties in the fields of a row's parts, each with the nearest entries above it."""
    if isinstance(part, list):
        for inner in part:
            if isinstance(inner, (dict, list)):
                yield from in_fields(inner, entries)
        return
    entries = part.get("entries") or entries
    for field, value in part.items():
        if field in _KEPT and not (field == "by" and "cause" in part):  # which body suspends is told in words
            yield from ((code, entries) for code in _codes(value))
        if isinstance(value, (dict, list)):
            yield from in_fields(value, entries)


def _codes(value: Any) -> list[str]:
    """Party codes in a field: one, several, or several that act as one."""
    texts = [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
    return [code for text in texts for code in text.split("+") if _CODE.fullmatch(code)]
