"""Pledges, and claims about entries of any kind: each shown by a small history in memory."""

import pytest

from projections.answers import ANSWERS, PROJECTIONS, rows_of
from projections.projection import disputes, fold, rank
from projections.view import view
from tests.builders import announced, corrected, deployed, people, registered, retracted, said
from tests.in_memory import answer, entered
from tests.rows import (
    AUTHORISED,
    CREATED,
    Json,
    about_a,
    appointed,
    claim,
    codes,
    disputed,
    fund,
    notified,
    only,
    pledged,
    ranked,
    received,
    short,
    signed,
    strength,
    troops,
)

# --- pledges ------------------------------------------------------------------------------------------------------


def test_a_pledge_keeps_its_original_terms_whatever_happens_to_it() -> None:
    events = [announced("a", count=100), notified(count=120), about_a("revised", items=[people(90)], due="2025")]

    pledge = only("pledges", *events)

    assert pledge["items"] == [people(90)]
    assert (pledge["original"]["items"], pledge["original"]["type"]) == ([people(100)], "pledge.announced")
    assert (pledge["original"]["since"], pledge["original"]["entries"]) == ("2024-01-01", [0])
    assert (pledge["terms_since"], pledge["due"], pledge["changes"]) == ("2024-04-01", "2025", 2)


def test_a_pledge_lives_from_announcement_to_withdrawal() -> None:
    events = [
        announced("a"),
        notified(source={"symbol": "S/2024/262"}),
        about_a("suspended", cause="court_order"),
        about_a("resumed", "2024-05-01"),
        about_a("withdrawn", "2024-06-01", reason="no money"),
    ]
    days = ["2024-01-01", "2024-03-01", "2024-04-01", "2024-05-01", "2024-06-01"]

    life = [only("pledges", *events, valid_at=day) for day in days]

    assert [p["status"] for p in life] == ["announced", "notified", "suspended", "notified", "withdrawn"]
    assert [p["formality"] for p in life[:2]] == ["public_statement", "letter_to_secretary_general"]
    assert [p["changes"] for p in life] == [0, 1, 2, 3, 4]
    assert answer("pledges", *events, valid_at="2023-12-31") == []
    assert life[-1]["documents"] == [
        {"symbol": "S/2024/262", "url": None, "title": None, "published": None, "entries": [1]}
    ]


def test_a_suspension_is_kept_with_its_end() -> None:
    events = [announced("a"), about_a("suspended", cause="court_order", by="High Court"), about_a("resumed", "2024-05")]

    (suspension,) = only("pledges", *events)["suspensions"]

    assert (suspension["cause"], suspension["by"], suspension["since"]) == ("court_order", "High Court", "2024-04-01")
    assert suspension["ended"] == {"since": "2024-05", "entries": [2]}


def test_a_lapsed_pledge_has_lapsed() -> None:
    pledge = only("pledges", announced("a"), about_a("lapsed", reason="nothing came"))

    assert (pledge["status"], pledge["lapsed"]["reason"]) == ("lapsed", "nothing came")


def test_a_pledge_is_conditional_until_every_condition_is_met() -> None:
    events = [
        announced("a", condition="command", condition_text="a clear command"),
        about_a("conditioned", "2024-02-01", condition="funding", text="enough money"),
        about_a("condition-met", "2024-03-01", condition="command"),
        about_a("condition-met", "2024-04-01", condition="funding"),
    ]

    pledges = [only("pledges", *events, valid_at=day) for day in ("2024-01-01", "2024-03-01", "2024-04-01")]

    assert [p["conditional"] for p in pledges] == [True, True, False]
    assert [(c["condition"], c["text"]) for c in pledges[1]["conditions"]] == [
        ("command", "a clear command"),
        ("funding", "enough money"),
    ]
    assert pledges[1]["conditions"][0]["met"]["since"] == "2024-03-01"


