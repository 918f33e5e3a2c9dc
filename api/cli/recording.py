"""Commands that record: single events, files, the shipped record; and the templates of spreadsheets to fill in."""

from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import click
import orjson
from sqlalchemy import Engine

from api.cli import database
from api.cli.command import (
    Declined,
    actor_option,
    json_option,
    key_option,
    output_option,
    progress,
    span,
    user,
    writing_to,
)
from api.faults import Faulty
from api.files import SUFFIXES, read
from api.importing import Imported, bring_in
from ledger import codec, records
from ledger.entries import acknowledgement
from ledger.events import EVENTS
from ledger.recording import record as record_events
from ledger.refusals import Refused
from ledger.said import Event
from ledger.schemas import Fault, Invalid, parse_event
from ledger.store import reading, size, writing
from ledger.texts import nearest_first
from projections.queries import mission_names
from projections.runner import Projector


@click.command()
@click.argument("file", type=click.File("rb"))
@actor_option
@key_option
@json_option
def record(file: IO[bytes], actor: str, key: str | None, as_json: bool) -> None:
    """Record one event, or a list of them as one, from a JSON FILE (- is standard input)."""
    events, is_list = _said(file.read())
    try:
        with database.recording() as engine, writing(engine) as connection:
            recorded = record_events(connection, events, actor=actor, key=key, project=Projector())
    except Refused as refused:
        alone = "" if is_list else "/0"
        told = [f"{r.pointer.removeprefix(alone)}: {r.detail}".removeprefix(": ") for r in refused.refusals]
        raise Declined("\n".join(told)) from None
    if as_json:
        click.echo(orjson.dumps({"entries": [acknowledgement(entry, recorded.replayed) for entry in recorded.entries]}))
        return
    if recorded.replayed:
        click.echo("Recorded already, under the same key:", err=True)
    for entry in recorded.entries:
        click.echo(f"{entry.position}  {entry.type}  {entry.effective}  {entry.stream}  version {entry.version}")


def _said(content: bytes) -> tuple[list[Event], bool]:
    """The events of a JSON text, and whether it is a list of them."""
    try:
        raw = codec.read(content)
    except ValueError as error:
        raise Declined(f"The input is not JSON that can be read: {error}.") from None
    many = raw if isinstance(raw, list) else [raw]
    if not many:
        raise Declined("The list holds no event.")
    events: list[Event] = []
    faults: list[Fault] = []
    for index, one in enumerate(many):
        try:
            events.append(parse_event(one, f"/{index}" if isinstance(raw, list) else ""))
        except Invalid as error:
            faults += error.faults
    if faults:
        raise Declined("\n".join(f"{fault.pointer or '/'}: {fault.detail}" for fault in faults))
    return events, isinstance(raw, list)


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check everything, the ledger's decisions included, and record nothing.")
@actor_option
@key_option
def import_file(file: Path, dry_run: bool, actor: str, key: str | None) -> None:
    """Record the events of a FILE: JSON Lines, or a CSV or XLSX made from a template.

    Every faulty row is told with its column and the reason, up to a thousand of them; nothing is recorded unless all
    rows are good. The same content imported again records nothing again. In lines that `export` wrote, targets mean positions in the file.
    """
    if file.suffix.lower() not in SUFFIXES:
        raise click.UsageError(f"{file.name} ends in none of {', '.join(SUFFIXES)}, by which import knows what it is.")
    content = read(file, file.suffix.lower(), progress)
    with database.recording() as engine:
        try:
            imported = bring_in(engine, content, actor=actor, key=key, dry_run=dry_run, progress=progress)
        except Faulty as faulty:
            raise Declined(
                _told(faulty, f"{file} holds no events; rows whose type begins with # are not read.")
            ) from None
    click.echo(_outcome(imported, str(file), dry_run))


def _told(faulty: Faulty, none: str) -> str:
    """The faults, one a line, and how many rows bear them."""
    if not faulty.faults:
        return none
    lines = [f"row {fault.row}{', ' * bool(fault.column)}{fault.column}: {fault.detail}" for fault in faulty.faults]
    rows = f"{faulty.rows:,} faulty {'row' if faulty.rows == 1 else 'rows'}"
    among = f" among the first {faulty.looked_at:,}, and the rest was not looked at" if faulty.looked_at else ""
    return "\n".join([*lines, f"{rows}{among}; nothing was recorded."])


def _outcome(imported: Imported, what: str, dry_run: bool) -> str:
    places = span([imported.first, imported.first + imported.count - 1])
    if imported.replayed:
        return f"{what} is in the ledger already, at {places}; nothing was recorded."
    events = "1 event" if imported.count == 1 else f"{imported.count:,} events"
    return f"{events} would be recorded, at {places}." if dry_run else f"{events} recorded, at {places}."


@click.command()
@click.argument("name", type=click.Choice(records.RECORDS))
def load(name: str) -> None:
    """Load a record that comes with the ledger. What is there already is not recorded again."""
    with database.recording() as engine:
        click.echo(_outcome(load_record(engine, name), f"The record {name}", False))


def load_record(engine: Engine, name: str) -> Imported:
    """Record a shipped record, unless it is there. Raises Declined where the ledger holds another one of that mission."""
    try:
        return bring_in(engine, read(records.content(name), ".jsonl", progress), actor=user(), progress=progress)
    except Faulty as faulty:
        with reading(engine) as connection:
            taken = name in mission_names(connection, size(connection))
        if taken:
            raise Declined(
                f"The ledger holds a mission {name} already, with other entries; load works on a ledger without it."
            ) from None
        raise Declined(_told(faulty, "")) from None


class EventType(click.ParamType):
    """The name of an event type; the nearest ones are told where there is no such."""

    name = "event_type"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in EVENTS:
            self.fail(f"{value!r} is not one of: {nearest_first(value, EVENTS)}", param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        names: Sequence[str] = [name for name in EVENTS if name.startswith(incomplete)]
        return [click.shell_completion.CompletionItem(name) for name in names]


@click.command()
@click.argument("event_type", type=EventType())
@click.option("--format", "as_format", type=click.Choice(["csv", "xlsx"]), help="csv, unless --output ends in .xlsx.")
@output_option
def template(event_type: str, as_format: str | None, output: Path | None) -> None:
    """Write a spreadsheet to fill in with events of one type, for `import`.

    Required columns bear an asterisk (CSV) or are bold (XLSX). The row whose type begins with # is an example;
    import does not read it.
    """
    from api.templates import csv_template, xlsx_template

    by_suffix = "xlsx" if output is not None and output.suffix.lower() == ".xlsx" else "csv"
    content = (xlsx_template if (as_format or by_suffix) == "xlsx" else csv_template)(event_type)
    with writing_to(output) as file:
        file.write(content)
