"""Decisions: every rule both ways, what an event may refer to, and what may be said about an entry."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from ledger.about_entries import MAX_CHAIN
from ledger.decisions import Accepted, decide
from ledger.entries import payload_of
from ledger.known import Known, needs
from ledger.refusals import REFUSALS, Refused
from ledger.rules import RULES
from ledger.schemas import Invalid, parse_event
from ledger.store import reading, size
from tests.builders import announced, append, corrected, deployed, money, people, registered, retracted, said
from tests.generated import JSON, thorough
from tests.in_memory import decided, entered, known

History = list[dict[str, Any]]
R = registered()
CREATED = said("post.created", post="fc", role="force_commander")
ABOLISHED = said("post.abolished", "2024-03", post="fc")
APPOINTED = said("office-holder.appointed", "2024-02", post="fc", person="Otunge")
DEPARTED = said("office-holder.departed", "2024-04", post="fc", person="Otunge")
DESIGNATED = said("lead-nation.designated", party="KEN")
ENDED = said("lead-nation.ended", "2024-05", party="KEN")
JOINED = said("partner.joined", group="SGP", party="KEN")
LEFT = said("partner.left", "2024-05", group="SGP", party="KEN")
NOTIFIED = said("pledge.notified", "2024-02", pledge="a", party="JAM", items=[people(100)])
SUSPENDED = said("pledge.suspended", "2024-03", pledge="a")
RESUMED = said("pledge.resumed", "2024-04", pledge="a")
WITHDRAWN = said("pledge.withdrawn", "2024-05", pledge="a")
LAPSED = said("pledge.lapsed", "2024-05", pledge="a")
CONDITIONED = said("pledge.conditioned", "2024-02", pledge="a", condition="command", text="a clear command")
MET = said("pledge.condition-met", "2024-03", pledge="a", condition="command")
SIGNED = said("commitment.signed", commitment="c", party="USA", channel="un_trust_fund", money=money("5"))
CANCELLED = said("commitment.cancelled", "2024-05", commitment="c")
FROZEN = said("contribution.suspended", party="USA", channel="un_trust_fund", money=money("5"))
RELEASED = said("contribution.resumed", "2024-05", party="USA", channel="un_trust_fund", money=money("5"))
SET = said("target.set", target="t", text="Full strength")
CLOSED = said("target.closed", "2024-05", target="t", outcome="missed")
STATED = said("position.stated", party="CHN", stance="opposes", on="blue-helmets")
RECANTED = said("position.withdrawn", "2024-05", party="CHN", on="blue-helmets")
PARTY = said("party.registered", mission=None, party="UNSOH", name="Support office", kind="office")
MERGED = said("party.merged", mission=None, party="UNSOH", into="UNO")
OVER = said("mission.terminated", "2025", reason="done")

EXISTS, IMPOSSIBLE = ("already-exists", "/data"), ("not-possible-now", "/data")
NO_PLEDGE = ("unknown-subject", "/data/pledge")
NO_COMMITMENT = ("unknown-subject", "/data/commitment")
A = announced("a")
B = announced("b")
REVISED = said("pledge.revised", "2024-03", pledge="a", items=[people(5)])
CONFIRMED = said("pledge.confirmed", "2024-03", pledge="a")
AMENDED = said("commitment.amended", "2024-03", commitment="c", money=money("7"))

# event; histories that allow it; histories that do not, each with the refusals
TABLE: list[tuple[dict[str, Any], list[History], list[tuple[History, list[tuple[str, str]]]]]] = [
    (R, [[], [registered("another")]], [([R], [EXISTS])]),
    (OVER, [[R]], [([R, OVER], [EXISTS])]),
    (PARTY, [[], [{**PARTY, "data": {**PARTY["data"], "party": "BINUH"}}]], [([PARTY], [EXISTS])]),
    (MERGED, [[PARTY], []], [([PARTY, MERGED], [EXISTS])]),
    (
        ENDED,
        [[R, DESIGNATED], [R, DESIGNATED, ENDED, DESIGNATED]],
        [
            ([R], [IMPOSSIBLE]),
            ([R, DESIGNATED, ENDED], [IMPOSSIBLE]),
            ([R, said("lead-nation.designated", party="USA")], [IMPOSSIBLE]),
        ],
    ),
    (CREATED, [[R], [R, CREATED, ABOLISHED]], [([R, CREATED], [EXISTS])]),
    (ABOLISHED, [[R, CREATED]], [([R], [IMPOSSIBLE]), ([R, CREATED, ABOLISHED], [IMPOSSIBLE])]),
    (
        APPOINTED,
        [[R, CREATED], [R, CREATED, APPOINTED]],
        [([R], [IMPOSSIBLE]), ([R, CREATED, ABOLISHED], [IMPOSSIBLE])],
    ),
    (
        DEPARTED,
        [[R, CREATED, APPOINTED], [R, CREATED, APPOINTED, ABOLISHED]],
        [
            ([R, CREATED], [IMPOSSIBLE]),
            ([R, CREATED, APPOINTED, DEPARTED], [IMPOSSIBLE]),
            ([R, CREATED, said("office-holder.appointed", post="fc", person="Ombati")], [IMPOSSIBLE]),
        ],
    ),
    (JOINED, [[R], [R, JOINED, LEFT]], [([R, JOINED], [EXISTS])]),
    (LEFT, [[R, JOINED]], [([R], [IMPOSSIBLE]), ([R, JOINED, LEFT], [IMPOSSIBLE])]),
    (A, [[R], [R, NOTIFIED], [R, B]], [([R, A], [EXISTS])]),
    (NOTIFIED, [[R], [R, A]], [([R, NOTIFIED], [EXISTS])]),
    (REVISED, [[R, A], [R, NOTIFIED], [R, A, REVISED]], [([R], [NO_PLEDGE]), ([R, B], [NO_PLEDGE])]),
    (CONDITIONED, [[R, A], [R, NOTIFIED]], [([R], [NO_PLEDGE])]),
    (
        MET,
        [[R, A, CONDITIONED], [R, A, CONDITIONED, MET, CONDITIONED], [R, announced("a", condition="command")]],
        [
            ([R], [NO_PLEDGE, ("not-possible-now", "/data/condition")]),
            ([R, A], [("not-possible-now", "/data/condition")]),
            ([R, A, CONDITIONED, MET], [("not-possible-now", "/data/condition")]),
            ([R, announced("a", condition="funding")], [("not-possible-now", "/data/condition")]),
        ],
    ),
    (CONFIRMED, [[R, A], [R, A, CONFIRMED]], [([R], [NO_PLEDGE])]),
    (SUSPENDED, [[R, A], [R, A, SUSPENDED]], [([R], [NO_PLEDGE])]),
    (
        RESUMED,
        [[R, A, SUSPENDED], [R, A, SUSPENDED, RESUMED, SUSPENDED]],
        [([R], [NO_PLEDGE, IMPOSSIBLE]), ([R, A], [IMPOSSIBLE]), ([R, A, SUSPENDED, RESUMED], [IMPOSSIBLE])],
    ),
    (WITHDRAWN, [[R, A], [R, NOTIFIED], [R, A, LAPSED]], [([R], [NO_PLEDGE]), ([R, A, WITHDRAWN], [EXISTS])]),
    (LAPSED, [[R, A], [R, A, WITHDRAWN]], [([R], [NO_PLEDGE]), ([R, A, LAPSED], [EXISTS])]),
    (SIGNED, [[R]], [([R, SIGNED], [EXISTS])]),
    (AMENDED, [[R, SIGNED], [R, SIGNED, AMENDED]], [([R], [NO_COMMITMENT])]),
    (CANCELLED, [[R, SIGNED]], [([R], [NO_COMMITMENT]), ([R, SIGNED, CANCELLED], [EXISTS])]),
    (
        RELEASED,
        [[R, FROZEN], [R, FROZEN, FROZEN, RELEASED]],
        [
            ([R], [IMPOSSIBLE]),
            ([R, FROZEN, RELEASED], [IMPOSSIBLE]),
            ([R, {**FROZEN, "data": {**FROZEN["data"], "channel": "direct_in_kind"}}], [IMPOSSIBLE]),
            ([R, {**FROZEN, "data": {**FROZEN["data"], "party": "CAN"}}], [IMPOSSIBLE]),
        ],
    ),
    (SET, [[R]], [([R, SET], [EXISTS])]),
    (CLOSED, [[R, SET]], [([R], [("unknown-subject", "/data/target")]), ([R, SET, CLOSED], [EXISTS])]),
    (
        RECANTED,
        [[R, STATED], [R, STATED, RECANTED, STATED]],
        [
            ([R], [IMPOSSIBLE]),
            ([R, STATED, RECANTED], [IMPOSSIBLE]),
            ([R, {**STATED, "data": {**STATED["data"], "party": "RUS"}}], [IMPOSSIBLE]),
        ],
    ),
]
ALLOWED = [(event, history) for event, allowed, _ in TABLE for history in allowed]
DECLINED = [(event, history, refusals) for event, _, declined in TABLE for history, refusals in declined]


def of(value: Any) -> str | None:
    return value["type"] if isinstance(value, dict) else None


def about(event: dict[str, Any]) -> dict[str, Any]:
    """An event about an entry names no mission: it takes the target's."""
    return {name: value for name, value in event.items() if name != "mission"}


