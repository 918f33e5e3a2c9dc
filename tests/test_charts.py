"""Drawings lie where their figures say."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from api.web import charts
from api.web.charts import bar, draw, strength


def figure(low: int | None, high: int | None, unspecified: int = 0) -> dict[str, Any]:
    return {"minimum": low, "maximum": high, "approximate": False, "unspecified": unspecified, "entries": [1]}


def movement(day: str, low: int, high: int | None = None, direction: str = "in", position: int = 1) -> dict[str, Any]:
    item = {"kind": "personnel", "category": "troops", "minimum": low, "maximum": low if high is None else high}
    return {
        "effective": day, "direction": direction, "item": item, "temporary": None, "rank": "normal",
        "entries": [position], "position": position,
    }  # fmt: skip


def deployments(*movements: dict[str, Any], reports: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    people = {"kind": "personnel", "unit": None}
    return [
        {**people, "party": "KEN", "movements": list(movements), "reports": []},
        {**people, "party": "mission", "movements": [], "reports": reports or []},
    ]


def test_a_point_fills_its_share_of_the_scale() -> None:
    assert bar(figure(50, 50), Decimal(200)) == charts.Bar(25.0, 25.0, False)


def test_a_range_is_sure_up_to_its_lower_end_and_possible_up_to_its_upper() -> None:
    assert bar(figure(50, 100), Decimal(200)) == charts.Bar(25.0, 50.0, False)


def test_a_figure_without_an_upper_end_is_drawn_open() -> None:
    assert bar(figure(50, None), Decimal(200)) == charts.Bar(25.0, 25.0, True)


def test_no_specifics_are_not_drawn_as_nothing() -> None:
    assert bar(figure(None, None, 1), Decimal(200)) is None
    assert bar(None, Decimal(200)) is None


def test_strength_goes_up_with_arrivals_and_down_with_departures() -> None:
    made = strength(
        deployments(movement("2024-06-25", 200), movement("2024-07", 50, direction="out")), None, "2024-12-31"
    )

    assert [(step.day, step.figure["minimum"], step.change["minimum"]) for step in made.steps] == [
        ("2024-06-25", 200, 200),
        ("2024-07-01", 150, -50),
    ]


def test_each_step_names_the_entries_of_its_day_alone() -> None:
    made = strength(
        deployments(movement("2024-06-25", 200, position=7), movement("2024-06-30", 5, position=9)), None, "2024-12-31"
    )

    assert [step.entries for step in made.steps] == [[7], [9]]


def test_deprecated_movements_and_visits_are_not_drawn() -> None:
    visit = {**movement("2024-06-25", 200), "temporary": True}
    deprecated = {**movement("2024-06-25", 200), "rank": "deprecated"}

    assert strength(deployments(visit, deprecated), None, "2024-12-31").is_empty


def test_a_ceiling_stands_from_its_day_on() -> None:
    mandate = {"ceilings": [{"total": 5550, "since": "2025-09-30", "entries": [3]}]}

    assert strength([], mandate, "2025-12-31").ceilings == [charts.Ceiling("2025-09-30", 5550, [3])]


counts = st.integers(0, 10_000)


@given(
    st.lists(
        st.tuples(st.dates().map(lambda d: d.replace(year=2000 + d.year % 100).isoformat()), counts, counts), min_size=1
    )
)
def test_whatever_moves_is_drawn_within_the_plot(moves: list[tuple[str, int, int]]) -> None:
    made = strength(deployments(*(movement(day, low, low + more) for day, low, more in moves)), None, "2099-12-31")

    drawing = draw(made, 720, 300)

    for x, y, _ in drawing.steps:
        assert drawing.left <= x <= drawing.right
        assert drawing.top <= y <= drawing.bottom
    assert all(drawing.left <= place <= drawing.right for place, _ in drawing.x.marks)
