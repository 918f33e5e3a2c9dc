"""Files of events into the ledger: read, checked row by row, mapped to their new positions, recorded as one.

A file that `export` wrote says of each event at which position it stood. Targets in it mean those positions, and
become the new ones: the n-th event of the file is recorded at the head plus n, since nobody else appends while
the head is held.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import orjson
from sqlalchemy import Connection, Engine, select

from api.cli.command import progress
from api.sheets import ENVELOPE, LEDGERS_OWN, Fault, Row, read_csv, read_xlsx
from ledger import tables
from ledger.events import EVENTS
from ledger.refusals import Refusal, Refused
from ledger.said import Event
from ledger.schemas import Invalid, parse_data, parse_event
from ledger.store import Recorded, lock_head, record, writing
from ledger.values import as_json
from projections.runner import update_projections

# What no event missing from a batch can have caused.
_IN_ANY_CASE = ("ref-taken", "already-exists", "wrong-correction", "too-large")
_TARGETS = frozenset(
    name
    for declared in EVENTS.values()
    if declared.ABOUT
    for name, hint in get_type_hints(declared).items()
    if {int, str} <= set(get_args(hint))
)


class Faulty(Exception):
    """A file with faults; nothing of it was recorded."""

    def __init__(self, faults: Sequence[Fault], events: int):
        super().__init__(f"{len(faults)} faults")
        self.faults = sorted(faults, key=lambda fault: fault.row)
        self.events = events


@dataclass
class Said:
    """One event of a file, well-formed; `position` is where it stood in the ledger that it was exported from."""

    row: Row
    event: Event
    position: int | None


@dataclass
class Batch:
    """The events of a file, what is wrong with it, and the digest of what it says."""

    said: list[Said]
    digest: str
    faults: list[Fault] = field(default_factory=list)
    broken: str = ""

    @property
    def exported(self) -> bool:
        """Whether targets mean positions in the file."""
        return any(one.position is not None for one in self.said)


def read(content: bytes, suffix: str) -> Batch:
    """The events of a file by its suffix; raises KeyError where it is none of READERS."""
    rows, faults = READERS[suffix](content)
    batch = Batch([], _digest(rows), [*faults, *(fault for row in rows for fault in row.faults)])
    faulty = []
    with progress("Reading", len(rows)) as bar:
        for done, row in enumerate(rows, 1):
            found = list(_add(batch, row))
            faulty += [row.event] if found or row.faults else []
            batch.faults += found
            bar(done)
    batch.broken = json.dumps(faulty)
    batch.faults += _wrong_targets(batch)
    return batch


def _read_lines(content: bytes) -> tuple[list[Row], list[Fault]]:
    rows, faults = [], []
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        try:
            rows += [Row(number, orjson.loads(line))] if line.strip() else []
        except orjson.JSONDecodeError as error:
            faults.append(Fault(number, "", f"is not JSON: {error}"))
    return rows, faults


READERS: dict[str, Callable[[bytes], tuple[list[Row], list[Fault]]]] = {
    ".jsonl": _read_lines,
    ".ndjson": _read_lines,
    ".csv": read_csv,
    ".xlsx": read_xlsx,
}


def _digest(rows: Sequence[Row]) -> str:
    """SHA-256 of what the file says, whatever its format, so that a workbook saved anew stays the same."""
    said = [row.event if not _position(row) else {**_sayable(row.event), "position": _position(row)} for row in rows]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _position(row: Row) -> Any:
    return row.event.get("position") if isinstance(row.event, dict) else None


def _sayable(exported: Mapping[str, Any]) -> dict[str, Any]:
    """An exported entry as an event again: without what is the ledger's, and without what it leaves empty."""
    return {
        name: value
        for name, value in exported.items()
        if name not in LEDGERS_OWN and not (value is None and name in ENVELOPE)
    }


def _add(batch: Batch, row: Row) -> Iterator[Fault]:
    """Put the row's event into the batch, or tell what is wrong with it."""
    unread = {fault.column for fault in row.faults}
    position = _position(row)
    if position is not None and (type(position) is not int or position < 0):
        yield Fault(row.number, "position", f"{str(position)[:40]!r} is not a position")
        return
    if row.faults and not row.event.get("type"):
        return
    try:
        event = parse_event(row.event if position is None else _sayable(row.event))
    except Invalid as error:
        faults = [Fault(row.number, row.column(fault.pointer), fault.detail) for fault in error.faults]
        yield from (fault for fault in faults if fault.column not in unread)
        return
    if not row.faults:
        batch.said.append(Said(row, event, position))


def _wrong_targets(batch: Batch) -> list[Fault]:
    """Targets of an exported file that are not above their row, and positions that stand in it twice."""
    if not batch.exported:
        return []
    faults, above = [], set()
    everywhere = {one.position for one in batch.said}
    known = json.loads(batch.broken)
    everywhere |= {event.get("position") for event in known if isinstance(event, dict)}
    for one in batch.said:
        for name, target in _targets_of(one.event):
            if target not in everywhere:
                faults.append(Fault(one.row.number, one.row.column(name), f"position {target} is not in this file; export it along"))
            elif one.position is not None and target not in above and any(target == o.position for o in batch.said):
                faults.append(Fault(one.row.number, one.row.column(name), f"position {target} comes only later in this file"))
        if one.position in above:
            faults.append(Fault(one.row.number, "position", f"position {one.position} stands in this file twice"))
        above.add(one.position)
    return faults
