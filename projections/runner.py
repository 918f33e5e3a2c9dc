"""Keeps the projections: in the transaction of every append, and anew beside the live ones by `rebuild`."""

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update

from ledger import tables as ledger_tables
from ledger.entries import Entry
from ledger.store import CHUNK, lock_head, read_entries, reading, size, writing
from projections.tables import generations, rectangles
from projections.work import Work, families_redacted, forget, project


def update_projections(connection: Connection, entries: Sequence[Entry]) -> None:
    """Bring the live projections up to `entries`, which have just been appended; first, to those that they lack."""
    _forget_beside(connection, entries)
    state = connection.execute(select(generations.c.live, generations.c.size)).one()
    done = state.size
    while done < entries[0].position:
        done = _rebuild_chunk(connection, state.live, done, entries[0].position)
    project(Work(connection, connection, state.live), entries)
    made_by = {"made_by": code_digest()} if state.size == 0 else {}
    connection.execute(update(generations).values(size=entries[-1].position + 1, **made_by))


def _forget_beside(connection: Connection, entries: Sequence[Entry]) -> None:
    """What `entries` remove goes from the rows that a rebuild has made so far, and with those that nobody switches to any more."""
    if not (removed := families_redacted(entries)):
        return
    _hold_rectangles(connection, "SHARE ROW EXCLUSIVE")
    g = generations.c
    state = connection.execute(select(g.live, g.latest, g.rebuilt)).one()
    connection.execute(delete(rectangles).where(rectangles.c.generation.not_in((state.live, state.latest))))
    if state.latest != state.live:
        forget(Work(connection, connection, state.latest), removed, state.rebuilt)


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
    project(Work(connection, connection, generation), entries)
    return entries[-1].position + 1


def _remove(engine: Engine, *conditions: Any) -> None:
    """Remove dead rows, in a transaction that holds up no append on PostgreSQL."""
    with writing(engine) as connection:
        connection.execute(delete(rectangles).where(*conditions))
