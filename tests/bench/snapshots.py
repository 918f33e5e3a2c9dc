"""Everything about one mission at two past clocks, in one process: in ledgers of every size, and beside folding its entries.

Two kinds of questions. The same: about days and positions within the smallest ledger; the first entries are the same in all
of them, so the answers are, too, and what differs is only how long the history is that lies beyond. Anywhere: about any
position of the ledger; there the answers grow with it, since an answer lists the movements, payments and reports that its
figures come from. How large answers are stands beside the figure.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta

import orjson

from ledger.store import reading
from tests.bench import ours
from tests.bench.bench import Bench, Filled
from tests.bench.floors import asked
from tests.bench.measuring import Result, by_turns, each, percentile
from tests.bench.workload import DAYS, FIRST_DAY, FULL, MISSIONS

Question = tuple[str, str, int]
SAME, ANYWHERE = "the same questions", "anywhere"
ASKED, FOLDED = 200, 5


def measure(bench: Bench) -> Iterator[Result]:
    first = bench.sizes[0]
    for kind in bench.kinds:
        yield from _as_it_grows(bench, kind, first)
        for size in bench.sizes:
            for what, upto in ((SAME, first), (ANYWHERE, size)):
                yield from _beside_folding(bench.ledger(kind, size), kind, size, what, questions(ASKED, upto))


def questions(count: int, upto: int) -> list[Question]:
    """Missions with a day and a position, both before the entry `upto`; a day before that position was recorded."""
    choose, asked_for = random.Random(5), []
    for _ in range(count):
        known = choose.randrange(upto // 4, upto)
        day = FIRST_DAY + timedelta(days=choose.randrange(int(DAYS * (known / FULL) ** 0.25) + 1))
        asked_for.append((f"mission-{choose.randrange(MISSIONS):02d}", day.isoformat(), known))
    return asked_for


def _as_it_grows(bench: Bench, kind: str, first: int) -> Iterator[Result]:
    asked_for = questions(ASKED, first)
    turns = by_turns(
        {str(size): lambda size=size: _p99(bench.ledger(kind, size), asked_for) for size in bench.sizes},  # type: ignore[misc]
        bench.rounds,
    )
    for size in bench.sizes[1:]:
        yield Result(
            work="snapshot p99", database=kind, size=size, beside=f"{first:,} entries", unit="ms",
            ours=turns.median(str(size)), peer=turns.median(str(first)), ratio=turns.ratio(str(size), str(first)),
            asked=asked("snapshot p99", kind, "smallest"), note=f"{SAME}, so the same answers",
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
        asked=asked("snapshot p99", kind, "alone"), note=note,
    )  # fmt: skip
    yield Result(
        work="snapshot", database=kind, size=size, beside=f"folding, {what}", unit="ms",
        ours=percentile([pair[0] for pair in pairs], 0.5), peer=percentile([pair[1] for pair in pairs], 0.5),
        ratio=percentile([pair[1] / pair[0] for pair in pairs], 0.5), asked=asked("snapshot", kind, "folding"),
        note="ratio: how many times faster than folding the mission's entries",
    )  # fmt: skip
