"""Sixteen threads of one process that append to one SQLite ledger: beside one thread doing the same, and how long each waits."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.bench import ours
from tests.bench.bench import Bench
from tests.bench.databases import SQLITE
from tests.bench.floors import asked
from tests.bench.measuring import Result, by_turns, each, percentile, rate, sized
from tests.bench.ours import Append
from tests.bench.workload import Said

THREADS, LEAST = 16, 160


def measure(bench: Bench) -> Iterator[Result]:
    if SQLITE in bench.kinds:
        for size in bench.sizes:
            yield from _one(bench, size)


def _one(bench: Bench, size: int) -> Iterator[Result]:
    ledger, waits = bench.ledger(SQLITE, size), list[float]()

    def lot(count: int) -> list[Said]:
        """Events that may be recorded in any order."""
        return ledger.workload.take(count, settled=ledger.size)

    with ours.writer(ledger.engine) as append, ThreadPoolExecutor(THREADS) as pool:

        def together(count: int) -> float:
            said = lot(count)
            return rate(count, lambda: waits.extend(_all(pool, append, said)))

        def alone(count: int) -> float:
            said = lot(count)
            return rate(count, lambda: each(append, said))

        turns = by_turns({"together": sized(together, LEAST), "alone": sized(alone, LEAST // 4)}, bench.rounds)
    yield Result(
        work="16 threads", database=SQLITE, size=size, beside="one thread", unit="/s", ours=turns.median("together"),
        peer=turns.median("alone"), ratio=turns.ratio("together", "alone"), asked=asked("16 threads", SQLITE, "one thread"),
    )  # fmt: skip
    yield Result(
        work="16 threads p99", database=SQLITE, size=size, beside="", unit="ms", ours=percentile(waits, 0.99),
        asked=asked("16 threads p99", SQLITE, "alone"), note=f"p50 {percentile(waits, 0.5):.1f} ms",
    )  # fmt: skip


def _all(pool: ThreadPoolExecutor, append: Append, said: Sequence[Said]) -> list[float]:
    """The milliseconds that each append took, shared out among the threads."""
    shares = [said[number::THREADS] for number in range(THREADS)]
    return [wait for waits in pool.map(lambda share: each(append, share), shares) for wait in waits]
