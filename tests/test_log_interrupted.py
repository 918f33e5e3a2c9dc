"""The log whose signer dies, is not alone, or has a clock that was set back: one line of checkpoints all the same."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from ledger import log, signing
from ledger.checkpoints import parse_checkpoint
from ledger.notes import SigningKey
from ledger.signing import LogKey
from ledger.store import reading
from tests.builders import append, deployed, registered
from tests.independent.verify import tree_hash
from tests.test_log import ORIGIN, SEED, checkpoints, grown, leaves, parsed

pytestmark = pytest.mark.spoils  # entries are made without an index here


@pytest.fixture
def key(tmp_path: Path) -> LogKey:
    return signing.write_log_key(tmp_path / "keys" / "log.key", (SigningKey(ORIGIN, SEED),))


def test_dying_between_the_file_and_the_commit_is_harmless(
    engine: Engine, key: LogKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown(engine, 3)
    with monkeypatch.context() as dying:
        dying.setattr(log, "keep_note", dies)
        with pytest.raises(KeyboardInterrupt):
            signing.sign(engine, key)
    told = signing.remembered(key)
    assert (parsed(key).size, checkpoints(engine)) == (3, [])
    assert signing.close_if_set_back(engine, key) is None

    signing.sign(engine, key)

    assert [row.note for row in checkpoints(engine)] == [str(told).encode()]
    grown(engine, 5)
    assert signing.sign(engine, key).size == 5


def dies(*_: Any) -> None:
    raise KeyboardInterrupt


def test_dying_before_a_larger_checkpoint_is_committed_is_harmless(
    engine: Engine, key: LogKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown(engine, 3)
    with monkeypatch.context() as dying:
        dying.setattr(log, "keep_note", dies)
        with pytest.raises(KeyboardInterrupt):
            signing.sign(engine, key)

    grown(engine, 5)

    assert signing.sign(engine, key).size == 5
    assert [row.size for row in checkpoints(engine)] == [5]


def test_two_signers_at_once_make_one_line_of_checkpoints(engine: Engine, key: LogKey) -> None:
    append(engine, registered())
    failed: list[BaseException] = []

    def sign() -> None:
        try:
            for _ in range(15):
                signing.sign(engine, key)
        except BaseException as error:
            failed.append(error)

    signers = [threading.Thread(target=sign) for _ in range(3)]
    for signer in signers:
        signer.start()
    for number in range(30):
        append(engine, deployed(count=number))
    for signer in signers:
        signer.join()
    signing.sign(engine, key)

    assert failed == []
    assert_one_line(engine)
    assert parsed(key).size == 31


def assert_one_line(engine: Engine) -> None:
    rows = checkpoints(engine)
    with reading(engine) as connection:
        naive = leaves(connection)
    made = [parse_checkpoint(log.parse_note(row.note).text) for row in rows]
    assert [one.size for one in made] == sorted({one.size for one in made})
    assert all(one.root == tree_hash(naive[: one.size]) for one in made)


def test_a_clock_that_is_set_back_makes_no_older_checkpoint_the_newest(engine: Engine, key: LogKey) -> None:
    for size, year in ((1, 2026), (2, 2020), (3, 2019)):
        grown(engine, size)
        signing.sign(engine, key, datetime(year, 1, 1, tzinfo=UTC))

    with reading(engine) as connection:
        note = log.last_note(connection)

    assert note is not None
    assert parse_checkpoint(note.text).size == 3
