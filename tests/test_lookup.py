"""What is read of a stream before something is said in it: what rules look at, however long the stream is."""

from typing import Any

import pytest
from sqlalchemy import Engine

from ledger.known import BEGINNING, needs
from ledger.lookup import look_up
from ledger.refusals import Refused
from ledger.schemas import parse_event
from ledger.store import writing
from tests.builders import announced, append, corrected, deployed, people, registered, retracted, said

PLEDGE = "test-mission/pledge/a"
OPENING, SUSPENDED, RESUMED = 1, 12, 13


def revised(count: int) -> dict[str, Any]:
    return said("pledge.revised", "2024-02", pledge="a", items=[people(count)])


@pytest.fixture
def engine(engine: Engine) -> Engine:
    """A pledge with ten revisions, a suspension and a resumption."""
    append(engine, registered(), announced("a"), *map(revised, range(1, 11)))
    append(engine, said("pledge.suspended", "2024-03", pledge="a", cause="policy_review"))
    append(engine, said("pledge.resumed", "2024-04", pledge="a", reason="it has ended"))
    return engine


def resumed() -> dict[str, Any]:
    return said("pledge.resumed", "2024-05", pledge="a", reason="once more")


def read_for(engine: Engine, *events: dict[str, Any], length: int = 13) -> list[int]:
    """The positions of the pledge's stream that are read before events are decided; it has so many entries."""
    parsed = [parse_event(event) for event in events]
    with writing(engine) as connection:
        found = look_up(connection, parsed, needs(parsed))
    assert found.versions[PLEDGE] == length
    return [entry.position for entry in found.streams[PLEDGE]]


def test_a_rule_that_counts_reads_what_it_counts(engine: Engine) -> None:
    assert read_for(engine, resumed()) == [OPENING, SUSPENDED, RESUMED]


def test_what_was_said_about_that_is_read_with_it(engine: Engine) -> None:
    append(engine, corrected(5, to_effective="2024-02-02"), retracted(SUSPENDED))

    assert read_for(engine, resumed(), length=15) == [OPENING, SUSPENDED, RESUMED, 15]


def test_whether_something_has_begun_is_read_from_the_beginning(engine: Engine) -> None:
    assert read_for(engine, revised(20)) == list(range(1, 1 + BEGINNING))


def test_both_are_read_side_by_side(engine: Engine) -> None:
    assert read_for(engine, revised(20), resumed()) == [*range(1, 1 + BEGINNING), SUSPENDED, RESUMED]


def test_where_the_beginning_was_retracted_what_opens_is_looked_for_further_on(engine: Engine) -> None:
    append(engine, retracted(OPENING), said("pledge.notified", "2024-06", pledge="a", party="KEN", items=[people(5)]))

    assert read_for(engine, revised(20), length=15) == [*range(1, 1 + BEGINNING), 14, 15]


def test_what_a_correction_refers_to_may_have_begun_anew(engine: Engine) -> None:
    append(engine, deployed())
    append(engine, *(retracted(position) for position in range(OPENING, OPENING + BEGINNING)))
    revisions = [retracted(position) for position in range(OPENING + BEGINNING, RESUMED + 1)]
    append(engine, *revisions, said("pledge.notified", "2024-06", pledge="a", party="KEN", items=[people(5)]))

    (entry,) = append(engine, corrected(14, to_data={"fulfils": "a"}))

    assert entry.data["data"] == {"fulfils": "a"}


def test_what_a_correction_refers_to_must_stand(engine: Engine) -> None:
    append(engine, deployed())
    append(engine, *(retracted(position) for position in range(OPENING, RESUMED + 1)))

    with pytest.raises(Refused) as refused:
        append(engine, corrected(14, to_data={"fulfils": "a"}))

    assert [refusal.code for refusal in refused.value.refusals] == ["unknown-subject"]
