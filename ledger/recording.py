"""The write path, in SQL, on SQLite and PostgreSQL.

Every append updates one head row inside its transaction, so positions are gapless and become visible in
order: PostgreSQL by the row's lock, SQLite by BEGIN IMMEDIATE. There are no sequences and no gaps to wait for.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from functools import cached_property, partial
from typing import Any

import uuid_utils
from sqlalchemy import Connection, update

from ledger import tables
from ledger.decisions import Accepted, decide
from ledger.driver import asked, is_alone
from ledger.entries import MAX_PAYLOAD, Entry, enter, instant, without_payload
from ledger.known import Known
from ledger.lookup import Found, Receipt, remembered
from ledger.memory import Head, Memory
from ledger.receipts import proof_of, request_of
from ledger.refusals import Refusal, Refused
from ledger.said import Event, Untold
from ledger.search_words import search_words
from ledger.standing import REDACTED
from ledger.store import SELECT_ENTRIES, Project, chunks, entry_of, now
from ledger.values import first_day, last_day
from ledger.writes import Insert, Overtaken, Update, Write, carry_out


@dataclass(frozen=True)
class Request:
    """Events to be recorded as one, by whom, and under which idempotency key. `reopening`: also in a closed ledger. `bearing`: the
    digest of an API key; nothing is recorded unless that is in force (`ledger.keys`)."""

    events: Sequence[Event]
    actor: str
    key: str | None = None
    reopening: bool = False
    bearing: str | None = None


class NotInForce(Exception):
    """The API key that a request bears is not in force, or not any more."""


@dataclass(frozen=True)
class Recorded:
    """What a request led to: its entries, and whether they had been recorded by an earlier, equal request."""

    entries: list[Entry]
    replayed: bool


Outcome = Recorded | Refused | NotInForce


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
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def record_each(
    connection: Connection,
    requests: Sequence[Request],
    *,
    project: Project,
    clock: Callable[[], datetime] = now,
    memory: Memory | None = None,
) -> list[Outcome]:
    """Record requests one after the other in one transaction that the caller commits, each of them wholly or not at all.

    Takes the head and reads what the decisions need, decides, appends, and writes what `project` says of the projections. Each
    request sees those before it; one that is refused leaves nothing behind. No two of them bear the same key of one actor.

    `memory` spares reading what it tells. Raises Overtaken where it does not hold any more; nothing is then to be committed. Where
    nothing is held (`is_alone`) everything is written by one statement or not at all, and only what is recorded is answered.
    """
    memory = memory if memory is not None else Memory()
    events = [event for request in requests for event in request.events]
    keyed = [(request.actor, request.key) for request in requests if request.key is not None]
    found = remembered(connection, events, memory, keyed, {one.bearing for one in requests if one.bearing is not None})
    known, moment = found.known(), max(instant(clock()), found.head.recorded_at)
    parts: list[_Part | Outcome] = []
    entries: list[Entry] = []
    for request in requests:
        try:
            part = _answered(connection, found, request) or _Part(request, moment, found.head.size + len(entries))
            entries += part.decided(known) if isinstance(part, _Part) else []
            parts.append(part)
        except (Refused, NotInForce) as refused:
            known = found.known(entries)
            parts.append(refused)
    if is_alone(connection) and not all(isinstance(part, _Part) for part in parts):
        raise Overtaken
    head = found.head
    if entries:
        receipts = [receipt for part in parts if isinstance(part, _Part) for receipt in part.receipts]
        head = Head(found.head.size + len(entries), moment, None)
        writes = [Update(tables.head, head._asdict(), found.head._asdict()), *rows_of(entries, receipts, moment)]
        entries = write(connection, writes, entries, project)
    memory.take(head, known, entries)
    return [part.recorded(entries, found.head.size) if isinstance(part, _Part) else part for part in parts]


# --- requests that were recorded before ----------------------------------------------------------------------------------


REMOVED_SINCE = Refusal(
    "key-reused", "",
    "something of the request that used this idempotency key was removed, so nobody can tell whether this is the same",
)  # fmt: skip
KEY_REUSED = Refusal("key-reused", "", "this idempotency key was used for another request; take a new one")


def _answered(connection: Connection, found: Found, request: Request) -> Recorded | None:
    """The answer that an earlier, equal request got; None where the request is to be decided. Raises Refused, or NotInForce."""
    if request.bearing is not None and request.bearing not in found.in_force:
        raise NotInForce
    if request.key is not None and (receipt := found.receipts.get((request.actor, request.key))):
        return _replayed(connection, receipt, request.events)
    if not request.reopening:
        check_open(found.head)
    return None


def check_open(head: Head) -> None:
    """Raises Refused where the ledger is closed."""
    if head.closed:
        raise Refused([Refusal("closed", "", f"{head.closed}; see `mission-ledger log status`")])


def _replayed(connection: Connection, receipt: Receipt, events: Sequence[Event]) -> Recorded:
    last = receipt.first_position + receipt.count - 1
    (rows,) = asked(connection, [(f"{SELECT_ENTRIES} WHERE position BETWEEN ? AND ? ORDER BY position",
                                  (receipt.first_position, last))])  # fmt: skip
    entries = [entry_of(row) for row in rows]
    if any(entry.salt is None for entry in entries):
        raise Refused([REMOVED_SINCE])
    if receipt.request != request_of(events, [entry.salt for entry in entries if entry.salt]):
        raise Refused([KEY_REUSED])
    return Recorded(entries, replayed=True)


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
        entries, refusals = decided(self.request.events, known, self.first_position, partial(self._entered, known))
        if refusals:
            raise Refused(refusals)
        assert not known.untold
        return [entry for entry in entries if entry is not None]

    def _entered(self, known: Known, accepted: Accepted, position: int) -> Entry:
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


def decided(
    events: Sequence[Event], known: Known, first: int, entered: Callable[[Accepted, int], Entry]
) -> tuple[list[Entry | None], list[Refusal]]:
    """The entries of events from position `first` on, each decided after those before it, and every refusal, pointers beginning
    with the event's index. Of a refused event it is what would be its entry, or None."""
    entries: list[Entry | None] = []
    refusals: list[Refusal] = []
    for position, said in enumerate(events, first):
        decision = decide(said, known)
        if isinstance(decision, list):
            refusals += [replace(refusal, pointer=f"/{position - first}{refusal.pointer}") for refusal in decision]
            known.refused |= {position, said.ref}
        accepted = decision if isinstance(decision, Accepted) else _in_spite(said)
        if isinstance(said.data, Untold) and accepted is not None:
            known.untold.add(position)
        entry = entered(accepted, position) if accepted is not None else None
        if entry is not None:
            known.add(entry)
        entries.append(entry)
    return entries, refusals


