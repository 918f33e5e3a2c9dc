"""What an answer costs over HTTP: against a bare hello of Flask in the same server, by turns, in one run.

python -m tests.bench.http [--entries 20000] [--rounds 30]

Both servers run as `mission-ledger serve` starts them. One client, whose few connections stay open, asks by turns in short
bursts, so that whatever else the machine does meets all of them. Told are medians, and the medians of the ratios round by round.
"""

import argparse
import os
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine

from api.cli.recording import load_record
from api.cli.serving import server
from ledger.store import open_engine
from migrations import migrate
from projections.runner import rebuild
from tests.bench.ledgers import fill

CONNECTIONS, BURST = 8, 0.3
SNAPSHOT = "/v1/missions/haiti-mss/snapshot"
Ask = Callable[[], bytes]


def hello() -> Flask:
    """A bare Flask app."""
    app = Flask(__name__)
    app.add_url_rule("/", "hello", lambda: {"hello": "world"})
    return app


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--entries", type=int, default=20_000)
    asked.add_argument("--rounds", type=int, default=30)
    asked.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.serve:
        server(given.serve[0], "127.0.0.1", int(given.serve[1])).serve()
        return
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        haiti = ledger(Path(folder) / "haiti.db", lambda engine: load_record(engine, "haiti-mss"))
        large = ledger(Path(folder) / "large.db", lambda engine: filled(engine, given.entries))
        bare = servers.enter_context(served("tests.bench.http:hello"))
        one, many = (servers.enter_context(served("api.app:served", url)) for url in (haiti, large))
        tell(measured(questions(bare, one, many, given.entries), given.rounds))


def ledger(path: Path, fill_in: Callable[[Engine], object]) -> str:
    url = f"sqlite:///{path}"
    engine = open_engine(url)
    migrate(engine)
    fill_in(engine)
    engine.dispose()
    return url


def filled(engine: Engine, entries: int) -> None:
    fill(engine, entries)
    rebuild(engine)


@contextmanager
def served(factory: str, database: str = "") -> Iterator[int]:
    """A server of an app in a process of its own; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.bench.http", "--serve", factory, str(port)]
    process = subprocess.Popen(command, env={**os.environ, "DATABASE_URL": database})
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def questions(bare: int, one: int, many: int, entries: int) -> dict[str, tuple[int, Ask]]:
    """What is asked of which port. Where every request is another one, nothing that was answered before helps."""
    moving, fixed = f"{SNAPSHOT}?valid_at=2024-09-12", f"{SNAPSHOT}?valid_at=2024-09-12&known_position=100"
    page = "/v1/entries?limit=50"
    after, day = count(), count()
    tag = etag(one, fixed)
    return {
        "hello": (bare, lambda: request("/")),
        "snapshot, not modified": (one, always(moving, etag(one, moving))),
        "fixed snapshot, not modified": (one, always(fixed, tag)),
        "fixed snapshot, not modified, by the application": (one, always(fixed, tag, Range="items=0-1")),
        "the same snapshot": (one, always(moving)),
        "the same page of 50": (many, always(page)),
        "another page of 50 each time": (many, lambda: request(f"{page}&after={next(after) * 17 % (entries - 51)}")),
        "another page of 50 each time, NDJSON": (
            many,
            lambda: request(f"{page}&format=ndjson&after={next(after) * 17 % (entries - 51)}"),
        ),
        "another snapshot each time": (
            one,
            lambda: request(f"{SNAPSHOT}?valid_at=2024-09-12&known_position={next(day) % 300 + 50}", Range="items=0-1"),
        ),
    }


def always(path: str, tag: str = "", **headers: str) -> Ask:
    said = request(path, **headers, **({"If_None_Match": tag} if tag else {}))
    return lambda: said


def request(path: str, **headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{n.replace('_', '-')}: {v}" for n, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def etag(port: int, path: str) -> str:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request(path))
        head = answer(connection)
    return next(
        line.split(b":", 1)[1].strip().decode() for line in head.splitlines() if line.lower().startswith(b"etag:")
    )


def answer(connection: socket.socket) -> bytes:
    """The head of the next answer, whose body is read to its end."""
    read = b""
    while b"\r\n\r\n" not in read:
        read += received(connection)
    head, _, body = read.partition(b"\r\n\r\n")
    status = int(head[9:12])
    if status not in (200, 304):
        raise SystemExit(f"answered {status}: {body[:300]!r}")
    rest = 0 if status == 304 else int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]) - len(body)
    while rest > 0:
        rest -= len(received(connection))
    return head


def received(connection: socket.socket) -> bytes:
    if not (part := connection.recv(262_144)):
        raise SystemExit("the server closed a connection")
    return part


def rate(port: int, ask: Ask) -> float:
    """Requests per second by connections that wait for their answers."""
    with ExitStack() as opened, selectors.DefaultSelector() as ready:
        for _ in range(CONNECTIONS):
            connection = opened.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ready.register(connection, selectors.EVENT_READ)
            connection.sendall(ask())
        done, begun = 0, time.perf_counter()
        while (passed := time.perf_counter() - begun) < BURST:
            for key, _ in ready.select(1):
                answer(key.fileobj)  # type: ignore[arg-type]
                key.fileobj.sendall(ask())  # type: ignore[union-attr]
                done += 1
        return done / passed


def measured(asked: Mapping[str, tuple[int, Ask]], rounds: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(rounds):
        for name, (port, ask) in asked.items():
            found[name].append(rate(port, ask))
    return found


def tell(found: Mapping[str, list[float]]) -> None:
    sys.stdout.write("| asked | requests/s | against the hello |\n|---|---|---|\n")
    for name, rates in found.items():
        ratios = [one / bare for one, bare in zip(rates, found["hello"], strict=True)]
        sys.stdout.write(f"| {name} | {statistics.median(rates):,.0f} | {statistics.median(ratios):.2f} |\n")


if __name__ == "__main__":
    main()