def detail(history: History, event: dict[str, Any]) -> str:
    decision = decide(parse_event(event), known(entered(*history), event))
    assert isinstance(decision, list)
    return decision[0].detail


def test_every_rule_stands_in_the_table() -> None:
    assert [event["type"] for event, _, _ in TABLE] == list(RULES)
    assert all(allowed and declined for _, allowed, declined in TABLE)


@pytest.mark.parametrize(("event", "history"), ALLOWED, ids=of)
def test_what_can_be_is_accepted(event: dict[str, Any], history: History) -> None:
    decision = decided(history, event)

    assert isinstance(decision, Accepted), decision
    assert (decision.event.type, decision.root) == (event["type"], None)
    assert decision.mission == event.get("mission")


@pytest.mark.parametrize(("event", "history", "refusals"), DECLINED, ids=of)
def test_what_cannot_be_is_refused(event: dict[str, Any], history: History, refusals: Any) -> None:
    assert decided(history, event) == refusals


@pytest.mark.parametrize(("event", "history"), [(event, history) for event, history, _ in DECLINED], ids=of)
def test_a_refusal_says_what_to_do_or_which_entry_stands_against_it(event: dict[str, Any], history: History) -> None:
    told = detail(history, event)

    assert "record " in told or "by entry " in told


def test_a_rule_asks_what_stands_and_not_what_was_once_said() -> None:
    undone = [R, A, WITHDRAWN, retracted(2)]

    assert isinstance(decided(undone, WITHDRAWN), Accepted)
    assert decided([*undone, retracted(3)], WITHDRAWN) == [EXISTS]
    assert decided([R, A, retracted(1)], WITHDRAWN) == [NO_PLEDGE]
    assert isinstance(decided([R, A, retracted(1)], A), Accepted)


