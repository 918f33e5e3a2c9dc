"""What the tests of `mission-ledger verify` have in common: a signed ledger, and the command where that ledger is."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from sqlalchemy import Engine
from werkzeug.serving import make_server

from api.app import create_app
from api.cli import main
from api.settings import Settings
from ledger.checkpoints import Proof, parse_checkpoint, parse_proof
from ledger.log import keep_cosignatures, last_note
from ledger.notes import COSIGNATURE, SigningKey
from ledger.signing import LogKey, sign, write_log_key
from ledger.store import writing
from tests.builders import announced, append, deployed, registered

ORIGIN = "ledger.example.org/log"
KEY, STRANGE = SigningKey(ORIGIN, bytes(range(32))), SigningKey(ORIGIN, bytes(range(1, 33)))
WITNESSES = [SigningKey(f"witness.example.net/{n}", bytes([n] * 32), COSIGNATURE) for n in range(3)]
VERIFIER = str(KEY.verifier)
Verify = Callable[..., Result]


def signed_ledger(engine: Engine, folder: Path) -> LogKey:
    """A ledger of three entries, signed by a key in a file of its own."""
    key = write_log_key(folder / "log.key", (KEY,))
    append(engine, registered(), announced("a"), deployed())
    sign(engine, key)
    return key


def verifying(database_url: str, key: LogKey) -> Verify:
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


def proof_of(engine: Engine) -> Proof:
    """That entry 1 is in the log, as the server gives it."""
    client = create_app(Settings(database_url=str(engine.url)), engine).test_client()
    return parse_proof(client.get("/v1/entries/1/proof").get_data())


def written(path: Path, proof: Proof | str) -> Path:
    path.write_text(str(proof), encoding="utf-8")
    return path


def could_not(result: Result, told: str) -> None:
    assert (result.exit_code, told in result.stderr, result.stdout) == (2, True, ""), result.output
    assert isinstance(result.exception, SystemExit)
