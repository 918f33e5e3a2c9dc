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

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, groupby, pairwise
from typing import NamedTuple

from ledger.standing import Standing
from ledger.values import first_day
from projections.packing import packed, unpacked
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


class Change(NamedTuple):
    """Which events of a row come (`stood`) and go (`fell`), by the names of what they add."""

    stood: dict[Name, Standing]
    fell: dict[Name, Standing]


def day_number(day: str) -> int:
    """A day as a whole number."""
    return int(day.replace("-", ""))


@lru_cache(50_000)
def first_number(effective: str) -> int:
    """The first day of a partial date, as a whole number."""
    return day_number(first_day(effective))


def day_text(number: int) -> str:
    """The day of a whole number."""
    text = f"{number:08}"
    return f"{text[:4]}-{text[4:6]}-{text[6:]}"


@dataclass(slots=True)
class Timeline:
    """The live pieces of one row, all whose edge is `here_from` or later, and those that a batch adds.

    `last` is the head that never ends, as a row; None where it is not at hand. `events` are those that make the row, by
    the name of what they add; `order` has their names sorted.
    """

    heads: dict[int, Piece] = field(default_factory=dict)
    additions: dict[Name, Piece] = field(default_factory=dict)
    events: dict[Name, Standing] = field(default_factory=dict)
    order: list[Name] = field(default_factory=list)
    here_from: int = 0
    last: Row | None = None
    added: list[Piece] = field(default_factory=list)

    def take(self, piece: Piece, s: Standing | None = None) -> None:
        """A stored piece that is live; of an addition also the event that it comes from."""
        if piece.event == HEAD:
            self.heads[piece.edge] = piece
        else:
            self.additions[piece.edge, piece.event] = piece
        if s is not None:
            self._enter((piece.edge, piece.event), s)

    @classmethod
    def from_tail(cls, tail: Piece | None) -> "Timeline":
        """A row of which the last head alone is known: all of it that lies later than that began."""
        return cls() if tail is None else cls({FOREVER: tail}, here_from=tail.valid_from + 1)

    @property
    def tail(self) -> Piece | None:
        """The last head."""
        return self.heads.get(FOREVER)

    def _enter(self, name: Name, s: Standing) -> None:
        if name not in self.events:
            if self.order and name < self.order[-1]:
                insort(self.order, name)
            else:
                self.order.append(name)
        self.events[name] = s

    def is_late(self, day: int) -> bool:
        """Whether the row has an event on a later day."""
        tail = self.heads.get(FOREVER)
        return tail is not None and day < tail.valid_from

    def advance(self, projection: Projection, key: str, s: Standing, day: int) -> None:
        """One step at the end, for an event that is not late: the last head ends where the new one begins."""
        tail, position = self.heads.get(FOREVER), s.entry.position
        if tail is not None and self.last is None:
            self.last = unpacked(tail.content) if tail.content else None
        self.last, added = parted(projection, key, self.last, s)
        self._enter((day, position), s)
        self._put_addition(Piece(day, position, position, day, s.entry.root, packed(added)))
        if tail is not None and tail.valid_from < day:
            self._put_head(Piece(day, HEAD, position, tail.valid_from, HEAD, tail.content))
        self._put_head(Piece(FOREVER, HEAD, position, day, HEAD, packed(self.last)))

    def remake(self, projection: Projection, key: str, day: int, position: int, change: Change) -> None:
        """Make the row anew from `day` on, as known at `position`: from the head before that day and all events since."""
        before = self._before(day)
        among = {name[0] for name in self.order[bisect_left(self.order, (day, HEAD)) :]} | {FOREVER}
        ended = self._replace(change)
        row = unpacked(before.content) if before and before.content else None
        names = self.order[bisect_left(self.order, (day, HEAD)) :]
        contents: dict[int, bytes] = {}
        for first, same_day in groupby(names, lambda name: name[0]):
            for name in same_day:
                s = self.events[name]
                row, added = parted(projection, key, row, s)
                self._settle_addition(Piece(*name, position, first, s.entry.root, packed(added)))
            contents[first] = packed(row or {})
        for name, root in ended.items():
            self.added.append(Piece(*name, position, name[0], root, None))
        days = [*contents, FOREVER]
        heads = {until: Piece(until, HEAD, position, first, HEAD, contents[first]) for first, until in pairwise(days)}
        if before is not None:
            heads[days[0]] = before._replace(edge=days[0], known_from=position)
        self.last = row
        self._settle_heads(heads, among, position)

    def _before(self, day: int) -> Piece | None:
        """The head that holds before a day."""
        start = bisect_left(self.order, (day, HEAD))
        days = (name[0] for name in self.order[start:])
        ending = next((self.heads[edge] for edge in chain(days, [FOREVER]) if edge in self.heads), None)
        return ending if ending is not None and ending.valid_from < day else None

    def _replace(self, change: Change) -> dict[Name, int]:
        """Let events go and come; the names and roots of those additions that end."""
        ended = {}
        for name in change.fell:
            if name not in change.stood:
                ended[name] = self.additions.pop(name).root
                del self.order[bisect_left(self.order, name)], self.events[name]
        for name, s in change.stood.items():
            self._enter(name, s)
        return ended

    def _settle_heads(self, wanted: Mapping[int, Piece], among: Iterable[int], position: int) -> None:
        for edge in among:
            if edge not in wanted and edge in self.heads:
                del self.heads[edge]
                self.added.append(Piece(edge, HEAD, position, edge, HEAD, None))
        for edge, piece in wanted.items():
            if not _same(self.heads.get(edge), piece):
                self._put_head(piece)

    def _settle_addition(self, piece: Piece) -> None:
        if not _same(self.additions.get((piece.edge, piece.event)), piece):
            self._put_addition(piece)

    def _put_head(self, piece: Piece) -> None:
        self.heads[piece.edge] = piece
        self.added.append(piece)

    def _put_addition(self, piece: Piece) -> None:
        self.additions[piece.edge, piece.event] = piece
        self.added.append(piece)


def _same(one: Piece | None, other: Piece) -> bool:
    """The same, whenever it became known."""
    return one is not None and (one.valid_from, one.root, one.content) == (other.valid_from, other.root, other.content)
