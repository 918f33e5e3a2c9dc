"""What a pledge promised and what came of it over time, matter by matter. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.web.charts import Curve, Figure, Level
from api.web.pledge_table import matter
from ledger.values import first_day
from projections import figures
from projections.fulfilment import matter_of
from projections.pledges import counts
from projections.projection import Row

Matter = tuple[str, str]
_ENDED = ("withdrawn", "lapsed", "converted")
_LOSSES = ("equipment.lost", "casualty.reported")
_PAID = {"received": 1, "refunded": -1}


@dataclass(frozen=True)
class Course:
    """One matter over time: what was pledged, and what was delivered; `alone` where nobody said which pledge
    it fulfils, and the party has made no other of this matter."""

    kind: str
    of: str
    pledged: Curve
    delivered: Curve
    alone: bool

    @property
    def text(self) -> str:
        """What is counted, in words."""
        return matter(self.kind, self.of)

    @property
    def is_drawn(self) -> bool:
        """Whether there is a figure to draw."""
        return any(has_figure(level.figure) for curve in (self.pledged, self.delivered) for level in curve.levels)


def has_figure(figure: Figure) -> bool:
    return figure is not None and (figure["minimum"] is not None or figure["maximum"] is not None)


def courses(pledge: Row, history: Sequence[Row], made: Mapping[str, Any]) -> list[Course]:
    """The matters of a pledge over time. `made`: the answers pledges, deployments and payments."""
    pledged = _pledged(history)
    return [_course(of, levels, pledge, made) for of, levels in pledged.items()]


def _course(of: Matter, pledged: list[Level], pledge: Row, made: Mapping[str, Any]) -> Course:
    rivals = [
        other for other in made["pledges"]
        if other["parties"] == pledge["parties"] and other["pledge"] != pledge["pledge"] and counts(other)
        and any(matter_of(item) == of for item in other["items"])
    ]  # fmt: skip
    alone = not rivals and counts(pledge)
    names = {pledge["pledge"], *pledge["converts"]}
    party = "+".join(pledge["parties"]) if alone else None
    moves = (
        _payments(names, party, of[1], made["payments"])
        if of[0] == "money"
        else _moves(names, party, of, made["deployments"])
    )
    return Course(*of, Curve("pledged", pledged), Curve("delivered", _summed(moves, of[0] == "money")), alone)


def _pledged(history: Iterable[Row]) -> dict[Matter, list[Level]]:
    """By matter what was pledged, from each day on which the terms changed."""
    found: dict[Matter, list[Level]] = {}
    items: Sequence[Row] = ()
    status: str | None = None
    for change in history:
        said = {field["field"]: field["to"] for field in change["fields"]}
        if change["retracted"] or not {"items", "status"} & set(said):
            continue
        items, status = said.get("items", items) or (), said.get("status", status)
        _level(found, first_day(change["effective"]), items if status not in _ENDED else (), (change["position"],))
    return found


def _level(found: dict[Matter, list[Level]], day: str, items: Sequence[Row], entries: tuple[int, ...]) -> None:
    matters = dict.fromkeys([*found, *map(matter_of, items)])
    for of in matters:
        sum_of = figures.total(
            (figures.part(item, entries) for item in items if matter_of(item) == of), of[0] == "money"
        )
        levels = found.setdefault(of, [])
        if not levels or not _same(levels[-1].figure, sum_of):
            kept = [level for level in levels if level.day != day]
            found[of] = [*kept, Level(day, sum_of, list(entries))]


def _same(one: Figure, other: Figure) -> bool:
    shown = ({name: value for name, value in (figure or {}).items() if name != "entries"} for figure in (one, other))
    return next(shown) == next(shown)


def _moves(
    names: set[str], party: str | None, of: Matter, deployments: Iterable[Row]
) -> Iterator[tuple[str, figures.Part]]:
    """What came and left: what is said to fulfil the pledge, and of `party` what is said to fulfil none."""
    for row in deployments:
        if row["kind"] == "casualty" or row["party"] == "mission":
            continue
        for move in row["movements"]:
            is_own = move["fulfils"] in names or (
                not move["fulfils"] and row["party"] == party and row["recipient"] is None
            )
            counted = not move["temporary"] and move["rank"] != "deprecated" and move["type"] not in _LOSSES
            if is_own and counted and matter_of({"kind": row["kind"], **move["item"]}) == of:
                sign = 1 if move["direction"] == "in" else -1
                yield first_day(move["effective"]), figures.part(move["item"], move["entries"], sign)


def _payments(
    names: set[str], party: str | None, currency: str, payments: Iterable[Row]
) -> Iterator[tuple[str, figures.Part]]:
    for paid in payments:
        is_own = paid["fulfils"] in names or (not paid["fulfils"] and "+".join(paid["parties"]) == party)
        if is_own and paid["money"]["currency"] == currency and paid["flow"] in _PAID and paid["rank"] != "deprecated":
            yield first_day(paid["effective"]), figures.part(paid["money"], paid["entries"], _PAID[paid["flow"]])


def _summed(moves: Iterable[tuple[str, figures.Part]], money: bool) -> list[Level]:
    """The balance after each day."""
    by_day: dict[str, list[figures.Part]] = {}
    for day, part in moves:
        by_day.setdefault(day, []).append(part)
    made: list[Level] = []
    so_far: list[figures.Part] = []
    for day in sorted(by_day):
        whole = figures.total([*so_far, *by_day[day]], money)
        assert whole is not None
        made.append(Level(day, whole, sorted({position for part in by_day[day] for position in part.entries})))
        so_far = [figures.again(whole)._replace(entries=())]
    return made
