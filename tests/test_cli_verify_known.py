"""`mission-ledger verify` beside what was seen before: a file of checkpoints, or the last one of the signing key."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ledger.checkpoints import Checkpoint, parse_checkpoint
from ledger.log import signed
from ledger.notes import parse_note
from ledger.signing import LogKey, sign
from ledger.store import reading, writing
from tests.builders import append, deployed
from tests.tampering import all_hashes_again, change, rewritten, root_of, tampered
from tests.tampering import run as by
from tests.verifying import (
    ORIGIN,
    VERIFIER,
    Verify,
    bundle_of,
    codes,
    signed_ledger,
    verifying,
)


@pytest.fixture
def key(engine: Engine, tmp_path: Path) -> LogKey:
    return signed_ledger(engine, tmp_path)


@pytest.fixture
def verify(database_url: str, key: LogKey) -> Verify:
    return verifying(database_url, key)


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
