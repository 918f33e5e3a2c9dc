"""How measurements are taken and told: by turns, in rounds, as medians and as the median of each round's ratio.

A machine's speed drifts by a third within minutes; what is measured in the same round has drifted alike. So a ratio is
taken within each round, and the order is turned round from one round to the next.
"""

import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Measure = Callable[[], float]
ROUNDS, LONGEST = 7, 20_000


@dataclass(frozen=True)
class Asked:
    """What a figure has to be: `least` or `most`, of the ratio, or of our own figure where `own`; of ledgers of so many
    entries, or more."""

    least: float | None = None
    most: float | None = None
    own: bool = False
    since: int = 0

    def __str__(self) -> str:
        bound = f"≥ {self.least:g}" if self.least is not None else f"≤ {self.most:g}"
        return bound if self.own else f"{bound} ×"

    def holds(self, ours: float, ratio: float | None) -> bool | None:
        value = ours if self.own else ratio
        if value is None:
            return None
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


@dataclass(frozen=True, kw_only=True)
class Result:
    """One row of the table. `ratio` is ours to the other's; of a time, a factor by which it grows."""

    work: str
    database: str
    size: int
    beside: str
    unit: str
    ours: float
    peer: float | None = None
    ratio: float | None = None
    asked: Asked | None = None
    note: str = ""

    @property
    def holds(self) -> bool | None:
        return self.asked.holds(self.ours, self.ratio) if self.asked else None

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "holds": self.holds, "asked": str(self.asked) if self.asked else None}


@dataclass(frozen=True)
class Turns:
    """What each contender reached in each round."""

    values: Mapping[str, Sequence[float]]

    def median(self, name: str) -> float:
        return statistics.median(self.values[name])

    def ratio(self, name: str, other: str) -> float:
        pairs = zip(self.values[name], self.values[other], strict=True)
        return statistics.median(mine / theirs for mine, theirs in pairs)


def by_turns(contenders: Mapping[str, Measure], rounds: int = ROUNDS, warm: bool = True) -> Turns:
    """Every contender once in each round; where `warm`, each has had one turn before that does not count."""
    values: dict[str, list[float]] = {name: [] for name in contenders}
    for measure in contenders.values() if warm else ():
        measure()
    for number in range(rounds):
        for name in sorted(contenders, reverse=number % 2 == 1):
            values[name].append(contenders[name]())
    return Turns(values)


def rate(count: int, work: Callable[[], object]) -> float:
    """How many of `count` a second."""
    return count / seconds(work)


def sized(turn: Callable[[int], float], least: int) -> Measure:
    """Turns of about a second: each as long as the rate of the one before says; the first is short."""
    count = least

    def one_turn() -> float:
        nonlocal count
        reached = turn(count)
        count = max(least, min(LONGEST, int(reached)))
        return reached

    return one_turn


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def each(work: Callable[[Any], object], over: Sequence[Any]) -> list[float]:
    """The milliseconds of every single call."""
    found = []
    for one in over:
        start = time.perf_counter()
        work(one)
        found.append((time.perf_counter() - start) * 1_000)
    return found


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def some(count: int, of: Sequence[Any], seed: int = 11) -> list[Any]:
    return random.Random(seed).choices(of, k=count)
