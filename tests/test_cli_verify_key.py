"""`mission-ledger verify` of a server where reading needs an API key, and where that key goes."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from api.cli import main
from ledger import keys, signing
from ledger.store import writing
from tests.builders import append, deployed, registered
from tests.verifying import KEY, could_not, serving

Verify = Callable[..., Result]


@pytest.fixture
def api_key(engine: Engine, tmp_path: Path) -> Path:
    """A file with the key of a reader of a signed ledger."""
    append(engine, registered(), deployed())
    signing.sign(engine, signing.write_log_key(tmp_path / "log.key", (KEY,)))
    with writing(engine) as connection:
        return written(tmp_path / "api-key", keys.create(connection, "auditor", "reader") + "\n")


@pytest.fixture
def closed(engine: Engine, api_key: Path) -> Iterator[str]:
    """The address of the ledger, where reading needs a key."""
    with serving(engine, anonymous_reading=False) as address:
        yield address


def written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def verify(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["verify", *map(str, arguments)])


def test_a_server_where_reading_needs_a_key_is_audited_with_one(closed: str, api_key: Path) -> None:
    result = verify(closed, "--key", str(KEY.verifier), "--api-key-file", api_key, "--json")

    told = json.loads(result.stdout)
    assert (result.exit_code, told["entries"], told["assurance"]) == (0, 2, "signed")


def test_without_a_key_it_says_how_to_give_one(closed: str) -> None:
    could_not(
        verify(closed),
        "checkpoint answers 401: reading needs an API key there. Ask its keeper for one with the role reader, write it to "
        "a file, and name that file with --api-key-file.",
    )


def test_a_key_that_is_not_taken_is_named_as_such_and_not_shown(closed: str, engine: Engine, api_key: Path) -> None:
    with writing(engine) as connection:
        keys.revoke(connection, "auditor")

    result = verify(closed, "--api-key-file", api_key)

    could_not(result, "checkpoint answers 401: it does not take the API key of --api-key-file.")
    assert api_key.read_text().strip() not in result.output


@pytest.mark.parametrize("content", ["", "\n", "ml_a\nX-More: b", "ml_a ml_b", "ml_ä", "a" * 1001])
def test_a_file_that_holds_no_key_is_refused_and_not_shown(tmp_path: Path, content: str) -> None:
    result = verify("http://127.0.0.1:1", "--api-key-file", written(tmp_path / "api-key", content))

    could_not(result, "is to hold an API key on one line, and nothing else.")
    assert "ml_" not in result.output


def test_a_key_is_for_a_server_alone(tmp_path: Path) -> None:
    path = written(tmp_path / "api-key", "ml_a")

    could_not(verify("--api-key-file", path), "--api-key-file is for a server")
    could_not(verify(path, "--api-key-file", path), "--api-key-file is for a server")
    could_not(verify("--proof", path, "--api-key-file", path), "--api-key-file is for a server")
    could_not(verify("http://127.0.0.1:1", "--api-key-file", tmp_path / "nowhere"), "does not exist")


# --- where the key goes ----------------------------------------------------------------------------------------------


@contextmanager
def elsewhere(status: int, location: str = "") -> Iterator[tuple[str, list[str | None]]]:
    """The address of a server that answers everything alike, and the credentials that it was sent."""
    sent: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent.append(self.headers["Authorization"])
            self.send_response(status)
            if location:
                self.send_header("Location", location + self.path)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", sent
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_key_goes_to_the_address_that_was_named_and_not_where_that_redirects(tmp_path: Path, status: int) -> None:
    path = written(tmp_path / "api-key", "ml_secret")

    with elsewhere(403) as (other, sent_there), elsewhere(status, other) as (named, sent):
        result = verify(named, "--api-key-file", path)

    assert (sent, sent_there) == (["Bearer ml_secret"], [None])
    could_not(
        result,
        f"{named}/v1/log/checkpoint redirects to {other}/v1/log/checkpoint, which answers 403: the API key is sent",
    )


def test_where_reading_is_open_a_redirect_is_followed_without_the_key(engine: Engine, api_key: Path) -> None:
    with serving(engine) as other, elsewhere(307, other) as (named, sent):
        result = verify(named, "--api-key-file", api_key, "--json")

    assert (result.exit_code, json.loads(result.stdout)["entries"]) == (0, 2)
    assert set(sent) == {f"Bearer {api_key.read_text().strip()}"}