# --- missions, references, refs, versions -------------------------------------------------------------------------


@pytest.mark.parametrize("event", [A, CREATED, deployed(), said("meeting.held", title="Conference")], ids=of)
def test_a_mission_is_registered_before_anything_else_about_it(event: dict[str, Any]) -> None:
    unknown = [("unknown-subject", "/mission")]

    assert decided([], event) == unknown
    assert decided([registered("another")], event) == unknown
    assert decided([R, retracted(0)], event) == unknown
    assert isinstance(decided([R], event), Accepted)


PAID = said("contribution.received", party="USA", channel="un_trust_fund", money=money("5"))


def naming(event: dict[str, Any], **data: Any) -> dict[str, Any]:
    return {**event, "data": {**event["data"], **data}}


@pytest.mark.parametrize(
    ("event", "pointer", "named"),
    [
        (naming(deployed(), fulfils="a"), "/data/fulfils", A),
        (naming(PAID, fulfils="a"), "/data/fulfils", NOTIFIED),
        (naming(PAID, commitment="c"), "/data/commitment", SIGNED),
        (naming(SIGNED, commitment="d", fulfils="a"), "/data/fulfils", A),
        (announced("b", converts=["a"]), "/data/converts", A),
        (naming(NOTIFIED, pledge="b", converts=["a"]), "/data/converts", A),
        (naming(SET, target="u", supersedes=["t"]), "/data/supersedes", SET),
    ],
)
def test_what_an_event_refers_to_must_be_known(event: dict[str, Any], pointer: str, named: dict[str, Any]) -> None:
    unknown = [("unknown-subject", pointer)]

    assert decided([R], event) == unknown
    assert decided([R, named, retracted(1)], event) == unknown
    assert decided([R, registered("other"), {**named, "mission": "other"}], event) == unknown
    assert isinstance(decided([R, named], event), Accepted)


