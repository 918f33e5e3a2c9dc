"""Each projection's behaviour by small histories, and every finding beside its near miss."""

from collections.abc import Callable
from typing import Any

import pytest

from projections.answers import ANSWERS, LEDGER_WIDE, PROJECTIONS, rows_of
from projections.findings import CODES
from projections.projection import disputes, fold, rank
from projections.view import view
from tests.builders import announced, corrected, deployed, money, people, registered, retracted, said
from tests.in_memory import answer, entered, rows

Json = dict[str, Any]
UN_FUND = "un_trust_fund"


def claim(type_name: str, target: int, effective: str = "2024-01-01", **data: Any) -> Json:
    return said(type_name, effective, mission=None, target=target, **data)


def disputed(target: int, **more: Any) -> Json:
    return claim("claim.disputed", target, **{"reason": "another figure", **more})


def ranked(target: int, rank_given: str) -> Json:
    return claim("claim.ranked", target, rank=rank_given, reason="the better source")


def only(name: str, *events: Json, **question: str) -> Any:
    (row,) = answer(name, *events, **question)
    return row


def short(figure: Json | None) -> Any:
    """A figure as (minimum, maximum); None where there is none."""
    return None if figure is None else (figure["minimum"], figure["maximum"])


# --- the mandate --------------------------------------------------------------------------------------------------

AUTHORISED = said("mission.authorized", "2023-10-02", instrument="S/RES/2699(2023)", months=12)
RENEWED = said("mandate.renewed", "2024-09-30", instrument="S/RES/2751(2024)", until="2025-10-02")


@pytest.mark.parametrize(
    ("valid_at", "status", "until"),
    [
        ("2023-10-01", "registered", None),
        ("2023-10-02", "active", "2024-10-02"),
        ("2024-09-29", "active", "2024-10-02"),
        ("2024-09-30", "active", "2025-10-02"),
        ("2025-10-02", "active", "2025-10-02"),
        ("2025-10-03", "expired", "2025-10-02"),
    ],
)
def test_a_mandate_is_active_through_the_last_day_of_its_term(valid_at: str, status: str, until: str | None) -> None:
    mandate = answer("mandate", registered(), AUTHORISED, RENEWED, valid_at=valid_at)

    assert (mandate["status"], mandate["until"]) == (status, until)


def test_before_its_registration_a_mission_has_no_mandate() -> None:
    assert answer("mandate", registered(), valid_at="2022-12-31") is None


@pytest.mark.parametrize(
    ("adopted", "term", "until", "basis"),
    [
        ("2023-10-02", {"months": 12}, "2024-10-02", "counted from the adoption"),
        ("2024-02-29", {"months": 12}, "2025-02-28", "counted from the adoption"),
        ("2023-10", {"months": 1}, "2023-11-01", "counted from the adoption"),
        ("2023-10-02", {"until": "2024-06-30"}, "2024-06-30", "stated"),
        ("2023-10-02", {"until": "2024-06-30", "months": 12}, "2024-06-30", "stated"),
        ("2023-10-02", {}, None, None),
    ],
)
def test_a_term_is_stated_or_counted_in_months_from_its_adoption(
    adopted: str, term: Json, until: str | None, basis: str | None
) -> None:
    act = said("mission.authorized", adopted, instrument="S/RES/2699(2023)", **term)

    mandate = answer("mandate", registered(), act)

    assert (mandate["until"], mandate["until_basis"]) == (until, basis)
    assert mandate["instruments"][0]["months"] == term.get("months")


def test_a_mission_without_a_stated_end_does_not_expire() -> None:
    endless = said("mission.authorized", "2023-10-02", instrument="S/RES/2699(2023)")

    assert answer("mandate", registered(), endless)["status"] == "active"


def test_a_terminated_mission_is_terminated_before_its_term_is_over() -> None:
    events = [registered(), AUTHORISED, said("mission.terminated", "2024-03-01", reason="done")]

    statuses = [answer("mandate", *events, valid_at=day)["status"] for day in ("2024-02-29", "2024-03-02")]

    assert statuses == ["active", "terminated"]


def test_a_termination_announced_ahead_takes_effect_after_its_last_day() -> None:
    ending = said("mission.terminated", "2024-03-01", last_day="2024-06-30", instrument="S/RES/2720(2024)")

    mandates = {
        day: answer("mandate", registered(), AUTHORISED, ending, valid_at=day) for day in ("2024-06-29", "2024-07-01")
    }

    assert {day: mandate["status"] for day, mandate in mandates.items()} == {
        "2024-06-29": "active",
        "2024-07-01": "terminated",
    }
    assert mandates["2024-06-29"]["terminated"]["last_day"] == "2024-06-30"