def test_a_confirmation_keeps_the_terms_unless_it_restates_them() -> None:
    kept = only("pledges", announced("a"), about_a("confirmed", by="USA"))
    restated = only("pledges", announced("a"), about_a("confirmed", items=[people(80)]))

    assert (kept["items"], kept["terms_since"], kept["confirmations"][0]["by"]) == ([people(100)], "2024-01-01", "USA")
    assert (restated["items"], restated["terms_since"]) == ([people(80)], "2024-04-01")
    assert restated["original"]["items"] == [people(100)]


def test_a_converted_pledge_gives_way_to_its_successor_when_that_is_made() -> None:
    events = [announced("a"), announced("b", effective="2024-05-01", converts=["a"])]

    before = {p["pledge"]: p["status"] for p in answer("pledges", *events, valid_at="2024-04-30")}
    after = {p["pledge"]: p for p in answer("pledges", *events)}

    assert before == {"a": "announced"}
    assert (after["a"]["status"], after["a"]["converted_by"]) == ("converted", ["b"])
    assert (after["b"]["status"], after["b"]["converts"]) == ("announced", ["a"])
    assert after["a"]["items"] == after["a"]["original"]["items"]


def test_a_joint_pledge_names_its_parties_and_is_not_split() -> None:
    pledge = only("pledges", announced("a", party="FRA", jointly_with=["CAN"]))

    assert (pledge["parties"], pledge["items"]) == (["CAN", "FRA"], [people(100)])


def test_what_arrives_of_a_pledge_before_its_opening_is_kept_for_later() -> None:
    early = about_a("suspended", "2023-06-01")

    assert answer("pledges", early, announced("a"), valid_at="2023-12-31") == []
    assert only("pledges", early, announced("a"))["status"] == "suspended"


@pytest.mark.parametrize(
    "early",
    [
        about_a("revised", "2023-06-01", items=[people(5)]),
        about_a("confirmed", "2023-06-01", items=[people(5)]),
    ],
)
def test_terms_dated_before_the_opening_do_not_open_a_pledge(early: Json) -> None:
    assert answer("pledges", early, announced("a"), valid_at="2023-12-31") == []
    pledge = only("pledges", early, announced("a"))
    assert (pledge["items"], pledge["original"]["type"]) == ([people(100)], "pledge.announced")
    assert "not-opened" in codes(early, announced("a"), valid_at="2023-12-31")


def test_each_field_of_a_pledge_names_the_entries_behind_it() -> None:
    events = [announced("a"), notified(), corrected(1, to_data={"items": [people(7)]}), about_a("suspended")]

    pledge = only("pledges", *events)

    assert pledge["provenance"]["items"] == pledge["provenance"]["formality"] == [1, 2]
    assert pledge["provenance"]["status"] == [3]
    assert pledge["entries"] == [0, 1, 2, 3]


# --- claims about entries -----------------------------------------------------------------------------------------

TOUCHED = ("disputes", "reports", "latest")  # reports say whether they are disputed
CLAIMED: list[tuple[str, str, list[Json]]] = [
    ("mandate", "mandate", [AUTHORISED]),
    ("leadership", "leadership", [CREATED]),
    ("partners", "partners", [said("partner.joined", group="SGP", party="KEN")]),
    ("pledges", "pledges", [announced("a")]),
    ("funding", "commitments", [signed("5")]),
    ("funding", "flows", [received("5")]),
    ("deployments", "deployments", [deployed()]),
    ("observations", "observations", [fund("5")]),
    ("positions", "positions", [said("position.stated", party="CHN", stance="opposes", on="force")]),
    ("targets", "targets", [said("target.set", target="t", text="Full strength")]),
]


@pytest.mark.parametrize(("name", "projection", "events"), CLAIMED)
def test_a_dispute_is_shown_with_the_row_and_changes_no_figure(name: str, projection: str, events: list[Json]) -> None:
    def shown(*claims: Json) -> Json:
        found = answer(name, *events, *claims)
        return found if isinstance(found, dict) else found[0]

    before, after = shown(), shown(disputed(0, by="HTI", items=[people(3)]))

    ((dispute),) = after["disputes"]
    assert (dispute["by"], dispute["items"], dispute["target"], dispute["open"]) == ("HTI", [people(3)], 0, True)
    assert {k: v for k, v in after.items() if k not in TOUCHED} == {k: v for k, v in before.items() if k not in TOUCHED}


