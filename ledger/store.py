"""The write path and the reads of entries, in SQL, on SQLite and PostgreSQL.

Every append updates one head row inside its transaction, so positions are gapless and become visible in
order: PostgreSQL by the row's lock, SQLite by BEGIN IMMEDIATE. There are no sequences and no gaps to wait for.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson
import uuid_utils
from sqlalchemy import Connection, Engine, create_engine, event, func, insert, select, update

from ledger import tables
from ledger.decisions import Accepted, decide
from ledger.entries import MAX_PAYLOAD, Entry, enter, instant, without_payload
from ledger.events import PARTY_FIELDS
from ledger.known import Known, needs, needs_of_corrections
from ledger.receipts import proof_of, request_of
from ledger.refusals import Refusal, Refused
from ledger.said import Event, Untold
from ledger.standing import REDACTED
from ledger.values import PartialDate

CHUNK = 400
Project = Callable[[Connection, Sequence[Entry]], None]


@dataclass(frozen=True)
class Recorded:
    """What a request led to: its entries, and whether they had been recorded by an earlier, equal request."""

    entries: list[Entry]
    replayed: bool


@dataclass(frozen=True)
class Request:
    """What is the same for all entries of one request: who, under which key, when, from which position on, with which salts."""

    actor: str
    key: str | None
    recorded_at: str
    first_position: int
    salts: list[bytes]
    reopening: bool = False

    def receipt(self, events: Sequence[Event]) -> dict[str, Any] | None:
        """The receipt to be kept; none without a key."""
        if self.key is None:
            return None
        return {
            "actor": self.actor,
            "key": self.key,
            "request": request_of(events, self.salts),
            "first_position": self.first_position,
            "count": len(events),
        }


def open_engine(url: str, **options: Any) -> Engine:
    """An engine for `url`. SQLite: WAL, synchronous FULL, foreign keys and recursive triggers on, writers wait 30 s,
    what is removed is overwritten.

    Errors are logged without the values of the statement: payloads and salts belong into no log.
    """
    engine = create_engine(url, hide_parameters=True, pool_pre_ping=not url.startswith("sqlite"), **options)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_settings)
        event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_settings(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    for setting in (
        "busy_timeout = 30000",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "recursive_triggers = ON",
        "secure_delete = ON",
    ):
        connection.execute(f"PRAGMA {setting}")


def _sqlite_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes; committed at the end, rolled back on any error.

    On PostgreSQL READ COMMITTED, whatever the server's default: after it has waited for the head row, an append reads what
    the one before it has committed.
    """
    options = {} if engine.dialect.name == "sqlite" else {"isolation_level": "READ COMMITTED"}
    with engine.connect().execution_options(writes=True, **options) as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that reads a single state of the database throughout, and can change nothing."""
    is_sqlite = engine.dialect.name == "sqlite"
    options = {} if is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def now() -> datetime:
    return datetime.now(UTC)


def record(
    connection: Connection,
    events: Sequence[Event],
    *,
    actor: str,
    project: Project,
    key: str | None = None,
    clock: Callable[[], datetime] = now,
    reopening: bool = False,
) -> Recorded:
    """Record `events` as one: all or nothing, in one transaction that the caller commits.

    Takes the head, looks the idempotency `key` up, decides, appends, lets `project` update the projections. A closed
    ledger takes nothing but what is recorded `reopening` it.
    Raises Refused with every refusal, pointers beginning with the event's
    index; nothing is then to be committed.
    """
    head = lock_head(connection)
    if key is not None and (earlier := _receipt(connection, actor, key, events)):
        return earlier
    if head.closed and not reopening:
        raise Refused([Refusal("closed", "", f"{head.closed}; see `mission-ledger log status`")])
    recorded_at = max(instant(clock()), head.recorded_at)
    request = Request(actor, key, recorded_at, head.size, [os.urandom(32) for _ in events], reopening)
    entries = _decided(connection, events, request)
    _append(connection, entries)
    entries = _remove_payloads(connection, entries)
    connection.execute(update(tables.head).values(size=head.size + len(entries), recorded_at=recorded_at, closed=None))
    project(connection, entries)
    _keep_receipt(connection, events, request)
    return Recorded(entries, replayed=False)


def _keep_receipt(connection: Connection, events: Sequence[Event], request: Request) -> None:
    if receipt := request.receipt(events):
        connection.execute(insert(tables.receipts), {**receipt, "recorded_at": request.recorded_at})


def _remove_payloads(connection: Connection, entries: Sequence[Entry]) -> list[Entry]:
    """Remove what `entries` say is to be removed, the only change that the database lets through; `entries` after it."""
    targets = {entry.target for entry in entries if entry.type == REDACTED}
    for part in chunks(sorted(targets)):
        gone = {"salt": None, "payload": None, "symbols": " ", "parties": " "}
        connection.execute(update(tables.entries).where(tables.entries.c.position.in_(part)).values(**gone))
    return [without_payload(entry) if entry.position in targets else entry for entry in entries]


@dataclass(frozen=True)
class Head:
    """The ledger's size, the last recorded_at, and why it is closed, where it is."""

    size: int
    recorded_at: str
    closed: str | None


