"""One durable event at a time, in one process: beside the bare database and `eventsourcing`, and as the ledger grows.

Ours validates the JSON, decides, appends, brings the index up to it and commits; the others write bytes. Theirs is a new
table, ours a ledger of the size that the row names, and a writer that has been at work for a while and remembers what it wrote.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from tests.bench import ours
from tests.bench.bench import Bench
from tests.bench.eventsourced import Commanded, EventSourced
from tests.bench.floors import EVENTSOURCING, RAW, asked
from tests.bench.measuring import Measure, Result, Turns, by_turns, each, percentile, rate
from tests.bench.ours import Append
from tests.bench.peers import raw
from tests.bench.workload import Said

APPENDS, OFTENER = 25, 5  # short turns and many: a disk is fast or slow for a second at a time
BEFORE = 2_000  # appends that a writer has done before it is measured


def measure(bench: Bench) -> Iterator[Result]:
    for kind in bench.kinds:
        for size in bench.sizes:
            yield from _beside_others(bench, kind, size)
        if len(bench.sizes) > 1:
            yield from _as_it_grows(bench, kind)


def _beside_others(bench: Bench, kind: str, size: int) -> Iterator[Result]:
    ledger = bench.ledger(kind, size)
    rounds = bench.rounds * OFTENER
    urls = [bench.fresh(kind, name) for name in ("raw", "library", "commanded")]
    plain, library, commanded = raw(urls[0]), EventSourced(urls[1]), Commanded(urls[2])
    peers = ((RAW, plain), (EVENTSOURCING, library), ("get and save", commanded))
    with ours.writer(ledger.engine) as append:
        for said in ledger.workload.take(BEFORE):
            append(said)
        lots = [ledger.workload.take(APPENDS) for _ in range(rounds + 1)]
        contenders = {"ours": append, **{name: peer.append for name, peer in peers}}
        busy: dict[str, list[float]] = {name: [] for name in contenders}
        turns = by_turns({name: _rate_of(one, lots, busy[name]) for name, one in contenders.items()}, rounds)
    for peer, other in peers:
        yield Result(
            work="append", database=kind, size=size, beside=other.name, unit="/s", ours=turns.median("ours"),
            peer=turns.median(peer), ratio=turns.ratio("ours", peer), asked=asked("append", kind, peer),
        )  # fmt: skip
    processor = Turns(busy)
    for peer, other in peers:
        yield Result(
            work="append, processor", database=kind, size=size, beside=other.name, unit="µs", ours=processor.median("ours"),
            peer=processor.median(peer), ratio=processor.ratio("ours", peer), note="time of this process, without waiting",
        )  # fmt: skip
    bench.end(urls, *(other for _, other in peers))


def _rate_of(append: Append, lots: Sequence[list[Said]], busy: list[float]) -> Measure:
    """The rate at which the next lot is appended; every contender gets the same lots. `busy` takes the processor time of
    each append, in microseconds."""
    left = iter(lots)

    def one_turn() -> float:
        lot, start = next(left), time.process_time()
        reached = rate(len(lot), lambda: [append(said) for said in lot])
        busy.append((time.process_time() - start) / len(lot) * 1_000_000)
        return reached

    return one_turn


def _as_it_grows(bench: Bench, kind: str) -> Iterator[Result]:
    """The median of a single append, by turns in ledgers of all sizes."""
    with ExitStack() as stack:
        halves: dict[str, Measure] = {}
        for size in bench.sizes:
            ledger = bench.ledger(kind, size)
            append = stack.enter_context(ours.writer(ledger.engine))
            for said in ledger.workload.take(BEFORE):
                append(said)
            halves[str(size)] = lambda ledger=ledger, append=append: percentile(  # type: ignore[misc]
                each(append, ledger.workload.take(APPENDS)), 0.5
            )
        turns = by_turns(halves, bench.rounds * OFTENER)
    first, *larger = bench.sizes
    for size in larger:
        yield Result(
            work="append p50", database=kind, size=size, beside=f"{first:,} entries", unit="ms",
            ours=turns.median(str(size)), peer=turns.median(str(first)), ratio=turns.ratio(str(size), str(first)),
            asked=asked("append p50", kind, "smallest"),
        )  # fmt: skip
