"""Which entries made two states differ: those that only one of them takes in, found from what an answer rests on. Pure.

An entry that both states take in alike has changed nothing by itself. Where one of those comes into an answer or leaves
it, what made it do so stands beside it: a claim about it, or another entry of its pledge, its post, its commitment.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ledger.entries import Entry
from ledger.standing import CORRECTED, RETRACTED, retracted
from projections.projection import Row

Rows = Mapping[str, list[Row]]
Changes = Mapping[int, Iterable[int]]
_SUBJECTS = frozenset({"leadership", "partners", "pledges", "commitments", "positions", "targets"})


@dataclass(frozen=True)
class Between:
    """What lies between two states. `changes`: by entry the corrections and retractions that one state knows alone.

    `claims` holds claims by what they are about, `groups` the entries of each row, `of` the groups of each entry; all
    of them only what one state takes in alone. The rows of a subject tell one story; in others facts stand side by side.
    """

    before: frozenset[int]
    after: frozenset[int]
    changes: Changes
    claims: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    groups: list[tuple[bool, set[int]]] = field(default_factory=list)
    of: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    def differs(self, position: int) -> bool:
        return position in self.before or position in self.after

    def apart(self, old: Iterable[int], new: Iterable[int], summed: bool) -> set[int]:
        """The causes among what went and what came, of the entries of two values.

        Of a sum each part that came or went has causes of its own, but where another of its subject took its place;
        of anything else what is new explains what is gone.
        """
        moved = {*old} ^ {*new}
        found = {position for position in moved if self.differs(position)}
        if not summed:
            return found
        replaced = self._subjects(found)
        return found | self.bearing_on(p for p in moved - found if not self._subjects([p]) & replaced)

    def _subjects(self, positions: Iterable[int]) -> set[int]:
        return {index for p in positions for index in self.of.get(p, ()) if self.groups[index][0]}

    def bearing_on(self, positions: Iterable[int]) -> set[int]:
        """Claims about these entries, and what happened to their subjects."""
        kept = set(positions)
        claims = {claim for position in kept for claim in self.claims.get(position, ())}
        return claims | self._beside(kept, subjects=True)

    def near(self, positions: Iterable[int]) -> set[int]:
        """Whatever else happened in their rows, and in the rows that these are linked to."""
        return self._beside(positions, subjects=False)

    def _beside(self, positions: Iterable[int], subjects: bool) -> set[int]:
        indices = {index for position in positions for index in self.of.get(position, ())}
        return {p for index in indices if self.groups[index][0] or not subjects for p in self.groups[index][1]}

    def changed(self, causes: Iterable[int]) -> list[int]:
        """The causes, with the corrections and retractions of them."""
        kept = set(causes)
        return sorted(kept | {by for position in kept for by in self.changes.get(position, ())})

    def _take(self, members: set[int], is_subject: bool) -> None:
        for position in members:
            self.of[position].add(len(self.groups))
        self.groups.append((is_subject, {position for position in members if self.differs(position)}))


def between(before: Rows, after: Rows, changes: Changes) -> Between:
    """What lies between the rows of two states."""
    sides = [_taken_in(rows) for rows in (before, after)]
    made = Between(sides[0] - sides[1], sides[1] - sides[0], changes)
    for rows in (before, after):
        for name, kept in rows.items():
            for row in kept:
                made._take({*row["entries"]}, name in _SUBJECTS)
                for claim in row["claims"]:
                    made.claims[claim["target"]] |= {p for p in claim["entries"] if made.differs(p)}
        for linked in _links(rows):
            made._take(linked, False)
    for target, rival in _rivals((before, after)):
        made.claims[target] |= made.claims.get(rival, set())
    return made


def _rivals(sides: Iterable[Rows]) -> Iterator[tuple[int, int]]:
    """Disputed entries with their rivals, whose rank settles the dispute."""
    claims = (claim for rows in sides for kept in rows.values() for row in kept for claim in row["claims"])
    return ((claim["target"], claim["rival"]) for claim in claims if claim.get("rival") is not None)


def _taken_in(rows: Rows) -> frozenset[int]:
    of_claims = (p for kept in rows.values() for row in kept for claim in row["claims"] for p in claim["entries"])
    return frozenset({*of_claims, *(p for kept in rows.values() for row in kept for p in row["entries"])})


def _links(rows: Rows) -> Iterator[set[int]]:
    """Movements and payments, each with the pledge or commitment that they name."""
    named = {(name, row["key"]): row["entries"] for name in ("pledges", "commitments") for row in rows.get(name, [])}
    moved = [movement for row in rows.get("deployments", []) for movement in row["movements"]]
    for part in [*moved, *(flow for row in rows.get("flows", []) for flow in row["flows"])]:
        for name, key in (("pledges", part.get("fulfils")), ("commitments", part.get("commitment"))):
            if (name, key) in named:
                yield {*part["entries"], *named[name, key]}


def changes_since(known: Sequence[Entry], low: int) -> dict[int, list[int]]:
    """By entry the corrections and retractions recorded after `low` that change it, directly or not.

    A change that was itself made and undone after `low` has changed nothing.
    """
    gone, by_position = retracted(known), {entry.position: entry for entry in known}
    found: dict[int, list[int]] = {}
    for entry in known:
        above = list(_above(entry, by_position))
        undone = any(p > low and p in gone for p in above[:-1])
        if entry.position > low and entry.type in (CORRECTED, RETRACTED) and entry.position not in gone and not undone:
            for position in above:
                found.setdefault(position, []).append(entry.position)
    return found


def _above(entry: Entry, by_position: Mapping[int, Entry]) -> Iterator[int]:
    """What an entry is about, and what that is about."""
    while entry.target is not None and entry.target in by_position:
        yield entry.target
        entry = by_position[entry.target]
