"""What a decision has to know, and what the ledger knows of it. Pure.

`needs` says what is to be looked up before events are decided; `Known` holds what was found, and grows with the
events of a batch.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ledger.entries import Entry, without_payload
from ledger.events import EVENTS
from ledger.events.about_entries import EntryCorrected
from ledger.rules import OPENING, READS, RULES, Types
from ledger.said import Event
from ledger.standing import REDACTED, standing
from ledger.values import is_position, is_slug

BEGINNING = 4  # entries: what a stream begins with nearly always tells whether its subject has begun
REFERENCES = {"fulfils": "pledge", "converts": "pledge", "commitment": "commitment", "supersedes": "target"}


@dataclass
class Known:
    """What the ledger knows that a decision needs; grows with the events of a batch.

    Of a stream no more may be known than its beginning, or what rules read of it, where that tells all that is asked.

    `begun`: by stream what is known to have begun in it (`has_begun`). `refused` holds the positions and refs of those that were refused: what is about one of them cannot be judged yet.
    `reopening`: a closed ledger is being reopened by its operator. `untold`: positions of entries that come from another
    ledger without their payloads, until the redaction comes that removed them.
    """

    streams: dict[str, list[Entry]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    entries: dict[int, Entry] = field(default_factory=dict)
    refs: dict[str, int] = field(default_factory=dict)
    families: dict[int, list[Entry]] = field(default_factory=dict)
    refused: set[int | str | None] = field(default_factory=set)
    reopening: bool = False
    untold: set[int] = field(default_factory=set)
    begun: dict[str, set[Types]] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Take an accepted entry into account for the events after it."""
        self.versions[entry.stream] = entry.version
        self.entries[entry.position] = entry
        self.families.setdefault(entry.root, []).append(entry)
        if entry.ref:
            self.refs[entry.ref] = entry.position
        if entry.stream in self.streams:
            self.streams[entry.stream].append(entry)
        if entry.target is not None:
            self.begun.pop(entry.stream, None)
            if entry.type == REDACTED:
                self._remove(self.entries[entry.target])

    def _remove(self, entry: Entry) -> None:
        """Take the payload of an entry away, wherever it is known."""
        gone = without_payload(entry)
        self.untold.discard(entry.position)
        self.entries[entry.position] = gone
        for known in (self.families[entry.root], self.streams.get(entry.stream, [])):
            known[:] = [gone if other.position == entry.position else other for other in known]

    def has_begun(self, stream: str, types: Types = ()) -> bool:
        """Whether anything but claims stands in a stream, or something of some types. What has begun stays so as long as nothing
        is said about its entries."""
        if types in self.begun.get(stream, ()):
            return True
        found = is_enough(self.streams.get(stream, []), types)
        if found:
            self.begun.setdefault(stream, set()).add(types)
        return found

    def of_types(self, stream: str, types: Types) -> list[Entry]:
        """The entries of a stream of some types, with everything about these, as far as they are known."""
        entries = self.streams.get(stream, [])
        roots = {entry.position for entry in entries if entry.type in types}
        return [entry for entry in entries if entry.root in roots]

    def is_told(self, entries: Iterable[Entry]) -> bool:
        """Whether each of these entries says what it says. What was judged where it could be read is not judged where it cannot."""
        return not any(entry.position in self.untold for entry in entries)

    def corrected_by(self, correction: Entry) -> Entry:
        """The entry that a correction is about."""
        return next(entry for entry in self.families[correction.root] if entry.position == correction.target)


