"""The schema: described as the migrations make it, and every deviation is seen."""

import json
import os
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

import migrations
from ledger.store import writing
from migrations.schema import describe, deviations, expected


def test_the_description_is_what_the_migrations_make(engine: Engine) -> None:
    with engine.connect() as connection:
        made = describe(connection)

    if os.environ.get("WRITE_SCHEMA"):  # after a new migration: see CONTRIBUTING
        _write(engine.dialect.name, made)
    assert made == expected(engine.dialect.name)
    assert len(made) > 20


def _write(dialect: str, made: dict[str, str]) -> None:
    shipped = json.loads(SHIPPED.read_text()) if SHIPPED.exists() else {}
    SHIPPED.write_text(json.dumps({**shipped, dialect: made}, indent=1, sort_keys=True) + "\n")


SHIPPED = Path(migrations.__file__).with_name("schema.json")
DEVIATIONS = [
    ("DROP TRIGGER entries_no_update{on_entries}", "entries_no_update"),
    ("ALTER TABLE entries ADD COLUMN remark TEXT", "entries"),
    ("CREATE TABLE shadow (position INTEGER)", "shadow"),
    ("DROP INDEX entries_type", "entries_type"),
    ("CREATE VIEW all_entries AS SELECT * FROM entries", "all_entries"),
]


@pytest.mark.spoils
@pytest.mark.parametrize(("statement", "named"), DEVIATIONS)
def test_every_deviation_is_named(engine: Engine, statement: str, named: str) -> None:
    on_entries = "" if engine.dialect.name == "sqlite" else " ON entries"
    with writing(engine) as connection:
        connection.execute(text(statement.format(on_entries=on_entries)))

    with engine.connect() as connection:
        found = list(deviations(connection))

    assert found
    assert all(named in deviation for deviation in found)


@pytest.mark.spoils
def test_a_trigger_that_was_disabled_deviates(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        return  # it knows none
    with writing(engine) as connection:
        connection.execute(text("ALTER TABLE entries DISABLE TRIGGER entries_no_update"))

    with engine.connect() as connection:
        assert ["entries_no_update" in deviation for deviation in deviations(connection)] == [True]


def test_the_description_of_both_databases_is_shipped() -> None:
    assert set(json.loads(SHIPPED.read_text())) == {"sqlite", "postgresql"}
