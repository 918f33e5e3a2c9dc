"""The guards of the database: beside an entry that says so a payload goes, all of it at once, and nothing else ever changes."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from ledger import tables
from ledger.store import writing
from tests.builders import announced, append, corrected, registered
from tests.test_redaction import redacted, secret

pytestmark = pytest.mark.spoils  # redactions are recorded here without the removal that goes with them

REMOVAL = "payload = NULL, salt = NULL, symbols = ' ', parties = ' '"
OTHERS = {
    **dict.fromkeys(("id", "stream", "mission", "type", "effective", "first_day", "last_day"), "'x'"),
    **dict.fromkeys(("recorded_at", "actor", "ref", "request"), "'x'"),
    **dict.fromkeys(("position", "version", "root"), "77"),
    "target": "0",
    "envelope": "x'00'",
}
HALF = [
    "payload = NULL",
    "salt = NULL",
    "payload = NULL, salt = NULL",
    "payload = NULL, symbols = ' ', parties = ' '",
    "salt = NULL, symbols = ' ', parties = ' '",
    "payload = NULL, salt = NULL, symbols = ' '",
    "payload = NULL, salt = NULL, parties = ' '",
    "payload = x'00'",
    "payload = x'00', salt = NULL, symbols = ' ', parties = ' '",
    "payload = NULL, salt = x'00', symbols = ' ', parties = ' '",
    "symbols = 'x'",
    "parties = 'x'",
]


def in_dialect(engine: Engine, statement: str) -> str:
    return statement if engine.dialect.name == "sqlite" else statement.replace("x'00'", "'\\x00'::bytea")


def is_refused(engine: Engine, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), writing(engine) as connection:
        connection.exec_driver_sql(in_dialect(engine, statement))


def told_but_not_removed(engine: Engine) -> None:
    """Entry 1 with its payload, beside an entry that says that it was removed: as somebody would leave it who wants it changed."""
    append(engine, registered(), secret(), announced("b"), corrected(1, to_effective="2024-04"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ledger.recording.remove_payloads", lambda connection, entries: entries)
        append(engine, redacted(1))


def test_the_guards_know_every_column() -> None:
    assert set(OTHERS) | {"payload", "salt", "symbols", "parties"} == set(tables.entries.c.keys())


def test_without_an_entry_that_says_so_nothing_is_removed(engine: Engine) -> None:
    append(engine, registered(), secret(), corrected(1, to_effective="2024-04"), announced("b"), redacted(3))

    is_refused(engine, f"UPDATE entries SET {REMOVAL}")
    for position in (0, 1, 2, 4):
        is_refused(engine, f"UPDATE entries SET {REMOVAL} WHERE position = {position}")


@pytest.mark.parametrize("change", [*HALF, *(f"{name} = {value}" for name, value in OTHERS.items())])
def test_nothing_but_the_whole_removal_is_let_through(engine: Engine, change: str) -> None:
    told_but_not_removed(engine)

    is_refused(engine, f"UPDATE entries SET {change} WHERE position = 1")
    is_refused(engine, f"UPDATE entries SET {change} WHERE position = 2")


@pytest.mark.parametrize("name", OTHERS)
def test_nothing_else_changes_beside_a_removal(engine: Engine, name: str) -> None:
    told_but_not_removed(engine)

    is_refused(engine, f"UPDATE entries SET {REMOVAL}, {name} = {OTHERS[name]} WHERE position = 1")
    with writing(engine) as connection:
        connection.exec_driver_sql(f"UPDATE entries SET {REMOVAL} WHERE position = 1")


@pytest.mark.parametrize("position", [0, 2, 3, 4])
def test_a_redaction_lets_no_other_entry_be_removed(engine: Engine, position: int) -> None:
    told_but_not_removed(engine)

    is_refused(engine, f"UPDATE entries SET {REMOVAL} WHERE position = {position}")


def test_what_was_removed_cannot_be_filled_again_replaced_or_deleted(engine: Engine) -> None:
    append(engine, registered(), secret(), redacted(1))

    is_refused(engine, "UPDATE entries SET payload = x'00' WHERE position = 1")
    is_refused(engine, "UPDATE entries SET payload = x'00', salt = x'00' WHERE position = 1")
    is_refused(engine, "DELETE FROM entries WHERE position = 1")
    if engine.dialect.name == "sqlite":
        is_refused(engine, "REPLACE INTO entries SELECT * FROM entries WHERE position = 1")
        is_refused(engine, "UPDATE OR REPLACE entries SET position = 1 WHERE position = 2")
