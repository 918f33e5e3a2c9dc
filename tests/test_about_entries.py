"""What may be said about an entry: retractions, disputes, corroborations, ranks."""

from typing import Any

import pytest

from ledger.about_entries import MAX_CHAIN
from ledger.decisions import Accepted
from tests.builders import corrected, registered, retracted, said
from tests.facts import (
    DISPUTED,
    PARTY,
    A,
    B,
    R,
    about,
    detail,
    naming,
    of,
)
from tests.in_memory import decided

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


def test_what_was_removed_is_removed_once_and_corrected_no_more() -> None:
    history = [R, A, REDACTED]

    assert decided(history, REDACTED) == UNSAYABLE
    assert decided(history, corrected(1, to_effective="2024-02")) == UNSAYABLE
    assert decided(history, corrected(1, to_data={"party": "KEN"})) == UNSAYABLE
    assert "removed by entry 2 already" in detail(history, REDACTED)
    assert "removed by entry 2, so nothing is left to correct" in detail(history, corrected(1, to_effective="2024-02"))


def test_a_correction_of_what_was_removed_is_corrected_no_more_either() -> None:
    history = [R, A, corrected(1, to_data={"party": "KEN"}), REDACTED]

    assert decided(history, corrected(2, to_data={"data": {"party": "BLZ"}})) == UNSAYABLE
    assert "the payload of entry 1 was removed" in detail(history, corrected(2, to_effective="2024-02"))


@pytest.mark.parametrize("event", [retracted(1), DISPUTED, CORROBORATED, RANKED], ids=of)
def test_what_was_removed_is_still_retracted_and_spoken_of(event: dict[str, Any]) -> None:
    assert isinstance(decided([R, A, REDACTED], event), Accepted)


def test_a_redaction_stays_readable_and_in_force_and_may_be_corrected() -> None:
    history = [R, A, REDACTED]

    assert decided(history, naming(REDACTED, target=2)) == UNSAYABLE
    assert decided(history, retracted(2)) == UNSAYABLE
    assert decided(history, naming(DISPUTED, target=2)) == UNSAYABLE
    assert "does not come back" in detail(history, retracted(2))
    assert isinstance(decided(history, corrected(2, to_data={"legal_basis": "another rule"})), Accepted)


def test_a_payload_is_removed_however_long_the_chain_is_that_it_ends() -> None:
    chain = [R, A, *(retracted(target) for target in range(1, MAX_CHAIN + 1))]

    assert isinstance(decided(chain, naming(REDACTED, target=MAX_CHAIN + 1)), Accepted)


def test_a_chain_of_retractions_of_retractions_has_an_end() -> None:
    chain = [R, A, *(retracted(target) for target in range(1, MAX_CHAIN + 1))]

    assert decided(chain, retracted(MAX_CHAIN + 1)) == [("not-possible-now", "/data/target")]
    assert isinstance(decided(chain[:-1], retracted(MAX_CHAIN)), Accepted)