def lock_head(connection: Connection) -> Head:
    """The head, held until the transaction ends."""
    h = tables.head.c
    return Head(*connection.execute(select(h.size, h.recorded_at, h.closed).with_for_update()).one())


def receipts_under(connection: Connection, key: str) -> list[tuple[str, int]]:
    """Who used an idempotency key, and the first position of what was recorded under it, oldest first."""
    r = tables.receipts.c
    rows = connection.execute(select(r.actor, r.first_position).where(r.key == key).order_by(r.first_position))
    return [(row.actor, row.first_position) for row in rows]


def _receipt(connection: Connection, actor: str, key: str, events: Sequence[Event]) -> Recorded | None:
    found = connection.execute(
        select(tables.receipts).where(tables.receipts.c.actor == actor, tables.receipts.c.key == key)
    ).one_or_none()
    if found is None:
        return None
    first, last = found.first_position, found.first_position + found.count - 1
    entries = read_entries(connection, tables.entries.c.position.between(first, last))
    if any(entry.salt is None for entry in entries):
        text = "something of the request that used this idempotency key was removed, so nobody can tell whether this is the same"
        raise Refused([Refusal("key-reused", "", text)])
    if found.request != request_of(events, [entry.salt for entry in entries if entry.salt]):
        raise Refused([Refusal("key-reused", "", "this idempotency key was used for another request; take a new one")])
    return Recorded(entries, replayed=True)


def _decided(connection: Connection, events: Sequence[Event], request: Request) -> list[Entry]:
    known, size, receipt = _look_up(connection, events), request.first_position, request.receipt(events)
    proof = proof_of(**receipt) if receipt else None
    known.reopening = request.reopening
    entries: list[Entry] = []
    refusals: list[Refusal] = []
    for index, said in enumerate(events):
        decision = decide(said, known)
        if isinstance(decision, list):
            refusals += [replace(refusal, pointer=f"/{index}{refusal.pointer}") for refusal in decision]
            known.refused |= {size + index, said.ref}
        accepted = decision if isinstance(decision, Accepted) else _in_spite(said)
        if accepted is not None:
            known.untold |= {size + index} if isinstance(said.data, Untold) else set()
            entries.append(_entered(accepted, known, size + index, request, proof))
            known.add(entries[-1])
    if refusals:
        raise Refused(refusals)
    assert not known.untold
    return entries


def _in_spite(refused: Event) -> Accepted | None:
    """A refused event as if it were accepted, so that those after it in the batch are not blamed for its absence.

    None where it is about an entry: nothing waits for a correction but what is about it, and that is not judged.
    """
    return None if refused.data.ABOUT else Accepted(refused, refused.stream, refused.mission, None)


def _entered(accepted: Accepted, known: Known, position: int, request: Request, proof: str | None) -> Entry:
    return enter(
        accepted.event,
        position=position,
        entry_id=str(uuid_utils.uuid7()),
        stream=accepted.stream,
        version=known.versions.get(accepted.stream, 0) + 1,
        mission=accepted.mission,
        root=position if accepted.root is None else accepted.root,
        recorded_at=request.recorded_at,
        actor=request.actor,
        salt=request.salts[position - request.first_position],
        request=proof,
    )


def _look_up(connection: Connection, events: Sequence[Event]) -> Known:
    """Everything that the decisions about `events` have to know."""
    wanted, e, known = needs(events), tables.entries.c, Known()
    for entry in [*_among(connection, e.position, wanted.positions), *_among(connection, e.ref, wanted.refs)]:
        known.entries[entry.position] = entry
        if entry.ref:
            known.refs[entry.ref] = entry.position
    streams = wanted.streams | needs_of_corrections(events, known)
    known.streams = {stream: [] for stream in streams}
    for entry in _among(connection, e.stream, streams):
        known.streams[entry.stream].append(entry)
    for entry in _among(connection, e.root, {entry.root for entry in known.entries.values()}):
        known.families.setdefault(entry.root, []).append(entry)
    known.versions = _versions(connection, wanted.versions | {entry.stream for entry in known.entries.values()})
    return known


def _among(connection: Connection, column: Any, values: Iterable[Any]) -> list[Entry]:
    return [entry for part in chunks(sorted(values)) for entry in read_entries(connection, column.in_(part))]


