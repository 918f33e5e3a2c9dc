"""Where the time of recording goes: its parts, for one event at a time and for sixteen that are recorded together.

python -m tests.bench.parts [--entries 10000]

Each part is told without the parts within it, so that they add up; microseconds of an event on the clock, medians of lots. To measure
a part takes half a microsecond each time.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ledger.driver
import ledger.recording
import projections.runner
import projections.timeline
import projections.work
from ledger.recording import Request
from ledger.schemas import parse_event
from ledger.writer import Writer
from projections.runner import Projector
from tests.bench import ours
from tests.bench.databases import POSTGRESQL, SQLITE, Databases
from tests.bench.workload import Workload

LOTS, LOT, BEFORE, TOGETHER = 15, 320, 2_000, 16
PARTS: dict[str, list[tuple[Any, str]]] = {
    "reading and validating the event": [(sys.modules[__name__], "parse_event")],
    "reading what decisions need": [(ledger.recording, "remembered")],
    "deciding; payload, commitment, envelope": [(ledger.recording._Part, "decided")],
    "which rows change, and how": [(Projector, "__call__")],
    "reading of those rows": [(projections.work, "ask"), (projections.runner, "ask"), (projections.work, "entries_of")],
    "folding the event into them": [(projections.timeline, "parted")],
    "packing them": [(projections.timeline, "packed"), (projections.timeline, "unpacked")],
    "statements that write": [(ledger.recording, "carry_out")],
    "commit": [(ledger.driver.one_trip, "__exit__")],
}
REST = "everything between"


class Watch:
    """Time by part, each without the parts that it calls."""

    def __init__(self) -> None:
        self.spent, self._within = Counter[str](), [0.0]

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            self._within.append(0.0)
            begun = time.perf_counter()
            try:
                return function(*args, **named)
            finally:
                took = time.perf_counter() - begun
                self.spent[part] += took - self._within.pop()
                self._within[-1] += took

        return call


@contextmanager
def watched() -> Iterator[Watch]:
    watch, kept = Watch(), [(place, name, getattr(place, name)) for places in PARTS.values() for place, name in places]
    try:
        for part, places in PARTS.items():
            for place, name in places:
                setattr(place, name, watch.timed(part, getattr(place, name)))
        yield watch
    finally:
        for place, name, function in kept:
            setattr(place, name, function)


def measured(writer: Writer, workload: Workload, size: int) -> dict[str, float]:
    """Microseconds of an event in each part, where so many are recorded at once."""
    lots: list[dict[str, float]] = []
    with watched() as watch:
        record = watch.timed(REST, lambda lot: _record(writer, lot))
        for _ in range(LOTS):
            watch.spent.clear()
            said = workload.take(LOT, settled=workload.position)
            for start in range(0, LOT, size):
                record(said[start : start + size])
            lots.append({part: watch.spent[part] / LOT * 1_000_000 for part in (*PARTS, REST)})
    return {part: statistics.median(lot[part] for lot in lots) for part in (*PARTS, REST)}


def _record(writer: Writer, said: Sequence[Any]) -> None:
    outcomes = writer._committed([Request([parse_event(one)], ours.ACTOR) for one in said])
    assert not any(isinstance(outcome, Exception) for outcome in outcomes)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--entries", type=int, default=10_000)
    count, columns = asked.parse_args().entries, {}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # PostgreSQL's own user has to reach its data
        databases = Databases(Path(folder))
        for kind in (SQLITE, POSTGRESQL):
            engine, workload = ours.made(databases.fresh(kind, "parts")), Workload()
            ours.fill(engine, workload, count)
            writer = Writer(engine, Projector)
            for said in workload.take(BEFORE):
                writer.record([parse_event(said)], actor=ours.ACTOR)
            for size in (1, TOGETHER):
                columns[f"{kind}, {'one' if size == 1 else size} at a time"] = measured(writer, workload, size)
            engine.dispose()
        databases.close()
    print("| µs of an event | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
    for part in (*PARTS, REST):
        print(f"| {part} | " + " | ".join(f"{column[part]:.0f}" for column in columns.values()) + " |")
    print("| together | " + " | ".join(f"{sum(column.values()):.0f}" for column in columns.values()) + " |")


if __name__ == "__main__":
    main()