def test_each_unknown_reference_is_refused_by_itself() -> None:
    both = naming(PAID, fulfils="a", commitment="c")
    pair = announced("d", converts=["a", "b", "c"])

    assert decided([R], both) == [("unknown-subject", "/data/fulfils"), ("unknown-subject", "/data/commitment")]
    assert decided([R, A], both) == [("unknown-subject", "/data/commitment")]
    assert decided([R, B], pair) == [("unknown-subject", "/data/converts")] * 2
    assert "pledge/a is not in the ledger" in detail([R, B], pair)


def test_a_ref_is_given_once() -> None:
    first = {**deployed(), "ref": "letter"}

    assert decided([R, first], {**B, "ref": "letter"}) == [("ref-taken", "/ref")]
    assert "entry 1 bears the ref 'letter' already" in detail([R, first], {**B, "ref": "letter"})
    assert isinstance(decided([R, first], {**B, "ref": "letters"}), Accepted)
    assert decided([R, first, retracted(1)], {**B, "ref": "letter"}) == [("ref-taken", "/ref")]


@pytest.mark.parametrize(("history", "version"), [([R], 0), ([R, A], 1), ([R, A, SUSPENDED, retracted(1)], 3)])
def test_an_expected_version_must_be_the_streams(history: History, version: int) -> None:
    event = CONFIRMED if version == 1 else NOTIFIED
    moved = {**event, "expected_version": version + 1}

    decision = decide(parse_event(moved), known(entered(*history), moved))

    assert isinstance(decision, list)
    assert [(r.code, r.pointer, r.actual_version) for r in decision] == [
        ("version-conflict", "/expected_version", version)
    ]
    assert isinstance(decided(history, {**event, "expected_version": version}), Accepted)


def test_an_expected_version_of_an_event_about_an_entry_is_that_of_the_targets_stream() -> None:
    history = [R, A, CONFIRMED]

    assert isinstance(decided(history, {**retracted(1), "expected_version": 2}), Accepted)
    assert decided(history, {**retracted(1), "expected_version": 1}) == [("version-conflict", "/expected_version")]


def test_everything_that_stands_against_an_event_is_said_at_once() -> None:
    event = {**naming(WITHDRAWN, pledge="z"), "expected_version": 4}

    assert decided([R], event) == [NO_PLEDGE, ("version-conflict", "/expected_version")]


def test_every_refusal_of_these_tests_stands_in_the_table_of_refusals() -> None:
    codes = {code for _, _, refusals in DECLINED for code, _ in refusals}

    assert codes <= set(REFUSALS)


def test_a_decision_says_beforehand_what_it_has_to_know() -> None:
    events = [
        {**deployed(fulfils="a"), "ref": "new"},
        naming(PAID, commitment="c"),
        WITHDRAWN,
        about(said("claim.disputed", target=7, rival="old", reason="other figures")),
    ]

    wanted = needs(parse_event(event) for event in events)

    mission = "test-mission/mission"
    assert wanted.streams == {mission, "test-mission/pledge/a", "test-mission/commitment/c"}
    assert wanted.versions == wanted.streams | {"test-mission/deployment/JAM", "test-mission/funding/USA"}
    assert wanted.positions == {7}
    assert wanted.refs == {"new", "old"}


def test_what_is_known_grows_with_each_accepted_event() -> None:
    first, second = entered({**A, "ref": "letter"}, retracted("letter"))
    grown = Known(streams={first.stream: []})

    grown.add(first)
    grown.add(second)

    assert grown.streams[first.stream] == [first, second]
    assert grown.versions == {first.stream: 2}
    assert grown.families == {0: [first, second]}
    assert (grown.refs, list(grown.entries)) == ({"letter": 0}, [0, 1])


# --- entries about entries ----------------------------------------------------------------------------------------

DISPUTED = about(said("claim.disputed", target=1, reason="another figure"))
CORROBORATED = about(said("claim.corroborated", target=1))
RANKED = about(said("claim.ranked", target=1, rank="preferred", reason="the better source"))
REDACTED = about(said("payload.redacted", target=1, legal_basis="a rule", reason="a person"))
ABOUT = [corrected(1, to_effective="2024-02"), retracted(1), DISPUTED, CORROBORATED, RANKED]
NO_TARGET = [("unknown-entry", "/data/target")]
UNSAYABLE = [("not-possible-now", "/data/target")]


