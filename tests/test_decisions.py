"""Decisions: what an event may refer to, its ref, the version that it expects, and what a decision has to know."""

from typing import Any

import pytest

from ledger.decisions import Accepted, decide
from ledger.known import Known, needs
from ledger.schemas import parse_event
from tests.builders import announced, deployed, registered, retracted, said
from tests.facts import (
    CONFIRMED,
    CREATED,
    NO_PLEDGE,
    NOTIFIED,
    PAID,
    SET,
    SIGNED,
    SUSPENDED,
    WITHDRAWN,
    A,
    B,
    History,
    R,
    about,
    detail,
    naming,
    of,
)
from tests.in_memory import decided, entered, known


@pytest.mark.parametrize("event", [A, CREATED, deployed(), said("meeting.held", title="Conference")], ids=of)
def test_a_mission_is_registered_before_anything_else_about_it(event: dict[str, Any]) -> None:
    unknown = [("unknown-subject", "/mission")]

    assert decided([], event) == unknown
    assert decided([registered("another")], event) == unknown
    assert decided([R, retracted(0)], event) == unknown
    assert isinstance(decided([R], event), Accepted)


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


def test_a_decision_says_beforehand_what_it_has_to_know() -> None:
    events = [
        {**deployed(fulfils="a"), "ref": "new"},
        naming(PAID, commitment="c"),
        WITHDRAWN,
        about(said("claim.disputed", target=7, rival="old", reason="other figures")),
    ]

    wanted = needs(parse_event(event) for event in events)

    withdrawn = f"test-mission/pledge/{WITHDRAWN['data']['pledge']}"
    assert wanted.ruling == {(withdrawn, ("pledge.announced", "pledge.notified", "pledge.withdrawn"))}
    assert wanted.beginnings == {
        ("test-mission/mission", ("mission.registered",)),
        ("test-mission/pledge/a", ()),
        ("test-mission/commitment/c", ()),
    }
    others = {"test-mission/deployment/JAM", "test-mission/funding/USA"}
    assert wanted.versions == {withdrawn} | wanted.begun | others
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
