"""Whatever is changed behind the ledger's back is found, by name and place; what was changed in the open is none of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection, Engine, text
from zstandard import ZstdCompressor

from ledger.audit import database, workers
from ledger.audit.audit import Report, Trust, audit
from ledger.audit.database import Database
from ledger.store import reading, writing
from projections import anew
from projections import audit as index
from projections.packing import packed, unpacked
from tests.builders import append, deployed, registered, said
from tests.spoilt_ledger import KEY, SIZE, Findings, audited, checkpoints, copied, forge, found, told_on_each
from tests.tampering import all_hashes_again, change, flip, put, rewritten, row_at, run, sealed, tampered


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory, server_url: str) -> Iterator[dict[str, Any]]:
    with told_on_each(tmp_path_factory.mktemp("told"), server_url) as templates:
        yield templates


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(
    request: pytest.FixtureRequest, templates: dict[str, Any], tmp_path: Path, server_url: str
) -> Iterator[Engine]:
    with copied(templates, request.param, tmp_path, server_url) as engine:
        yield engine


def test_a_ledger_that_nobody_touched_is_clean(ledger: Engine) -> None:
    report = audited(ledger, *checkpoints(ledger))

    assert found(report) == set()
    assert (report.entries, report.removed, report.assurance) == (SIZE, 1, "signed")
    assert report.signed is not None
    assert report.compared is not None
    assert report.signed.size == report.compared.size == SIZE


# --- one value ---------------------------------------------------------------------------------------------------------

VALUES = {
    "a byte of a payload": (flip("entries", "payload", "position = 30"), {("payload-differs", 30)}),
    "a byte of an envelope": (flip("entries", "envelope", "position = 31", 40), {("envelope-differs", 31)}),
    "an effective date": (change("effective", "2024-07-09", 32), {("column-differs", 32)}),
    "a first day": (change("first_day", "2024-01-01", 33), {("column-differs", 33)}),
    "the words by which an entry is found": (change("parties", " KEN ", 33), {("column-differs", 33)}),
    "a time of recording": (
        change("recorded_at", "2031-01-01T00:00:00.000000Z", 34),
        {("column-differs", 34)},
    ),
    "an actor": (change("actor", "somebody else", 35), {("column-differs", 35)}),
    "a type": (change("type", "personnel.repatriated", 36), {("column-differs", 36)}),
    "a salt": (change("salt", bytes(32), 37), {("payload-differs", 37)}),
    "a payload that nobody said is removed": (
        run("UPDATE entries SET payload = NULL, salt = NULL WHERE position = 38"),
        {("payload-missing", 38), ("column-differs", 38)},
    ),
    "a salt alone that is removed": (
        run("UPDATE entries SET salt = NULL WHERE position = 39"),
        {("payload-differs", 39)},
    ),
    "a receipt's request": (
        run("UPDATE receipts SET request = 'another'"),
        {("receipt-differs", p) for p in range(256, 296)},
    ),
    "a receipt's key": (run("UPDATE receipts SET key = 'another'"), {("receipt-differs", p) for p in range(256, 296)}),
    "a receipt that is gone": (run("DELETE FROM receipts"), {("receipt-missing", p) for p in range(256, 296)}),
    "the head's size": (run("UPDATE head SET size = 400"), {("head-differs", None)}),
    "a tile's hash": (flip("tiles", "hashes", "level = 0 AND tile = 0", 50 * 32), {("tile-differs", 50)}),
    "a node above a tile": (flip("tiles", "nodes", "level = 0 AND tile = 0"), {("tile-differs", 0)}),
    "a tile of the level above": (flip("tiles", "hashes", "level = 1"), {("tile-differs", 0)}),
    "a tile that is gone": (run("DELETE FROM tiles WHERE level = 0 AND tile = 1"), {("tile-missing", 256)}),
    "a tile that is too much": (
        run("INSERT INTO tiles SELECT level, 7, hashes, nodes FROM tiles WHERE level = 0 AND tile = 1"),
        {("tile-too-much", None)},
    ),
}


@pytest.mark.parametrize("what", VALUES)
def test_a_changed_value_is_found_in_its_place(ledger: Engine, what: str) -> None:
    tamper, wanted = VALUES[what]
    about_rows = {
        "an effective date",
        "a first day",
        "a type",
        "a payload that nobody said is removed",
        "a salt alone that is removed",
    }

    tampered(ledger, tamper)

    seen = {
        one
        for one in found(audited(ledger))
        if not (what in about_rows | {"a byte of a payload"} and one[0].startswith("projection"))
    }
    assert seen == wanted


def test_an_envelope_that_says_the_same_in_other_bytes_is_found(ledger: Engine) -> None:
    def respaced(connection: Connection) -> None:
        row = row_at(connection, 100)
        put(connection, {**row, "envelope": row["envelope"].replace(b'"actor":', b'"actor": ')}, 100)

    tampered(ledger, respaced)
    tampered(ledger, all_hashes_again)

    assert ("entry-unreadable", 100) in found(audited(ledger))


def test_a_shortened_tile_is_found(ledger: Engine) -> None:
    def shorten(connection: Connection) -> None:
        where = "level = 0 AND tile = 1"
        hashes = connection.execute(text(f"SELECT hashes FROM tiles WHERE {where}")).scalar_one()
        connection.execute(text(f"UPDATE tiles SET hashes = :short WHERE {where}"), {"short": hashes[: 40 * 32]})

    tampered(ledger, shorten)

    assert found(audited(ledger)) == {("tile-short", 256 + 40)}


# --- several processes ------------------------------------------------------------------------------------------------


@pytest.fixture
def several(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a large ledger: two workers, one tile at a time."""
    monkeypatch.setattr(database, "SEVERAL_FROM", 256)
    monkeypatch.setattr(database, "RANGE", 256)
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 2)


