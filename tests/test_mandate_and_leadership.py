"""Mandate, leadership, partner groups, positions, targets, parties: each shown by a small history in memory."""

import pytest

from projections.answers import LEDGER_WIDE, PROJECTIONS
from tests.builders import corrected, people, registered, said
from tests.in_memory import answer, rows
from tests.rows import AUTHORISED, CREATED, RENEWED, Json, appointed, departed, holders, only, ranked

# --- the mandate --------------------------------------------------------------------------------------------------


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
        ("2023-10", {"months": 1}, None, None),
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


def test_a_termination_of_the_month_of_the_authorisation_is_not_lost() -> None:
    ending = said("mission.terminated", "2023-10", reason="withdrawn at once")

    assert answer("mandate", registered(), AUTHORISED, ending)["status"] == "terminated"


def test_of_a_termination_and_a_renewal_of_one_month_the_one_recorded_later_holds() -> None:
    ending = said("mission.terminated", "2024-09")

    ended = answer("mandate", registered(), AUTHORISED, RENEWED, ending, valid_at="2024-10-01")
    renewed = answer("mandate", registered(), AUTHORISED, ending, RENEWED, valid_at="2024-10-01")

    assert (ended["status"], renewed["status"]) == ("terminated", "active")


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


@pytest.mark.parametrize("effective", ["2024-03", "2024", "2024-03-15"])
def test_an_abolition_is_not_lost_where_its_date_does_not_tell_that_it_follows_the_creation(effective: str) -> None:
    created = {**CREATED, "effective": "2024-03-15"}
    abolished = said("post.abolished", effective, post="fc")

    found = [only("leadership", *events) for events in ([created, abolished], [abolished, created])]

    assert [(post["vacant"], post["abolished"]["since"]) for post in found] == [(False, effective)] * 2


def test_of_an_abolition_and_a_new_creation_of_one_month_the_one_recorded_later_holds() -> None:
    abolished, anew = said("post.abolished", "2024-03", post="fc"), {**CREATED, "effective": "2024-03-15"}

    created_anew = only("leadership", CREATED, abolished, anew)
    abolished_anew = only("leadership", CREATED, anew, abolished)

    assert (created_anew["abolished"], created_anew["vacant"]) == (None, True)
    assert (abolished_anew["abolished"]["since"], abolished_anew["vacant"]) == ("2024-03", False)


def test_an_abolition_of_an_earlier_month_does_not_outlast_a_creation() -> None:
    abolished, anew = said("post.abolished", "2024-02", post="fc"), {**CREATED, "effective": "2024-03-15"}

    assert only("leadership", abolished, anew)["abolished"] is None


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

    assert member["group"] == {"code": "SGP", "name": None, "rules": [], "entries": [], "former": []}
    assert member["intended"] is True


def test_a_group_names_its_former_members() -> None:
    joined = [said("partner.joined", "2025-10-01", group="SGP", party=party) for party in ("KEN", "CAN")]
    left = said("partner.left", "2026-03-01", group="SGP", party="KEN", cause="term_ended")

    (former,) = only("partners", *joined, left)["group"]["former"]

    assert (former["party"], former["since"], former["until"], former["cause"], former["entries"]) == (
        "KEN", "2025-10-01", "2026-03-01", "term_ended", [0, 2],
    )  # fmt: skip


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


def test_a_transition_that_gives_a_term_after_a_termination_lets_the_mission_live_again() -> None:
    ended = said("mission.terminated", "2024-03-01")
    turned = said("mission.transitioned", "2024-05-01", name="Gang Suppression Force", months=12)

    mandate = answer("mandate", registered(), AUTHORISED, ended, turned, valid_at="2024-06-01")

    assert (mandate["status"], mandate["until"]) == ("active", "2025-05-01")


def test_a_deprecated_target_supersedes_nothing() -> None:
    first = said("target.set", "2025-01-01", target="half", text="Half strength")
    second = said("target.set", "2025-03-01", target="full", text="Full strength", supersedes=["half"])

    statuses = {t["target"]: t["status"] for t in answer("targets", first, second, ranked(1, "deprecated"))}

    assert statuses == {"half": "open", "full": "open"}
