"""Commands that look after a ledger: its schema, its keys, its projections."""

import json
from typing import Any

import click
import orjson
from rich.table import Table

import migrations
from api.cli import database
from api.cli.command import Name, json_option, progress
from api.cli.tables import show
from ledger import keys as ledger_keys
from ledger.store import last_recorded_at, reading, size, writing
from projections import runner
from projections.runner import projected_size


@click.command()
def migrate() -> None:
    """Bring the database to the newest schema. A missing SQLite file is made."""
    with database.opened(to_be_migrated=True):
        click.echo("The database has the newest schema.")


@click.command()
def rebuild() -> None:
    """Make the projections anew from the entries, beside the live ones, then switch.

    Reading and recording go on meanwhile.
    """
    with database.opened() as engine, progress("Rebuilding") as bar:
        done = runner.rebuild(engine, bar)
    click.echo(f"The projections are made anew from {done} {'entry' if done == 1 else 'entries'}.")


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Tell how large the ledger is, when it last grew, and whether schema and projections are up to date."""
    with database.opened() as engine:
        with reading(engine) as connection:
            recorded, newest, projected = size(connection), last_recorded_at(connection), projected_size(connection)
        found: dict[str, Any] = {
            "size": recorded,
            "recorded_at": newest,
            "schema_current": migrations.is_current(engine),
            "projections_size": projected,
            "database": engine.url.render_as_string(hide_password=True),
        }
    if as_json:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        return
    behind = recorded - projected
    click.echo(f"Database      {found['database']}")
    click.echo("Schema        current")
    click.echo(f"Entries       {recorded:,}")
    click.echo(f"Last entry    {found['recorded_at'] or 'none yet'}")
    click.echo(
        f"Projections   {'up to date' if not behind else f'{behind:,} entries behind; run `mission-ledger rebuild`'}"
    )


@click.group()
def keys() -> None:
    """Make, list and revoke the keys of those who read and record over HTTP."""


class KeyName(Name):
    """The name of a key. Entries recorded on the command line begin with `cli:`, so that no key can pass for one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        name = super().convert(value, param, ctx)
        if name.startswith("cli:"):
            self.fail("names that begin with `cli:` are those of the command line", param, ctx)
        return name


@keys.command("create")
@click.option("--name", type=KeyName(), required=True, help="Who holds it; the entries bear it. Never given twice.")
@click.option("--role", type=click.Choice(ledger_keys.ROLES), required=True, help="What its holder may do.")
@json_option
def create_key(name: str, role: str, as_json: bool) -> None:
    """Make a key and print it, the only time."""
    with database.opened() as engine, writing(engine) as connection:
        key = ledger_keys.create(connection, name, role)
    if as_json:
        click.echo(orjson.dumps({"key": key}))
        return
    click.echo(key)
    click.echo("Keep it: the ledger stores no more than a digest and cannot show it again.", err=True)


@keys.command("list")
@json_option
def list_keys(as_json: bool) -> None:
    """List every key ever made, without anything that would open a door."""
    with database.opened() as engine, reading(engine) as connection:
        found = ledger_keys.listed(connection)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    table = Table("Name", "Role", "Made", "Revoked")
    for key in found:
        table.add_row(key["name"], key["role"], key["created_at"], key["revoked_at"] or "")
    show(table)


@keys.command("revoke")
@click.argument("name")
def revoke_key(name: str) -> None:
    """Make a key worthless from now on."""
    with database.opened() as engine, writing(engine) as connection:
        ledger_keys.revoke(connection, name)
    click.echo(f"The key {name!r} opens nothing any more.")
