"""Whatever is changed in the checkpoints behind the ledger's back is found, by name and place."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from api.audit import audit_database
from ledger.audit.audit import Trust
from ledger.checkpoints import Checkpoint
from ledger.log import keep_cosignatures, last_note
from ledger.notes import COSIGNATURE, SigningKey
from ledger.policy import parse_policy
from ledger.store import reading, writing
from tests.spoilt_ledger import KEY, OTHER, SIZE, audited, checkpoints, copied, forge, found, told_on_each
from tests.tampering import run, tampered


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


def test_a_checkpoint_kept_under_another_size_is_found(ledger: Engine) -> None:
    tampered(ledger, run("UPDATE checkpoints SET size = 400 WHERE size = 256"))

    assert found(audited(ledger)) == {("checkpoint-displaced", 255)}


def test_two_witnesses_of_one_name_are_two(ledger: Engine) -> None:
    one, other = (SigningKey("witness.example.org", bytes([n] * 32), COSIGNATURE) for n in (1, 2))
    policy = parse_policy(f"witness a {one.verifier}\nwitness b {other.verifier}\ngroup both all a b\nquorum both\n")
    with writing(ledger) as connection:
        checkpoint = checkpoints(ledger)[-1]
        keep_cosignatures(connection, checkpoint, [one.sign(checkpoint.text, 1_800_000_000)])

    with reading(ledger) as connection:
        report = audit_database(connection, Trust((KEY.verifier,), policy))

    assert found(report) == {("witnesses-missing", None)}
