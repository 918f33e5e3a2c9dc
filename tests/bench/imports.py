"""A file into an empty ledger: read, validated, decided, hashed, indexed, and signed; beside `eventsourcing`, which saves as
many events a thousand at a time, and beside the driver's fastest way in.

Theirs takes no more than a hundred thousand events, since it goes on at the same pace.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import orjson

from tests.bench import ours
from tests.bench.bench import Bench
from tests.bench.eventsourced import EventSourced
from tests.bench.floors import EVENTSOURCING, asked
from tests.bench.measuring import Result, by_turns, rate
from tests.bench.peers import RawPostgreSQL, batches, raw
from tests.bench.workload import Workload

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
    few = size <= THEIRS
    turns = by_turns(
        {
            "ours": lambda: _ours(bench, kind, size, file),
            EVENTSOURCING: lambda: _theirs(bench, kind, min(size, THEIRS), EventSourced),
            "driver": lambda: _theirs(bench, kind, min(size, THEIRS), raw),
        },
        FEW if few else 1,
        warm=False,
    )
    driver = "raw psycopg, COPY" if kind == "postgresql" else "raw sqlite3, executemany"
    for peer, name in ((EVENTSOURCING, f"{EventSourced.name}, saves of 1,000"), ("driver", driver)):
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


def _theirs(bench: Bench, kind: str, count: int, peer: Callable[[str], object]) -> float:
    url, said = bench.fresh(kind, "theirs"), Workload().take(count)
    theirs: EventSourced | RawPostgreSQL = peer(url)  # type: ignore[assignment]
    append_all = theirs.copy_all if isinstance(theirs, RawPostgreSQL) else theirs.append_all
    reached = rate(count, lambda: [append_all(lot) for lot in batches(said)])
    theirs.close()
    bench.databases.drop(url)
    return reached
