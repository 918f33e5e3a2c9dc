"""The write path, in SQL, on SQLite and PostgreSQL.

Every append updates one head row inside its transaction, so positions are gapless and become visible in
order: PostgreSQL by the row's lock, SQLite by BEGIN IMMEDIATE. There are no sequences and no gaps to wait for.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import uuid_utils
from sqlalchemy import Connection, update

from ledger import tables
from ledger.decisions import Accepted, decide
from ledger.driver import Statement, among, asked, is_sqlite, put, told
from ledger.entries import MAX_PAYLOAD, Entry, enter, instant, without_payload
from ledger.known import BEGINNING, Known, Needs, is_enough, needs, needs_of_corrections
from ledger.receipts import proof_of, request_of
from ledger.refusals import Refusal, Refused
from ledger.said import Event, Untold
from ledger.standing import REDACTED
from ledger.store import SELECT_ENTRIES, Head, chunks, entry_of, now, search_words
from ledger.values import PartialDate

Project = Callable[[Connection, Sequence[Entry]], None]


@dataclass(frozen=True)
class Request:
    """Events to be recorded as one, by whom, and under which idempotency key. `reopening`: also in a closed ledger."""

    events: Sequence[Event]
    actor: str
    key: str | None = None
    reopening: bool = False


@dataclass(frozen=True)
class Recorded:
    """What a request led to: its entries, and whether they had been recorded by an earlier, equal request."""

    entries: list[Entry]
    replayed: bool


Outcome = Recorded | Refused


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

    Raises Refused with every refusal, pointers beginning with the event's index; nothing is then to be committed.
    """
    (outcome,) = record_each(connection, [Request(events, actor, key, reopening)], project=project, clock=clock)
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


def record_each(
    connection: Connection, requests: Sequence[Request], *, project: Project, clock: Callable[[], datetime] = now
) -> list[Outcome]:
    """Record requests one after the other in one transaction that the caller commits, each of them wholly or not at all.

    Takes the head and reads what the decisions need, decides, appends, lets `project` update the projections. Each request
    sees those before it; one that is refused leaves nothing behind. No two of them bear the same key of one actor.
    """
    found = _look_up(connection, requests)
    known, moment = found.known(), max(instant(clock()), found.head.recorded_at)
    parts: list[_Part | Outcome] = []
    entries: list[Entry] = []
    for request in requests:
        try:
            part = found.answered(connection, request) or _Part(request, moment, found.head.size + len(entries))
            entries += part.decided(known) if isinstance(part, _Part) else []
            parts.append(part)
        except Refused as refused:
            known = found.known(entries)
            parts.append(refused)
    if entries:
        receipts = [receipt for part in parts if isinstance(part, _Part) for receipt in part.receipts]
        entries = _append(connection, entries, found.head, moment, receipts)
        project(connection, entries)
    return [part.recorded(entries, found.head.size) if isinstance(part, _Part) else part for part in parts]


# --- what the ledger knows ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Receipt:
    """What is kept of a request under an idempotency key, in the order of the table's columns."""

    actor: str
    key: str
    request: str
    first_position: int
    count: int


@dataclass(frozen=True)
class _Found:
    """What was read under the head's lock for some requests."""

    head: Head
    receipts: dict[tuple[str, str], Receipt]
    wanted: Needs
    streams: dict[str, list[Entry]]
    entries: dict[int, Entry]
    families: dict[int, list[Entry]]
    versions: dict[str, int]

    def known(self, further: Iterable[Entry] = ()) -> Known:
        """What decisions know before the first request; and after `further` entries."""
        known = Known(
            {stream: list(entries) for stream, entries in self.streams.items()},
            dict(self.versions),
            dict(self.entries),
            {entry.ref: entry.position for entry in self.entries.values() if entry.ref},
            {root: list(family) for root, family in self.families.items()},
        )
        for entry in further:
            known.add(entry)
        return known

    def answered(self, connection: Connection, request: Request) -> Recorded | None:
        """The answer that an earlier, equal request got; None where the request is to be decided. Raises Refused."""
        if request.key is not None and (receipt := self.receipts.get((request.actor, request.key))):
            return _replayed(connection, receipt, request.events)
        if self.head.closed and not request.reopening:
            raise Refused([Refusal("closed", "", f"{self.head.closed}; see `mission-ledger log status`")])
        return None


def _replayed(connection: Connection, receipt: Receipt, events: Sequence[Event]) -> Recorded:
    last = receipt.first_position + receipt.count - 1
    (rows,) = asked(connection, [(f"{SELECT_ENTRIES} WHERE position BETWEEN ? AND ? ORDER BY position",
                                  (receipt.first_position, last))])  # fmt: skip
    entries = [entry_of(row) for row in rows]
    if any(entry.salt is None for entry in entries):
        text = "something of the request that used this idempotency key was removed, so nobody can tell whether this is the same"
        raise Refused([Refusal("key-reused", "", text)])
    if receipt.request != request_of(events, [entry.salt for entry in entries if entry.salt]):
        raise Refused([Refusal("key-reused", "", "this idempotency key was used for another request; take a new one")])
    return Recorded(entries, replayed=True)


