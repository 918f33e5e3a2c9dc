"""What a writer remembers of its ledger from one transaction to the next. Pure.

Nobody else writes as long as the head stays as the writer left it. What it knew then still holds, and need not be read again: which
version each stream has, and what has begun in it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
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
    """`head` is None where nothing is remembered; `begun` is as in `Known`."""

    head: Head | None = None
    versions: dict[str, int] = field(default_factory=dict)
    begun: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)

    def lacking(self, wanted: Needs, events: Iterable[Event]) -> Needs:
        """What of `wanted` is not remembered. Where something is about an entry, what has begun is read again: it may end that."""
        beginnings = wanted.beginnings
        if not any(event.data.ABOUT for event in events):
            begun = self.begun
            beginnings = frozenset(pair for pair in beginnings if pair[1] not in begun.get(pair[0], ()))
        unknown = wanted.versions - self.versions.keys()
        return replace(wanted, beginnings=beginnings, versions=unknown)

    def told(self, wanted: Needs, lacking: Needs) -> tuple[dict[str, int], dict[str, set[tuple[str, ...]]]]:
        """What need not be read of what is wanted: versions, and what has begun."""
        begun: dict[str, set[tuple[str, ...]]] = {}
        for stream, types in wanted.beginnings - lacking.beginnings:
            begun.setdefault(stream, set()).add(types)
        return {stream: self.versions[stream] for stream in wanted.versions - lacking.versions}, begun

    def take(self, head: Head, known: Known, entries: Sequence[Entry]) -> None:
        """Remember how the ledger is after `entries`, which were decided by `known`."""
        self.head = head
        if len(self.versions) > MOST_STREAMS:
            self.versions, self.begun = {}, {}
        self.versions.update(known.versions)
        for entry in entries:
            if entry.target is not None:
                self.begun.pop(entry.stream, None)
        for stream, types in known.begun.items():
            self.begun.setdefault(stream, set()).update(types)
