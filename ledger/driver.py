"""Statements as the driver takes them, on SQLite and PostgreSQL.

The few statements that every append needs are written by hand and go straight to the driver: a statement of SQLAlchemy's is
made, bound and its result wrapped anew each time, at several times the cost of the statement itself. Connections and
transactions stay SQLAlchemy's, and so do the errors, which carry no values.

On PostgreSQL what is asked at once is answered in one round trip, and within `one_trip` what is told waits until something is asked
or the transaction is committed (libpq's pipeline mode). Statements mark their parameters by `?`.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any

import orjson
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

Values = Sequence[Any] | Mapping[str, Any]
Statement = tuple[str, Values]
COPIED_FROM = 100  # rows; fewer go faster as single inserts
MOST_VALUES = 20_000  # of one statement on SQLite, which takes 32,766


def is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


def keep(connection: Connection) -> None:
    """Make a connection one for a writer, which is not to go back to the pool. On PostgreSQL each statement is a transaction of its
    own outside of `one_trip`, and is planned once for all that come after.

    The statements of an append find single rows by an index, whatever their values; planning them anew costs more than they do.
    """
    if not is_sqlite(connection):
        raw: Any = connection.connection.driver_connection
        raw.execute("SET plan_cache_mode = force_generic_plan")
        raw.execute("SET default_transaction_isolation = 'read committed'")
        raw.commit()
        raw.autocommit = True


def is_alone(connection: Connection) -> bool:
    """Whether each statement is a transaction of its own, so that nothing holds what was read."""
    raw: Any = connection.connection.driver_connection
    return not is_sqlite(connection) and raw.autocommit and "trip" not in connection.info


class one_trip:
    """A transaction of a connection that is kept. What is told to PostgreSQL travels with what comes next, the commit included; on
    SQLite nothing travels.

    It is the driver's own. A statement of SQLAlchemy's takes part in it, and first lets arrive what is under way (`arrive`), since it
    looks for its result at once.
    """

    def __init__(self, connection: Connection):
        self._connection = connection
        self._raw: Any = connection.connection.driver_connection
        self._travels = not is_sqlite(connection)
        self._pipeline: Any = None

    def __enter__(self) -> None:
        self._connection.info["trip"] = self
        self.depart()
        self._say("BEGIN" if self._travels else "BEGIN IMMEDIATE")

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        del self._connection.info["trip"]
        try:
            if error is None:
                self._say("COMMIT")
            self.arrive(kind, error, trace)
        finally:
            if self._connection.in_transaction():  # as far as SQLAlchemy knows
                self._connection.rollback()
            elif error is not None and not self._connection.invalidated:
                self._raw.rollback()

    def _say(self, text: str) -> None:
        try:
            self._raw.execute(text)
        except _driver_error(self._connection) as error:
            raise _told_of(self._connection, error, text) from None

    def depart(self) -> None:
        if self._pipeline is None and self._travels:
            self._pipeline = self._raw.pipeline()
            self._pipeline.__enter__()

    def arrive(self, *error: Any) -> None:
        """Wait for what is under way. `error`: what went wrong before, as `__exit__` is told of it."""
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is None:
            return
        try:
            pipeline.__exit__(*(error or (None, None, None)))
        except _driver_error(self._connection) as failure:
            raise _told_of(self._connection, failure, "COMMIT") from None


@contextmanager
def _under_way(trip: one_trip) -> Iterator[None]:
    """What is asked goes with what travels already; the answers are fetched without waiting for the end of the trip."""
    trip.depart()
    yield


def arrive(connection: Connection) -> None:
    """Wait for what travels on a connection, if anything."""
    trip = connection.info.get("trip")
    if trip is not None:
        trip.arrive()


def asked(connection: Connection, statements: Sequence[Statement]) -> list[list[tuple[Any, ...]]]:
    """The rows that each statement finds, all asked in one round trip."""
    raw: Any = connection.connection.driver_connection
    try:
        if is_sqlite(connection):
            return [raw.execute(text, values).fetchall() for text, values in statements]
        trip = connection.info.get("trip")
        if trip is None and len(statements) == 1:
            return [_executed(connection, raw, *statement).fetchall() for statement in statements]
        with _under_way(trip) if trip is not None else raw.pipeline():
            cursors = [_executed(connection, raw, *statement) for statement in statements]
            return [cursor.fetchall() for cursor in cursors]
    except _driver_error(connection) as error:
        raise _told_of(connection, error, *(text for text, _ in statements)) from None


def streamed(connection: Connection, statement: Statement, size: int = 1_000) -> Generator[tuple[Any, ...], None, None]:
    """The rows that a statement finds, fetched as they are consumed, for lists too long to hold."""
    raw: Any = connection.connection.driver_connection
    arrive(connection)
    try:
        if is_sqlite(connection):
            yield from raw.execute(*statement)
            return
        with raw.cursor(name="rows") as cursor:
            cursor.itersize = size
            cursor.execute(_spelled(statement[0]), statement[1])
            yield from cursor
    except _driver_error(connection) as error:
        raise _told_of(connection, error, statement[0]) from None


def told(connection: Connection, text: str, rows: Sequence[Sequence[Any]]) -> None:
    """Do the statement with each of the rows."""
    raw: Any = connection.connection.driver_connection
    if not rows:
        return
    try:
        if trip := connection.info.get("trip"):
            trip.depart()
        if is_sqlite(connection):
            raw.executemany(text, rows)
        elif len(rows) == 1:
            _executed(connection, raw, text, rows[0])
        else:
            raw.cursor().executemany(_spelled(text), rows)
    except _driver_error(connection) as error:
        raise _told_of(connection, error, text) from None


def changed(connection: Connection, text: str, values: Sequence[Any]) -> int:
    """Do the statement; how many rows it has changed."""
    raw: Any = connection.connection.driver_connection
    try:
        return int(raw.execute(text, values).rowcount)
    except _driver_error(connection) as error:
        raise _told_of(connection, error, text) from None


def put(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert the rows, in their order; many of them by COPY on PostgreSQL, and by statements of many rows on SQLite."""
    if len(rows) < COPIED_FROM:
        told(connection, _insert(table, tuple(columns)), rows)
        return
    if is_sqlite(connection):
        _put_together(connection, table, tuple(columns), rows)
        return
    raw: Any = connection.connection.driver_connection
    arrive(connection)
    try:
        with raw.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    except _driver_error(connection) as error:
        raise _told_of(connection, error, f"COPY {table}") from None


