"""A redaction beside a rebuild: what is made anew forgets it too, whenever it was begun."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine

from projections import runner
from projections.runner import rebuild
from tests.builders import announced, append, corrected, registered
from tests.test_redaction import CODE, SECRET, SYMBOL, assert_in_order, redacted, secret, traces
from tests.test_time_travel import Interrupted, chunks_of


@pytest.mark.parametrize("done_before", [1, 2, 4])
def test_a_rebuild_under_way_forgets_it_at_once_goes_on_and_switches(engine: Engine, done_before: int) -> None:
    append(engine, registered(), secret(), announced("b"), corrected(1, to_effective="2024-02"), announced("c"))
    found: list[str] = []

    def redact(done: int, of: int) -> None:
        if done == done_before:
            append(engine, redacted(1))
            found.extend(traces(engine, SECRET, CODE, SYMBOL))

    with chunks_of(1):
        went_in = rebuild(engine, redact)

    assert (went_in, found) == (6, [])
    assert traces(engine, SECRET, CODE, SYMBOL) == []
    assert_in_order(engine)


def test_what_a_broken_off_rebuild_left_behind_forgets_it_too(engine: Engine) -> None:
    append(engine, registered(), secret(), announced("b"))

    def interrupt(done: int, of: int) -> None:
        if done == 2:
            raise Interrupted

    for _ in range(2):
        with chunks_of(1), pytest.raises(Interrupted):
            rebuild(engine, interrupt)

    append(engine, redacted(1))

    assert traces(engine, SECRET, CODE, SYMBOL) == []
    assert_in_order(engine)


def test_a_redaction_waits_for_the_chunk_that_is_made_from_what_it_removes(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(engine, registered(), secret(), announced("b"))
    read, go_on, found = threading.Event(), threading.Event(), list[str]()
    chunk = runner._rebuild_chunk

    def slowly(connection: Any, generation: int, start: int, end: int) -> int:
        done = chunk(connection, generation, start, end)
        if not read.is_set():  # the first chunk is made, and not yet committed
            read.set()
            assert go_on.wait(30)
        return done

    def redact() -> None:
        append(engine, redacted(1))
        found.extend(traces(engine, SECRET, CODE, SYMBOL))

    monkeypatch.setattr(runner, "_rebuild_chunk", slowly)
    with ThreadPoolExecutor(2) as pool:
        rebuilt = pool.submit(rebuild, engine)
        assert read.wait(30)
        removed = pool.submit(redact)
        with pytest.raises(TimeoutError):
            removed.result(timeout=0.5)
        go_on.set()
        removed.result(timeout=60)
        rebuilt.result(timeout=60)

    assert found == []
    assert traces(engine, SECRET, CODE, SYMBOL) == []
