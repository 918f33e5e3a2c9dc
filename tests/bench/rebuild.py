"""All projections anew: beside a bare scan of as many events, and beside the projections of `eventsourcing`.

Ours makes every row of eleven projections at every two clocks; theirs one row for each subject, as of now. Theirs takes the
first of the events only, since each of them is a transaction: its rate does not depend on how many there are.
"""

from collections.abc import Iterator
from itertools import islice

from tests.bench import ours
from tests.bench.bench import Bench
from tests.bench.eventsourced import EventSourced
from tests.bench.eventsourced_view import forget, project_all
from tests.bench.floors import EVENTSOURCING, RAW, asked
from tests.bench.measuring import Result, by_turns, rate
from tests.bench.peers import batches, raw
from tests.bench.workload import Workload

THEIRS, SCANNED, ROUNDS_OF_MANY = 2_000, 1_000_000, 3


def measure(bench: Bench) -> Iterator[Result]:
    for kind in bench.kinds:
        for size in bench.sizes:
            yield from _one(bench, kind, size)


def _one(bench: Bench, kind: str, size: int) -> Iterator[Result]:
    ledger, scanned, theirs = bench.ledger(kind, size), min(size, SCANNED), min(size, THEIRS)
    urls = bench.fresh(kind, "scanned"), bench.fresh(kind, "projected")
    plain, url = raw(urls[0]), urls[1]
    fill_raw(plain, scanned)
    library = EventSourced(url)
    for lot in batches(Workload().take(theirs)):
        library.append_all(lot)
    forget(url)

    def theirs_anew() -> float:
        reached = rate(theirs, lambda: project_all(library, url))
        forget(url)
        return reached

    turns = by_turns(
        {
            "ours": lambda: rate(ledger.workload.position, lambda: ours.rebuild(ledger.engine)),
            RAW: lambda: rate(scanned, plain.scan),
            EVENTSOURCING: theirs_anew,
        },
        bench.rounds if size <= 100_000 else ROUNDS_OF_MANY,
        warm=size <= 100_000,
    )
    for peer, name, count in ((RAW, f"{plain.name}, scan", scanned), (EVENTSOURCING, library.name, theirs)):
        yield Result(
            work="rebuild", database=kind, size=size, beside=name, unit="/s", ours=turns.median("ours"),
            peer=turns.median(peer), ratio=turns.ratio("ours", peer), asked=asked("rebuild", kind, peer, size),
            note=f"theirs: {count:,} events",
        )  # fmt: skip
    bench.end(urls, plain, library)


def fill_raw(plain: object, count: int) -> None:
    """As many events in the bare table, a lot at a time."""
    append_all = getattr(plain, "copy_all", None) or plain.append_all  # type: ignore[attr-defined]
    left = iter(Workload())
    for done in range(0, count, 10_000):
        append_all(list(islice(left, min(10_000, count - done))))
