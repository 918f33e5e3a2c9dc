"""The way from an event to the bytes that are stored: quick, and the same as one would go field by field."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import rfc8785
from hypothesis import given

from ledger.codec import commitment
from ledger.entries import enter, envelope_of, payload_of
from ledger.receipts import digest
from ledger.said import Event, untold
from ledger.schemas import Invalid, parse_event
from ledger.values import as_json
from tests import judges
from tests.events_said import EVENTS_SAID, EXAMPLES, RECORD
from tests.generated import thorough
from tests.spoiling import CONTRACT


def parsed(raw: Any) -> Event | None:
    try:
        return parse_event(raw)
    except Invalid:
        return None


def written(write: Callable[[], bytes]) -> bytes | None:
    """The bytes, or None where they cannot be written: a correction may hold any JSON."""
    try:
        return write()
    except ValueError:
        return None


def said_by_fields(event: Event) -> dict[str, Any]:
    return {"data": judges.as_json(event.data), "source": judges.as_json(event.source), "note": event.note}


@thorough(800)
@given(EVENTS_SAID)
def test_an_event_is_written_as_one_would_field_by_field(raw: dict[str, Any]) -> None:
    event = parsed(raw)
    if event is None:
        return

    assert as_json(event.data) == judges.as_json(event.data)
    assert list(as_json(event.data)) == list(judges.as_json(event.data))
    assert written(lambda: payload_of(event)) == written(lambda: judges.canonical(said_by_fields(event)))
    assert event.stream == ("" if event.data.ABOUT else judges.stream_of(event.mission, event.data))


@thorough(300)
@given(EVENTS_SAID)
def test_what_a_receipt_keeps_of_a_request_has_not_changed(raw: dict[str, Any]) -> None:
    event = parsed(raw)
    if event is None:
        return
    kept = {"type": event.type, "mission": event.mission, "effective": event.effective, "ref": event.ref}
    kept |= {**said_by_fields(event), "expected_version": event.expected_version}

    made = digest([event, event])

    assert made == hashlib.sha256(json.dumps([kept, kept], sort_keys=True).encode()).hexdigest()


def test_an_entry_is_what_another_implementation_writes() -> None:
    for number, event in enumerate(map(parse_event, [*RECORD, *EXAMPLES])):
        entry = enter(
            event, position=number, entry_id=f"e-{number}", stream="s", version=1, mission=event.mission, root=number,
            recorded_at="2026-01-01T00:00:00.000000Z", actor="tester", salt=bytes(32),
        )  # fmt: skip

        assert entry.payload == rfc8785.dumps(said_by_fields(event))
        assert entry.envelope == envelope_of(entry) == rfc8785.dumps(json.loads(entry.envelope))
        assert json.loads(entry.envelope)["commitment"] == commitment(bytes(32), entry.payload)
        assert {"data": entry.data, "source": entry.source, "note": entry.note} == said_by_fields(event)


def test_an_event_that_is_changed_is_told_anew() -> None:
    event = parse_event(CONTRACT)
    before, stream = event.payload, event.stream

    changed = replace(event, note="another", data=replace(event.data, pledge="b"))

    assert b'"note":"another"' in changed.payload
    assert b'"pledge":"b"' in changed.payload
    assert changed.stream == "haiti-mss/pledge/b"
    assert (event.payload, event.stream) == (before, stream)
    assert event == parse_event(CONTRACT)


def test_what_was_removed_elsewhere_is_written_as_what_is_known_of_it() -> None:
    known = untold("pledge.withdrawn", "pledge/a", None)

    assert as_json(known) == {"stream": "pledge/a"}
    assert Event(data=known, effective="2024", mission="m").stream == "m/pledge/a"
