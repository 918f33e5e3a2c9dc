"""Keeps the projections: in the transaction of every append, and anew beside the live ones by `rebuild`."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import cache, partial
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, func, insert, or_, select, update

from ledger import tables as ledger_tables
from ledger.audit.workers import workers
from ledger.driver import is_alone
from ledger.entries import Entry
from ledger.standing import REDACTED, alone
from ledger.store import CHUNK, chunks, lock_head, plan_anew, read_entries, reading, size, writing
from ledger.writes import Insert, Overtaken, Update, Write, carry_out, is_compared
from projections.anew import SEVERAL_FROM, Group, Made, copied, groups, made_beside, sizes_of_missions
from projections.driver import LIVE, ask, tails_of
from projections.packing import DICTIONARY, VERSION
from projections.tables import first_place, generation_of, generations, places, rectangles
from projections.work import Work, changes, forget, places_of, project, take_tails

MOST = 2**30  # generations


class Projector:
    """Says what entries change of the live projections. It remembers the last heads of rows from one call to the next: they stay
    as they are as long as nobody else takes entries in or switches to other rows."""

    def __init__(self) -> None:
        self._work: Work | None = None
        self._size = 0  # how many entries the rows have taken in

    def __call__(self, connection: Connection, entries: Sequence[Entry]) -> list[Write]:
        """What is to be written with `entries`, which follow those in the ledger. Where the projections lack some of these they
        are taken in first, and what a redaction removes is forgotten, both at once. Raises Overtaken where others keep it."""
        first, following = entries[0].position, entries[-1].position + 1
        work, done = self._work, self._size
        self._work = None
        if work is None or work.rows is not connection or done != first or not is_compared(connection):
            work, done = _asked(connection, entries, work if done == first else None)
        if done != first and is_alone(connection):
            raise Overtaken
        made_by = {"made_by": code_digest()} if done == 0 else {}
        moved = Update(generations, {"size": following, **made_by}, {"live": work.generation, "size": done})
        _forget_beside(connection, entries)
        if done < first:
            while done < first:
                done = _rebuild_chunk(connection, work.generation, done, first)
            work = Work(connection, connection, work.generation)
        made = changes(work, entries)
        self._work, self._size = work, following
        return [moved, *made]


def _asked(connection: Connection, entries: Sequence[Entry], remembered: Work | None) -> tuple[Work, int]:
    """Work on the live rows, and how many entries these have taken in; it is the one that is remembered, where it holds."""
    wanted = places_of(s for entry in entries if entry.target is None for s in alone(entry))
    missing = [place for place in wanted if remembered is None or place not in remembered.tails]
    (tails,) = ask(connection, tails_of(connection, LIVE, missing))
    _, _, first_number, done, _ = next(row for row in tails if row[0] < 0)
    if first_number is None:
        raise LookupError("there are no projections; run `mission-ledger rebuild`")
    work, generation = remembered, generation_of(first_number)
    if work is None or (work.rows, work.generation, done) != (connection, generation, entries[0].position):
        work = Work(connection, connection, generation)
    take_tails(work, missing, tails)
    return work, done


def _forget_beside(connection: Connection, entries: Sequence[Entry]) -> None:
    """What `entries` remove goes from the rows that a rebuild has made so far, and with those that nobody switches to any more."""
    if not any(entry.type == REDACTED for entry in entries):
        return
    _hold_rectangles(connection, "SHARE ROW EXCLUSIVE")
    g = generations.c
    state = connection.execute(select(g.live, g.latest, g.rebuilt)).one()
    _remove(connection, range(state.live), range(state.live + 1, state.latest), range(state.latest + 1, MOST))
    if state.latest != state.live:
        forget(Work(connection, connection, state.latest), entries, state.rebuilt)


def _hold_rectangles(connection: Connection, mode: str) -> None:
    """On PostgreSQL a redaction waits for the chunk that a rebuild is writing, and the next chunk for the redaction: no chunk
    is made from a payload that is gone when it is written. On SQLite one transaction writes at a time."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE rectangles IN {mode} MODE")


def projected_size(connection: Connection) -> int:
    """How many entries the live projections have taken in; none where the code that made their rows was another."""
    state = connection.execute(select(generations.c.size, generations.c.made_by)).one()
    return state.size if state.made_by == code_digest() else 0


