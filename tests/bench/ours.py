"""The ledger as measurements use it. Nothing else under tests/bench calls its write path, its index or its answers."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select

from api.files import read
from api.importing import bring_in
from ledger import tables
from ledger.audit.audit import Trust, audit
from ledger.audit.database import Database
from ledger.recording import record
from ledger.schemas import parse_event
from ledger.signing import LogKey, new_key, sign, write_log_key
from ledger.store import open_engine, size, stream_entries, writing
from ledger.writer import Writer
from migrations import migrate
from projections import runner, snapshots
from projections.answers import ANSWERS
from projections.history import mission_history
from projections.questions import Question, ask
from projections.runner import Projector
from tests.bench import ledgers
from tests.bench.workload import Said, Workload

ACTOR = "bench"
NAMES = list(ANSWERS)
Append = Callable[[Said], object]


def made(url: str, **options: Any) -> Engine:
    """A new ledger, empty."""
    engine = open_engine(url, **options)
    migrate(engine)
    return engine


def fill(engine: Engine, workload: Workload, count: int) -> None:
    """The first `count` events in an empty ledger, with their index; the fastest way there is, since nobody measures it."""
    ledgers.fill(engine, workload, count)
    rebuild(engine)


@contextmanager
def writer(engine: Engine) -> Iterator[Append]:
    """A function that records one event, durably, when it returns; many threads may call it."""
    into = Writer(engine, Projector)
    yield lambda said: into.record([parse_event(said)], actor=ACTOR)


def record_all(engine: Engine, said: Sequence[Said]) -> None:
    """Validate, decide, append, bring the index up to it, commit."""
    events = [parse_event(one) for one in said]
    with writing(engine) as connection:
        record(connection, events, actor=ACTOR, project=Projector())


def import_file(engine: Engine, path: Path) -> None:
    """What `mission-ledger import` does with a file, without its output."""
    bring_in(engine, read(path, path.suffix), actor=ACTOR)


def prove(engine: Engine, folder: Path) -> LogKey:
    """Take every entry into the tree and sign it, with a key of its own."""
    name = uuid.uuid4().hex
    key = write_log_key(folder / f"{name}.key", (new_key(f"bench.example/{name}"),))
    sign(engine, key)
    return key


def audited(connection: Connection, key: LogKey) -> int:
    """Audit everything; the number of entries. Nothing may be found."""
    report = audit(Database(connection), Trust(tuple(one.verifier for one in key.keys)))
    assert report.clean
    assert report.assurance == "signed"
    return size(connection)


def history(connection: Connection, mission: str) -> list[dict[str, Any]]:
    """The timeline of a mission, as of now."""
    return mission_history(connection, mission, ask(connection, today=date(2200, 1, 1)))


def payloads(connection: Connection, mission: str) -> list[bytes]:
    """What a mission's entries say, as stored."""
    e = tables.entries.c
    query = select(e.payload).where(e.mission == mission).order_by(e.position)
    return [content for (content,) in connection.execute(query)]


def envelopes(connection: Connection, count: int) -> list[bytes]:
    """The first leaves of the tree."""
    return list(
        connection.execute(select(tables.entries.c.envelope).where(tables.entries.c.position < count)).scalars()
    )


def rebuild(engine: Engine) -> None:
    runner.rebuild(engine)


def snapshot(connection: Connection, mission: str, valid_at: str, known: int) -> dict[str, Any]:
    """Everything about a mission at two clocks."""
    return snapshots.snapshot(connection, mission, NAMES, Question(valid_at, known, None, None, True))[0]


def folded(connection: Connection, mission: str, valid_at: str, known: int) -> dict[str, Any]:
    """The same by the definition: the mission's entries viewed and folded, as is done where a day of publication is asked for."""
    return snapshots.snapshot(connection, mission, NAMES, Question(valid_at, known, None, "9999-12-31", True))[0]


def exported(connection: Connection, path: Path) -> None:
    """What `mission-ledger export` does, without its output."""
    from api.cli.exporting import _json_lines
    from projections.redactions import removals_where

    with path.open("wb") as file:
        file.writelines(_json_lines(lambda: stream_entries(connection), removals_where(connection)))
