"""The databases by themselves: what `sqlite3` and `psycopg` do with the same bytes, and nothing besides.

One table with a position, a stream and the bytes; no index but the key, no check, no read before the write.
"""

import sqlite3
from collections.abc import Iterable, Sequence

import orjson
import psycopg

from tests.bench.databases import SQLITE, conninfo, is_durable, kind_of, path_of
from tests.bench.workload import Said

Row = tuple[str, bytes]


class RawSQLite:
    name = "raw sqlite3"

    def __init__(self, url: str):
        self.connection = sqlite3.connect(path_of(url), isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = FULL")
        assert is_durable(self.connection)
        self.connection.execute("CREATE TABLE said (position INTEGER PRIMARY KEY, stream TEXT, content BLOB)")

    def append(self, said: Said) -> None:
        """One event in a transaction of its own."""
        self.connection.execute("INSERT INTO said (stream, content) VALUES (?, ?)", row(said))

    def append_all(self, said: Iterable[Said]) -> None:
        """All of them in one transaction."""
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.executemany("INSERT INTO said (stream, content) VALUES (?, ?)", map(row, said))
        self.connection.execute("COMMIT")

    def scan(self) -> int:
        """Read every event and parse it."""
        rows = self.connection.execute("SELECT position, stream, content FROM said ORDER BY position")
        return sum(bool(orjson.loads(content)) for _, _, content in rows)

    def close(self) -> None:
        self.connection.close()


class RawPostgreSQL:
    name = "raw psycopg"

    def __init__(self, url: str):
        self.connection = psycopg.connect(conninfo(url), autocommit=True)
        self.connection.execute(
            "CREATE TABLE IF NOT EXISTS said (position bigserial PRIMARY KEY, stream text, content bytea)"
        )

    def append(self, said: Said) -> None:
        """One event in a transaction of its own: one round trip."""
        self.connection.execute("INSERT INTO said (stream, content) VALUES (%s, %s)", row(said), prepare=True)

    def append_all(self, said: Iterable[Said]) -> None:
        """All of them in one transaction, by executemany."""
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.executemany("INSERT INTO said (stream, content) VALUES (%s, %s)", map(row, said))

    def copy_all(self, said: Iterable[Said]) -> None:
        """All of them in one transaction, by COPY."""
        with (
            self.connection.cursor() as cursor,
            cursor.copy("COPY said (stream, content) FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(["text", "bytea"])
            for one in said:
                copy.write_row(row(one))

    def scan(self) -> int:
        """Read every event and parse it, fetched by a cursor of the server."""
        with self.connection.transaction(), self.connection.cursor(name="scan", binary=True) as cursor:
            cursor.itersize = 5_000
            cursor.execute("SELECT position, stream, content FROM said ORDER BY position")
            return sum(bool(orjson.loads(content)) for _, _, content in cursor)

    def close(self) -> None:
        self.connection.close()


Raw = RawSQLite | RawPostgreSQL


def raw(url: str) -> Raw:
    return RawSQLite(url) if kind_of(url) == SQLITE else RawPostgreSQL(url)


def row(said: Said) -> Row:
    return subject(said), orjson.dumps(said)


def subject(said: Said) -> str:
    """What an event is about, as a store of events without a model of ours would name its stream."""
    data = said["data"]
    about = data.get("pledge") or data.get("party") or data.get("post") or data.get("target") or ""
    return f"{said['mission']}/{said['type'].split('.')[0]}/{about}"


def batches(said: Sequence[Said], size: int = 1_000) -> Iterable[Sequence[Said]]:
    return (said[start : start + size] for start in range(0, len(said), size))