def _put_together(connection: Connection, table: str, columns: tuple[str, ...], rows: Sequence[Sequence[Any]]) -> None:
    """Where a trigger guards a table, SQLite keeps what it needs to undo a statement, and that for each: one of many rows costs half."""
    most = MOST_VALUES // len(columns)
    whole = len(rows) - len(rows) % most
    parts = (rows[start : start + most] for start in range(0, whole, most))
    told(connection, _insert(table, columns, most), [[value for row in part for value in row] for part in parts])
    told(connection, _insert(table, columns), rows[whole:])


def copied(connection: Connection, into: str, content: bytes) -> None:
    """Copy rows in PostgreSQL's binary format into a table, named with its columns."""
    raw: Any = connection.connection.driver_connection
    arrive(connection)
    try:
        with raw.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(content)
    except _driver_error(connection) as error:
        raise _told_of(connection, error, f"COPY {into}") from None


@cache
def _insert(table: str, columns: tuple[str, ...], rows: int = 1) -> str:
    values = f"({', '.join('?' * len(columns))})"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([values] * rows)}"  # noqa: S608


def among(connection: Connection, values: Sequence[Any], kind: str = "text") -> tuple[str, Any]:
    """`IN` for any number of values by one parameter, so that the statement stays the same: its text, and that parameter."""
    if is_sqlite(connection):
        return "IN (SELECT value FROM json_each(?))", orjson.dumps(values).decode()
    return f"= ANY(?::{kind}[])", list(values)


def _executed(connection: Connection, raw: Any, text: str, values: Values) -> Any:
    """The cursor of a statement to PostgreSQL; where values are numbered, the text goes there as it is, and is not read again."""
    if isinstance(values, Mapping):
        return raw.execute(text, values)
    return connection.dialect.loaded_dbapi.RawCursor(raw).execute(_numbered(text), values)


@lru_cache(maxsize=1_000)
def _numbered(text: str) -> str:
    """A text with its parameters numbered, as PostgreSQL itself reads them."""
    first, *rest = text.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))


@cache
def _spelled(text: str) -> str:
    """A text with its parameters as the driver reads them."""
    return text.replace("?", "%s")


def _driver_error(connection: Connection) -> type[Exception]:
    return connection.dialect.loaded_dbapi.Error


def _told_of(connection: Connection, error: Exception, *texts: str) -> Exception:
    """The driver's error as SQLAlchemy's, as if the statements had gone through it; without the row that PostgreSQL shows."""
    is_lost = connection.dialect.is_disconnect(error, connection.connection.dbapi_connection, None)  # type: ignore[arg-type]
    if is_lost:
        connection.invalidate(error)
    message = getattr(getattr(error, "diag", None), "message_primary", None)
    return DBAPIError.instance(
        "; ".join(texts), None, type(error)(message) if message else error, _driver_error(connection), hide_parameters=True,
        connection_invalidated=is_lost, dialect=connection.dialect,
    )  # fmt: skip
