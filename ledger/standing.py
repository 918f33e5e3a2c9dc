"""What stands after corrections and retractions: step 3 of the definition of time travel. Pure.

A retraction takes its target away, a correction replaces parts of it; both may themselves be retracted or
corrected. Their targets always lie before them, so one walk from the newest to the oldest entry settles what
is retracted, and a correction is settled before it is applied.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ledger.entries import Entry
from ledger.values import first_day

CORRECTED, RETRACTED, REDACTED = "entry.corrected", "entry.retracted", "payload.redacted"


class Standing(NamedTuple):
    """An entry as it stands: with the corrections that apply (their positions), and the entry that it is about."""

    entry: Entry
    effective: str
    data: Mapping[str, Any]
    source: Mapping[str, Any] | None
    corrections: tuple[int, ...] = ()
    about: "Standing | None" = None

    @property
    def position(self) -> int:
        return self.entry.position

    @property
    def positions(self) -> list[int]:
        """The entries that this comes from: itself and its corrections."""
        return [self.entry.position, *self.corrections]

    @property
    def type(self) -> str:
        return self.entry.type

    @property
    def mission(self) -> str | None:
        return self.entry.mission

    @property
    def first(self) -> str:
        """The day from which it holds; what is about an entry says nothing before that entry does."""
        own = first_day(self.effective)
        return own if self.about is None else max(own, self.about.first)


def standing(entries: Iterable[Entry]) -> list[Standing]:
    """The entries that stand, in position order, without the corrections and retractions themselves.

    `entries` in position order; an entry whose target is not among them is kept and has no `about`.
    A redacted entry has no data and does not stand.
    """
    known = list(entries)
    changes = _changes(known)
    made: dict[int, Standing] = {}
    for entry in known:
        readable = entry.data is not None and entry.type not in (CORRECTED, RETRACTED)
        if readable and entry.position not in changes.retracted:
            about = made.get(entry.target) if entry.target is not None else None
            made[entry.position] = changes.settle(entry, about)
    return list(made.values())


def alone(entry: Entry) -> list[Standing]:
    """The same of one entry that is about no other, and that no other is about."""
    return [] if entry.data is None else [Standing(entry, entry.effective, entry.data, entry.source)]


def retracted(entries: Iterable[Entry]) -> frozenset[int]:
    """The positions of those among `entries` (in position order) that are retracted."""
    return _changes(list(entries)).retracted


def as_it_stands(entry: Entry, family: Iterable[Entry]) -> Standing:
    """`entry` with the corrections of its `family` applied, also where it is retracted or a correction itself."""
    return _changes(list(family)).settle(entry)


@dataclass(frozen=True)
class _Changes:
    retracted: frozenset[int]
    corrections: Mapping[int, list[Entry]]

    def settle(self, entry: Entry, about: Standing | None = None) -> Standing:
        """`entry` with its corrections applied in position order, each settled first."""
        effective, data, source, positions = entry.effective, entry.data or {}, entry.source, []
        for correction in self.corrections.get(entry.position, ()):
            settled = self.settle(correction)
            change = settled.data
            effective = change.get("effective") or effective
            data = merge(data, change.get("data"))
            source = change.get("source") or source
            positions += settled.positions
        return Standing(entry, effective, data, source, tuple(sorted(positions)), about)


def _changes(entries: list[Entry]) -> _Changes:
    gone: set[int] = set()
    corrections: dict[int, list[Entry]] = defaultdict(list)
    for entry in reversed(entries):
        if entry.position in gone or entry.target is None:
            continue
        if entry.type == RETRACTED:
            gone.add(entry.target)
        elif entry.type == CORRECTED and entry.data is not None:
            corrections[entry.target].insert(0, entry)
    return _Changes(frozenset(gone), corrections)


def merge(data: Mapping[str, Any], change: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """`data` with the fields of `change` in place of its own; null takes a field away."""
    if not change:
        return data
    return {name: value for name, value in {**data, **change}.items() if value is not None}
