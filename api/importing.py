"""Files of events into the ledger: read, checked row by row, mapped to their new positions, recorded as one.

A file that `export` wrote says of each event at which position it stood. Targets in it mean those positions, and
become the new ones: the n-th event of the file is recorded at the head plus n, since nobody else appends while
the head is held.

An entry whose payload was removed keeps its place: it is recorded without anything that it said, together with the
redaction from the same file, so that what is about it, and what could be said because of it, is recorded as well.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, get_args, get_type_hints

from sqlalchemy import Connection, Engine

from api.sheets import ENVELOPE, LEDGERS_OWN, Fault, Row, read_csv, read_xlsx
from ledger import codec
from ledger.events import EVENTS
from ledger.recording import Recorded, record
from ledger.refusals import Refusal, Refused
from ledger.said import Event, Untold, untold
from ledger.schemas import Fault as InvalidFault
from ledger.schemas import Invalid, parse_data, parse_event
from ledger.standing import REDACTED
from ledger.store import lock_head, receipts_under, writing
from ledger.values import as_json, is_position
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


Progress = Callable[..., AbstractContextManager[Callable[..., None]]]


@contextmanager
def silent(label: str, total: int | None = None) -> Iterator[Callable[..., None]]:
    """Progress that nobody watches."""
    yield lambda done, of=None: None


class Faulty(Exception):
    """A file with faults; nothing of it was recorded."""

    def __init__(self, faults: Sequence[Fault]):
        super().__init__(f"{len(faults)} faults")
        self.faults = sorted(faults, key=lambda fault: fault.row)


@dataclass(frozen=True)
class Said:
    """One well-formed event of a file; `position` is where it stood in the ledger that it was exported from."""

    row: Row
    event: Event
    position: int | None


@dataclass
class Batch:
    """What a file says: its well-formed events, its faults, the rows that bear them, and a digest of it all."""

    digest: str
    said: list[Said] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    broken: list[Any] = field(default_factory=list)


def read(content: bytes, suffix: str, progress: Progress = silent) -> Batch:
    """The events of a file in the format that its `suffix` names, one of READERS; `progress` shows how far it is."""
    rows, faults = READERS[suffix](content)
    batch = Batch(_digest(rows), faults=faults)
    with progress("Reading", len(rows)) as bar:
        for done, row in enumerate(rows, 1):
            found = [*row.faults, *_add(batch, row)]
            batch.faults += found
            batch.broken += [row.event] if found else []
            bar(done)
    _drop_unexplained(batch)
    batch.faults += _wrong_positions(batch)
    return batch


def _read_lines(content: bytes) -> tuple[list[Row], list[Fault]]:
    rows, faults = [], []
    for number, line in enumerate(content.split(b"\n"), 1):
        try:
            rows += [Row(number, codec.read(line))] if line.strip() else []
        except ValueError as error:
            faults.append(Fault(number, "", f"is not JSON that can be read: {error}"))
    return rows, faults


READERS: dict[str, Callable[[bytes], tuple[list[Row], list[Fault]]]] = {
    ".jsonl": _read_lines,
    ".ndjson": _read_lines,
    ".csv": read_csv,
    ".xlsx": read_xlsx,
}


def _digest(rows: Sequence[Row]) -> str:
    """SHA-256 of what the file says, whatever its format, so that a workbook saved anew stays the same."""
    said = [_content(row) if _position(row) is not None else row.event for row in rows]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _content(row: Row) -> dict[str, Any]:
    """What an exported row says, whatever else the ledger told of it."""
    removed = {name: row.event.get(name) for name in ("stream", "target")} if row.event.get("redaction") else {}
    return {**_sayable(row.event), **removed, "position": _position(row)}


def _position(row: Row) -> Any:
    return row.event.get("position") if isinstance(row.event, dict) else None


def _sayable(exported: Mapping[str, Any]) -> dict[str, Any]:
    """An exported entry as an event again: without what is the ledger's, and without what is null."""
    kept = {name: value for name, value in exported.items() if name not in LEDGERS_OWN}
    return {name: value for name, value in kept.items() if value is not None or name not in ENVELOPE}


