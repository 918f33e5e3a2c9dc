"""A request too long to be held in memory: recorded part by part in one transaction, wholly or not at all.

It has one moment, one actor and one receipt, and each part is decided after those before it, as if all were one list. Nobody else
writes while the head is held. So what decisions ask again and again, the versions of streams and how they began, is kept from
part to part, as far as it is bounded; everything else is read again from what was inserted.

The receipt proves what the request said, and its proof stands in each envelope, the first included. So its digest and the number
of its events have to be known beforehand, and the salts over which the digest goes are derived from a secret, which is thrown away.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime
from typing import Any, cast

import uuid_utils
from sqlalchemy import Connection

from ledger import tables
from ledger.decisions import Accepted
from ledger.driver import asked
from ledger.entries import MAX_PAYLOAD, Entry, enter, instant, without_payload
from ledger.known import Known, Needs, is_enough, needs
from ledger.lookup import Found, Receipt, look_up
from ledger.memory import Head
from ledger.prepared import Prepared, salt_of
from ledger.receipts import proof_of, request_of, request_of_content
from ledger.recording import KEY_REUSED, REMOVED_SINCE, check_open, decided, remove_payloads, row_of
from ledger.refusals import Refusal, Refused
from ledger.said import Event
from ledger.store import Project, chunks, now
from ledger.writes import Insert, Update, carry_out

MOST_KEPT = 4_096  # streams of which the beginning is kept from part to part
MOST_VERSIONS = 65_536
MOST_ABOUT = 8  # entries about an opening that is kept
PROJECTED = 512  # entries at once: what happened of late lies in memory meanwhile
_READ_AT_ONCE = 8_192


@dataclass(frozen=True)
class Outline:
    """What has to be known of a lengthy request before its first event: who makes it, under which key, how many events it
    holds, the digest of what it says, and a secret of 32 random bytes, from which its salts come."""

    actor: str
    key: str
    count: int
    digest: str
    secret: bytes = field(repr=False)

    def request(self) -> str:
        return request_of_content((salt_of(self.secret, index) for index in range(self.count)), self.digest)


class Lengthy:
    """Begin one, `take` its parts, `finish` it; the caller commits. After a refusal what follows is still decided, and cannot
    be finished any more."""

    def __init__(
        self, connection: Connection, outline: Outline, *, project: Project, clock: Callable[[], datetime] = now
    ):
        found = look_up(connection, [], needs([]))
        check_open(found.head)
        self._connection, self._outline, self._project = connection, outline, project
        self._head = found.head
        self.first = self.next = found.head.size
        self._moment = max(instant(clock()), found.head.recorded_at)
        self._receipt = Receipt(outline.actor, outline.key, outline.request(), self.first, outline.count)
        self._proof = proof_of(*astuple(self._receipt))
        self._kept = _Kept()
        self.doomed = False

    def take(self, events: Sequence[Event | Prepared]) -> tuple[list[Entry], list[Refusal]]:
        """Decide the next events and append them; their entries, and every refusal, pointers beginning with the index in this part."""
        known = self._kept.known(self._connection, cast(Sequence[Event], events))
        made, refusals = decided(cast(Sequence[Event], events), known, self.next, self._entering(known))
        self.doomed |= bool(refusals)
        entries = [entry for entry in made if entry is not None]
        kept = entries if not self.doomed else self._in_their_places(events, made, known)
        rows = [
            row_of(self._kept.as_told(entry), event.words if isinstance(event, Prepared) else None)
            for event, entry in zip(events, kept, strict=True)
        ]
        carry_out(self._connection, [Insert(tables.entries, rows)])
        readable = remove_payloads(self._connection, entries)
        if not self.doomed:
            assert all(len(entry.payload or b"") <= MAX_PAYLOAD for entry in entries)
            said = [self._kept.as_told(entry) for entry in readable]
            for part in chunks(said, PROJECTED):
                carry_out(self._connection, self._project(self._connection, part))
        self.next += len(events)
        self._kept.take(known)
        return entries, refusals

    def finish(self) -> None:
        """Move the head and keep the receipt."""
        assert not self.doomed
        assert not self._kept.untold
        assert self.next == self.first + self._outline.count
        head = Head(self.next, self._moment, None)
        receipt = (*astuple(self._receipt), self._moment)
        moved = Update(tables.head, head._asdict(), self._head._asdict())
        carry_out(self._connection, [moved, Insert(tables.receipts, [receipt])])

    def _entering(self, known: Known) -> Callable[[Accepted, int], Entry]:
        """What makes the entry of an accepted event."""
        moment, actor, proof, versions = self._moment, self._outline.actor, self._proof, known.versions
        secret, first, next_id = self._outline.secret, self.first, uuid_utils.uuid7

        def entered(accepted: Accepted, position: int) -> Entry:
            event, version = accepted.event, versions.get(accepted.stream, 0) + 1
            if isinstance(event, Prepared):
                return event.entry(position, str(next_id()), version, moment, actor, proof)
            return enter(
                event, position=position, entry_id=str(next_id()), stream=accepted.stream, version=version,
                mission=accepted.mission, root=position if accepted.root is None else accepted.root, recorded_at=moment,
                actor=actor, salt=salt_of(secret, position - first), request=proof,
            )  # fmt: skip

        return entered

    def _in_their_places(
        self, events: Sequence[Event | Prepared], made: Sequence[Entry | None], known: Known
    ) -> list[Entry]:
        """What stands for each event in a request that will not be committed, so that the parts to come are judged as if all
        were in one list."""
        kept = []
        for position, (event, entry) in enumerate(zip(events, made, strict=True), self.next):
            if entry is None:
                version = known.versions[_NOWHERE] = known.versions.get(_NOWHERE, 0) + 1
                entry = Entry(
                    position, str(uuid_utils.uuid7()), _NOWHERE, version, None, event.type, event.effective, self._moment,
                    self._outline.actor, None, None, position, None, bytes(32), _NOTHING, b"", {}, None, None,
                )  # fmt: skip
            kept.append(entry._replace(ref=None) if position in known.refused else entry)
        return kept


_NOWHERE, _NOTHING = " ", b'{"data":{},"note":null,"source":null}'


@dataclass
class _Kept:
    """What is known from part to part. `begun`, `refused`, `untold`: as in `Known`."""

    versions: dict[str, int] = field(default_factory=dict)
    beginnings: dict[str, list[Entry]] = field(default_factory=dict)
    begun: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)
    refused: set[int | str | None] = field(default_factory=set)
    untold: set[int] = field(default_factory=set)

    def known(self, connection: Connection, events: Sequence[Event]) -> Known:
        """What the decisions about `events` have to know."""
        wanted = needs(events)
        found = self._told(look_up(connection, events, self._lacking(wanted), versions=self.versions))
        self._read_again(connection, wanted, found)
        known = found.known()
        for stream, beginning in self.beginnings.items():
            together = {entry.position: entry for entry in (*beginning, *known.streams.get(stream, ()))}
            known.streams[stream] = [together[position] for position in sorted(together)]
        known.begun, known.refused, known.untold = self.begun, self.refused, self.untold
        return known

    def _read_again(self, connection: Connection, wanted: Needs, found: Found) -> None:
        """What is said about an entry may take away by what a stream has begun: then it is told by what came after that, too."""
        touched = {entry.stream for entry in found.entries.values()} & (self.beginnings.keys() - found.streams.keys())
        for stream in touched:
            del self.beginnings[stream]
            self.begun.pop(stream, None)
        lacking = frozenset(pair for pair in wanted.beginnings if pair[0] in touched)
        if lacking:
            again = look_up(connection, [], replace(needs([]), beginnings=lacking), versions=found.versions)
            found.streams.update(self._told(again).streams)

    def _lacking(self, wanted: Needs) -> Needs:
        lacking = {
            (stream, types)
            for stream, types in wanted.beginnings
            if types not in self.begun.get(stream, ())
            and not (stream in self.beginnings and is_enough(self.beginnings[stream], types))
        }
        return replace(wanted, beginnings=frozenset(lacking), versions=wanted.versions - self.versions.keys())

    def _told(self, found: Found) -> Found:
        """Entries that came without their payloads are to decisions no removed ones before the redaction comes that removed them."""
        if not self.untold:
            return found
        for entries in (*found.streams.values(), *found.families.values()):
            entries[:] = map(self._untold, entries)
        found.entries.update({position: self._untold(entry) for position, entry in found.entries.items()})
        return found

    def _untold(self, entry: Entry) -> Entry:
        return entry._replace(salt=bytes(32), payload=_NOTHING, data={}) if entry.position in self.untold else entry

    def as_told(self, entry: Entry) -> Entry:
        """The entry as it is kept and projected: what came without its payload says nothing."""
        return without_payload(entry) if entry.position in self.untold else entry

    def take(self, known: Known) -> None:
        """Keep what the next part will ask, of what this one knew."""
        self.versions = known.versions if len(known.versions) <= MOST_VERSIONS else {}
        kept = ((stream, _beginning(entries)) for stream, entries in known.streams.items())
        self.beginnings = {stream: beginning for stream, beginning in kept if beginning}
        if len(self.beginnings) > MOST_KEPT:
            self.beginnings = {}
        self.begun = {stream: types for stream, types in known.begun.items() if stream in self.beginnings}


def _beginning(entries: Sequence[Entry]) -> list[Entry]:
    """What tells that a stream has begun, for good: the first entry with everything about it, light; nothing where that is
    much, or does not tell it."""
    if not entries or entries[0].target is not None:
        return []
    if len(entries) == 1 and entries[0].envelope == b"":
        return list(entries)
    family = [entry for entry in entries if entry.root == entries[0].root]
    if len(family) > 1 + MOST_ABOUT or not is_enough(family, ()):
        return []
    return [entry if entry.payload is None else entry._replace(payload=b"", envelope=b"") for entry in family]


def check_same(
    connection: Connection, receipt: Receipt, count: int, digest: str, events: Callable[[], Iterable[Event]]
) -> None:
    """Raises Refused unless the request that was recorded under a receipt held as many events and said what has this `digest`.

    `events`: what is said, as it would stand from the receipt's first position on; a receipt may have been made over that instead.
    """
    if any(salt is None for salt in _salts(connection, receipt)):
        raise Refused([REMOVED_SINCE])
    if receipt.request == request_of_content(_salts(connection, receipt), digest):
        return
    if receipt.count != count or receipt.request != request_of(events(), _salts(connection, receipt)):
        raise Refused([KEY_REUSED])


def _salts(connection: Connection, receipt: Receipt) -> Iterator[Any]:
    """The salts of the entries of a request that was recorded, in their order."""
    end = receipt.first_position + receipt.count
    for start in range(receipt.first_position, end, _READ_AT_ONCE):
        within = start, min(start + _READ_AT_ONCE, end) - 1
        text = "SELECT salt FROM entries WHERE position BETWEEN ? AND ? ORDER BY position"
        for row in asked(connection, [(text, within)])[0]:
            yield row[0]
