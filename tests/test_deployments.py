"""Deployments and observations: each shown by a small history in memory."""

from typing import Any

import pytest

from tests.builders import corrected, deployed, money, people, said
from tests.in_memory import answer
from tests.rows import Json, fund, left, lost, only, ranked, short, strength, troops

# --- deployments --------------------------------------------------------------------------------------------------


def test_what_came_less_what_left_is_there() -> None:
    events = [deployed(count=24), deployed(count=6, effective="2024-03-01"), left(10)]

    balances = [short(troops(*events, valid_at=day)["moved"]) for day in ("2024-02-01", "2024-03-01", "2024-06-01")]

    assert balances == [(24, 24), (30, 30), (20, 20)]
    assert troops(*events)["moved"]["entries"] == [0, 1, 2]


def test_a_rotation_moves_in_and_out_at_once() -> None:
    rotated = said("personnel.rotated", "2024-05-01", party="JAM", rotated_in=[people(20)], rotated_out=[people(24)])

    row = troops(deployed(count=24), rotated)

    assert short(row["moved"]) == (20, 20)
    assert [(m["type"], m["direction"]) for m in row["movements"]] == [
        ("personnel.deployed", "in"),
        ("personnel.rotated", "in"),
        ("personnel.rotated", "out"),
    ]


@pytest.mark.parametrize(
    ("casualty", "there"),
    [
        (lost("killed_in_action", minimum=2, maximum=2, category="troops"), (8, 8)),
        (lost("missing", minimum=1, maximum=3, category="troops"), (7, 9)),
        (lost("died_of_illness", minimum=1, category="troops"), (0, 9)),
        (lost("wounded_in_action", minimum=2, maximum=2, category="troops"), (10, 10)),
        (lost("killed_in_action", minimum=2, maximum=2), (10, 10)),
        (lost("killed_in_action", minimum=2, maximum=2, category="civilian"), (10, 10)),
        (lost("killed_in_action", minimum=2, maximum=2, category="troops", affiliation="partner_force"), (10, 10)),
        (lost("killed_in_action", minimum=2, maximum=2, category="troops", affiliation="mission"), (8, 8)),
    ],
)
def test_only_the_missions_own_dead_and_missing_move_its_balance(casualty: Json, there: Any) -> None:
    assert short(troops(deployed(count=10), casualty)["moved"]) == there


def test_casualties_are_counted_by_what_happened_and_whom_it_happened_to() -> None:
    events = [
        lost("killed_in_action", minimum=1, maximum=1),
        lost("killed_in_action", minimum=2, maximum=2),
        lost("killed_in_action", affiliation="partner_force", minimum=4, maximum=4),
        lost("wounded_in_action", names=["A. B."]),
    ]

    counted = {(r["category"], r["affiliation"]): r["moved"] for r in answer("deployments", *events)}

    assert {key: short(figure) for key, figure in counted.items()} == {
        ("killed_in_action", None): (3, 3),
        ("killed_in_action", "partner_force"): (4, 4),
        ("wounded_in_action", None): (None, None),
    }


def test_a_departure_without_a_figure_leaves_no_certain_number() -> None:
    assert (short(troops(deployed(count=10), left(None))["moved"]) or (None,))[0] == 0


def test_a_deprecated_movement_and_a_visit_do_not_count() -> None:
    visit = deployed(count=5, temporary=True)

    row = troops(deployed(count=10), deployed(count=99), visit, ranked(1, "deprecated"))

    assert short(row["moved"]) == (10, 10)
    assert [(m["rank"], m["temporary"]) for m in row["movements"]] == [
        ("normal", None),
        ("deprecated", None),
        ("normal", True),
    ]


def test_a_rank_given_later_takes_the_place_of_the_earlier() -> None:
    events = [deployed(count=10), ranked(0, "deprecated"), ranked(0, "normal")]

    assert short(troops(*events)["moved"]) == (10, 10)
    assert troops(*events[:2])["moved"] is None


def test_where_only_reports_are_known_nothing_has_moved() -> None:
    row = troops(strength(people(5), party="JAM"))

    assert (row["moved"], row["variance"], short(row["reported"]["figure"])) == (None, None, (5, 5))


def test_a_report_is_set_beside_the_balance_and_never_moves_it() -> None:
    row = troops(deployed(count=10), strength(people(12), party="JAM", reporter="UN", statement="Twelve."))

    assert (short(row["moved"]), short(row["reported"]["figure"]), short(row["variance"])) == (
        (10, 10),
        (12, 12),
        (2, 2),
    )
    assert (row["reported"]["reporter"], row["reported"]["statement"]) == ("UN", "Twelve.")


@pytest.mark.parametrize(
    ("events", "best"),
    [
        ([], 2),
        ([ranked(1, "preferred")], 1),
        ([ranked(0, "preferred"), ranked(1, "preferred")], 1),
        ([ranked(2, "deprecated")], 1),
        ([ranked(0, "deprecated"), ranked(1, "deprecated")], 2),
        ([ranked(n, "deprecated") for n in range(3)], None),
    ],
)
def test_the_best_report_is_the_latest_of_the_best_rank(events: list[Json], best: int | None) -> None:
    reports = [strength(people(10 + n), party="JAM", effective=f"2024-0{n + 5}-01") for n in range(3)]

    row = troops(*reports, *events)

    assert (row["reported"] or {"entries": [None]})["entries"] == [best]
    assert len(row["reports"]) == 3


