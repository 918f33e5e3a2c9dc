"""Findings: every one has a history that makes it and a near miss that does not."""

from collections.abc import Callable

import pytest

from ledger.events import PARTY_FIELDS
from projections.findings import CODES
from tests.builders import announced, deployed, money, people, retracted, said
from tests.in_memory import answer
from tests.rows import (
    AUTHORISED,
    CREATED,
    DAY,
    RENEWED,
    UN_FUND,
    Json,
    about_a,
    appointed,
    codes,
    departed,
    disputed,
    flow,
    left,
    lost,
    notified,
    pledged,
    ranked,
    received,
    signed,
    strength,
)

# --- findings -----------------------------------------------------------------------------------------------------

CEILING = said("ceiling.set", instrument="S/RES/2699(2023)", total=10)
LED = said("lead-nation.designated", "2024-02", party="KEN")
PARTY = said("party.registered", "2023", mission=None, party="CARICOM", name="Caribbean Community", kind="organisation")
MERGED = said("party.merged", "2023", mission=None, party="CARICOM", into="OECS")
LATE_RENEWAL = said("mandate.renewed", "2024-10-03", instrument="S/RES/2751(2024)")
EARLY_RENEWAL = said("mandate.renewed", "2023-10-01", instrument="S/RES/2698(2023)")
POSITION = said("position.stated", "2024-02-01", party="CHN", stance="opposes", on="force")
TRUCK = {"kind": "equipment", "category": "truck", "minimum": 2, "maximum": 2}
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
    "more-left-than-came": ([deployed(count=5), left(6)], [0, 1], [deployed(count=5), left(5)]),
    "commitment-elsewhere": ([signed("80", channel="bilateral_to_host"), received("5", commitment="c")], [0, 1], [signed("80"), received("5", commitment="c")]),
    "fulfils-something-else": ([pledged("80", "p"), deployed(fulfils="p")], [0, 1], [pledged("80", "p"), received("5", channel="bilateral_to_host", fulfils="p")]),
    "revised-after-end": (
        [announced("a"), about_a("withdrawn", "2024-04"), about_a("revised", "2024-05-01", items=[people(5)])],
        [1, 2],
        [announced("a"), about_a("withdrawn", "2024-04"), about_a("revised", "2024-04-30", items=[people(5)])],
    ),
    "notified-by-others": ([announced("a", party="FRA"), notified()], [1], [announced("a"), notified()]),
    "party-is-a-state": ([{**PARTY, "data": {**PARTY["data"], "party": "KEN"}}], [0], [PARTY]),
}  # fmt: skip


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


NAMING: list[tuple[str, Json]] = [
    ("host", said("mission.registered", name="A mission", host="XXX")),
    ("by", said("mission.authorized", "2023-10-02", instrument="S/RES/2699(2023)", by="XXX")),
    ("office", said("support-office.established", office="XXX", name="Office")),
    ("into", said("party.merged", mission=None, party="OLD", into="XXX")),
    ("party", said("lead-nation.designated", party="XXX")),
    ("on_behalf_of", appointed("Otunge", on_behalf_of="XXX")),
    ("appointed_by", appointed("Otunge", appointed_by="XXX")),
    ("group", said("partner.joined", group="XXX", party="KEN")),
    ("announcer", announced("a", announcer="XXX")),
    ("jointly_with", announced("a", jointly_with=["XXX"])),
    ("by", about_a("confirmed", by="XXX")),
    ("announcer", signed("5", announcer="XXX")),
    ("announcer", received("5", announcer="XXX")),
    ("recipient", flow("funds.disbursed", "5", recipient="XXX")),
    ("party", said("fund-balance.reported", fund="f", measure="received", money=money("5"), party="XXX")),
    ("reporter", said("cost.estimated", estimate="need", money=money("5"), reporter="XXX")),
    ("parties", said("pledge-total.reported", counting="letters", parties=["XXX"])),
    ("reporter", strength(people(5), reporter="XXX")),
    ("parties_present", strength(people(5), parties_present=["XXX"])),
    ("recipient", said("equipment.delivered", party="USA", items=[TRUCK], recipient="XXX")),
    ("holder", said("equipment.delivered", party="USA", items=[TRUCK], holder="XXX")),
    ("shared_with", said("equipment.delivered", party="USA", items=[TRUCK], shared_with="XXX")),
    ("party", said("equipment-status.reported", party="XXX", items=[TRUCK], status="authorised")),
    ("setter", said("target.set", target="t", text="Full strength", setter="XXX")),
]  # fmt: skip


