"""Recording for many threads at once: who waits is recorded with others, and answered by itself."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import pairwise
from threading import Event as Signal
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from ledger import keys
from ledger.entries import Entry
from ledger.recording import NotInForce, Recorded, Request
from ledger.refusals import Refused
from ledger.schemas import parse_event
from ledger.store import lock_head, read_entries, reading, size, writing
from ledger.writer import Writer, _Turn
from ledger.writes import Write
from projections.runner import Projector
from tests.builders import announced, append, corrected, deployed, registered, said

Answer = Recorded | Exception


class Crowd:
    """Requests that come while another is being written, and their answers."""

    def __init__(self, engine: Engine):
        self.writes, self.go_on = Signal(), Signal()
        self.groups: list[int] = []
        self.writer = Writer(engine, lambda: self._project)

    def _project(self, connection: Connection, entries: Sequence[Entry]) -> Sequence[Write]:
        changes = Projector()(connection, entries)
        self.groups.append(len(entries))
        self.writes.set()
        assert self.go_on.wait(20)
        return changes

    def answers(self, *requests: Callable[[], Recorded]) -> list[Answer]:
        """The answers to a first request and to those that wait until it is written, in this order."""
        with ThreadPoolExecutor(len(requests)) as pool:
            asked = []
            for count, request in enumerate(requests):
                asked.append(pool.submit(request))
                assert self.writes.wait(20)
                self._await(count)
            self.go_on.set()
            return [one.exception(20) or one.result() for one in asked]  # type: ignore[misc]

    def _await(self, count: int) -> None:
        while len(self.writer._waiting) < count:
            pass

    def says(
        self, *events: dict[str, Any], actor: str = "tester", key: str | None = None, bearing: str | None = None
    ) -> Callable[[], Recorded]:
        parsed = [parse_event(event) for event in events]
        return lambda: self.writer.record(parsed, actor=actor, key=key, bearing=bearing)


@pytest.fixture
def crowd(engine: Engine) -> Crowd:
    append(engine, registered())
    return Crowd(engine)


def positions(answers: Sequence[Answer]) -> list[list[int] | None]:
    return [[e.position for e in one.entries] if isinstance(one, Recorded) else None for one in answers]


def test_who_comes_while_another_writes_is_recorded_with_all_who_wait(crowd: Crowd) -> None:
    answers = crowd.answers(*(crowd.says(deployed(count=n)) for n in range(5)))

    assert positions(answers) == [[1], [2], [3], [4], [5]]
    assert crowd.groups == [1, 4]


@pytest.mark.parametrize(("patience", "groups"), [(20.0, [2]), (-1.0, [1, 1])])
def test_who_was_answered_a_moment_ago_is_waited_for_and_whoever_stays_away_is_not(
    crowd: Crowd, patience: float, groups: list[int]
) -> None:
    crowd.go_on.set()
    crowd.writer._expected, crowd.writer._until = 2, monotonic() + patience

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(crowd.says(deployed(count=1)))
        if patience < 0:
            first.result(20)
        second = pool.submit(crowd.says(deployed(count=2)))

    assert sorted(one.result().entries[0].position for one in (first, second)) == [1, 2]
    assert crowd.groups == groups


@pytest.mark.parametrize("left", [[], [1], [0, 1], [1, 2]])
def test_each_wakes_the_next_and_whoever_left_before_is_passed_over(left: list[int]) -> None:
    turns = [_Turn(Request([], "tester")) for _ in range(4)]
    for index in left:
        turns[index].leave()
    for turn, after in pairwise(turns):
        turn.after = after

    turns[0].call()
    for turn in turns:
        assert turn.wait(0)
        turn.leave()


def test_who_is_interrupted_while_waiting_is_not_recorded_and_keeps_nobody_waiting(
    crowd: Crowd, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd.go_on.set()
    interrupted, keep_watch = Signal(), crowd.writer._keep_watch

    def interrupt(own: _Turn) -> None:
        monkeypatch.setattr(crowd.writer, "_keep_watch", keep_watch)
        assert interrupted.wait(20)
        crowd.writer._until = monotonic()
        raise KeyboardInterrupt

    monkeypatch.setattr(crowd.writer, "_keep_watch", interrupt)
    crowd.writer._expected, crowd.writer._until = 3, monotonic() + 60

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(crowd.says(deployed(count=1)))
        crowd._await(1)
        second = pool.submit(crowd.says(deployed(count=2)))
        crowd._await(2)
        interrupted.set()
        assert isinstance(first.exception(20), KeyboardInterrupt)
        assert second.result(20).entries[0].data["items"][0]["minimum"] == 2

    with reading(engine) as connection:
        assert size(connection) == 2


def test_who_always_comes_alone_waits_for_nobody(crowd: Crowd) -> None:
    crowd.go_on.set()

    for count in range(3):
        crowd.says(deployed(count=count + 1))()
        assert crowd.writer._expected == 1

    assert crowd.groups == [1, 1, 1]


def test_who_bears_a_key_that_is_not_in_force_records_nothing_and_those_beside_do(crowd: Crowd, engine: Engine) -> None:
    with writing(engine) as connection:
        digests = [keys.digest_of(keys.create(connection, name, "recorder")) for name in ("kept", "revoked")]
        keys.revoke(connection, "revoked")
    bearing = [*digests, keys.digest_of("nobody's"), None]

    answers = crowd.answers(crowd.says(deployed()), *(crowd.says(deployed(), bearing=digest) for digest in bearing))
    alone = [crowd.says(deployed(), bearing=digest) for digest in digests]

    assert positions(answers) == [[1], [2], None, None, [3]]
    assert [type(answer) for answer in answers if isinstance(answer, Exception)] == [NotInForce, NotInForce]
    assert alone[0]().entries[0].position == 4
    with pytest.raises(NotInForce):
        alone[1]()
    with reading(engine) as connection:
        assert size(connection) == 5


def test_a_key_that_is_revoked_while_its_request_waits_records_nothing(crowd: Crowd, engine: Engine) -> None:
    with writing(engine) as connection:
        digest = keys.digest_of(keys.create(connection, "late", "recorder"))
    crowd.go_on.set()

    with ThreadPoolExecutor(1) as pool:
        with writing(engine) as connection:
            lock_head(connection)
            waiting = pool.submit(crowd.says(deployed(), corrected(0, to_effective="2024-01-02"), bearing=digest))
            assert not wait([waiting], 0.3).done
            keys.revoke(connection, "late")
        with pytest.raises(NotInForce):
            waiting.result(20)


def test_a_refused_request_leaves_those_beside_it_alone(crowd: Crowd, engine: Engine) -> None:
    bad = crowd.says(announced("x"), said("pledge.withdrawn", pledge="none"))

    answers = crowd.answers(
        crowd.says(deployed()),
        crowd.says(announced("a")),
        bad,
        crowd.says(said("pledge.withdrawn", pledge="a")),
        crowd.says(announced("x")),
    )

    assert positions(answers) == [[1], [2], None, [3], [4]]
    assert isinstance(answers[2], Refused)
    assert [(r.code, r.pointer) for r in answers[2].refusals] == [("unknown-subject", "/1/data/pledge")]
    with reading(engine) as connection:
        assert size(connection) == 5


def test_each_request_of_a_group_sees_those_before_it(crowd: Crowd) -> None:
    withdrawn = said("pledge.withdrawn", pledge="a")

    answers = crowd.answers(
        crowd.says(deployed()), crowd.says(announced("a")), crowd.says(withdrawn), crowd.says(withdrawn)
    )

    assert positions(answers)[:3] == [[1], [2], [3]]
    assert isinstance(answers[3], Refused)


def test_the_same_request_twice_among_those_who_wait_is_recorded_once(crowd: Crowd) -> None:
    answers = crowd.answers(
        crowd.says(deployed()),
        crowd.says(announced("a"), key="k"),
        crowd.says(announced("a"), key="k"),
        crowd.says(announced("b"), key="k", actor="another"),
    )

    first, again = answers[1], answers[2]
    assert isinstance(first, Recorded)
    assert isinstance(again, Recorded)
    assert (first.replayed, again.replayed) == (False, True)
    assert again.entries == first.entries
    assert positions(answers) == [[1], [2], [2], [3]]


@contextmanager
def a_database_that_refuses(engine: Engine, party: str) -> Iterator[None]:
    """The database takes no entry of a party."""
    where = f"stream LIKE '%{party}'"
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(
                text(
                    f"CREATE TRIGGER no BEFORE INSERT ON entries WHEN NEW.{where} BEGIN SELECT RAISE(ABORT, 'no'); END"
                )
            )
        else:
            connection.execute(text(f"ALTER TABLE entries ADD CONSTRAINT no CHECK (NOT {where})"))
    yield
    with engine.begin() as connection:
        sqlite = engine.dialect.name == "sqlite"
        connection.execute(text("DROP TRIGGER no" if sqlite else "ALTER TABLE entries DROP CONSTRAINT no"))


def test_what_the_database_refuses_is_met_by_its_recorder_alone(crowd: Crowd, engine: Engine) -> None:
    with a_database_that_refuses(engine, "JAM"):
        answers = crowd.answers(
            crowd.says(deployed("KEN")),
            crowd.says(deployed("USA")),
            crowd.says(deployed("JAM")),
            crowd.says(deployed("FRA")),
        )

    assert positions(answers) == [[1], [2], None, [3]]
    assert isinstance(answers[2], DBAPIError)
    with reading(engine) as connection:
        assert [entry.stream for entry in read_entries(connection)][1:] == [
            f"test-mission/deployment/{party}" for party in ("KEN", "USA", "FRA")
        ]


def test_an_error_of_the_database_tells_no_values(crowd: Crowd, engine: Engine) -> None:
    crowd.go_on.set()

    with a_database_that_refuses(engine, "JAM"), pytest.raises(DBAPIError) as told:
        crowd.says({**deployed("JAM"), "note": "a secret"})()

    assert "a secret" not in str(told.value)
    assert b"a secret".hex() not in str(told.value)


def test_after_a_failure_the_next_is_recorded_as_ever(crowd: Crowd, engine: Engine) -> None:
    crowd.go_on.set()
    with a_database_that_refuses(engine, "JAM"), pytest.raises(DBAPIError):
        crowd.says(deployed("JAM"))()

    recorded = crowd.says(deployed("JAM"))()

    assert [entry.position for entry in recorded.entries] == [1]


def test_sixteen_threads_lose_double_and_disorder_nothing(engine: Engine) -> None:
    append(engine, registered())
    writer = Writer(engine, Projector)

    def write(number: int) -> list[tuple[int, str]]:
        found = []
        for step in range(12):
            event = {**deployed("KEN" if step % 2 else "JAM"), "ref": f"r{number}.{step}"}
            (entry,) = writer.record([parse_event(event)], actor=f"w{number}").entries
            found.append((entry.position, f"r{number}.{step}"))
        return found

    with ThreadPoolExecutor(16) as pool:
        acknowledged = sorted(answer for answers in pool.map(write, range(16)) for answer in answers)

    with reading(engine) as connection:
        assert acknowledged == [(entry.position, entry.ref) for entry in read_entries(connection)][1:]
    assert [position for position, _ in acknowledged] == list(range(1, 16 * 12 + 1))


def test_after_a_lost_connection_the_next_is_recorded_as_ever(crowd: Crowd, engine: Engine) -> None:
    crowd.go_on.set()
    crowd.says(deployed())()
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            others = "datname = current_database() AND pid <> pg_backend_pid()"
            connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))
        with pytest.raises(DBAPIError) as lost:
            crowd.says(deployed())()
        assert lost.value.connection_invalidated

    recorded = crowd.says(deployed())()

    assert [entry.position for entry in recorded.entries] == [2]