def _in_spite(refused: Event) -> Accepted | None:
    """A refused event as if it were accepted, so that those after it in the batch are not blamed for its absence.

    None where it is about an entry: nothing waits for a correction but what is about it, and that is not judged.
    """
    return None if refused.data.ABOUT else Accepted(refused, refused.stream, refused.mission, None)


# --- appending ---------------------------------------------------------------------------------------------------------


def write(connection: Connection, writes: Sequence[Write], entries: list[Entry], project: Project) -> list[Entry]:
    """Carry out the writes that store `entries`, remove the payloads that these redact, and let the projections follow; the
    entries after that."""
    assert all(len(entry.payload or b"") <= MAX_PAYLOAD for entry in entries)
    if any(entry.type == REDACTED for entry in entries):
        carry_out(connection, writes)
        writes, entries = [], remove_payloads(connection, entries)
    carry_out(connection, [*writes, *project(connection, entries)])
    return entries


def rows_of(entries: Sequence[Entry], receipts: Sequence[Receipt], moment: str) -> list[Write]:
    kept = [(*astuple(receipt), moment) for receipt in receipts]
    return [Insert(tables.entries, [row_of(entry) for entry in entries]), Insert(tables.receipts, kept)]


def remove_payloads(connection: Connection, entries: list[Entry]) -> list[Entry]:
    """Remove what `entries` say is to be removed, the only change that the database lets through; `entries` after it."""
    targets = {entry.target for entry in entries if entry.type == REDACTED}
    if not targets:
        return entries
    for part in chunks(sorted(targets)):
        gone = {"salt": None, "payload": None, "symbols": " ", "parties": " "}
        connection.execute(update(tables.entries).where(tables.entries.c.position.in_(part)).values(**gone))
    return [without_payload(entry) if entry.position in targets else entry for entry in entries]


def row_of(entry: Entry, words: tuple[str, str] | None = None) -> tuple[Any, ...]:
    """An entry in the order of the table's columns. `words`: those by which it is found, where they are known."""
    symbols, parties = words or search_words(entry)
    return (
        entry.position, entry.id, entry.stream, entry.version, entry.mission, entry.type, entry.effective,
        first_day(entry.effective), last_day(entry.effective), entry.recorded_at, entry.actor, entry.ref, entry.target, entry.root,
        entry.request, symbols, parties, entry.salt, entry.payload, entry.envelope,
    )  # fmt: skip
