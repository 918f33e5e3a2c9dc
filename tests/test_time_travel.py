"""Time travel: the index answers as the definition does, for every generated history and at every two clocks.

Each example runs in one transaction on one connection, which is rolled back: a fresh ledger at the price of a rollback.
What needs several transactions at once, such as a rebuild beside appends, runs on a ledger of its own.
"""

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, Table, delete, select, update

from ledger.refusals import Refused
from ledger.store import reading, size, writing
from projections import runner
from projections.answers import ANSWERS, LEDGER_WIDE, PROJECTIONS, folded_rows, make
from projections.packing import unpacked
from projections.queries import answers, indexed_rows, mission_entries
from projections.runner import RebuildOvertaken, rebuild
from projections.tables import PLACES_OF_A_GENERATION, generations, places, rectangles
from projections.timeline import FOREVER, HEAD
from tests.builders import announced, append, corrected, deployed, people, registered, retracted, said
from tests.histories import DAYS, MISSIONS, TYPES, Batch, entries_of, histories, tell

BY_HAND = os.environ.get(
    "TIME_TRAVEL_EXAMPLES"
)  # how many examples to try, and to shrink what fails, however long it takes
settings.register_profile(
    "time-travel",
    max_examples=int(BY_HAND or 200),
    deadline=None,
    phases=[phase for phase in Phase if BY_HAND or phase is not Phase.shrink],
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
TIME_TRAVEL = settings.get_profile("time-travel")
NAMES = frozenset(projection.name for projection in PROJECTIONS)
NOBODYS = "no-such-mission"
DISPOSABLE = [places, rectangles]
Stored = list[tuple[Any, ...]]


class OneConnection:
    """A connection in a transaction, in the place of an engine: what is begun on it is a savepoint of that transaction."""

    def __init__(self, connection: Connection):
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def connect(self) -> "OneConnection":
        return self

    def execution_options(self, **_: Any) -> "OneConnection":
        return self

    def begin(self) -> Any:
        return self._connection.begin_nested()

    def __enter__(self) -> "OneConnection":
        return self

    def __exit__(self, *_: object) -> None:
        """The connection belongs to whoever made it."""


@contextmanager
def fresh(engine: Engine) -> Iterator[Any]:
    """An empty ledger that leaves nothing behind."""
    with engine.connect().execution_options(writes=True) as connection:
        transaction = connection.begin()
        try:
            yield OneConnection(connection)
        finally:
            transaction.rollback()


def posted(ledger: Any, batch: Batch) -> None:
    """Post a batch; it is recorded where the decisions let it pass, and leaves nothing behind where they do not."""
    try:
        append(ledger, *batch.events)
        recorded = True
    except Refused:
        recorded = False
    assert recorded == batch.recorded


@contextmanager
def chunks_of(count: int) -> Iterator[None]:
    """Rebuilds take so many entries at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "CHUNK", count)
        yield


def assert_answers_as_defined(connection: Any, days: Sequence[str], missions: Sequence[str] = MISSIONS) -> None:
    """Of each mission, at every known position from before the first entry to the last, on one of `days` after another."""
    last = size(connection) - 1
    assert not any(indexed_rows(connection, NAMES - LEDGER_WIDE, NOBODYS, days[0], last).values())
    for index, mission in enumerate(missions):
        entries = mission_entries(connection, mission, last)
        for known in range(-1, last + 1):
            valid_at = days[(known + index) % len(days)]
            indexed = indexed_rows(connection, NAMES, mission, valid_at, known)
            folded = folded_rows(entries, NAMES, mission, valid_at, known)
            assert indexed == folded
            assert make(ANSWERS, indexed, valid_at) == make(ANSWERS, folded, valid_at)


def stored(connection: Any) -> Stored:
    """The live pieces by the names of their places, without the numbers of generation and places."""
    live = select(generations.c.live).scalar_subquery()
    columns = (places.c.mission, places.c.projection, places.c.key, *list(rectangles.c)[1:])
    rows = connection.execute(select(*columns).where(places.c.place == rectangles.c.place, places.c.generation == live))
    return sorted(tuple(unpacked(part) if isinstance(part, bytes) else part for part in row) for row in rows)


def assert_no_overlap(connection: Any) -> None:
    """At each known position the heads of a row follow each other without gap or overlap, and the last never ends."""
    by_place: dict[int, list[Any]] = {}
    for row in connection.execute(
        select(rectangles).where(rectangles.c.event == HEAD).order_by(rectangles.c.known_from)
    ):
        by_place.setdefault(row.place, []).append(row)
    for rows in by_place.values():
        live: dict[int, int] = {}
        for known_from, opened in groupby(rows, lambda row: row.known_from):
            for row in opened:
                live[row.edge] = row.valid_from
                if row.content is None:
                    del live[row.edge]
            spans = sorted((begin, end, known_from) for end, begin in live.items())
            assert all(begin < end for begin, end, _ in spans)
            assert [end for _, end, _ in spans] == [*(begin for begin, _, _ in spans[1:]), *[FOREVER] * bool(spans)]


# --- generated histories ---------------------------------------------------------------------------------------------

_DAYS = st.lists(st.sampled_from(DAYS), min_size=1, max_size=9)


@TIME_TRAVEL
@given(
    history=histories(),
    days=_DAYS,
    rebuilt_after=st.sets(st.integers(0, 7), max_size=2),
    chunk=st.sampled_from([400, 1, 2, 3, 7]),
)
def test_the_index_answers_as_the_definition_does(
    engine: Engine, history: list[Batch], days: list[str], rebuilt_after: set[int], chunk: int
) -> None:
    tell(history)
    with fresh(engine) as ledger, chunks_of(chunk):
        for number, batch in enumerate(history):
            posted(ledger, batch)
            if number in rebuilt_after:
                rebuild(ledger)

        assert_answers_as_defined(ledger, days)
        assert_no_overlap(ledger)
        before = stored(ledger)
        rebuild(ledger)
        assert stored(ledger) == before


@TIME_TRAVEL
@given(history=histories(), days=_DAYS)
def test_no_history_makes_a_projection_or_an_answer_raise(history: list[Batch], days: list[str]) -> None:
    tell(history)
    entries = entries_of(history)

    for known in range(-1, len(entries)):
        for mission in MISSIONS:
            own = [entry for entry in entries if entry.mission in (mission, None)]
            for valid_at in days:
                for reported_by in (None, valid_at):
                    made = make(ANSWERS, folded_rows(own, NAMES, mission, valid_at, known, reported_by), valid_at)
                    assert made.keys() == ANSWERS.keys()


def test_a_pledge_revised_before_the_day_of_its_announcement_is_none_before_that_day(engine: Engine) -> None:
    append(engine, registered(), announced("a", effective="2024-05"))
    append(engine, said("pledge.revised", "2024-03", pledge="a", items=[people(30)]))

    with reading(engine) as connection:
        made = {day: answers(connection, "test-mission", list(ANSWERS), day, 2) for day in ("2024-04-30", "2024-05-01")}

    assert [[pledge["status"] for pledge in one["pledges"]] for one in made.values()] == [[], ["announced"]]


def test_an_entry_is_corrected_in_one_field_whatever_its_others_refer_to(engine: Engine) -> None:
    append(engine, registered(), announced("a"), deployed(fulfils="a"), deployed())
    append(engine, corrected(3, to_data={"fulfils": "a"}))

    corrections = [append(engine, corrected(target, to_data={"party": "KEN"})) for target in (2, 3)]

    assert [entry.target for batch in corrections for entry in batch] == [2, 3]


def test_the_histories_hold_every_type_of_event() -> None:
    drawn: set[str] = set()

    @settings(max_examples=900, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
    @given(histories())
    def draw(history: list[Batch]) -> None:
        drawn.update(event["type"] for batch in history if batch.recorded for event in batch.events)

    draw()
    assert drawn == TYPES - {"log.reopened"}  # by `mission-ledger log reopen` alone


# --- one history, several transactions at a time ---------------------------------------------------------------------

STORY = [
    [registered(), registered("other"), said("party.registered", mission=None, party="SGP", name="Group", kind="group")],
    [announced("a", count=200, effective="2024-03"), announced("b", "KEN", 50, "2024", ref="kenya")],
    [deployed(count=30, effective="2024-05-01", fulfils="a"), deployed(count=20, effective="2024-04")],
    [corrected(5, to_data={"party": "BLZ"}, to_effective="2024-02-01"), said("pledge.suspended", "2024-06", pledge="a")],
    [corrected(7, ref="again", to_data={"data": {"party": "KEN"}}), retracted("kenya")],
    [deployed("KEN", 5, "2024-04-01")],
    [said("claim.disputed", "2024-07", mission=None, target=3, rival=5, reason="other figures", items=[people(150)])],
    [retracted("again"), announced("c", mission="other"), retracted(10)],
    [said("claim.ranked", mission=None, target=3, rank="preferred", reason="signed")],
    [said("post.created", "2024-01", post="commander", role="force_commander")],
    [said("office-holder.appointed", "2024-02", post="commander", person="Ann", party="KEN")],
    [said("pledge.withdrawn", "2025-01-01", pledge="a")],
]  # fmt: skip
STORY_DAYS = ("2024-02-01", "2024-04-30", "2024-06-01", "2025-06-01")


def told(engine: Engine) -> int:
    """Record the story; the number of its entries."""
    return sum(len(append(engine, *batch)) for batch in STORY)


def late(number: int) -> list[dict[str, Any]]:
    """A batch that reaches back behind what is recorded, and corrects it."""
    return [deployed(count=number + 1, effective="2023"), corrected(6, to_data={"items": [people(number)]})]


def seen(engine: Engine) -> Stored:
    with reading(engine) as connection:
        return stored(connection)


def assert_in_order(engine: Engine, count: int) -> None:
    """The index answers over all `count` entries as defined, and nothing is left of other generations."""
    with reading(engine) as connection:
        assert size(connection) == count
        assert_answers_as_defined(connection, STORY_DAYS, ("test-mission", "other"))
        assert_no_overlap(connection)
        live = connection.execute(select(generations.c.live)).scalar_one()
        for table in DISPOSABLE:
            numbers = connection.execute(select(table.c.place)).scalars()
            assert {number // PLACES_OF_A_GENERATION for number in numbers} == {live}


def test_a_rebuild_changes_nothing_that_is_stored(engine: Engine) -> None:
    count = told(engine)
    before = seen(engine)

    with chunks_of(3):
        went_in = rebuild(engine)

    assert went_in == count
    assert seen(engine) == before
    assert_in_order(engine, count)


def test_a_ledger_without_entries_is_rebuilt(engine: Engine) -> None:
    went_in = rebuild(engine)

    assert went_in == 0
    assert seen(engine) == []


class Interrupted(Exception):
    """Somebody pulls the plug."""


@pytest.mark.parametrize("entries_done", [3, 6, 15])
def test_an_interrupted_rebuild_leaves_the_live_rows_alone_and_the_next_one_succeeds(
    engine: Engine, entries_done: int
) -> None:
    count = told(engine)
    before = seen(engine)

    def interrupt(done: int, of: int) -> None:
        if done >= entries_done:
            raise Interrupted

    with chunks_of(3), pytest.raises(Interrupted):
        rebuild(engine, interrupt)
    after = seen(engine)
    append(engine, *late(0))
    rebuild(engine)

    assert after == before
    assert_in_order(engine, count + 2)


def test_a_rebuild_interrupted_as_it_switches_has_not_switched(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    count = told(engine)
    before = seen(engine)

    def interrupt(*_: Any) -> None:
        raise Interrupted

    monkeypatch.setattr(runner, "_give_way", interrupt)
    with pytest.raises(Interrupted):
        rebuild(engine)
    after = seen(engine)
    monkeypatch.undo()
    rebuild(engine)

    assert after == before
    assert_in_order(engine, count)


def test_what_is_recorded_between_the_chunks_of_a_rebuild_is_in_the_rebuilt_rows(engine: Engine) -> None:
    count = told(engine)
    chunks: list[int] = []

    def recorded(done: int, of: int) -> None:
        append(engine, *late(len(chunks)))
        chunks.append(done)

    with chunks_of(3):
        rebuild(engine, recorded)

    assert len(chunks) > 3
    assert_in_order(engine, count + 2 * len(chunks))


def test_what_is_recorded_by_others_during_rebuilds_is_in_the_rebuilt_rows(engine: Engine) -> None:
    count, batches = told(engine), 12

    with ThreadPoolExecutor(1) as pool, chunks_of(3):
        recorded = pool.map(lambda number: append(engine, *late(number)), range(batches))
        rebuild(engine)
        rebuild(engine)
        assert len(list(recorded)) == batches

    assert_in_order(engine, count + 2 * batches)


def test_a_rebuild_gives_way_to_one_that_began_later_and_has_switched(engine: Engine) -> None:
    count = told(engine)
    went_in: list[int] = []

    def overtake(done: int, of: int) -> None:
        went_in.append(rebuild(engine) if not went_in else count)

    with chunks_of(3), pytest.raises(RebuildOvertaken):
        rebuild(engine, overtake)

    assert went_in[0] == count
    append(engine, *late(0))
    with reading(engine) as connection:
        assert_answers_as_defined(connection, STORY_DAYS, ("test-mission", "other"))


def test_a_rebuild_gives_way_to_one_that_is_still_under_way(engine: Engine) -> None:
    count = told(engine)
    second_under_way, first_over = threading.Event(), threading.Event()

    def under_way(done: int, of: int) -> None:
        second_under_way.set()
        assert first_over.wait(60)

    with ThreadPoolExecutor(1) as pool, chunks_of(3):
        second: list[Future[int]] = []

        def begin_second(done: int, of: int) -> None:
            if not second:
                second.append(pool.submit(rebuild, engine, under_way))
                assert second_under_way.wait(60)

        try:
            with pytest.raises(RebuildOvertaken):
                rebuild(engine, begin_second)
        finally:
            first_over.set()
        assert second[0].result(60) == count

    assert_in_order(engine, count)


def test_of_several_rebuilds_at_once_each_succeeds_or_gives_way_and_the_last_succeeds(engine: Engine) -> None:
    count = told(engine)
    before = seen(engine)

    def rebuilt(_: int) -> int | None:
        try:
            return rebuild(engine)
        except RebuildOvertaken:
            return None

    with ThreadPoolExecutor(4) as pool, chunks_of(1):
        outcomes = list(pool.map(rebuilt, range(8)))

    assert set(outcomes) <= {count, None}
    assert count in outcomes
    assert seen(engine) == before


@pytest.mark.parametrize(
    "emptied",
    [[rectangles], [places], DISPOSABLE, [*DISPOSABLE, generations]],
    ids=lambda tables: "+".join(t.name for t in tables),
)
def test_a_rebuild_brings_back_whatever_is_deleted_of_the_projections(engine: Engine, emptied: list[Table]) -> None:
    count = told(engine)
    before = seen(engine)

    with writing(engine) as connection:
        for table in emptied:
            connection.execute(delete(table))
    rebuild(engine)

    assert seen(engine) == before
    append(engine, *late(0))
    assert_in_order(engine, count + 2)


# --- what is stored ------------------------------------------------------------------------------------------------


def contents(engine: Engine) -> tuple[int, int]:
    """How many pieces of lists there are, and how many bytes of JSON they hold."""
    with reading(engine) as connection:
        held = connection.execute(select(rectangles.c.content).where(rectangles.c.event != HEAD)).scalars().all()
    said = [orjson.dumps(unpacked(content)) for content in held if content]
    return len(held), sum(map(len, said))


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
def test_a_movement_is_stored_once_whatever_the_order_of_recording(engine: Engine, together: bool) -> None:
    append(engine, registered())
    before = contents(engine)
    arrivals = [deployed(count=3, effective=f"2024-06-{day:02}") for day in range(30, 0, -1)]

    for batch in [arrivals] if together else [[arrival] for arrival in arrivals]:
        append(engine, *batch)

    after = contents(engine)
    assert after[0] - before[0] == 30
    assert after[1] - before[1] < 30 * 500


def test_a_corrected_movement_rewrites_no_other(engine: Engine) -> None:
    append(engine, registered(), *(deployed(count=3, effective=f"2024-06-{day:02}") for day in range(1, 31)))
    before = contents(engine)

    append(engine, corrected(1, to_effective="2024-05-01"))

    assert contents(engine)[0] - before[0] == 2  # the end of the old one, and the new one


def test_an_append_first_takes_in_what_the_projections_lack(engine: Engine) -> None:
    told(engine)
    with writing(engine) as connection:
        connection.execute(delete(rectangles))
        connection.execute(update(generations).values(size=0))

    append(engine, *late(0))

    with reading(engine) as connection:
        assert_answers_as_defined(connection, STORY_DAYS, ("test-mission", "other"))
