"""Recording: one write path, gapless positions, all or nothing."""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text, update
from sqlalchemy.exc import DBAPIError

from ledger import tables
from ledger.refusals import Refused
from ledger.store import open_engine, read_entries, reading, size, writing
from tests.builders import announced, append, corrected, deployed, registered, said
from tests.conftest import create_database, drop_database


def test_positions_are_gapless_and_versions_count_within_a_stream(engine: Engine) -> None:
    entries = append(engine, registered(), announced("a"), announced("b"))
    entries += append(engine, said("pledge.withdrawn", pledge="a"))

    assert [entry.position for entry in entries] == [0, 1, 2, 3]
    assert [(entry.stream, entry.version) for entry in entries[1:]] == [
        ("test-mission/pledge/a", 1),
        ("test-mission/pledge/b", 1),
        ("test-mission/pledge/a", 2),
    ]


def test_the_stored_bytes_are_the_hashed_bytes(engine: Engine) -> None:
    append(engine, registered())

    with reading(engine) as connection:
        (entry,) = read_entries(connection)
    envelope = json.loads(entry.envelope)
    assert entry.leaf_hash == hashlib.sha256(b"\x00" + entry.envelope).hexdigest()
    assert envelope["commitment"] == hashlib.sha256(entry.salt + entry.payload).hexdigest()
    assert json.dumps(envelope, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == entry.envelope


def test_a_batch_with_one_bad_event_records_nothing_and_names_every_fault(engine: Engine) -> None:
    append(engine, registered())

    with pytest.raises(Refused) as refused:
        append(engine, announced("a"), said("pledge.withdrawn", pledge="unknown"), said("pledge.resumed", pledge="a"))

    assert [(r.code, r.pointer) for r in refused.value.refusals] == [
        ("unknown-subject", "/1/data/pledge"),
        ("not-possible-now", "/2/data"),
    ]
    with reading(engine) as connection:
        assert size(connection) == 1


def test_the_same_request_under_the_same_key_is_answered_from_the_ledger(engine: Engine) -> None:
    append(engine, registered())
    first = append(engine, announced("a"), deployed(), key="k1")

    again = append(engine, announced("a"), deployed(), key="k1")

    assert again == first
    with reading(engine) as connection:
        assert size(connection) == 3


def test_another_request_under_the_same_key_is_refused(engine: Engine) -> None:
    append(engine, registered(), key="k1")

    with pytest.raises(Refused, match="used for another request"):
        append(engine, announced("a"), key="k1")


def test_keys_of_different_actors_do_not_meet(engine: Engine) -> None:
    append(engine, registered(), key="k1", actor="one")

    (entry,) = append(engine, announced("a"), key="k1", actor="two")

    assert entry.actor == "two"


def test_a_stream_that_has_moved_refuses_with_its_actual_version(engine: Engine) -> None:
    append(engine, registered(), announced("a"))

    with pytest.raises(Refused) as refused:
        append(engine, said("pledge.withdrawn", pledge="a", expected_version=0))

    assert (refused.value.refusals[0].code, refused.value.refusals[0].actual_version) == ("version-conflict", 1)


def test_a_correction_may_name_its_target_by_ref_even_within_the_batch(engine: Engine) -> None:
    _, first, second = append(
        engine, registered(), announced("a", ref="letter"), corrected("letter", to_data={"party": "BLZ"})
    )

    assert second.target == first.position
    assert second.data["target"] == first.position
    assert second.stream == first.stream


def test_recorded_at_never_decreases(engine: Engine) -> None:
    entries = [append(engine, registered(f"m{n}"))[0] for n in range(5)]

    stamps = [entry.recorded_at for entry in entries]
    assert stamps == sorted(stamps)


REWRITES = [
    "UPDATE entries SET actor = 'somebody'",
    "UPDATE entries SET payload = NULL, salt = NULL",
    "DELETE FROM entries",
    "UPDATE receipts SET first_position = 7",
    "DELETE FROM receipts",
]


@pytest.mark.parametrize("statement", REWRITES)
def test_the_database_itself_refuses_to_rewrite(engine: Engine, statement: str) -> None:
    append(engine, registered(), key="k")

    with pytest.raises(DBAPIError, match="append-only"), writing(engine) as connection:
        connection.execute(text(statement))


def test_sqlite_refuses_replace_by_any_of_the_unique_keys(engine: Engine) -> None:
    append(engine, registered(), announced("a", ref="letter"), key="k")
    if engine.dialect.name != "sqlite":
        with pytest.raises(DBAPIError), writing(engine) as connection:
            connection.execute(text("INSERT INTO entries SELECT * FROM entries WHERE position = 1"))
        return
    columns = "position, id, stream, version, mission, type, effective, first_day, last_day, recorded_at, actor, ref, target, root, symbols, parties, salt, payload, envelope"
    fresh = {"position": "2", "id": "'new'", "version": "9", "ref": "'other'"}
    for kept in ("position", "id", "version", "ref"):
        values = ", ".join(fresh[name] if name in fresh and name != kept else name for name in columns.split(", "))
        with pytest.raises(DBAPIError, match="append-only"), writing(engine) as connection:
            connection.execute(
                text(f"INSERT OR REPLACE INTO entries ({columns}) SELECT {values} FROM entries WHERE position = 1")
            )
    with pytest.raises(DBAPIError, match="append-only"), writing(engine) as connection:
        connection.execute(text("REPLACE INTO receipts SELECT * FROM receipts"))


def test_postgresql_refuses_truncate(engine: Engine) -> None:
    append(engine, registered())
    if engine.dialect.name == "sqlite":
        return  # SQLite has no TRUNCATE; its DELETE is refused above

    with pytest.raises(DBAPIError, match="append-only"), writing(engine) as connection:
        connection.execute(text("TRUNCATE entries CASCADE"))


def test_entries_out_of_order_are_refused_by_the_database(engine: Engine) -> None:
    append(engine, registered())

    with pytest.raises(DBAPIError, match="out of order"), writing(engine) as connection:
        connection.execute(
            text(
                "INSERT INTO entries (position, id, stream, version, type, effective, first_day, last_day, recorded_at, actor, root, parties, envelope) "
                "SELECT 5, 'x', 'x', 1, type, effective, first_day, last_day, recorded_at, actor, 5, parties, envelope FROM entries"
            )
        )


def test_a_temporary_table_cannot_stand_in_for_the_entries_in_the_guard(engine: Engine) -> None:
    append(engine, registered())
    if engine.dialect.name == "sqlite":
        return  # a trigger of SQLite names tables of its own database only

    with writing(engine) as connection:
        connection.execute(text("CREATE TEMP TABLE entries AS SELECT 998 AS position"))
        disorder = text(
            "INSERT INTO public.entries (position, id, stream, version, type, effective, first_day, last_day, "
            "recorded_at, actor, root, parties, envelope) SELECT 999, 'x', 'x', 1, type, effective, first_day, "
            "last_day, recorded_at, actor, 999, parties, envelope FROM public.entries"
        )
        with pytest.raises(DBAPIError, match="out of order"), connection.begin_nested():
            connection.execute(disorder)
        connection.execute(text("DROP TABLE pg_temp.entries"))


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest, server_url: str) -> Iterator[str]:
    url = create_database(server_url, request.getfixturevalue("postgresql_template"))
    yield url
    drop_database(server_url, url)


@pytest.mark.parametrize("level", ["serializable", "repeatable\\ read"])
def test_appends_wait_for_each_other_whatever_the_isolation_that_the_server_prefers(
    level: str, postgresql_url: str
) -> None:
    engine = open_engine(postgresql_url, connect_args={"options": f"-c default_transaction_isolation={level}"})
    append(engine, registered())

    with ThreadPoolExecutor(4) as pool:
        appended = list(pool.map(lambda number: append(engine, announced(f"p-{number}")), range(12)))

    engine.dispose()
    assert sorted(entry.position for batch in appended for entry in batch) == list(range(1, 13))


def test_a_transaction_that_reads_can_change_nothing_on_postgresql(postgresql_url: str) -> None:
    engine = open_engine(postgresql_url)

    with reading(engine) as connection, pytest.raises(DBAPIError, match="read-only"):
        connection.execute(update(tables.head).values(size=7))

    engine.dispose()
