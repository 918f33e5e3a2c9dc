"""Drawings of figures: where their lines and bars lie. Pure; the templates write them as SVG.

They are drawn on the server, so that they need no script, can be printed, take the colours of the page, and each mark can be
followed to its entries.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from ledger.values import first_day
from projections import figures
from projections.projection import Row

Figure = Mapping[str, Any] | None


@dataclass(frozen=True)
class Bar:
    """One bar of a scale from 0 to 100: certain up to `sure`, possible up to `perhaps`; `open` where nobody says how far."""

    sure: float
    perhaps: float
    open: bool


def bar(figure: Figure, most: Decimal) -> Bar | None:
    """A figure as a bar, where `most` fills the scale; None where there is nothing to draw."""
    if figure is None or (figure["minimum"] is None and figure["maximum"] is None):
        return None
    low = Decimal(figure["minimum"] or 0)
    high = Decimal(figure["maximum"]) if figure["maximum"] is not None else low
    return Bar(_share(low, most), _share(high, most), figure["maximum"] is None)


def _share(value: Decimal, most: Decimal) -> float:
    return round(float(100 * max(value, Decimal(0)) / most), 2) if most else 0.0


def most_of(shown: Iterable[Figure]) -> Decimal:
    """The largest end among figures."""
    ends = (Decimal(end) for one in shown if one for end in (one["minimum"], one["maximum"]) if end is not None)
    return max(ends, default=Decimal(0))


# --- strength over time ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """From `day` on so many are there, by what was said of arrivals and departures."""

    day: str
    figure: Row
    change: Row
    entries: list[int]


@dataclass(frozen=True)
class Report:
    """Somebody's count on a day."""

    day: str
    figure: Row
    reporter: str | None
    entries: list[int]


@dataclass(frozen=True)
class Ceiling:
    """The most that were allowed from `day` on."""

    day: str
    most: int
    entries: list[int]


@dataclass(frozen=True)
class Strength:
    """Strength over time; `last` is the day of the question."""

    steps: list[Step]
    reports: list[Report]
    ceilings: list[Ceiling]
    last: str

    @property
    def is_empty(self) -> bool:
        return not (self.steps or self.reports or self.ceilings)


def strength(deployments: Sequence[Row], mandate: Row | None, valid_at: str) -> Strength:
    """How many people were there, from the rows of deployments and the ceilings of the mandate."""
    people = [row for row in deployments if row["kind"] == "personnel" and row["unit"] is None]
    moves = [m for row in people if row["party"] != "mission" for m in row["movements"]]
    counted = [m for m in moves if not m["temporary"] and m["rank"] != "deprecated"]
    reports = [
        Report(first_day(r["effective"]), r["figure"], r["reporter"], r["entries"])
        for row in people
        if row["party"] == "mission"
        for r in row["reports"]
        if r["rank"] != "deprecated" and r["figure"] and r["figure"]["minimum"] is not None
    ]
    return Strength(_steps(counted), sorted(reports, key=lambda r: r.day), _ceilings(mandate), valid_at)


def _steps(movements: Iterable[Row]) -> list[Step]:
    by_day: dict[str, list[Row]] = {}
    for movement in movements:
        by_day.setdefault(first_day(movement["effective"]), []).append(movement)
    steps: list[Step] = []
    so_far: list[figures.Part] = []
    for day in sorted(by_day):
        parts = [figures.part(m["item"], m["entries"], 1 if m["direction"] == "in" else -1) for m in by_day[day]]
        change = figures.total(parts)
        whole = figures.total([*so_far, *parts])
        assert change is not None
        assert whole is not None
        so_far = [figures.again(whole)._replace(entries=())]
        steps.append(Step(day, whole, change, change["entries"]))
    return steps


def _ceilings(mandate: Row | None) -> list[Ceiling]:
    ceilings = [c for c in (mandate or {}).get("ceilings", []) if c.get("rank") != "deprecated"]
    return sorted((Ceiling(first_day(c["since"]), c["total"], c["entries"]) for c in ceilings), key=lambda c: c.day)


