"""Everything about one mission at two past clocks, in one process: in ledgers of every size, and beside folding its entries.

Three kinds of questions:

* the same: days and positions within the smallest ledger. The first entries are the same in all ledgers, so the answers are,
  too, and what differs is only how long the history is that lies beyond.
* an early day: as known at any later position. The answer is about as small as before, and to fold it one reads everything.
* anywhere: any day and position. There the answers grow with the ledger, since an answer lists the movements, payments and
  reports that its figures come from.

How large the answers are stands beside the figure. As in a server (`api.app.served`), what is there before the first question is not
looked through for cycles again and again, and what comes after seldom.
"""

import gc
import random
from collections.abc import Iterator, Sequence
from datetime import timedelta

import orjson

from api.app import SELDOM
from ledger.store import reading
from tests.bench import ours
from tests.bench.bench import Bench, Filled
from tests.bench.floors import asked
from tests.bench.measuring import Measure, Result, by_turns, each, percentile
from tests.bench.workload import DAYS, FIRST_DAY, FULL, MISSIONS

Question = tuple[str, str, int]
SAME, EARLY, ANYWHERE = "the same questions", "an early day", "any day"
ASKED, FOLDED = 200, 5


def measure(bench: Bench) -> Iterator[Result]:
    for kind in bench.kinds:
        for size in bench.sizes:
            bench.ledger(kind, size)
        gc.collect()
        gc.freeze()
        before = gc.get_threshold()
        gc.set_threshold(SELDOM)
        for what in (SAME, EARLY) if len(bench.sizes) > 1 else ():
            yield from _as_it_grows(bench, kind, what)
        for size in bench.sizes:
            for what in (SAME, EARLY, ANYWHERE):
                yield from _beside_folding(bench.ledger(kind, size), kind, size, what, questions(bench, what, size))
        gc.unfreeze()
        gc.set_threshold(*before)


def questions(bench: Bench, what: str, size: int) -> list[Question]:
    """Missions with a day and a position of a ledger; no day is later than the position's own."""
    choose, asked_for, first = random.Random(5), [], bench.sizes[0]
    for _ in range(ASKED):
        known = choose.randrange(first // 4, first) if what == SAME else choose.randrange(size // 2, size)
        last_day = min(known, first) if what == EARLY else known
        day = FIRST_DAY + timedelta(days=choose.randrange(int(DAYS * (last_day / FULL) ** 0.25) + 1))
        asked_for.append((f"mission-{choose.randrange(MISSIONS):02d}", day.isoformat(), known))
    return asked_for


def _as_it_grows(bench: Bench, kind: str, what: str) -> Iterator[Result]:
    def measured(size: int) -> Measure:
        ledger, asked_for = bench.ledger(kind, size), questions(bench, what, size)
        return lambda: _p99(ledger, asked_for)

    turns = by_turns({str(size): measured(size) for size in bench.sizes}, bench.rounds)
    first, *larger = bench.sizes
    for size in larger:
        yield Result(
            work="snapshot p99", database=kind, size=size, beside=f"{first:,} entries, {what}", unit="ms",
            ours=turns.median(str(size)), peer=turns.median(str(first)), ratio=turns.ratio(str(size), str(first)),
            asked=asked("snapshot p99", kind, "smallest"),
        )  # fmt: skip


def _p99(ledger: Filled, asked_for: Sequence[Question]) -> float:
    with reading(ledger.engine) as connection:
        return percentile(each(lambda question: ours.snapshot(connection, *question), asked_for), 0.99)


def _beside_folding(ledger: Filled, kind: str, size: int, what: str, asked_for: Sequence[Question]) -> Iterator[Result]:
    with reading(ledger.engine) as connection:
        for question in asked_for[:3]:
            assert ours.snapshot(connection, *question) == ours.folded(connection, *question)
        times = each(lambda question: ours.snapshot(connection, *question), asked_for)
        few = asked_for[:: len(asked_for) // FOLDED]
        pairs = [
            (
                each(lambda q: ours.snapshot(connection, *q), [one])[0],
                each(lambda q: ours.folded(connection, *q), [one])[0],
            )
            for one in few
        ]
        bytes_each = percentile([len(orjson.dumps(ours.snapshot(connection, *one))) for one in few], 0.5)
    p50, p99 = percentile(times, 0.5), percentile(times, 0.99)
    note = f"{what}; p50 {p50:.2f} ms; an answer has {bytes_each / 1024:,.0f} KiB"
    yield Result(
        work="snapshot p99", database=kind, size=size, beside=what, unit="ms", ours=p99,
        asked=asked("snapshot p99", kind, "alone", size), note=note,
    )  # fmt: skip
    yield Result(
        work="snapshot", database=kind, size=size, beside=f"folding, {what}", unit="ms",
        ours=percentile([pair[0] for pair in pairs], 0.5), peer=percentile([pair[1] for pair in pairs], 0.5),
        ratio=percentile([pair[1] / pair[0] for pair in pairs], 0.5), asked=asked("snapshot", kind, "folding", size),
        note="ratio: how many times faster than folding the mission's entries",
    )  # fmt: skip