def _add(batch: Batch, row: Row) -> Iterator[Fault]:
    """Put the row's event into the batch, or tell what is wrong with it besides the cells that could not be read."""
    unread, position = {fault.column for fault in row.faults}, _position(row)
    if "type" in unread:
        return
    if position is not None and (type(position) is not int or position < 0):
        yield Fault(row.number, "position", f"{str(position)[:40]!r} is not a position")
        return
    try:
        event = _event(row)
    except Invalid as error:
        faults = (Fault(row.number, row.column(fault.pointer), fault.detail) for fault in error.faults)
        yield from (fault for fault in faults if fault.column not in unread)
        return
    if not row.faults:
        batch.said.append(Said(row, event, position))


def _event(row: Row) -> Event:
    """The event of a row. Raises Invalid."""
    if _position(row) is None:
        return parse_event(row.event)
    return _untold(row.event) if row.event.get("redaction") else parse_event(_sayable(row.event))


def _untold(exported: Mapping[str, Any]) -> Event:
    """An exported entry whose payload was removed, as far as its envelope tells. Raises Invalid."""
    type_name, mission, stream = (exported.get(name) for name in ("type", "mission", "stream"))
    faults = _faults_outside_data(exported)
    if type_name in EVENTS:
        faults += _faults_of_place(EVENTS[type_name], mission, stream, exported.get("target"))
    if faults:
        raise Invalid(faults)
    data = untold(str(type_name), str(stream).removeprefix(f"{mission}/"), exported.get("target"))
    return Event(data=data, effective=exported["effective"], mission=mission, ref=exported.get("ref"))


def _faults_outside_data(exported: Mapping[str, Any]) -> list[InvalidFault]:
    try:
        parse_event({**_sayable(exported), "data": {}})
    except Invalid as error:
        return [fault for fault in error.faults if not fault.pointer.startswith("/data")]
    return []


def _faults_of_place(declared: Any, mission: Any, stream: Any, target: Any) -> list[InvalidFault]:
    """What stands in the way of giving a removed entry its place again."""
    if declared.ABOUT:
        return [] if is_position(target) else [InvalidFault("/target", "is not the position of an entry")]
    path = declared.STREAM if mission is None else f"{mission}/{declared.STREAM}"
    pattern = "[^/]+".join(map(re.escape, re.split(r"{\w+}", path)))
    if isinstance(stream, str) and re.fullmatch(pattern, stream):
        return []
    return [InvalidFault("/stream", f"is no stream of {declared.TYPE}; it is written as {path}")]


# --- positions -----------------------------------------------------------------------------------------------------


def _wrong_positions(batch: Batch) -> list[Fault]:
    """In an exported file: positions that stand in it twice, and targets that stand nowhere above their row."""
    good = {one.position for one in batch.said if one.position is not None}
    unknown = {event.get("position") for event in batch.broken if isinstance(event, dict)}
    faults: list[Fault] = []
    above: set[int | None] = set()
    for one in batch.said if good else []:
        for pointer, target in _targets(one.event):
            if target not in above | unknown:
                detail = (
                    "comes only later in this file" if target in good else "is not in this file; add the entry to it"
                )
                faults.append(Fault(one.row.number, one.row.column(pointer), f"position {target} {detail}"))
        if one.position in above:
            faults.append(Fault(one.row.number, "position", f"position {one.position} stands in this file twice"))
        above |= {one.position} - {None}
    return faults


def _drop_unexplained(batch: Batch) -> None:
    """Entries without a payload beside which the file holds no entry that says so are faults, and not recorded."""
    told = {one.event.data.target for one in batch.said if one.event.type == REDACTED}
    lost = [one for one in batch.said if isinstance(one.event.data, Untold) and one.position not in told]
    text = "its payload was removed, and the entry that says so is not in this file; add that entry"
    batch.faults += [Fault(one.row.number, "redaction", text) for one in lost]
    batch.broken += [one.row.event for one in lost]
    batch.said = [one for one in batch.said if one not in lost]


def _targets(event: Event) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []

    def note(pointer: str, target: int) -> int:
        found.append((pointer, target))
        return target

    if event.data.ABOUT:
        _retargeted(as_json(event.data), note)
    return found


