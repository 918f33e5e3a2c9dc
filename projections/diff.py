"""What differs between two answers: operations with the entries that caused them. Pure.

A path names the answer, the row by its own key, and the field: `/deployments/KEN/personnel/individual_police/moved/minimum`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from projections.causes import Between

Row = Mapping[str, Any]
Operation = dict[str, Any]

_KEYS: dict[str, Callable[[Row], tuple[str, ...]]] = {
    "leadership": lambda row: (row["post"],),
    "partners": lambda row: (row["group"]["code"], row["party"]),
    "pledges": lambda row: (row["pledge"],),
    "deployments": lambda row: (row["party"], row["kind"], row["category"], *_qualifiers(row)),
    "funding": lambda row: (row["party"], row["channel"], row["currency"]),
    "commitments": lambda row: (row["commitment"],),
    "payments": lambda row: (str(row["payment"]),),
    "positions": lambda row: (row["on"], "+".join(row["parties"])),
    "fulfilment": lambda row: (row["party"], row["kind"], row["of"]),
    "targets": lambda row: (row["target"],),
    "observations": lambda row: (row["subject"], row["measured"]),
    "findings": lambda row: (row["code"], row["about"], "-".join(map(str, row["entries"]))),
}


def _qualifiers(row: Row) -> list[str]:
    names = {"unit": "unit", "recipient": "for", "affiliation": "of"}
    return [f"{short}={row[name]}" for name, short in names.items() if row[name] is not None]


def operations(before: Row, after: Row, told: Between) -> list[Operation]:
    """The operations that turn the answers `before` into `after`: {op, path, from, to, caused_by}, in path order.

    `told`: what lies between the two.
    """
    found: list[Operation] = []
    for name in sorted({*before, *after}):
        found += _between(name, keyed(name, before.get(name)), keyed(name, after.get(name)), told)
    return found


def keyed(name: str, answer: Any) -> dict[tuple[str, ...], Row]:
    """The rows of an answer by the key that stands in their paths; an answer that is one row has none."""
    if isinstance(answer, list):
        return {_KEYS[name](row): row for row in answer}
    return {(): answer} if answer else {}


def _between(
    name: str, before: Mapping[tuple[str, ...], Row], after: Mapping[tuple[str, ...], Row], told: Between
) -> Iterator[Operation]:
    for key in sorted({*before, *after}):
        path = "/" + "/".join(_escaped(part) for part in (name, *key))
        old, new = before.get(key), after.get(key)
        if old is not None and new is not None:
            yield from _within(path, old, new, Behind(causes(old), causes(new)), told)
        else:
            op = "add" if old is None else "remove"
            yield {"op": op, "path": path, "from": old, "to": new, "caused_by": _of_row(name, old, new, told)}


def _of_row(name: str, old: Row | None, new: Row | None, told: Between) -> list[int]:
    """The causes of a row that is new or no more.

    A finding names all that it comes from: where nothing of that is new, something that spoke against it is gone, or
    it was only a matter of time.
    """
    named = Behind(causes(old), causes(new))
    if found := told.apart(named.old, named.new, _is_sum([old]) or _is_sum([new])):
        return told.changed(found)
    found = told.bearing_on(named.either) or told.near(named.either)
    if name == "findings":
        found = {p for p in found if p in (told.before if old is None else told.after)}
    return told.changed(found) or sorted(named.either)


@dataclass(frozen=True)
class Behind:
    """The entries behind two values. `exact`: the row names those of this very field; `summed`: they are added up in it."""

    old: list[int]
    new: list[int]
    exact: bool = False
    summed: bool = False

    @property
    def either(self) -> set[int]:
        return {*self.old, *self.new}


def _within(path: str, old: Any, new: Any, behind: Behind, told: Between) -> Iterator[Operation]:
    """Differences inside a row: objects field by field, everything else as a whole."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for field in sorted({*old, *new} - {"entries", "provenance"}):
            inside = _inside(old, new, field, behind)
            yield from _within(f"{path}/{_escaped(field)}", old.get(field), new.get(field), inside, told)
        return
    yield {"op": "change", "path": path, "from": old, "to": new, "caused_by": _of_value(old, new, behind, told)}


def _inside(old: Row, new: Row, field: str, above: Behind) -> Behind:
    """The entries behind a field: those that the row names for it, else those of the row, else those above."""
    named = [row.get("provenance", {}).get(field) for row in (old, new)]
    if None not in named:
        return Behind(named[0], named[1], exact=True)
    own = "entries" in old and "entries" in new
    return Behind(causes(old), causes(new), summed=_is_sum(old)) if own else above


def _of_value(old: Any, new: Any, behind: Behind, told: Between) -> list[int]:
    """The causes of another value: what came or went of the entries that it names or rests on, else what stands beside.

    Where a field rests on the same entries, and these stand as they stood, it was only a matter of time.
    """
    summed = behind.summed or _is_sum(old) or _is_sum(new)
    found = told.apart(causes(old), causes(new), summed) or told.apart(behind.old, behind.new, summed)
    if not found and not (behind.exact and behind.old == behind.new):
        every = {*causes(old), *causes(new), *behind.either}
        found = told.bearing_on(every) or told.near(every)
    return told.changed(found) or behind.new or behind.old


def _is_sum(value: Any) -> bool:
    """Whether a value is a figure, or a list of rows that hold figures."""
    if isinstance(value, list):
        return any(_is_sum(part) for row in value if isinstance(row, dict) for part in row.values())
    return isinstance(value, dict) and {"unspecified", "entries"} <= set(value)


def causes(value: Any) -> list[int]:
    """Every entry that a part of an answer names: its figures', its rows', its claims'."""
    found: set[int] = set()
    _collect(value, found)
    return sorted(found)


def _collect(value: Any, found: set[int]) -> None:
    if isinstance(value, dict):
        found.update(value.get("entries") or ())
        for part in value.values():
            _collect(part, found)
    elif isinstance(value, list):
        for part in value:
            _collect(part, found)


def _escaped(part: str) -> str:
    """A reference token of a JSON pointer (RFC 6901)."""
    return str(part).replace("~", "~0").replace("/", "~1")


def changed_fields(before: Row, after: Row) -> list[dict[str, Any]]:
    """The fields that differ: {field, from, to}."""
    names = [*before, *(name for name in after if name not in before)]
    return [{"field": n, "from": before.get(n), "to": after.get(n)} for n in names if before.get(n) != after.get(n)]