@pytest.mark.parametrize(
    ("settling", "is_open"),
    [
        ([], True),
        ([ranked(0, "preferred")], False),
        ([ranked(0, "deprecated")], False),
        ([ranked(1, "preferred")], False),
        ([ranked(1, "deprecated")], False),
        ([ranked(2, "deprecated")], False),
        ([ranked(0, "preferred"), ranked(0, "normal")], True),
        ([ranked(3, "preferred")], True),
        ([retracted(2)], None),
    ],
)
def test_a_dispute_is_open_until_one_side_is_ranked(settling: list[Json], is_open: bool | None) -> None:
    sides = [deployed(count=10), deployed(count=12), disputed(0, rival=1), deployed(count=1, effective="2024-09")]

    found = troops(*sides, *settling)["disputes"]

    assert [dispute["open"] for dispute in found] == ([] if is_open is None else [is_open])


@pytest.mark.parametrize(
    ("settling", "is_open"),
    [([], True), ([ranked(1, "preferred")], False), ([ranked(1, "preferred"), ranked(1, "normal")], True)],
)
def test_a_dispute_is_settled_by_the_rank_of_a_rival_in_another_row(settling: list[Json], is_open: bool) -> None:
    history = [deployed("JAM"), deployed("BLZ"), disputed(0, rival=1), *settling]

    assert [dispute["open"] for dispute in troops(*history)["disputes"]] == [is_open]
    assert ("dispute-open" in codes(*history)) is is_open


def test_a_rank_stands_beside_what_it_ranks() -> None:
    stated = said("position.stated", party="CHN", stance="opposes", on="force")
    registration, seat = registered(), said("partner.joined", group="SGP", party="KEN")
    history = [registration, AUTHORISED, CREATED, {**appointed("Otunge"), "effective": "2024-01-02"}, stated, seat]
    preferred = [ranked(position, "preferred") for position in range(len(history))]

    def ranks(*claims: Json) -> list[str]:
        mandate, post = answer("mandate", *history, *claims), only("leadership", *history, *claims)
        others = [only(name, *history, *claims) for name in ("positions", "partners")]
        parts = [*mandate["names"], *mandate["instruments"], *others]
        return [*(part["rank"] for part in parts), *(holder["claim_rank"] for holder in post["holders"])]

    assert ranks() == ["normal"] * 5
    assert ranks(*preferred) == ["preferred"] * 5


def test_a_disputed_report_is_told_as_disputed() -> None:
    reports = [strength(people(10), party="JAM"), strength(people(12), party="JAM"), disputed(0)]

    assert [report["disputed"] for report in troops(*reports)["reports"]] == [True, False]


def test_what_bears_an_entry_out_stands_beside_it() -> None:
    borne_out = {**claim("claim.corroborated", 0, by="USA", statement="We saw them."), "source": {"title": "Cable"}}

    (shown,) = troops(deployed(), borne_out)["corroborations"]

    assert (shown["by"], shown["statement"], shown["source"], shown["position"]) == (
        "USA", "We saw them.", {"title": "Cable"}, 1,
    )  # fmt: skip


def test_a_claim_follows_its_entry_to_another_row_and_goes_with_it() -> None:
    events = [deployed("JAM", 10), disputed(0), corrected(0, to_data={"party": "BLZ"})]

    (moved,) = answer("deployments", *events)

    assert (moved["party"], len(moved["disputes"])) == ("BLZ", 1)
    assert answer("deployments", *events, retracted(0)) == []


def test_ranks_and_disputes_are_asked_entry_by_entry() -> None:
    seen = view(entered(deployed(), deployed(), disputed(0), ranked(1, "preferred")), "2030-01-01", 9)
    deployments = next(p for p in PROJECTIONS if p.name == "deployments")

    (row,) = rows_of(fold(deployments, seen), "test-mission")

    assert [rank(row, position) for position in (0, 1, 2)] == ["normal", "preferred", "normal"]
    assert [len(disputes(row, position)) for position in (0, 1, None)] == [1, 0, 1]


