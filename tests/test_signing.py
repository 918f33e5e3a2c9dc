"""The key of the log: kept apart, told to nobody, rotated; the signer behind the server; a ledger that lacks what was signed."""

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select, text

from api.app import create_app
from api.settings import Settings
from api.signer import Signer
from ledger import keys, log, signing, tables
from ledger.checkpoints import Checkpoint, parse_checkpoint
from ledger.notes import SigningKey, VerifierKey
from ledger.refusals import Refused
from ledger.signing import KeyFileProblem, LogKey
from ledger.store import open_engine, reading, writing
from tests.builders import announced, append, deployed, registered, said

pytestmark = pytest.mark.spoils  # ledgers are put back and changed here

ORIGIN = "ledger.example.org/log"
SEED = bytes(range(7, 39))
PATIENCE = 20.0


@pytest.fixture
def key(tmp_path: Path) -> LogKey:
    return signing.write_log_key(tmp_path / "keys" / "log.key", (SigningKey(ORIGIN, SEED),))


# --- the key ------------------------------------------------------------------------------------------------------------


def test_the_key_is_kept_for_its_owner_alone(key: LogKey) -> None:
    assert key.path.stat().st_mode & 0o777 == 0o600
    assert key.path.parent.stat().st_mode & 0o777 == 0o700
    assert signing.read_log_key(key.path) == key


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620, 0o604, 0o610, 0o602, 0o601])
def test_a_key_that_others_may_touch_is_refused(key: LogKey, mode: int) -> None:
    key.path.chmod(mode)

    with pytest.raises(KeyFileProblem, match="chmod 600"):
        signing.read_log_key(key.path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the keys of one origin"),
        (b"\xff", "no text"),
        (b"PRIVATE+KEY+x", "is written"),
        (b"log.example+00000000+AAAA", "begins with"),
        (f"{SigningKey('a', SEED).secret()}\n{SigningKey('b', SEED).secret()}\n".encode(), "the keys of one origin"),
    ],
)
def test_a_file_that_holds_no_key_is_refused_and_not_told(key: LogKey, content: bytes, told: str) -> None:
    key.path.write_bytes(content)

    with pytest.raises(KeyFileProblem, match=told) as refused:
        signing.read_log_key(key.path)

    assert "AAAA" not in str(refused.value)


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"text\n\n\xe2\x80\x94 a AAAAAAA=\n", b"o\n1\nAAAA\n\n\xe2\x80\x94 a AAAAAAA=\n"]
)
def test_a_memory_that_is_no_checkpoint_stops_the_signer(engine: Engine, key: LogKey, content: bytes) -> None:
    key.memory.write_bytes(content)

    with pytest.raises(KeyFileProblem, match="the last checkpoint"):
        signing.sign(engine, key)


