"""Over HTTP: sixteen clients that record on PostgreSQL, beside sixteen processes that save with `eventsourcing` and have no
HTTP at all; and answers that are read again and again, beside a bare Flask application in the same server.
"""

import itertools
import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import orjson

from ledger import keys
from ledger.store import writing
from tests.bench.bench import Bench, Filled
from tests.bench.clients import exchange, one, request
from tests.bench.databases import POSTGRESQL
from tests.bench.eventsourced import EventSourced
from tests.bench.floors import EVENTSOURCING, asked
from tests.bench.measuring import Measure, Result, by_turns, percentile, rate, sized
from tests.bench.workload import Workload

CLIENTS, LEAST, READ = 16, 160, 2_000
SNAPSHOT = "/v1/missions/mission-00/snapshot?valid_at=2007-06-01"
PAGE = "/v1/entries?limit=50"


def measure(bench: Bench) -> Iterator[Result]:
    for kind in bench.kinds:
        for size in bench.sizes:
            ledger = bench.ledger(kind, size)
            key = _key(ledger)
            with served(ledger.url) as port:
                if kind == POSTGRESQL:
                    yield from _recording(bench, ledger, port, key, size)
                yield from _reading(bench, kind, port, key, size)


def _key(ledger: Filled) -> str:
    with writing(ledger.engine) as connection:
        return keys.create(connection, f"bench-{os.getpid()}-{time.monotonic_ns()}", "recorder")


@contextmanager
def served(url: str) -> Iterator[int]:
    """The ledger served as `mission-ledger serve` does; the port."""
    port = _free_port()
    command = [sys.executable, "-m", "api.cli", "serve", "--port", str(port)]
    with _running(command, port, {**os.environ, "DATABASE_URL": url}):
        yield port


@contextmanager
def _running(command: list[str], port: int, environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"nothing listens at port {port}")


# --- recording ---------------------------------------------------------------------------------------------------------


def _recording(bench: Bench, ledger: Filled, port: int, key: str, size: int) -> Iterator[Result]:
    waits: list[float] = []
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def ours(count: int) -> float:
        said = ledger.workload.take(count, settled=ledger.size)
        sent = [request("POST", "/v1/entries", headers, orjson.dumps(one)) for one in said]
        return rate(count, lambda: waits.extend(exchange(port, sent, CLIENTS, 201)))

    with _savers(bench.fresh(POSTGRESQL, "savers")) as theirs:
        turns = by_turns({"ours": sized(ours, LEAST), EVENTSOURCING: theirs}, bench.rounds)
    yield Result(
        work="http record", database=POSTGRESQL, size=size, beside="eventsourcing, 16 processes, no HTTP", unit="/s",
        ours=turns.median("ours"), peer=turns.median(EVENTSOURCING), ratio=turns.ratio("ours", EVENTSOURCING),
        asked=asked("http record", POSTGRESQL, EVENTSOURCING), note=f"p99 {percentile(waits, 0.99):.1f} ms",
    )  # fmt: skip


@contextmanager
def _savers(url: str) -> Iterator[Measure]:
    """Sixteen processes, each with an application of its own, that save when they are told to; their rate together."""
    EventSourced(url).close()  # makes the tables
    spawning = multiprocessing.get_context("spawn")
    ends = [spawning.Pipe() for _ in range(CLIENTS)]
    processes = [spawning.Process(target=_save, args=(theirs, url, n)) for n, (_, theirs) in enumerate(ends)]
    for process, (_, theirs) in zip(processes, ends, strict=True):
        process.start()
        theirs.close()
    for mine, _ in ends:
        mine.recv()

    def all_at_once(count: int) -> float:
        each_of_them = count // CLIENTS
        start = time.perf_counter()
        for mine, _ in ends:
            mine.send(each_of_them)
        for mine, _ in ends:
            mine.recv()
        return each_of_them * CLIENTS / (time.perf_counter() - start)

    try:
        yield sized(all_at_once, LEAST)
        for mine, _ in ends:
            mine.send(None)
        for process in processes:
            process.join(20)
    finally:
        for process in processes:
            process.terminate()


def _save(wanted: Connection, url: str, number: int) -> None:
    library, workload = EventSourced(url, connections=1, is_new=False), Workload(seed=number)
    wanted.send("ready")
    while count := wanted.recv():
        for said in workload.take(count):
            library.append(said)
        wanted.send("done")
    library.close()


# --- reading -----------------------------------------------------------------------------------------------------------


def _reading(bench: Bench, kind: str, port: int, key: str, size: int) -> Iterator[Result]:
    bare, fixed = _free_port(), f"{SNAPSHOT}&known_position={bench.sizes[0] // 2}"
    known = {path: one(port, request("GET", path, {}))[1]["etag"] for path in (SNAPSHOT, fixed)}
    contenders: dict[str, Measure] = {
        "hello": _asking(bare, "/", {}, 200),
        "http 304": _asking(port, SNAPSHOT, {"If-None-Match": known[SNAPSHOT]}, 304),
        "http 304 fixed": _asking(port, fixed, {"If-None-Match": known[fixed]}, 304),
        "http 304 key": _asking(
            port, SNAPSHOT, {"If-None-Match": known[SNAPSHOT], "Authorization": f"Bearer {key}"}, 304
        ),
        "http page": _asking(port, PAGE, {}, 200),
        "http page other": _asking(port, PAGE, {}, 200, others=bench.sizes[0] - 51),
    }
    with _running([sys.executable, "-m", "tests.bench.hello", str(bare)], bare, dict(os.environ)):
        turns = by_turns(contenders, bench.rounds)
    notes = {
        "http 304": SNAPSHOT, "http 304 fixed": fixed, "http 304 key": "the same with an API key", "http page": PAGE,
        "http page other": "another one each time",
    }  # fmt: skip
    for work, note in notes.items():
        yield Result(
            work=work, database=kind, size=size, beside="bare Flask, hello", unit="/s", ours=turns.median(work),
            peer=turns.median("hello"), ratio=turns.ratio(work, "hello"),
            asked=asked(" ".join(work.split()[:2]), kind, "hello"), note=note,
        )  # fmt: skip


def _asking(port: int, path: str, headers: dict[str, str], status: int, others: int = 0) -> Measure:
    """The rate at which it is answered; a slow answer is asked for less often. With `others`, each request is for the page after
    another one of so many entries."""
    sent, count, asked_for = request("GET", path, headers), 0, itertools.count()

    def next_of(count: int) -> list[bytes]:
        if not others:
            return [sent] * count
        places = (next(asked_for) * 17 % others for _ in range(count))
        return [request("GET", f"{path}&after={place}", headers) for place in places]

    def turn() -> float:
        nonlocal count
        if not count:
            took = exchange(port, next_of(4), 1, status)
            count = max(CLIENTS, min(READ, int(1_000 / percentile(took, 0.5))))
        requests = next_of(count)
        return rate(count, lambda: exchange(port, requests, CLIENTS, status))

    return turn