def test_missions_do_not_mix() -> None:
    elsewhere = {**deployed(count=99), "mission": "another"}

    assert short(troops(deployed(count=10), elsewhere)["moved"]) == (10, 10)


def test_no_answer_is_changed_by_asking_for_another() -> None:
    history = [registered(), AUTHORISED, CREATED, announced("a"), deployed(), pledged("5"), received("2"), disputed(4)]

    first = {name: answer(name, *history) for name in ANSWERS}

    assert {name: answer(name, *history) for name in reversed(ANSWERS)} == first


@pytest.mark.parametrize("effective", ["2024-03", "2024"])
def test_an_end_dated_less_exactly_than_the_opening_is_not_lost(effective: str) -> None:
    made = announced("a", effective="2024-03-15")

    withdrawn = only("pledges", made, said("pledge.withdrawn", effective, pledge="a"))
    lapsed = only("pledges", made, said("pledge.lapsed", effective, pledge="a"))

    assert (withdrawn["status"], lapsed["status"]) == ("withdrawn", "lapsed")


@pytest.mark.parametrize("effective", ["2024-03", "2024-03-01"])
def test_of_a_withdrawal_and_a_new_opening_of_one_time_the_one_recorded_later_holds(effective: str) -> None:
    withdrawn = said("pledge.withdrawn", effective, pledge="a")

    taken_back = only("pledges", announced("a"), notified(), withdrawn)
    made_anew = only("pledges", announced("a"), withdrawn, notified())

    assert (taken_back["status"], made_anew["status"]) == ("withdrawn", "notified")


def test_terms_revised_in_the_month_of_the_opening_are_the_terms() -> None:
    row = only("pledges", announced("a", count=200, effective="2024-03-15"),
               said("pledge.revised", "2024-03", pledge="a", items=[people(50)]))  # fmt: skip

    assert (row["items"][0]["minimum"], row["original"]["items"][0]["minimum"]) == (50, 200)


def test_a_deprecated_revision_or_withdrawal_does_not_count() -> None:
    revised = said("pledge.revised", "2024-02-01", pledge="a", items=[people(200)])
    withdrawn = said("pledge.withdrawn", "2024-03-01", pledge="a")

    row = only("pledges", announced("a"), revised, withdrawn, ranked(1, "deprecated"), ranked(2, "deprecated"))

    assert (row["status"], row["items"][0]["minimum"], row["rank"]) == ("announced", 100, "normal")


def test_a_pledge_that_names_another_in_both_its_openings_takes_its_place_once() -> None:
    events = [announced("b"), announced("a", converts=["b"]), notified(converts=["b"])]

    taken = {pledge["pledge"]: pledge["converted_by"] for pledge in answer("pledges", *events)}

    assert taken == {"a": [], "b": ["a"]}


def test_a_deprecated_pledge_takes_nobodys_place() -> None:
    events = [announced("a"), announced("b", converts=["a"]), ranked(1, "deprecated")]

    statuses = {pledge["pledge"]: pledge["status"] for pledge in answer("pledges", *events)}

    assert statuses == {"a": "announced", "b": "announced"}


def test_a_deprecated_letter_leaves_the_pledge_announced() -> None:
    row = only("pledges", announced("a"), notified(), ranked(1, "deprecated"))

    assert (row["status"], row["notified"], row["items"], row["formality"]) == (
        "announced", None, [people(100)], "public_statement",
    )  # fmt: skip


def test_deprecated_conditions_and_ends_of_suspensions_do_not_count() -> None:
    conditional = [announced("a"), about_a("conditioned", condition="c", text="money")]
    suspended = [announced("a"), about_a("suspended"), about_a("resumed", "2024-05-01")]

    assert only("pledges", *conditional, ranked(1, "deprecated"))["conditional"] is False
    assert only("pledges", *suspended, ranked(2, "deprecated"))["status"] == "suspended"
