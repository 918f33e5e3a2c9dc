"""Keeps the rectangles: in the transaction of every append, and anew beside the live ones by `rebuild`.

Each new entry makes the pieces anew of the rows that it touches, closes the rectangles that changed and adds
the new ones. An entry at the end of its key's timeline, the common case, costs one step; so does every entry
of a row that is nothing but its lists.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, tuple_, update

from ledger import tables as ledger_tables
from ledger.entries import Entry
from ledger.standing import REDACTED, Standing, standing
from ledger.store import CHUNK, chunks, lock_head, read_entries, reading, size, writing
from projections.answers import LEDGER_WIDE, PROJECTIONS
from projections.projection import keys_of, parted
from projections.tables import generations, rectangles
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

    `only`: the places that are to be changed; all of them where it is None.
    """

    generation: int
    only: frozenset[Place] | None = None
    timelines: defaultdict[Place, Timeline] = field(default_factory=lambda: defaultdict(Timeline))
    touched: defaultdict[int, set[Place]] = field(default_factory=lambda: defaultdict(set))

    def within(self, places: Iterable[Place]) -> list[Place]:
        return sorted(place for place in places if self.only is None or place in self.only)


def update_projections(connection: Connection, entries: Sequence[Entry]) -> None:
    """Bring the live projections up to `entries`, which have just been appended; first, to those that they lack."""
    _forget_beside(connection, entries)
    state = connection.execute(select(generations.c.live, generations.c.size)).one()
    done = state.size
    while done < entries[0].position:
        done = _rebuild_chunk(connection, state.live, done, entries[0].position)
    _project(connection, state.live, entries)
    made_by = {"made_by": code_digest()} if state.size == 0 else {}
    connection.execute(update(generations).values(size=entries[-1].position + 1, **made_by))


def _project(
    connection: Connection, generation: int, entries: Sequence[Entry], only: frozenset[Place] | None = None
) -> None:
    if only is None and (removed := _families_redacted(entries)):
        _forget(connection, generation, removed, entries[0].position)
    work = Work(generation, only)
    families = _families(connection, entries)
    _load_families(connection, work, list(families))
    alone = {entry.position: standing([entry]) for entry in entries if entry.target is None}
    touched = {position: work.within(places_of(stood)) for position, stood in alone.items()}
    _load_tails(connection, work, {place for places in touched.values() for place in places})
    for entry in entries:
        if entry.target is not None:
            _revisit(connection, work, entry, families)
        for place in touched.get(entry.position, ()):
            work.touched[entry.position].add(place)
            _advance(connection, work, place, entry, alone[entry.position][0])
    _write(connection, work)


def _families_redacted(entries: Iterable[Entry]) -> list[int]:
    """The roots of those families of which `entries` remove a payload."""
    return sorted({entry.root for entry in entries if entry.type == REDACTED})


def _forget(connection: Connection, generation: int, roots: Sequence[int], before: int) -> None:
    """Make the rows anew that ever held something of a family of which a payload was removed, from the entries `before`.

    Nothing of what is removed stays in the index, not even in what was known earlier.
    """
    r = rectangles.c
    own = r.generation == generation
    found = [select(r.mission, r.projection, r.key).where(own, r.root.in_(part)) for part in chunks(roots)]
    places = frozenset(tuple(row) for query in found for row in connection.execute(query.distinct()))
    families: set[int] = set()
    for mission, projection, key in places:
        at = (own, r.mission == mission, r.projection == projection, r.key == key)
        families |= set(connection.execute(select(r.root).where(*at, r.event != HEAD).distinct()).scalars())
        connection.execute(delete(rectangles).where(*at))
    _project(connection, generation, _with_families(connection, families, before - 1), only=places)


def _forget_beside(connection: Connection, entries: Sequence[Entry]) -> None:
    """What `entries` remove goes from the rows that a rebuild has made so far, and with those that nobody switches to any more."""
    if not (removed := _families_redacted(entries)):
        return
    _hold_rectangles(connection, "SHARE ROW EXCLUSIVE")
    g = generations.c
    state = connection.execute(select(g.live, g.latest, g.rebuilt)).one()
    connection.execute(delete(rectangles).where(rectangles.c.generation.not_in((state.live, state.latest))))
    if state.latest != state.live:
        _forget(connection, state.latest, removed, state.rebuilt)


