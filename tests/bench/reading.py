"""Reading everything: an audit of the whole ledger beside bare hashing, and the timeline of one mission beside bare reading."""

from collections.abc import Iterator
from hashlib import sha256

import orjson

from ledger.store import reading
from tests.bench import ours
from tests.bench.bench import Bench
from tests.bench.measuring import Result, by_turns, rate

HASHED, ROUNDS_OF_MANY, MISSION = 100_000, 3, "mission-00"


def verify(bench: Bench) -> Iterator[Result]:
    for kind in bench.kinds:
        for size in bench.sizes:
            yield _audit(bench, kind, size)


def _audit(bench: Bench, kind: str, size: int) -> Result:
    engine, count = bench.ledger(kind, size).engine, bench.ledger(kind, size).workload.position
    key = ours.prove(engine, bench.folder)
    with reading(engine) as connection:
        leaves = ours.envelopes(connection, HASHED)
        turns = by_turns(
            {
                "ours": lambda: rate(count, lambda: ours.audited(connection, key)),
                "bare": lambda: rate(len(leaves), lambda: [sha256(b"\0" + leaf).digest() for leaf in leaves]),
            },
            bench.rounds if size <= HASHED else ROUNDS_OF_MANY,
            warm=size <= HASHED,
        )
    return Result(
        work="verify", database=kind, size=size, beside="bare hashes, one core", unit="/s", ours=turns.median("ours"),
        peer=turns.median("bare"), ratio=turns.ratio("ours", "bare"),
    )  # fmt: skip


def history(bench: Bench) -> Iterator[Result]:
    for kind in bench.kinds:
        for size in bench.sizes:
            yield _timeline(bench, kind, size)


def _timeline(bench: Bench, kind: str, size: int) -> Result:
    with reading(bench.ledger(kind, size).engine) as connection:
        count = len(ours.payloads(connection, MISSION))
        turns = by_turns(
            {
                "ours": lambda: rate(count, lambda: ours.history(connection, MISSION)),
                "bare": lambda: rate(count, lambda: [orjson.loads(one) for one in ours.payloads(connection, MISSION)]),
            },
            bench.rounds,
        )
    return Result(
        work="history", database=kind, size=size, beside="reading and parsing them", unit="/s", ours=turns.median("ours"),
        peer=turns.median("bare"), ratio=turns.ratio("ours", "bare"), note=f"{count:,} entries of one mission",
    )  # fmt: skip