def test_a_transition_gives_the_same_mission_another_name_and_term() -> None:
    turned = said(
        "mission.transitioned", "2025-09-30", name="Gang Suppression Force", acronym="GSF",
        instrument="S/RES/2793(2025)", months=12,
    )  # fmt: skip

    before = answer("mandate", registered(), AUTHORISED, turned, valid_at="2025-09-29")
    after = answer("mandate", registered(), AUTHORISED, turned)

    assert (before["name"], before["status"]) == ("A mission", "expired")
    assert (after["name"], after["acronym"], after["instrument"]) == (
        "Gang Suppression Force",
        "GSF",
        "S/RES/2793(2025)",
    )
    assert [name["name"] for name in after["names"]] == ["A mission", "Gang Suppression Force"]


def test_a_transition_without_an_act_changes_the_name_and_not_the_term() -> None:
    turned = said("mission.transitioned", "2024-05-01", name="Gang Suppression Force")

    mandate = answer("mandate", registered(), AUTHORISED, turned, valid_at="2024-06-01")

    assert (mandate["name"], mandate["instrument"]) == ("Gang Suppression Force", "S/RES/2699(2023)")
    assert (mandate["until"], mandate["status"]) == ("2024-10-02", "active")


def test_an_amendment_changes_neither_term_nor_instrument() -> None:
    amended = said("mandate.amended", "2024-05-01", instrument="S/RES/2743(2024)", terms="Report every month.")

    mandate = answer("mandate", registered(), AUTHORISED, amended, valid_at="2024-06-01")

    assert (mandate["instrument"], mandate["until"]) == ("S/RES/2699(2023)", "2024-10-02")
    assert [act["action"] for act in mandate["instruments"]] == ["authorised", "amended"]


def test_votes_stand_beside_the_act_only_where_they_are_told() -> None:
    voted = {**AUTHORISED, "data": {**AUTHORISED["data"], "votes_for": 13, "abstentions": 2}}

    mandate = answer("mandate", registered(), voted, RENEWED)

    assert [act["vote"] for act in mandate["instruments"]] == [
        {"votes_for": 13, "votes_against": None, "abstentions": 2},
        None,
    ]


def test_the_latest_ceiling_holds_and_the_earlier_ones_are_kept() -> None:
    first = said("ceiling.set", "2024-01-01", instrument="S/RES/2699(2023)", total=2500)
    second = said("ceiling.set", "2025-09-30", instrument="S/RES/2793(2025)", total=5550, uniformed=5500, civilian=50)

    mandate = answer("mandate", registered(), second, first)

    assert (mandate["ceiling"]["total"], mandate["ceiling"]["uniformed"]) == (5550, 5500)
    assert [ceiling["total"] for ceiling in mandate["ceilings"]] == [2500, 5550]


def test_a_support_office_stands_in_the_mandate() -> None:
    office = said("support-office.established", "2025-09-30", office="UNSOH", name="Support office")

    (shown,) = answer("mandate", registered(), office)["support_offices"]

    assert (shown["office"], shown["name"], shown["since"], shown["entries"]) == (
        "UNSOH", "Support office", "2025-09-30", [1],
    )  # fmt: skip


def test_each_field_of_a_mandate_names_the_entries_behind_it() -> None:
    wrong = said("mandate.renewed", "2024-09-30", instrument="S/RES/2751(2024)", until="2025-09-30")
    events = [registered(), AUTHORISED, wrong, corrected(2, to_data={"until": "2025-10-02"})]

    provenance = answer("mandate", *events)["provenance"]

    assert (provenance["name"], provenance["host"]) == ([0], [0])
    assert provenance["until"] == provenance["instrument"] == provenance["status"] == [2, 3]


# --- leadership ---------------------------------------------------------------------------------------------------

CREATED = said("post.created", "2024-01-01", post="fc", role="force_commander", title="Force Commander")


def appointed(person: str, effective: str = "2024-02-01", post: str = "fc", **more: Any) -> Json:
    return said("office-holder.appointed", effective, post=post, person=person, **more)


def departed(person: str, effective: str = "2024-05-01", post: str = "fc", **more: Any) -> Json:
    return said("office-holder.departed", effective, post=post, person=person, **more)


def holders(post: Json) -> list[str]:
    return [holder["person"] for holder in post["holders"]]


def test_a_post_is_vacant_until_it_is_held_and_again_when_it_is_left() -> None:
    events = [CREATED, appointed("Otunge"), departed("Otunge", cause="term_ended")]

    posts = [only("leadership", *events, valid_at=day) for day in ("2024-01-31", "2024-02-01", "2024-05-01")]

    assert [post["vacant"] for post in posts] == [True, False, True]
    assert [holders(post) for post in posts] == [[], ["Otunge"], []]
    assert (posts[0]["post"], posts[0]["role"], posts[0]["title"]) == ("fc", "force_commander", "Force Commander")