def _hold_rectangles(connection: Connection, mode: str) -> None:
    """On PostgreSQL a redaction waits for the chunk that a rebuild is writing, and the next chunk for the redaction: no chunk
    is made from a payload that is gone when it is written. On SQLite one transaction writes at a time."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE rectangles IN {mode} MODE")


def _families(connection: Connection, entries: Sequence[Entry]) -> dict[int, list[Entry]]:
    """For every root that `entries` are about: its whole family, in position order."""
    roots = sorted({entry.root for entry in entries if entry.target is not None})
    found: dict[int, list[Entry]] = {}
    for part in chunks(roots):
        for entry in read_entries(connection, ledger_tables.entries.c.root.in_(part)):
            found.setdefault(entry.root, []).append(entry)
    return found


def places_of(stood: Iterable[Standing]) -> list[Place]:
    """Every row that these touch."""
    found = {
        ("" if p.name in LEDGER_WIDE else s.mission or "", p.name, key)
        for s in stood
        for p in PROJECTIONS
        for key in keys_of(p, s)
    }
    return sorted(found)


def _read(connection: Connection, work: Work, *conditions: Any) -> None:
    """Take live rectangles into `work`."""
    r = rectangles.c
    wanted = select(r.mission, r.projection, r.key, r.event, r.root, r.valid_from, r.valid_to, r.known_from, r.content)
    for row in connection.execute(wanted.where(r.generation == work.generation, r.known_to == OPEN, *conditions)):
        place = row.mission, row.projection, row.key
        piece = Piece(row.event, row.root, row.valid_from, row.valid_to, orjson.loads(row.content))
        work.timelines[place].take(Rectangle(piece, row.known_from, stored=True))
        if row.event != HEAD:
            work.touched[row.root].add(place)


def _load_families(connection: Connection, work: Work, roots: Sequence[int]) -> None:
    for part in chunks(roots):
        _read(connection, work, rectangles.c.root.in_(part))


def _load_tails(connection: Connection, work: Work, places: Iterable[Place]) -> None:
    r = rectangles.c
    headed = sorted(place for place in places if not _BY_NAME[place[1]].headless)
    for part in chunks(headed, 200):
        among = tuple_(r.mission, r.projection, r.key).in_(part)
        _read(connection, work, among, r.event == HEAD, r.valid_to == FOREVER)


def _advance(connection: Connection, work: Work, place: Place, entry: Entry, s: Standing) -> None:
    """Take one ordinary entry into the timeline of `place`: one step at its end, else the timeline anew."""
    line, projection = work.timelines[place], _BY_NAME[place[1]]
    if line.entries is not None:
        line.entries.append(entry)
    tail = line.tail
    if tail is not None and s.first < tail.piece.valid_from:
        _recompute(connection, work, place, entry)
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


def _revisit(connection: Connection, work: Work, entry: Entry, families: dict[int, list[Entry]]) -> None:
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
            _recompute(connection, work, place, entry)


def _merged(entries: Iterable[Entry], more: Iterable[Entry]) -> list[Entry]:
    by_position = {entry.position: entry for entry in [*entries, *more]}
    return [by_position[position] for position in sorted(by_position)]


def _recompute(connection: Connection, work: Work, place: Place, entry: Entry) -> None:
    """Make the timeline of `place` anew as known with `entry`; close what changed, open what is new."""
    line = work.timelines[place]
    if not line.whole:
        at = dict(zip(("mission", "projection", "key"), place, strict=True))
        _read(connection, work, *(rectangles.c[name] == value for name, value in at.items()))
        line.whole = True
    if line.entries is None:
        roots = {rectangle.piece.root for rectangle in line.live.values()} | {entry.root}
        line.entries = _with_families(connection, roots - {HEAD}, entry.position)
    made = pieces(_BY_NAME[place[1]], place[2], line.entries)
    line.settle(made, list(line.live.values()), entry.position)


def _with_families(connection: Connection, roots: Iterable[int], position: int) -> list[Entry]:
    e = ledger_tables.entries.c
    found: list[Entry] = []
    for part in chunks(sorted(roots)):
        found += read_entries(connection, e.root.in_(part), e.position <= position)
    return _merged(found, ())


_PRIMARY_KEY = [column.name for column in rectangles.primary_key]


def _write(connection: Connection, work: Work) -> None:
    shut, made = [], []
    for place, line in work.timelines.items():
        ends = {id(old): position for old, position in line.closed.values()}
        shut += [
            {f"{name}_": value for name, value in _values(work, place, old, position).items()}
            for old, position in line.closed.values()
            if old.stored
        ]
        made += [_values(work, place, new, ends.get(id(new), OPEN)) for new in line.opened]
    same = (rectangles.c[name] == bindparam(f"{name}_") for name in _PRIMARY_KEY)
    if shut:
        connection.execute(update(rectangles).where(*same).values(known_to=bindparam("known_to_")), shut)
    for part in chunks(made):
        connection.execute(insert(rectangles), list(part))


def _values(work: Work, place: Place, rectangle: Rectangle, known_to: int) -> dict[str, Any]:
    piece = rectangle.piece
    return {
        "generation": work.generation,
        **dict(zip(("mission", "projection", "key"), place, strict=True)),
        "event": piece.event,
        "root": piece.root,
        "valid_from": piece.valid_from,
        "valid_to": piece.valid_to,
        "known_from": rectangle.known_from,
        "known_to": known_to,
        "content": orjson.dumps(piece.content, option=orjson.OPT_SORT_KEYS),
    }


def projected_size(connection: Connection) -> int:
    """How many entries the live projections have taken in; none where the code that made their rows was another."""
    state = connection.execute(select(generations.c.size, generations.c.made_by)).one()
    return state.size if state.made_by == code_digest() else 0


@cache
def code_digest() -> str:
    """SHA-256 over the code that makes rows: after a change of it they are to be made anew, before anybody reads them."""
    folder = Path(__file__).parent
    parts = [*sorted(folder.glob("*.py")), folder.parent / "ledger" / "standing.py"]
    return hashlib.sha256(b"".join(hashlib.sha256(part.read_bytes()).digest() for part in parts)).hexdigest()


class RebuildOvertaken(Exception):
    """Another rebuild began meanwhile; this one gave way to it."""


def rebuild(engine: Engine, progress: Callable[[int, int], None] = lambda done, of: None) -> int:
    """Make every projection anew beside the live ones, then switch; the number of entries that went in.

    Appends go on meanwhile; what they add is caught up with in the transaction that switches. `progress` is told
    (done, of) after each chunk. A rebuild that was interrupted leaves rows that the next one removes; of two at
    a time the earlier gives way (RebuildOvertaken).
    """
    with writing(engine) as connection:
        fresh, live = _begin_generation(connection)
    _remove(engine, rectangles.c.generation < fresh, rectangles.c.generation != live)
    try:
        done = _rebuild_beside(engine, fresh, progress)
    except RebuildOvertaken:
        _remove(engine, rectangles.c.generation == fresh)
        raise
    _remove(engine, rectangles.c.generation < fresh)
    progress(done, done)
    return done


def _begin_generation(connection: Connection) -> tuple[int, int]:
    """The numbers of a new generation and of the live one. Works from nothing, too."""
    lock_head(connection)
    state = connection.execute(select(generations.c.live, generations.c.latest)).one_or_none()
    if state is None:
        connection.execute(insert(generations).values(id=1, live=0, latest=1, size=0, rebuilt=0))
        return 1, 0
    connection.execute(update(generations).values(latest=state.latest + 1, rebuilt=0))
    return state.latest + 1, state.live


def _rebuild_beside(engine: Engine, fresh: int, progress: Callable[[int, int], None]) -> int:
    with reading(engine) as connection:
        done, of = 0, size(connection)
    while done < of:
        with writing(engine) as connection:
            _hold_rectangles(connection, "ROW EXCLUSIVE")
            _give_way(connection, fresh)
            done = _rebuild_chunk(connection, fresh, done, of)
            connection.execute(update(generations).where(generations.c.latest == fresh).values(rebuilt=done))
        progress(done, of)
    with writing(engine) as connection:
        of = lock_head(connection).size
        _give_way(connection, fresh)
        while done < of:
            done = _rebuild_chunk(connection, fresh, done, of)
        connection.execute(update(generations).values(live=fresh, size=of, made_by=code_digest()))
    return of


def _give_way(connection: Connection, generation: int) -> None:
    if connection.execute(select(generations.c.latest)).scalar_one() != generation:
        raise RebuildOvertaken("another rebuild began meanwhile; it will switch")


def _rebuild_chunk(connection: Connection, generation: int, start: int, end: int) -> int:
    position = ledger_tables.entries.c.position
    entries = read_entries(connection, position >= start, position < end, limit=CHUNK)
    _project(connection, generation, entries)
    return entries[-1].position + 1


def _remove(engine: Engine, *conditions: Any) -> None:
    """Remove dead rows, in a transaction that holds up no append on PostgreSQL."""
    with writing(engine) as connection:
        connection.execute(delete(rectangles).where(*conditions))
