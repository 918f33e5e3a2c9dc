"""The log over HTTP: checkpoint, tiles, bundles, proofs and cosignatures, with their types, their caching and their problems."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from api.app import create_app
from api.log import MAX_NOTE
from api.settings import Settings
from ledger import codec, keys, signing
from ledger.checkpoints import Checkpoint, parse_checkpoint, parse_proof
from ledger.merkle import check_consistency
from ledger.notes import COSIGNATURE, Note, SigningKey, binary, parse_note
from ledger.signing import LogKey
from ledger.store import read_entries, reading, writing
from tests.builders import append, deployed, registered

ORIGIN = "ledger.example.org/log"
SIZE = 300
WITNESS = SigningKey("witness.example", b"w" * 32, COSIGNATURE)
STRANGER = SigningKey("stranger.example", b"s" * 32, COSIGNATURE)
FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture
def key(tmp_path: Path) -> LogKey:
    return signing.write_log_key(tmp_path / "log.key", (signing.new_key(ORIGIN),))


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy"
    path.write_text(f"witness w {WITNESS.verifier}\nquorum w\n", "utf-8")
    return path


@pytest.fixture
def unsigned(engine: Engine, policy: Path) -> FlaskClient:
    append(engine, registered(), *(deployed(count=number) for number in range(SIZE - 1)))
    return create_app(Settings(database_url=str(engine.url), log_policy=policy), engine).test_client()


@pytest.fixture
def client(unsigned: FlaskClient, engine: Engine, key: LogKey) -> FlaskClient:
    """A log of 300 signed entries, and one that is not yet signed."""
    signing.sign(engine, key)
    append(engine, deployed())
    return unsigned


def test_a_server_that_signs_names_its_keys_and_another_says_that_it_has_none(
    client: FlaskClient, engine: Engine, key: LogKey
) -> None:
    signs = create_app(Settings(database_url=str(engine.url), log_key=key.path), engine)
    answer = signs.test_client().get("/v1/log/keys")
    signs.extensions["signer"].stop()

    assert (answer.status_code, answer.text) == (200, f"{key.keys[0].verifier}\n")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert client.get("/v1/log/keys").status_code == 404


def test_the_checkpoint_is_text_that_no_cache_keeps(client: FlaskClient, key: LogKey) -> None:
    answer = client.get("/v1/log/checkpoint")

    assert (answer.status_code, answer.content_type) == (200, "text/plain; charset=utf-8")
    assert answer.headers["Cache-Control"] == "no-cache"
    note = parse_note(answer.data)
    assert note.signed_by([key.keys[0].verifier])
    assert parse_checkpoint(note.text).size == SIZE


def test_a_tile_is_bytes_that_every_cache_may_keep(client: FlaskClient) -> None:
    for path, length in [
        ("0/000", 8192),
        ("0/000.p/1", 32),
        ("0/000.p/255", 8160),
        ("0/001.p/44", 1408),
        ("0/001.p/7", 224),
        ("1/000.p/1", 32),
    ]:
        answer = client.get(f"/v1/log/tile/{path}")

        assert (answer.status_code, answer.content_type, len(answer.data)) == (200, "application/octet-stream", length)
        assert answer.headers["Cache-Control"] == FOR_EVER


def test_tiles_and_bundles_are_over_the_entries(client: FlaskClient, engine: Engine) -> None:
    with reading(engine) as connection:
        envelopes = [entry.envelope for entry in read_entries(connection)]

    for path, part in (("000", envelopes[:256]), ("001.p/44", envelopes[256:SIZE]), ("000.p/3", envelopes[:3])):
        tile, bundle = client.get(f"/v1/log/tile/0/{path}"), client.get(f"/v1/log/tile/entries/{path}")
        assert tile.data == b"".join(map(codec.leaf_hash, part))
        assert bundle.data == b"".join(len(one).to_bytes(2, "big") + one for one in part)
        assert (bundle.content_type, bundle.headers["Cache-Control"]) == ("application/octet-stream", FOR_EVER)


def test_a_tile_that_is_not_there_or_spelt_otherwise_is_a_problem(client: FlaskClient) -> None:
    for kind in ["0", "entries"]:
        for path in [
            "001",
            "001.p/45",
            "001.p/255",
            "002",
            "002.p/1",
            "x001/000",
            "x999/x999/x999/x999/x999/999",
            "0",
            "00",
            "0000",
            "000.p/0",
            "000.p/256",
            "000.p/01",
            "000.p",
            "000.p/",
            "x000/000",
            "000/",
            "abc",
            "-01",
            "000.p/1/2",
            "%D9%A0%D9%A0%D9%A0",
        ]:
            answer = client.get(f"/v1/log/tile/{kind}/{path}")

            assert problem(answer) == (404, "no-such-tile")


def test_a_level_that_is_not_there_or_spelt_otherwise_is_a_problem(client: FlaskClient) -> None:
    for level in [
        "1/000",
        "1/001.p/1",
        "2/000.p/1",
        "8/000.p/1",
        "63/000.p/1",
        "64/000",
        "00/000",
        "01/000.p/1",
        "-1/000",
        "+0/000",
        "a/000",
        "%D9%A0/000",
    ]:
        assert problem(client.get(f"/v1/log/tile/{level}")) == (404, "no-such-tile")


def problem(answer: Any) -> tuple[int, str]:
    assert answer.content_type == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, answer.json["type"].removeprefix("/problems/")


ADDRESSES = [
    "/v1/log/checkpoint",
    "/v1/log/tile/0/000",
    "/v1/log/tile/entries/000",
    "/v1/log/consistency?from=1",
    "/v1/entries/0/proof",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_before_anything_is_signed_there_is_no_log(unsigned: FlaskClient, address: str) -> None:
    assert problem(unsigned.get(address)) == (404, "no-log")


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_parameter_that_is_none_is_a_problem(client: FlaskClient, address: str) -> None:
    answer = client.get(address + ("&" if "?" in address else "?") + "format=csv")

    assert problem(answer) == (422, "invalid-parameter")
    assert answer.json["errors"][0]["parameter"] == "format"


@pytest.mark.parametrize("address", ADDRESSES)
def test_where_reading_takes_a_key_so_does_the_log(client: FlaskClient, engine: Engine, address: str) -> None:
    closed = create_app(Settings(database_url=str(engine.url), anonymous_reading=False), engine).test_client()

    assert problem(closed.get(address)) == (401, "key-missing")
    assert problem(closed.post("/v1/log/cosignatures", data=b"", content_type="text/plain")) == (401, "key-missing")


# --- proofs ---------------------------------------------------------------------------------------------------------


def test_an_entry_is_proved_to_be_in_the_log(client: FlaskClient, engine: Engine, key: LogKey) -> None:
    for position in [0, 1, 255, 256, 299]:
        answer = client.get(f"/v1/entries/{position}/proof")

        assert (answer.status_code, answer.content_type) == (200, "text/plain; charset=utf-8")
        assert answer.headers["Cache-Control"] == "no-cache"
        proof = parse_proof(answer.data)
        stored = orjson.loads(proof.extra or b"")
        assert proof.note.signed_by([key.keys[0].verifier])
        proof.check(codec.leaf_hash(stored["envelope"].encode()))
        commitment = codec.commitment(bytes.fromhex(stored["salt"]), stored["payload"].encode())
        assert (proof.index, orjson.loads(stored["envelope"])["commitment"]) == (position, commitment)


def test_an_entry_that_is_not_there_or_not_yet_signed_has_no_proof(client: FlaskClient) -> None:
    for position, code in [
        ("300", "not-yet-signed"),
        ("301", "no-such-entry"),
        ("9" * 30, "no-such-entry"),
        ("-1", "not-found"),
        ("x", "not-found"),
    ]:
        assert problem(client.get(f"/v1/entries/{position}/proof")) == (404, code)


def test_one_tree_is_proved_to_extend_another(client: FlaskClient) -> None:
    for old, new in [(0, 0), (0, 300), (1, 300), (255, 256), (256, 300), (300, 300), (3, None)]:
        answer = client.get("/v1/log/consistency", query_string={"from": old} | ({} if new is None else {"to": new}))

        told = answer.json["data"]
        roots = [binary(told[name]) for name in ("from_root", "to_root")]
        assert (answer.status_code, told["from"], told["to"]) == (200, old, SIZE if new is None else new)
        if old:
            check_consistency(old, told["to"], *roots, [binary(line) for line in told["proof"]])
        else:
            assert told["proof"] == []


def test_sizes_that_are_not_there_are_problems(client: FlaskClient) -> None:
    for query, parameter in [
        ("", "from"),
        ("from=", "from"),
        ("from=-1", "from"),
        ("from=x", "from"),
        ("from=1.5", "from"),
        ("from=301", "from"),
        ("from=1&to=301", "to"),
        ("from=5&to=4", "from"),
        ("from=1&to=99999999999999999999", "to"),
        ("from=1&from=2", "from"),
        ("from=1&size=2", "size"),
    ]:
        answer = client.get(f"/v1/log/consistency?{query}")

        assert problem(answer) == (422, "invalid-parameter")
        assert parameter in [error["parameter"] for error in answer.json["errors"]]


# --- cosignatures ---------------------------------------------------------------------------------------------------


def cosigned(client: FlaskClient, *witnesses: SigningKey, time: int = 1_800_000_000) -> str:
    note = parse_note(client.get("/v1/log/checkpoint").data)
    return note.text + "\n" + "".join(str(key.sign(note.text, time)) for key in witnesses)


def submit(client: FlaskClient, content: str | bytes, media: str = "text/plain; charset=utf-8") -> Any:
    return client.post("/v1/log/cosignatures", data=content, content_type=media)


def test_a_cosignature_of_a_witness_is_kept_and_served_from_then_on(client: FlaskClient, key: LogKey) -> None:
    answer = submit(client, cosigned(client, STRANGER, WITNESS))

    assert (answer.status_code, answer.json) == (
        200,
        {"data": {"witnesses": ["witness.example"], "links": {"checkpoint": "/v1/log/checkpoint"}}},
    )
    for note in (
        parse_note(client.get("/v1/log/checkpoint").data),
        parse_proof(client.get("/v1/entries/7/proof").data).note,
    ):
        assert [one.name for one in note.signatures] == [ORIGIN, "witness.example"]
        assert note.signed_by([key.keys[0].verifier, WITNESS.verifier])[1] == (WITNESS.verifier, 1_800_000_000)


def test_a_newer_cosignature_takes_the_place_of_the_earlier_one(client: FlaskClient) -> None:
    for time in (1_800_000_000, 1_800_000_009):
        assert submit(client, cosigned(client, WITNESS, time=time)).status_code == 200

    note = parse_note(client.get("/v1/log/checkpoint").data)
    assert note.signed_by([WITNESS.verifier]) == [(WITNESS.verifier, 1_800_000_009)]


def test_a_cosignature_of_an_earlier_checkpoint_is_kept_with_that(
    client: FlaskClient, engine: Engine, key: LogKey
) -> None:
    late = cosigned(client, WITNESS)
    signing.sign(engine, key)

    assert submit(client, late).status_code == 200

    assert len(parse_note(client.get("/v1/log/checkpoint").data).signatures) == 1


def test_what_is_no_cosignature_of_a_known_witness_is_refused(client: FlaskClient, key: LogKey) -> None:
    good = cosigned(client, WITNESS)
    other = Checkpoint(ORIGIN, SIZE, bytes(32)).text
    larger = Checkpoint(ORIGIN, SIZE + 1, bytes(32)).text
    alien = Checkpoint("other.example", SIZE, bytes(32)).text
    extended = good.split("\n\n")[0] + "\nmore\n"
    imposter = SigningKey(WITNESS.name, WITNESS.seed)
    refused = [
        cosigned(client, STRANGER), cosigned(client, *key.keys), cosigned(client, imposter),
        *(str(Note(text, (WITNESS.sign(text, 5),))) for text in (other, larger, alien, extended, "text\n")),
        good[:-20] + "AAAA" + good[-16:], good + "\n", good.split("\n\n")[0], "", "\n\n", b"\xff" * 9, good.replace("\n", "\r\n"),
    ]  # fmt: skip

    for content in refused:
        assert problem(submit(client, content)) == (422, "wrong-cosignature"), content

    assert len(parse_note(client.get("/v1/log/checkpoint").data).signatures) == 1


def test_without_a_policy_no_cosignature_is_taken(client: FlaskClient, engine: Engine) -> None:
    plain = create_app(Settings(database_url=str(engine.url)), engine).test_client()

    assert problem(submit(plain, cosigned(client, WITNESS))) == (422, "wrong-cosignature")


def test_a_body_of_another_type_or_size_is_refused(client: FlaskClient) -> None:
    good = cosigned(client, WITNESS)

    assert problem(submit(client, good, "application/json")) == (415, "unsupported-media-type")
    assert problem(submit(client, b"a" * (MAX_NOTE + 1))) == (413, "body-too-large")
    assert problem(submit(client, b"a" * MAX_NOTE)) == (422, "wrong-cosignature")
    assert problem(client.get("/v1/log/cosignatures")) == (405, "method-not-allowed")


@pytest.mark.parametrize("address", ["/v1/log/tile/0/000", "/v1/log/tile/entries/000"])
def test_where_reading_takes_a_key_shared_caches_keep_nothing(
    client: FlaskClient, engine: Engine, address: str
) -> None:
    app = create_app(Settings(database_url=str(engine.url), anonymous_reading=False), engine)
    with writing(engine) as connection:
        secret = keys.create(connection, "reader", "reader")

    answer = app.test_client().get(address, headers={"Authorization": f"Bearer {secret}"})

    assert answer.headers["Cache-Control"].startswith("private, ")
    assert "Authorization" in answer.headers["Vary"]
