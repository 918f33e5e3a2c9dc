"""Processes that record: `python -m tests.writer URL WRITERS STEPS FOLDER`; without end where STEPS is 0.

Each writer is a process that shares nothing with the others but the ledger. It says `ready` in a file of its own, begins
when the standard input is closed, and says there, as a line of JSON, each request that was acknowledged, after its commit.
Two writers make a pair: at every third step both send the same request under the same key.
"""

import json
import os
import signal
import sys
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from ledger.recording import Recorded, record
from ledger.schemas import parse_event
from ledger.store import open_engine, writing
from projections.runner import Projector
from tests.builders import announced, corrected, deployed, said

PARTIES, DATES = ("KEN", "JAM", "BLZ"), ("2023", "2024-02", "2024-02-01", "2024-03-05", "2025-01-01")
MOST = 4


def request(name: str, step: int, own: list[int]) -> list[dict[str, Any]]:
    """One to four events: on pledges of its own, on one pledge and three parties that all share, and about its `own` entries."""
    chance = Random(f"{name}/{step}")
    one = [
        lambda: deployed(chance.choice(PARTIES), chance.randint(0, 99), chance.choice(DATES)),
        lambda: said("pledge.confirmed", chance.choice(DATES), pledge="shared", statement=f"{name}, {step}"),
        lambda: (
            corrected(chance.choice(own), to_effective=chance.choice(DATES)) if own else announced(f"{name}-{step}")
        ),
    ]
    if chance.random() < 0.5:
        return [chance.choice(one)()]
    pledge = f"{name}-{step}-pledge"
    confirmed = said("pledge.confirmed", chance.choice(DATES), pledge=pledge)
    return [
        announced(pledge, effective=chance.choice(DATES)),
        confirmed,
        *(draw() for draw in one[: chance.randint(0, MOST - 2)]),
    ]


def acknowledged(recorded: Recorded, key: str | None) -> str:
    entries = [[entry.position, entry.id, entry.stream, entry.version] for entry in recorded.entries]
    return json.dumps({"key": key, "replayed": recorded.replayed, "entries": entries})


def write(url: str, number: int, steps: int) -> None:
    """Record step after step, and say each acknowledgement once the transaction is committed."""
    engine, own = open_engine(url), list[int]()
    engine.connect().close()
    print("ready", flush=True)
    sys.stdin.read()
    for step in range(steps) if steps else count():
        shared = step % 3 == 2
        name = f"pair-{number // 2}" if shared else f"writer-{number}"
        key = f"{name}-{step}" if shared else None
        events = [parse_event(event) for event in request(name, step, [] if shared else own)]
        with writing(engine) as connection:
            recorded = record(connection, events, actor=name, key=key, project=Projector())
        print(acknowledged(recorded, key), flush=True)
        own += [entry.position for entry in recorded.entries if entry.target is None and not shared]


def fork(url: str, number: int, steps: int, folder: Path) -> int:
    """A writer in a process of its own; its number."""
    process = os.fork()
    if process == 0:
        with (folder / f"{number}.said").open("w") as sys.stdout:
            write(url, number, steps)
        os._exit(0)
    return process


def main(url: str, writers: int, steps: int, folder: Path) -> None:
    processes = [fork(url, number, steps, folder) for number in range(writers)]
    print(json.dumps(processes), flush=True)
    sys.stdin.close()
    for _ in processes:
        _, status = os.wait()
        if os.waitstatus_to_exitcode(status) not in (0, -signal.SIGKILL):
            sys.exit("a writer died by itself")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
