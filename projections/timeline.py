"""A row through time: its steps along the valid axis, and the rectangles that they make. Pure.

A rectangle says: from `valid_from` until before `valid_to`, as recorded from position `known_from` until before
`known_to`, the row was this. Rectangles of one key never overlap. Every day on which an event begins has a
rectangle of its own, also where the row stays the same, so that the last rectangle tells the last event's day.
"""

from collections.abc import Iterable
from itertools import groupby

from ledger.entries import Entry
from ledger.standing import Standing, standing
from projections.projection import Projection, Row, keys_of, step

FOREVER = "9999-12-31"
OPEN = 2**53
Span = tuple[str, str, Row]


def spans(projection: Projection, key: str, entries: Iterable[Entry]) -> list[Span]:
    """The row of `key` as (valid_from, valid_to, row), after all `entries`: every entry that ever touched the key,
    with everything about it, in position order."""
    touching = [s for s in standing(entries) if key in keys_of(projection, s)]
    days = groupby(sorted(touching, key=lambda s: (s.first, s.position)), key=lambda s: s.first)
    return _spans(_after_each_day(projection, key, days))


def _after_each_day(
    projection: Projection, key: str, days: Iterable[tuple[str, Iterable[Standing]]]
) -> list[tuple[str, Row]]:
    row: Row | None = None
    made = []
    for day, events in days:
        for s in events:
            row = step(projection, key, row, s)
        assert row is not None
        made.append((day, row))
    return made


def _spans(steps: list[tuple[str, Row]]) -> list[Span]:
    """Each step lasts until the next one, the last for ever; none where everything was retracted."""
    ends = [*(day for day, _ in steps[1:]), FOREVER]
    return [(day, end, row) for (day, row), end in zip(steps, ends, strict=False)]