def test_a_former_holder_is_kept_with_the_end_and_its_cause() -> None:
    post = only("leadership", CREATED, appointed("Otunge", party="KEN"), departed("Otunge", cause="recalled"))

    (former,) = post["former"]
    assert (former["person"], former["party"], former["since"]) == ("Otunge", "KEN", "2024-02-01")
    assert (former["until"], former["cause"], former["entries"]) == ("2024-05-01", "recalled", [1, 2])


def test_an_acting_holder_holds_the_post_and_is_told_as_acting() -> None:
    post = only("leadership", CREATED, appointed("Ombati", acting=True, on_behalf_of="KEN"))

    (holder,) = post["holders"]
    assert (holder["person"], holder["acting"], holder["on_behalf_of"]) == ("Ombati", True, "KEN")
    assert not post["vacant"]


def test_a_designate_does_not_hold_the_post_yet() -> None:
    post = only("leadership", CREATED, appointed("Otunge", designate=True, takes_up="2024-06"))

    (designate,) = post["holders"]
    assert (designate["designate"], designate["takes_up"]) == (True, "2024-06")
    assert post["vacant"]


def test_a_designate_who_takes_the_post_up_stands_in_it_once() -> None:
    events = [CREATED, appointed("Otunge", designate=True), appointed("Otunge", "2024-06-01", rank="Major General")]

    post = only("leadership", *events)

    assert [(h["person"], h["designate"], h["rank"]) for h in post["holders"]] == [("Otunge", None, "Major General")]
    assert not post["vacant"]


def test_an_abolished_post_is_not_vacant_and_lives_again_when_it_is_created_anew() -> None:
    abolished = said("post.abolished", "2024-03-01", post="fc")

    gone = only("leadership", CREATED, abolished)
    back = only("leadership", CREATED, abolished, {**CREATED, "effective": "2024-06-01"})

    assert (gone["vacant"], gone["abolished"]["since"]) == (False, "2024-03-01")
    assert (back["vacant"], back["abolished"]) == (True, None)


def test_a_holder_named_before_the_post_was_created_is_kept() -> None:
    post = only("leadership", appointed("Otunge", "2023-06-01"), CREATED)

    assert (holders(post), post["role"], post["vacant"]) == (["Otunge"], "force_commander", False)


def test_the_lead_nation_is_a_post_that_states_hold() -> None:
    ended = said("lead-nation.ended", "2025-09-30", party="KEN", cause="handed_over")

    held = only("leadership", said("lead-nation.designated", party="KEN"), ended, valid_at="2025-09-29")
    left = only("leadership", said("lead-nation.designated", party="KEN"), ended)

    assert (held["post"], held["role"]) == ("lead-nation", "lead_nation")
    assert [holder["party"] for holder in held["holders"]] == ["KEN"]
    assert (left["vacant"], left["former"][0]["party"]) == (True, "KEN")


def test_a_lead_nation_designated_by_two_acts_leads_once() -> None:
    first = said("lead-nation.designated", party="KEN")
    again = said("lead-nation.designated", "2024-10-01", party="KEN", instrument="S/RES/2751(2024)")

    post = only("leadership", first, again)

    assert [holder["party"] for holder in post["holders"]] == ["KEN"]


# --- partner groups, positions, targets, parties ------------------------------------------------------------------


def test_members_stand_with_their_group_from_joining_to_leaving() -> None:
    group = said("partner-group.constituted", group="SGP", name="Standing Group", rule="By consensus.")
    joined = said("partner.joined", "2025-10-01", group="SGP", party="KEN", role="personnel_contributor")
    left = said("partner.left", "2026-03-01", group="SGP", party="KEN")

    days = ("2025-09-30", "2025-10-01", "2026-03-01")
    before, during, after = (answer("partners", group, joined, left, valid_at=day) for day in days)

    assert (before, after) == ([], [])
    assert [(m["party"], m["role"], m["since"]) for m in during] == [("KEN", "personnel_contributor", "2025-10-01")]
    assert during[0]["group"]["name"] == "Standing Group"
    assert [rule["rule"] for rule in during[0]["group"]["rules"]] == ["By consensus."]


def test_a_member_of_a_group_that_nobody_described_is_shown_all_the_same() -> None:
    member = only("partners", said("partner.joined", group="SGP", party="KEN", intended=True))

    assert member["group"] == {"code": "SGP", "name": None, "rules": [], "entries": []}
    assert member["intended"] is True


def test_a_later_position_takes_the_place_of_the_earlier_and_keeps_it() -> None:
    first = said("position.stated", "2025-08-01", party="CHN", stance="reserves", on="force")
    second = said("position.stated", "2025-09-30", party="CHN", stance="abstains", on="force")

    position = only("positions", second, first)

    assert (position["on"], position["parties"], position["stance"]) == ("force", ["CHN"], "abstains")
    assert [earlier["stance"] for earlier in position["earlier"]] == ["reserves"]


