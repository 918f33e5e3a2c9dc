"""A server signs what is recorded, soon after it."""

import time
from pathlib import Path

from sqlalchemy import Engine

from ledger.checkpoints import parse_checkpoint
from ledger.notes import SigningKey, parse_note
from ledger.signing import write_log_key
from tests.builders import announced, registered
from tests.desk import Desk, desk_on

PATIENCE = 30.0


def test_what_is_recorded_over_http_is_signed_soon(engine: Engine, tmp_path: Path) -> None:
    key = write_log_key(tmp_path / "log.key", (SigningKey("ledger.example.org/log", bytes(32)),))
    desk = desk_on(engine, log_key=key.path, checkpoint_seconds=0.01)
    signer = desk.client.application.extensions["signer"]

    try:
        sizes = [signed_size(desk, 0)]
        for event in (registered(), announced()):
            assert desk.post(event).status_code == 201
            sizes.append(signed_size(desk, sizes[-1] + 1))
    finally:
        signer.stop()

    assert sizes == [0, 1, 2]


def signed_size(desk: Desk, least: int) -> int:
    """The size of the newest checkpoint, once it has `least` entries."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        answer = desk.get("/v1/log/checkpoint")
        if answer.status_code == 200:
            size = parse_checkpoint(parse_note(answer.get_data()).text).size
            if size >= least:
                return size
        time.sleep(0.02)
    raise AssertionError("nothing is signed")
