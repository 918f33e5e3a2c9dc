"""What writers remember of what they wrote holds as long as nobody else writes, and is never relied upon longer."""

import random
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import Engine, update

from ledger import memory, tables, writes
from ledger.recording import Recorded
from ledger.refusals import Refused
from ledger.schemas import parse_event
from ledger.store import read_entries, reading, size, writing
from ledger.writer import Writer
from projections import work
from projections.runner import Projector, rebuild
from tests.bench.workload import Workload
from tests.builders import announced, append, deployed, people, registered, retracted, said
from tests.test_time_travel import assert_answers_as_defined

DAYS = ["2005-07-01", "2005-07-20", "2005-08-05", "2006-01-01"]


def record(writer: Writer, *events: dict[str, Any], key: str | None = None) -> Recorded:
    return writer.record([parse_event(event) for event in events], actor="tester", key=key)


def recorded(engine: Engine) -> Sequence[Any]:
    with reading(engine) as connection:
        return [(e.stream, e.version, e.type, e.target, e.root, e.data) for e in read_entries(connection)]


@pytest.fixture
def writers(engine: Engine) -> list[Writer]:
    append(engine, registered())
    return [Writer(engine, Projector) for _ in range(2)]


@pytest.mark.parametrize("seed", range(3))
def test_writers_that_take_turns_record_and_project_as_one_would(engine: Engine, seed: int) -> None:
    choose, workload = random.Random(seed), Workload(missions=2)
    writers = [Writer(engine, Projector) for _ in range(2)]
    told = workload.take(90)
    of_whom = writers[0]
    for event in told:
        if choose.random() < 0.2:
            of_whom = choose.choice(writers)
        if choose.random() < 0.05:
            rebuild(engine)
        record(of_whom, event)

    with reading(engine) as connection:
        assert [(e.type, e.effective) for e in read_entries(connection)] == [(e["type"], e["effective"]) for e in told]
        assert_answers_as_defined(connection, DAYS, [mission.name for mission in workload.missions])


def test_what_another_writer_has_begun_is_known(writers: list[Writer]) -> None:
    one, other = writers
    record(one, deployed())
    record(other, announced("a"))

    record(one, said("pledge.withdrawn", pledge="a"))

    with pytest.raises(Refused):
        record(other, said("pledge.withdrawn", pledge="a"))


def test_nothing_is_refused_for_what_was_remembered_alone(writers: list[Writer], engine: Engine) -> None:
    one, other = writers
    record(one, deployed())
    record(other, deployed())

    record(one, {**deployed(), "expected_version": 2})

    with pytest.raises(Refused) as refused:
        record(other, {**deployed(), "expected_version": 2})
    assert [refusal.code for refusal in refused.value.refusals] == ["version-conflict"]


def test_what_a_retraction_ends_is_not_remembered(writers: list[Writer]) -> None:
    one, _ = writers
    record(one, announced("a"))
    record(one, said("pledge.revised", pledge="a", items=[people(5)]))
    record(one, retracted(1))

    with pytest.raises(Refused) as refused:
        record(one, said("pledge.revised", pledge="a", items=[people(6)]))

    assert [refusal.code for refusal in refused.value.refusals] == ["unknown-subject"]


def test_a_refused_request_is_not_remembered(writers: list[Writer], engine: Engine) -> None:
    one, _ = writers
    record(one, announced("a"))
    with pytest.raises(Refused):
        record(one, announced("b"), said("pledge.withdrawn", pledge="none"))

    with pytest.raises(Refused):
        record(one, said("pledge.withdrawn", pledge="b"))
    record(one, {**announced("b"), "expected_version": 0})

    assert [row[:2] for row in recorded(engine)][2:] == [("test-mission/pledge/b", 1)]


def test_a_ledger_that_was_closed_meanwhile_takes_nothing(writers: list[Writer], engine: Engine) -> None:
    one, _ = writers
    for _ in range(2):
        record(one, deployed())
    with writing(engine) as connection:
        connection.execute(update(tables.head).values(closed="closed for the night"))

    with pytest.raises(Refused) as refused:
        record(one, deployed())

    assert [refusal.code for refusal in refused.value.refusals] == ["closed"]
    with writing(engine) as connection:
        connection.execute(update(tables.head).values(closed=None))


def test_the_same_request_again_is_answered_as_before(writers: list[Writer], engine: Engine) -> None:
    one, other = writers
    record(one, deployed())
    first = record(one, deployed("KEN"), key="k")
    again = [record(writer, deployed("KEN"), key="k") for writer in (one, other, one)]

    assert [one.replayed for one in (first, *again)] == [False, True, True, True]
    with reading(engine) as connection:
        assert size(connection) == 3


@pytest.mark.parametrize("most", [1_000, 10])
def test_what_comes_late_and_changes_much_is_recorded_by_who_remembers(
    writers: list[Writer], engine: Engine, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(writes, "MOST", most)
    one, _ = writers
    for day in range(2, 29):
        record(one, deployed(effective=f"2024-02-{day:02}"))

    record(one, deployed(effective="2024-02-01"))

    with reading(engine) as connection:
        assert_answers_as_defined(connection, ["2024-02-01", "2024-02-20", "2024-03-01"], ["test-mission"])


def test_more_than_is_remembered_is_read_again(
    writers: list[Writer], engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "MOST_STREAMS", 2)
    monkeypatch.setattr(work, "MOST_TAILS", 2)
    one, _ = writers
    for number in range(12):
        with suppress(Refused):
            record(one, announced(f"p{number % 5}"))
            record(one, deployed(["KEN", "JAM", "USA", "FRA"][number % 4]))

    with reading(engine) as connection:
        assert_answers_as_defined(connection, ["2024-01-10", "2024-03-01"], ["test-mission"])