_HEAD = "SELECT size, recorded_at, closed FROM head"
_NEWEST_VERSIONS = {
    True: "SELECT value, (SELECT max(version) FROM entries WHERE stream = value) FROM json_each(?)",
    False: "SELECT s, (SELECT max(version) FROM entries WHERE stream = s) FROM unnest(?::text[]) AS s",
}


def _look_up(connection: Connection, requests: Sequence[Request]) -> _Found:
    """Hold the head, and read everything that the decisions about the requests have to know."""
    events = [event for request in requests for event in request.events]
    wanted = needs(events)
    statements: list[Statement] = [(_HEAD if is_sqlite(connection) else f"{_HEAD} FOR UPDATE", ())]
    keyed = sorted((request.actor, request.key) for request in requests if request.key is not None)
    statements += [_receipt_of(actor, key) for actor, key in keyed]
    versions = among(connection, sorted(wanted.versions))[1]
    statements.append((_NEWEST_VERSIONS[is_sqlite(connection)], (versions,)))
    (((size, recorded_at, closed),), *more) = asked(connection, statements + _entries_wanted(connection, wanted))
    receipts = {(row[0], row[1]): Receipt(*row) for rows in more[: len(keyed)] for row in rows}
    found = _Found(
        Head(size, recorded_at, closed), receipts, wanted, {}, {}, {},
        {stream: newest for stream, newest in more[len(keyed)] if newest is not None},
    )  # fmt: skip
    _take_in(connection, found, events, [entry_of(row) for rows in more[len(keyed) + 1 :] for row in rows])
    return found


def _receipt_of(actor: str, key: str | None) -> Statement:
    columns = ", ".join(part.name for part in fields(Receipt))
    return f"SELECT {columns} FROM receipts WHERE actor = ? AND key = ?", (actor, key)  # noqa: S608 - names of columns


def _entries_wanted(connection: Connection, wanted: Needs) -> list[Statement]:
    """Named entries and whole streams; of other streams the first entries with everything about these."""
    statements = [_entries_by(connection, "position", wanted.positions, "bigint")] if wanted.positions else []
    statements += [_entries_by(connection, "ref", wanted.refs)] if wanted.refs else []
    statements += [_entries_by(connection, "stream", wanted.streams)] if wanted.streams else []
    if wanted.begun:
        text, value = among(connection, sorted(wanted.begun))
        first = f"SELECT position FROM entries WHERE stream {text} AND version <= {BEGINNING}"  # noqa: S608 - a number
        statements.append((f"{SELECT_ENTRIES} WHERE root IN ({first}) ORDER BY position", (value,)))
    return statements


def _entries_by(connection: Connection, column: str, values: Iterable[Any], kind: str = "text") -> Statement:
    text, value = among(connection, sorted(values), kind)
    return f"{SELECT_ENTRIES} WHERE {column} {text} ORDER BY position", (value,)


def _read(connection: Connection, column: str, values: Iterable[Any], kind: str = "text") -> list[Entry]:
    kept = list(values)
    return (
        [entry_of(row) for row in asked(connection, [_entries_by(connection, column, kept, kind)])[0]] if kept else []
    )


def _take_in(connection: Connection, found: _Found, events: Sequence[Event], read: Iterable[Entry]) -> None:
    """Sort what was read into its places, and read what only that tells to be needed."""
    wanted, entries = found.wanted, {entry.position: entry for entry in read}
    named = [e for e in entries.values() if e.position in wanted.positions or e.ref in wanted.refs]
    found.entries.update({entry.position: entry for entry in named})
    further = needs_of_corrections(events, named) - wanted.begun - wanted.streams
    entries |= {entry.position: entry for entry in _read(connection, "stream", further)}
    for stream in {*wanted.streams, *wanted.begun, *further}:
        found.streams[stream] = []
    for position in sorted(entries):
        if entries[position].stream in found.streams:
            found.streams[entries[position].stream].append(entries[position])
    _complete(connection, found)
    for entry in _read(connection, "root", {entry.root for entry in named}, "bigint"):
        found.families.setdefault(entry.root, []).append(entry)
    missing = {entry.stream for entry in named} - found.versions.keys()
    if missing:
        text = _NEWEST_VERSIONS[is_sqlite(connection)]
        (rows,) = asked(connection, [(text, (among(connection, sorted(missing))[1],))])
        found.versions.update(dict(rows))


def _complete(connection: Connection, found: _Found) -> None:
    """Read those streams whole whose beginning does not tell enough."""
    short = {
        stream
        for stream, types in found.wanted.beginnings
        if stream not in found.wanted.streams
        and found.versions.get(stream, 0) > BEGINNING
        and not is_enough(found.streams[stream], types)
    }
    for stream in short:
        found.streams[stream] = []
    for entry in _read(connection, "stream", short):
        found.streams[entry.stream].append(entry)