def test_a_withdrawn_position_is_no_longer_held_and_may_be_stated_anew() -> None:
    stated = said("position.stated", "2025-08-01", party="FRA", jointly_with=["CAN"], stance="supports", on="force")
    taken_back = said("position.withdrawn", "2025-09-01", party="CAN", jointly_with=["FRA"], on="force")
    anew = said("position.stated", "2025-10-01", party="FRA", jointly_with=["CAN"], stance="opposes", on="force")

    again = only("positions", stated, taken_back, anew)

    assert answer("positions", stated, taken_back) == []
    assert (again["parties"], again["stance"]) == (["CAN", "FRA"], "opposes")
    assert again["earlier"][0]["withdrawn"]["since"] == "2025-09-01"


def test_a_target_is_open_until_it_is_closed_or_replaced() -> None:
    first = said("target.set", "2025-01-01", target="half", text="Half strength", items=[people(1250)], due="2025-06")
    second = said("target.set", "2025-03-01", target="full", text="Full strength", supersedes=["half"])
    closed = said("target.closed", "2025-07-01", target="full", outcome="missed")

    def statuses(day: str) -> dict[str, str]:
        return {t["target"]: t["status"] for t in answer("targets", first, second, closed, valid_at=day)}

    assert statuses("2025-02-28") == {"half": "open"}
    assert statuses("2025-03-01") == {"full": "open", "half": "superseded"}
    assert statuses("2025-07-01") == {"full": "missed", "half": "superseded"}


def test_a_target_closed_before_it_is_set_is_not_shown_until_it_is_set() -> None:
    closed = said("target.closed", "2025-01-01", target="half", outcome="dropped")
    late = said("target.set", "2025-02-01", target="half", text="Half strength")

    assert answer("targets", closed, late, valid_at="2025-01-31") == []
    assert only("targets", closed, late)["status"] == "dropped"


def test_parties_belong_to_the_whole_ledger() -> None:
    events = [
        said("party.registered", mission=None, party="UNSOH", name="Support office", kind="office"),
        said("party.merged", "2024-06", mission=None, party="UNSOH", into="UNO"),
    ]

    (party,) = rows(*events)["parties"]

    assert (party["key"], party["name"], party["kind"], party["merged_into"]) == (
        "UNSOH", "Support office", "office", "UNO",
    )  # fmt: skip
    assert [p.name for p in PROJECTIONS if p.name in LEDGER_WIDE] == ["parties"]


# --- pledges ------------------------------------------------------------------------------------------------------


def notified(pledge: str = "a", effective: str = "2024-03-01", count: int = 120, **more: Any) -> Json:
    return said("pledge.notified", effective, pledge=pledge, party="JAM", items=[people(count)], **more)


def about_a(type_name: str, effective: str = "2024-04-01", **data: Any) -> Json:
    return said(f"pledge.{type_name}", effective, pledge="a", **data)


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


# --- deployments --------------------------------------------------------------------------------------------------


def left(count: int | None, effective: str = "2024-06-01", **more: Any) -> Json:
    return said("personnel.repatriated", effective, party="JAM", items=[people(count)], **more)


def lost(kind: str, **data: Any) -> Json:
    return said("casualty.reported", "2024-05-01", party="JAM", casualty=kind, **data)


def strength(*items: Json, effective: str = "2024-07-01", **data: Any) -> Json:
    return said("strength.reported", effective, items=list(items), **data)


def troops(*events: Json, **question: str) -> Json:
    (row,) = [r for r in answer("deployments", *events, **question) if (r["party"], r["category"]) == ("JAM", "troops")]
    return row


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


def fund(amount: str, effective: str = "2024-06-01", currency: str = "USD", **more: Any) -> Json:
    data = {"fund": "un-trust-fund", "measure": "received", "money": money(amount, currency), **more}
    return said("fund-balance.reported", effective, **data)


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


# --- funding ------------------------------------------------------------------------------------------------------


def pledged(amount: str, pledge: str = "p", party: str = "CAN", channel: str | None = UN_FUND, **more: Any) -> Json:
    item = {"kind": "money", **money(amount), **({"channel": channel} if channel else {}), **more}
    return said("pledge.announced", pledge=pledge, party=party, items=[item])


def signed(amount: str, commitment: str = "c", channel: str = UN_FUND, **more: Any) -> Json:
    return said("commitment.signed", commitment=commitment, party="CAN", channel=channel, money=money(amount), **more)


def flow(name: str, amount: str, channel: str = UN_FUND, currency: str = "USD", **more: Any) -> Json:
    return said(name, "2024-03-01", party="CAN", channel=channel, money=money(amount, currency), **more)


def received(amount: str, **more: Any) -> Json:
    return flow("contribution.received", amount, **more)


