"""What a writer remembers of its ledger from one transaction to the next. Pure.

Nobody else writes as long as the head stays as the writer left it. What it knew then still holds, and need not be read again: which
version each stream has, and what has begun in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from ledger.entries import Entry
from ledger.known import Known, Needs
from ledger.said import Event

MOST_STREAMS = 20_000


class Head(NamedTuple):
    """The ledger's size, the last recorded_at, and why it is closed, where it is."""

    size: int
    recorded_at: str
    closed: str | None


@dataclass
class Memory:
    """`head` is None where nothing is remembered; `begun`: streams, and by something of which types they have begun."""

    head: Head | None = None
    versions: dict[str, int] = field(default_factory=dict)
    begun: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)

    def lacking(self, wanted: Needs, events: Iterable[Event]) -> Needs:
        """What of `wanted` is not remembered. Where something is about an entry, what has begun is read again: it may end that."""
        beginnings = wanted.beginnings
        if not any(event.data.ABOUT for event in events):
            beginnings -= self.begun
        unknown = frozenset(stream for stream in wanted.versions if stream not in self.versions)
        return Needs(wanted.ruling, beginnings, unknown, wanted.positions, wanted.refs)

    def told(self, wanted: Needs, lacking: Needs) -> tuple[dict[str, int], dict[str, set[tuple[str, ...]]]]:
        """What need not be read of what is wanted: versions, and what has begun."""
        begun: dict[str, set[tuple[str, ...]]] = {}
        for stream, types in wanted.beginnings - lacking.beginnings:
            begun.setdefault(stream, set()).add(types)
        return {stream: self.versions[stream] for stream in wanted.versions - lacking.versions}, begun

    def take(self, head: Head, known: Known, entries: Iterable[Entry]) -> None:
        """Remember how the ledger is after `entries`, which were decided by `known`."""
        self.head = head
        if len(self.versions) > MOST_STREAMS or len(self.begun) > MOST_STREAMS:
            self.versions, self.begun = {}, set()
        self.versions.update(known.versions)
        spoken_of = {entry.stream for entry in entries if entry.target is not None}
        if spoken_of:
            self.begun = {pair for pair in self.begun if pair[0] not in spoken_of}
        self.begun.update((stream, types) for stream, found in known.begun.items() for types in found)