def _retargeted(data: Mapping[str, Any], place: Callable[[str, int], int], at: str = "/data") -> dict[str, Any]:
    """The data of an event about another entry with its targets moved; a correction may correct a target, or another correction."""
    moved = dict(data)
    for name, value in data.items():
        if name in _TARGETS and type(value) is int:
            moved[name] = place(f"{at}/{name}", value)
        elif name == "data" and isinstance(value, dict):
            moved[name] = _retargeted(value, place, f"{at}/data")
    return moved


def _placed(batch: Batch, first: int) -> list[Said]:
    """The events as they will stand from position `first` on; those about a faulty row are left out."""
    if all(one.position is None for one in batch.said):
        return batch.said
    places: dict[int, int] = {}
    placed: list[Said] = []
    for one in batch.said:
        if all(target in places for _, target in _targets(one.event)):
            if one.position is not None:
                places[one.position] = first + len(placed)
            placed.append(replace(one, event=_moved(one.event, places)))
    return placed


def _moved(event: Event, places: Mapping[int, int]) -> Event:
    if not event.data.ABOUT:
        return event
    if isinstance(event.data, Untold):
        return replace(event, data=replace(event.data, target=places[event.data.target or 0]))
    data = _retargeted(as_json(event.data), lambda _, target: places[target])
    return replace(event, data=parse_data(event.type, data))


# --- recording -----------------------------------------------------------------------------------------------------


def bring_in(
    engine: Engine,
    batch: Batch,
    *,
    actor: str,
    key: str | None = None,
    dry_run: bool = False,
    progress: Progress = silent,
) -> Recorded:
    """Record what a file says, in one transaction. Raises Faulty with every fault of the file; nothing is recorded then.

    Without a `key` the digest of the content is the key, whoever recorded it: the same content is recorded once.
    """
    name = key or f"sha256:{batch.digest}"
    with progress("Recording"), writing(engine) as connection:
        head = lock_head(connection).size
        earlier = _earlier(connection, name, actor, anybody=key is None)
        who, first = earlier or (actor, head)
        placed = _placed(batch, first)
        try:
            events = [one.event for one in placed]
            recorded = record(connection, events, actor=who, key=name, project=update_projections) if events else None
        except Refused as refused:
            raise Faulty([*batch.faults, *_faults(refused, placed, batch)]) from None
        if batch.faults or recorded is None:
            raise Faulty(batch.faults)
        if dry_run:
            connection.rollback()
        return recorded


def _earlier(connection: Connection, key: str, actor: str, *, anybody: bool) -> tuple[str, int] | None:
    """The receipt of an earlier import under the key: the actor's own, else, where that is wanted, anybody's."""
    found = receipts_under(connection, key)
    own = next((receipt for receipt in found if receipt[0] == actor), None)
    return own or (found[0] if anybody and found else None)


def _faults(refused: Refused, placed: Sequence[Said], batch: Batch) -> list[Fault]:
    """Refusals by row. Beside faulty rows only those that no faulty row can have caused; the others show up once it is mended."""
    broken, faults = json.dumps(batch.broken), []
    for refusal in refused.refusals:
        index, pointer = _split(refusal)
        if index is None:
            raise refused
        if not batch.broken or _certain(refusal, placed[index], pointer, broken):
            row = placed[index].row
            faults.append(Fault(row.number, row.column(pointer), refusal.detail))
    return faults


def _split(refusal: Refusal) -> tuple[int | None, str]:
    """The index of the refused event, and the pointer into it; no index where the request as a whole is refused."""
    if refusal.code == "key-reused":
        return None, ""
    _, index, *rest = refusal.pointer.split("/")
    return int(index), "".join(f"/{part}" for part in rest)


def _certain(refusal: Refusal, one: Said, pointer: str, broken: str) -> bool:
    """Whether the refusal stands whatever the faulty rows say: what it misses is named in none of them."""
    value: Any = one.row.event
    for part in pointer.split("/")[1:]:
        value = value.get(part) if isinstance(value, dict) else None
    named = isinstance(value, (str, int)) and json.dumps(value) in broken
    return refusal.code in _IN_ANY_CASE or (refusal.code.startswith("unknown-") and not named and value is not None)
