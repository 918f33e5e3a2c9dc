"""A row through time, and what a batch of entries changes of it. Pure.

A row is stored in pieces: its head, anew for each day on which an event begins, and what each event adds to its
lists, from that day for ever. A head lies at the day on which it ends, an addition at the day on which it begins: its
`edge`. A piece holds from the position from which it is known until another one lies at the same edge, for the same
event; one without content says that there is none any more. So pieces are only ever added. Those heads of a row that
are known at one position follow each other without gap or overlap, and each ends where the next begins, the last
never: every day on which an event begins has a head of its own, also where that stays the same, so that the last head
tells the last event's day.

Days are whole numbers here, 2024-03-05 is 20240305: they sort alike in every database.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import orjson

from ledger.standing import Standing
from projections.projection import Projection, Row, parted

FOREVER = 99999999
HEAD = -1


class Piece(NamedTuple):
    """The head of a row from `valid_from` until before `edge` (`event` and `root` are HEAD), or what the event at position
    `event` adds from `edge` on; `root` is the first entry of that event's family. No content where there is none any more."""

    edge: int
    event: int
    known_from: int
    valid_from: int
    root: int
    content: bytes | None


Name = tuple[int, int]  # of a live piece: edge, event


def day_number(day: str) -> int:
    """A day as a whole number."""
    return int(day.replace("-", ""))


def day_text(number: int) -> str:
    """The day of a whole number."""
    text = f"{number:08}"
    return f"{text[:4]}-{text[4:6]}-{text[6:]}"


def dumped(row: Row) -> bytes:
    """The content of a piece: equal rows give equal bytes."""
    return orjson.dumps(row, option=orjson.OPT_SORT_KEYS)


@dataclass(slots=True)
class Timeline:
    """The live pieces of one row, all whose edge is `here_from` or later, and those that a batch adds.

    `last` is the head that never ends, as a row; None where it is not at hand.
    """

    heads: dict[int, Piece] = field(default_factory=dict)
    additions: dict[Name, Piece] = field(default_factory=dict)
    here_from: int = 0
    last: Row | None = None
    added: list[Piece] = field(default_factory=list)

    def take(self, piece: Piece) -> None:
        """A stored piece that is live."""
        if piece.event == HEAD:
            self.heads[piece.edge] = piece
        else:
            self.additions[piece.edge, piece.event] = piece

    def is_late(self, day: int) -> bool:
        """Whether the row has an event on a later day."""
        tail = self.heads.get(FOREVER)
        return tail is not None and day < tail.valid_from

    def advance(self, projection: Projection, key: str, s: Standing, day: int) -> None:
        """One step at the end, for an event that is not late: the last head ends where the new one begins."""
        tail, position = self.heads.get(FOREVER), s.entry.position
        if tail is not None and self.last is None:
            self.last = orjson.loads(tail.content or b"null")
        self.last, added = parted(projection, key, self.last, s)
        self._put_addition(Piece(day, position, position, day, s.entry.root, dumped(added)))
        if tail is not None and tail.valid_from < day:
            self._put_head(Piece(day, HEAD, position, tail.valid_from, HEAD, tail.content))
        self._put_head(Piece(FOREVER, HEAD, position, day, HEAD, dumped(self.last)))

    def remake(self, projection: Projection, key: str, day: int, events: Iterable[Standing], position: int) -> None:
        """Make the row anew from `day` on, as known at `position`: from the head before that day and all `events` since."""
        ends = sorted(edge for edge in self.heads if edge >= day)
        before = self.heads[ends[0]] if ends and self.heads[ends[0]].valid_from < day else None
        row = orjson.loads(before.content or b"null") if before else None
        rows: dict[int, bytes] = {}
        additions: dict[Name, Piece] = {}
        for first, s in sorted(((day_number(s.first), s) for s in events), key=lambda one: (one[0], one[1].position)):
            row, added = parted(projection, key, row, s)
            rows[first] = dumped(row)
            additions[first, s.position] = Piece(first, s.position, position, first, s.entry.root, dumped(added))
        days = [*rows, FOREVER]
        heads = {until: Piece(until, HEAD, position, first, HEAD, rows[first]) for first, until in pairwise(days)}
        if before is not None:
            heads[days[0]] = before._replace(edge=days[0], known_from=position)
        self.last = row
        self._settle_heads(heads, ends, position)
        self.settle_additions(additions, [name for name in self.additions if name[0] >= day], position)

    def _settle_heads(self, wanted: Mapping[int, Piece], among: Iterable[int], position: int) -> None:
        for edge in among:
            if edge not in wanted:
                del self.heads[edge]
                self.added.append(Piece(edge, HEAD, position, edge, HEAD, None))
        for edge, piece in wanted.items():
            if not _same(self.heads.get(edge), piece):
                self._put_head(piece)

    def settle_additions(self, wanted: Mapping[Name, Piece], among: Iterable[Name], position: int) -> None:
        """What is wanted and not live is added; those `among` the live additions that are not wanted end."""
        for name in among:
            if name not in wanted:
                root = self.additions.pop(name).root
                self.added.append(Piece(*name, position, name[0], root, None))
        for name, piece in wanted.items():
            if not _same(self.additions.get(name), piece):
                self._put_addition(piece)

    def _put_head(self, piece: Piece) -> None:
        self.heads[piece.edge] = piece
        self.added.append(piece)

    def _put_addition(self, piece: Piece) -> None:
        self.additions[piece.edge, piece.event] = piece
        self.added.append(piece)


def additions_alone(projection: Projection, key: str, events: Iterable[Standing], position: int) -> dict[Name, Piece]:
    """What events add to a row that is nothing but its lists, as known at `position`: no event's depends on another."""
    made = {}
    for s in events:
        day = day_number(s.first)
        content = dumped(parted(projection, key, None, s)[1])
        made[day, s.position] = Piece(day, s.position, position, day, s.entry.root, content)
    return made


def _same(one: Piece | None, other: Piece) -> bool:
    """The same, whenever it became known."""
    return one is not None and (one.valid_from, one.root, one.content) == (other.valid_from, other.root, other.content)
