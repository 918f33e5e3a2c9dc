"""A row through time: its steps along the valid axis, and the pieces that it is stored in. Pure.

A row is stored in pieces: its head, anew for each day on which an event begins, and what each event adds to its
lists, from that day for ever. A piece that is known from position `known_from` until before `known_to` is a
rectangle; those of one key and piece never overlap. Every day on which an event begins has a head of its own, also
where that stays the same, so that the last head tells the last event's day.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from ledger.entries import Entry
from ledger.standing import Standing, standing
from projections.projection import Projection, Row, keys_of, parted

FOREVER = "9999-12-31"
OPEN = 2**53
HEAD = -1


class Piece(NamedTuple):
    """A piece of a row from `valid_from` until before `valid_to`: its head (`event` and `root` are HEAD), or what the event
    at position `event` adds; `root` is the first entry of that event's family."""

    event: int
    root: int
    valid_from: str
    valid_to: str
    content: Row


def pieces(projection: Projection, key: str, entries: Iterable[Entry]) -> list[Piece]:
    """The row of `key` in pieces, after all `entries`: every entry that touches the key, with everything about it,
    in position order. Of a headless projection also what some of its families add, for their pieces do not depend on others."""
    touching = [s for s in standing(entries) if key in keys_of(projection, s)]
    heads: dict[str, Row] = {}
    head: Row | None = None
    made = []
    for s in sorted(touching, key=lambda s: (s.first, s.position)):
        head, added = parted(projection, key, head, s)
        heads[s.first] = head
        made.append(addition(s, added))
    return made if projection.headless else [*made, *_lasting(heads)]


def addition(s: Standing, added: Row) -> Piece:
    """What an event adds to a row's lists."""
    return Piece(s.position, s.entry.root, s.first, FOREVER, added)


def head_piece(valid_from: str, valid_to: str, head: Row) -> Piece:
    return Piece(HEAD, HEAD, valid_from, valid_to, head)


def _lasting(heads: dict[str, Row]) -> list[Piece]:
    """Each head lasts until the next day, the last for ever; none where everything was retracted."""
    return [head_piece(day, until, heads[day]) for day, until in pairwise([*heads, FOREVER])]
