"""The definition of time travel, written down as it reads: slow, and plainly right.

It judges `projections.view` and shares no code with it. Each question is answered anew from the whole log:
an entry is retracted where the log holds a retraction of it that is not itself retracted, and it says what its
corrections, each as it stands itself, make of what it said first. What has no payload any more says nothing; a
retraction takes away without one.
"""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ledger.entries import Entry

Log = Sequence[Entry]


@dataclass(frozen=True)
class Seen:
    """What stands of one entry; `corrections` are the positions that made it so, `about` the entry it is about, where that stands."""

    position: int
    effective: str
    data: dict[str, Any]
    source: dict[str, Any] | None
    corrections: list[int]
    about: int | None


def naive_view(entries: Log, valid_at: str, known: int, reported_by: str | None = None) -> list[Seen]:
    recorded = [entry for entry in entries if entry.position <= known]
    log = [entry for entry in recorded if reported_by is None or reported_on(entry) <= reported_by]
    stands = [seen(entry, log) for entry in log if speaks(entry) and not is_retracted(entry.position, log)]
    begun = [one for one in stands if begins(one, log) <= valid_at]
    return sorted(begun, key=lambda one: (begins(one, log), one.position))


def begins(one: Seen, log: Log) -> str:
    """The first day on which it holds: what is about an entry says nothing of the days before that entry."""
    if one.about is None:
        return first_day(one.effective)
    target = next(entry for entry in log if entry.position == one.about)
    return max(first_day(one.effective), begins(seen(target, log), log))


def speaks(entry: Entry) -> bool:
    """Whether an entry says something of the world, and it can still be read."""
    return entry.data is not None and not is_change(entry)


def is_change(entry: Entry) -> bool:
    return entry.type in ("entry.corrected", "entry.retracted")


def is_retracted(position: int, log: Log) -> bool:
    retractions = [entry for entry in log if entry.type == "entry.retracted" and entry.target == position]
    return any(not is_retracted(retraction.position, log) for retraction in retractions)


def corrections_of(position: int, log: Log) -> list[Entry]:
    corrections = [entry for entry in log if entry.type == "entry.corrected" and entry.target == position]
    return [one for one in corrections if one.data is not None and not is_retracted(one.position, log)]


def seen(entry: Entry, log: Log) -> Seen:
    """`entry` as its corrections leave it, in position order, each of them as its own corrections leave it."""
    effective, data, source, behind = entry.effective, dict(entry.data or {}), entry.source, []
    for correction in corrections_of(entry.position, log):
        right = seen(correction, log)
        if right.data.get("effective") is not None:
            effective = right.data["effective"]
        for name, value in (right.data.get("data") or {}).items():
            data[name] = value
            if value is None:
                del data[name]
        if right.data.get("source") is not None:
            source = right.data["source"]
        behind += [correction.position, *right.corrections]
    return Seen(entry.position, effective, data, source, sorted(behind), about(entry, log))


def about(entry: Entry, log: Log) -> int | None:
    """The entry that this one is about, where it is there, says something of the world, and stands."""
    for other in log:
        if other.position == entry.target and speaks(other) and not is_retracted(other.position, log):
            return other.position
    return None


def first_day(date: str) -> str:
    return date + "-01-01"[len(date) - 4 :]


def last_day(date: str) -> str:
    year, month = int(date[:4]), int(date[5:7] or 12)
    return date if len(date) == 10 else f"{year:04}-{month:02}-{calendar.monthrange(year, month)[1]:02}"


def reported_on(entry: Entry) -> str:
    """The last day of the publication date, or of the effective date where no publication is known: both as recorded."""
    return last_day((entry.source or {}).get("published") or entry.effective)
