"""Whatever is changed behind the ledger's back is found, by name and place; what was changed in the open is none of it."""

import shutil
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine import make_url

from api.audit import audit_database
from ledger.audit import database, workers
from ledger.audit.audit import Report, Trust, audit
from ledger.audit.database import Database
from ledger.audit.tiled import Tiled, Torn, open_bundle, write_bundle
from ledger.checkpoints import Checkpoint, parse_checkpoint
from ledger.log import keep_cosignatures, keep_note, last_note, signed
from ledger.notes import COSIGNATURE, SigningKey
from ledger.policy import parse_policy
from ledger.schemas import parse_event
from ledger.signing import LogKey, sign, write_log_key
from ledger.store import open_engine, reading, record, writing
from migrations import migrate
from projections.runner import update_projections
from tests.builders import announced, append, corrected, deployed, people, registered, retracted, said
from tests.conftest import create_database, drop_database
from tests.tampering import all_hashes_again, change, flip, put, rewritten, root_of, row_at, run, sealed, tampered

KEY = SigningKey("ledger.example.org/log", bytes(range(32)))
OTHER = SigningKey("ledger.example.org/log", bytes(range(1, 33)))
SIZE = 306
Findings = set[tuple[str, int | None]]


def told(engine: Engine, folder: Path) -> LogKey:
    """A ledger of 306 entries with corrections, retractions, a redaction, a receipt, and four checkpoints."""
    key = write_log_key(folder / "log.key", (KEY,))
    append(
        engine,
        registered(),
        announced("a"),
        said("pledge.notified", "2024-03-01", pledge="a", party="JAM", items=[people(170)]),
    )
    sign(engine, key)
    append(
        engine, *(deployed(count=number % 9 + 1, effective=f"2024-06-{number % 28 + 1:02}") for number in range(250))
    )
    append(
        engine, corrected(5, to_effective="2024-05-01"), retracted(7), corrected(1, to_data={"items": [people(300)]})
    )
    sign(engine, key)
    with writing(engine) as connection:
        events = [parse_event(deployed(count=count)) for count in range(1, 41)]
        record(connection, events, actor="desk", key="a-key", project=update_projections)
    sign(engine, key)
    append(engine, said("payload.redacted", mission=None, target=20, legal_basis="a rule", reason="a name"))
    append(engine, *(deployed("KEN", 5) for _ in range(9)))
    sign(engine, key)
    return key


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory, server_url: str) -> Iterator[dict[str, Any]]:
    """The ledger told once on each database, to be copied."""
    folder = tmp_path_factory.mktemp("told")
    urls = {"sqlite": f"sqlite:///{folder / 'ledger.db'}", "postgresql": create_database(server_url)}
    for name, url in urls.items():
        engine = open_engine(url)
        migrate(engine)
        (folder / name).mkdir()
        told(engine, folder / name)
        with writing(engine) as connection:
            if name == "sqlite":
                connection.exec_driver_sql("SELECT 1")
        engine.dispose()
    yield {"folder": folder, **urls}
    drop_database(server_url, urls["postgresql"])


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(
    request: pytest.FixtureRequest, templates: dict[str, Any], tmp_path: Path, server_url: str
) -> Iterator[Engine]:
    """A copy of it, to be spoilt."""
    if request.param == "sqlite":
        shutil.copy(templates["folder"] / "ledger.db", tmp_path / "ledger.db")
        url = f"sqlite:///{tmp_path / 'ledger.db'}"
    else:
        url = create_database(server_url, str(make_url(templates["postgresql"]).database))
    engine = open_engine(url)
    yield engine
    engine.dispose()
    if request.param == "postgresql":
        drop_database(server_url, url)


def audited(engine: Engine, *known: Checkpoint, keys: tuple[SigningKey, ...] = (KEY,)) -> Report:
    with reading(engine) as connection:
        return audit_database(connection, Trust(tuple(key.verifier for key in keys), known=known))


def found(report: Report) -> Findings:
    return {(finding.code, finding.position) for finding in report.findings.kept}


def checkpoints(engine: Engine) -> list[Checkpoint]:
    with reading(engine) as connection:
        return [parse_checkpoint(note.decode().split("\n\n")[0] + "\n") for note in Database(connection).checkpoints()]


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


# --- checkpoints -------------------------------------------------------------------------------------------------------