@pytest.mark.parametrize(("field", "naming"), NAMING)
def test_an_unknown_party_is_found_in_whatever_field_it_is_named(field: str, naming: Json) -> None:
    found = [f for f in answer("findings", naming, valid_at=DAY) if f["code"] == "party-unknown"]

    assert [(f["about"], f["entries"]) for f in found] == [("parties/XXX", [0])]


def test_who_disputes_an_entry_is_a_party_as_well() -> None:
    assert "party-unknown" in codes(deployed(), disputed(0, by="XXX"))


def test_every_field_that_rows_keep_is_tried() -> None:
    in_the_history_alone = {"sent_by", "sent_to", "convened_by", "participants"}

    assert {field for field, _ in NAMING} == PARTY_FIELDS - in_the_history_alone


def test_the_body_that_suspends_is_told_in_words_and_is_no_party() -> None:
    assert "party-unknown" not in codes(announced("a"), about_a("suspended", by="PARLIAMENT"))
    assert "party-unknown" not in codes(flow("contribution.suspended", "5", by="CONGRESS"))


@pytest.mark.parametrize(
    ("history", "noticed"),
    [
        ([signed("80"), received("5", currency="CAD", commitment="c")], True),
        ([signed("80"), received("5", channel="not_stated", commitment="c")], False),
        ([signed("80"), received("5", commitment="no-such")], False),
    ],
)
def test_a_payment_lies_in_the_channel_and_currency_of_its_commitment(history: list[Json], noticed: bool) -> None:
    assert ("commitment-elsewhere" in codes(*history)) is noticed


@pytest.mark.parametrize(
    ("history", "noticed"),
    [
        ([pledged("80", "p"), received("5", currency="CAD", fulfils="p")], True),
        ([pledged("80", "p"), signed("5", fulfils="p")], False),
        ([announced("a"), signed("5", fulfils="a")], True),
        ([announced("a"), deployed(fulfils="a")], False),
        ([announced("a"), said("equipment.delivered", party="JAM", items=[TRUCK], fulfils="a")], True),
        ([announced("a"), about_a("revised", items=[TRUCK]), deployed(fulfils="a")], False),
    ],
)
def test_what_fulfils_a_pledge_is_of_a_kind_that_was_promised_in_it(history: list[Json], noticed: bool) -> None:
    assert ("fulfils-something-else" in codes(*history)) is noticed


def test_a_pledge_opened_anew_may_be_revised_again() -> None:
    history = [
        announced("a"),
        about_a("withdrawn", "2024-02"),
        notified(),
        about_a("revised", "2024-05", items=[people(5)]),
    ]

    assert "revised-after-end" not in codes(*history)
    assert "revised-after-end" not in codes(*history[:2], history[3], ranked(1, "deprecated"))


def test_perhaps_more_left_than_came_is_no_finding() -> None:
    assert "more-left-than-came" not in codes(deployed(count=5), left(None))


def test_findings_are_told_in_a_steady_order() -> None:
    history = [AUTHORISED, CREATED, deployed("XBB"), deployed("XAA"), CEILING, disputed(2)]

    found = answer("findings", *history, valid_at=DAY)

    assert len(found) >= 5
    assert found == sorted(found, key=lambda finding: (finding["code"], finding["about"], finding["entries"]))