@pytest.mark.usefixtures("several")
def test_several_processes_find_what_one_finds(ledger: Engine) -> None:
    clean = audited(ledger)
    tampered(ledger, flip("entries", "envelope", "position = 31", 40))
    tampered(ledger, change("actor", "somebody else", 290))

    assert found(clean) == set()
    assert (clean.entries, clean.removed, clean.assurance) == (SIZE, 1, "signed")
    assert found(audited(ledger)) == {("envelope-differs", 31), ("column-differs", 290)}


@pytest.mark.usefixtures("several")
def test_what_is_removed_while_several_processes_read_is_no_finding(ledger: Engine) -> None:
    with reading(ledger) as connection:
        source = Database(connection)
        assert source.size == SIZE
        append(ledger, said("payload.redacted", mission=None, target=21, legal_basis="a rule", reason="a name"))

        report = audit(source, Trust((KEY.verifier,)))

    assert found(report) == set()
    assert (report.entries, report.removed) == (SIZE, 1)


@pytest.mark.spoils
def test_several_processes_find_in_the_index_what_one_finds(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    append(engine, *(event for name in "abc" for event in (registered(name), deployed(mission=name))))
    row = "place IN (SELECT place FROM places WHERE mission = 'b' AND projection = 'deployments')"
    tampered(engine, run(f"UPDATE rectangles SET known_from = 9 WHERE {row}"))
    by_one = found(audited(engine, keys=()))

    monkeypatch.setattr(workers.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(index, "SEVERAL_FROM", 1)
    monkeypatch.setattr(anew, "CHUNK", 2)

    assert found(audited(engine, keys=())) == by_one
    assert {code for code, _ in by_one} >= {"projection-too-much", "projection-missing"}


# --- entries -----------------------------------------------------------------------------------------------------------


def without_index(report: Report) -> Findings:
    return {one for one in found(report) if not one[0].startswith("projection")}


def test_two_entries_that_changed_places_are_found_in_both(ledger: Engine) -> None:
    def swap(connection: Connection) -> None:
        one, other = row_at(connection, 40), row_at(connection, 41)
        put(connection, {**one, "position": 10_000, "root": 10_000}, 40)
        put(connection, {**other, "position": 40, "root": 40}, 41)
        put(connection, {**one, "position": 41, "root": 41}, 10_000)

    tampered(ledger, swap)

    assert {("entry-displaced", 40), ("entry-displaced", 41)} <= without_index(audited(ledger))


def test_an_entry_that_was_put_in_is_found_from_its_place_on(ledger: Engine) -> None:
    def insert(connection: Connection) -> None:
        for position in range(305, 299, -1):
            row = row_at(connection, position)
            put(connection, {**row, "position": position + 1, "root": position + 1}, position)
        row = row_at(connection, 299)
        strange = {
            **row,
            "position": 300,
            "root": 300,
            "id": "strange",
            "version": row["version"] + 900,
            "stream": "test-mission/strange",
        }
        put(connection, sealed(strange))

    tampered(ledger, insert)

    seen = without_index(audited(ledger))
    assert ("entry-rewritten", 300) in seen
    assert {("entry-displaced", position) for position in range(301, 307)} <= seen
    assert ("head-differs", None) in seen


def test_an_entry_that_is_gone_is_found(ledger: Engine) -> None:
    tampered(ledger, run("DELETE FROM entries WHERE position = 60"))

    seen = without_index(audited(ledger))
    assert ("entry-missing", 60) in seen
    assert {code for code, position in seen if position != 60} == {"head-differs", "version-gap"}


def test_an_entry_that_was_doubled_is_found(ledger: Engine) -> None:
    def double(connection: Connection) -> None:
        row = row_at(connection, 60)
        put(
            connection,
            {**row, "position": SIZE, "root": SIZE, "id": "another", "stream": "test-mission/another", "version": 1},
        )

    tampered(ledger, double)

    seen = without_index(audited(ledger))
    assert ("entry-displaced", SIZE) in seen
    assert ("head-differs", None) in seen


def test_a_tail_that_was_cut_is_found(ledger: Engine) -> None:
    def cut(connection: Connection) -> None:
        connection.execute(text("DELETE FROM entries WHERE position >= 299"))
        connection.execute(text("UPDATE head SET size = 299"))

    tampered(ledger, cut)

    seen = without_index(audited(ledger))
    assert ("tail-missing", 299) in seen


@pytest.mark.parametrize("hashed_again", [False, True], ids=["the entry alone", "with all hashes"])
def test_a_history_rewritten_from_the_middle_is_found(ledger: Engine, hashed_again: bool) -> None:
    tampered(ledger, rewritten(100, 999))
    if hashed_again:
        tampered(ledger, all_hashes_again)

    seen = without_index(audited(ledger))
    if hashed_again:
        assert seen == {("root-differs", size - 1) for size in (256, 296, SIZE)}
    else:
        assert ("entry-rewritten", 100) in seen


def test_who_rewrites_and_signs_anew_is_found_by_who_has_seen_the_old_checkpoint(
    ledger: Engine, tmp_path: Path
) -> None:
    seen_before = checkpoints(ledger)[-1]
    tampered(ledger, rewritten(100, 999))
    tampered(ledger, all_hashes_again)
    tampered(ledger, run("DELETE FROM checkpoints"))
    forge(ledger, SIZE, KEY)

    assert without_index(audited(ledger)) == set()
    assert without_index(audited(ledger, seen_before)) == {("known-differs", SIZE - 1)}


def test_an_entry_at_the_end_of_the_world_is_no_reason_to_go_there(ledger: Engine) -> None:
    def far_away(connection: Connection) -> None:
        row = row_at(connection, 60)
        put(connection, {**row, "position": 10**12, "root": 10**12, "id": "far", "stream": "far", "version": 1})

    tampered(ledger, far_away)

    assert ("bundle-torn", SIZE) in without_index(audited(ledger))


# --- index and schema --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", [packed({"movements": []}), b'{"movements":[]}', None], ids=["other", "torn", "none"]
)
def test_a_changed_row_of_the_index_is_found(ledger: Engine, content: bytes | None) -> None:
    tampered(ledger, run("UPDATE rectangles SET content = :content WHERE event = 60", content=content))

    assert found(audited(ledger)) == {("projection-differs", 60)}


def test_a_row_of_the_index_that_is_packed_otherwise_is_the_same(ledger: Engine) -> None:
    def otherwise(connection: Connection) -> None:
        kept = connection.execute(text("SELECT content FROM rectangles WHERE event = 60")).scalar_one()
        frame = ZstdCompressor(19, write_checksum=True).compress(orjson.dumps(unpacked(kept)))
        assert frame != kept
        connection.execute(text("UPDATE rectangles SET content = :frame WHERE event = 60"), {"frame": frame})

    tampered(ledger, otherwise)

    assert found(audited(ledger)) == set()


def test_a_row_of_the_index_that_is_gone_is_found(ledger: Engine) -> None:
    tampered(ledger, run("DELETE FROM rectangles WHERE event = 61"))

    assert found(audited(ledger)) == {("projection-missing", 61)}


def test_a_row_of_the_index_that_is_too_much_is_found(ledger: Engine) -> None:
    copied = "place, edge + 1, event, known_from, valid_from, root, content"
    names = "place, edge, event, known_from, valid_from, root, content"
    tampered(ledger, run(f"INSERT INTO rectangles ({names}) SELECT {copied} FROM rectangles WHERE event = 62"))

    assert found(audited(ledger)) == {("projection-too-much", 62)}


def test_a_place_of_another_name_is_found(ledger: Engine) -> None:
    place = "place = (SELECT place FROM rectangles WHERE event = 62)"
    tampered(ledger, run(f"UPDATE places SET key = key || '-more' WHERE {place}"))

    assert {code for code, _ in found(audited(ledger))} == {"projection-too-much", "projection-missing"}


def test_a_trigger_that_was_dropped_is_found(ledger: Engine) -> None:
    on = "" if ledger.dialect.name == "sqlite" else " ON entries"
    with writing(ledger) as connection:
        connection.execute(text(f"DROP TRIGGER entries_no_delete{on}"))

    assert found(audited(ledger)) == {("schema-differs", None)}


def test_a_column_that_was_added_is_found(ledger: Engine) -> None:
    with writing(ledger) as connection:
        connection.execute(text("ALTER TABLE entries ADD COLUMN remark TEXT"))

    assert found(audited(ledger)) == {("schema-differs", None)}


def test_a_payload_that_came_back_is_found(ledger: Engine) -> None:
    def put_back(connection: Connection) -> None:
        row = row_at(connection, 21)
        values = {"payload": row["payload"], "salt": row["salt"]}
        connection.execute(text("UPDATE entries SET payload = :payload, salt = :salt WHERE position = 20"), values)

    tampered(ledger, put_back)

    assert {("payload-there", 20), ("payload-differs", 20)} <= without_index(audited(ledger))
