"""Large ledgers, made quickly: entries by the real builder, written straight into the table."""

import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import uuid_utils
from sqlalchemy import Engine, insert, update

from ledger import tables
from ledger.entries import Entry, enter, instant
from ledger.recording import row_of
from ledger.schemas import parse_event
from ledger.store import writing
from tests.builders import deployed, registered

MISSIONS, PARTIES = 50, ("KEN", "JAM", "BHS", "GTM", "SLV", "BLZ", "USA", "CAN", "FRA", "HTI")
SOURCE = {"symbol": "S/2024/527", "title": "Letter dated 1 July 2024", "published": "2024-07-01"}


def fill(engine: Engine, count: int) -> None:
    """`count` entries of 50 missions and 10 parties, a tenth of them late, without index and log."""
    with writing(engine) as connection:
        rows: list[dict[str, Any]] = []
        last = ""
        for entry in entries(count):
            rows.append(row_of(entry))
            last = entry.recorded_at
            if len(rows) == 5_000:
                connection.execute(insert(tables.entries), rows)
                rows = []
        if rows:
            connection.execute(insert(tables.entries), rows)
        connection.execute(update(tables.head).values(size=count, recorded_at=last))


def entries(count: int, missions: int = MISSIONS) -> Iterator[Entry]:
    choose, versions = random.Random(7), Counter[str]()
    first, ordinary = parse_event(registered("m0")), parse_event(said_by_a_party())
    days = [(date(2020, 1, 1) + timedelta(days=n)).isoformat() for n in range(2_000)]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for position in range(count):
        day = days[position * 2_000 // count] if choose.random() > 0.1 else choose.choice(days)
        data = replace(ordinary.data, party=choose.choice(PARTIES))
        said = replace(first if position < missions else ordinary, mission=f"m{position % missions}")
        said = said if position < missions else replace(said, effective=day, data=data)
        versions[said.stream] += 1
        yield enter(
            said, position=position, entry_id=str(uuid_utils.uuid7()), stream=said.stream, version=versions[said.stream],
            mission=said.mission, root=position, recorded_at=instant(start + timedelta(milliseconds=position)), actor="bench",
            salt=os.urandom(32),
        )  # fmt: skip


def said_by_a_party() -> dict[str, Any]:
    """An event of about 600 bytes."""
    event = deployed("KEN", 200, "2024-06-25", contingent="first")
    return {**event, "source": SOURCE, "note": "A contingent, as told by the permanent mission."}
