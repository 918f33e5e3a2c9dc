"""A file into an empty ledger: read, validated, decided, hashed, indexed, and signed; beside `eventsourcing`, which saves as
many events a thousand at a time, and beside the driver's fastest way in.

Theirs takes no more than a hundred thousand events, since it goes on at the same pace.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from tests.bench import ours
from tests.bench.bench import Bench
from tests.bench.databases import POSTGRESQL
from tests.bench.eventsourced import EventSourced
from tests.bench.floors import EVENTSOURCING, asked
from tests.bench.measuring import Measure, Result, by_turns, rate
from tests.bench.peers import RawPostgreSQL, RawSQLite, batches, raw
from tests.bench.workload import Said, Workload

THEIRS, FEW = 100_000, 3


def measure(bench: Bench) -> Iterator[Result]:
    for size in bench.sizes:
        file = written(bench.folder / f"import-{size}.jsonl", size)
        for kind in bench.kinds:
            yield from _one(bench, kind, size, file)
        file.unlink()


def written(path: Path, count: int) -> Path:
    """A file of events as a client would have it: JSON Lines."""
    with path.open("wb") as file:
        file.writelines(orjson.dumps(said) + b"\n" for said in islice(Workload(), count))
    return path


def _one(bench: Bench, kind: str, size: int, file: Path) -> Iterator[Result]:
    few, ways = size <= THEIRS, {"executemany": RawSQLite.append_all}
    if kind == POSTGRESQL:
        ways = {"executemany": RawPostgreSQL.append_all, "COPY": RawPostgreSQL.copy_all}
    turns = by_turns(
        {
            "ours": lambda: _ours(bench, kind, size, file),
            EVENTSOURCING: lambda: _theirs(bench, kind, min(size, THEIRS)),
            **{way: _driver(bench, kind, min(size, THEIRS), append_all) for way, append_all in ways.items()},
        },
        FEW if few else 1,
        warm=False,
    )
    drivers = [(way, f"raw {'psycopg' if kind == POSTGRESQL else 'sqlite3'}, {way}") for way in ways]
    for peer, name in [(EVENTSOURCING, f"{EventSourced.name}, saves of 1,000"), *drivers]:
        yield Result(
            work="import", database=kind, size=size, beside=name, unit="/s", ours=turns.median("ours"),
            peer=turns.median(peer), ratio=turns.ratio("ours", peer), asked=asked("import", kind, peer, size),
            note=f"ours with validation, index and signature; theirs: {min(size, THEIRS):,} events",
        )  # fmt: skip


def _ours(bench: Bench, kind: str, size: int, file: Path) -> float:
    url = bench.fresh(kind, "imported")
    engine = ours.made(url)

    def work() -> None:
        ours.import_file(engine, file)
        ours.prove(engine, bench.folder)

    reached = rate(size, work)
    engine.dispose()
    bench.databases.drop(url)
    return reached


def _theirs(bench: Bench, kind: str, count: int) -> float:
    url = bench.fresh(kind, "library")
    library = EventSourced(url)
    reached = _rate(count, library.append_all)
    library.close()
    bench.databases.drop(url)
    return reached


def _driver(bench: Bench, kind: str, count: int, append_all: Callable[[Any, Sequence[Said]], None]) -> Measure:
    def turn() -> float:
        url = bench.fresh(kind, "driver")
        driver = raw(url)
        reached = _rate(count, lambda lot: append_all(driver, lot))
        driver.close()
        bench.databases.drop(url)
        return reached

    return turn


def _rate(count: int, append_all: Callable[[Sequence[Said]], None]) -> float:
    said = Workload().take(count)
    return rate(count, lambda: [append_all(lot) for lot in batches(said)])
