"""What stands after corrections and retractions, and corrections and retractions of those."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entries import without_payload
from ledger.standing import Standing, as_it_stands, merge, retracted, standing
from tests.builders import announced, corrected, deployed, registered, said
from tests.builders import retracted as undone
from tests.generated import thorough
from tests.in_memory import entered

A = announced("a", party="JAM", source={"symbol": "S/2024/262"})
DISPUTED = said("claim.disputed", mission=None, target=0, reason="another figure")


def only(*events: dict[str, Any]) -> Standing:
    (one,) = standing(entered(*events))
    return one


def test_an_entry_that_nobody_touched_stands_as_it_was_said() -> None:
    entries = entered(registered(), A)

    stood = standing(entries)

    assert [s.entry for s in stood] == entries
    assert [(s.effective, s.data, s.source) for s in stood] == [(e.effective, e.data, e.source) for e in entries]
    assert [s.positions for s in stood] == [[0], [1]]


def test_a_correction_replaces_what_it_names_and_keeps_the_place() -> None:
    s = only(A, corrected(0, to_effective="2024-02", to_data={"party": "BLZ", "announcer": "USA"}))

    assert (s.position, s.positions, s.type, s.mission) == (0, [0, 1], "pledge.announced", "test-mission")
    assert (s.effective, s.first) == ("2024-02", "2024-02-01")
    assert s.data == {**A["data"], "party": "BLZ", "announcer": "USA"}
    assert s.source == {"symbol": "S/2024/262"}


def test_a_corrected_source_takes_the_place_of_the_whole_source() -> None:
    s = only(A, corrected(0, to_source={"title": "Letter", "published": "2024-03"}))

    assert s.source == {"title": "Letter", "published": "2024-03"}
    assert (s.effective, s.data) == (A["effective"], A["data"])


def test_null_takes_an_optional_field_away() -> None:
    s = only(announced("a", due="2025"), corrected(0, to_data={"due": None}))

    assert s.data == announced("a")["data"]


def test_the_later_correction_of_a_field_prevails_and_other_fields_are_kept() -> None:
    s = only(
        A,
        corrected(0, to_data={"party": "BLZ", "due": "2025"}),
        corrected(0, to_data={"party": "GTM"}, to_effective="2024-03"),
    )

    assert (s.data["party"], s.data["due"], s.effective) == ("GTM", "2025", "2024-03")
    assert s.positions == [0, 1, 2]


def test_corrections_apply_by_position_whatever_their_own_dates() -> None:
    s = only(A, corrected(0, "2024-09", to_data={"party": "BLZ"}), corrected(0, "2024-02", to_data={"party": "GTM"}))

    assert s.data["party"] == "GTM"


def test_a_retracted_entry_does_not_stand() -> None:
    entries = entered(A, registered(), undone(0))

    assert [s.position for s in standing(entries)] == [1]
    assert retracted(entries) == {0}


def test_a_retracted_correction_brings_back_what_stood_before_it() -> None:
    s = only(A, corrected(0, to_data={"party": "BLZ"}), corrected(0, to_data={"party": "GTM"}), undone(2))
    first_undone = only(A, corrected(0, to_data={"party": "BLZ"}), corrected(0, to_data={"due": "2025"}), undone(1))

    assert (s.data["party"], s.positions) == ("BLZ", [0, 1])
    assert (first_undone.data["party"], first_undone.data["due"], first_undone.positions) == ("JAM", "2025", [0, 2])


def test_a_retracted_retraction_brings_the_entry_back_and_a_third_takes_it_away_again() -> None:
    twice = entered(A, undone(0), undone(1))
    thrice = entered(A, undone(0), undone(1), undone(2))
    anew = entered(A, undone(0), undone(1), undone(0))

    assert ([s.position for s in standing(twice)], retracted(twice)) == ([0], {1})
    assert (standing(thrice), retracted(thrice)) == ([], {0, 2})
    assert (standing(anew), retracted(anew)) == ([], {0, 1})


def test_a_corrected_correction_applies_as_it_was_put_right() -> None:
    s = only(A, corrected(0, to_data={"party": "BLZ"}), corrected(1, to_data={"data": {"party": "GTM"}}))

    assert (s.data["party"], s.positions) == ("GTM", [0, 1, 2])


def test_a_corrected_correction_may_correct_another_part() -> None:
    wrong = corrected(0, to_data={"party": "BLZ"})

    s = only(A, wrong, corrected(1, to_data={"data": None, "effective": "2024-03"}))

    assert (s.data["party"], s.effective) == ("JAM", "2024-03")


def test_the_retraction_of_a_corrected_correction_takes_both_away() -> None:
    s = only(A, corrected(0, to_data={"party": "BLZ"}), corrected(1, to_data={"data": {"party": "GTM"}}), undone(1))

    assert (s.data["party"], s.positions) == ("JAM", [0])


def test_a_corrected_retraction_still_retracts() -> None:
    entries = entered(A, undone(0), corrected(1, to_data={"reason": "recorded twice"}))

    assert standing(entries) == []


def test_a_correction_of_a_retracted_entry_shows_again_when_the_entry_does() -> None:
    history = [A, undone(0), corrected(0, to_data={"party": "BLZ"})]

    assert standing(entered(*history)) == []
    assert only(*history, undone(1)).data["party"] == "BLZ"


def test_an_entry_as_it_stands_is_told_even_where_it_is_retracted_or_a_correction() -> None:
    family = entered(
        A, corrected(0, to_data={"party": "BLZ"}), corrected(1, to_data={"data": {"party": "GTM"}}), undone(0)
    )

    assert as_it_stands(family[0], family).data["party"] == "GTM"
    assert as_it_stands(family[1], family).data["data"] == {"party": "GTM"}
    assert as_it_stands(family[0], family[:2]).data["party"] == "BLZ"
    assert as_it_stands(family[0], family[:1]).data == A["data"]


def test_a_claim_stands_beside_the_entry_that_it_is_about_as_that_stands() -> None:
    stood = standing(entered(A, DISPUTED, corrected(0, to_data={"party": "BLZ"})))

    assert [s.position for s in stood] == [0, 1]
    assert stood[0].about is None
    assert stood[1].about == stood[0]
    assert stood[1].about is not None
    assert stood[1].about.data["party"] == "BLZ"


def test_a_claim_about_an_entry_that_no_longer_stands_is_about_nothing() -> None:
    claim = only(A, DISPUTED, undone(0))

    assert (claim.position, claim.about) == (1, None)


def test_a_claim_may_itself_be_corrected_and_retracted() -> None:
    put_right = standing(entered(A, DISPUTED, corrected(1, to_data={"reason": "another date"})))
    taken_back = standing(entered(A, DISPUTED, undone(1)))

    assert (put_right[1].data["reason"], put_right[1].positions) == ("another date", [1, 2])
    assert [s.position for s in taken_back] == [0]


def test_an_entry_whose_target_is_not_at_hand_is_kept_without_it() -> None:
    _, claim, change = entered(A, DISPUTED, corrected(0, to_data={"party": "BLZ"}))

    (stood,) = standing([claim, change])

    assert (stood.position, stood.about) == (1, None)


def test_a_redacted_entry_does_not_stand() -> None:
    first, second = entered(A, deployed())

    stood = standing([without_payload(first), second])

    assert [s.position for s in stood] == [1]


@pytest.mark.parametrize(
    ("change", "merged"),
    [
        (None, {"a": 1, "b": 2}),
        ({}, {"a": 1, "b": 2}),
        ({"a": None}, {"b": 2}),
        ({"a": 3, "c": 4}, {"a": 3, "b": 2, "c": 4}),
        ({"c": None}, {"a": 1, "b": 2}),
    ],
)
def test_a_change_takes_the_place_of_the_fields_that_it_names(change: Any, merged: dict[str, int]) -> None:
    data = {"a": 1, "b": 2}

    assert merge(data, change) == merged
    assert data == {"a": 1, "b": 2}


PARTIES = ["BLZ", "GTM", "BHS", "SLV", "CAN"]


@thorough(150)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10**6)), max_size=12))
def test_a_long_quarrel_ends_as_a_reader_would_say_it_ends(moves: list[tuple[bool, int]]) -> None:
    """Corrections and retractions of anything earlier; the judge decides from the definition, newest first."""
    history = [A]
    for index, (takes_away, pick) in enumerate(moves):
        target = pick % len(history)
        change = {"party": PARTIES[index % len(PARTIES)]}
        about_entry = target == 0 or history[target]["type"] == "entry.retracted"
        mended = change if target == 0 else {"data": change}
        history.append(undone(target) if takes_away or (about_entry and target) else corrected(target, to_data=mended))

    stood = standing(entered(*history))

    def gone(position: int) -> bool:
        return any(
            event["type"] == "entry.retracted" and event["data"]["target"] == position and not gone(later)
            for later, event in enumerate(history)
            if later > position
        )

    def fields(position: int) -> dict[str, Any]:
        said_there = dict(history[position]["data"])
        for later, event in enumerate(history):
            if event["type"] == "entry.corrected" and event["data"]["target"] == position and not gone(later):
                said_there |= fields(later).get("data", {})
        return said_there

    assert [s.data for s in stood] == ([] if gone(0) else [fields(0)])
    assert retracted(entered(*history)) == {position for position in range(len(history)) if gone(position)}
