"""Redaction: a payload and its salt go, wherever they stand; everything else of the entry stays."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, LargeBinary, Text, inspect, select, text
from zstandard import FRAME_HEADER, ZstdCompressionDict, ZstdDecompressor, ZstdError

from ledger import tables
from ledger.entries import Entry
from ledger.refusals import Refused
from ledger.store import read_entries, reading, size
from projections.packing import DICTIONARY, packed
from projections.queries import answers
from projections.runner import rebuild
from tests.builders import MISSION, announced, append, corrected, people, positions, registered, retracted, said
from tests.desk import desk_on
from tests.test_time_travel import assert_answers_as_defined, assert_no_overlap, seen, stored

SECRET = "Zebedee Quillfeather"
CODE = "ZQX"
SYMBOL = "S/2024/98765"


def redacted(target: int | str, **more: Any) -> dict[str, Any]:
    more = {"legal_basis": "Article 17", "reason": "a person asked for it", **more}
    return said("payload.redacted", "2024-09-01", mission=None, target=target, **more)


def secret(pledge: str = "a", **more: Any) -> dict[str, Any]:
    """A pledge whose every part tells who must not be named."""
    source = {"title": SECRET, "symbol": SYMBOL, "published": "2024-03-02"}
    return {**announced(pledge, CODE, effective="2024-03-01", source=source, **more), "note": f"by {SECRET}"}


def entries_of(engine: Engine) -> list[Entry]:
    with reading(engine) as connection:
        return read_entries(connection)


def row_of(engine: Engine, position: int) -> dict[str, Any]:
    with reading(engine) as connection:
        found = connection.execute(select(tables.entries).where(tables.entries.c.position == position))
        return dict(found.mappings().one())


def traces(engine: Engine, *told: str) -> list[str]:
    """Where in the database any of these texts can be found."""
    return _in_files(engine, told) if engine.dialect.name == "sqlite" else _in_columns(engine, told)


def _in_files(engine: Engine, told: tuple[str, ...]) -> list[str]:
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0] == 0
    path = Path(str(engine.url.database))
    files = {name: path.with_name(path.name + name) for name in ("", "-wal", "-shm")}
    held = {name: file.read_bytes() for name, file in files.items() if file.exists()}
    held = {name: content + _unpacked_everywhere(content) for name, content in held.items()}
    return [f"{name}: {one}" for name, content in held.items() for one in told if one.encode() in content]


def _unpacked_everywhere(held: bytes) -> bytes:
    """What is packed in these bytes, wherever it begins."""
    read = ZstdDecompressor(ZstdCompressionDict(DICTIONARY.read_bytes())).decompress
    found = []
    for begin in re.finditer(re.escape(FRAME_HEADER), held):
        with contextlib.suppress(ZstdError):
            found.append(read(held[begin.start() : begin.start() + 65_536]))
    return b"\n".join(found)


def _in_columns(engine: Engine, told: tuple[str, ...]) -> list[str]:
    found = []
    with reading(engine) as connection:
        for table in inspect(connection).get_table_names():
            for column in inspect(connection).get_columns(table):
                if isinstance(column["type"], (Text, LargeBinary)):
                    values = connection.execute(text(f'SELECT "{column["name"]}" FROM "{table}"')).scalars()
                    held = b"\n".join(v.encode() if isinstance(v, str) else v for v in values if v is not None)
                    held += _unpacked_everywhere(held)
                    found += [f"{table}.{column['name']}: {one}" for one in told if one.encode() in held]
    return found


@contextlib.contextmanager
def refused(*wanted: str) -> Iterator[None]:
    """Refused with these words, and nothing recorded."""
    with pytest.raises(Refused) as declined:
        yield
    told = [refusal.detail for refusal in declined.value.refusals]
    assert len(told) == len(wanted)
    for words, detail in zip(wanted, told, strict=True):
        assert words in detail


def test_what_is_packed_is_seen_by_who_looks_for_traces() -> None:
    assert SECRET.encode() in _unpacked_everywhere(b"before" + packed({"person": SECRET}) + b"after")


# --- what goes, and what stays ---------------------------------------------------------------------------------------


def test_payload_salt_symbols_and_parties_go_and_the_rest_stays(engine: Engine) -> None:
    append(engine, registered(), secret(ref="letter"), announced("b"))
    before = [row_of(engine, position) for position in range(3)]

    append(engine, redacted("letter"))

    after = [row_of(engine, position) for position in range(3)]
    gone = {"payload": None, "salt": None, "symbols": " ", "parties": " "}
    assert after == [before[0], {**before[1], **gone}, before[2]]
    entry = entries_of(engine)[1]
    assert (entry.data, entry.source, entry.note) == (None, None, None)


def test_what_was_removed_is_found_nowhere_in_the_database(engine: Engine) -> None:
    filler = [announced(f"p-{number}", "KEN", number + 1) for number in range(60)]
    append(engine, registered(), secret(), *filler, key="the first request")
    append(
        engine, said("pledge.revised", "2024-05", pledge="a", items=[people(5)]), corrected(1, to_effective="2024-04")
    )
    rebuild(engine)
    salt = row_of(engine, 1)["salt"]
    assert traces(engine, SECRET, CODE, SYMBOL) != []

    append(engine, redacted(1))

    assert traces(engine, SECRET, CODE, SYMBOL) == []
    assert salt not in [row_of(engine, position)["salt"] for position in range(size_of(engine))]


def test_many_payloads_spread_over_many_pages_are_found_nowhere(engine: Engine) -> None:
    append(engine, registered())
    keys = [f"{number * 37 % 101:03}" for number in range(101)]
    for part in (keys[:30], keys[30:70], keys[70:]):
        append(engine, *[secret(f"p-{key}") for key in part])
        append(engine, *[said("pledge.revised", "2024-02", pledge=f"p-{key}", items=[people(7)]) for key in part])
    append(engine, *[said("pledge.revised", "2024-01", pledge=f"p-{key}", items=[people(3)]) for key in keys])
    hidden = [entry.position for entry in entries_of(engine) if entry.type == "pledge.announced"]

    append(engine, *[redacted(position) for position in hidden])

    assert traces(engine, SECRET, CODE, SYMBOL) == []


def test_a_redaction_in_the_batch_of_its_target_leaves_nothing_either(engine: Engine) -> None:
    append(engine, registered())

    (target, redaction) = append(engine, secret(ref="letter"), redacted("letter"))

    assert (target.payload, target.salt, redaction.target) == (None, None, target.position)
    assert traces(engine, SECRET, CODE, SYMBOL) == []
    assert pledges(engine, 2) == []


def test_answers_of_every_known_position_forget_it(engine: Engine) -> None:
    append(engine, registered(), secret(), announced("b"))
    shown = pledges(engine, 2)

    append(engine, redacted(1))

    assert shown == ["a", "b"]
    assert [pledges(engine, known) for known in (1, 2, 3)] == [[], ["b"], ["b"]]
    assert_in_order(engine)


def test_a_redacted_correction_corrects_nothing_and_its_target_stands_as_before(engine: Engine) -> None:
    append(
        engine,
        registered(),
        announced("a", count=10),
        corrected(1, to_data={"items": [people(99)]}, to_source={"title": SECRET}),
    )

    append(engine, redacted(2))

    with reading(engine) as connection:
        (pledge,) = answers(connection, MISSION, ["pledges"], "2025-01-01", 3)["pledges"]
    assert (pledge["items"][0]["minimum"], pledge["entries"]) == (10, [1])
    assert traces(engine, SECRET) == []
    assert_in_order(engine)


def test_a_redacted_retraction_stays_in_force(engine: Engine) -> None:
    gone = retracted(1)
    append(engine, registered(), announced("a"), {**gone, "data": {**gone["data"], "reason": SECRET}})

    append(engine, redacted(2))

    assert pledges(engine, 3) == []
    assert traces(engine, SECRET) == []
    with refused("is retracted already"):
        append(engine, retracted(1))
    assert_in_order(engine)


def test_corrections_of_what_was_removed_stay_readable_and_each_is_removed_by_itself(engine: Engine) -> None:
    append(engine, registered(), announced("a"), corrected(1, to_source={"title": SECRET}))

    append(engine, redacted(1))
    readable = entries_of(engine)[2].data
    append(engine, redacted(2))

    assert readable is not None
    assert readable["source"]["title"] == SECRET
    assert pledges(engine, 4) == []
    assert traces(engine, SECRET) == []


# --- who, and what is refused ----------------------------------------------------------------------------------------


def test_a_recorder_may_not_remove_and_an_admin_may(engine: Engine) -> None:
    append(engine, registered(), secret())
    event = {name: value for name, value in redacted(1).items() if name != "mission"}

    declined = desk_on(engine, "recorder").post([announced("b"), event])
    taken = desk_on(engine, "admin").post(event)

    assert (declined.status_code, declined.get_json()["type"]) == (403, "/problems/role-too-low")
    assert "payload.redacted takes the key of an admin" in declined.get_json()["detail"]
    assert taken.status_code == 201
    assert (size_of(engine), entries_of(engine)[1].payload) == (3, None)


def test_what_was_removed_cannot_be_removed_or_corrected_again(engine: Engine) -> None:
    append(engine, registered(), secret(), redacted(1))

    with refused("removed by entry 2 already"):
        append(engine, redacted(1))
    with refused("removed by entry 2, so nothing is left to correct"):
        append(engine, corrected(1, to_data={"party": "KEN"}))
    with refused("tells why a payload was removed, and stays readable"):
        append(engine, redacted(2))
    with refused("what entry 2 removed does not come back"):
        append(engine, retracted(2))

    assert size_of(engine) == 3


def test_that_holds_within_one_batch_as_well(engine: Engine) -> None:
    append(engine, registered(), secret())

    with refused("removed by entry 2 already", "nothing is left to correct", "stays readable", "does not come back"):
        append(
            engine,
            {**redacted(1), "ref": "why"},
            redacted(1),
            corrected(1, to_effective="2024-02"),
            redacted("why"),
            retracted("why"),
        )

    assert size_of(engine) == 2
    assert entries_of(engine)[1].payload is not None


def test_retractions_and_claims_about_what_was_removed_are_let_through(engine: Engine) -> None:
    append(engine, registered(), secret(), redacted(1))

    recorded = append(
        engine,
        said("claim.disputed", mission=None, target=1, reason="never happened"),
        said("claim.ranked", mission=None, target=1, rank="deprecated", reason="never happened"),
        retracted(1),
        corrected(2, to_data={"legal_basis": "Article 18"}),
    )

    assert positions(recorded) == [3, 4, 5, 6]
    assert_in_order(engine)


def test_a_request_is_not_replayed_once_something_of_it_was_removed(engine: Engine) -> None:
    append(engine, registered())
    append(engine, secret(), announced("b"), key="k")

    append(engine, redacted(1))

    with refused("something of the request that used this idempotency key was removed"):
        append(engine, secret(), announced("b"), key="k")
    assert size_of(engine) == 4


def test_the_request_that_removed_something_is_replayed(engine: Engine) -> None:
    append(engine, registered(), secret())
    first = append(engine, redacted(1), key="k")

    again = append(engine, redacted(1), key="k")

    assert again == first
    assert size_of(engine) == 3


def test_a_refused_batch_removes_nothing(engine: Engine) -> None:
    append(engine, registered(), secret())
    before = row_of(engine, 1)

    with refused("is not in the ledger"):
        append(engine, redacted(1), said("pledge.withdrawn", pledge="unknown"))

    assert row_of(engine, 1) == before
    assert pledges(engine, 1) == ["a"]


# --- subjects whose opening was removed ------------------------------------------------------------------------------


def test_a_pledge_whose_opening_was_removed_must_be_opened_anew_before_anything_else(engine: Engine) -> None:
    revised = said("pledge.revised", "2024-05", pledge="a", items=[people(5)])
    append(engine, registered(), secret(), revised, redacted(1))

    with refused("record pledge.announced or pledge.notified first"):
        append(engine, revised)
    with reading(engine) as connection:
        findings = answers(connection, MISSION, ["findings"], "2025-01-01", 3)["findings"]
    append(engine, announced("a"), revised)

    assert [finding["code"] for finding in findings] == ["not-opened"]
    assert pledges(engine, 5) == ["a"]
    assert_in_order(engine)


def test_a_mission_whose_registration_was_removed_takes_nothing_until_it_is_registered_anew(engine: Engine) -> None:
    append(engine, registered(), announced("a"), redacted(0))

    with refused("is not registered; record mission.registered first"):
        append(engine, announced("b"))
    append(engine, registered(), announced("b"))

    assert pledges(engine, 4) == ["a", "b"]
    assert_in_order(engine)


# --- what the tests ask ----------------------------------------------------------------------------------------------


def size_of(engine: Engine) -> int:
    with reading(engine) as connection:
        return size(connection)


def pledges(engine: Engine, known: int) -> list[str]:
    with reading(engine) as connection:
        return [row["pledge"] for row in answers(connection, MISSION, ["pledges"], "2025-01-01", known)["pledges"]]


def assert_in_order(engine: Engine) -> None:
    """The index answers as defined at every known position, and a rebuild changes nothing that is stored."""
    with reading(engine) as connection:
        assert_answers_as_defined(connection, ["2024-03-01", "2024-12-31"], [MISSION])
        assert_no_overlap(connection)
        before = stored(connection)
    rebuild(engine)
    assert seen(engine) == before
