"""What each step costs from the bytes of a request to an entry: as it is, and as one would write it down first, by turns in one run.

python -m tests.bench.steps
"""

import json
import statistics
import time
from collections.abc import Callable
from importlib import resources
from typing import Any

from ledger import codec
from ledger.entries import Entry, enter
from ledger.events import stream_of
from ledger.readers import read_event
from ledger.said import Event
from ledger.schemas import EventSchema, parse_event
from ledger.values import as_json
from tests import judges
from tests.bench.ledgers import said_by_a_party

ROUNDS, SALT = 41, bytes(32)
SCHEMA = EventSchema()
Step = Callable[[Any], Any]


def main() -> None:
    lines = (resources.files("ledger.records") / "haiti-mss.jsonl").read_bytes().splitlines()
    measure("an event of 380 bytes", [json.dumps(said_by_a_party()).encode()] * 40)
    measure("the record of Haiti", lines)


def measure(what: str, contents: list[bytes]) -> None:
    raw = [codec.read(content) for content in contents]
    told = [parse_event(one).told for one in raw]
    print(f"{what}: µs of one core, plainly and as it is")
    compare("codec.read", judges.read, codec.read, contents)
    compare("parse_event", SCHEMA.load, read_event, raw)
    compare(
        "stream", lambda e: judges.stream_of(e.mission, e.data), lambda e: stream_of(e.mission, e.data), events(raw)
    )
    compare("as_json", lambda e: judges.as_json(e.data), lambda e: as_json(e.data), events(raw))
    compare("canonical payload", judges.canonical, codec.canonical, told)
    compare("enter, leaf hash", entered_plainly, entered, raw, prepare=events)
    compare("all", lambda content: entered_plainly(SCHEMA.load(judges.read(content))), whole, contents)


def events(raw: list[Any]) -> list[Event]:
    """Events that nothing was asked of yet: they remember what they say once they were asked."""
    return [event for event in map(read_event, raw) if event is not None and not event.data.ABOUT]


def whole(content: bytes) -> tuple[Entry, str]:
    return entered(parse_event(codec.read(content)))


def entered(event: Event) -> tuple[Entry, str]:
    entry = enter(
        event, position=1_000_000, entry_id="0199a3b0-0000-7000-8000-000000000000", stream=event.stream, version=17,
        mission=event.mission, root=1_000_000, recorded_at="2026-01-01T00:00:00.000000Z", actor="bench", salt=SALT,
    )  # fmt: skip
    return entry, entry.leaf_hash


def entered_plainly(event: Event) -> tuple[Entry, str]:
    """The same, with the payload made twice (for its size, and to be stored) and every part looked at."""
    told = {"data": judges.as_json(event.data), "source": judges.as_json(event.source), "note": event.note}
    payload = judges.canonical(told)
    told = {"data": judges.as_json(event.data), "source": judges.as_json(event.source), "note": event.note}
    stream = "" if event.data.ABOUT else judges.stream_of(event.mission, event.data)
    header = {
        "position": 1_000_000, "id": "0199a3b0-0000-7000-8000-000000000000", "stream": stream, "version": 17,
        "mission": event.mission, "type": event.type, "effective": event.effective,
        "recorded_at": "2026-01-01T00:00:00.000000Z", "actor": "bench", "ref": event.ref,
        "target": event.data.target if event.data.ABOUT else None,
    }  # fmt: skip
    payload = judges.canonical(told)
    envelope = judges.canonical({"ledger": 1, **header, "commitment": codec.commitment(SALT, payload)})
    entry = Entry(**header, **told, root=1_000_000, request=None, salt=SALT, payload=payload, envelope=envelope)
    return entry, entry.leaf_hash


def compare(step: str, plain: Step, quick: Step, given: list[Any], prepare: Callable[[Any], Any] | None = None) -> None:
    times = [[seconds(way, prepare(given) if prepare else given) for way in (plain, quick)] for _ in range(ROUNDS)]
    before, after = (statistics.median(column) * 1e6 for column in zip(*times, strict=True))
    ratio = statistics.median(one / other for one, other in times)
    print(f"  {step:20} {before:7.1f} {after:7.1f}   {ratio:5.1f} ×")


def seconds(way: Step, given: list[Any]) -> float:
    start = time.process_time()
    for one in given:
        way(one)
    return (time.process_time() - start) / len(given)


if __name__ == "__main__":
    main()
