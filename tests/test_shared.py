"""One question for all who wait: nobody is answered by what was asked before it came."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from threading import Event as Signal
from typing import Any

import pytest

from ledger.shared import Shared


class Slow:
    """A question that is answered when it is told to be, by how often it was asked before."""

    def __init__(self) -> None:
        self.asked, self.answers = Signal(), Signal()
        self._times = count()

    def __call__(self) -> int:
        time = next(self._times)
        self.asked.set()
        assert self.answers.wait(20)
        return time


class Askers:
    """Threads that ask one and the same, or something else."""

    def __init__(self, pool: ThreadPoolExecutor):
        self.shared, self.slow, self._pool = Shared(), Slow(), pool

    def ask(self, name: str = "state", ask: Callable[[], Any] | None = None) -> Future[Any]:
        return self._pool.submit(self.shared.ask, name, ask or self.slow)

    def come(self, number: int) -> list[Future[Any]]:
        """Askers who come while the question is being asked, once the last of them has joined the others."""
        assert self.slow.asked.wait(20)
        found = [self.ask() for _ in range(number)]
        while self._pool._work_queue.qsize() or "state" not in self.shared._next:
            pass
        return found


@pytest.fixture
def askers() -> Any:
    with ThreadPoolExecutor(8) as pool:
        yield Askers(pool)


def test_who_comes_while_it_is_asked_is_answered_by_the_next_question(askers: Askers) -> None:
    first = askers.ask()
    (later,) = askers.come(1)

    askers.slow.answers.set()

    assert (first.result(20), later.result(20)) == (0, 1)


def test_all_who_wait_share_one_question(askers: Askers) -> None:
    first = askers.ask()
    later = askers.come(5)

    askers.slow.answers.set()

    assert first.result(20) == 0
    assert min(one.result(20) for one in later) == 1
    assert askers.shared.ask("state", askers.slow) <= 6
    assert not askers.shared._next
    assert not askers.shared._now


def test_another_question_waits_for_nobody(askers: Askers) -> None:
    first = askers.ask()
    assert askers.slow.asked.wait(20)

    assert askers.ask("another", lambda: "answered").result(20) == "answered"
    assert not first.done()
    askers.slow.answers.set()


def test_what_goes_wrong_is_told_to_who_shares_it_and_to_nobody_after(askers: Askers) -> None:
    def fail() -> None:
        raise ValueError("gone")

    with pytest.raises(ValueError, match="gone"):
        askers.shared.ask("state", fail)

    assert askers.shared.ask("state", lambda: "there") == "there"


def test_an_answer_is_never_older_than_its_asker() -> None:
    shared, moments = Shared(), count()

    def seen(_: int) -> bool:
        came = next(moments)
        return shared.ask("now", lambda: next(moments)) > came

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(seen, range(4_000)))
