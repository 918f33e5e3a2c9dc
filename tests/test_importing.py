"""Files part by part: what is recorded, refused and recognised is the same as if the file were one list, whatever the parts."""

import gc
import json
import random
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from api import ahead
from api.cli.exporting import _json_lines
from api.faults import Faulty
from api.files import read
from api.importing import Imported, bring_in
from api.sheets import Row
from ledger import lengthy
from ledger.entries import Entry, envelope_of
from ledger.prepared import Prepared
from ledger.recording import record
from ledger.refusals import Refused
from ledger.said import Event
from ledger.schemas import parse_event
from ledger.store import read_with_words, reading, size, stream_entries
from projections.redactions import removals_where
from projections.runner import Projector
from tests.builders import announced, append, corrected, deployed, people, registered, retracted, said
from tests.histories import Batch, histories, tell
from tests.test_redaction import redacted
from tests.test_time_travel import fresh, stored

Json = dict[str, Any]
PARTS = st.sampled_from([1, 2, 7])
SETTINGS = settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def lines(events: Sequence[Json]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def imported(ledger: Any, events: Sequence[Json], part: int, **more: Any) -> Imported:
    return bring_in(ledger, read(lines(events), ".jsonl"), actor="tester", part=part, **more)


def all_of(history: Sequence[Batch]) -> list[Json]:
    return [event for batch in history if batch.recorded for event in batch.events]


def recorded(connection: Any) -> list[tuple[Any, ...]]:
    """What the ledger holds, without what every recording gives anew."""
    kept = (
        "position", "stream", "version", "mission", "type", "effective", "actor", "ref", "target", "root", "payload",
        "data", "source", "note",
    )  # fmt: skip
    found = read_with_words(connection, limit=10**6)
    return [(*(getattr(entry, name) for name in kept), words) for entry, words in found]


@SETTINGS
@given(history=histories(), part=PARTS)
def test_a_file_is_recorded_as_one_list_would_be_whatever_its_parts(
    engine: Engine, history: list[Batch], part: int
) -> None:
    tell(history)
    events = all_of(history)

    with fresh(engine) as ledger:
        record(ledger, [parse_event(event) for event in events], actor="tester", key="k", project=Projector())
        expected = recorded(ledger), stored(ledger)
    with fresh(engine) as ledger:
        told = imported(ledger, events, part)
        found = recorded(ledger), stored(ledger)
        entries = list(stream_entries(ledger))

    assert found == expected
    assert (told.first, told.count, sum(told.types.values())) == (0, len(events), len(events))
    assert all(envelope_of(entry) == entry.envelope for entry in entries if entry.payload is not None)


@SETTINGS
@given(history=histories(), part=PARTS)
def test_the_same_content_is_recognised_whatever_the_parts_and_however_it_was_recorded(
    engine: Engine, history: list[Batch], part: int
) -> None:
    events = list(takewhile(lambda event: event["type"] != "payload.redacted", all_of(history)))
    parsed = [parse_event(event) for event in events]

    with fresh(engine) as ledger:
        record(ledger, parsed, actor="another", key=f"sha256:{read(lines(events), '.jsonl').digest}", project=Projector())  # fmt: skip
        by_list = imported(ledger, events, part)
    with fresh(engine) as ledger:
        first = imported(ledger, events, part)
        again = imported(ledger, events, part + 1, key=None)
        with pytest.raises(Refused) as refused:
            imported(ledger, [*events, registered("further")], part, key=f"sha256:{read(lines(events), '.jsonl').digest}")  # fmt: skip

    assert (by_list.replayed, first.replayed, again.replayed) == (True, False, True)
    assert (again.first, again.count, dict(again.types)) == (first.first, first.count, dict(first.types))
    assert [r.code for r in refused.value.refusals] == ["key-reused"]


BAD = [
    said("pledge.withdrawn", mission="alpha", pledge="never-made"),
    said("pledge.announced", mission="nowhere", pledge="a", party="JAM", items=[people(1)]),
    said("entry.retracted", mission=None, target=10**6, reason="there is none"),
    {**said("entry.retracted", mission=None, target=10**6, reason="there is none"), "ref": "bad"},
]


@SETTINGS
@given(history=histories(), part=PARTS, bad=st.lists(st.sampled_from(BAD), min_size=1, max_size=3), seed=st.integers())
def test_what_is_refused_anywhere_is_told_as_of_one_list_and_leaves_nothing(
    engine: Engine, history: list[Batch], part: int, bad: list[Json], seed: int
) -> None:
    choose, events = random.Random(seed), all_of(history)
    for event in bad:
        events.insert(choose.randint(2, len(events)), event)
    events = [{name: value for name, value in e.items() if name != "ref" or e["ref"] != "bad"} for e in events]

    with fresh(engine) as ledger:
        with pytest.raises(Refused) as refused, ledger.begin():
            record(ledger, [parse_event(event) for event in events], actor="tester", project=Projector())
        with pytest.raises(Faulty) as faulty:
            imported(ledger, events, part)
        left = size(ledger), recorded(ledger), stored(ledger)

    expected = [(r.pointer.split("/", 2)[1:], r.detail) for r in refused.value.refusals]
    assert [(f.row, f.column.removeprefix("/"), f.detail) for f in faulty.value.faults] == [
        (int(place[0]) + 1, "".join(place[1:]), detail) for place, detail in expected
    ]
    assert left == (0, [], [])


@SETTINGS
@given(history=histories(), part=PARTS)
def test_an_exported_ledger_is_imported_as_it_stood_whatever_the_parts(
    engine: Engine, history: list[Batch], part: int
) -> None:
    with fresh(engine) as ledger:
        for batch in history:
            append(ledger, *batch.events) if batch.recorded else None
        expected = recorded(ledger), stored(ledger)
        exported = b"".join(_json_lines(lambda: stream_entries(ledger), removals_where(ledger)))

    with fresh(engine) as ledger:
        bring_in(ledger, read(exported, ".jsonl"), actor="tester", part=part)
        found = recorded(ledger), stored(ledger)

    assert found == expected


@pytest.fixture
def several(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of any length are read by another process."""
    monkeypatch.setattr(ahead, "SEVERAL_FROM", 0)


def file_of(path: Path, events: Sequence[Json]) -> Path:
    path.write_bytes(lines(events))
    return path


@pytest.mark.usefixtures("several")
def test_a_file_that_another_process_reads_is_recorded_as_ever(engine: Engine, tmp_path: Path) -> None:
    opening = [registered(), announced("a"), announced("b", ref="b")]
    events = [*opening, corrected(1, to_data={"party": "BLZ"}), redacted("b"), *(deployed(count=n) for n in range(20))]
    events += [said("pledge.suspended", pledge="a"), retracted(3), said("pledge.resumed", pledge="a")]

    told = bring_in(engine, read(file_of(tmp_path / "e.jsonl", events), ".jsonl"), actor="tester", part=4)

    with reading(engine) as connection:
        entries = list(stream_entries(connection))
    assert (told.first, told.count) == (0, len(events))
    assert [(e.type, e.effective, e.target) for e in entries[4:]] == [
        (e["type"], e["effective"], {"payload.redacted": 2, "entry.retracted": 3}.get(e["type"])) for e in events[4:]
    ]
    assert all(envelope_of(entry) == entry.envelope for entry in entries if entry.payload is not None)


@pytest.mark.usefixtures("several")
def test_faults_that_another_process_finds_are_told_as_ever(engine: Engine, tmp_path: Path) -> None:
    bad = [
        registered(),
        {**announced("b"), "effective": "soon"},
        said("pledge.withdrawn", pledge="nowhere"),
        retracted(99),
    ]
    events = [*bad, *(deployed(count=n) for n in range(20)), said("pledge.withdrawn", pledge="b")]

    with pytest.raises(Faulty) as there:
        bring_in(engine, read(file_of(tmp_path / "e.jsonl", events), ".jsonl"), actor="tester", part=4)
    with pytest.raises(Faulty) as here:
        imported(engine, events, 1000)

    assert there.value.faults == here.value.faults
    assert [(fault.row, fault.column) for fault in here.value.faults] == [
        (2, "/effective"), (3, "/data/pledge"), (4, "/data/target"),
    ]  # fmt: skip


def test_a_file_with_very_many_faults_is_not_read_to_its_end(engine: Engine) -> None:
    events = [registered(), *({**deployed(), "effective": "soon"} for _ in range(3_000))]

    with pytest.raises(Faulty) as faulty:
        imported(engine, events, 100)

    assert (len(faulty.value.faults), faulty.value.rows, faulty.value.looked_at) == (1_000, 1_099, 1_100)


def test_a_file_that_changes_while_it_is_read_is_not_recorded(engine: Engine, tmp_path: Path) -> None:
    path = file_of(tmp_path / "e.jsonl", [registered(), announced("a")])
    file = read(path, ".jsonl")

    path.write_bytes(lines([registered(), announced("b")]))
    with pytest.raises(Refused, match="was changed while it was read"):
        bring_in(engine, file, actor="tester")

    with reading(engine) as connection:
        assert size(connection) == 0


def test_what_is_kept_from_part_to_part_does_not_grow_with_the_file(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []
    monkeypatch.setattr(lengthy, "MOST_KEPT", 20)
    monkeypatch.setattr(lengthy, "MOST_VERSIONS", 30)
    take = lengthy.Lengthy.take

    def counted(self: Any, events: Any) -> Any:
        found = take(self, events)
        del events
        gc.collect()
        held.append(sum(isinstance(one, (Entry, Prepared, Event, Row)) for one in gc.get_objects()))
        return found

    monkeypatch.setattr(lengthy.Lengthy, "take", counted)
    several = [
        registered(),
        *(announced(f"p{n}") for n in range(400)),
        *(deployed(fulfils=f"p{n}") for n in range(400)),
    ]

    imported(engine, several, 20)

    assert len(held) == 41
    assert max(held[20:]) <= max(held[:20]) + 60


@pytest.mark.parametrize("part", [1, 2, 3, 7])
def test_what_has_begun_twice_stands_where_one_beginning_is_taken_back(engine: Engine, part: int) -> None:
    notified = said("pledge.notified", pledge="a", party="JAM", items=[people(5)])
    events = [registered(), announced("a"), notified, said("pledge.suspended", pledge="a"), deployed(), deployed(),
              retracted(1), said("pledge.revised", pledge="a", items=[people(7)]), deployed(fulfils="a")]  # fmt: skip

    assert imported(engine, events, part).count == len(events)