@dataclass(frozen=True)
class Axis:
    """A scale: places of marks, each with its label."""

    marks: list[tuple[float, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Drawing:
    """A chart over time in a box of `width` by `height`: the plot lies within the margins."""

    width: int
    height: int
    x: Axis
    y: Axis
    line: str
    band: str
    dots: list[tuple[float, float, Report]]
    ceiling: str
    steps: list[tuple[float, float, Step]]
    left: int
    right: int
    top: int
    bottom: int


def draw(strength: Strength, width: int, height: int) -> Drawing:
    """Strength as lines: what is certain as a line of steps, what is possible as a band above, reports as dots."""
    left, right, top, bottom = 48, width - 12, 12, height - 28
    days = [s.day for s in strength.steps] + [r.day for r in strength.reports] + [c.day for c in strength.ceilings]
    first = min(days)
    span = max(1, _days(first, strength.last))
    tops = [_high(s.figure) for s in strength.steps] + [_high(r.figure) for r in strength.reports]
    most = _round_up(max([*tops, *(c.most for c in strength.ceilings), 1]))

    def x(day: str) -> float:
        return round(left + (right - left) * _days(first, day) / span, 1)

    def y(count: float) -> float:
        return round(bottom - (bottom - top) * max(0.0, count) / most, 1)

    lows = _stairs([(x(s.day), y(_low(s.figure))) for s in strength.steps], right)
    highs = _stairs([(x(s.day), y(_high(s.figure))) for s in strength.steps], right)
    band = [*highs, *reversed(lows)] if highs != lows else []
    return Drawing(
        width, height, _time_axis(first, strength.last, x, (right - left) // 90), Axis([(y(n), f"{n:,}") for n in _marks(most)]),
        _path(lows), _path(band, closed=True), [(x(r.day), y(_middle(r.figure)), r) for r in strength.reports],
        _path(_stairs([(x(c.day), y(c.most)) for c in strength.ceilings], right)),
        [(x(s.day), y(_low(s.figure)), s) for s in strength.steps], left, right, top, bottom,
    )  # fmt: skip


def _stairs(points: Sequence[tuple[float, float]], end: float) -> list[tuple[float, float]]:
    """Points as stairs: each level lasts until the next point, the last until the end."""
    made: list[tuple[float, float]] = []
    for place, level in points:
        if made:
            made.append((place, made[-1][1]))
        made.append((place, level))
    return [*made, (end, made[-1][1])] if made else []


def _path(points: Sequence[tuple[float, float]], closed: bool = False) -> str:
    return "M" + "L".join(f"{x},{y}" for x, y in points) + ("Z" if closed else "") if points else ""


def _low(figure: Row) -> float:
    return float(figure["minimum"] or 0)


def _high(figure: Row) -> float:
    return float(figure["maximum"] if figure["maximum"] is not None else figure["minimum"] or 0)


def _middle(figure: Row) -> float:
    return (_low(figure) + _high(figure)) / 2


def _round_up(most: float) -> int:
    """A round number that is no less, with round quarters."""
    unit = 10 ** max(0, math.floor(math.log10(most)) - 1)
    return next(n * unit for n in (10, 12, 16, 20, 24, 28, 32, 40, 48, 60, 80, 100) if n * unit >= most)


def _marks(most: int) -> list[int]:
    return [most * n // 4 for n in range(5)] if most >= 4 else list(range(most + 1))


def _time_axis(first: str, last: str, x: Any, room: int) -> Axis:
    """The beginnings of months, quarters or years, as many as there is room for."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    months = [date(n // 12, n % 12 + 1, 1) for n in range(start.year * 12 + start.month, end.year * 12 + end.month)]
    for every in (1, 3, 6, 12, 24, 60, 120):
        chosen = [m for m in months if (m.year * 12 + m.month - 1) % every == 0]
        if len(chosen) <= max(2, room):
            return Axis([(x(m.isoformat()), f"{m:%b %Y}" if every < 12 else str(m.year)) for m in chosen])
    return Axis()


def _days(first: str, last: str) -> int:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


# --- figures that last until the next ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Level:
    """From `day` on this figure holds; none where there is none any more. `entries` say so."""

    day: str
    figure: Figure
    entries: list[int]


@dataclass(frozen=True)
class Curve:
    """A figure over time."""

    name: str
    levels: list[Level]


@dataclass(frozen=True)
class DrawnCurve:
    """A curve: what is certain as a line of steps, what is possible as a band above; broken where nobody says a figure."""

    name: str
    line: str
    band: str
    marks: list[tuple[float, float, Level]]


@dataclass(frozen=True)
class Curves:
    """Several curves in a box of `width` by `height`."""

    width: int
    height: int
    x: Axis
    y: Axis
    curves: list[DrawnCurve]
    left: int
    right: int
    top: int
    bottom: int


def draw_curves(curves: Sequence[Curve], last: str, width: int, height: int) -> Curves:
    """Curves on one scale from 0, until the day `last`."""
    left, right, top, bottom = 56, width - 12, 12, height - 28
    levels = [level for curve in curves for level in curve.levels]
    first = min(level.day for level in levels)
    span = max(1, _days(first, last))
    most = _top(max([*(_high(dict(level.figure)) for level in levels if level.figure), 1]))

    def x(day: str) -> float:
        return round(left + (right - left) * _days(first, day) / span, 1)

    def y(count: float) -> float:
        return round(bottom - (bottom - top) * max(0.0, count) / most, 1)

    return Curves(
        width, height, _time_axis(first, last, x, (right - left) // 90), Axis([(y(n), _compact(n)) for n in _marks(most)]),
        [_drawn(curve, x, y, right) for curve in curves], left, right, top, bottom,
    )  # fmt: skip


def _drawn(curve: Curve, x: Any, y: Any, right: float) -> DrawnCurve:
    lines, bands, marks = [], [], []
    for run, end in _runs(curve.levels):
        until = x(end) if end is not None else right
        lows, highs = (
            _stairs([(x(one.day), y(of(dict(one.figure or {})))) for one in run], until) for of in (_low, _high)
        )
        lines.append(_path(lows))
        bands.append(_path([*highs, *reversed(lows)], closed=True) if highs != lows else "")
        marks += [(x(one.day), y(_low(dict(one.figure or {}))), one) for one in run]
    return DrawnCurve(curve.name, "".join(lines), "".join(bands), marks)


def _runs(levels: Sequence[Level]) -> list[tuple[list[Level], str | None]]:
    """Levels that follow each other without a break, and the day on which they end; None where they last."""
    runs: list[tuple[list[Level], str | None]] = []
    run: list[Level] = []
    for level in levels:
        if level.figure is not None and (level.figure["minimum"] is not None or level.figure["maximum"] is not None):
            run.append(level)
        elif run:
            runs.append((run, level.day))
            run = []
    return [*runs, (run, None)] if run else runs


def _top(most: float) -> int:
    """The end of a scale: of small counts so that every mark is a whole number."""
    if most > 12:
        return _round_up(most)
    return math.ceil(most) if most <= 4 else 4 * math.ceil(most / 4)


def _compact(count: int) -> str:
    """120,000,000 as 120 m, so that it has room beside an axis."""
    return f"{count / 1_000_000:g} m" if count >= 1_000_000 else f"{count:,}"
