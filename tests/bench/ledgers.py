"""Large ledgers, made quickly: entries by the real builder, written straight into the table, then the index by a rebuild.

What decisions would refuse is not looked for: the workload says nothing that they refuse.
"""

import os
from array import array
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

import uuid_utils
from sqlalchemy import Engine, update

from ledger import tables
from ledger.driver import put
from ledger.entries import Entry, enter, instant
from ledger.recording import row_of
from ledger.schemas import parse_event
from ledger.store import now, writing
from tests.bench.workload import Workload

CHUNK = 5_000


def fill(engine: Engine, workload: Workload, count: int) -> None:
    """`count` entries, without index and log, in an empty ledger."""
    made = entries(workload, count)
    columns = [column.name for column in tables.entries.columns]
    while part := list(islice(made, CHUNK)):
        with writing(engine) as connection:
            put(connection, "entries", columns, [row_of(entry) for entry in part])
            connection.execute(update(tables.head).values(size=part[-1].position + 1, recorded_at=part[-1].recorded_at))


def entries(workload: Workload, count: int) -> Iterator[Entry]:
    """The first `count` entries, as they are when each is recorded by itself, a millisecond after the one before."""
    places, start = _Places(), now() - timedelta(milliseconds=count)
    for position in range(count):
        said = parse_event(workload.next())
        target = said.data.target if said.data.ABOUT else None
        stream = said.stream if target is None else places.of(target)
        yield enter(
            said, position=position, entry_id=str(uuid_utils.uuid7()), stream=stream, version=places.take(stream),
            mission=said.mission, root=position if target is None else target,
            recorded_at=instant(start + timedelta(milliseconds=position)), actor="bench", salt=os.urandom(32),
        )  # fmt: skip


class _Places:
    """In which stream each entry is, by numbers, since there are many entries and few streams."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.numbers: dict[str, int] = {}
        self.streams = array("L")
        self.versions = Counter[str]()

    def of(self, position: int) -> str:
        return self.names[self.streams[position]]

    def take(self, stream: str) -> int:
        """The version of the next entry of a stream."""
        if stream not in self.numbers:
            self.numbers[stream] = len(self.names)
            self.names.append(stream)
        self.streams.append(self.numbers[stream])
        self.versions[stream] += 1
        return self.versions[stream]


def said_by_a_party(mission: str) -> dict[str, Any]:
    """An event of about 600 bytes that a mission without a history takes."""
    said = next(said for said in Workload() if said["type"] == "personnel.deployed" and "fulfils" not in said["data"])
    return {**said, "mission": mission}
