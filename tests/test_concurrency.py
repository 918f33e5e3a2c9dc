"""Many processes, one ledger: nothing is lost, doubled or out of order, whoever is killed and whenever."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Connection, Engine, select

from ledger.entries import Entry
from ledger.store import open_engine, read_entries, reading, size
from ledger.tables import entries as table
from projections.answers import ANSWERS, PROJECTIONS, folded_rows, make
from projections.queries import indexed_rows
from projections.runner import rebuild
from projections.tables import generations
from tests import writer
from tests.builders import MISSION, announced, append, registered

ROOT = Path(__file__).parent.parent
NAMES = frozenset(projection.name for projection in PROJECTIONS)
WRITERS, STEPS = 16, 18
DAYS = ("2023-06-01", "2024-02-01", "2024-04-01", "2025-06-01")


class Writer:
    """A process of `tests.writer`, and what it has acknowledged."""

    def __init__(self, process: int, said: Path):
        self.process, self.said = process, said

    def lines(self) -> list[str]:
        """Whole lines: what a process was about to say when it died was not said."""
        text = self.said.read_text() if self.said.exists() else ""
        return [line for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def acknowledged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines()[1:]]

    def kill(self) -> None:
        os.kill(self.process, signal.SIGKILL)


class Writers:
    """Many of them, as one group of processes."""

    def __init__(self, url: str, number: int, steps: int, folder: Path):
        command = [sys.executable, "-m", "tests.writer", url, str(number), str(steps), str(folder)]
        self.group = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        assert self.group.stdin is not None
        assert self.group.stdout is not None
        processes = json.loads(self.group.stdout.readline() or "[]")
        self.each = [Writer(process, folder / f"{index}.said") for index, process in enumerate(processes)]

    def run(self) -> bool:
        """Whether any is still at work; none may die by itself."""
        assert self.group.poll() in (None, 0), "a writer died by itself"
        return self.group.poll() is None

    def begin(self) -> None:
        while self.run() and not all(writer.lines() for writer in self.each):
            time.sleep(0.01)
        self.group.stdin.close()  # type: ignore[union-attr]

    def acknowledged(self) -> list[dict[str, Any]]:
        return [answer for writer in self.each for answer in writer.acknowledged()]


@contextmanager
def writers(url: str, number: int, steps: int, folder: Path) -> Iterator[Writers]:
    """So many writers, begun together; none is left behind."""
    started = Writers(url, number, steps, folder)
    try:
        started.begin()
        yield started
    finally:
        with suppress(ProcessLookupError):
            os.killpg(started.group.pid, signal.SIGKILL)
        started.group.wait()
        started.group.stdout.close()  # type: ignore[union-attr]


class Reader:
    """Follows a ledger, and finds at each look a whole one that continues what it saw."""

    def __init__(self, engine: Engine):
        self.engine, self.entries, self.looks = engine, list[Entry](), 0

    def look(self) -> None:
        with reading(self.engine) as connection:
            seen = len(self.entries)
            new = read_entries(connection, table.c.position >= seen)
            assert [entry.position for entry in new] == list(range(seen, seen + len(new)))
            self.entries += new
            assert size(connection) == len(self.entries)
            assert connection.execute(select(generations.c.size)).scalar_one() == len(self.entries)
            assert_answers_as_defined(connection, self.entries, [(DAYS[self.looks % 4], len(self.entries) - 1)])
        self.looks += 1


def assert_answers_as_defined(
    connection: Connection, entries: Sequence[Entry], questions: Iterable[tuple[str, int]]
) -> None:
    for valid_at, known in questions:
        indexed = indexed_rows(connection, NAMES, MISSION, valid_at, known)
        folded = folded_rows(entries, NAMES, MISSION, valid_at, known)
        assert indexed == folded
        assert make(ANSWERS, indexed, valid_at) == make(ANSWERS, folded, valid_at)


def assert_whole(engine: Engine, acknowledged: Iterable[dict[str, Any]]) -> list[Entry]:
    """Every acknowledged entry is there as it was acknowledged; nothing is missing, doubled or out of order."""
    with reading(engine) as connection:
        entries = read_entries(connection)
        assert [entry.position for entry in entries] == list(range(size(connection)))
        told = {tuple(one) for answer in acknowledged for one in answer["entries"]}
        assert told <= {(entry.position, entry.id, entry.stream, entry.version) for entry in entries}
        assert len({entry.id for entry in entries}) == len(entries)
        streams: dict[str, list[int]] = {}
        for entry in entries:
            streams.setdefault(entry.stream, []).append(entry.version)
        assert all(versions == list(range(1, len(versions) + 1)) for versions in streams.values())
        assert [entry.recorded_at for entry in entries] == sorted(entry.recorded_at for entry in entries)
        every_few = range(-1, len(entries), 1 + len(entries) // 10)
        last = [(day, len(entries) - 1) for day in DAYS]
        assert_answers_as_defined(connection, entries, [*zip(cycle(DAYS), every_few), *last])
    return entries


def opened(engine: Engine) -> int:
    return len(append(engine, registered(), announced("shared")))


def test_sixteen_writers_lose_double_and_disorder_nothing(engine: Engine, database_url: str, tmp_path: Path) -> None:
    before, reader = opened(engine), Reader(engine)

    with writers(database_url, WRITERS, STEPS, tmp_path) as at_work:
        while at_work.run():
            reader.look()
            time.sleep(0.05)
        answers = at_work.acknowledged()
    reader.look()

    assert len(answers) == WRITERS * STEPS
    first = [answer for answer in answers if not answer["replayed"]]
    assert_each_key_recorded_once(answers)
    entries = assert_whole(engine, answers)
    assert len(entries) == before + sum(len(answer["entries"]) for answer in first)
    assert reader.entries == entries


def assert_each_key_recorded_once(answers: Iterable[dict[str, Any]]) -> None:
    """Both of a pair were given the same entries, and one of them recorded them."""
    by_key: dict[str, list[dict[str, Any]]] = {}
    for answer in answers:
        if answer["key"] is not None:
            by_key.setdefault(answer["key"], []).append(answer)
    assert len(by_key) == WRITERS // 2 * len(range(2, STEPS, 3))
    for one, other in by_key.values():
        assert one["entries"] == other["entries"]
        assert sorted([one["replayed"], other["replayed"]]) == [False, True]


def test_killed_writers_lose_nothing_that_was_acknowledged(engine: Engine, database_url: str, tmp_path: Path) -> None:
    before, chance = opened(engine), Random()

    with writers(database_url, WRITERS, 0, tmp_path) as at_work:
        doomed = {each: chance.randint(0, 12) for each in at_work.each}
        while doomed and at_work.run():
            for each in [each for each, after in doomed.items() if len(each.acknowledged()) >= after]:
                time.sleep(chance.random() / 50)  # into the middle of whatever it does next
                each.kill()
                del doomed[each]
        answers = at_work.acknowledged()

    opened_again = open_engine(database_url)
    entries = assert_whole(opened_again, answers)
    told = {one[0] for answer in answers for one in answer["entries"]}
    assert len(told) <= len(entries) - before <= len(told) + WRITERS * writer.MOST
    rebuild(opened_again)
    append(opened_again, announced("after"))
    assert_whole(opened_again, answers)
    opened_again.dispose()
