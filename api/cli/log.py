"""Commands of the log: its key, its checkpoints, and what to do when a database was put back."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import orjson
from sqlalchemy import Engine, select

from api import cosigning
from api.cli import database
from api.cli.command import Declined, actor_option, json_option
from ledger import signing, tables
from ledger.checkpoints import Checkpoint, parse_checkpoint
from ledger.log import Unsound, last_note
from ledger.notes import SigningKey
from ledger.policy import Policy
from ledger.recording import record
from ledger.said import Event
from ledger.schemas import Invalid, parse_event
from ledger.signing import LogKey
from ledger.store import lock_head, now, reading, writing
from projections.runner import Projector


@click.group()
def log() -> None:
    """The log: signed checkpoints over all entries, and the key that signs them."""


def key_path() -> Path:
    """Where the signing key is kept. Raises UsageError where no setting says so."""
    path = database.settings().log_key
    if path is None:
        raise click.UsageError("MISSION_LEDGER_LOG_KEY says in which file the signing key is kept; set it first.")
    return path


def own_key() -> LogKey:
    """The key of the log. Raises Declined."""
    path = key_path()
    if not path.exists():
        raise Declined(f"There is no signing key at {path}; `mission-ledger log init` makes one.")
    return signing.read_log_key(path)


@log.command()
@click.option(
    "--origin", required=True, help="The name of the log, such as ledger.example.org/log. It is never used again."
)
def init(origin: str) -> None:
    """Make the signing key of a new log, sign what is there, and print the key that verifies it."""
    path = key_path()
    if path.exists():
        raise Declined(f"There is a signing key at {path} already; `mission-ledger log rotate` makes another one.")
    with database.opened() as engine:
        with reading(engine) as connection:
            if last_note(connection, origin) is not None:
                raise Declined(
                    f"Checkpoints were signed as {origin} before; a log whose key is lost needs another origin."
                )
        key = signing.write_log_key(path, (signing.new_key(origin),))
        checkpoint = signed(engine, key)
    click.echo(str(key.keys[0].verifier))
    click.echo(
        f"The signing key is in {path}; keep a copy apart from the database. {told(checkpoint)} is signed. "
        "Publish the line above where others find it: it verifies what the log signs.",
        err=True,
    )


def signed(engine: Engine, key: LogKey) -> Checkpoint:
    """Sign what is there. Raises Declined."""
    try:
        return signing.sign(engine, key)
    except Unsound as problem:
        raise Declined(f"Nothing is signed: {problem}.") from None


def told(checkpoint: Checkpoint) -> str:
    return f"A checkpoint of {checkpoint.size:,} {'entry' if checkpoint.size == 1 else 'entries'}"


@log.command()
def keys() -> None:
    """Print the keys that verify what the log signs, one a line."""
    for key in own_key().keys:
        click.echo(str(key.verifier))


@log.command()
def sign() -> None:
    """Sign a checkpoint of what is there now. A server does so by itself."""
    key = own_key()
    with database.opened() as engine:
        click.echo(f"{told(signed(engine, key))} is signed.")


@log.command()
def rotate() -> None:
    """Make another signing key. Both sign from now on; `retire` ends the old one.

    Publish the new verifier key and give those who verify time to take it over before the old one is retired. A running
    server takes a changed key file over when it is started anew.
    """
    key = own_key()
    new = signing.write_log_key(key.path, (*key.keys, signing.new_key(key.origin)))
    with database.opened() as engine:
        signed(engine, new)
    click.echo(str(new.keys[-1].verifier))


@log.command()
@click.argument("key_id")
def retire(key_id: str) -> None:
    """Let the key with this id (eight hexadecimal digits) sign no longer, and remove it from the file."""
    key = own_key()
    left = tuple(one for one in key.keys if one.verifier.key_id.hex() != key_id)
    if len(left) == len(key.keys):
        raise Declined(f"No key with the id {key_id[:20]!r} signs; `mission-ledger log keys` prints those that do.")
    if not left:
        raise Declined("This is the only key; `mission-ledger log rotate` makes another one first.")
    signing.write_log_key(key.path, left)
    click.echo(f"The key {key_id} signs no longer.")


@log.command()
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 600),
    default=10.0,
    show_default=True,
    help="Seconds to wait for each witness.",
)
def cosign(timeout: float) -> None:
    """Ask the witnesses of the policy to cosign the newest checkpoint, and keep what they sign.

    Exit code 1 where too few have cosigned for the policy's quorum.
    """
    try:
        policy = database.settings().policy()
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if not policy.urls:
        raise click.UsageError("MISSION_LEDGER_LOG_POLICY names no witness with an address.")
    with database.opened() as engine:
        told, is_witnessed = _cosigned(engine, policy, timeout)
    for name, reason in told.items():
        click.echo(f"{name}: {f'not cosigned, {reason}' if reason else 'cosigned'}")
    if not is_witnessed:
        raise Declined("Too few have cosigned for the quorum of the policy.")


def _cosigned(engine: Engine, policy: Policy, timeout: float) -> tuple[Mapping[str, str | None], bool]:
    try:
        return cosigning.cosign(engine, policy, timeout)
    except cosigning.NotCosigned as reason:
        raise Declined(f"Nothing is cosigned: {reason}.") from None


@log.command()
@json_option
def status(as_json: bool) -> None:
    """Tell what is signed, by whom it is cosigned, and whether the ledger is closed."""
    with database.opened() as engine:
        found = _status(engine)
    if as_json:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        return
    for name, value in found.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        click.echo(f"{name.replace('_', ' ').capitalize():<14}{'none' if shown in (None, '') else shown}")


def _status(engine: Engine) -> dict[str, Any]:
    with reading(engine) as connection:
        head = connection.execute(select(tables.head.c.size, tables.head.c.closed)).one()
        note = last_note(connection)
    checkpoint = parse_checkpoint(note.text) if note else None
    witnesses = database.settings().policy().witnesses.values()
    return {
        "origin": checkpoint.origin if checkpoint else None,
        "signed": checkpoint.size if checkpoint else None,
        "recorded": head.size,
        "cosigned_by": sorted({key.name for key, _ in note.signed_by(witnesses)}) if note else [],
        "closed": head.closed,
    }


@log.command()
@click.option(
    "--origin", required=True, help="The name of the log that is signed from now on; not one that was used before."
)
@click.option("--reason", required=True, help="What happened, and why the ledger goes on; everybody can read it.")
@actor_option
def reopen(origin: str, reason: str, actor: str) -> None:
    """Let a closed ledger go on, under a new log.

    A ledger is closed where the database lacks what its key has signed, as after a backup was put back. What was signed cannot be
    unsaid, so the old log ends; an entry tells everybody where it ended and why, and a new key signs a log of another origin.
    """
    old = own_key()
    new = signing.new_key(origin)
    with database.opened() as engine:
        _reopen(engine, old, new, reason, actor)
        key = signing.replace_log_key(old, new)
        checkpoint = signed(engine, key)
    click.echo(str(new.verifier))
    click.echo(f"The ledger is open again. {told(checkpoint)} is signed; publish the line above.", err=True)


def _reopen(engine: Engine, old: LogKey, new: SigningKey, reason: str, actor: str) -> None:
    """Record where the old log ended, which opens the ledger. Raises Declined."""
    with writing(engine) as connection:
        closed, last = lock_head(connection).closed, signing.last_signed(connection, old)
        if closed is None or last is None:
            raise Declined("The ledger is not closed.")
        if new.name == last.origin or last_note(connection, new.name) is not None:
            raise Declined(f"{new.name} has signed what is not here; choose another origin.")
        said = _reopened(last, new, reason)
        record(connection, [said], actor=actor, project=Projector(), reopening=True)


def _reopened(last: Checkpoint, new: SigningKey, reason: str) -> Event:
    """What everybody is told. Raises Declined."""
    event = {
        "type": "log.reopened",
        "effective": now().date().isoformat(),
        "data": {
            "last_origin": last.origin,
            "last_size": last.size,
            "last_root": last.root.hex(),
            "origin": new.name,
            "verifier_key": str(new.verifier),
            "reason": reason,
        },
    }
    try:
        return parse_event(event)
    except Invalid as error:
        raise Declined("\n".join(f"{fault.pointer}: {fault.detail}" for fault in error.faults)) from None