def test_a_report_with_a_figure_is_better_than_a_later_one_without() -> None:
    row = troops(strength(people(10), party="JAM"), strength(people(None), party="JAM", effective="2024-08-01"))

    assert short(row["reported"]["figure"]) == (10, 10)


def test_a_report_of_the_whole_mission_is_set_beside_everybody() -> None:
    events = [
        deployed("JAM", 10),
        deployed("KEN", 200),
        said("personnel.deployed", party="KEN", items=[people(3, category="civilian"), people(4, unit="company")]),
        said("equipment.delivered", party="USA", items=[{"kind": "equipment", "category": "vehicle", "minimum": 9}]),
        strength(people(220, category="personnel_unspecified"), people(215)),
    ]

    shown = {(r["party"], r["category"]): r for r in answer("deployments", *events)}

    assert short(shown["mission", "personnel_unspecified"]["moved"]) == (213, 213)
    assert short(shown["mission", "personnel_unspecified"]["variance"]) == (7, 7)
    assert short(shown["mission", "troops"]["moved"]) == (210, 210)
    assert short(shown["mission", "troops"]["variance"]) == (5, 5)


@pytest.mark.parametrize(
    ("category", "there"),
    [
        ("police_unspecified", 30),
        ("military_unspecified", 6),
        ("uniformed_unspecified", 36),
        ("personnel_unspecified", 40),
    ],
)
def test_a_report_of_the_whole_mission_is_set_beside_the_kind_of_people_it_counts(category: str, there: int) -> None:
    counts = {
        "troops": 1, "staff_officers": 2, "experts_on_mission": 3, "formed_police_units": 10, "individual_police": 20,
        "civilian": 4,
    }  # fmt: skip
    came = said("personnel.deployed", party="KEN", items=[people(n, category=name) for name, n in counts.items()])

    shown = answer("deployments", came, strength(people(50, category=category)))

    (whole,) = [row for row in shown if row["party"] == "mission"]
    assert short(whole["moved"]) == (there, there)


def test_units_recipients_and_categories_are_kept_apart() -> None:
    truck = {"kind": "equipment", "category": "truck", "minimum": 2, "maximum": 2}
    events = [
        said("equipment.delivered", party="USA", items=[truck, {**truck, "unit": "ton"}]),
        said("equipment.delivered", party="USA", items=[truck], recipient="HTI"),
        said("equipment.lost", "2024-06", party="USA", items=[{**truck, "minimum": 1, "maximum": 1}]),
        said("equipment.withdrawn", "2024-07", party="USA", items=[{**truck, "minimum": 1, "maximum": 1}]),
    ]

    kept = {(r["unit"], r["recipient"]): short(r["moved"]) for r in answer("deployments", *events)}

    assert kept == {(None, None): (0, 0), ("ton", None): (2, 2), (None, "HTI"): (2, 2)}


def test_equipment_that_is_merely_authorised_is_not_there() -> None:
    item = {"kind": "equipment", "category": "truck", "minimum": 2, "maximum": 2}
    events = [
        said("equipment-status.reported", party="USA", items=[item], status=status)
        for status in ("present", "authorised")
    ]

    row = only("deployments", *events)

    assert (short(row["reported"]["figure"]), len(row["reports"])) == ((2, 2), 1)
    assert {o["measured"] for o in answer("observations", *events)} == {"present/USA/truck", "authorised/USA/truck"}


def test_a_correction_may_move_an_entry_to_another_row() -> None:
    events = [deployed("JAM", 10), deployed("BLZ", 2), corrected(0, to_data={"party": "BLZ"})]

    (row,) = answer("deployments", *events)

    assert (row["party"], short(row["moved"]), row["moved"]["entries"]) == ("BLZ", (12, 12), [0, 1, 2])


# --- observations -------------------------------------------------------------------------------------------------


def test_balances_are_kept_by_measure_currency_and_giver_and_never_added() -> None:
    events = [fund("5"), fund("7", "2024-07-01"), fund("9", currency="CAD"), fund("3", party="CAN")]

    shown = {o["measured"]: o for o in answer("observations", *events)}

    assert set(shown) == {
        "un-trust-fund/received/USD",
        "un-trust-fund/received/CAD",
        "un-trust-fund/received/USD/CAN",
    }
    assert [report["items"] for report in shown["un-trust-fund/received/USD"]["reports"]] == [
        [money("5")],
        [money("7")],
    ]
    assert shown["un-trust-fund/received/USD"]["latest"]["effective"] == "2024-07-01"


def test_costs_and_totals_of_pledges_are_observations_too() -> None:
    events = [
        said("cost.estimated", estimate="annual-need", money=money("600000000"), months=12, reporter="UN"),
        said("pledge-total.reported", counting="formal_notifications", minimum=6, maximum=6, parties=["JAM", "KEN"]),
        said("pledge-total.reported", "2024-02-01", counting="formal_notifications"),
    ]

    cost, counted = answer("observations", *events)

    assert (cost["subject"], cost["measured"], cost["latest"]["months"]) == ("cost", "annual-need/USD", 12)
    assert (counted["subject"], counted["measured"]) == ("pledges", "formal_notifications")
    assert counted["latest"]["items"] == [{"minimum": 6, "maximum": 6}]
    assert [report["items"] for report in counted["reports"]] == [[{"minimum": 6, "maximum": 6}], []]
