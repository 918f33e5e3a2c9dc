"""Keeps the rectangles: in the transaction of every append, and anew beside the live ones by `rebuild`.

Each new entry recomputes the timelines of the keys that it touches, closes the rectangles that changed and adds
the new ones. An entry at the end of its key's timeline, the common case, costs one step.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, tuple_, update

from ledger import tables as ledger_tables
from ledger.entries import Entry
from ledger.standing import Standing, standing
from ledger.store import CHUNK, chunks, lock_head, read_entries, reading, size, writing
from projections.answers import LEDGER_WIDE, PROJECTIONS
from projections.projection import Row, keys_of, step
from projections.tables import generations, rectangles, routes
from projections.timeline import FOREVER, OPEN, spans

Place = tuple[str, str, str]  # mission, projection, key
_BY_NAME = {projection.name: projection for projection in PROJECTIONS}


@dataclass
class Rectangle:
    """A live rectangle of one key: `stored` once it is in the table."""

    valid_from: str
    valid_to: str
    known_from: int
    row: Row
    stored: bool = False


@dataclass
class Timeline:
    """What a batch does to one key: its last live rectangle, or all of them, and its entries, as far as they are needed."""

    tail: Rectangle | None = None
    live: list[Rectangle] | None = None
    entries: list[Entry] | None = None
    closed: list[tuple[Rectangle, int]] = field(default_factory=list)
    opened: list[Rectangle] = field(default_factory=list)
    routed: list[int] = field(default_factory=list)

    def close(self, rectangle: Rectangle, position: int) -> None:
        self.closed.append((rectangle, position))

    def open(self, rectangle: Rectangle) -> Rectangle:
        self.opened.append(rectangle)
        return rectangle


@dataclass
class Work:
    """What a batch of entries changes, before it is written."""

    generation: int
    timelines: dict[Place, Timeline] = field(default_factory=dict)


def update_projections(connection: Connection, entries: Sequence[Entry]) -> None:
    """Bring the live projections up to `entries`, which have just been appended."""
    live = connection.execute(select(generations.c.live)).scalar_one()
    _project(connection, live, entries)
    connection.execute(update(generations).values(size=entries[-1].position + 1))


def _project(connection: Connection, generation: int, entries: Sequence[Entry]) -> None:
    work = Work(generation)
    families = _families(connection, entries)
    alone = {entry.position: standing([entry]) for entry in entries if entry.target is None}
    touched = {position: places_of(stood) for position, stood in alone.items()}
    _load_tails(connection, work, {place for places in touched.values() for place in places})
    for entry in entries:
        if entry.target is not None:
            _revisit(connection, work, entry, families)
        for place in touched.get(entry.position, ()):
            _advance(connection, work, place, entry, alone[entry.position][0])
    _write(connection, work)


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


def _load_tails(connection: Connection, work: Work, places: Iterable[Place]) -> None:
    r = rectangles.c
    wanted = sorted(places)
    work.timelines |= {place: Timeline() for place in wanted}
    for part in chunks(wanted, 200):
        query = select(r.mission, r.projection, r.key, r.valid_from, r.valid_to, r.known_from, r.row).where(
            r.generation == work.generation,
            tuple_(r.mission, r.projection, r.key).in_(part),
            r.known_to == OPEN,
            r.valid_to == FOREVER,
        )
        for row in connection.execute(query):
            work.timelines[row.mission, row.projection, row.key].tail = _rectangle(row)


def _rectangle(row: Any) -> Rectangle:
    return Rectangle(row.valid_from, row.valid_to, row.known_from, orjson.loads(row.row), stored=True)


def _advance(connection: Connection, work: Work, place: Place, entry: Entry, s: Standing) -> None:
    """Take one ordinary entry into the timeline of `place`: one step at its end, else the timeline anew."""
    line = work.timelines[place]
    line.routed.append(entry.position)
    if line.entries is not None:
        line.entries.append(entry)
    if line.tail is not None and s.first < line.tail.valid_from:
        _recompute(connection, work, place, entry.position)
    else:
        _extend(line, place, entry.position, s)


def _extend(line: Timeline, place: Place, position: int, s: Standing) -> None:
    """The step at the end: the last rectangle ends where the new one begins."""
    tail, added = line.tail, []
    if tail is not None:
        line.close(tail, position)
        if tail.valid_from < s.first:
            added.append(line.open(Rectangle(tail.valid_from, s.first, position, tail.row)))
    row = step(_BY_NAME[place[1]], place[2], tail.row if tail else None, s)
    line.tail = line.open(Rectangle(s.first, FOREVER, position, row))
    if line.live is not None:
        line.live = [*line.live[:-1], *added, line.tail]


def _revisit(connection: Connection, work: Work, entry: Entry, families: dict[int, list[Entry]]) -> None:
    """An entry about another: every key that its family ever touched, or touches now, gets its timeline anew."""
    family = [member for member in families[entry.root] if member.position <= entry.position]
    routed = _routes(connection, work, entry.root)
    for place in sorted({*routed, *places_of(standing(family))}):
        line = work.timelines.setdefault(place, Timeline())
        if place not in routed:
            line.routed.append(entry.root)
        if line.entries is not None:
            line.entries = _merged(line.entries, family)
        _recompute(connection, work, place, entry.position)


def _merged(entries: Iterable[Entry], more: Iterable[Entry]) -> list[Entry]:
    by_position = {entry.position: entry for entry in [*entries, *more]}
    return [by_position[position] for position in sorted(by_position)]


def _routes(connection: Connection, work: Work, root: int) -> set[Place]:
    query = select(routes.c.mission, routes.c.projection, routes.c.key).where(
        routes.c.generation == work.generation, routes.c.root == root
    )
    stored = {(row.mission, row.projection, row.key) for row in connection.execute(query)}
    return stored | {place for place, line in work.timelines.items() if root in line.routed}


def _recompute(connection: Connection, work: Work, place: Place, position: int) -> None:
    """Make the timeline of `place` anew as known at `position`; close what changed, open what is new."""
    line = work.timelines[place]
    if line.entries is None:
        line.entries = _entries_of(connection, work, place, position)
    if line.live is None:
        line.live = _live(connection, work, place)
    before = {(old.valid_from, old.valid_to): old for old in line.live}
    line.live = []
    for valid_from, valid_to, row in spans(_BY_NAME[place[1]], place[2], line.entries):
        old = before.get((valid_from, valid_to))
        if old is not None and old.row == row:
            del before[valid_from, valid_to]
            line.live.append(old)
        else:
            line.live.append(line.open(Rectangle(valid_from, valid_to, position, row)))
    for old in before.values():
        line.close(old, position)
    line.tail = line.live[-1] if line.live else None


def _entries_of(connection: Connection, work: Work, place: Place, position: int) -> list[Entry]:
    c, e = routes.c, ledger_tables.entries.c
    stored = select(c.root).where(
        c.generation == work.generation, c.mission == place[0], c.projection == place[1], c.key == place[2]
    )
    routed = read_entries(connection, e.root.in_(stored), e.position <= position)
    fresh = sorted(set(work.timelines[place].routed))
    return _merged(
        routed,
        (
            entry
            for part in chunks(fresh)
            for entry in read_entries(connection, e.root.in_(part), e.position <= position)
        ),
    )


def _live(connection: Connection, work: Work, place: Place) -> list[Rectangle]:
    """The live rectangles as stored, with what this batch has closed and opened of them so far."""
    r, line = rectangles.c, work.timelines[place]
    query = select(r.valid_from, r.valid_to, r.known_from, r.row).where(
        r.generation == work.generation,
        r.mission == place[0],
        r.projection == place[1],
        r.key == place[2],
        r.known_to == OPEN,
    )
    closed = {(old.valid_from, old.known_from) for old, _ in line.closed}
    known = [*(_rectangle(row) for row in connection.execute(query)), *line.opened]
    return sorted(
        (old for old in known if (old.valid_from, old.known_from) not in closed), key=lambda old: old.valid_from
    )


def _write(connection: Connection, work: Work) -> None:
    r = rectangles.c
    shut, rows, ways = [], [], []
    for (mission, projection, key), line in work.timelines.items():
        place = {"generation": work.generation, "mission": mission, "projection": projection, "key": key}
        ends = {id(old): position for old, position in line.closed}
        shut += [
            {
                "g": work.generation,
                "m": mission,
                "p": projection,
                "k": key,
                "v": old.valid_from,
                "f": old.known_from,
                "t": position,
            }
            for old, position in line.closed
            if old.stored
        ]
        rows += [
            {
                **place,
                "valid_from": new.valid_from,
                "valid_to": new.valid_to,
                "known_from": new.known_from,
                "known_to": ends.get(id(new), OPEN),
                "row": orjson.dumps(new.row, option=orjson.OPT_SORT_KEYS),
            }
            for new in line.opened
        ]
        ways += [{**place, "root": root} for root in line.routed]
    if shut:
        connection.execute(
            update(rectangles)
            .where(
                r.generation == bindparam("g"),
                r.mission == bindparam("m"),
                r.projection == bindparam("p"),
                r.key == bindparam("k"),
                r.valid_from == bindparam("v"),
                r.known_from == bindparam("f"),
            )
            .values(known_to=bindparam("t")),
            shut,
        )
    for table, values in ((rectangles, rows), (routes, ways)):
        for part in chunks(values):
            connection.execute(insert(table), list(part))


def projected_size(connection: Connection) -> int:
    """How many entries the live projections have taken in."""
    return connection.execute(select(generations.c.size)).scalar_one()


class RebuildOvertaken(Exception):
    """Another rebuild began meanwhile; this one gave way to it."""


def rebuild(engine: Engine, progress: Callable[[int, int], None] = lambda done, of: None) -> int:
    """Make every projection anew beside the live ones, then switch; the number of entries that went in.

    Appends go on meanwhile; what they add is caught up with in the transaction that switches. `progress` is told
    (done, of) after each chunk. A rebuild that was interrupted leaves rows that the next one removes; of two at
    a time the earlier gives way (RebuildOvertaken).
    """
    with writing(engine) as connection:
        fresh = _begin_generation(connection)
    with reading(engine) as connection:
        done, of = 0, size(connection)
    while done < of:
        with writing(engine) as connection:
            _give_way(connection, fresh)
            done = _rebuild_chunk(connection, fresh, done)
        progress(done, of)
    with writing(engine) as connection:
        of, _ = lock_head(connection)
        while done < of:
            done = _rebuild_chunk(connection, fresh, done)
        _give_way(connection, fresh)
        connection.execute(update(generations).values(live=fresh, size=of))
        _remove_all_but(connection, fresh)
    progress(done, of)
    return of


def _begin_generation(connection: Connection) -> int:
    """The number of a new generation; rows of all but the live one are removed. Works from nothing, too."""
    lock_head(connection)
    state = connection.execute(select(generations.c.live, generations.c.latest)).one_or_none()
    if state is None:
        connection.execute(insert(generations).values(id=1, live=0, latest=1, size=0))
        _remove_all_but(connection, 0)
        return 1
    connection.execute(update(generations).values(latest=state.latest + 1))
    _remove_all_but(connection, state.live)
    return state.latest + 1


def _give_way(connection: Connection, generation: int) -> None:
    if connection.execute(select(generations.c.latest)).scalar_one() != generation:
        raise RebuildOvertaken("another rebuild began meanwhile; it will switch")


def _rebuild_chunk(connection: Connection, generation: int, start: int) -> int:
    entries = read_entries(connection, ledger_tables.entries.c.position >= start, limit=CHUNK)
    _project(connection, generation, entries)
    return entries[-1].position + 1


def _remove_all_but(connection: Connection, generation: int) -> None:
    for table in (rectangles, routes):
        connection.execute(delete(table).where(table.c.generation != generation))