@pytest.mark.parametrize("event", ABOUT, ids=of)
def test_an_entry_is_spoken_of_in_its_own_stream_and_mission(event: dict[str, Any]) -> None:
    decision = decided([R, A], event)

    assert isinstance(decision, Accepted)
    assert (decision.stream, decision.mission, decision.root) == ("test-mission/pledge/a", "test-mission", 1)


@pytest.mark.parametrize("event", [*ABOUT, REDACTED], ids=of)
def test_an_unknown_target_is_refused(event: dict[str, Any]) -> None:
    assert decided([R], event) == NO_TARGET
    assert decided([R], naming(event, target="letter")) == NO_TARGET


@pytest.mark.parametrize("event", ABOUT, ids=of)
def test_a_target_named_by_ref_is_recorded_by_position(event: dict[str, Any]) -> None:
    decision = decided([R, {**A, "ref": "letter"}], naming(event, target="letter"))

    assert isinstance(decision, Accepted)
    assert decision.event.data.target == 1


@pytest.mark.parametrize("event", ABOUT, ids=of)
def test_a_target_of_another_mission_is_refused(event: dict[str, Any]) -> None:
    history = [R, A, registered("another")]

    assert decided(history, {**event, "mission": "another"}) == [("unknown-entry", "/mission")]
    assert isinstance(decided(history, {**event, "mission": "test-mission"}), Accepted)


def test_what_belongs_to_no_mission_is_spoken_of_without_one() -> None:
    renamed = corrected(0, to_data={"name": "UN Support Office in Haiti"})

    decision = decided([PARTY], renamed)

    assert isinstance(decision, Accepted)
    assert (decision.stream, decision.mission) == ("party/UNSOH", None)
    assert decided([PARTY], {**renamed, "mission": "test-mission"}) == [("unknown-entry", "/mission")]


def test_an_entry_is_not_its_own_rival() -> None:
    assert decided([R, A], naming(DISPUTED, rival=1)) == [("not-possible-now", "/data/rival")]
    assert decided([R, {**A, "ref": "a"}], naming(DISPUTED, rival="a")) == [("not-possible-now", "/data/rival")]
    assert isinstance(decided([R, A, B], naming(DISPUTED, rival=2)), Accepted)


def test_an_unknown_rival_is_refused_beside_an_unknown_target() -> None:
    assert decided([R, A], naming(DISPUTED, rival=9)) == [("unknown-entry", "/data/rival")]
    assert decided([R, A], naming(DISPUTED, target="x", rival="y")) == [*NO_TARGET, ("unknown-entry", "/data/rival")]


@pytest.mark.parametrize("change", [corrected(1, to_effective="2024-02"), retracted(1)], ids=of)
@pytest.mark.parametrize("claim", [DISPUTED, CORROBORATED, RANKED], ids=of)
def test_a_claim_is_made_about_the_entry_and_not_about_its_change(change: Any, claim: dict[str, Any]) -> None:
    history = [R, A, change]

    assert decided(history, naming(claim, target=2)) == UNSAYABLE
    assert "make the claim about entry 1" in detail(history, naming(claim, target=2))


def test_a_claim_may_itself_be_ranked_disputed_and_corrected() -> None:
    history = [R, A, DISPUTED]

    for event in (naming(RANKED, target=2), naming(DISPUTED, target=2), corrected(2, to_data={"reason": "others"})):
        decision = decided(history, event)

        assert isinstance(decision, Accepted)
        assert decision.root == 1


def test_an_entry_is_retracted_once_and_again_after_that_was_undone() -> None:
    history = [R, A, retracted(1)]

    assert decided(history, retracted(1)) == UNSAYABLE
    assert isinstance(decided(history, retracted(2)), Accepted)
    assert isinstance(decided([*history, retracted(2)], retracted(1)), Accepted)
    assert decided([*history, retracted(2)], retracted(2)) == UNSAYABLE
    assert decided([*history, retracted(2), retracted(1)], retracted(1)) == UNSAYABLE


def test_this_version_removes_no_payloads() -> None:
    assert decided([R, A], REDACTED) == [("not-possible-now", "/type")]


# --- corrections --------------------------------------------------------------------------------------------------


