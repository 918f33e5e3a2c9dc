"""`mission-ledger verify --proof`: what one proof shows, and each way in which it can be wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine

from api.app import create_app
from api.settings import Settings
from ledger.checkpoints import Checkpoint, Proof
from ledger.codec import leaf_hash
from ledger.log import signed
from ledger.signing import LogKey
from tests.verifying import (
    KEY,
    ORIGIN,
    STRANGE,
    VERIFIER,
    WITNESSES,
    Verify,
    codes,
    cosign,
    policy,
    proof_of,
    signed_ledger,
    verifying,
    written,
)


@pytest.fixture
def key(engine: Engine, tmp_path: Path) -> LogKey:
    return signed_ledger(engine, tmp_path)


@pytest.fixture
def verify(database_url: str, key: LogKey) -> Verify:
    return verifying(database_url, key)


@pytest.fixture
def proof(engine: Engine, key: LogKey) -> Proof:
    return proof_of(engine)


def spoilt(proof: Proof, **more: Any) -> Proof:
    return Proof(**{"index": proof.index, "path": proof.path, "note": proof.note, "extra": proof.extra, **more})


def saying(proof: Proof, **more: Any) -> Proof:
    """The proof with another entry beside it."""
    return spoilt(proof, extra=orjson.dumps({**orjson.loads(proof.extra or b""), **more}))


def test_a_proof_shows_its_entry(verify: Verify, proof: Proof, tmp_path: Path) -> None:
    path = written(tmp_path / "proof", proof)

    shown, told = verify("--proof", path, "--key", VERIFIER), verify("--proof", path, "--key", VERIFIER, "--json")

    assert (shown.exit_code, told.exit_code) == (0, 0)
    assert shown.stdout.endswith(f"Entry 1 is in the log {ORIGIN}, of 3 entries.\n")
    document = json.loads(told.stdout)
    assert (document["clean"], document["findings"], document["size"], document["witnesses"]) == (True, [], 3, [])
    assert document["entry"]["data"]["pledge"] == "a"


def test_a_proof_without_what_was_said_says_so(verify: Verify, proof: Proof, tmp_path: Path) -> None:
    path = written(tmp_path / "proof", saying(proof, payload=None, salt=None))

    result = verify("--proof", path, "--key", VERIFIER)

    assert result.exit_code == 0
    assert result.stdout.endswith("What it said is not in the proof.\n")


def another_envelope(proof: Proof) -> Proof:
    envelope = orjson.loads(orjson.loads(proof.extra or b"")["envelope"])
    return saying(proof, envelope=orjson.dumps({**envelope, "actor": "somebody else"}).decode())


def with_wrong_signature(proof: Proof) -> Proof:
    (line,) = proof.note.signatures
    signature = type(line)(line.name, line.key_id, line.signature[:-1] + bytes([line.signature[-1] ^ 1]))
    return spoilt(proof, note=type(proof.note)(proof.note.text, (signature,)))


def with_another_checkpoint(proof: Proof) -> Proof:
    return spoilt(proof, note=signed(Checkpoint(ORIGIN, 3, bytes(32)), [KEY]))


def of_another_log(proof: Proof) -> Proof:
    """The right root, signed by a known key under a name that is not its own."""
    text = Checkpoint("another.example.org/log", 3, proof.checkpoint.root).text
    return spoilt(proof, note=type(proof.note)(text, (KEY.sign(text),)))


WRONG: dict[str, tuple[Callable[[Proof], Proof | str], str]] = {
    "another position": (lambda proof: spoilt(proof, index=2), "too long"),
    "a position beyond the tree": (lambda proof: spoilt(proof, index=3), "3"),
    "another payload": (lambda proof: saying(proof, payload='{"data":{}}'), "do not give the commitment"),
    "a payload that is no JSON": (lambda proof: saying(proof, payload="{"), "not told as they should be"),
    "another salt": (lambda proof: saying(proof, salt="00" * 32), "do not give the commitment"),
    "a salt without a payload": (lambda proof: saying(proof, payload=None), "not told as they should be"),
    "another envelope": (another_envelope, "leads to another root"),
    "a path that is too short": (lambda proof: spoilt(proof, path=proof.path[1:]), "too short"),
    "a wrong signature": (with_wrong_signature, f"the signature of {ORIGIN} is not over this text"),
    "another root": (with_another_checkpoint, "leads to another root"),
    "another log": (of_another_log, "no signature of a known key of another.example.org/log"),
    "no entry": (lambda proof: spoilt(proof, extra=None), "does not bring its entry along"),
    "something else than an entry": (lambda proof: spoilt(proof, extra=b"[]"), "does not bring its entry along"),
    "no proof": (lambda proof: "a text", "begins with c2sp.org/tlog-proof@v1"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_proof_is_refused_with_its_reason(verify: Verify, proof: Proof, tmp_path: Path, what: str) -> None:
    spoil, reason = WRONG[what]
    path = written(tmp_path / "proof", spoil(proof))

    shown, told = verify("--proof", path, "--key", VERIFIER), verify("--proof", path, "--key", VERIFIER, "--json")

    assert (shown.exit_code, codes(told)) == (1, {"proof-wrong"})
    assert shown.stdout.startswith("The proof is wrong: ")
    assert reason in shown.stdout


def test_an_entry_under_a_number_that_is_not_its_own_is_refused(verify: Verify, tmp_path: Path) -> None:
    """A log that signed an entry at another place than the entry says."""
    envelope = b'{"position":7}'
    note = signed(Checkpoint(ORIGIN, 1, leaf_hash(envelope)), [KEY])
    extra = orjson.dumps({"envelope": envelope.decode(), "payload": None, "salt": None})

    result = verify("--proof", written(tmp_path / "proof", Proof(0, (), note, extra)), "--key", VERIFIER)

    assert (result.exit_code, "the entry says position 7" in result.stdout) == (1, True)


def test_a_proof_of_another_key_and_one_without_witnesses_are_refused(verify: Verify, proof: Proof, tmp_path: Path) -> None:  # fmt: skip
    path = written(tmp_path / "proof", proof)

    by_key = verify("--proof", path, "--key", str(STRANGE.verifier))
    by_policy = verify("--proof", path, "--policy", policy(tmp_path / "policy", "two"))

    assert (by_key.exit_code, "no signature of a known key" in by_key.stdout) == (1, True)
    assert (by_policy.exit_code, "not cosigned as the policy asks" in by_policy.stdout) == (1, True)


def test_a_witnessed_proof_names_its_witnesses(verify: Verify, engine: Engine, tmp_path: Path) -> None:
    cosign(engine, *WITNESSES[:2])
    client = create_app(Settings(database_url=str(engine.url)), engine).test_client()
    path = written(tmp_path / "proof", client.get("/v1/entries/1/proof").get_data(as_text=True))

    result = verify("--proof", path, "--policy", policy(tmp_path / "policy", "two"))

    assert result.exit_code == 0
    assert f"witnessed by {WITNESSES[0].name}, {WITNESSES[1].name}." in result.stdout