def forge(engine: Engine, size: int, key: SigningKey, root: bytes | None = None) -> None:
    """A checkpoint that somebody signed behind the ledger's back."""

    def tamper(connection: Connection) -> None:
        claimed = root if root is not None else root_of(connection, size)
        connection.execute(text("DELETE FROM checkpoints WHERE size = :size"), {"size": size})
        keep_note(connection, signed(Checkpoint(key.name, size, claimed), [key]), datetime(2100, 1, 1, tzinfo=UTC))

    tampered(engine, tamper)


def test_a_checkpoint_by_another_key_is_found(ledger: Engine) -> None:
    forge(ledger, SIZE, OTHER)

    assert found(audited(ledger)) == {("checkpoint-unsigned", SIZE - 1)}


def test_a_checkpoint_whose_signature_is_of_another_text_is_found(ledger: Engine) -> None:
    def tamper(connection: Connection) -> None:
        note = last_note(connection)
        assert note is not None
        wrong = str(note).replace(f"\n{SIZE}\n", f"\n{SIZE - 1}\n").encode()
        where = {"note": wrong, "size": SIZE}
        connection.execute(text("UPDATE checkpoints SET note = :note WHERE size = :size"), where)

    tampered(ledger, tamper)

    assert ("signature-wrong", SIZE - 2) in found(audited(ledger))


def test_a_checkpoint_with_a_wrong_root_is_found(ledger: Engine) -> None:
    forge(ledger, SIZE, KEY, bytes(32))

    assert found(audited(ledger)) == {("root-differs", SIZE - 1)}


def test_a_checkpoint_of_more_entries_than_there_are_is_found(ledger: Engine) -> None:
    forge(ledger, 400, KEY, bytes(32))

    assert found(audited(ledger)) == {("tail-missing", SIZE)}


def test_an_older_checkpoint_in_the_place_of_the_newest_is_found_by_who_saw_that(ledger: Engine) -> None:
    seen_before = checkpoints(ledger)[-1]
    tampered(ledger, run("DELETE FROM checkpoints WHERE size > 256"))

    assert found(audited(ledger)) == set()
    assert found(audited(ledger, seen_before)) == {("checkpoint-older", SIZE - 1)}


def test_a_checkpoint_that_is_no_note_is_found(ledger: Engine) -> None:
    tampered(ledger, run("UPDATE checkpoints SET note = :note WHERE size = 3", note=b"a checkpoint"))

    assert found(audited(ledger)) == {("checkpoint-unreadable", None)}


def test_a_database_put_back_to_an_older_state_is_found_by_who_saw_the_newer_one(ledger: Engine) -> None:
    seen_before = Checkpoint(KEY.name, SIZE + 5, bytes(32))

    assert found(audited(ledger, seen_before)) == {("known-beyond", SIZE)}


# --- index and schema --------------------------------------------------------------------------------------------------


def test_a_changed_row_of_the_index_is_found(ledger: Engine) -> None:
    tampered(ledger, run("UPDATE rectangles SET content = :content WHERE event = 60", content=b'{"movements":[]}'))

    assert found(audited(ledger)) == {("projection-differs", 60)}


def test_a_row_of_the_index_that_is_gone_is_found(ledger: Engine) -> None:
    tampered(ledger, run("DELETE FROM rectangles WHERE event = 61"))

    assert found(audited(ledger)) == {("projection-missing", 61)}


def test_a_row_of_the_index_that_is_too_much_is_found(ledger: Engine) -> None:
    copied = "generation, mission, projection, key || '-more', event, valid_from, known_from, valid_to, known_to, root, content"
    names = "generation, mission, projection, key, event, valid_from, known_from, valid_to, known_to, root, content"
    tampered(ledger, run(f"INSERT INTO rectangles ({names}) SELECT {copied} FROM rectangles WHERE event = 62"))

    assert found(audited(ledger)) == {("projection-too-much", 62)}


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


# --- bundles -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def bundle(ledger: Engine, tmp_path: Path) -> Path:
    with reading(ledger) as connection:
        write_bundle(tmp_path / "bundle.zip", Database(connection), [KEY.verifier], lambda done, of: None)
    return tmp_path / "bundle.zip"


def test_a_bundle_is_as_clean_as_its_ledger(bundle: Path) -> None:
    source, keys = open_bundle(bundle)

    report = audit(source, Trust(keys))

    assert found(report) == set()
    assert (report.entries, report.removed, report.assurance) == (SIZE, 1, "signed")


@pytest.mark.parametrize("left", [0.1, 0.5, 0.9, 0.999])
def test_a_bundle_that_was_cut_off_is_torn(bundle: Path, left: float) -> None:
    content = bundle.read_bytes()
    bundle.write_bytes(content[: int(len(content) * left)])

    with pytest.raises(Torn):
        open_bundle(bundle)


