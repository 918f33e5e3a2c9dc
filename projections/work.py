"""What entries change of the rectangles, worked out in memory and written at once.

Each new entry makes the pieces anew of the rows that it touches, closes the rectangles that changed and adds
the new ones. An entry at the end of its key's timeline, the common case, costs one step; so does every entry
of a row that is nothing but its lists.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, delete, select, tuple_

from ledger import tables as ledger_tables
from ledger.entries import Entry
from ledger.events import EVENTS
from ledger.standing import REDACTED, Standing, alone, standing
from ledger.store import chunks, read_entries
from projections.answers import LEDGER_WIDE, PROJECTIONS
from projections.projection import parted, subject_of
from projections.tables import rectangles
from projections.timeline import FOREVER, HEAD, OPEN, Piece, addition, head_piece, pieces

Place = tuple[str, str, str]  # mission, projection, key
Name = tuple[int, str, str]  # of a live piece: event, valid_from, valid_to
_BY_NAME = {projection.name: projection for projection in PROJECTIONS}


@dataclass(eq=False)
class Rectangle:
    """A piece as known from a position: `stored` once it is in the table."""

    piece: Piece
    known_from: int
    stored: bool = False

    @property
    def name(self) -> Name:
        return self.piece.event, self.piece.valid_from, self.piece.valid_to


@dataclass
class Timeline:
    """What a batch does to one place: the live rectangles as far as they are needed, what it closes and opens of them.

    `whole`: all live rectangles have been read; `entries`: every entry that they come from; `tail`: the last head.
    """

    live: dict[Name, Rectangle] = field(default_factory=dict)
    whole: bool = False
    entries: list[Entry] | None = None
    closed: dict[tuple[Name, int], tuple[Rectangle, int]] = field(default_factory=dict)
    opened: list[Rectangle] = field(default_factory=list)
    tail: Rectangle | None = None

    def take(self, rectangle: Rectangle) -> None:
        """A stored rectangle, unless it is here already or the batch has closed it."""
        if rectangle.name not in self.live and (rectangle.name, rectangle.known_from) not in self.closed:
            self._keep(rectangle)

    def open(self, piece: Piece, position: int) -> None:
        rectangle = Rectangle(piece, position)
        self._keep(rectangle)
        self.opened.append(rectangle)

    def _keep(self, rectangle: Rectangle) -> None:
        self.live[rectangle.name] = rectangle
        if rectangle.piece.event == HEAD and rectangle.piece.valid_to == FOREVER:
            self.tail = rectangle

    def close(self, rectangle: Rectangle, position: int) -> None:
        del self.live[rectangle.name]
        self.tail = None if rectangle is self.tail else self.tail
        self.closed[rectangle.name, rectangle.known_from] = rectangle, position

    def settle(self, wanted: Iterable[Piece], among: Iterable[Rectangle], position: int) -> None:
        """Close those `among` the live rectangles that are not wanted; open what is wanted and not live."""
        by_name = {rectangle.name: rectangle for rectangle in among}
        for piece in wanted:
            old = by_name.get((piece.event, piece.valid_from, piece.valid_to))
            if old is not None and old.piece == piece:
                del by_name[old.name]
            else:
                if old is not None:
                    self.close(by_name.pop(old.name), position)
                self.open(piece, position)
        for old in by_name.values():
            self.close(old, position)


@dataclass
class Work:
    """What a batch of entries changes, before it is written; `touched`: the places of each root that changes in it.

    Entries are read from one connection, and rectangles read and written on another: an auditor keeps its own elsewhere.
    `only`: the places that are to be changed; all of them where it is None.
    """

    ledger: Connection
    rows: Connection
    generation: int
    only: frozenset[Place] | None = None
    timelines: defaultdict[Place, Timeline] = field(default_factory=lambda: defaultdict(Timeline))
    touched: defaultdict[int, set[Place]] = field(default_factory=lambda: defaultdict(set))

    def within(self, places: Iterable[Place]) -> list[Place]:
        return sorted(place for place in places if self.only is None or place in self.only)


def project(work: Work, entries: Sequence[Entry]) -> None:
    """Take `entries` in, which follow those that the rectangles come from so far."""
    if work.only is None and (removed := families_redacted(entries)):
        forget(work, removed, entries[0].position)
    families = _families(work, entries)
    _load_families(work, list(families))
    stood = {entry.position: alone(entry) for entry in entries if entry.target is None}
    touched = {position: work.within(places_of(own)) for position, own in stood.items()}
    _load_tails(work, {place for places in touched.values() for place in places})
    for entry in entries:
        if entry.target is not None:
            _revisit(work, entry, families)
        for place in touched.get(entry.position, ()):
            work.touched[entry.position].add(place)
            _advance(work, place, entry, stood[entry.position][0])
    _write(work)


def families_redacted(entries: Iterable[Entry]) -> list[int]:
    """The roots of those families of which `entries` remove a payload."""
    return sorted({entry.root for entry in entries if entry.type == REDACTED})


def forget(work: Work, roots: Sequence[int], before: int) -> None:
    """Make the rows anew that ever held something of a family of which a payload was removed, from the entries `before`.

    Nothing of what is removed stays in the index, not even in what was known earlier.
    """
    r = rectangles.c
    own = r.generation == work.generation
    found = [select(r.mission, r.projection, r.key).where(own, r.root.in_(part)) for part in chunks(roots)]
    places = frozenset(tuple(row) for query in found for row in work.rows.execute(query.distinct()))
    families: set[int] = set()
    for mission, projection, key in places:
        at = (own, r.mission == mission, r.projection == projection, r.key == key)
        families |= set(work.rows.execute(select(r.root).where(*at, r.event != HEAD).distinct()).scalars())
        work.rows.execute(delete(rectangles).where(*at))
    anew = Work(work.ledger, work.rows, work.generation, places)
    project(anew, _with_families(work, families, before - 1))


def _families(work: Work, entries: Sequence[Entry]) -> dict[int, list[Entry]]:
    """For every root that `entries` are about: its whole family, in position order."""
    roots = sorted({entry.root for entry in entries if entry.target is not None})
    found: dict[int, list[Entry]] = {}
    for part in chunks(roots):
        for entry in read_entries(work.ledger, ledger_tables.entries.c.root.in_(part)):
            found.setdefault(entry.root, []).append(entry)
    return found


_READERS = {name: [p for p in PROJECTIONS if name in p.reads] for name in EVENTS}


def places_of(stood: Iterable[Standing]) -> list[Place]:
    """Every row that these touch."""
    found: set[Place] = set()
    for subject in filter(None, map(subject_of, stood)):
        for p in _READERS[subject.type]:
            mission = "" if p.name in LEDGER_WIDE else subject.mission or ""
            found.update((mission, p.name, key) for key in p.keys(subject))
    return sorted(found)


def _read(work: Work, *conditions: Any) -> None:
    """Take live rectangles into `work`."""
    r = rectangles.c
    wanted = select(r.mission, r.projection, r.key, r.event, r.root, r.valid_from, r.valid_to, r.known_from, r.content)
    for row in work.rows.execute(wanted.where(r.generation == work.generation, r.known_to == OPEN, *conditions)):
        place = row.mission, row.projection, row.key
        piece = Piece(row.event, row.root, row.valid_from, row.valid_to, orjson.loads(row.content))
        work.timelines[place].take(Rectangle(piece, row.known_from, stored=True))
        if row.event != HEAD:
            work.touched[row.root].add(place)


def _load_families(work: Work, roots: Sequence[int]) -> None:
    for part in chunks(roots):
        _read(work, rectangles.c.root.in_(part))


def _load_tails(work: Work, places: Iterable[Place]) -> None:
    r = rectangles.c
    headed = sorted(place for place in places if not _BY_NAME[place[1]].headless)
    for part in chunks(headed, 200):
        among = tuple_(r.mission, r.projection, r.key).in_(part)
        _read(work, among, r.event == HEAD, r.valid_to == FOREVER)


def _advance(work: Work, place: Place, entry: Entry, s: Standing) -> None:
    """Take one ordinary entry into the timeline of `place`: one step at its end, else the timeline anew."""
    line, projection = work.timelines[place], _BY_NAME[place[1]]
    if line.entries is not None:
        line.entries.append(entry)
    tail = line.tail
    if tail is not None and s.first < tail.piece.valid_from:
        _recompute(work, place, entry)
        return
    head, added = parted(projection, place[2], tail.piece.content if tail else None, s)
    line.open(addition(s, added), entry.position)
    if not projection.headless:
        _extend(line, tail, s.first, head, entry.position)


def _extend(line: Timeline, tail: Rectangle | None, day: str, head: dict[str, Any], position: int) -> None:
    """The step at the end: the last head ends where the new one begins."""
    if tail is not None:
        line.close(tail, position)
        if tail.piece.valid_from < day:
            line.open(head_piece(tail.piece.valid_from, day, tail.piece.content), position)
    line.open(head_piece(day, FOREVER, head), position)


def _revisit(work: Work, entry: Entry, families: dict[int, list[Entry]]) -> None:
    """An entry about another: every row that its family touches, or touched until now, is made anew."""
    family = [member for member in families[entry.root] if member.position <= entry.position]
    places = work.within(work.touched[entry.root] | set(places_of(standing(family))))
    work.touched[entry.root] = set(places)
    for place in places:
        line, projection = work.timelines[place], _BY_NAME[place[1]]
        if projection.headless:
            theirs = [rectangle for rectangle in line.live.values() if rectangle.piece.root == entry.root]
            line.settle(pieces(projection, place[2], family), theirs, entry.position)
        else:
            if line.entries is not None:
                line.entries = _merged(line.entries, family)
            _recompute(work, place, entry)


def _merged(entries: Iterable[Entry], more: Iterable[Entry]) -> list[Entry]:
    by_position = {entry.position: entry for entry in [*entries, *more]}
    return [by_position[position] for position in sorted(by_position)]


def _recompute(work: Work, place: Place, entry: Entry) -> None:
    """Make the timeline of `place` anew as known with `entry`; close what changed, open what is new."""
    line = work.timelines[place]
    if not line.whole:
        at = dict(zip(("mission", "projection", "key"), place, strict=True))
        _read(work, *(rectangles.c[name] == value for name, value in at.items()))
        line.whole = True
    if line.entries is None:
        roots = {rectangle.piece.root for rectangle in line.live.values()} | {entry.root}
        line.entries = _with_families(work, roots - {HEAD}, entry.position)
    made = pieces(_BY_NAME[place[1]], place[2], line.entries)
    line.settle(made, list(line.live.values()), entry.position)


def _with_families(work: Work, roots: Iterable[int], position: int) -> list[Entry]:
    e = ledger_tables.entries.c
    found: list[Entry] = []
    for part in chunks(sorted(roots)):
        found += read_entries(work.ledger, e.root.in_(part), e.position <= position)
    return _merged(found, ())


_COLUMNS = [column.name for column in rectangles.columns]
_PRIMARY_KEY = [column.name for column in rectangles.primary_key]
_INSERT = f"INSERT INTO rectangles ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
_CLOSE = f"UPDATE rectangles SET known_to = ? WHERE {' AND '.join(f'{name} = ?' for name in _PRIMARY_KEY)}"  # noqa: S608


def _write(work: Work) -> None:
    shut, made = [], []
    for place, line in work.timelines.items():
        ends = {id(old): position for old, position in line.closed.values()}
        shut += [
            (position, work.generation, *place, old.piece.event, old.piece.valid_from, old.known_from)
            for old, position in line.closed.values()
            if old.stored
        ]
        made += [_values(work.generation, place, new, ends.get(id(new), OPEN)) for new in line.opened]
    for statement, rows in ((_CLOSE, shut), (_INSERT, made)):
        for part in chunks(rows):
            work.rows.exec_driver_sql(_as_driver_says(work.rows, statement), list(part))


def _values(generation: int, place: Place, rectangle: Rectangle, known_to: int) -> tuple[Any, ...]:
    """A rectangle in the order of its columns."""
    event, root, valid_from, valid_to, content = rectangle.piece
    dumped = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    return generation, *place, event, valid_from, rectangle.known_from, valid_to, known_to, root, dumped


def _as_driver_says(connection: Connection, statement: str) -> str:
    """Many rows go to the driver as tuples: with a statement of SQLAlchemy's, making parameters of them costs more than
    storing them."""
    return statement if connection.dialect.name == "sqlite" else statement.replace("?", "%s")
