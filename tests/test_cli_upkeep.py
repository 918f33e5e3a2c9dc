"""The command line looks after a ledger: the database that it opens, keys, projections; it serves until told to stop."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text

from api.cli import main
from ledger.keys import Holder, holder
from ledger.store import reading, writing
from tests.builders import announced, append, registered

ROOT = Path(__file__).parent.parent
PATIENCE = 30.0


def run(url: str | None, *arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, list(arguments), env={"DATABASE_URL": url, **environment})


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an embedded database that is not there yet."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("MISSION_LEDGER_DATA", str(tmp_path / "share" / "data"))
    return tmp_path / "share" / "data"


# --- the database --------------------------------------------------------------------------------------------------


def test_the_embedded_database_is_made_and_migrated_by_itself_for_its_owner_alone(data: Path) -> None:
    result = run(None, "status", "--json")

    assert (result.exit_code, json.loads(result.stdout)["size"]) == (0, 0)
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "command",
    ["serve", "load haiti-mss", "keys list", "export", "snapshot m", "history m", "diff m", "rebuild", "status"],
)
def test_another_database_is_migrated_only_where_that_is_asked_for(tmp_path: Path, command: str) -> None:
    missing, empty = tmp_path / "missing.db", tmp_path / "empty.db"
    empty.touch()

    results = [run(f"sqlite:///{path}", *command.split()) for path in (missing, empty)]

    assert [result.exit_code for result in results] == [3, 3]
    assert all("`mission-ledger migrate`" in result.stderr for result in results)
    assert not missing.exists()


def test_migrate_makes_the_database_that_is_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"

    results = [run(url, "migrate"), run(url, "migrate"), run(url, "status")]

    assert [result.exit_code for result in results] == [0, 0, 0]
    assert "Schema        current" in results[2].stdout


def test_a_schema_from_the_future_is_left_alone(database_url: str, engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    results = [run(database_url, "migrate"), run(database_url, "status")]

    assert [result.exit_code for result in results] == [3, 3]
    assert "a schema that this version does not know" in results[0].stderr


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("no address", "DATABASE_URL is no address of a database"),
        ("mysql://host/name", "DATABASE_URL names mysql; a ledger lives in SQLite or PostgreSQL."),
        ("postgresql://user:secret@127.0.0.1:1/name", "The database cannot be used: "),
        ("sqlite:////proc/no/such/folder/ledger.db", "`mission-ledger migrate` makes it"),
    ],
)
def test_a_database_that_cannot_be_used_is_told_in_one_sentence(url: str, told: str) -> None:
    result = run(url, "status")

    assert result.exit_code == 3
    assert result.stderr.startswith(f"Error: {told}" if told[0] == "D" else "Error: ")
    assert told in result.stderr
    assert "secret" not in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_wrong_setting_is_named(data: Path) -> None:
    result = run(None, "status", MISSION_LEDGER_MAX_PAGE="many")

    assert result.exit_code == 2
    assert "MISSION_LEDGER_MAX_PAGE is 'many'" in result.stderr


def test_the_help_names_every_exit_code_and_command() -> None:
    shown = run(None, "--help").stdout

    assert all(f"  {code}  " in shown for code in range(4))
    assert all(f"\n  {name} " in shown for name in main.commands)


# --- keys and projections ------------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_opens_until_it_is_revoked(database_url: str, engine: Engine) -> None:
    key = json.loads(run(database_url, "keys", "create", "--name", "desk", "--role", "recorder", "--json").stdout)[
        "key"
    ]

    before = _holder(engine, key)
    listed = run(database_url, "keys", "list", "--json").stdout
    revoked = run(database_url, "keys", "revoke", "desk")

    assert (before, _holder(engine, key)) == (Holder("desk", "recorder"), None)
    assert (json.loads(listed)[0]["name"], key in listed, revoked.exit_code) == ("desk", False, 0)
    assert "desk" in run(database_url, "keys", "list").stdout


def _holder(engine: Engine, key: str) -> Holder | None:
    with reading(engine) as connection:
        return holder(connection, key)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("create", "--name", "desk", "--role", "reader"), 1, "names are never given twice"),
        (("create", "--name", "cli:root", "--role", "reader"), 2, "those of the command line"),
        (("create", "--name", " ", "--role", "reader"), 2, "printable characters"),
        (("create", "--name", "new", "--role", "king"), 2, "'king' is not one of"),
        (("revoke", "nobody"), 1, "there is no key named 'nobody' in force"),
    ],
)
def test_keys_that_cannot_be_made_or_revoked_are_refused(
    database_url: str, arguments: tuple[str, ...], code: int, told: str
) -> None:
    run(database_url, "keys", "create", "--name", "desk", "--role", "reader")

    result = run(database_url, "keys", *arguments)

    assert result.exit_code == code
    assert told in result.stderr


def test_status_tells_the_size_and_whether_the_projections_are_behind(database_url: str, engine: Engine) -> None:
    append(engine, registered(), announced())
    before = json.loads(run(database_url, "status", "--json").stdout)
    with writing(engine) as connection:
        connection.execute(text("UPDATE generations SET size = 1"))

    behind, rebuilt = run(database_url, "status"), run(database_url, "rebuild")

    assert (before["size"], before["projections_size"], before["schema_current"]) == (2, 2, True)
    assert "1 entries behind; run `mission-ledger rebuild`" in behind.stdout
    assert rebuilt.stdout == "The projections are made anew from 2 entries.\n"
    assert "up to date" in run(database_url, "status").stdout


# --- serving -------------------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


@contextmanager
def serving(*arguments: str, environment: dict[str, str]) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A server in a process of its own, once it answers, and its address."""
    port = free_port()
    command = [sys.executable, "-m", "api.cli", *arguments, "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)  # fmt: skip
    try:
        _wait_for(process, f"http://127.0.0.1:{port}/readyz")
        yield process, f"http://127.0.0.1:{port}"
    finally:
        _end(process)


def _wait_for(process: "subprocess.Popen[str]", address: str) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            fetch(address)
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    _end(process)
    pytest.fail(f"nothing answers: {process.communicate()}")


def _end(process: "subprocess.Popen[str]") -> None:
    """The server and its worker, which would outlive it: they have a process group of their own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def fetch(address: str, body: Any = None, key: str = "") -> Any:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"} if key else {}
    asked = urllib.request.Request(address, None if body is None else json.dumps(body).encode(), headers)
    with urllib.request.urlopen(asked, timeout=5) as answer:
        return json.load(answer)


def stopped(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """The exit code after SIGTERM, and what was printed."""
    process.send_signal(signal.SIGTERM)
    printed, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, printed


def test_serve_answers_on_either_database_and_stops_when_told(database_url: str, engine: Engine) -> None:
    append(engine, registered())

    with serving("serve", environment={"DATABASE_URL": database_url}) as (process, address):
        missions = fetch(f"{address}/v1/missions")["data"]
        code, _ = stopped(process)

    assert [mission["mission"] for mission in missions] == ["test-mission"]
    assert code == 0


def test_serve_on_the_embedded_default_makes_its_database(data: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}

    with serving("serve", environment=environment) as (process, address):
        missions = fetch(f"{address}/v1/missions")["data"]
        code, _ = stopped(process)

    assert (missions, code, (data / "ledger.db").exists()) == ([], 0, True)


def test_a_second_demo_finds_the_record_loaded_and_gives_another_key(data: Path) -> None:
    event = {"mission": "haiti-mss", "type": "position.stated", "effective": "2025-10-01", "data": {"party": "BRB", "stance": "supports", "on": "demo"}}  # fmt: skip
    actors, codes, sizes = [], [], []

    for _ in range(2):
        with serving("demo", environment={}) as (process, address):
            sizes.append(fetch(f"{address}/readyz")["size"])
            code, printed = stopped_after(process, address, event, actors)
            codes.append(code)

    assert (actors, codes) == (["demo-recorder", "demo-recorder-2"], [0, 0])
    assert sizes[1] == sizes[0] + 1
    assert printed.count("  curl ") == 3


def stopped_after(process: "subprocess.Popen[str]", address: str, event: Any, actors: list[str]) -> tuple[int, str]:
    """Record an event with the key that the demo prints, then stop it."""
    assert process.stdout is not None
    printed = ""
    while printed.count("  curl ") < 3:
        printed += process.stdout.readline()
    (key,) = re.findall(r"Key of a recorder: (ml_\S+)", printed)
    actors.append(fetch(f"{address}/v1/entries", event, key)["entries"][0]["actor"])
    return stopped(process)[0], printed


def test_a_taken_port_is_told_before_anything_else_happens(data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = run(None, "serve", "--port", str(taken.getsockname()[1]))

    assert result.exit_code == 2
    assert "choose others with --host and --port" in result.stderr
    assert not data.exists()
