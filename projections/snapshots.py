"""Everything about a mission at two clocks: with every list while its history is short, from the heads of its rows beyond.

What is read of a long history does not grow with it: the heads, and of the few rows whose heads cannot tell the lists.
"""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection

from projections.answers import PROJECTIONS, Made, Rows, folded_rows, make, needed
from projections.brief import COMPLETE, NEWEST, in_brief, lists_of, unclear, without_lists
from projections.queries import indexed_heads, indexed_lists, indexed_rows, mission_entries, rows_of
from projections.questions import Question

_BY_NAME = {projection.name: projection for projection in PROJECTIONS}


def snapshot(connection: Connection, mission: str, names: Sequence[str], question: Question) -> tuple[Made, str]:
    """The answers `names`, and how their lists are told: `complete`, or but the `newest` of them.

    Which it is depends on the rows at the question's clocks alone, so that the answer stays the same.
    """
    if question.reported_by is not None:
        return _folded(connection, mission, names, question)
    rows, lists = _read(connection, mission, needed(names), question)
    return make(names, rows, question.valid_at, brief=lists == NEWEST), lists


def _read(connection: Connection, mission: str, wanted: Collection[str], question: Question) -> tuple[Rows, str]:
    """The rows as they are to be presented, and how their lists are told."""
    point = mission, question.valid_at, question.known
    heads = indexed_heads(connection, wanted, *point)
    rows = rows_of(wanted, heads)
    if lists_of(rows) == COMPLETE:
        return rows_of(wanted, heads, indexed_lists(connection, wanted, *point)), COMPLETE
    return in_brief(_with(rows, _whole(connection, mission, unclear(rows), question))), NEWEST


def _whole(connection: Connection, mission: str, places: Iterable[tuple[str, str]], question: Question) -> Rows:
    """Those rows with their lists."""
    keys: dict[str, list[str]] = {}
    for name, key in sorted(places):
        keys.setdefault(name, []).append(key)
    at = question.valid_at, question.known
    return {name: indexed_rows(connection, [name], mission, *at, keys=some)[name] for name, some in keys.items()}


def _with(heads: Rows, whole: Rows) -> Rows:
    if not whole:
        return heads
    read = {(name, row["key"]): row for name, rows in whole.items() for row in rows}
    return {name: [read.get((name, row["key"]), row) for row in rows] for name, rows in heads.items()}


def _folded(connection: Connection, mission: str, names: Sequence[str], question: Question) -> tuple[Made, str]:
    """The same as published by a day: the rows are folded, and told in the same way."""
    entries = mission_entries(connection, mission, question.known)
    asked = needed(names), mission, question.valid_at, question.known, question.reported_by
    rows = folded_rows(entries, *asked)
    if lists_of(rows) == COMPLETE:
        return make(names, rows, question.valid_at), COMPLETE
    heads, kept = without_lists(rows, _BY_NAME), {}
    unknown = unclear(heads)
    for name, some in rows.items():
        kept[name] = [row for row in some if (name, row["key"]) in unknown]
    return make(names, _with(heads, kept), question.valid_at, brief=True), NEWEST
