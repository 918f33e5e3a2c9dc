"""Reads that are one statement each, for what is asked with every request: no transaction, no assembling of SQL.

A single SELECT sees one state of the database by itself. It runs on connections of its own, straight at the driver: the
statement is compiled once, and what it costs is what the database needs for it.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Dialect, Engine
from sqlalchemy.sql import Executable

from ledger.shared import Shared

Row = tuple[Any, ...]
MOST_IDLE = 64


class Compiled(NamedTuple):
    """A statement for one driver: the SQL, the values that stand in it, and the order of the parameters."""

    text: str
    values: Mapping[str, Any]
    order: Sequence[str]


class Statement:
    """A SELECT whose parameters are named by `bindparam`, of columns that the driver gives back as they are."""

    def __init__(self, select: Executable):
        self.select, self._compiled = select, dict[str, Compiled]()

    def compiled(self, dialect: Dialect) -> Compiled:
        """The statement for the driver of a dialect."""
        if dialect.name not in self._compiled:
            by_place: Any = dialect if dialect.positional else type(dialect)(paramstyle="numeric_dollar")  # type: ignore[call-arg]
            made: Any = self.select.compile(dialect=by_place)  # type: ignore[attr-defined]
            values = {name: value for name, value in made.params.items() if value is not None}
            self._compiled[dialect.name] = Compiled(str(made), values, tuple(made.positiontup or ()))
        return self._compiled[dialect.name]


class Direct:
    """Runs statements on connections that are kept for the next one."""

    def __init__(self, engine: Engine):
        self._engine, self._idle = engine, deque[Any](maxlen=MOST_IDLE)
        self._open, self._run = _DRIVERS[engine.dialect.name]
        self._shared, self._alone = Shared(), engine.dialect.name == "sqlite"

    def rows(self, statement: Statement, **parameters: Any) -> Sequence[Row]:
        """What the statement gives. Raises DBAPIError.

        A connection that failed is closed, and the statement tried again the ordinary way: it may have been idle for long.
        """
        text, values, order = statement.compiled(self._engine.dialect)
        given = [parameters[name] if name in parameters else values[name] for name in order]
        connection = self._taken()
        try:
            rows = self._run(connection, text, given)
        except self._engine.dialect.loaded_dbapi.Error:
            connection.close()
            return self.ordinary(statement.select, parameters)
        self._idle.append(connection)
        return rows

    def row(self, statement: Statement, **parameters: Any) -> Row | None:
        """The first row, where there is one."""
        return next(iter(self.rows(statement, **parameters)), None)

    def shared(self, statement: Statement, **parameters: Any) -> Sequence[Row]:
        """The same, asked once for all who wait with the same question at this moment."""
        if self._alone:
            return self.rows(statement, **parameters)
        return self._shared.ask((statement, *parameters.values()), lambda: self.rows(statement, **parameters))

    def ordinary(self, select: Executable, parameters: Mapping[str, Any] = MappingProxyType({})) -> Sequence[Row]:
        """What a statement gives that is assembled anew each time."""
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(select, dict(parameters))]

    def close(self) -> None:
        """Close the connections that are idle."""
        while self._idle:
            self._idle.pop().close()

    def _taken(self) -> Any:
        try:
            return self._idle.pop()
        except IndexError:
            return self._opened()

    def _opened(self) -> Any:
        pooled = self._engine.raw_connection()
        pooled.detach()
        return self._open(pooled.dbapi_connection)


def _on_postgresql(connection: Any) -> Any:
    from ledger.libpq import Libpq  # loads the driver

    return Libpq(connection)


_DRIVERS: Mapping[str, tuple[Callable[[Any], Any], Callable[[Any, str, Sequence[Any]], Sequence[Row]]]] = {
    "sqlite": (
        lambda connection: connection,
        lambda connection, text, given: connection.execute(text, given).fetchall(),
    ),
    "postgresql": (_on_postgresql, lambda connection, text, given: connection.rows(text, given)),
}
