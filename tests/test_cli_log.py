"""Commands of the log: making, rotating and retiring keys, signing, telling, and going on where a database was put back."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine

from ledger import log, signing
from ledger.checkpoints import Checkpoint, parse_checkpoint
from ledger.notes import VerifierKey
from ledger.store import read_entries, reading
from tests.builders import announced, append, deployed, registered
from tests.test_cli_upkeep import run

ORIGIN, LATER = "ledger.example.org/log", "ledger.example.org/log2"


class Log:
    """The commands on one database and one key file."""

    def __init__(self, url: str, engine: Engine, path: Path):
        self.url, self.engine, self.path = url, engine, path

    def run(self, *arguments: str) -> Result:
        return run(self.url, *arguments, MISSION_LEDGER_LOG_KEY=str(self.path))

    def __call__(self, *arguments: str) -> Result:
        return self.run("log", *arguments)

    def status(self) -> Any:
        return json.loads(self("status", "--json").stdout)

    def set_back(self) -> None:
        """The key has signed more than is here."""
        key = signing.read_log_key(self.path)
        lost = log.signed(Checkpoint(key.origin, 99, bytes(32)), key.keys)
        key.memory.write_text(str(lost), "utf-8")


@pytest.fixture
def ledger(database_url: str, engine: Engine, tmp_path: Path) -> Log:
    append(engine, registered(), announced())
    return Log(database_url, engine, tmp_path / "keys" / "log.key")


def test_init_makes_a_key_signs_and_prints_what_verifies_it(ledger: Log) -> None:
    result = ledger("init", "--origin", ORIGIN)

    verifier = VerifierKey.parse(result.stdout.strip())
    with reading(ledger.engine) as connection:
        note = log.last_note(connection)
    assert (result.exit_code, verifier.name) == (0, ORIGIN)
    assert note is not None
    assert note.signed_by([verifier])
    assert "A checkpoint of 2 entries is signed" in result.stderr
    assert ledger.path.read_text("utf-8").strip() not in result.output
    assert ledger("keys").stdout == result.stdout


def test_init_never_takes_the_place_of_a_key_or_of_a_log(ledger: Log) -> None:
    ledger("init", "--origin", ORIGIN)
    kept = ledger.path.read_bytes()

    again = ledger("init", "--origin", LATER)
    ledger.path.rename(ledger.path.with_name("lost"))
    lost = ledger("init", "--origin", ORIGIN)
    nameless = ledger("init", "--origin", "two words")

    assert [one.exit_code for one in (again, lost, nameless)] == [1, 1, 1]
    assert "`mission-ledger log rotate` makes another one" in again.stderr
    assert "a log whose key is lost needs another origin" in lost.stderr
    assert "without white space and plus signs" in nameless.stderr
    assert (ledger.path.exists(), ledger.path.with_name("lost").read_bytes()) == (False, kept)


@pytest.mark.parametrize("command", ["keys", "sign", "rotate", "retire 00000000", "reopen --origin x --reason y"])
def test_without_a_key_a_command_says_what_makes_one(ledger: Log, command: str) -> None:
    missing = ledger(*command.split())
    unset = run(ledger.url, "log", *command.split())

    assert (missing.exit_code, unset.exit_code) == (1, 2)
    assert "`mission-ledger log init` makes one" in missing.stderr
    assert "MISSION_LEDGER_LOG_KEY" in unset.stderr


def test_a_key_that_others_may_read_is_refused_by_every_command(ledger: Log) -> None:
    ledger("init", "--origin", ORIGIN)
    ledger.path.chmod(0o644)

    results = [ledger("keys"), ledger("sign"), ledger.run("serve", "--port", "1"), ledger.run("load", "haiti-mss")]

    assert all(result.exit_code in (1, 2) for result in results)
    assert all("chmod 600" in result.stderr for result in (results[0], results[1], results[3]))


def test_commands_that_record_sign_at_their_end(ledger: Log, tmp_path: Path) -> None:
    ledger("init", "--origin", ORIGIN)
    (tmp_path / "event.json").write_text(json.dumps(deployed()), "utf-8")

    assert ledger.run("record", str(tmp_path / "event.json")).exit_code == 0

    assert ledger.status() == {"origin": ORIGIN, "signed": 3, "recorded": 3, "cosigned_by": [], "closed": None}
    assert ledger("sign").stdout == "A checkpoint of 3 entries is signed.\n"


def test_both_keys_are_told_after_a_rotation_and_one_after_retiring_the_other(ledger: Log) -> None:
    first = ledger("init", "--origin", ORIGIN).stdout
    second = ledger("rotate").stdout
    both = ledger("keys").stdout

    wrong = ledger("retire", "00000000")
    retired = ledger("retire", VerifierKey.parse(first).key_id.hex())
    last = ledger("retire", VerifierKey.parse(second).key_id.hex())

    assert both == first + second
    assert (wrong.exit_code, retired.exit_code, last.exit_code) == (1, 0, 1)
    assert "This is the only key" in last.stderr
    assert ledger("keys").stdout == second


def test_status_tells_of_no_log(ledger: Log) -> None:
    result = ledger("status")

    assert result.exit_code == 0
    assert "Origin        none" in result.stdout
    assert "Recorded      2" in result.stdout


def test_a_ledger_that_was_put_back_records_nothing_until_it_is_reopened(ledger: Log, tmp_path: Path) -> None:
    old = ledger("init", "--origin", ORIGIN).stdout
    (tmp_path / "event.json").write_text(json.dumps(deployed()), "utf-8")
    early = ledger("reopen", "--origin", LATER, "--reason", "none")
    ledger.set_back()

    refused = ledger.run("record", str(tmp_path / "event.json"))
    closed = ledger.status()
    same = ledger("reopen", "--origin", ORIGIN, "--reason", "none")
    reopened = ledger("reopen", "--origin", LATER, "--reason", "The newest backup is of Monday.", "--actor", "operator")
    recorded = ledger.run("record", str(tmp_path / "event.json"))

    assert [one.exit_code for one in (early, refused, same, reopened, recorded)] == [1, 1, 1, 0, 0]
    assert "The ledger is not closed" in early.stderr
    assert "a checkpoint of 99 entries was signed, and 2 are here" in refused.stderr
    assert "choose another origin" in same.stderr
    assert "of an earlier time" in closed["closed"]
    assert ledger.status() == {"origin": LATER, "signed": 4, "recorded": 4, "cosigned_by": [], "closed": None}
    assert_told(ledger, old, reopened.stdout.strip())


def assert_told(ledger: Log, old: str, new: str) -> None:
    """The entry tells where the old log ended, and the old key is kept with what it last signed."""
    with reading(ledger.engine) as connection:
        entry = read_entries(connection)[2]
    assert (entry.type, entry.actor, entry.stream, entry.mission) == ("log.reopened", "operator", "log", None)
    assert entry.data == {
        "last_origin": ORIGIN, "last_size": 99, "last_root": "00" * 32, "origin": LATER, "verifier_key": new,
        "reason": "The newest backup is of Monday.",
    }  # fmt: skip
    ended = ledger.path.with_name(f"log.key.{VerifierKey.parse(old).key_id.hex()}")
    memory = ended.with_name(ended.name + ".checkpoint").read_bytes()
    assert str(signing.read_log_key(ended).keys[0].verifier) == old.strip()
    assert parse_checkpoint(signing.parse_note(memory).text).size == 99


def test_nothing_is_signed_over_what_is_not_what_was_signed(ledger: Log) -> None:
    ledger("init", "--origin", ORIGIN)
    ledger.set_back()

    result = ledger("sign")

    assert result.exit_code == 1
    assert "Nothing is signed: the tree of 2 entries does not extend the checkpoint of 99" in result.stderr


@pytest.mark.spoils
def test_a_reason_that_cannot_be_recorded_reopens_nothing(ledger: Log) -> None:
    ledger("init", "--origin", ORIGIN)
    ledger.set_back()
    ledger.run("load", "haiti-mss")
    kept = ledger.path.read_bytes()

    result = ledger("reopen", "--origin", LATER, "--reason", " ")

    assert result.exit_code == 1
    assert "/data/reason" in result.stderr
    assert (ledger.path.read_bytes(), ledger.status()["closed"] is not None) == (kept, True)
