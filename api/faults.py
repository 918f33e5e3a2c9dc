"""What is wrong with a file, gathered while it is read: the rows that cannot be read, and what the ledger refuses.

A row that is faulty may be what a refused one lacks. So beside faulty rows only those refusals are told that none of them can have
caused; the others show up once the file is mended.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from api.files import MOST_FAULTS
from api.sheets import Fault, Row
from ledger.refusals import Refusal

# What no event missing from a batch can have caused.
_IN_ANY_CASE = ("ref-taken", "already-exists", "wrong-correction", "too-large")


class Faulty(Exception):
    """A file with faults; nothing of it was recorded. `rows`: how many bear some, among the first `looked_at`, which is None
    where all were looked at."""

    def __init__(self, faults: Sequence[Fault], looked_at: int | None = None):
        super().__init__(f"{len(faults)} faults")
        self.faults = sorted(faults, key=lambda fault: fault.row)[:MOST_FAULTS]
        self.rows, self.looked_at = len({fault.row for fault in faults}), looked_at


@dataclass
class Faults:
    """`later`: faults that are none if a position stands on a faulty row; `broken`: what faulty rows say."""

    told: list[Fault]
    later: list[tuple[Fault, int]] = field(default_factory=list)
    refused: list[tuple[Refusal, str, Row]] = field(default_factory=list)
    broken: list[Any] = field(default_factory=list)

    @property
    def are_many(self) -> bool:
        return len(self.told) + len(self.later) + len(self.refused) >= MOST_FAULTS

    def __bool__(self) -> bool:
        return bool(self.told or self.later or self.refused)

    def all(self) -> list[Fault]:
        unknown = {event.get("position") for event in self.broken if isinstance(event, dict)}
        broken = json.dumps(self.broken)
        return [
            *self.told,
            *(fault for fault, position in self.later if position not in unknown),
            *(
                Fault(row.number, row.column(pointer), refusal.detail)
                for refusal, pointer, row in self.refused
                if not self.broken or _certain(refusal, row, pointer, broken)
            ),
        ]


def _certain(refusal: Refusal, row: Row, pointer: str, broken: str) -> bool:
    """Whether the refusal stands whatever the faulty rows say: what it misses is named in none of them."""
    value: Any = row.event
    for part in pointer.split("/")[1:]:
        value = value.get(part) if isinstance(value, dict) else None
    named = isinstance(value, (str, int)) and json.dumps(value) in broken
    return refusal.code in _IN_ANY_CASE or (refusal.code.startswith("unknown-") and not named and value is not None)