def test_each_status_of_money_has_its_own_sum() -> None:
    events = [
        pledged("100"),
        signed("80"),
        received("50"),
        received("10"),
        flow("contribution.suspended", "30"),
        flow("contribution.resumed", "5"),
        flow("funds.disbursed", "20"),
        flow("contribution.refunded", "4"),
    ]

    row = only("funding", *events)

    sums = {name: row[name]["minimum"] for name in ("pledged", "committed", "received", "disbursed", "refunded")}
    assert sums == {"pledged": "100", "committed": "80", "received": "60", "disbursed": "20", "refunded": "4"}
    assert short(row["suspended"]) == ("25", "25")
    assert (row["party"], row["channel"], row["currency"]) == ("CAN", UN_FUND, "USD")


def test_what_is_outstanding_is_what_was_pledged_less_what_came_plus_what_went_back() -> None:
    pledge_only = only("funding", pledged("100"))
    partly = only("funding", pledged("100"), signed("80"), received("60"))
    refunded = only("funding", pledged("100"), received("60"), flow("contribution.refunded", "15"))
    beyond = only("funding", pledged("100"), received("160"))

    assert [short(row["outstanding"]) for row in (pledge_only, partly, refunded, beyond)] == [
        ("100", "100"),
        ("40", "40"),
        ("55", "55"),
        ("-60", "-60"),
    ]


def test_without_a_pledge_the_commitment_is_outstanding_and_without_either_nothing() -> None:
    assert short(only("funding", signed("80"), received("60"))["outstanding"]) == ("20", "20")
    assert only("funding", received("60"))["outstanding"] is None


def test_an_amended_commitment_counts_as_amended_and_a_cancelled_one_not_at_all() -> None:
    amended = said("commitment.amended", "2024-04-01", commitment="c", money=money("90"))
    cancelled = said("commitment.cancelled", "2024-05-01", commitment="c")

    after = only("funding", signed("80"), amended)

    assert (short(after["committed"]), after["committed"]["entries"]) == (("90", "90"), [0, 1])
    assert answer("funding", signed("80"), amended, cancelled) == []


def test_currencies_are_never_added() -> None:
    events = [received("5"), received("7", currency="CAD"), pledged("100")]

    accounts = {row["currency"]: row for row in answer("funding", *events)}

    assert {currency: short(row["received"]) for currency, row in accounts.items()} == {
        "USD": ("5", "5"),
        "CAD": ("7", "7"),
    }
    assert (accounts["CAD"]["pledged"], short(accounts["USD"]["outstanding"])) == (None, ("95", "95"))


def test_a_payment_fulfils_a_pledge_of_another_channel_but_not_of_another_currency() -> None:
    pledge = pledged("100", channel=None)

    paid = {r["channel"]: r for r in answer("funding", pledge, received("60", fulfils="p"))}
    foreign = {r["currency"]: r for r in answer("funding", pledge, received("60", currency="CAD", fulfils="p"))}

    assert short(paid["not_stated"]["outstanding"]) == ("40", "40")
    assert short(foreign["USD"]["outstanding"]) == ("100", "100")


def test_a_commitment_is_paid_although_the_payment_fulfils_a_pledge_of_another_channel() -> None:
    events = [pledged("100", channel=None), signed("100", fulfils="p"), received("100", fulfils="p")]

    accounts = {row["channel"]: short(row["outstanding"]) for row in answer("funding", *events)}

    assert accounts == {"not_stated": ("0", "0"), UN_FUND: ("0", "0")}


def test_a_withdrawn_or_deprecated_pledge_is_not_pledged_money() -> None:
    withdrawn = said("pledge.withdrawn", "2024-02-01", pledge="p")

    assert answer("funding", pledged("100"), withdrawn) == []
    assert answer("funding", pledged("100"), ranked(0, "deprecated")) == []
    assert answer("funding", received("100"), ranked(0, "deprecated")) == []
    assert answer("funding", signed("100"), ranked(0, "deprecated")) == []


def test_a_pledge_without_a_figure_is_pledged_and_has_no_sum() -> None:
    item = {"kind": "money", "currency": "USD", "unspecified": "not_stated", "channel": UN_FUND}
    unstated = said("pledge.announced", pledge="p", party="CAN", items=[item])

    row = only("funding", unstated, received("60"))

    assert (short(row["pledged"]), row["pledged"]["unspecified"]) == ((None, None), 1)
    assert row["outstanding"]["maximum"] is None


# --- fulfilment ---------------------------------------------------------------------------------------------------