def test_a_corrected_field_must_be_one_of_the_targets() -> None:
    misspelt = corrected(1, to_data={"partie": "BLZ"})

    assert decided([R, A], misspelt) == [("wrong-correction", "/data/data/partie")]
    assert "pledge.announced has no such field; its fields are: party, " in detail([R, A], misspelt)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"party": "Belize"}, "/data/data/party"),
        ({"party": None}, "/data/data/party"),
        ({"items": []}, "/data/data/items"),
        ({"items": [people(5, 3)]}, "/data/data/items/0/minimum"),
        ({"items": [{**people(5), "unspecified": "unknown"}]}, "/data/data/items/0/unspecified"),
        ({"due": "soon"}, "/data/data/due"),
        ({"due": 2024}, "/data/data/due"),
    ],
)
def test_a_correction_that_makes_the_entry_invalid_is_refused(changes: dict[str, Any], pointer: str) -> None:
    assert decided([R, A], corrected(1, to_data=changes)) == [("wrong-correction", pointer)]


@pytest.mark.parametrize(
    "changes",
    [{"party": "BLZ"}, {"items": [people(5, 7)]}, {"due": "2025"}, {"due": None}, {"announcer": None, "party": "BLZ"}],
)
def test_a_correction_that_leaves_a_valid_entry_is_accepted(changes: dict[str, Any]) -> None:
    assert isinstance(decided([R, A], corrected(1, to_data=changes)), Accepted)


def test_a_correction_may_refer_only_to_what_is_known() -> None:
    history, named = [R, deployed()], corrected(1, to_data={"fulfils": "a"})

    assert decided(history, named) == [("unknown-subject", "/data/data")]
    assert isinstance(decided([*history, A], named), Accepted)


def test_an_entry_cannot_be_made_to_be_about_another_one() -> None:
    history = [R, A, B, DISPUTED]

    assert decided(history, corrected(3, to_data={"target": 2})) == [("wrong-correction", "/data/data/target")]
    assert isinstance(decided(history, corrected(3, to_data={"target": 1, "reason": "others"})), Accepted)


def test_what_names_the_subject_of_an_entry_is_not_corrected_away() -> None:
    target = decided([R, SET], corrected(1, to_data={"target": "full-strength"}))
    pledge = decided([R, A], corrected(1, to_data={"pledge": "b"}))

    assert (target, pledge) == (
        [("wrong-correction", "/data/data/target")],
        [("wrong-correction", "/data/data/pledge")],
    )
    assert isinstance(decided([R, A], corrected(1, to_data={"pledge": "a", "party": "BLZ"})), Accepted)


def test_no_correction_gives_a_post_the_name_of_the_lead_nation() -> None:
    history = [R, CREATED, corrected(1, to_data={"title": "Commander"})]
    renamed = {"post": "lead-nation"}

    assert decided(history, corrected(1, to_data=renamed)) == [("wrong-correction", "/data/data/post")]
    assert decided(history, corrected(2, to_data={"data": renamed})) == [("wrong-correction", "/data/data/data/post")]


NOT_JSON_OF_THE_LEDGER = st.sampled_from(["half \ud800", 2**53, 10**30, 1.5, float("nan"), {"é": 1}, {"\ud800": 1}])
PLACES = st.sampled_from(
    ["party", "due", "items", "converts", "jointly_with", "é", "data", "source", "rival", "effective"]
)


@thorough(500)
@given(target=st.integers(1, 3), name=PLACES, value=JSON | NOT_JSON_OF_THE_LEDGER, deep=st.integers(0, 3))
def test_whatever_a_correction_changes_can_be_written_or_is_refused_by_place(
    target: int, name: str, value: Any, deep: int
) -> None:
    history = [R, A, corrected(1, to_data={"party": "BLZ"}), corrected(2, to_data={"reason": "misread"})]
    for wrap in [lambda v: [v], lambda v: {"data": v}, lambda v: [{**people(1), "note": v}]][:deep]:
        value = wrap(value)
    changes: dict[str, Any] = {name: value}

    try:
        event = parse_event(corrected(target, to_data=changes))
    except Invalid:
        return
    decision = decide(event, known(entered(*history), corrected(target, to_data=changes)))

    assert decision if isinstance(decision, list) else payload_of(decision.event)
    assert isinstance(decision, Accepted) or all(r.code != "too-large" and r.pointer for r in decision)