class Without:
    """The files of a bundle, with some of them changed."""

    def __init__(self, bundle: Path, **changed: bytes | None):
        self.archive, self.changed = zipfile.ZipFile(bundle), changed

    def __call__(self, path: str) -> bytes | None:
        if path in self.changed:
            return self.changed[path]
        return self.archive.read(path) if path in self.archive.namelist() else None


def test_what_is_missing_or_short_in_a_bundle_is_found(bundle: Path) -> None:
    whole = Without(bundle)
    short = (whole("tile/0/001.p/50") or b"")[: 20 * 32]
    cut = (whole("tile/entries/001.p/50") or b"")[:-7]
    fewer = b"".join((whole("payloads/001.p/50") or b"").splitlines(keepends=True)[:-1])
    cases: list[tuple[dict[str, bytes | None], Findings]] = [
        ({"tile/0/000": None}, {("tile-missing", 0)}),
        ({"tile/0/001.p/50": short}, {("tile-short", 256 + 20)}),
        ({"tile/entries/001.p/50": cut}, {("bundle-torn", 256)}),
        ({"payloads/001.p/50": fewer}, {("bundle-torn", 256)}),
        ({"tile/entries/001.p/50": None, "payloads/001.p/50": None}, {("bundle-torn", 256)}),
    ]

    for changed, wanted in cases:
        report = audit(Tiled(Without(bundle, **changed), SIZE), Trust((KEY.verifier,)))
        assert found(report) == wanted, changed.keys()


def test_checkpoints_of_a_bundle_are_judged_whatever_their_order(bundle: Path) -> None:
    notes = (Without(bundle)("checkpoints.jsonl") or b"").splitlines(keepends=True)
    wrong = signed(Checkpoint(KEY.name, 256, bytes(32)), [KEY])
    shuffled = b"".join([*reversed(notes), orjson.dumps(str(wrong)) + b"\n"])

    report = audit(Tiled(Without(bundle, **{"checkpoints.jsonl": shuffled}), SIZE), Trust((KEY.verifier,)))

    assert found(report) == {("root-differs", 255)}


def test_a_checkpoint_kept_under_another_size_is_found(ledger: Engine) -> None:
    tampered(ledger, run("UPDATE checkpoints SET size = 400 WHERE size = 256"))

    assert found(audited(ledger)) == {("checkpoint-displaced", 255)}


@pytest.mark.parametrize("claimed", [10**12, 2**60])
def test_a_bundle_that_claims_to_be_endless_ends(bundle: Path, claimed: int) -> None:
    report = audit(Tiled(Without(bundle), SIZE, claimed), Trust((KEY.verifier,)))

    assert found(report) == {("bundle-torn", 256)}


@pytest.mark.parametrize(
    "about",
    [b"{}", b"[]", b'{"bundle": 1, "tree": 1e400, "entries": 3, "verifier_keys": []}', b'{"bundle": 2, "tree": 3, "entries": 3, "verifier_keys": []}',
     b'{"bundle": 1, "tree": -3, "entries": -3, "verifier_keys": []}', b'{"bundle": 1, "tree": 4, "entries": 3, "verifier_keys": []}'],
)  # fmt: skip
def test_a_bundle_whose_description_cannot_be_is_torn(tmp_path: Path, about: bytes) -> None:
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w") as archive:
        archive.writestr("bundle.json", about)

    with pytest.raises(Torn):
        open_bundle(tmp_path / "bundle.zip")


def test_an_entry_at_the_end_of_the_world_is_no_reason_to_go_there(ledger: Engine) -> None:
    def far_away(connection: Connection) -> None:
        row = row_at(connection, 60)
        put(connection, {**row, "position": 10**12, "root": 10**12, "id": "far", "stream": "far", "version": 1})

    tampered(ledger, far_away)

    assert ("bundle-torn", SIZE) in without_index(audited(ledger))


def test_two_witnesses_of_one_name_are_two(ledger: Engine) -> None:
    one, other = (SigningKey("witness.example.org", bytes([n] * 32), COSIGNATURE) for n in (1, 2))
    policy = parse_policy(f"witness a {one.verifier}\nwitness b {other.verifier}\ngroup both all a b\nquorum both\n")
    with writing(ledger) as connection:
        checkpoint = checkpoints(ledger)[-1]
        keep_cosignatures(connection, checkpoint, [one.sign(checkpoint.text, 1_800_000_000)])

    with reading(ledger) as connection:
        report = audit_database(connection, Trust((KEY.verifier,), policy))

    assert found(report) == {("witnesses-missing", None)}
