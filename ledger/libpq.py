"""Statements at libpq, below the cursors of PostgreSQL's driver: each is prepared once on a connection, then bound, run and answered
in one round trip. A cursor costs more than the statement."""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection, OperationalError
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

BINARY = 1


class Libpq:
    """A connection that commits by itself, and the statements that it has prepared. For one thread at a time."""

    def __init__(self, connection: Connection):
        connection.autocommit = True
        self._connection, self._adapted, self._names = connection, Transformer(connection), dict[str, bytes]()

    def rows(self, text: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """What a SELECT gives, whose parameters are `$1`, `$2` and so on. Raises psycopg.Error; then nobody knows what is prepared."""
        adapted, told = self._adapted, self._connection.pgconn
        given: Any = adapted.dump_sequence(values, [PyFormat.TEXT] * len(values)) if values else None
        found = told.exec_prepared(self._names.get(text) or self._prepared(text), given, result_format=BINARY)
        _check(found, ExecStatus.TUPLES_OK)
        adapted.set_pgresult(found)
        return adapted.load_rows(0, found.ntuples, tuple)

    def close(self) -> None:
        self._connection.close()

    def _prepared(self, text: str) -> bytes:
        name = b"direct_%d" % len(self._names)
        _check(self._connection.pgconn.prepare(name, text.encode()), ExecStatus.COMMAND_OK)
        self._names[text] = name
        return name


def _check(result: PGresult, wanted: ExecStatus) -> None:
    if result.status != wanted:
        raise OperationalError(result.get_error_message())