def test_a_correction_is_judged_against_what_stands() -> None:
    first = corrected(1, to_data={"announcer": "USA"})
    without = corrected(1, to_data={"announcer": None})

    assert isinstance(decided([R, A, first], without), Accepted)
    assert isinstance(decided([R, A, first, retracted(2)], without), Accepted)
    assert decided([R, A, first, retracted(2)], corrected(1, to_data={"announcer": "usa"})) == [
        ("wrong-correction", "/data/data/announcer")
    ]


def test_a_correction_is_not_judged_for_references_that_it_leaves_alone() -> None:
    named = corrected(2, to_data={"fulfils": "a"})
    other = corrected(2, to_data={"party": "BLZ"})

    assert isinstance(decided([R, A, deployed(), named, retracted(3), retracted(1)], other), Accepted)
    assert isinstance(decided([R, A, deployed(), named, retracted(1)], other), Accepted)
    assert isinstance(decided([R, A, deployed(), named], corrected(3, to_data={"reason": "misread"})), Accepted)


def test_what_the_entry_itself_refers_to_stays_known() -> None:
    history = [R, A, SIGNED, naming(PAID, fulfils="a", commitment="c")]

    decision = decided(history, corrected(3, to_data={"party": "CAN"}))

    assert isinstance(decision, Accepted), decision


def test_what_an_earlier_correction_refers_to_is_known_to_the_next_one() -> None:
    history = [R, A, deployed(), corrected(2, to_data={"fulfils": "a"})]

    decision = decided(history, corrected(2, to_data={"party": "BLZ"}))

    assert isinstance(decision, Accepted), decision


@pytest.mark.parametrize(
    "changes", [{"party": "not a party"}, {"items": "rubbish"}, {"partie": "BLZ"}, {"party": None}]
)
def test_the_correction_of_a_correction_must_leave_the_entry_valid(changes: dict[str, Any]) -> None:
    history = [R, A, corrected(1, to_data={"party": "BLZ"})]

    decision = decided(history, corrected(2, to_data={"data": changes}))

    assert isinstance(decision, list), "the entry as it would stand is invalid"
    assert decision[0][0] == "wrong-correction"
    assert decision[0][1].startswith("/data/data/data/")


def test_the_correction_of_a_correction_is_accepted_where_the_entry_stays_valid() -> None:
    history = [R, A, corrected(1, to_data={"party": "BLZ"})]

    decision = decided(history, corrected(2, to_data={"data": {"party": "GTM"}, "reason": "misread"}))

    assert isinstance(decision, Accepted)
    assert (decision.event.data.target, decision.root) == (2, 1)


@pytest.mark.parametrize("rival", [1, 77, "nobody"])
def test_a_corrected_dispute_names_a_rival_that_can_be(rival: Any) -> None:
    history = [R, A, B, naming(DISPUTED, rival=2)]

    assert isinstance(decided(history, corrected(3, to_data={"rival": rival})), list)


def test_a_corrected_instrument_is_stored_in_its_canonical_form() -> None:
    renewed = said("mandate.renewed", instrument="S/RES/2751(2023)")

    decision = decided([R, renewed], corrected(1, to_data={"instrument": "S/RES/2751 (2024)"}))

    assert isinstance(decision, Accepted)
    assert decision.event.data.data == {"instrument": "S/RES/2751(2024)"}


# --- batches ------------------------------------------------------------------------------------------------------


