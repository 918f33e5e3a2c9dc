"""What differs between two answers: operations with the entries that caused them. Pure.

A path names the answer, the row by its own key, and the field: `/deployments/KEN/personnel/individual_police/moved/minimum`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from projections.pledges import counts

Row = Mapping[str, Any]
Operation = dict[str, Any]

_KEYS: dict[str, Callable[[Row], tuple[str, ...]]] = {
    "leadership": lambda row: (row["post"],),
    "partners": lambda row: (row["group"]["code"], row["party"]),
    "pledges": lambda row: (row["pledge"],),
    "deployments": lambda row: (row["party"], row["kind"], row["category"], *_qualifiers(row)),
    "funding": lambda row: (row["party"], row["channel"], row["currency"]),
    "positions": lambda row: (row["on"], "+".join(row["parties"])),
    "fulfilment": lambda row: (row["party"], row["kind"], row["of"]),
    "targets": lambda row: (row["target"],),
    "observations": lambda row: (row["subject"], row["measured"]),
    "findings": lambda row: (row["code"], row["about"], "-".join(map(str, row["entries"]))),
}


def _qualifiers(row: Row) -> list[str]:
    names = {"unit": "unit", "recipient": "for", "affiliation": "of"}
    return [f"{short}={row[name]}" for name, short in names.items() if row[name] is not None]


def diff(before: Row, after: Row, about: Mapping[int, list[int]] | None = None) -> list[Operation]:
    """The operations that turn the answers `before` into `after`: {op, path, from, to, caused_by}, in path order.

    `about`: the corrections, retractions and ranks that stand on one side only, by the entry that they are about.
    """
    found: list[Operation] = []
    for name in sorted({*before, *after}):
        found += _between(name, _keyed(name, before.get(name)), _keyed(name, after.get(name)))
    behind = [about or {}, _counted_otherwise(before.get("pledges") or [], after.get("pledges") or [])]
    return [{**made, "caused_by": _with_causes_behind(made["caused_by"], behind)} for made in found]


def _counted_otherwise(before: Sequence[Row], after: Sequence[Row]) -> dict[int, list[int]]:
    """For the terms of each pledge that is counted in one state only: what ended it, or brought it back.

    Sums name the terms that went into them, and a withdrawn pledge is in none.
    """
    now = {row["pledge"]: row for row in after}
    pairs = [(old, now[old["pledge"]]) for old in before if old["pledge"] in now]
    return {
        position: [*new["provenance"]["status"], *new["provenance"]["rank"]]
        for old, new in pairs
        if counts(old) != counts(new)
        for position in {*old["provenance"]["items"], *new["provenance"]["items"]}
    }


def _with_causes_behind(caused_by: list[int], behind: Sequence[Mapping[int, Sequence[int]]]) -> list[int]:
    return sorted({*caused_by, *(by for told in behind for position in caused_by for by in told.get(position, ()))})


def _keyed(name: str, answer: Any) -> dict[tuple[str, ...], Row]:
    if isinstance(answer, list):
        return {_KEYS[name](row): row for row in answer}
    return {(): answer} if answer else {}


def _between(
    name: str, before: Mapping[tuple[str, ...], Row], after: Mapping[tuple[str, ...], Row]
) -> Iterator[Operation]:
    for key in sorted({*before, *after}):
        path = "/" + "/".join(_escaped(part) for part in (name, *key))
        old, new = before.get(key), after.get(key)
        if old is None and new is not None:
            yield {"op": "add", "path": path, "from": None, "to": new, "caused_by": causes(new)}
        elif new is None and old is not None:
            yield {"op": "remove", "path": path, "from": old, "to": None, "caused_by": causes(old)}
        elif old is not None and new is not None:
            yield from _within(path, old, new, causes(old), causes(new))


def _within(path: str, old: Any, new: Any, from_old: list[int], from_new: list[int]) -> Iterator[Operation]:
    """Differences inside a row: objects field by field, everything else as a whole."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for field in sorted({*old, *new} - {"entries", "provenance"}):
            behind = [_behind(row, field, above) for row, above in ((old, from_old), (new, from_new))]
            yield from _within(f"{path}/{_escaped(field)}", old.get(field), new.get(field), *behind)
        return
    caused = {*causes(old)} ^ {*causes(new)} or {*from_new} - {*from_old} or {*from_old} ^ {*from_new}
    yield {"op": "change", "path": path, "from": old, "to": new, "caused_by": sorted(caused) or from_new}


def _behind(row: Row, field: str, above: list[int]) -> list[int]:
    """The entries behind a plain field: those that the row names for it, else those of the row, else those above."""
    named = row.get("provenance", {}).get(field)
    return named if named is not None else causes(row) if "entries" in row else above


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
