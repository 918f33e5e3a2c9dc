"""Rows made anew by several processes. Rows of one mission do not depend on another's: each process makes those of a group of
missions in a database of its own, in a temporary file, so that memory does not grow with the ledger.
"""

import tempfile
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, create_engine, func, select
from sqlalchemy.schema import CreateTable

from ledger import tables as ledger_tables
from ledger.audit.workers import shared
from ledger.store import size
from projections.driver import Query, ask, entries_between, partitions
from projections.tables import first_place, places, rectangles
from projections.timeline import Piece
from projections.work import Work, project

CHUNK, SLICE, SEVERAL_FROM = 2_500, 2_500, 20_000  # entries, pieces, entries
MOST_MISSIONS = 200
Group = tuple[str, ...]  # missions, the empty name for what belongs to none


class Job(NamedTuple):
    """Make the rows of a group from the first `until` entries, in a file."""

    group: Group
    until: int
    path: str


class Made(NamedTuple):
    """What was made of a job, while the ledger had `seen` entries; `pieces` is how many there are."""

    job: Job
    seen: int
    pieces: int


def groups(sizes: Mapping[str, int]) -> dict[Group, int]:
    """Missions in groups that are read at once, a larger one alone, and how many entries each has."""
    made: dict[Group, int] = {}
    group: Group = ()
    entries = 0
    for mission, many in sorted(sizes.items()):
        if group and (entries + many > CHUNK or len(group) == MOST_MISSIONS):
            made[group] = entries
            group, entries = (), 0
        group, entries = (*group, mission), entries + many
    return made | ({group: entries} if group else {})


def sizes_of_missions(connection: Connection) -> dict[str, int]:
    """How many entries each mission has; those of none under the empty name."""
    e = ledger_tables.entries.c
    sizes = connection.execute(select(e.mission, func.count()).group_by(e.mission))
    return {mission or "": many for mission, many in sizes}


Beside = Generator[tuple[Group, Iterator[Made]], None, None]


@contextmanager
def scratch(path: str) -> Iterator[Connection]:
    """An index of one's own, empty, in a file."""
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            for setting in (
                "page_size = 16384",
                "synchronous = OFF",
                "journal_mode = OFF",
                "locking_mode = EXCLUSIVE",
                "cache_size = -32768",
            ):
                connection.exec_driver_sql(f"PRAGMA {setting}")
            places.create(connection)
            ddl = str(CreateTable(rectangles).compile(connection))
            connection.exec_driver_sql(f"{ddl} WITHOUT ROWID")  # in the order in which it is read
            connection.exec_driver_sql("CREATE UNIQUE INDEX by_key ON places (generation, mission, projection, key)")
            yield connection
            connection.commit()
    finally:
        engine.dispose()


def made_beside(engine: Engine, sizes: Iterable[Group], until: int) -> Beside:
    """Of each group what a process has made of the first `until` entries; asked again, it is made again."""
    with tempfile.TemporaryDirectory() as folder, engine.connect() as connection:
        jobs = [Job(group, until, str(Path(folder) / f"{n}.db")) for n, group in enumerate(sizes)]
        with shared(connection, make, jobs) as results:
            for job, made in zip(jobs, results, strict=True):
                yield job.group, _again(engine, made)
                Path(job.path).unlink()


def _again(engine: Engine, made: Made) -> Iterator[Made]:
    yield made
    while True:
        Path(made.job.path).unlink()
        with engine.connect() as connection:
            yield make(connection, made.job)


def make(connection: Connection, job: Job) -> Made:
    """The rows of a group. While they are made, nothing of the entries before `until` changes but by what is recorded after
    `seen`."""
    seen = size(connection)
    with scratch(job.path) as own:
        work = Work(connection, own, 0)
        for entries in entries_between(connection, job.group, job.until, CHUNK):
            connection.rollback()  # a reader for the whole of it would keep SQLite's log from beginning anew
            project(work, entries)
        ((pieces,),) = ask(own, Query("SELECT count(*) FROM rectangles", ()))[0]
    return Made(job, seen, pieces)


_PLACES = "SELECT place + ?, ?, mission, projection, key FROM places ORDER BY place"
_PIECES = f"SELECT place + ?, {', '.join(Piece._fields)} FROM rectangles ORDER BY place, edge, event, known_from"  # noqa: S608


class Copy(NamedTuple):
    """What was made, as it is to be stored in a generation: the places at once, the pieces slice by slice."""

    places: list[tuple[Any, ...]]
    slices: Iterator[list[tuple[Any, ...]]]


@contextmanager
def copied(made: Made, generation: int, last_number: int) -> Iterator[Copy]:
    """What was made, numbered from after the last number of a generation on."""
    engine = create_engine(f"sqlite:///{made.job.path}")
    try:
        with engine.connect() as own:
            shift = last_number - first_place(0)
            rows = ask(own, Query(_PLACES, (shift, generation)))[0]
            with closing(partitions(own, Query(_PIECES, (shift,)), SLICE)) as slices:
                yield Copy(rows, slices)
    finally:
        engine.dispose()
