"""Single statements at the driver: they give what the ordinary way gives, and survive a connection that was lost."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, bindparam, select
from sqlalchemy.exc import DBAPIError

from ledger.direct import Direct, Statement
from ledger.tables import entries
from tests.builders import announced, append, registered

BY_PLACE = Statement(
    select(entries.c.position, entries.c.type, entries.c.payload)
    .where(entries.c.position >= bindparam("first"), entries.c.type == "pledge.announced")
    .order_by(entries.c.position)
    .limit(bindparam("most"))
)


@pytest.fixture
def direct(engine: Engine) -> Direct:
    append(engine, registered(), announced("a"), announced("b"), announced("c"))
    return Direct(engine)


def test_a_statement_gives_what_the_ordinary_way_gives(engine: Engine, direct: Direct) -> None:
    asked = {"first": 2, "most": 5}

    found = direct.rows(BY_PLACE, **asked)

    with engine.connect() as connection:
        assert found == [tuple(row) for row in connection.execute(BY_PLACE.select, asked)]
    assert [(row[0], type(row[2])) for row in found] == [(2, bytes), (3, bytes)]
    assert direct.row(BY_PLACE, first=9, most=1) is None


def test_what_was_committed_is_seen_at_once(engine: Engine, direct: Direct) -> None:
    before = direct.rows(BY_PLACE, first=0, most=9)

    append(engine, announced("d"))

    assert len(direct.rows(BY_PLACE, first=0, most=9)) == len(before) + 1


def test_a_connection_that_was_lost_is_replaced(direct: Direct) -> None:
    found = direct.rows(BY_PLACE, first=0, most=9)
    (lost,) = direct._idle
    lost.close()

    assert direct.rows(BY_PLACE, first=0, most=9) == found
    assert direct.rows(BY_PLACE, first=0, most=9) == found
    assert lost not in direct._idle


def test_a_statement_that_cannot_be_run_is_told_as_any_other(direct: Direct) -> None:
    with pytest.raises(DBAPIError):
        direct.rows(
            Statement(select(entries.c.position).where(entries.c.position == bindparam("no").op("?!")(1))), no=1
        )


def test_what_cannot_be_a_value_is_refused_and_never_cut_short(engine: Engine) -> None:
    append(engine, registered())
    by_type = Statement(select(entries.c.position).where(entries.c.type == bindparam("type")))
    direct = Direct(engine)
    assert direct.rows(by_type, type="mission.registered") == [(0,)]

    if engine.dialect.name == "sqlite":
        assert direct.rows(by_type, type="mission.registered\0x") == []
    else:
        with pytest.raises(DBAPIError):
            direct.rows(by_type, type="mission.registered\0x")

    assert direct.rows(by_type, type="mission.registered") == [(0,)]


def test_what_is_asked_together_is_as_new_as_what_is_asked_alone(engine: Engine, direct: Direct) -> None:
    with ThreadPoolExecutor(6) as threads:
        threads.map(lambda _: direct.shared(BY_PLACE, first=0, most=99), range(500))
        found = [
            (direct.shared(BY_PLACE, first=0, most=99), append(engine, announced(f"n{number}"))) for number in range(5)
        ]

    assert [len(rows) for rows, _ in found] == [3, 4, 5, 6, 7]


def test_threads_share_connections_and_never_one_at_a_time(direct: Direct) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda number: direct.rows(BY_PLACE, first=number % 5, most=9), range(400)))

    assert [len(rows) for rows in found] == [[3, 3, 2, 1, 0][number % 5] for number in range(400)]
    assert len(direct._idle) <= 8
    direct.close()
    assert not direct._idle
