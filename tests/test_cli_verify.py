"""`mission-ledger verify`: what it makes sure of, what it finds, and when it could not look."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from ledger.checkpoints import Proof, parse_checkpoint
from ledger.log import last_note
from ledger.signing import LogKey
from ledger.store import reading, writing
from tests.builders import append, deployed, said
from tests.tampering import change, tampered
from tests.tampering import run as by
from tests.verifying import (
    ORIGIN,
    STRANGE,
    VERIFIER,
    WITNESSES,
    Verify,
    bundle_of,
    codes,
    cosign,
    could_not,
    policy,
    proof_of,
    serving,
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


# --- a ledger, wherever it is ------------------------------------------------------------------------------------------


def test_a_database_that_nobody_touched_is_clean_and_says_of_what_one_can_be_sure(verify: Verify) -> None:
    plain, by_key = verify(), verify("--key", VERIFIER)

    assert (plain.exit_code, by_key.exit_code) == (0, 0)
    assert plain.stdout.startswith(
        "3 entries: each is what its envelope commits to, and they make the tree. Chain only: "
    )
    assert f"The first 3 are signed by {ORIGIN}, and witnessed by nobody you named" in by_key.stdout


def test_json_tells_everything_that_the_sentence_tells(verify: Verify, engine: Engine) -> None:
    with reading(engine) as connection:
        note = last_note(connection)
    assert note is not None

    told = json.loads(verify("--key", VERIFIER, "--json").stdout)

    assert told.pop("told").startswith("3 entries: ")
    assert told == {
        "clean": True, "findings": [], "left_out": {}, "entries": 3, "removed": 0,
        "root": parse_checkpoint(note.text).root.hex(), "assurance": "signed", "keys_from": "given",
        "signed": {"origin": ORIGIN, "size": 3}, "witnesses": [], "compared": None,
    }  # fmt: skip


@pytest.mark.spoils
def test_what_is_wrong_is_told_with_its_position(verify: Verify, engine: Engine) -> None:
    tampered(engine, change("actor", "somebody else", 1))

    shown, asked = verify(), verify("--json")

    assert (shown.exit_code, asked.exit_code) == (1, 1)
    assert "column-differs" in shown.stdout
    assert shown.stdout.endswith("1 finding in 3 entries.\n")
    (finding,) = json.loads(asked.stdout)["findings"]
    assert (finding["code"], finding["position"]) == ("column-differs", 1)


def test_a_bundle_is_audited_wherever_it_is_taken(
    verify: Verify, database_url: str, key: LogKey, tmp_path: Path
) -> None:
    path = bundle_of(database_url, tmp_path / "ledger.zip", key.path)

    own, given = verify(path, DATABASE_URL="sqlite:////nowhere"), verify(path, "--key", VERIFIER)

    assert (own.exit_code, given.exit_code) == (0, 0)
    assert f"The first 3 are signed by {ORIGIN}, and witnessed by nobody you named" in given.stdout


def test_the_key_of_a_bundle_proves_no_more_than_that_the_bundle_is_whole(
    verify: Verify, database_url: str, key: LogKey, tmp_path: Path
) -> None:
    signed, unsigned = (bundle_of(database_url, tmp_path / name, path) for name, path in (("a", key.path), ("b", None)))

    own, given, none = (
        json.loads(verify(*arguments, "--json").stdout)
        for arguments in ((signed,), (signed, "--key", VERIFIER), (unsigned,))
    )

    assert [one["assurance"] for one in (own, given, none)] == ["self-signed", "signed", "chain"]
    assert [one["keys_from"] for one in (own, given, none)] == ["bundle", "given", None]
    assert f"The first 3 are self-signed by {ORIGIN}: the key came with the bundle, which proves" in own["told"]
    assert "signed by" not in none["told"]


def test_a_bundle_of_another_key_is_no_bundle_of_the_log(verify: Verify, database_url: str, key: LogKey, tmp_path: Path) -> None:  # fmt: skip
    path = bundle_of(database_url, tmp_path / "ledger.zip", key.path)

    result = verify(path, "--key", str(STRANGE.verifier), "--json")

    assert (result.exit_code, codes(result)) == (1, {"checkpoint-unsigned"})


@pytest.mark.parametrize("lost", [1, 500, 1000])
def test_a_torn_bundle_is_a_finding(verify: Verify, database_url: str, tmp_path: Path, lost: int) -> None:
    path = bundle_of(database_url, tmp_path / "ledger.zip")
    path.write_bytes(path.read_bytes()[:-lost])

    result = verify(path, "--json")

    assert (result.exit_code, codes(result)) == (1, {"bundle-torn"})


def test_a_server_is_audited_by_its_address(verify: Verify, engine: Engine) -> None:
    with serving(engine) as address:
        plain, by_key, strange = (
            verify(address, *keys, "--json") for keys in ((), ("--key", VERIFIER), ("--key", str(STRANGE.verifier)))
        )

    assert [json.loads(one.stdout)["assurance"] for one in (plain, by_key)] == ["chain", "signed"]
    assert (strange.exit_code, codes(strange)) == (1, {"checkpoint-unsigned"})


@pytest.mark.spoils
def test_a_server_that_shows_another_payload_is_found_out(verify: Verify, engine: Engine) -> None:
    tampered(engine, by("UPDATE entries SET salt = :salt WHERE position = 2", salt=bytes(32)))

    with serving(engine) as address:
        result = verify(address, "--json")

    assert (result.exit_code, codes(result)) == (1, {"payload-differs"})


def test_what_was_recorded_after_the_last_checkpoint_is_told_and_is_no_finding(verify: Verify, engine: Engine) -> None:
    append(engine, deployed(), deployed())

    result = verify("--key", VERIFIER)

    assert result.exit_code == 0
    assert f"The first 3 are signed by {ORIGIN}, 2 later ones by nobody yet" in result.stdout


def test_a_redaction_is_told_and_is_no_finding(verify: Verify, engine: Engine) -> None:
    append(engine, said("payload.redacted", mission=None, target=2, legal_basis="a rule", reason="a name"))

    result = verify()

    assert result.exit_code == 0
    assert result.stdout.startswith("4 entries, 1 of them without a payload, as entries say: ")


# --- witnesses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "quorum", "enough"), [(0, "none", True), (1, "two", False), (2, "two", True), (0, "w1", False), (2, "w1", True)])  # fmt: skip
def test_a_policy_asks_for_witnesses(verify: Verify, engine: Engine, tmp_path: Path, count: int, quorum: str, enough: bool) -> None:  # fmt: skip
    cosign(engine, *WITNESSES[:count])
    path = policy(tmp_path / "policy", quorum)

    shown, told = verify("--policy", path), verify("--policy", path, "--json")

    assert (shown.exit_code, codes(told)) == ((0, set()) if enough else (1, {"witnesses-missing"}))
    names = [one.name for one in WITNESSES[:count]]
    assert json.loads(told.stdout)["witnesses"] == names
    if enough and count:
        assert json.loads(told.stdout)["assurance"] == "witnessed"
        assert f", and witnessed by {', '.join(names)}." in shown.stdout


def test_witnesses_vouch_for_a_bundle_that_is_checked_with_its_own_key(
    verify: Verify, engine: Engine, database_url: str, key: LogKey, tmp_path: Path
) -> None:
    cosign(engine, WITNESSES[0])
    bundle, path = bundle_of(database_url, tmp_path / "ledger.zip", key.path), tmp_path / "policy"
    path.write_text(f"witness w {WITNESSES[0].verifier}\nquorum w\n")

    told = json.loads(verify(bundle, "--policy", path, "--json").stdout)

    assert (told["assurance"], told["keys_from"]) == ("witnessed", "bundle")
    assert f"The first 3 are self-signed by {ORIGIN}, and witnessed by {WITNESSES[0].name}." in told["told"]


def test_a_server_shows_its_cosignatures(verify: Verify, engine: Engine, tmp_path: Path) -> None:
    cosign(engine, *WITNESSES[:2])

    with serving(engine) as address:
        result = verify(address, "--policy", policy(tmp_path / "policy", "two"), "--json")

    assert (result.exit_code, json.loads(result.stdout)["assurance"]) == (0, "witnessed")


# --- what could not be done --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere.zip",), "nowhere.zip is no file and no address of a server"),
        ((__file__,), "is no bundle"),
        (("http://127.0.0.1:1",), "cannot be reached"),
        (("http://127.0.0.1:port",), "cannot be reached"),
        (("--key", "no key"), "--key: 'no key' is no key"),
        (("--key", VERIFIER.replace("+", "+0", 1)), "--key: "),
        (("--policy", __file__), "--policy: line 1"),
        (("--policy", "nowhere"), "does not exist"),
        (("--known", __file__), "--known: "),
        (("--known", "/nowhere/known", "--key", VERIFIER), "/nowhere/known cannot be written"),
        (("--proof", "nowhere"), "does not exist"),
        (("--proof", __file__), "give the log's verifier key with --key"),
        (("--proof", __file__, "--known", "known"), "leave the rest out"),
    ],
)  # fmt: skip
def test_an_audit_that_could_not_be_made_is_no_finding(
    verify: Verify, proof: Proof, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    path = str(written(tmp_path / "proof", proof))

    could_not(verify(*(path if one == __file__ and "--proof" in arguments else one for one in arguments)), told)


def test_a_server_that_has_no_log_or_does_not_answer_is_no_finding(verify: Verify, engine: Engine) -> None:
    tampered(engine, by("DELETE FROM checkpoints"))
    with serving(engine) as address:
        could_not(verify(address), "There is nothing to audit: there is no checkpoint")


def test_a_database_that_cannot_be_used_is_no_finding(verify: Verify, tmp_path: Path) -> None:
    empty, text_file = tmp_path / "empty.db", tmp_path / "text.db"
    empty.touch()
    text_file.write_text("no database " * 1000)

    could_not(verify(DATABASE_URL=f"sqlite:///{tmp_path / 'missing.db'}"), "There is no database at")
    could_not(verify(DATABASE_URL=f"sqlite:///{empty}"), "another schema")
    could_not(verify(DATABASE_URL=f"sqlite:///{text_file}"), "The audit could not be made: ")
    could_not(verify(DATABASE_URL="mysql://host/name"), "names mysql")
    could_not(verify(DATABASE_URL="no address"), "The audit could not be made: ")
    could_not(verify(DATABASE_URL="postgresql://user:secret@127.0.0.1:1/name"), "The audit could not be made: ")
    assert not (tmp_path / "missing.db").exists()


@pytest.mark.spoils
def test_a_database_of_another_schema_is_no_finding(verify: Verify, engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    could_not(verify(), "another schema")


def test_a_signing_key_that_others_may_read_is_not_used(verify: Verify, key: LogKey) -> None:
    key.path.chmod(0o644)

    could_not(verify(at_hand=True), "others may read the signing key")


def test_nothing_is_changed_by_looking(verify: Verify, engine: Engine, key: LogKey) -> None:
    before = {path: path.read_bytes() for path in (key.path, key.memory)}
    with reading(engine) as connection:
        checkpoints = connection.execute(text("SELECT note FROM checkpoints")).all()
    append(engine, deployed())

    verify(at_hand=True)

    assert before == {path: path.read_bytes() for path in (key.path, key.memory)}
    with reading(engine) as connection:
        assert connection.execute(text("SELECT note FROM checkpoints")).all() == checkpoints
