"""What the ledger asks of its database: counts that no clock enters, each with the most that it may be.

They are what is there today; whoever makes one smaller lowers its bound. `pytest -rP` shows what was counted.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from api.app import create_app
from api.settings import Settings
from ledger import keys
from ledger.store import open_engine, reading, writing
from tests.bench import ours
from tests.bench.workload import Said, Workload
from tests.counting import Counts, counted

FEW, MANY = 300, 3_000
BYTES_PER_ENTRY = 2_500  # of an SQLite file, with everything that is kept beside the entry
MOST = {  # statements on SQLite, round trips on PostgreSQL
    "append personnel.rotated": (11, 3),
    "append pledge.revised": (12, 4),
    "append entry.corrected": (18, 2),
    "append once more": (8, 1),
    "snapshot": (4, 5),
    "POST /v1/entries": (12, 4),
    "GET snapshot": (8, 9),
    "GET snapshot, asked before": (1, 1),
    "GET snapshot, unchanged": (1, 1),
    "GET snapshot, unchanged, with a key": (1, 1),
    "GET 50 entries": (2, 2),
}
GROWTH = {"sqlite": 1.2, "postgresql": 1.2}  # of the work of one and the same answer, from FEW to MANY entries
SNAPSHOT = "/v1/missions/mission-00/snapshot"
Count = Callable[[Callable[[], Any]], Counts]


@pytest.fixture
def workload() -> Workload:
    return Workload(missions=1)


@pytest.fixture
def count(engine: Engine, workload: Workload) -> Iterator[Count]:
    """Counts what is asked of a ledger of FEW entries."""
    ours.fill(engine, workload, FEW)
    with counted(engine) as count:
        yield count


def within(what: str, engine: Engine, seen: Counts) -> None:
    most = MOST[what][engine.dialect.name == "postgresql"]
    told = "".join(f"\n  {' '.join(statement.split())[:150]}" for statement in seen.statements)
    print(f"{what} on {engine.dialect.name}: {seen.trips}, at most {most}; work {seen.work}{told}")
    assert seen.trips <= most


def next_of(workload: Workload, type_name: str) -> Said:
    """The next event of a type, one that may be recorded in any order."""
    return next(said for said in iter(lambda: workload.next(settled=FEW), None) if said["type"] == type_name)


@pytest.mark.parametrize("type_name", ["personnel.rotated", "pledge.revised", "entry.corrected"])
def test_an_append_asks_the_database_no_more_than_it_did(
    engine: Engine, workload: Workload, count: Count, type_name: str
) -> None:
    with ours.writer(engine) as append:
        append(next_of(workload, type_name))

        seen = count(lambda: append(next_of(workload, type_name)))

    within(f"append {type_name}", engine, seen)


def test_a_writer_asks_nothing_about_what_it_wrote_itself(engine: Engine, workload: Workload, count: Count) -> None:
    said = next_of(workload, "personnel.rotated")
    with ours.writer(engine) as append:
        for _ in range(2):
            append(said)

        seen = count(lambda: append(said))

    within("append once more", engine, seen)


def test_a_snapshot_asks_no_more_than_it_did(engine: Engine, count: Count) -> None:
    def ask() -> None:
        with reading(engine) as connection:
            ours.snapshot(connection, "mission-00", "2006-01-01", FEW // 2)

    ask()

    seen = count(ask)

    within("snapshot", engine, seen)


@pytest.mark.parametrize("day", ["2004-06-01", "2006-01-01", "2030-01-01"])
def test_an_answer_costs_the_same_however_long_the_history_is_that_lies_beyond_it(engine: Engine, day: str) -> None:
    def ask() -> Any:
        with reading(engine) as connection:
            return ours.snapshot(connection, "mission-00", day, FEW // 2)

    workload = Workload(missions=1)
    ours.fill(engine, workload, FEW)
    with counted(engine) as count:
        few, first = count(ask).work, ask()
    for _ in range(FEW, MANY, 300):
        ours.record_all(engine, workload.take(300))

    with counted(engine) as count:
        many, again = count(ask).work, ask()

    print(f"work of a snapshot on {engine.dialect.name}, {day}: {few} at {FEW} entries, {many} at {MANY}")
    assert again == first
    assert many <= few * GROWTH[engine.dialect.name]


@pytest.fixture
def client(engine: Engine, count: Count) -> FlaskClient:
    return create_app(Settings(database_url=str(engine.url)), engine).test_client()


def test_recording_over_http_asks_no_more_than_it_did(
    engine: Engine, workload: Workload, count: Count, client: FlaskClient
) -> None:
    with writing(engine) as connection:
        headers = {"Authorization": f"Bearer {keys.create(connection, 'desk', 'recorder')}"}

    def post() -> None:
        said = next_of(workload, "personnel.rotated")
        assert client.post("/v1/entries", json=said, headers=headers).status_code == 201

    post()

    seen = count(post)

    within("POST /v1/entries", engine, seen)


@pytest.mark.parametrize(
    ("what", "path"),
    [("GET snapshot", f"{SNAPSHOT}?known_position="), ("GET 50 entries", "/v1/entries?limit=50&after=")],
)
def test_what_nobody_asked_before_asks_no_more_than_it_did(
    engine: Engine, count: Count, client: FlaskClient, what: str, path: str
) -> None:
    positions = iter(range(200, 210))

    def get() -> None:
        assert client.get(f"{path}{next(positions)}").status_code == 200

    get()

    seen = count(get)

    within(what, engine, seen)


@pytest.mark.parametrize(
    ("what", "has", "role", "status"),
    [
        ("GET snapshot, asked before", False, None, 200),
        ("GET snapshot, unchanged", True, None, 304),
        ("GET snapshot, unchanged, with a key", True, "reader", 304),
    ],
)
def test_what_was_asked_before_asks_no_more_than_it_did(
    engine: Engine, count: Count, client: FlaskClient, what: str, has: bool, role: str | None, status: int
) -> None:
    known = {"If-None-Match": client.get(SNAPSHOT).headers["ETag"]} if has else {}
    if role is not None:
        with writing(engine) as connection:
            known["Authorization"] = f"Bearer {keys.create(connection, 'desk', role)}"

    def get() -> None:
        assert client.get(SNAPSHOT, headers=known).status_code == status

    get()

    seen = count(get)

    within(what, engine, seen)


def test_an_entry_takes_no_more_bytes_than_it_did(sqlite_template: Path, tmp_path: Path) -> None:
    path = shutil.copy(sqlite_template, tmp_path / "ledger.db")
    engine = open_engine(f"sqlite:///{path}")
    ours.fill(engine, Workload(), MANY)

    with engine.connect() as connection:
        pages, size = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "page_size")
        )

    each = pages * size / MANY
    print(f"bytes per entry of an SQLite file: {each:.0f}, at most {BYTES_PER_ENTRY}")
    assert each <= BYTES_PER_ENTRY
    engine.dispose()
