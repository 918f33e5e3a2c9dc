"""Migrations: the tables are those that the code names, and an older ledger is brought up to date with what it holds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, MetaData, Table, insert, inspect, select, update
from sqlalchemy.exc import DBAPIError

import migrations
from api.app import create_app
from api.cli.database import bring_up_to_date
from api.settings import Settings
from ledger import tables
from ledger.entries import Entry
from ledger.log import integrate
from ledger.receipts import digest
from ledger.recording import record, row_of
from ledger.schemas import parse_event
from ledger.store import open_engine, reading, writing
from ledger.tables import METADATA
from projections.answers import ANSWERS, PROJECTIONS, folded_rows, make
from projections.queries import answers, mission_entries
from projections.runner import projected_size, rebuild
from projections.tables import generations
from tests.builders import MISSION, announced, append, deployed, registered
from tests.conftest import create_database, drop_database
from tests.in_memory import entered


@pytest.fixture(params=["sqlite", "postgresql"])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine on a database without tables."""
    server = request.getfixturevalue("server_url") if request.param == "postgresql" else None
    url = create_database(server) if server else f"sqlite:///{tmp_path / 'bare.db'}"
    engine = open_engine(url)
    yield engine
    engine.dispose()
    if server:
        drop_database(server, url)


def upgraded_to(engine: Engine, revision: str) -> None:
    config = migrations._config()
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_the_tables_are_those_that_the_code_names(bare: Engine) -> None:
    migrations.migrate(bare)

    made = inspect(bare)
    columns = {
        name: {column["name"]: column["nullable"] for column in made.get_columns(name)}
        for name in made.get_table_names()
        if name != "alembic_version"
    }
    keys = {name: made.get_pk_constraint(name)["constrained_columns"] for name in columns}
    assert columns == {t.name: {c.name: bool(c.nullable) for c in t.columns} for t in METADATA.sorted_tables}
    assert keys == {t.name: [c.name for c in t.primary_key] for t in METADATA.sorted_tables}


def put_as_it_was(bare: Engine, engine: Engine, name: str) -> None:
    """The rows of a table of the newest schema, without the columns that an older one lacks."""
    older = Table(name, MetaData(), autoload_with=bare)
    columns = [METADATA.tables[name].c[column.name] for column in older.columns]
    with reading(engine) as source, writing(bare) as connection:
        if name == "head":
            connection.execute(older.delete())
        connection.execute(older.insert(), [dict(row) for row in source.execute(select(*columns)).mappings()])


def test_a_ledger_of_an_older_schema_has_all_its_projections_and_its_log_after_the_migration(
    bare: Engine, engine: Engine
) -> None:
    upgraded_to(bare, "0002")
    append(engine, registered(), announced("a"), deployed(count=30, fulfils="a"))
    for name in ("entries", "head"):
        put_as_it_was(bare, engine, name)

    bring_up_to_date(bare)

    with writing(bare) as connection:
        assert integrate(connection) == 3
    with reading(bare) as connection:
        assert projected_size(connection) == 3
        indexed = answers(connection, MISSION, list(ANSWERS), "2025-01-01", 2)
        names = [projection.name for projection in PROJECTIONS]
        folded = folded_rows(mission_entries(connection, MISSION, 2), names, MISSION, "2025-01-01", 2)
    assert indexed == make(ANSWERS, folded, "2025-01-01")


def test_a_server_whose_projections_lack_entries_is_not_ready(engine: Engine) -> None:
    client = create_app(Settings(database_url=str(engine.url)), engine).test_client()
    with writing(engine) as connection:
        record(connection, [parse_event(registered())], actor="tester", project=lambda *_: [])

    before = client.get("/readyz")
    rebuild(engine)

    assert before.status_code == 503
    assert "mission-ledger rebuild" in before.get_json()["detail"]
    assert client.get("/readyz").status_code == 200


def test_rows_that_other_code_made_are_made_anew_before_they_are_read(engine: Engine) -> None:
    append(engine, registered(), announced("a"))
    client = create_app(Settings(database_url=str(engine.url)), engine).test_client()
    with writing(engine) as connection:
        connection.execute(update(generations).values(made_by="an older version"))

    before = client.get("/readyz").status_code
    bring_up_to_date(engine)

    assert (before, client.get("/readyz").status_code) == (503, 200)


def test_a_request_of_an_older_ledger_still_gets_its_first_answer_and_its_receipt_tells_nothing(bare: Engine) -> None:
    upgraded_to(bare, "0003")
    said = [parse_event(registered()), parse_event(announced("a"))]
    made = entered(registered(), announced("a"))
    with writing(bare) as connection:
        connection.execute(insert(tables.entries), [_older(entry) for entry in made])
        connection.execute(update(tables.head).values(size=2, recorded_at=made[1].recorded_at))
        receipt = {"actor": "tester", "key": "k", "first_position": 0, "count": 2, "recorded_at": made[1].recorded_at}
        connection.execute(insert(tables.receipts), {**receipt, "request": digest(said)})

    migrations.migrate(bare)

    with reading(bare) as connection:
        assert connection.execute(select(tables.receipts.c.request)).scalar_one() != digest(said)
    with writing(bare) as connection:
        again = record(connection, said, actor="tester", key="k", project=lambda *_: [])
    assert (again.replayed, [entry.id for entry in again.entries]) == (True, [entry.id for entry in made])
    with pytest.raises(DBAPIError, match="append-only"), writing(bare) as connection:
        connection.execute(update(tables.receipts).values(request=""))


def _older(entry: Entry) -> dict[str, Any]:
    """The row of an entry as it was stored before receipts were under proof."""
    row = zip((column.name for column in tables.entries.columns), row_of(entry), strict=True)
    return {name: value for name, value in row if name != "request"}