# --- deciding ----------------------------------------------------------------------------------------------------------


class _Part:
    """What is the same for all entries of one request: who, under which key, when, from which position on, with which salts."""

    def __init__(self, request: Request, moment: str, first_position: int):
        self.request, self.moment, self.first_position = request, moment, first_position
        self.salts = [os.urandom(32) for _ in request.events]

    @cached_property
    def receipts(self) -> list[Receipt]:
        """The receipt to be kept; none without a key."""
        events, key = self.request.events, self.request.key
        if key is None:
            return []
        return [Receipt(self.request.actor, key, request_of(events, self.salts), self.first_position, len(events))]

    @cached_property
    def proof(self) -> str | None:
        return next((proof_of(*astuple(receipt)) for receipt in self.receipts), None)

    def recorded(self, entries: Sequence[Entry], first_position: int) -> Recorded:
        """Of all entries those of this request; `entries` begin at a position."""
        start = self.first_position - first_position
        return Recorded(list(entries[start : start + len(self.salts)]), replayed=False)

    def decided(self, known: Known) -> list[Entry]:
        """The entries of the request, each taken into account for those after it. Raises Refused with every refusal."""
        known.reopening = self.request.reopening
        entries: list[Entry] = []
        refusals: list[Refusal] = []
        for position, said in enumerate(self.request.events, self.first_position):
            decision = decide(said, known)
            if isinstance(decision, list):
                at = f"/{position - self.first_position}"
                refusals += [replace(refusal, pointer=f"{at}{refusal.pointer}") for refusal in decision]
                known.refused |= {position, said.ref}
            accepted = decision if isinstance(decision, Accepted) else _in_spite(said)
            if accepted is not None:
                known.untold |= {position} if isinstance(said.data, Untold) else set()
                entries.append(self._entered(accepted, known, position))
                known.add(entries[-1])
        if refusals:
            raise Refused(refusals)
        assert not known.untold
        return entries

    def _entered(self, accepted: Accepted, known: Known, position: int) -> Entry:
        return enter(
            accepted.event,
            position=position,
            entry_id=str(uuid_utils.uuid7()),
            stream=accepted.stream,
            version=known.versions.get(accepted.stream, 0) + 1,
            mission=accepted.mission,
            root=position if accepted.root is None else accepted.root,
            recorded_at=self.moment,
            actor=self.request.actor,
            salt=self.salts[position - self.first_position],
            request=self.proof,
        )


def _in_spite(refused: Event) -> Accepted | None:
    """A refused event as if it were accepted, so that those after it in the batch are not blamed for its absence.

    None where it is about an entry: nothing waits for a correction but what is about it, and that is not judged.
    """
    return None if refused.data.ABOUT else Accepted(refused, refused.stream, refused.mission, None)


# --- appending ---------------------------------------------------------------------------------------------------------

_COLUMNS = [column.name for column in tables.entries.columns]
_MOVE_HEAD = "UPDATE head SET size = ?, recorded_at = ?, closed = NULL"


def _append(
    connection: Connection, entries: list[Entry], head: Head, moment: str, receipts: Sequence[Receipt]
) -> list[Entry]:
    """Insert the entries, remove the payloads that they redact, move the head, keep the receipts; the entries after that."""
    assert all(len(entry.payload or b"") <= MAX_PAYLOAD for entry in entries)
    put(connection, "entries", _COLUMNS, [row_of(entry) for entry in entries])
    entries = _remove_payloads(connection, entries)
    told(connection, _MOVE_HEAD, [(head.size + len(entries), moment)])
    kept = [(*astuple(receipt), moment) for receipt in receipts]
    put(connection, "receipts", [column.name for column in tables.receipts.columns], kept)
    return entries


def _remove_payloads(connection: Connection, entries: list[Entry]) -> list[Entry]:
    """Remove what `entries` say is to be removed, the only change that the database lets through; `entries` after it."""
    targets = {entry.target for entry in entries if entry.type == REDACTED}
    if not targets:
        return entries
    for part in chunks(sorted(targets)):
        gone = {"salt": None, "payload": None, "symbols": " ", "parties": " "}
        connection.execute(update(tables.entries).where(tables.entries.c.position.in_(part)).values(**gone))
    return [without_payload(entry) if entry.position in targets else entry for entry in entries]


def row_of(entry: Entry) -> tuple[Any, ...]:
    """An entry in the order of the table's columns."""
    date, (symbols, parties) = PartialDate.parse(entry.effective), search_words(entry)
    return (
        entry.position, entry.id, entry.stream, entry.version, entry.mission, entry.type, entry.effective,
        date.first.isoformat(), date.last.isoformat(), entry.recorded_at, entry.actor, entry.ref, entry.target, entry.root,
        entry.request, symbols, parties, entry.salt, entry.payload, entry.envelope,
    )  # fmt: skip
