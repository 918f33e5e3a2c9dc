"""The command that writes entries out: JSON Lines to be imported again, CSV to be looked at."""

import csv
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import orjson
from sqlalchemy import Connection

from api.cli import database
from api.cli.command import Declined, output_option, progress, writing_to
from api.formulas import guarded
from api.sheets import ENVELOPE, columns, flatten
from ledger.audit.database import Database
from ledger.audit.tiled import write_bundle
from ledger.entries import REDACTION, Entry, document
from ledger.store import reading, size, stream_entries
from ledger.tables import entries
from ledger.texts import nearest_first
from projections.queries import mission_names
from projections.redactions import Removals, removals_where

_ABOUT_THE_ENTRY = ("position", "recorded_at", "actor", "stream", "version", "id", "leaf_hash")


@click.command()
@click.option("--format", "as_format", type=click.Choice(["jsonl", "csv"]), help="jsonl, unless --output ends in .csv.")
@click.option("--mission", help="Only the entries of this mission.")
@click.option(
    "--bundle",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write everything that `verify` needs as one file.",
)
@output_option
def export(as_format: str | None, mission: str | None, bundle: Path | None, output: Path | None) -> None:
    """Write the entries out, in the order in which they were recorded.

    `import` takes JSON Lines and CSV back. With --mission the entries that belong to no mission, such as
    registered parties, are left out. Of an entry whose payload was removed, `redaction` tells by whom and why.
    A bundle holds entries, tiles, checkpoints and verifier keys: `mission-ledger verify FILE` audits it wherever it
    is taken.
    """
    if bundle is not None:
        if as_format or mission or output:
            raise click.UsageError("--bundle writes the whole ledger; leave the other options out.")
        _write_bundle(bundle)
        return
    by_suffix = "csv" if output is not None and output.suffix.lower() == ".csv" else "jsonl"
    lines = _csv_lines if (as_format or by_suffix) == "csv" else _json_lines
    shown_there = output is None and sys.stdout.isatty()
    with database.opened() as engine, reading(engine) as connection, progress("Exporting", hidden=shown_there) as bar:
        total = size(connection)
        _check_mission(connection, mission, total)
        removed = removals_where(connection)
        with writing_to(output) as file:
            file.writelines(lines(lambda: _entries(connection, mission, lambda done: bar(done, total)), removed))


def _write_bundle(path: Path) -> None:
    """What is recorded is signed first, where the key of the log is here."""
    with database.recording() as engine:
        pass
    with database.opened() as engine, reading(engine) as connection, progress("Exporting") as bar:
        source = Database(connection)
        with writing_to(path) as file:
            written = write_bundle(file, source, database.verifier_keys(), bar)
        left = size(connection) - written
    under = f"; {left:,} more are under no checkpoint yet and are left out" if left else ""
    click.echo(f"{written:,} {'entry' if written == 1 else 'entries'} in {path}{under}.")


def _check_mission(connection: Connection, mission: str | None, total: int) -> None:
    known = mission_names(connection, total)
    if mission is not None and mission not in known:
        raise Declined(f"There is no mission {mission!r}; there are: {nearest_first(mission, known) or 'none'}.")


def _entries(connection: Connection, mission: str | None, tell: Callable[[int], None]) -> Iterator[Entry]:
    for entry in stream_entries(connection, *([entries.c.mission == mission] if mission else [])):
        yield entry
        tell(entry.position + 1)


Source = Callable[[], Iterator[Entry]]


def _json_lines(source: Source, removed: Removals) -> Iterator[bytes]:
    for entry in source():
        yield orjson.dumps(document(entry, removed.get(entry.position))) + b"\n"


def _csv_lines(source: Source, removed: Removals) -> Iterator[bytes]:
    """Two passes over one state of the database: which columns are used, then the rows."""
    types: set[str] = set()
    used: set[str] = set()
    for entry in source():
        types.add(entry.type)
        used.update(_cells(entry, removed))
    names = _names(types, used)
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, names)
    writer.writeheader()
    for entry in source():
        writer.writerow({name: guarded(cell) for name, cell in _cells(entry, removed).items()})
        yield _taken(buffer)
    yield _taken(buffer)


def _names(types: set[str], used: set[str]) -> list[str]:
    """The columns in use, in the order of the declarations; what belongs to every event comes first and last."""
    declared = dict.fromkeys(c.name for name in sorted(types) for c in columns(name, 50) if c.path[0] == "data")
    first, last = (
        [name for name in ENVELOPE if name != "data"][:3],
        ["note", "ref", *(f"redaction.{n}" for n in REDACTION)],
    )
    sources = sorted(name for name in used if name.startswith("source."))
    ordered = [*_ABOUT_THE_ENTRY, *first, *declared, *sources, *last]
    return [name for name in ordered if name in used or name in _ABOUT_THE_ENTRY]


def _cells(entry: Entry, removed: Removals) -> dict[str, Any]:
    own = {name: getattr(entry, name) for name in _ABOUT_THE_ENTRY}
    said = flatten({name: getattr(entry, name) for name in ENVELOPE})
    told = {f"redaction.{name}": value for name, value in removed.get(entry.position, {}).items()}
    kept = {"target": entry.target} if told and entry.target is not None else {}
    return {**own, **said, **kept, **told}


def _taken(buffer: io.StringIO) -> bytes:
    """What has been written since the last time."""
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
