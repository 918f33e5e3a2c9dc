"""The definition of time travel. Pure; everything faster is tested against it.

A question has two clocks: `valid_at` (true on this day) and `known` (as recorded up to this position, which
is how an instant on the recording clock is written: recorded_at never decreases). `reported_by` adds a third:
as published by this day.
"""

from collections.abc import Iterable

from ledger.entries import Entry
from ledger.standing import Standing, standing


def view(entries: Iterable[Entry], valid_at: str, known: int, reported_by: str | None = None) -> list[Standing]:
    """What stands on the day `valid_at` (YYYY-MM-DD), as recorded by position `known`, as published by `reported_by`.

    1. keep the entries recorded at or before `known`; 2. keep those reported by then; 3. apply corrections and
    retractions; 4. keep those that have begun: from their earliest effective day on, what is about an entry no earlier
    than that entry; 5. order by that day, then position. `entries` come in position order.
    """
    recorded = [entry for entry in entries if entry.position <= known]
    reported = [entry for entry in recorded if reported_by is None or entry.reported <= reported_by]
    begun = [s for s in standing(reported) if s.first <= valid_at]
    return sorted(begun, key=lambda s: (s.first, s.position))