def test_what_was_pledged_is_set_against_what_came() -> None:
    events = [announced("a", count=100), deployed(count=24), left(4), said("pledge.suspended", "2024-08", pledge="a")]

    row = only("fulfilment", *events)

    assert (row["party"], row["kind"], row["of"], row["pledges"]) == ("JAM", "personnel", "person", ["a"])
    assert [short(row[name]) for name in ("pledged", "delivered", "outstanding")] == [(100, 100), (20, 20), (80, 80)]
    assert (row["suspended"], row["conditional"], row["entries"]) == (True, False, [0, 1, 2])


def test_people_are_fulfilled_whatever_their_category_and_shown_by_category() -> None:
    police = said("personnel.deployed", party="JAM", items=[people(30, category="individual_police")])

    row = only("fulfilment", announced("a", count=100, condition="command"), police)

    shown = {c["category"]: (short(c["pledged"]), short(c["delivered"])) for c in row["categories"]}
    assert short(row["outstanding"]) == (70, 70)
    assert shown == {"individual_police": (None, (30, 30)), "troops": ((100, 100), None)}
    assert row["conditional"]


def test_what_is_pledged_and_not_begun_is_outstanding_as_a_whole() -> None:
    row = only("fulfilment", announced("a", count=100))

    assert (row["delivered"], short(row["outstanding"])) == (None, (100, 100))


def test_a_range_is_outstanding_as_a_range_and_no_figure_as_none() -> None:
    ranged = said("pledge.announced", pledge="a", party="JAM", items=[people(50, 100)])
    unstated = said("pledge.announced", pledge="a", party="JAM", items=[people(None)])

    assert short(only("fulfilment", ranged, deployed(count=20))["outstanding"]) == (30, 80)
    assert only("fulfilment", unstated, deployed(count=20))["outstanding"] is None


def test_what_comes_without_a_pledge_is_delivered_all_the_same() -> None:
    row = only("fulfilment", deployed(count=20))

    assert (row["pledged"], short(row["delivered"]), row["outstanding"], row["pledges"]) == (None, (20, 20), None, [])


def test_money_is_fulfilled_by_what_was_received_in_its_currency() -> None:
    elsewhere = received("30", channel="direct_in_kind")
    fulfilling = received("60", channel="direct_in_kind", fulfils="p")

    by_currency = {
        row["of"]: row
        for row in answer("fulfilment", pledged("100"), elsewhere, fulfilling, received("5", currency="CAD"))
    }

    assert short(by_currency["USD"]["delivered"]) == ("90", "90")
    assert short(by_currency["USD"]["outstanding"]) == ("40", "40")
    assert (by_currency["CAD"]["pledged"], short(by_currency["CAD"]["delivered"])) == (None, ("5", "5"))


def test_what_was_refunded_is_outstanding_again() -> None:
    events = [pledged("100"), received("60"), flow("contribution.refunded", "15")]

    row = only("fulfilment", *events)

    assert short(row["outstanding"]) == short(only("funding", *events)["outstanding"]) == ("55", "55")


def test_gifts_to_others_casualties_and_reports_fulfil_nothing() -> None:
    truck = {"kind": "equipment", "category": "truck", "minimum": 2, "maximum": 2}
    events = [
        said("equipment.delivered", party="USA", items=[truck], recipient="HTI"),
        lost("wounded_in_action", minimum=1, maximum=1),
        strength(people(50)),
        strength(people(5), party="JAM"),
    ]

    assert answer("fulfilment", *events) == []


def test_equipment_and_services_are_matters_of_their_own() -> None:
    truck = {"kind": "equipment", "category": "truck", "minimum": 3, "maximum": 3}
    training = {"kind": "service", "category": "training", "minimum": 40, "unit": "person_trained"}
    events = [
        said("pledge.announced", pledge="k", party="USA", items=[truck, training]),
        said("equipment.delivered", "2024-02-01", party="USA", items=[{**truck, "minimum": 1, "maximum": 1}]),
    ]

    matters = {(row["kind"], row["of"]): short(row["outstanding"]) for row in answer("fulfilment", *events)}

    assert matters == {("equipment", "truck"): (2, 2), ("service", "training/person_trained"): (40, None)}


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


# --- findings -----------------------------------------------------------------------------------------------------

CEILING = said("ceiling.set", instrument="S/RES/2699(2023)", total=10)
LED = said("lead-nation.designated", "2024-02", party="KEN")
PARTY = said("party.registered", "2023", mission=None, party="CARICOM", name="Caribbean Community", kind="organisation")
MERGED = said("party.merged", "2023", mission=None, party="CARICOM", into="OECS")
LATE_RENEWAL = said("mandate.renewed", "2024-10-03", instrument="S/RES/2751(2024)")
EARLY_RENEWAL = said("mandate.renewed", "2023-10-01", instrument="S/RES/2698(2023)")
POSITION = said("position.stated", "2024-02-01", party="CHN", stance="opposes", on="force")
MEMBER = said("partner.joined", "2024-02-01", group="SGP", party="KEN")


