"""A rebuild by several processes: the same rows as one makes, and as little of what is removed meanwhile."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from ledger.audit import workers
from projections import anew, runner
from projections.anew import Beside, Made
from projections.runner import RebuildOvertaken, rebuild
from tests.builders import append, corrected, deployed, registered
from tests.test_redaction import CODE, SECRET, SYMBOL, redacted, secret, traces
from tests.test_redaction import assert_in_order as assert_forgotten
from tests.test_time_travel import Interrupted, assert_in_order, late, seen, told

pytestmark = pytest.mark.usefixtures("several")


@pytest.fixture
def several(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small ledgers are as good as large ones, and a machine of one processor as good as one of two."""
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(runner, "SEVERAL_FROM", 1)
    monkeypatch.setattr(anew, "CHUNK", 2)
    monkeypatch.setattr(anew, "SLICE", 3)


def test_several_processes_make_what_one_makes(engine: Engine) -> None:
    count = told(engine)
    before = seen(engine)
    told_of: list[tuple[int, int]] = []

    went_in = rebuild(engine, lambda done, of: told_of.append((done, of)))

    assert went_in == count
    assert seen(engine) == before
    assert told_of == sorted(told_of)
    assert len(told_of) > 3
    assert_in_order(engine, count)


def test_what_is_recorded_meanwhile_is_in_the_rebuilt_rows(engine: Engine) -> None:
    count = told(engine)
    slices: list[int] = []

    def recorded(done: int, of: int) -> None:
        append(engine, *late(len(slices)))
        slices.append(done)

    rebuild(engine, recorded)

    assert_in_order(engine, count + 2 * len(slices))


@pytest.mark.parametrize("after", [2])
def test_an_interrupted_one_leaves_the_live_rows_alone_and_the_next_one_succeeds(engine: Engine, after: int) -> None:
    count = told(engine)
    before = seen(engine)
    slices: list[int] = []

    def interrupt(done: int, of: int) -> None:
        slices.append(done)
        if len(slices) == after:
            raise Interrupted

    with pytest.raises(Interrupted):
        rebuild(engine, interrupt)
    interrupted = seen(engine)
    rebuild(engine)

    assert interrupted == before
    assert_in_order(engine, count)


def test_it_gives_way_to_one_that_began_later(engine: Engine) -> None:
    count = told(engine)
    went_in: list[int] = []

    def overtake(done: int, of: int) -> None:
        went_in.append(rebuild(engine) if not went_in else count)

    with pytest.raises(RebuildOvertaken):
        rebuild(engine, overtake)

    assert went_in[0] == count
    append(engine, *late(0))


def secrets(engine: Engine) -> None:
    append(engine, registered(), registered("other"), secret(), corrected(2, to_effective="2024-02"))
    append(engine, *(deployed(mission="other", count=number + 1) for number in range(4)))


@pytest.mark.parametrize("after", [1, 3])
def test_what_is_removed_meanwhile_is_forgotten_at_once(engine: Engine, after: int) -> None:
    secrets(engine)
    slices: list[int] = []
    found: list[str] = []

    def redact(done: int, of: int) -> None:
        slices.append(done)
        if len(slices) == after:
            append(engine, redacted(2))
            found.extend(traces(engine, SECRET, CODE, SYMBOL))

    rebuild(engine, redact)

    assert len(slices) >= after
    assert found == []
    assert traces(engine, SECRET, CODE, SYMBOL) == []
    assert_forgotten(engine)


def test_what_was_made_before_something_was_removed_is_made_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets(engine)
    made_beside = runner.made_beside
    redactions: list[Any] = []

    def too_late(*given: Any) -> Beside:
        for group, makings in made_beside(*given):
            first = next(makings)
            redactions.extend(append(engine, redacted(2)) if not redactions else ())

            def again(first: Made = first, makings: Iterator[Made] = makings) -> Iterator[Made]:
                yield first
                yield from makings

            yield group, again()

    monkeypatch.setattr(runner, "made_beside", too_late)
    rebuild(engine)

    assert len(redactions) == 1
    assert traces(engine, SECRET, CODE, SYMBOL) == []
    assert_forgotten(engine)
