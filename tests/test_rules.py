"""The rules of each event type, every one both ways: what can be after a history, and what cannot."""

from typing import Any

import pytest

from ledger.decisions import Accepted, decide
from ledger.refusals import REFUSALS
from ledger.rules import RULES
from ledger.schemas import parse_event
from tests.builders import announced, people, registered, retracted, said
from tests.facts import (
    ABOLISHED,
    AMENDED,
    APPOINTED,
    CANCELLED,
    CLOSED,
    CONDITIONED,
    CONFIRMED,
    CREATED,
    DEPARTED,
    DESIGNATED,
    ENDED,
    EXISTS,
    FROZEN,
    IMPOSSIBLE,
    JOINED,
    LAPSED,
    LEFT,
    MERGED,
    MET,
    NO_COMMITMENT,
    NO_PLEDGE,
    NOTIFIED,
    OVER,
    PARTY,
    RECANTED,
    RELEASED,
    RESUMED,
    REVISED,
    SET,
    SIGNED,
    STATED,
    SUSPENDED,
    WITHDRAWN,
    A,
    B,
    History,
    R,
    detail,
    of,
)
from tests.in_memory import decided, entered, known

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


@pytest.mark.parametrize(
    ("event", "history"), [*ALLOWED, *((event, history) for event, history, _ in DECLINED)], ids=of
)
def test_what_a_rule_does_not_read_changes_no_verdict(event: dict[str, Any], history: History) -> None:
    entries = entered(*history)
    told = known(entries, event)
    whole = known(entries, event)
    whole.streams = {stream: [entry for entry in entries if entry.stream == stream] for stream in whole.streams}

    assert decide(parse_event(event), whole) == decide(parse_event(event), told)


def test_a_rule_asks_what_stands_and_not_what_was_once_said() -> None:
    undone = [R, A, WITHDRAWN, retracted(2)]

    assert isinstance(decided(undone, WITHDRAWN), Accepted)
    assert decided([*undone, retracted(3)], WITHDRAWN) == [EXISTS]
    assert decided([R, A, retracted(1)], WITHDRAWN) == [NO_PLEDGE]
    assert isinstance(decided([R, A, retracted(1)], A), Accepted)


def test_every_refusal_of_these_tests_stands_in_the_table_of_refusals() -> None:
    codes = {code for _, _, refusals in DECLINED for code, _ in refusals}

    assert codes <= set(REFUSALS)


def test_a_pledge_notified_anew_after_its_withdrawal_may_be_withdrawn_again() -> None:
    withdrawn = said("pledge.withdrawn", "2024-03-01", pledge="a")
    anew = said("pledge.notified", "2024-04-01", pledge="a", party="JAM", items=[people(100)])
    again = said("pledge.withdrawn", "2024-05-01", pledge="a")

    assert isinstance(decided([R, A, withdrawn, anew], again), Accepted)
    assert decided([R, A, withdrawn], again) == [("already-exists", "/data")]