def chunks(values: Sequence[Any], size: int = CHUNK) -> Iterator[Sequence[Any]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _versions(connection: Connection, streams: Iterable[str]) -> dict[str, int]:
    e = tables.entries.c
    found: dict[str, int] = {}
    for part in chunks(sorted(streams)):
        rows = connection.execute(
            select(e.stream, func.max(e.version).label("newest")).where(e.stream.in_(part)).group_by(e.stream)
        )
        found |= {row.stream: row.newest for row in rows}
    return found


def _append(connection: Connection, entries: Sequence[Entry]) -> None:
    assert all(len(entry.payload or b"") <= MAX_PAYLOAD for entry in entries)
    for part in chunks([_row(entry) for entry in entries]):
        connection.execute(insert(tables.entries), list(part))


def search_words(entry: Entry) -> tuple[str, str]:
    """The symbols and the parties by which an entry is found, in its own fields and in what it corrects."""
    data = entry.data or {}
    changes = data.get("data") or {}
    sources = (entry.source, data.get("source"))
    symbols = [
        data.get("instrument"),
        changes.get("instrument"),
        *(source.get("symbol") for source in sources if source),
    ]
    return _words(symbols), _words(_named_parties(data) + _named_parties(changes))


def _row(entry: Entry) -> dict[str, Any]:
    date, (symbols, parties) = PartialDate.parse(entry.effective), search_words(entry)
    return {
        "position": entry.position,
        "id": entry.id,
        "stream": entry.stream,
        "version": entry.version,
        "mission": entry.mission,
        "type": entry.type,
        "effective": entry.effective,
        "first_day": date.first.isoformat(),
        "last_day": date.last.isoformat(),
        "recorded_at": entry.recorded_at,
        "actor": entry.actor,
        "ref": entry.ref,
        "target": entry.target,
        "root": entry.root,
        "request": entry.request,
        "symbols": symbols,
        "parties": parties,
        "salt": entry.salt,
        "payload": entry.payload,
        "envelope": entry.envelope,
    }


def _named_parties(data: Mapping[str, Any]) -> list[Any]:
    """Every party that an event names, whatever its part."""
    values = [data[name] for name in data if name in PARTY_FIELDS]
    return [one for value in values for one in (value if isinstance(value, (list, tuple)) else [value])]


def _words(values: Iterable[Any]) -> str:
    """The texts among `values` as one searchable text, each between blanks; longer prose and other values stay out."""
    kept = {value for value in values if isinstance(value, str) and len(value) <= 120}
    return f" {' '.join(sorted(kept))} " if kept else " "


_TOLD = ("data", "source", "note")
_COLUMNS = [tables.entries.c[name] for name in Entry._fields if name not in _TOLD]
_PAYLOAD = _COLUMNS.index(tables.entries.c.payload)
_REMOVED = dict.fromkeys(_TOLD)


def read_entries(connection: Connection, *conditions: Any, limit: int | None = None) -> list[Entry]:
    """Entries that meet all `conditions`, in position order."""
    query = select(*_COLUMNS).where(*conditions).order_by(tables.entries.c.position)
    return [_entry(row) for row in connection.execute(query.limit(limit) if limit is not None else query)]


def read_with_words(connection: Connection, *conditions: Any, limit: int) -> list[tuple[Entry, tuple[str, str]]]:
    """The same, each with the words that are kept for finding it (`search_words`)."""
    e = tables.entries.c
    query = select(*_COLUMNS, e.symbols, e.parties).where(*conditions).order_by(e.position).limit(limit)
    return [(_entry(row[:-2]), (row[-2], row[-1])) for row in connection.execute(query)]


def stream_entries(connection: Connection, *conditions: Any) -> Iterator[Entry]:
    """The same, fetched as they are consumed, for lists too long to hold."""
    query = select(*_COLUMNS).where(*conditions).order_by(tables.entries.c.position)
    for row in connection.execute(query, execution_options={"yield_per": CHUNK}):
        yield _entry(row)


def _entry(row: Any) -> Entry:
    content = row[_PAYLOAD]
    told = orjson.loads(content) if content is not None else _REMOVED
    return Entry._make((*row, told["data"], told["source"], told["note"]))


def size(connection: Connection) -> int:
    """How many entries the ledger holds."""
    return connection.execute(select(tables.head.c.size)).scalar_one()


def last_recorded_at(connection: Connection) -> str | None:
    """When the newest entry was recorded."""
    return connection.execute(select(tables.head.c.recorded_at)).scalar_one() or None


def position_at(connection: Connection, moment: str) -> int:
    """The last position recorded at or before `moment` (an `instant`); -1 where there is none."""
    e = tables.entries.c
    newest = (
        select(e.position).where(e.recorded_at <= moment).order_by(e.recorded_at.desc(), e.position.desc()).limit(1)
    )  # one step in the index; max(position) reads every entry since then
    found = connection.execute(newest).scalar_one_or_none()
    return -1 if found is None else found
