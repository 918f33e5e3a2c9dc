"""The database: its engine, its transactions, and the reads of entries, in SQL, on SQLite and PostgreSQL."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, select

from ledger import tables
from ledger.driver import arrive, asked
from ledger.entries import Entry
from ledger.memory import Head
from ledger.writes import Write

CHUNK = 400
Project = Callable[[Connection, Sequence[Entry]], Sequence[Write]]
"""What entries that follow those in the ledger change of the projections; they need not be written yet."""


def open_engine(url: str, **options: Any) -> Engine:
    """An engine for `url`. SQLite: WAL, synchronous FULL, foreign keys and recursive triggers on, writers wait 30 s,
    what is removed is overwritten.

    Errors are logged without the values of the statement: payloads and salts belong into no log.
    """
    engine = create_engine(url, hide_parameters=True, pool_pre_ping=not url.startswith("sqlite"), **options)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_settings)
        event.listen(engine, "begin", _sqlite_begin)
    else:
        event.listen(engine, "before_cursor_execute", lambda connection, *_: arrive(connection))
    return engine


def _sqlite_settings(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    for setting in (
        "busy_timeout = 30000",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "recursive_triggers = ON",
        "secure_delete = ON",
    ):
        connection.execute(f"PRAGMA {setting}")


def _sqlite_begin(connection: Connection) -> None:
    if "trip" in connection.info:
        return  # within a transaction of the driver's own
    asked(connection, [("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN", ())])


def to_write(engine: Engine) -> Connection:
    """A connection whose transactions write. On PostgreSQL READ COMMITTED, whatever the server's default: after it has waited for
    the head row, an append reads what the one before it has committed."""
    options = {} if engine.dialect.name == "sqlite" else {"isolation_level": "READ COMMITTED"}
    return engine.connect().execution_options(writes=True, **options)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes; committed at the end, rolled back on any error."""
    with to_write(engine) as connection, connection.begin():
        yield connection


def settle(engine: Engine) -> None:
    """After a long transaction: on SQLite take what it has written from the log into the file, and give the room of the log back, as
    far as those who read meanwhile let it; on PostgreSQL let plans go by what lies there now."""
    if engine.dialect.name == "sqlite":
        raw = engine.raw_connection()
        try:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            raw.close()
    plan_anew(engine)


def plan_anew(engine: Engine) -> None:
    """Let PostgreSQL count what lies in the tables, which its plans go by, and not wait until it does so by itself. What a role does
    not own is left to the server."""
    if engine.dialect.name == "postgresql":
        with writing(engine) as connection:
            connection.exec_driver_sql("ANALYZE")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that reads a single state of the database throughout, and can change nothing."""
    is_sqlite = engine.dialect.name == "sqlite"
    options = {} if is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def now() -> datetime:
    return datetime.now(UTC)


def lock_head(connection: Connection) -> Head:
    """The head, held until the transaction ends."""
    h = tables.head.c
    return Head(*connection.execute(select(h.size, h.recorded_at, h.closed).with_for_update()).one())


def chunks(values: Sequence[Any], size: int = CHUNK) -> Iterator[Sequence[Any]]:
    return (values[start : start + size] for start in range(0, len(values), size))


_TOLD = ("data", "source", "note")
_COLUMNS = [tables.entries.c[name] for name in Entry._fields if name not in _TOLD]
SELECT_ENTRIES = f"SELECT {', '.join(column.name for column in _COLUMNS)} FROM entries"  # noqa: S608 - names of columns
_PAYLOAD = _COLUMNS.index(tables.entries.c.payload)
_REMOVED = dict.fromkeys(_TOLD)


def read_entries(connection: Connection, *conditions: Any, limit: int | None = None) -> list[Entry]:
    """Entries that meet all `conditions`, in position order."""
    query = select(*_COLUMNS).where(*conditions).order_by(tables.entries.c.position)
    return [entry_of(row) for row in connection.execute(query.limit(limit) if limit is not None else query)]


def read_with_words(connection: Connection, *conditions: Any, limit: int) -> list[tuple[Entry, tuple[str, str]]]:
    """The same, each with the words that are kept for finding it (`search_words`)."""
    e = tables.entries.c
    query = select(*_COLUMNS, e.symbols, e.parties).where(*conditions).order_by(e.position).limit(limit)
    return [(entry_of(row[:-2]), (row[-2], row[-1])) for row in connection.execute(query)]


def stream_entries(connection: Connection, *conditions: Any) -> Iterator[Entry]:
    """The same, fetched as they are consumed, for lists too long to hold."""
    query = select(*_COLUMNS).where(*conditions).order_by(tables.entries.c.position)
    for row in connection.execute(query, execution_options={"yield_per": CHUNK}):
        yield entry_of(row)


def entry_of(row: Any) -> Entry:
    """The entry of a row of SELECT_ENTRIES."""
    content = row[_PAYLOAD]
    told = orjson.loads(content) if content is not None else _REMOVED
    return Entry._make((*row, told["data"], told["source"], told["note"]))


def size(connection: Connection) -> int:
    """How many entries the ledger holds."""
    return connection.execute(select(tables.head.c.size)).scalar_one()


def last_recorded_at(connection: Connection) -> str | None:
    """When the newest entry was recorded."""
    return connection.execute(select(tables.head.c.recorded_at)).scalar_one() or None


def position_at(connection: Connection, moment: str) -> int:
    """The last position recorded at or before `moment` (an `instant`); -1 where there is none."""
    e = tables.entries.c
    newest = (
        select(e.position).where(e.recorded_at <= moment).order_by(e.recorded_at.desc(), e.position.desc()).limit(1)
    )  # one step in the index; max(position) reads every entry since then
    found = connection.execute(newest).scalar_one_or_none()
    return -1 if found is None else found