def test_nothing_secret_is_in_the_database_in_logs_or_in_what_is_shown(
    engine: Engine, key: LogKey, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    append(engine, registered(), *(deployed(count=number) for number in range(2)))
    signing.sign(engine, key)
    with reading(engine) as connection:
        kept = b"".join(
            bytes(str(connection.execute(select(table)).all()), "utf-8") for table in tables.METADATA.tables.values()
        )
    if engine.dialect.name == "sqlite":
        kept += b"".join(path.read_bytes() for path in Path(str(engine.url.database)).parent.glob("ledger.db*"))
    shown = kept + (repr(key) + str(key) + caplog.text).encode()
    for secret in (SEED, SEED.hex().encode(), key.keys[0].secret()[-44:-2].encode(), repr(SEED).encode()[2:-1]):
        assert secret not in shown


def test_both_keys_sign_after_a_rotation_and_the_new_one_alone_after_the_old_one_is_retired(
    engine: Engine, key: LogKey
) -> None:
    append(engine, registered())
    signing.sign(engine, key)
    both = signing.write_log_key(key.path, (*key.keys, signing.new_key(ORIGIN)))
    old, new = (one.verifier for one in both.keys)

    signing.sign(engine, both)
    append(engine, announced())
    signing.sign(engine, both)
    append(engine, deployed())
    signing.sign(engine, signing.write_log_key(key.path, both.keys[1:]))

    assert [signers(engine, size, old, new) for size in (1, 2, 3)] == [{old, new}, {old, new}, {new}]


def signers(engine: Engine, size: int, *known: VerifierKey) -> set[VerifierKey]:
    with reading(engine) as connection:
        note = log.note_of(connection, ORIGIN, size)
    assert note is not None
    return {verifier for verifier, _ in note.signed_by(known)}


# --- the signer behind a server -----------------------------------------------------------------------------------------


@pytest.fixture
def app(engine: Engine, key: LogKey) -> Iterator[Flask]:
    """A server that signs without delay."""
    made = create_app(Settings(database_url=str(engine.url), log_key=key.path, checkpoint_seconds=0.01), engine)
    yield made
    if "signer" in made.extensions:
        made.extensions["signer"].stop()


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it does not come to hold"
        time.sleep(0.01)


def post(app: Flask, engine: Engine, *events: Any) -> Any:
    with writing(engine) as connection:
        secret = keys.create(connection, f"desk-{time.monotonic_ns()}", "recorder")
    return app.test_client().post("/v1/entries", json=list(events), headers={"Authorization": f"Bearer {secret}"})


def signed_size(app: Flask) -> int:
    answer = app.test_client().get("/v1/log/checkpoint")
    return int(answer.text.split("\n")[1]) if answer.status_code == 200 else -1


def test_what_is_appended_over_http_is_signed_soon(app: Flask, engine: Engine) -> None:
    until(lambda: signed_size(app) == 0)

    for size, events in ((2, [registered(), announced()]), (3, [deployed()])):
        assert post(app, engine, *events).status_code == 201
        until(lambda size=size: signed_size(app) == size)  # type: ignore[misc]


def test_the_signer_stops_when_told_and_rests_between_checkpoints(engine: Engine, key: LogKey) -> None:
    append(engine, registered())
    signer = Signer(engine, key, seconds=3_600)

    signer.start()
    until(lambda: key.memory.exists() and parsed(key).size == 1)
    append(engine, announced())
    signer.wake()
    time.sleep(0.2)
    signer.stop()

    assert not signer.is_alive()
    assert parsed(key).size == 1


def parsed(key: LogKey) -> Checkpoint:
    note = signing.remembered(key)
    assert note is not None
    return parse_checkpoint(note.text)


def test_the_signer_goes_on_after_a_failure(engine: Engine, key: LogKey, monkeypatch: pytest.MonkeyPatch) -> None:
    real, failed = signing._write_whole, []

    def fails_once(path: Path, content: str) -> None:
        if not failed:
            failed.append(path)
            raise OSError(28, "No space left on device")
        real(path, content)

    monkeypatch.setattr(signing, "_write_whole", fails_once)
    append(engine, registered())
    signer = Signer(engine, key, seconds=0.01)

    signer.start()
    until(lambda: key.memory.exists() and parsed(key).size == 1)
    signer.stop()

    assert failed == [key.memory]


def test_a_server_without_a_key_signs_nothing(engine: Engine, tmp_path: Path) -> None:
    for path in (None, tmp_path / "none.key"):
        app = create_app(Settings(database_url=str(engine.url), log_key=path), engine)

        assert "signer" not in app.extensions
        assert app.test_client().get("/v1/log/checkpoint").json["type"] == "/problems/no-log"


# --- a ledger that lacks what was signed ---------------------------------------------------------------------------------


@pytest.fixture
def set_back(engine: Engine, key: LogKey) -> Engine:
    """A ledger of three entries whose key has signed five."""
    append(engine, registered(), announced(), deployed())
    signing.sign(engine, key)
    lost = log.signed(Checkpoint(ORIGIN, 5, bytes(32)), key.keys)
    key.memory.write_text(str(lost), "utf-8")
    return engine


def test_a_copy_of_an_earlier_time_is_noticed(sqlite_template: Path, tmp_path: Path, key: LogKey) -> None:
    path = tmp_path / "ledger.db"
    shutil.copy(sqlite_template, path)
    engine = open_engine(f"sqlite:///{path}")
    append(engine, registered())
    signing.sign(engine, key)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    shutil.copy(path, tmp_path / "copy.db")
    append(engine, announced(), deployed())
    signing.sign(engine, key)
    assert signing.close_if_set_back(engine, key) is None
    engine.dispose()

    older = open_engine(f"sqlite:///{tmp_path / 'copy.db'}")
    told = signing.close_if_set_back(older, key)
    older.dispose()

    assert told == "a checkpoint of 3 entries was signed, and 1 are here: the database is of an earlier time"


def test_a_server_on_it_answers_reads_and_refuses_records(set_back: Engine, app: Flask) -> None:
    refused = post(app, set_back, deployed())
    shown = app.test_client().get("/v1/entries")

    assert (refused.status_code, refused.json["type"], refused.content_type) == (
        503,
        "/problems/closed",
        "application/problem+json",
    )
    assert "the database is of an earlier time" in refused.json["errors"][0]["detail"]
    assert (shown.status_code, len(shown.json["data"])) == (200, 3)
    assert "signer" not in app.extensions


def test_what_was_recorded_before_is_still_acknowledged_on_it(set_back: Engine, key: LogKey) -> None:
    first = append(set_back, deployed(count=7), key="once")
    signing.close_if_set_back(set_back, key)

    again = append(set_back, deployed(count=7), key="once")

    assert again == first
    with pytest.raises(Refused):
        append(set_back, deployed(count=7))


def test_it_stays_closed_with_its_first_reason(set_back: Engine, key: LogKey) -> None:
    first = signing.close_if_set_back(set_back, key)
    key.memory.unlink()

    assert signing.close_if_set_back(set_back, key) == first


def test_a_ledger_whose_entries_cannot_be_read_is_closed_and_its_tree_left_alone(engine: Engine, key: LogKey) -> None:
    append(engine, registered(), announced())
    signing.sign(engine, key)
    append(engine, deployed())
    with writing(engine) as connection:
        before = connection.execute(select(tables.tiles)).all()
        connection.execute(text("UPDATE tiles SET hashes = nodes"))
        connection.execute(text("UPDATE log SET size = 1"))

    told = signing.close_if_set_back(engine, key)

    assert told
    with reading(engine) as connection:
        assert log.StoredTree(connection).size == 1
        assert len(connection.execute(select(tables.tiles)).all()) == len(before)


def test_nobody_else_can_say_that_a_log_was_reopened(engine: Engine, app: Flask) -> None:
    root, verifier = "0" * 64, str(SigningKey("other.example", SEED).verifier)
    event = said(
        "log.reopened",
        mission=None,
        last_origin=ORIGIN,
        last_size=1,
        last_root=root,
        origin="other.example",
        verifier_key=verifier,
        reason="none",
    )

    answer = post(app, engine, event)

    assert (answer.status_code, answer.json["type"]) == (409, "/problems/not-possible-now")
    assert "`mission-ledger log reopen` alone" in answer.json["errors"][0]["detail"]
    with pytest.raises(Refused):
        append(engine, event)
