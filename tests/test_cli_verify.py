"""`mission-ledger verify`: what it makes sure of, what it finds, and when it could not look."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text
from werkzeug.serving import make_server

from api.app import create_app
from api.cli import main
from api.settings import Settings
from ledger.checkpoints import Checkpoint, Proof, parse_checkpoint, parse_proof
from ledger.codec import leaf_hash
from ledger.log import keep_cosignatures, last_note, signed
from ledger.notes import COSIGNATURE, SigningKey, parse_note
from ledger.signing import LogKey, sign, write_log_key
from ledger.store import reading, writing
from tests.builders import announced, append, deployed, registered, said
from tests.tampering import all_hashes_again, change, rewritten, root_of, tampered
from tests.tampering import run as by

ORIGIN = "ledger.example.org/log"
KEY, STRANGE = SigningKey(ORIGIN, bytes(range(32))), SigningKey(ORIGIN, bytes(range(1, 33)))
WITNESSES = [SigningKey(f"witness.example.net/{n}", bytes([n] * 32), COSIGNATURE) for n in range(3)]
VERIFIER = str(KEY.verifier)
Verify = Callable[..., Result]


@pytest.fixture
def key(engine: Engine, tmp_path: Path) -> LogKey:
    """A ledger of three entries, signed by a key in a file of its own."""
    key = write_log_key(tmp_path / "log.key", (KEY,))
    append(engine, registered(), announced("a"), deployed())
    sign(engine, key)
    return key


@pytest.fixture
def verify(database_url: str, key: LogKey) -> Verify:
    """The command where the ledger is, without the signing key unless it is asked for."""

    def run(*arguments: str | Path, at_hand: bool = False, **more: str) -> Result:
        environment = {"DATABASE_URL": database_url, **({"MISSION_LEDGER_LOG_KEY": str(key.path)} if at_hand else {})}
        return CliRunner().invoke(main, ["verify", *map(str, arguments)], env={**environment, **more})

    return run


def codes(result: Result) -> set[str]:
    return {finding["code"] for finding in json.loads(result.stdout)["findings"]}


def bundle_of(database_url: str, path: Path, key: Path | None = None) -> Path:
    environment = {"DATABASE_URL": database_url, **({"MISSION_LEDGER_LOG_KEY": str(key)} if key else {})}
    assert CliRunner().invoke(main, ["export", "--bundle", str(path)], env=environment).exit_code == 0
    return path


@contextmanager
def serving(engine: Engine, **settings: Any) -> Iterator[str]:
    """The ledger behind an address."""
    server = make_server("127.0.0.1", 0, create_app(Settings(database_url=str(engine.url), **settings), engine))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


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


# --- what was seen before ----------------------------------------------------------------------------------------------


def test_the_file_of_what_was_seen_is_made_and_grows_where_nothing_is_wrong(
    verify: Verify, engine: Engine, key: LogKey, tmp_path: Path
) -> None:
    known = tmp_path / "known"
    sizes = []

    for _ in range(2):
        for _ in range(2):
            assert verify("--key", VERIFIER, "--known", known).exit_code == 0
            sizes.append(len(known.read_text().splitlines()))
        append(engine, deployed())
        sign(engine, key)
    told = verify("--key", VERIFIER, "--known", known)

    assert sizes == [1, 1, 2, 2]
    assert "They go on from the checkpoint of 4 entries that was seen before." in told.stdout
    assert [parse_checkpoint(parse_note(json.loads(line)).text).size for line in known.open()] == [3, 4, 5]


@pytest.mark.spoils
def test_it_does_not_grow_where_something_is_wrong(verify: Verify, engine: Engine, tmp_path: Path) -> None:
    tampered(engine, change("actor", "somebody else", 1))

    result = verify("--key", VERIFIER, "--known", tmp_path / "known")

    assert (result.exit_code, (tmp_path / "known").exists()) == (1, False)


def test_it_keeps_nothing_that_no_key_of_yours_signed(verify: Verify, database_url: str, key: LogKey, tmp_path: Path) -> None:  # fmt: skip
    bundle, known = bundle_of(database_url, tmp_path / "ledger.zip", key.path), tmp_path / "known"

    results = [verify("--known", known), verify(bundle, "--known", known)]

    assert [result.exit_code for result in results] == [0, 0]
    assert not known.exists()


def set_back(engine: Engine, size: int) -> None:
    """The ledger as it was at a smaller size: entries, tree and checkpoints."""

    def cut(connection: Any) -> None:
        for statement in (
            "DELETE FROM entries WHERE position >= :size", "UPDATE head SET size = :size",
            "UPDATE head SET recorded_at = (SELECT max(recorded_at) FROM entries)", "UPDATE generations SET size = :size",
            "UPDATE log SET size = :size", "DELETE FROM checkpoints WHERE size > :size",
            "DELETE FROM rectangles WHERE event >= :size OR known_from >= :size",
        ):  # fmt: skip
            connection.execute(text(statement), {"size": size} if ":size" in statement else {})
        all_hashes_again(connection)

    tampered(engine, cut)


@pytest.mark.spoils
def test_a_ledger_that_was_set_back_is_noticed_by_who_has_seen_more(
    verify: Verify, engine: Engine, key: LogKey, tmp_path: Path
) -> None:
    append(engine, deployed())
    sign(engine, key)
    verify("--key", VERIFIER, "--known", tmp_path / "known")

    set_back(engine, 3)

    assert verify("--key", VERIFIER).exit_code == 0
    result = verify("--key", VERIFIER, "--known", tmp_path / "known", "--json")
    assert (result.exit_code, codes(result)) == (1, {"known-beyond"})


@pytest.mark.spoils
def test_a_ledger_that_was_rewritten_and_signed_anew_is_noticed_by_who_has_seen_another(
    verify: Verify, engine: Engine, key: LogKey, tmp_path: Path
) -> None:
    verify("--key", VERIFIER, "--known", tmp_path / "known")

    tampered(engine, rewritten(1, 999))
    tampered(engine, all_hashes_again)
    tampered(engine, by("DELETE FROM checkpoints"))
    key.memory.unlink()
    sign(engine, key)

    ignorant, result = (verify("--key", VERIFIER, *more, "--json") for more in ((), ("--known", tmp_path / "known")))
    assert "known-differs" not in codes(ignorant)
    assert codes(result) - codes(ignorant) == {"known-differs"}


@pytest.mark.spoils
def test_a_database_put_back_to_an_older_copy_is_found_where_the_key_is(verify: Verify, engine: Engine, key: LogKey) -> None:  # fmt: skip
    append(engine, deployed())
    sign(engine, key)

    set_back(engine, 3)

    result = verify("--json", at_hand=True)
    assert (result.exit_code, codes(result)) == (1, {"known-beyond"})
    assert "was seen before counts more than the 3 entries that are here" in result.stdout


def test_a_database_beside_its_key_goes_on_from_what_the_key_signed(verify: Verify, engine: Engine) -> None:
    append(engine, deployed())

    told = json.loads(verify("--json", at_hand=True).stdout)

    assert (told["clean"], told["keys_from"], told["compared"]) == (True, "signing key", 3)


def test_a_checkpoint_that_is_signed_and_not_committed_yet_is_no_finding(verify: Verify, engine: Engine, key: LogKey) -> None:  # fmt: skip
    append(engine, deployed())
    with writing(engine) as connection:
        before = connection.execute(text("SELECT size FROM log")).scalar_one()
    with reading(engine) as connection:
        root = root_of(connection, 4)
    key.memory.write_text(str(signed(Checkpoint(ORIGIN, 4, root), key.keys)))

    told = json.loads(verify("--json", at_hand=True).stdout)

    assert told["findings"] == []
    assert (before, told["clean"], told["signed"]["size"], told["compared"]) == (3, True, 4, 4)


# --- witnesses ---------------------------------------------------------------------------------------------------------


def policy(path: Path, quorum: str) -> Path:
    names = [f"w{number}" for number in range(len(WITNESSES))]
    witnesses = [f"witness {name} {one.verifier}" for name, one in zip(names, WITNESSES, strict=True)]
    group = f"group two 2 {' '.join(names)}"
    path.write_text("\n".join([f"log {VERIFIER}", *witnesses, group, f"quorum {quorum}", ""]))
    return path


def cosign(engine: Engine, *witnesses: SigningKey) -> None:
    with writing(engine) as connection:
        note = last_note(connection)
        assert note is not None
        cosignatures = [witness.sign(note.text, 1_700_000_000) for witness in witnesses]
        keep_cosignatures(connection, parse_checkpoint(note.text), cosignatures)


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


# --- one proof ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def proof(engine: Engine, key: LogKey) -> Proof:
    """That entry 1 is in the log, as the server gives it."""
    client = create_app(Settings(database_url=str(engine.url)), engine).test_client()
    return parse_proof(client.get("/v1/entries/1/proof").get_data())


def written(path: Path, proof: Proof | str) -> Path:
    path.write_text(str(proof), encoding="utf-8")
    return path


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


# --- what could not be done --------------------------------------------------------------------------------------------


def could_not(result: Result, told: str) -> None:
    assert (result.exit_code, told in result.stderr, result.stdout) == (2, True, ""), result.output
    assert isinstance(result.exception, SystemExit)


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
