"""A ledger to be spoilt: told once on each database, copied for each test, and what an auditor says of a copy."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine import make_url

from api.audit import audit_database
from ledger.audit.audit import Report, Trust
from ledger.audit.database import Database
from ledger.checkpoints import Checkpoint, parse_checkpoint
from ledger.log import keep_note, signed
from ledger.notes import SigningKey
from ledger.recording import record
from ledger.schemas import parse_event
from ledger.signing import LogKey, sign, write_log_key
from ledger.store import open_engine, reading, writing
from migrations import migrate
from projections.runner import Projector
from tests.builders import announced, append, corrected, deployed, people, registered, retracted, said
from tests.conftest import create_database, drop_database
from tests.tampering import root_of, tampered

KEY = SigningKey("ledger.example.org/log", bytes(range(32)))
OTHER = SigningKey("ledger.example.org/log", bytes(range(1, 33)))
SIZE = 306
Findings = set[tuple[str, int | None]]


def told(engine: Engine, folder: Path) -> LogKey:
    """A ledger of 306 entries with corrections, retractions, a redaction, a receipt, and four checkpoints."""
    key = write_log_key(folder / "log.key", (KEY,))
    append(
        engine,
        registered(),
        announced("a"),
        said("pledge.notified", "2024-03-01", pledge="a", party="JAM", items=[people(170)]),
    )
    sign(engine, key)
    append(
        engine, *(deployed(count=number % 9 + 1, effective=f"2024-06-{number % 28 + 1:02}") for number in range(250))
    )
    append(
        engine, corrected(5, to_effective="2024-05-01"), retracted(7), corrected(1, to_data={"items": [people(300)]})
    )
    sign(engine, key)
    with writing(engine) as connection:
        events = [parse_event(deployed(count=count)) for count in range(1, 41)]
        record(connection, events, actor="desk", key="a-key", project=Projector())
    sign(engine, key)
    append(engine, said("payload.redacted", mission=None, target=20, legal_basis="a rule", reason="a name"))
    append(engine, *(deployed("KEN", 5) for _ in range(9)))
    sign(engine, key)
    return key


@contextmanager
def told_on_each(folder: Path, server_url: str) -> Iterator[dict[str, Any]]:
    """The ledger told once on each database, to be copied."""
    urls = {"sqlite": f"sqlite:///{folder / 'ledger.db'}", "postgresql": create_database(server_url)}
    for name, url in urls.items():
        engine = open_engine(url)
        migrate(engine)
        (folder / name).mkdir()
        told(engine, folder / name)
        with writing(engine) as connection:
            if name == "sqlite":
                connection.exec_driver_sql("SELECT 1")
        engine.dispose()
    yield {"folder": folder, **urls}
    drop_database(server_url, urls["postgresql"])


@contextmanager
def copied(templates: dict[str, Any], kind: str, folder: Path, server_url: str) -> Iterator[Engine]:
    """A copy of it, to be spoilt."""
    if kind == "sqlite":
        shutil.copy(templates["folder"] / "ledger.db", folder / "ledger.db")
        url = f"sqlite:///{folder / 'ledger.db'}"
    else:
        url = create_database(server_url, str(make_url(templates["postgresql"]).database))
    engine = open_engine(url)
    yield engine
    engine.dispose()
    if kind == "postgresql":
        drop_database(server_url, url)


def audited(engine: Engine, *known: Checkpoint, keys: tuple[SigningKey, ...] = (KEY,)) -> Report:
    with reading(engine) as connection:
        return audit_database(connection, Trust(tuple(key.verifier for key in keys), known=known))


def found(report: Report) -> Findings:
    return {(finding.code, finding.position) for finding in report.findings.kept}


def checkpoints(engine: Engine) -> list[Checkpoint]:
    with reading(engine) as connection:
        return [parse_checkpoint(note.decode().split("\n\n")[0] + "\n") for note in Database(connection).checkpoints()]


def forge(engine: Engine, size: int, key: SigningKey, root: bytes | None = None) -> None:
    """A checkpoint that somebody signed behind the ledger's back."""

    def tamper(connection: Connection) -> None:
        claimed = root if root is not None else root_of(connection, size)
        connection.execute(text("DELETE FROM checkpoints WHERE size = :size"), {"size": size})
        keep_note(connection, signed(Checkpoint(key.name, size, claimed), [key]), datetime(2100, 1, 1, tzinfo=UTC))

    tampered(engine, tamper)
