"""A verifier that knows nothing of this project verifies a log while it grows, and refuses what is not right."""

import ast
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from api.app import create_app
from api.settings import Settings
from ledger import keys, signing
from ledger.notes import SigningKey
from ledger.signing import LogKey
from ledger.store import writing
from tests.builders import append, deployed, registered
from tests.independent import verify
from tests.test_cli_upkeep import fetch, serving

ORIGIN = "ledger.example.org/log"
VERIFIER = Path(verify.__file__)


@pytest.fixture
def key(tmp_path: Path) -> LogKey:
    return signing.write_log_key(tmp_path / "log.key", (signing.new_key(ORIGIN),))


def vkey(key: LogKey) -> str:
    return str(key.keys[0].verifier)


def test_the_verifier_shares_nothing_with_the_ledger() -> None:
    source = VERIFIER.read_text("utf-8")
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
    }

    assert imported - sys.stdlib_module_names == {"cryptography"}
    assert len(source.splitlines()) < 200


# --- a log that grows ------------------------------------------------------------------------------------------------


def post(address: str, secret: str, party: str, batches: int, halfway: threading.Event) -> None:
    for number in range(batches):
        if number == batches // 2:
            halfway.wait(60)
        fetch(f"{address}/v1/entries", [deployed(party, number * 2 + one) for one in range(2)], secret)


def test_a_log_is_verified_while_entries_are_appended(
    engine: Engine, database_url: str, key: LogKey, tmp_path: Path
) -> None:
    append(engine, registered())
    with writing(engine) as connection:
        secret = keys.create(connection, "desk", "recorder")
    environment = {"DATABASE_URL": database_url, "MISSION_LEDGER_LOG_KEY": str(key.path)}

    with serving("serve", environment=environment) as (_, address):
        wait_for(lambda: verify.verified(checkpoint(address), vkey(key))[1] > 0)
        notes = [checkpoint(address)]
        halfway = threading.Event()
        recorders = [
            threading.Thread(target=post, args=(address, secret, party, 100, halfway))
            for party in ("KEN", "JAM", "BLZ")
        ]
        for recorder in recorders:
            recorder.start()
        while any(recorder.is_alive() for recorder in recorders):
            verify.audit(address, vkey(key), notes[-1])
            notes.append(checkpoint(address))
            if verify.verified(notes[-1], vkey(key))[1] > 1:
                halfway.set()
        wait_for(lambda: verify.verified(checkpoint(address), vkey(key))[1] == 601)
        for note in [notes[0], notes[len(notes) // 2], notes[-1]]:
            verify.audit(address, vkey(key), note, every=31)
        (tmp_path / "old").write_text(notes[-1], "utf-8")
        done = [run(address, vkey(key)), run(address, vkey(key), str(tmp_path / "old")), run(address, other())]

    assert [(one.returncode, one.stdout) for one in done[:2]] == [(0, f"{ORIGIN}: 601 entries, verified\n")] * 2
    assert (done[2].returncode, done[2].stderr) == (1, "WRONG: the key has not signed this checkpoint\n")
    assert len({verify.verified(note, vkey(key))[1] for note in notes}) > 1


def checkpoint(address: str) -> str:
    return verify.fetch(f"{address}/v1/log/checkpoint").decode()


def wait_for(holds: Callable[[], bool]) -> None:
    for _ in range(300):
        if attempt(holds):
            return
        threading.Event().wait(0.1)
    raise AssertionError("it does not come to hold")


def attempt(holds: Callable[[], bool]) -> bool:
    try:
        return holds()
    except OSError:
        return False


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-I", str(VERIFIER), *arguments], capture_output=True, text=True, timeout=60)


def other() -> str:
    return str(SigningKey(ORIGIN, bytes(32)).verifier)


# --- what is spoilt ---------------------------------------------------------------------------------------------------

Spoil = Callable[[str, bytes], bytes]


@contextmanager
def stub(client: Any, spoil: Spoil) -> Iterator[str]:
    """A server that passes on what a ledger answers, spoilt."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = client.get(self.path)
            self.send_response(answer.status_code)
            self.end_headers()
            self.wfile.write(spoil(self.path, answer.data))

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def client(engine: Engine, key: LogKey) -> Any:
    append(engine, registered(), *(deployed(count=number) for number in range(299)))
    signing.sign(engine, key)
    return create_app(Settings(database_url=str(engine.url)), engine).test_client()


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize(
    ("where", "change", "told"),
    [
        ("/never", lambda content: content, None),
        ("/tile/0/000", lambda content: flipped(content, 40), "tile 0/0 is not over its entries"),
        ("/tile/0/001.p/44", lambda content: flipped(content, -1 % len(content)), "tile 0/1 is not over its entries"),
        ("/tile/0/001.p/44", lambda content: content[:-32], "tile 0/1 has another width"),
        ("/tile/1/000.p/1", lambda content: flipped(content, 0), "the tiles have another root"),
        ("/tile/entries/000", lambda content: flipped(content, 100), "the entries have another root"),
        ("/tile/entries/001.p/44", lambda content: content.replace(b'"tester"', b'"Tester"'), "the entries have another root"),
        ("/tile/entries/000", lambda content: content[2 + int.from_bytes(content[:2], "big") :], "another number of entries"),
        ("/log/checkpoint", lambda content: content.replace(b"\n300\n", b"\n299\n"), "the signature of the checkpoint is wrong"),
        ("/log/checkpoint", lambda content: content.replace(b"ledger", b"lodger"), "has not signed"),
        ("/entries/97/proof", lambda content: content.replace(b"index 97", b"index 98"), "of another entry"),
        ("/entries/97/proof", lambda content: content.replace(b"\n300\n", b"\n299\n"), "signature of the checkpoint is wrong"),
        ("/entries/97/proof", lambda content: without_line(content, 4), "leads to another root"),
        ("/consistency", lambda content: content.replace(b'"proof":["', b'"proof":["AAAA","'), "another length"),
        ("/consistency", lambda content: content.replace(b'"proof":["', b'"proof":["AAAA'), "not consistent"),
    ],
)  # fmt: skip
def test_what_is_spoilt_on_its_way_is_refused(
    client: Any, key: LogKey, where: str, change: Any, told: str | None
) -> None:
    with stub(client, lambda path, content: change(content) if where in path else content) as address:
        if told is None:
            assert verify.audit(address, vkey(key))[1] == 300
            return
        with pytest.raises(verify.Wrong, match=told):
            verify.audit(address, vkey(key))


def without_line(content: bytes, number: int) -> bytes:
    """One hash of the path in the place of another."""
    lines = content.split(b"\n")
    lines[number] = lines[number + 1]
    return b"\n".join(lines)


def test_another_key_and_another_history_are_refused(client: Any, key: LogKey, tmp_path: Path) -> None:
    with stub(client, lambda _, content: content) as address:
        with pytest.raises(verify.Wrong, match="has not signed"):
            verify.audit(address, other())

        forked = signing.log.signed(signing.Checkpoint(ORIGIN, 200, bytes(32)), key.keys)
        with pytest.raises(verify.Wrong, match="does not hold what it signed before"):
            verify.audit(address, vkey(key), str(forked))
        larger = signing.log.signed(signing.Checkpoint(ORIGIN, 301, bytes(32)), key.keys)
        with pytest.raises(verify.Wrong, match="does not hold what it signed before"):
            verify.audit(address, vkey(key), str(larger))