@cache
def code_digest() -> str:
    """SHA-256 over the code that makes rows and what it packs them with: after a change of it they are to be made anew, before anybody reads them."""
    folder = Path(__file__).parent
    parts = [*sorted(folder.glob("*.py")), DICTIONARY, folder.parent / "ledger" / "standing.py"]
    digests = b"".join(hashlib.sha256(part.read_bytes()).digest() for part in parts)
    return hashlib.sha256(digests + VERSION.encode()).hexdigest()


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
    _remove_generations(engine, range(live), range(live + 1, fresh))
    try:
        done = _rebuild_beside(engine, fresh, progress)
    except RebuildOvertaken:
        _remove_generations(engine, range(fresh, fresh + 1))
        raise
    _remove_generations(engine, range(fresh))
    plan_anew(engine)
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
        of, sizes = size(connection), sizes_of_missions(connection)
    done = 0
    if of >= SEVERAL_FROM and workers() > 1 and len(sizes) > 1:
        done = _rebuild_in_groups(engine, fresh, groups(sizes), of, progress)
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


def _rebuild_in_groups(
    engine: Engine, fresh: int, sizes: Mapping[Group, int], of: int, progress: Callable[[int, int], None]
) -> int:
    """The first `of` entries, mission by mission, by several processes; what they make is stored here, slice by slice.

    A redaction may come between the making and the storing: then what was made of that group is made again.
    """
    with writing(engine) as connection:
        _give_way(connection, fresh)
        connection.execute(update(generations).where(generations.c.latest == fresh).values(rebuilt=of))
    done = 0
    with closing(made_beside(engine, sizes, of)) as beside:
        for group, makings in beside:
            told = partial(_tell, progress, done, sizes[group], of)
            while not _store_group(engine, fresh, next(makings), told):
                _discard_group(engine, fresh, group)
            done += sizes[group]
    return of


def _tell(progress: Callable[[int, int], None], done: int, entries: int, of: int, part: float) -> None:
    progress(done + int(entries * part), of)


def _store_group(engine: Engine, fresh: int, made: Made, told: Callable[[float], None]) -> bool:
    """Whether all was stored; not where something was removed since it was made."""
    stored = 0
    with writing(engine) as connection:
        if not _is_still_so(connection, fresh, made):
            return False
        last = connection.execute(select(func.max(places.c.place)).where(places.c.generation == fresh)).scalar_one()
        with copied(made, fresh, last or first_place(fresh)) as (numbered, _):
            carry_out(connection, [Insert(places, numbered)])
    with copied(made, fresh, last or first_place(fresh)) as (_, slices):
        for part in slices:
            with writing(engine) as connection:
                if not _is_still_so(connection, fresh, made):
                    return False
                carry_out(connection, [Insert(rectangles, part)])
            stored += len(part)
            told(stored / made.pieces)
    return True


def _is_still_so(connection: Connection, fresh: int, made: Made) -> bool:
    """Nothing was removed of these missions since their rows were made, nor will be until this transaction ends."""
    _hold_rectangles(connection, "ROW EXCLUSIVE")
    _give_way(connection, fresh)
    e = ledger_tables.entries.c
    own = or_(e.mission.in_(made.job.group), e.mission.is_(None))
    redacted = select(e.position).where(e.type == REDACTED, e.position >= made.seen, own)
    return connection.execute(redacted.limit(1)).first() is None


def _discard_group(engine: Engine, fresh: int, group: Group) -> None:
    with writing(engine) as connection:
        p = places.c
        numbers = connection.execute(select(p.place).where(p.generation == fresh, p.mission.in_(group))).scalars().all()
        for part in chunks(numbers):
            for table in (rectangles, places):
                connection.execute(delete(table).where(table.c.place.in_(part)))


def _give_way(connection: Connection, generation: int) -> None:
    if connection.execute(select(generations.c.latest)).scalar_one() != generation:
        raise RebuildOvertaken("another rebuild began meanwhile; it will switch")


def _rebuild_chunk(connection: Connection, generation: int, start: int, end: int) -> int:
    position = ledger_tables.entries.c.position
    entries = read_entries(connection, position >= start, position < end, limit=CHUNK)
    project(Work(connection, connection, generation), entries)
    return entries[-1].position + 1


def _remove_generations(engine: Engine, *dead: range) -> None:
    """Remove dead rows, in a transaction that holds up no append on PostgreSQL."""
    with writing(engine) as connection:
        _remove(connection, *dead)


def _remove(connection: Connection, *dead: range) -> None:
    for generation in filter(None, dead):
        for place in (rectangles.c.place, places.c.place):
            own = place >= first_place(generation.start), place < first_place(generation.stop)
            connection.execute(delete(place.table).where(*own))
