"""What a database is asked, counted below every layer of ours: statements and work on SQLite, messages on PostgreSQL.

SQLite tells of each statement, and of each thousandth step of its virtual machine. Of PostgreSQL the driver keeps a trace of
the protocol, in which each round trip ends with ReadyForQuery and each row is a DataRow. Neither depends on a clock, and
nothing that goes to the driver directly is missed.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

STEPS = 10


@dataclass
class Counts:
    """`trips`: statements on SQLite, round trips on PostgreSQL. `work`: steps on SQLite, rows on PostgreSQL."""

    trips: int = 0
    work: int = 0
    statements: list[str] = field(default_factory=list)


@contextmanager
def counted(engine: Engine) -> Iterator[Callable[[Callable[[], Any]], Counts]]:
    """A function that counts what another one asks of the database of `engine`, whose connections are made anew for it."""
    engine.dispose()
    with tempfile.NamedTemporaryFile("r") as trace:
        seen = Counts()
        listen = _listen_to_sqlite(seen) if engine.dialect.name == "sqlite" else _listen_to_postgresql(trace.name)
        event.listen(engine, "connect", listen)

        def count(work: Callable[[], Any]) -> Counts:
            seen.trips, seen.work, seen.statements[:] = 0, 0, []
            trace.read()
            work()
            if engine.dialect.name == "postgresql":
                lines = trace.read().splitlines()
                seen.trips = sum("ReadyForQuery" in line for line in lines)
                seen.work = sum("DataRow" in line for line in lines)
                seen.statements += [line for line in lines if "\tParse\t" in line or "\tQuery\t" in line]
            return Counts(seen.trips, seen.work, list(seen.statements))

        yield count
        event.remove(engine, "connect", listen)
        engine.dispose()


def _listen_to_sqlite(seen: Counts) -> Callable[[Any, Any], None]:
    def listen(connection: Any, _: Any) -> None:
        connection.set_trace_callback(take)
        connection.set_progress_handler(step, STEPS)

    def take(statement: str) -> None:
        """A trigger tells its statement once more; rows of one executemany differ in their values."""
        if seen.statements[-1:] != [statement]:
            seen.statements.append(statement)
            seen.trips += 1

    def step() -> int:
        seen.work += STEPS
        return 0

    return listen


def _listen_to_postgresql(path: str) -> Callable[[Any, Any], None]:
    def listen(connection: Any, _: Any) -> None:
        file = Path(path).open("a")  # noqa: SIM115 - the driver writes into it as long as the connection lives
        connection.pgconn.trace(file.fileno())
        connection.traced_into = file

    return listen