def at(effective: str, event: Json) -> Json:
    return {**event, "effective": effective}


# code: a history that shows it, with the entries it names; a near miss of it
FOUND: dict[str, tuple[list[Json], list[int], list[Json]]] = {
    "mandate-gap": ([AUTHORISED, LATE_RENEWAL], [0, 1], [AUTHORISED, at("2024-10-02", LATE_RENEWAL)]),
    "mandate-expired": ([AUTHORISED], [0], [at("2024-01-15", AUTHORISED)]),
    "resolution-year": ([at("2024-01-02", AUTHORISED)], [0], [at("2023", AUTHORISED)]),
    "deployment-above-ceiling": ([CEILING, deployed(count=8), deployed("BLZ", 3)], [0, 1, 2], [CEILING, deployed(count=8), deployed("BLZ", 2)]),
    "activity-after-expiry": ([AUTHORISED, deployed(effective="2024-10-03")], [1], [AUTHORISED, deployed(effective="2024-10-02")]),
    "post-several-holders": ([CREATED, appointed("Otunge"), appointed("Ombati")], [1, 2], [CREATED, appointed("Otunge"), appointed("Ombati", designate=True)]),
    "post-vacant": ([CREATED], [0], [CREATED, appointed("Otunge")]),
    "variance": ([deployed(count=10), strength(people(11), party="JAM")], [0, 1], [deployed(count=10), strength(people(10, 11), party="JAM")]),
    "dispute-open": ([deployed(), disputed(0)], [0, 1], [deployed(), disputed(0), ranked(0, "preferred")]),
    "party-unknown": ([deployed("CARICOM")], [0], [PARTY, deployed("CARICOM")]),
    "party-merged": ([PARTY, MERGED, deployed("CARICOM")], [2], [PARTY, MERGED, deployed("JAM")]),
    "not-opened": (
        [announced("a", effective="2025-02-01"), about_a("suspended")],
        [1],
        [announced("a", effective="2024-04-01"), about_a("suspended")],
    ),
    "renewed-before-authorized": ([AUTHORISED, EARLY_RENEWAL], [0], [AUTHORISED, at("2023-10-02", EARLY_RENEWAL)]),
    "departure-before-appointment": ([CREATED, appointed("Otunge"), departed("Otunge", "2024-01-31")], [2], [CREATED, appointed("Otunge"), departed("Otunge", "2024-02-01")]),
    "leaves-before-joining": ([MEMBER, said("partner.left", "2024-01-31", group="SGP", party="KEN")], [1], [MEMBER, said("partner.left", "2024-02-01", group="SGP", party="KEN")]),
    "condition-met-before-made": (
        [announced("a"), about_a("conditioned", condition="c", text="money"), about_a("condition-met", "2024-03-31", condition="c")],
        [2],
        [announced("a"), about_a("conditioned", condition="c", text="money"), about_a("condition-met", "2024-04-01", condition="c")],
    ),
    "resumed-before-suspended": (
        [announced("a"), about_a("suspended"), about_a("resumed", "2024-03-31")],
        [2],
        [announced("a"), about_a("suspended"), about_a("resumed", "2024-04-01")],
    ),
    "withdrawn-before-stated": (
        [POSITION, said("position.withdrawn", "2024-01-31", party="CHN", on="force")],
        [1],
        [POSITION, said("position.withdrawn", "2024-02-01", party="CHN", on="force")],
    ),
}  # fmt: skip
DAY = "2024-12-31"


def codes(*events: Json, valid_at: str = DAY) -> list[str]:
    return [finding["code"] for finding in answer("findings", *events, valid_at=valid_at)]


def test_every_finding_stands_in_the_table() -> None:
    assert set(FOUND) == set(CODES)


@pytest.mark.parametrize("code", FOUND)
def test_a_finding_is_made_where_its_history_shows_it(code: str) -> None:
    shown, named, _ = FOUND[code]

    found = [finding for finding in answer("findings", *shown, valid_at=DAY) if finding["code"] == code]

    assert [finding["entries"] for finding in found] == [named]
    assert all(finding["text"] and finding["about"] for finding in found)


@pytest.mark.parametrize("code", FOUND)
def test_a_near_miss_makes_no_such_finding(code: str) -> None:
    _, _, near_miss = FOUND[code]

    assert code not in codes(*near_miss)


@pytest.mark.parametrize("code", FOUND)
def test_an_undone_cause_leaves_no_finding(code: str) -> None:
    shown, named, _ = FOUND[code]

    assert code not in codes(*shown, *(retracted(position) for position in range(len(shown))))
    assert named


