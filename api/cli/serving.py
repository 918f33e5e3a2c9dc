"""Commands that serve the ledger over HTTP."""

import json
import secrets
import socket
from typing import Any

import click
from sqlalchemy import Engine

from api.cli import database
from api.cli.recording import load_record
from api.settings import THREADS
from ledger import keys, signing
from ledger.store import reading, size, writing
from projections.queries import mission_names

DEMO_NAME = "demo-recorder"
_host = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
_port = click.option(
    "--port", type=click.IntRange(1, 65_535), default=8000, show_default=True, help="Port to listen at."
)


@click.command()
@_host
@_port
def serve(host: str, port: int) -> None:
    """Serve the ledger over HTTP until it is told to stop.

    The embedded database is brought to the newest schema first; on any other that is not up to date
    serve refuses to start: run `mission-ledger migrate` then.
    """
    _check_address(host, port)
    with database.opened():
        _check_log()
    _serve(host, port)


@click.command()
@_host
@_port
def demo(host: str, port: int) -> None:
    """Load the record of the mission in Haiti, make a key, say what to try, and serve."""
    _check_address(host, port)
    with database.opened(to_be_migrated=True) as engine:
        with reading(engine) as connection:
            loaded = "haiti-mss" in mission_names(connection, size(connection))
        if not loaded:
            load_record(engine, "haiti-mss")
        key = _demo_key(engine)
        _demo_log(engine)
    click.echo(_invitation(f"http://{_in_url(host)}:{port}", key))
    _serve(host, port)


def _check_log() -> None:
    """A key or a policy that cannot be used is told before anything is served. Raises KeyFileProblem, UsageError."""
    chosen = database.settings()
    if chosen.log_key is not None and chosen.log_key.exists():
        signing.read_log_key(chosen.log_key)
    try:
        chosen.policy()
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _check_address(host: str, port: int) -> None:
    """A taken port is told before anything else happens. Raises UsageError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
    except OSError as error:
        raise click.UsageError(
            f"Nothing can listen at {host}, port {port}: {error.strerror}; choose others with --host and --port."
        ) from None


def _serve(host: str, port: int) -> None:
    click.echo(f"Serving at http://{_in_url(host)}:{port} (Ctrl+C stops)", err=True)
    server("api.app:served", host, port).serve()


def server(factory: str, host: str, port: int) -> Any:
    """The server of an app: one worker with several threads, since the database is what requests wait for."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    return Granian(
        factory,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        factory=True,
        workers_kill_timeout=10,
        log_level=LogLevels.error,
        websockets=False,
    )


def _demo_key(engine: Engine) -> str:
    """A key for a recorder whose name nobody has had: names are never given twice."""
    with writing(engine) as connection:
        taken = {key["name"] for key in keys.listed(connection)}
        number = 1
        while (name := DEMO_NAME if number == 1 else f"{DEMO_NAME}-{number}") in taken:
            number += 1
        return keys.create(connection, name, "recorder")


def _demo_log(engine: Engine) -> None:
    """A log of its own for what is tried out, unless there is one."""
    path = database.settings().log_key
    if path is not None and not path.exists():
        origin = f"mission-ledger.invalid/demo-{secrets.token_hex(4)}"
        signing.sign(engine, signing.write_log_key(path, (signing.new_key(origin),)))


def _invitation(address: str, key: str) -> str:
    event = {
        "mission": "haiti-mss",
        "type": "position.stated",
        "effective": "2025-10-01",
        "data": {"party": "BRB", "stance": "supports", "on": "gang-suppression-force"},
        "source": {"title": "A statement that I tried this with"},
    }
    mission = f"{address}/v1/missions/haiti-mss"
    return f"""
The ledger is at {address}, its API is described at {address}/docs
Key of a recorder: {key}

Who leads, who funds, what was deployed on 12 September 2024? Follow a figure to its entries, move the slider:
  {address}/missions/haiti-mss?valid_at=2024-09-12

Record by a form; the key above signs you in:
  {address}/record

The same for programs: who had pledged what by then?
  curl -s '{mission}/pledges?valid_at=2024-09-12'

What changed between two days, and which entries did it?
  curl -s '{mission}/diff?from_valid_at=2024-09-12&to_valid_at=2025-10-03'

Record what somebody says:
  curl -s {address}/v1/entries -H 'Authorization: Bearer {key}' \\
    -H 'Content-Type: application/json' -d '{json.dumps(event)}'
"""