@dataclass(frozen=True)
class Needs:
    """What is to be looked up: of streams the entries of some types, with everything about these (`ruling`); the first BEGINNING
    entries, with everything about these, and more where that is not enough (`is_enough`); the versions of streams; entries by position
    and by ref."""

    ruling: frozenset[tuple[str, Types]]
    beginnings: frozenset[tuple[str, Types]]
    versions: frozenset[str]
    positions: frozenset[int]
    refs: frozenset[str]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is wanted."""
        return not (self.ruling or self.beginnings or self.versions or self.positions or self.refs)

    @property
    def begun(self) -> frozenset[str]:
        """The streams of which the beginning is wanted."""
        return frozenset(stream for stream, _ in self.beginnings)


def needs(events: Iterable[Event]) -> Needs:
    """What `decide` has to know about `events`."""
    ruling: set[tuple[str, Types]] = set()
    beginnings: set[tuple[str, Types]] = set()
    versions: set[str] = set()
    named: set[int | str] = set()
    for event in events:
        if event.ref:
            named.add(event.ref)
        if event.mission:
            beginnings.add((f"{event.mission}/mission", ("mission.registered",)))
        if event.data.ABOUT:
            named.update(_targets(event))
            continue
        stream, type_name = event.stream, event.type
        versions.add(stream)
        if type_name in RULES:
            opening = OPENING[type_name]
            if opening is None:
                ruling.add((stream, READS[type_name]))
            else:
                beginnings.add((stream, opening))
        if _NAMING[type_name]:
            beginnings.update((other, ()) for _, other in references(event.mission, event.data))
    read = {stream for stream, _ in (*beginnings, *ruling)}
    positions = frozenset(name for name in named if isinstance(name, int))
    refs = frozenset(name for name in named if isinstance(name, str))
    return Needs(frozenset(ruling), frozenset(beginnings), frozenset(versions | read), positions, refs)


def is_enough(beginning: Iterable[Entry], types: Types) -> bool:
    """Whether the beginning of a stream tells that its subject has begun, by one of some types or, without any, at all."""
    return any(s.type in types if types else s.entry.target is None for s in standing(beginning))


def needs_of_corrections(events: Iterable[Event], targets: Iterable[Entry]) -> frozenset[str]:
    """The streams that corrected entries refer to, and of which the beginning is wanted, once the entries that `events` name are known."""
    missions = {entry.mission for entry in targets} | {event.mission for event in events}
    changed = [part for event in events if isinstance(event.data, EntryCorrected) for part in _nested(event.data.data)]
    named = [part for part in changed if not REFERENCES.keys().isdisjoint(part)]
    return frozenset(stream for mission in missions for data in named for stream in _named_streams(mission, data))


def _nested(data: Any) -> list[Any]:
    """The changed fields of a correction; of a correction of a correction, the inner ones as well."""
    found = []
    while isinstance(data, dict):
        found.append(data)
        data = data.get("data")
    return found


def _named_streams(mission: str | None, data: Any) -> set[str]:
    pairs = [(subject, data.get(name)) for name, subject in REFERENCES.items()]
    return {
        f"{mission}/{subject}/{one}"
        for subject, named in pairs
        for one in (named if isinstance(named, list) else [named])
        if is_slug(one)
    }


def _targets(event: Event) -> list[int | str]:
    """The entries that an event names: its target, a rival, and the rival that a correction gives instead."""
    if not event.data.ABOUT:
        return []
    named = [event.data.target, getattr(event.data, "rival", None)]
    changes = _nested(event.data.data) if isinstance(event.data, EntryCorrected) else []
    instead = [change.get("rival") for change in changes]
    return [name for name in named if name is not None] + [one for one in instead if is_position(one)]


_NAMING = {
    type_name: [
        (name, subject)
        for name, subject in REFERENCES.items()
        if name in declared.__dataclass_fields__ and not declared.STREAM.startswith(f"{subject}/{{{name}}}")
    ]
    for type_name, declared in EVENTS.items()
}


def references(mission: str | None, data: Any) -> list[tuple[str, str]]:
    """The other subjects that an event names: the field's pointer and the stream."""
    found = []
    for name, subject in _NAMING[data.TYPE]:
        value = getattr(data, name, None)
        if value is not None:
            values = value if isinstance(value, tuple) else (value,)
            found += [(f"/data/{name}", f"{mission}/{subject}/{one}") for one in values]
    return found


def not_there(stream: str) -> str:
    return f"{stream.split('/', 1)[1]} is not in the ledger; record it first or correct the name"
