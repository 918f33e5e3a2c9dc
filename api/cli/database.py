"""The database that a command works on: opened, checked, closed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from alembic.util import CommandError
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

import migrations
from api.cli.command import Unusable
from api.settings import Settings, from_environment
from ledger import signing
from ledger.log import Unsound
from ledger.notes import VerifierKey
from ledger.store import open_engine, reading, size
from projections.runner import projected_size, rebuild


def settings() -> Settings:
    """The settings of this call. A wrong one is a wrong use of the command."""
    try:
        return from_environment()
    except ValueError as error:
        raise click.UsageError(str(error)) from None


@contextmanager
def opened(*, to_be_migrated: bool = False) -> Iterator[Engine]:
    """An engine on a database with the newest schema.

    The embedded one is made and migrated by itself; any other only where that is asked for, since other
    programs may work on it. Raises Unusable otherwise.
    """
    chosen = settings()
    _prepare(chosen, to_be_migrated or chosen.embedded)
    try:
        engine = open_engine(chosen.database_url)
    except ImportError as error:
        raise Unusable(f"The database's driver is not installed: {error}.") from None
    try:
        if not migrations.is_current(engine):
            if not (chosen.embedded or to_be_migrated):
                raise Unusable("The database has not the schema that this version needs; run `mission-ledger migrate`.")
            _migrate(engine)
        if chosen.embedded or to_be_migrated:
            _project(engine)
        yield engine
    finally:
        engine.dispose()


def bring_up_to_date(engine: Engine) -> None:
    """Migrate, and make the projections anew where an older version made them."""
    _migrate(engine)
    _project(engine)


def _migrate(engine: Engine) -> None:
    """A schema from the future is left alone."""
    try:
        migrations.migrate(engine)
    except CommandError as error:
        raise Unusable(
            f"The database has a schema that this version does not know ({error}); use the newer version."
        ) from None


def _project(engine: Engine) -> None:
    with reading(engine) as connection:
        behind = projected_size(connection) < size(connection)
    if behind:
        rebuild(engine)


def check_there(chosen: Settings) -> None:
    """Raises Unusable where the address is that of no ledger: nothing is made here."""
    _prepare(chosen, may_be_made=False)


def _prepare(chosen: Settings, may_be_made: bool) -> None:
    """SQLite makes a missing file but no missing folder; and a file made by mistake would look like an empty ledger."""
    url = make_url(chosen.database_url)
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise Unusable(f"DATABASE_URL names {url.get_backend_name()}; a ledger lives in SQLite or PostgreSQL.")
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return
    path = Path(url.database)
    if not may_be_made and not path.exists():
        raise Unusable(f"There is no database at {path}; `mission-ledger migrate` makes it.")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unusable(f"The folder {path.parent} cannot be made: {error.strerror}.") from None


def verifier_keys() -> tuple[VerifierKey, ...]:
    """The keys that verify what the key of the log signs, where that is here."""
    path = settings().log_key
    return tuple(key.verifier for key in signing.read_log_key(path).keys) if path and path.exists() else ()


@contextmanager
def recording() -> Iterator[Engine]:
    """An engine to record with. Where the key of the log is here, what is recorded is signed at the end.

    A ledger that lacks what was signed of it is closed before anything is recorded.
    """
    with opened() as engine:
        path = settings().log_key
        key = signing.read_log_key(path) if path is not None and path.exists() else None
        if key is not None:
            signing.close_if_set_back(engine, key)
        yield engine
        if key is not None:
            _sign(engine, key)


def _sign(engine: Engine, key: signing.LogKey) -> None:
    """What is recorded stays recorded where it cannot be signed; the auditor tells why."""
    try:
        signing.sign(engine, key)
    except Unsound as problem:
        click.echo(f"Recorded, but not signed: {problem}. Run `mission-ledger verify`.", err=True)
