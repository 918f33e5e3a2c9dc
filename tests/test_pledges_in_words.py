"""A pledge for its page: its life, its figure over time, its place in the table."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from api.problems import Problem
from api.web.charts import Curve, Level, draw_curves
from api.web.life import differences, life, proof
from api.web.pledge_figures import courses
from api.web.pledge_table import chosen, lines, wanted
from tests.builders import announced, deployed, money, people, said
from tests.in_memory import LATE, answer, rows
from tests.rows import about_a, disputed, left, notified, pledged, received, short


@pytest.fixture(autouse=True)
def _words() -> Iterator[None]:
    with Flask(__name__).app_context():
        yield


# --- life ---------------------------------------------------------------------------------------------------------------


def change(position: int, type_name: str, **more: Any) -> dict[str, Any]:
    return {
        "position": position,
        "type": type_name,
        "effective": "2024-01-01",
        "retracted": False,
        "fields": [],
        **more,
    }


def test_corrections_and_retractions_stand_under_what_they_are_about() -> None:
    history = [
        change(1, "pledge.announced"),
        change(4, "entry.corrected"),
        change(6, "entry.retracted"),
        change(2, "claim.disputed"),
    ]

    told = life(history)

    assert [(event.change["position"], [one.change["position"] for one in event.about]) for event in told] == [
        (1, [4, 6]),
        (2, []),
    ]


def test_fields_that_say_nothing_before_and_after_are_left_out() -> None:
    fields = [{"field": "conditional", "from": None, "to": False}, {"field": "conditions", "from": None, "to": []}]

    assert differences(fields) == []


def test_sources_of_one_name_are_told_apart_by_what_differs() -> None:
    old, new = ({"symbol": "S/2024/262", "published": day} for day in ("2024-03-05", "2024-03-06"))

    (told,) = differences([{"field": "source", "from": old, "to": new}])

    assert (told.removed, told.added) == (["published: 5 March 2024"], ["published: 6 March 2024"])


def test_an_entry_is_signed_below_the_size_of_the_last_checkpoint() -> None:
    assert [proof(4, size) for size in (5, 4, None)] == ["in the signed log", "not signed yet", "no log"]


# --- over time ----------------------------------------------------------------------------------------------------------


def course(*events: dict[str, Any], pledge: str = "a") -> Any:
    """The matters of a pledge; its history as its own terms make it."""
    made = {name: answer(name, *events) for name in ("pledges", "deployments", "payments")}
    row = next(one for one in made["pledges"] if one["pledge"] == pledge)
    terms = next(one["all_terms"] for one in rows(*events)["pledges"] if one["key"] == pledge)
    history = [_told(one["since"], one["entries"][0], "items", one["items"]) for one in terms]
    ended = row["withdrawn"] or row["lapsed"]
    if ended:
        history.append(_told(ended["since"], ended["entries"][0], "status", row["status"]))
    return courses(row, history, made)


def _told(day: str, position: int, field: str, value: Any) -> dict[str, Any]:
    return change(position, "pledge.revised", effective=day, fields=[{"field": field, "from": None, "to": value}])


def levels(curve: Curve) -> list[tuple[str, Any]]:
    return [(level.day, short(level.figure)) for level in curve.levels]


def test_what_is_pledged_is_a_step_for_each_change_of_terms() -> None:
    (people_of,) = course(
        announced("a", count=100), notified("a", count=120), about_a("revised", items=[people(80, 90)])
    )

    assert levels(people_of.pledged) == [
        ("2024-01-01", (100, 100)),
        ("2024-03-01", (120, 120)),
        ("2024-04-01", (80, 90)),
    ]


def test_a_pledge_that_is_withdrawn_promises_no_more() -> None:
    (people_of,) = course(announced("a", count=100), about_a("withdrawn", "2024-05-01"))

    assert levels(people_of.pledged) == [("2024-01-01", (100, 100)), ("2024-05-01", None)]


def test_the_same_figure_in_other_words_is_no_step() -> None:
    (people_of,) = course(
        announced("a", count=100), about_a("revised", items=[people(70), people(30, category="civilian")])
    )

    assert levels(people_of.pledged) == [("2024-01-01", (100, 100))]


def test_each_matter_has_a_course_of_its_own() -> None:
    items = [
        people(10),
        {"kind": "money", **money("500")},
        {"kind": "equipment", "category": "helicopter", "unspecified": "not_stated"},
    ]

    found = course(announced("a"), about_a("revised", items=items))

    assert [(one.kind, one.of, one.is_drawn) for one in found] == [
        ("personnel", "person", True), ("money", "USD", True), ("equipment", "helicopter", False),
    ]  # fmt: skip


def test_what_comes_and_leaves_of_the_only_pledge_is_counted_for_it() -> None:
    (people_of,) = course(announced("a"), deployed(count=24, fulfils="a"), left(3))

    assert people_of.alone
    assert levels(people_of.delivered) == [("2024-02-01", (24, 24)), ("2024-06-01", (21, 21))]


def test_beside_another_pledge_only_what_is_said_to_fulfil_it_is_counted() -> None:
    (people_of,) = course(announced("a"), announced("b"), deployed(count=24, fulfils="a"), deployed(count=5), left(3))

    assert not people_of.alone
    assert levels(people_of.delivered) == [("2024-02-01", (24, 24))]


def test_of_money_the_payments_are_counted() -> None:
    (dollars,) = course(pledged("100", "a"), received("30"), {**received("20"), "effective": "2024-09-01"})

    assert [one for _, one in levels(dollars.delivered)] == [("30", "30"), ("50", "50")]


def test_a_curve_breaks_where_nobody_says_a_figure() -> None:
    figure = {"minimum": 10, "maximum": 10, "approximate": False, "unspecified": 0, "entries": []}
    none = {**figure, "minimum": None, "maximum": None, "unspecified": 1}
    curve = Curve(
        "pledged", [Level("2024-01-01", figure, []), Level("2024-02-01", none, []), Level("2024-03-01", figure, [])]
    )

    drawn = draw_curves([curve], "2024-04-01", 720, 240)

    assert drawn.curves[0].line.count("M") == 2
    assert len(drawn.curves[0].marks) == 2
    assert drawn.curves[0].band == ""


@pytest.mark.parametrize(
    ("most", "marks"),
    [
        (1, ["0", "1"]),
        (3, ["0", "1", "2", "3"]),
        (10, ["0", "3", "6", "9", "12"]),
        (3e8, ["0", "80 m", "160 m", "240 m", "320 m"]),
    ],
)
def test_the_marks_of_a_scale_are_whole_and_short(most: float, marks: list[str]) -> None:
    figure = {"minimum": str(most), "maximum": str(most), "approximate": False, "unspecified": 0, "entries": []}

    drawn = draw_curves([Curve("pledged", [Level("2024-01-01", figure, [])])], "2024-02-01", 720, 240)

    assert [text for _, text in drawn.y.marks] == marks


# --- the table ----------------------------------------------------------------------------------------------------------

HISTORY = [
    announced("a", "JAM", 100, condition="command"), announced("b", "KEN", 1000), said("pledge.suspended", "2024-03-01", pledge="b"),
    said("pledge.announced", "2023-06", pledge="c", party="USA", items=[{"kind": "money", **money("5")}]), disputed(0), deployed("JAM", 24),
]  # fmt: skip


def names(**arguments: str) -> list[str]:
    every = lines(answer("pledges", *HISTORY, valid_at=LATE), answer("fulfilment", *HISTORY, valid_at=LATE))
    return [line.row["pledge"] for line in chosen(every, wanted(arguments))]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({}, ["a", "b", "c"]),
        ({"party": "KEN"}, ["b"]),
        ({"status": "suspended"}, ["b"]),
        ({"kind": "money"}, ["c"]),
        ({"conditional": "yes"}, ["a"]),
        ({"disputed": "yes"}, ["a"]),
        ({"disputed": "no", "kind": "personnel"}, ["b"]),
        ({"party": "FRA"}, []),
        ({"sort": "-pledge"}, ["c", "b", "a"]),
        ({"sort": "since"}, ["c", "a", "b"]),
        ({"sort": "-what"}, ["c", "b", "a"]),
        ({"sort": "-delivered"}, ["a", "b", "c"]),
        ({"sort": "-changes"}, ["b", "a", "c"]),
        ({"sort": "status"}, ["a", "c", "b"]),
    ],
)
def test_pledges_are_filtered_and_ordered(arguments: dict[str, str], found: list[str]) -> None:
    assert names(**arguments) == found


def test_what_was_delivered_counts_for_every_pledge_of_the_matter() -> None:
    history = [announced("a"), announced("b"), deployed(count=24)]

    first, second = lines(answer("pledges", *history), answer("fulfilment", *history))

    assert first.deliveries == second.deliveries
    assert [(short(one.figure), one.of, one.others) for one in first.deliveries] == [((24, 24), "people", 1)]


@pytest.mark.parametrize("name", ["status", "kind", "conditional", "disputed", "sort"])
def test_a_filter_that_cannot_be_is_refused_by_name(name: str) -> None:
    with pytest.raises(Problem) as refused:
        wanted({name: "x"})

    assert refused.value.errors[0]["parameter"] == name
