"""Corrections: the corrected entry is a valid one, refers to what is known and stays about its subject."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.decisions import Accepted, decide
from ledger.entries import payload_of
from ledger.schemas import Invalid, parse_event
from tests.builders import corrected, deployed, people, retracted, said
from tests.facts import (
    CREATED,
    DISPUTED,
    PAID,
    SET,
    SIGNED,
    A,
    B,
    R,
    detail,
    naming,
)
from tests.generated import JSON, thorough
from tests.in_memory import decided, entered, known


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


def test_a_correction_makes_no_pledge_convert_itself_and_moves_no_position() -> None:
    stated = said("position.stated", party="CHN", stance="abstains", on="a-topic")

    assert decided([R, A], corrected(1, to_data={"converts": ["a"]})) == [("wrong-correction", "/data/data")]
    assert decided([R, stated], corrected(1, to_data={"party": "RUS"})) == [("wrong-correction", "/data/data/party")]