def refusals(engine: Engine, *events: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refused:
        append(engine, *events)
    return [(r.code, r.pointer) for r in refused.value.refusals]


def test_a_refused_event_does_not_blame_the_later_ones(engine: Engine) -> None:
    append(engine, R, {**deployed(), "ref": "taken"})
    twice = {**A, "ref": "taken"}
    unfounded = naming(CREATED, post="x")

    found = refusals(engine, twice, NOTIFIED, WITHDRAWN, deployed(fulfils="a"), unfounded, ABOLISHED, LEFT)

    assert found == [("ref-taken", "/0/ref"), ("not-possible-now", "/5/data"), ("not-possible-now", "/6/data")]
    with reading(engine) as connection:
        assert size(connection) == 2


TOO_LARGE = naming(A, items=[people(1, note="x" * 4_000)] * 20)
WRONG = corrected(1, ref="mended", to_data={"party": "nobody"})


@pytest.mark.parametrize(
    ("refused", "code", "pointer"),
    [
        (WRONG, "wrong-correction", "/data/data/party"),
        ({**retracted("no-such"), "ref": "mended"}, "unknown-entry", "/data/target"),
        ({**NOTIFIED, "ref": "mended"}, "already-exists", "/data"),
        ({**naming(REVISED, items=TOO_LARGE["data"]["items"]), "ref": "mended"}, "too-large", ""),
    ],
)
def test_what_is_about_a_refused_event_is_judged_once_that_one_is_mended(
    engine: Engine, refused: dict[str, Any], code: str, pointer: str
) -> None:
    append(engine, R, A, NOTIFIED, naming(DISPUTED, rival=2))
    about_it = [corrected("mended", ref="again", to_effective="2024-02"), retracted(4), retracted("again"),
                naming(DISPUTED, rival="mended"), corrected(3, to_data={"rival": 4})]  # fmt: skip

    found = refusals(engine, refused, *about_it, retracted(99))

    assert found == [(code, f"/0{pointer}"), ("unknown-entry", "/6/data/target")]


def test_an_event_that_is_too_large_does_not_blame_the_later_ones(engine: Engine) -> None:
    append(engine, R)

    assert refusals(engine, TOO_LARGE, REVISED, deployed(fulfils="a")) == [("too-large", "/0")]
    assert [code for code, _ in refusals(engine, A, naming(REVISED, items=TOO_LARGE["data"]["items"]))] == ["too-large"]


def test_an_event_of_a_batch_is_judged_after_those_before_it(engine: Engine) -> None:
    entries = append(engine, R, A, SUSPENDED, RESUMED, deployed(fulfils="a"), {**WITHDRAWN, "expected_version": 3})
    again = refusals(engine, B, naming(WITHDRAWN, pledge="b"), naming(WITHDRAWN, pledge="b"))

    assert [entry.version for entry in entries if entry.stream == "test-mission/pledge/a"] == [1, 2, 3, 4]
    assert again == [("already-exists", "/2/data")]


def test_a_batch_may_correct_its_own_entries_one_after_the_other(engine: Engine) -> None:
    first = {**deployed(), "ref": "arrival"}

    entries = append(
        engine,
        R,
        A,
        first,
        corrected("arrival", ref="mended", to_data={"fulfils": "a"}),
        corrected("arrival", to_data={"party": "BLZ"}),
        retracted("mended"),
    )

    assert [(entry.target, entry.root) for entry in entries[3:]] == [(2, 2), (2, 2), (3, 2)]


def test_a_correction_after_a_recorded_one_may_change_another_field(engine: Engine) -> None:
    append(engine, R, A, deployed(), corrected(2, to_data={"fulfils": "a"}))

    (entry,) = append(engine, corrected(2, to_data={"party": "BLZ"}))

    assert (entry.position, entry.target) == (4, 2)


def test_a_correction_of_a_correction_cannot_break_the_projections(engine: Engine) -> None:
    append(engine, R, A, corrected(1, to_data={"party": "BLZ"}))

    found = refusals(engine, corrected(2, to_data={"data": {"items": "rubbish"}}))

    assert [code for code, _ in found] == ["wrong-correction"]


def test_a_chain_of_retractions_of_retractions_has_an_end() -> None:
    chain = [R, A, *(retracted(target) for target in range(1, MAX_CHAIN + 1))]

    assert decided(chain, retracted(MAX_CHAIN + 1)) == [("not-possible-now", "/data/target")]
    assert isinstance(decided(chain[:-1], retracted(MAX_CHAIN)), Accepted)


def test_a_pledge_notified_anew_after_its_withdrawal_may_be_withdrawn_again() -> None:
    withdrawn = said("pledge.withdrawn", "2024-03-01", pledge="a")
    anew = said("pledge.notified", "2024-04-01", pledge="a", party="JAM", items=[people(100)])
    again = said("pledge.withdrawn", "2024-05-01", pledge="a")

    assert isinstance(decided([R, A, withdrawn, anew], again), Accepted)
    assert decided([R, A, withdrawn], again) == [("already-exists", "/data")]


def test_a_correction_makes_no_pledge_convert_itself_and_moves_no_position() -> None:
    stated = said("position.stated", party="CHN", stance="abstains", on="a-topic")

    assert decided([R, A], corrected(1, to_data={"converts": ["a"]})) == [("wrong-correction", "/data/data")]
    assert decided([R, stated], corrected(1, to_data={"party": "RUS"})) == [("wrong-correction", "/data/data/party")]