FURTHER: list[tuple[str, Callable[[], list[Json]], bool]] = [
    ("an open end above the ceiling is not above it for certain", lambda: [CEILING, said("personnel.deployed", party="JAM", items=[{"kind": "personnel", "category": "troops", "maximum": 50}])], False),
    ("at least eleven are above ten", lambda: [CEILING, said("personnel.deployed", party="JAM", items=[people(11, 50)])], True),
    ("those who left are not there", lambda: [CEILING, deployed(count=11), left(1)], False),
    ("a visit is not a deployment", lambda: [CEILING, deployed(count=10), deployed(count=5, temporary=True)], False),
    ("companies are not persons", lambda: [CEILING, said("personnel.deployed", party="JAM", items=[people(11, unit="company")])], False),
    ("a report moves nothing", lambda: [CEILING, strength(people(50))], False),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "events", "above"), FURTHER, ids=[sentence for sentence, _, _ in FURTHER])
def test_the_ceiling_is_exceeded_only_by_people_who_are_certainly_there(
    sentence: str, events: Callable[[], list[Json]], above: bool
) -> None:
    assert ("deployment-above-ceiling" in codes(*events())) is above, sentence


def test_the_dead_of_the_time_after_a_term_are_no_arrivals() -> None:
    assert "activity-after-expiry" not in codes(AUTHORISED, at("2024-11-01", lost("killed_in_action")))
    assert "activity-after-expiry" not in codes(AUTHORISED, deployed(), left(5, "2024-11-01"))


def test_a_term_without_an_end_and_a_later_renewal_keep_the_activity_within_the_mandate() -> None:
    endless = said("mandate.renewed", "2024-09-30", instrument="S/RES/2751(2024)")

    assert "activity-after-expiry" not in codes(AUTHORISED, endless, deployed(effective="2024-11-01"))
    assert "activity-after-expiry" not in codes(AUTHORISED, RENEWED, deployed(effective="2024-11-01"))
    assert "mandate-expired" not in codes(AUTHORISED, RENEWED)
    assert "mandate-gap" not in codes(AUTHORISED, RENEWED)


@pytest.mark.parametrize("role", ["penholder", "contingent_commander", "spokesperson"])
def test_a_post_for_several_may_have_several_holders(role: str) -> None:
    shared = said("post.created", post="fc", role=role)

    assert "post-several-holders" not in codes(shared, appointed("Otunge"), appointed("Ombati"))


def test_an_abolished_post_is_no_vacancy() -> None:
    assert "post-vacant" not in codes(CREATED, said("post.abolished", "2024-03-01", post="fc"))


def test_a_post_with_nobody_but_a_designate_is_a_vacancy() -> None:
    assert "post-vacant" in codes(CREATED, appointed("Otunge", designate=True))


def test_the_lead_nation_that_left_leaves_a_vacancy() -> None:
    assert "post-vacant" in codes(LED, said("lead-nation.ended", "2024-05", party="KEN"))
    assert "post-vacant" not in codes(LED)


@pytest.mark.parametrize(
    ("reported", "noticed"),
    [
        (people(9), True),
        (people(11), True),
        (people(10), False),
        (people(5, 10), False),
        (people(11, 20), True),
        (people(None), False),
        ({"kind": "personnel", "category": "troops", "minimum": 11}, True),
        ({"kind": "personnel", "category": "troops", "maximum": 9}, True),
        ({"kind": "personnel", "category": "troops", "maximum": 10}, False),
        (people(20, approximate=True), False),
    ],
)
def test_only_what_cannot_both_be_right_is_a_variance(reported: Json, noticed: bool) -> None:
    found = codes(deployed(count=10), strength(reported, party="JAM"))

    assert ("variance" in found) is noticed


def test_a_dispute_is_found_once_although_it_touches_several_rows() -> None:
    both = said("personnel.deployed", party="JAM", items=[people(5), people(6, category="civilian")])

    assert codes(both, disputed(0)).count("dispute-open") == 1


def test_states_and_groups_that_are_registered_are_known_wherever_they_act() -> None:
    strangers = [
        announced("a", party="XAA"),
        deployed("XBB"),
        said("contribution.received", party="XCC", channel=UN_FUND, money=money("5")),
        said("position.stated", party="XDD", stance="supports", on="force"),
        said("partner.joined", group="SGP", party="XEE"),
        CREATED,
        appointed("Otunge", party="XFF"),
        said("lead-nation.designated", party="XGG"),
    ]

    found = [f["about"] for f in answer("findings", *strangers, valid_at=DAY) if f["code"] == "party-unknown"]

    assert found == [f"parties/X{letter * 2}" for letter in "ABCDEFG"]


def test_findings_are_told_in_a_steady_order() -> None:
    history = [AUTHORISED, CREATED, deployed("XBB"), deployed("XAA"), CEILING, disputed(2)]

    found = answer("findings", *history, valid_at=DAY)

    assert len(found) >= 5
    assert found == sorted(found, key=lambda finding: (finding["code"], finding["about"], finding["entries"]))
