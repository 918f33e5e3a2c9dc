"""Witnesses cosign: a real one over HTTP, which verifies what it is told and remembers it, and several that are no good."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine

from ledger import log, signing
from ledger.checkpoints import Checkpoint, parse_checkpoint
from ledger.merkle import WrongProof, check_consistency
from ledger.notes import COSIGNATURE, Note, SigningKey, VerifierKey, WrongNote, binary, parse_note
from ledger.signing import LogKey
from ledger.store import reading
from tests.builders import announced, append, deployed, registered
from tests.test_cli_upkeep import run

ORIGIN = "ledger.example.org/log"
Answer = tuple[int, str, bytes]


class Witness:
    """A witness after C2SP tlog-witness: it keeps the last checkpoint that it cosigned for each origin."""

    def __init__(self, name: str, known: VerifierKey):
        self.key, self.known = SigningKey(name, name.encode().ljust(32, b"."), COSIGNATURE), known
        self.seen: Checkpoint | None = None
        self.asked = 0

    def answer(self, body: bytes) -> Answer:
        self.asked += 1
        head, _, rest = body.decode().partition("\n\n")
        old, *proof = head.split("\n")
        note = parse_note(rest)
        checkpoint = parse_checkpoint(note.text)
        if checkpoint.origin != self.known.name:
            return 404, "text/plain", b""
        if not note.signed_by([self.known]):
            return 403, "text/plain", b""
        seen = self.seen or Checkpoint(checkpoint.origin, 0, b"")
        if old != f"old {seen.size}":
            return 409, "text/x.tlog.size", f"{seen.size}\n".encode()
        return self.cosigned(note, seen, checkpoint, [binary(line) for line in proof])

    def cosigned(self, note: Note, seen: Checkpoint, checkpoint: Checkpoint, proof: list[bytes]) -> Answer:
        try:
            if seen.size:
                check_consistency(seen.size, checkpoint.size, seen.root, checkpoint.root, proof)
            assert seen.size or not proof
        except WrongProof:
            return 422, "text/plain", b""
        self.seen = checkpoint
        return 200, "text/plain", str(self.key.sign(note.text, 1_800_000_000 + self.asked)).encode()


@contextmanager
def served(answer: Callable[[bytes], Answer]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/prefix/add-checkpoint"
            status, media, content = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", media)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/prefix"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def key(tmp_path: Path) -> LogKey:
    return signing.write_log_key(tmp_path / "log.key", (signing.new_key(ORIGIN),))


@pytest.fixture
def witness(key: LogKey, engine: Engine) -> Witness:
    append(engine, registered())
    signing.sign(engine, key)
    return Witness("witness.example", key.keys[0].verifier)


def cosign(url: str, folder: Path, *lines: str, timeout: str = "5") -> Result:
    (folder / "policy").write_text("\n".join(lines), "utf-8")
    return run(url, "log", "cosign", "--timeout", timeout, MISSION_LEDGER_LOG_POLICY=str(folder / "policy"))


def line(witness: Witness, address: str, name: str = "w") -> str:
    return f"witness {name} {witness.key.verifier} {address}"


def newest(engine: Engine) -> Note:
    with reading(engine) as connection:
        note = log.last_note(connection)
    assert note is not None
    return note


def test_a_witness_cosigns_what_grows_and_is_told_how(
    witness: Witness, engine: Engine, database_url: str, key: LogKey, tmp_path: Path
) -> None:
    with served(witness.answer) as address:
        for more in ([], [announced()], [deployed(count=n) for n in range(300)], []):
            if more:
                append(engine, *more)
                signing.sign(engine, key)
            result = cosign(database_url, tmp_path, line(witness, address), "quorum w")

            assert (result.exit_code, result.stdout) == (0, "w: cosigned\n"), result.output
            assert [one for one, _ in newest(engine).signed_by([witness.key.verifier])] == [witness.key.verifier]
            assert witness.seen == parse_checkpoint(newest(engine).text)

    assert witness.asked == 1 + 2 + 2 + 2


def test_a_witness_that_has_seen_another_log_does_not_cosign(
    witness: Witness, engine: Engine, database_url: str, tmp_path: Path
) -> None:
    witness.seen = Checkpoint(ORIGIN, 1, bytes(32))

    with served(witness.answer) as address:
        result = cosign(database_url, tmp_path, line(witness, address), "quorum w")

    assert result.exit_code == 1
    assert result.stdout == "w: not cosigned, it answers 422\n"
    assert "Too few have cosigned" in result.stderr
    assert not newest(engine).signed_by([witness.key.verifier])


def test_a_quorum_is_met_without_those_who_fail(
    witness: Witness, engine: Engine, database_url: str, tmp_path: Path
) -> None:
    silent = Witness("silent.example", witness.known)
    lines = [line(silent, "http://127.0.0.1:1/x", "s")]

    with served(witness.answer) as address:
        any_of, all_of = (
            cosign(database_url, tmp_path, line(witness, address), *lines, f"group g {count} w s", "quorum g")
            for count in ("any", "all")
        )

    assert (any_of.exit_code, all_of.exit_code) == (0, 1)
    assert all_of.stdout.startswith("w: cosigned\ns: not cosigned, it cannot be asked: ")


@pytest.mark.parametrize(
    ("status", "media", "content", "told"),
    [
        (200, "text/plain", b"", "no signature of its key"),
        (200, "text/plain", b"\xff", "UTF-8"),
        (200, "text/plain", b"hello", "a text, a blank line"),
        (200, "text/plain", b"hello\n", "no signature line"),
        (200, "text/plain", "— witness.example AAAAAAAA\n".encode(), "no signature of its key"),
        (200, "text/plain", b"\nmore\n\n", "a text, a blank line"),
        (200, "text/plain", b"x" * 200_000, "a text, a blank line"),
        (404, "text/plain", b"", "it answers 404"),
        (302, "text/plain", b"", "it answers 302"),
        (500, "text/plain", b"", "it answers 500"),
        (409, "text/plain", b"1\n", "it answers 409"),
        (409, "text/x.tlog.size", b"01\n", "it answers 409"),
        (409, "text/x.tlog.size", b"many\n", "it answers 409"),
        (409, "text/x.tlog.size", b"1", "it answers 409"),
        (409, "text/x.tlog.size", b"1\n", "it tells another size, 1, each time"),
        (409, "text/x.tlog.size", b"7\n", "it has cosigned 7 entries, and the newest checkpoint here has 1"),
    ],
)
def test_an_answer_that_is_none_is_told_and_nothing_kept(
    witness: Witness,
    engine: Engine,
    database_url: str,
    tmp_path: Path,
    status: int,
    media: str,
    content: bytes,
    told: str,
) -> None:
    with served(lambda _: (status, media, content)) as address:
        result = cosign(database_url, tmp_path, line(witness, address), "quorum w")

    assert result.exit_code == 1
    assert told in result.stdout
    assert len(newest(engine).signatures) == 1


def test_a_signature_over_another_checkpoint_is_not_kept(
    witness: Witness, engine: Engine, database_url: str, tmp_path: Path
) -> None:
    with served(lambda _: (200, "text/plain", str(witness.key.sign("other\n", 5)).encode())) as address:
        result = cosign(database_url, tmp_path, line(witness, address), "quorum w")

    assert "the signature of witness.example is not over this text" in result.stdout
    with pytest.raises(WrongNote):
        witness.key.verifier.check(newest(engine).text, witness.key.sign("other\n", 5).signature)
    assert len(newest(engine).signatures) == 1


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "no address", "http://127.0.0.1:1", "http://[", "data:,x"]
)
def test_an_address_that_cannot_be_asked_is_told(witness: Witness, database_url: str, tmp_path: Path, url: str) -> None:
    result = cosign(database_url, tmp_path, line(witness, url.replace(" ", "-")), "quorum w")

    assert result.exit_code == 1
    assert "w: not cosigned, it cannot be asked: " in result.stdout


def test_a_witness_that_does_not_answer_is_not_waited_for(witness: Witness, database_url: str, tmp_path: Path) -> None:
    gone = threading.Event()

    with served(lambda _: (500 if gone.wait(10) else 200, "text/plain", b"")) as address:
        result = cosign(database_url, tmp_path, line(witness, address), "quorum w", timeout="0.2")
        gone.set()

    assert result.exit_code == 1
    assert "timed out" in result.stdout


def test_what_is_asked_in_vain_is_told(database_url: str, engine: Engine, key: LogKey, tmp_path: Path) -> None:
    someone = Witness("witness.example", key.keys[0].verifier)

    unsigned = cosign(database_url, tmp_path, line(someone, "http://127.0.0.1:1"), "quorum w")
    addressless = cosign(database_url, tmp_path, "quorum none")
    wrong = cosign(database_url, tmp_path, "quorum w")
    missing = run(database_url, "log", "cosign", MISSION_LEDGER_LOG_POLICY=str(tmp_path / "none"))

    assert [one.exit_code for one in (unsigned, addressless, wrong, missing)] == [1, 2, 2, 2]
    assert "nothing was signed yet" in unsigned.stderr
    assert "names no witness with an address" in addressless.stderr
    assert "line 1: 'w' is defined on no line" in wrong.stderr
    assert "No such file" in missing.stderr
