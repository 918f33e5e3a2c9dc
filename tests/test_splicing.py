"""What is spliced from stored bytes is, byte for byte, what would be made of the entry."""

from dataclasses import fields
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from api.cli.recording import load_record
from ledger.direct import Direct
from ledger.entries import Entry, document, payload_of, without_payload
from ledger.schemas import parse_event
from ledger.splicing import COLUMNS, parts, spliced
from ledger.store import read_entries, reading
from ledger.values import Source
from projections.queries import EntryFilter, find_entries, stored_entries
from projections.redactions import removals
from tests.builders import announced, append, corrected, registered, said
from tests.generated import TEXT, thorough
from tests.histories import Batch, entries_of, histories
from tests.test_redaction import redacted, secret

NASTY = ['","source":null}', ',"note":', '{"data":{},"note":null,"source":null}', "\\", '\\"', '"', "ü,\u2028", "a,"]


def row_of(entry: Entry) -> tuple[Any, ...]:
    return tuple(getattr(entry, name) for name in COLUMNS)


def read_back(entry: Entry) -> Entry:
    """The entry as the store gives it: what it says is read from its payload."""
    if entry.payload is None:
        return entry
    told = orjson.loads(entry.payload)
    return entry._replace(data=told["data"], source=told["source"], note=told["note"])


@thorough(150)
@given(histories())
def test_any_entry_is_spliced_as_it_would_be_made(history: list[Batch]) -> None:
    made = [read_back(entry) for entry in entries_of(history)]

    for entry in [*made, *map(without_payload, made)]:
        assert spliced(row_of(entry)) == orjson.dumps(document(entry, None))


@thorough(300)
@given(st.sampled_from(NASTY) | TEXT, st.sampled_from(NASTY) | TEXT, st.none() | st.sampled_from(NASTY) | TEXT)
def test_no_text_is_taken_for_the_end_of_a_part(reason: str, title: str, note: str | None) -> None:
    payload = orjson.dumps(
        {"data": {"note": reason, "source": {"title": title}}, "note": note, "source": {"title": title}},
    )

    told = orjson.loads(b'{"position":1%b}' % parts(payload))

    assert list(told) == ["position", "data", "source", "note"]
    assert told["data"] == {"note": reason, "source": {"title": title}}
    assert (told["source"], told["note"]) == ({"title": title}, note)


def test_a_source_has_no_part_that_could_be_taken_for_the_payloads_own() -> None:
    assert {field.name for field in fields(Source)}.isdisjoint({"data", "source", "note"})
    assert payload_of(parse_event(registered())).startswith(b'{"data":{')


def test_a_page_of_stored_rows_is_the_page_of_entries_whatever_the_filter(engine: Engine) -> None:
    source = {"symbol": "S/2024/262", "title": "A letter"}
    append(engine, registered(), secret(), announced("b", source=source), corrected(1, to_source={"title": "Another"}))
    append(engine, said("pledge.withdrawn", "2024-05", pledge="b"), redacted(1), actor="an-admin")
    direct = Direct(engine)
    filters = [
        EntryFilter(), EntryFilter(after=1), EntryFilter(mission="test-mission", after=0), EntryFilter(party="JAM"),
        EntryFilter(stream="test-mission/pledge/b"), EntryFilter(type="entry.corrected"), EntryFilter(symbol="S/2024/262"),
        EntryFilter(effective_from="2024-05-01", effective_to="2024-08-01"), EntryFilter(recorded_from="2000", recorded_to="2900"),
    ]  # fmt: skip

    for wanted in filters:
        for limit in (1, 3, 50):
            with reading(engine) as connection:
                found = find_entries(connection, wanted, limit)
                removed = removals(connection, found)
            rows = stored_entries(direct, wanted, limit)
            spliced_page = [spliced(row, removed.get(row[0])) for row in rows]
            assert spliced_page == [orjson.dumps(document(e, removed.get(e.position))) for e in found]
    direct.close()


def test_the_whole_record_is_spliced_as_it_would_be_made(engine: Engine) -> None:
    load_record(engine, "haiti-mss")
    direct = Direct(engine)

    with reading(engine) as connection:
        entries = read_entries(connection)
    rows = stored_entries(direct, EntryFilter(), len(entries))

    assert [spliced(row) for row in rows] == [orjson.dumps(document(entry, None)) for entry in entries]
    direct.close()
