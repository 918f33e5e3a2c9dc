"""What is measured on: events that the ledger accepts in order, the same ones every time, and ledgers filled quickly with them."""

import pickle
import random
from itertools import islice

from sqlalchemy import Connection, Engine, func, select

from ledger.entries import Entry
from ledger.store import open_engine, read_entries, reading
from migrations import migrate
from projections.tables import rectangles
from tests.bench import ours
from tests.bench.workload import Workload

COUNT = 1_200


def entries_of(engine: Engine) -> list[Entry]:
    with reading(engine) as connection:
        return read_entries(connection)


def test_the_ledger_accepts_every_event_in_order(engine: Engine) -> None:
    workload = Workload(missions=2)

    for _ in range(0, COUNT, 100):
        ours.record_all(engine, workload.take(100))

    recorded = entries_of(engine)
    assert len(recorded) == COUNT
    assert {entry.type for entry in recorded} >= {"pledge.revised", "entry.corrected", "personnel.rotated"}


def test_what_is_recorded_in_any_order_is_accepted_in_any_order(engine: Engine) -> None:
    workload = Workload(missions=2)
    ours.fill(engine, workload, COUNT)
    lot = workload.take(200, settled=COUNT)

    random.Random(3).shuffle(lot)
    ours.record_all(engine, lot)
    ours.record_all(engine, workload.take(200))

    assert len(entries_of(engine)) == COUNT + 400


def test_it_corrects_comes_late_and_repeats_itself_as_it_says() -> None:
    said = Workload().take(30_000)

    corrected = sum(one["type"] == "entry.corrected" for one in said)
    late = sum(one["effective"] < max(before["effective"] for before in said[max(0, n - 400) : n + 1][::40])
               for n, one in enumerate(said))  # fmt: skip

    assert 0.025 < corrected / len(said) < 0.035
    assert 0.08 < late / len(said) < 0.13
    assert len({one["mission"] for one in said}) == 50


def test_one_ledger_is_the_beginning_of_every_larger_one_and_goes_on_where_it_was_left() -> None:
    whole = list(islice(Workload(), 2_000))
    begun = Workload()

    first = begun.take(1_000)
    rest = pickle.loads(pickle.dumps(begun)).take(1_000)

    assert [*first, *rest] == whole


def test_a_ledger_that_was_filled_is_the_one_that_is_recorded(engine: Engine) -> None:
    filled, recorded = engine, open_engine("sqlite://")
    migrate(recorded)

    ours.fill(filled, Workload(missions=2), COUNT)
    ours.record_all(recorded, Workload(missions=2).take(COUNT))

    own = ("id", "recorded_at", "salt", "envelope")
    one, other = ([entry._replace(**dict.fromkeys(own)) for entry in entries_of(e)] for e in (filled, recorded))
    assert one == other
    with filled.connect() as connection, recorded.connect() as again:
        assert _rows(connection) == _rows(again)


def _rows(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(rectangles)).scalar_one()
