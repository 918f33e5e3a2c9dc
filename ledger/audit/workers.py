"""Reading shared out among processes, each with a connection of its own."""

import gc
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine

MAX_WORKERS = 8
Job = TypeVar("Job")
Made = TypeVar("Made")
_of_this_worker: list[Connection] = []


def workers() -> int:
    """How many processes this machine has work for."""
    return min(MAX_WORKERS, os.cpu_count() or 1)


@contextmanager
def shared(
    connection: Connection, work: Callable[[Connection, Job], Made], jobs: Iterable[Job]
) -> Iterator[Iterator[Made]]:
    """What `work` makes of each of the `jobs`, in their order. The first are begun at once; no more than a few are ever
    under way, so that memory does not grow with their number.

    `work` is a function of a module. It reads one moment of the database of `connection`, which may be a later one than
    that connection reads.
    """
    url = connection.engine.url.render_as_string(hide_password=False)
    waiting = iter(jobs)
    with ProcessPoolExecutor(workers(), get_context("spawn"), _open, (url,)) as pool:
        ahead = deque(pool.submit(_do, work, job) for job in islice(waiting, 2 * workers()))

        def results() -> Iterator[Made]:
            while ahead:
                made: Future[Made] = ahead.popleft()
                yield made.result()
                ahead.extend(pool.submit(_do, work, job) for job in islice(waiting, 1))

        try:
            yield results()
        finally:
            pool.shutdown(cancel_futures=True)


def _open(url: str) -> None:
    gc.set_threshold(
        100_000
    )  # what a job makes goes with the job; looking for cycles every 700 objects takes a fifth of the time
    options = {} if url.startswith("sqlite") else {"isolation_level": "REPEATABLE READ"}
    _of_this_worker.append(create_engine(url, **options).connect())


def _do(work: Callable[[Connection, Any], Made], job: Any) -> Made:
    connection = _of_this_worker[0]
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN")
    try:
        return work(connection, job)
    finally:
        connection.rollback()
