"""Heads stay small, whatever happens to a row, and a snapshot of a long history reads nothing else."""

from typing import Any

import orjson
import pytest
from sqlalchemy import Engine

from ledger.store import reading
from projections import brief, snapshots
from projections.answers import ANSWERS, PROJECTIONS
from projections.projection import keys_of, parted
from projections.questions import Question
from projections.view import view
from tests.builders import MISSION, append, deployed, money, people, registered, said
from tests.in_memory import LATE, entered
from tests.rows import Json, disputed, ranked, received, strength

MANY = 1_000


def day(number: int) -> str:
    return f"{2000 + number // 336}-{1 + number // 28 % 12:02}-{1 + number % 28:02}"


def moved(number: int) -> Json:
    """What happens to one contributor's troops: most of it for a few pledges, reported every tenth time."""
    if number % 10 == 9:
        return strength(
            people(number), effective=day(number), party="JAM", reporter="UN", statement="so many were there"
        )
    if number % 7 == 6:
        return said("personnel.repatriated", day(number), party="JAM", items=[people(3)])
    return deployed(count=5, effective=day(number), **({"fulfils": f"p-{number % 3}"} if number % 2 else {}))


def paid(number: int) -> Json:
    return received("12.50", fulfils=f"p-{number % 3}") | {"effective": day(number)}


def counted(number: int) -> Json:
    data = {"fund": "un-trust-fund", "measure": "received", "money": money(str(number)), "reporter": "UN"}
    return said("fund-balance.reported", day(number), **data)


def revised(number: int) -> Json:
    return said("pledge.revised", day(number), pledge="a", items=[people(number)])


def halted(number: int) -> Json:
    """A pledge is suspended and resumed by turns."""
    if number % 2:
        return said("pledge.resumed", day(number), pledge="a", reason="the review has ended")
    return said("pledge.suspended", day(number), pledge="a", cause="policy_review")


def judged(number: int) -> Json:
    """Ranks and disputes of what moved."""
    target = number // 2 * 2
    if number % 2 == 0:
        return moved(number)
    return ranked(target, "deprecated") if number % 4 == 1 else disputed(target)


def largest_heads(*events: Json) -> dict[str, int]:
    """By projection the size of the largest head that is ever stored, in bytes."""
    heads: dict[tuple[str, str], Any] = {}
    largest: dict[str, int] = {}
    for s in view(entered(*events), LATE, len(events)):
        for projection in PROJECTIONS:
            for key in keys_of(projection, s):
                heads[projection.name, key], _ = parted(projection, key, heads.get((projection.name, key)), s)
                size = len(orjson.dumps(heads[projection.name, key]))
                largest[projection.name] = max(size, largest.get(projection.name, 0))
    return largest


@pytest.mark.parametrize(
    ("happens", "name", "most"),
    [(moved, "deployments", 1_500), (paid, "flows", 700), (counted, "observations", 1_000), (revised, "pledges", 1_500),
     (halted, "pledges", 1_500),
     (judged, "deployments", 6_000)],
)  # fmt: skip
def test_a_head_does_not_grow_with_the_events_of_its_row(happens: Any, name: str, most: int) -> None:
    events = [happens(number) for number in range(MANY)]

    sizes = largest_heads(*events)

    assert sizes[name] < most, sizes


def noticed(name: str, read: Any, asked: list[tuple[str, int]]) -> Any:
    """The same as `read`, which notes how much it found."""

    def read_and_noted(*arguments: Any, **more: Any) -> Any:
        found = read(*arguments, **more)
        asked.append((name, len(found)))
        return found

    return read_and_noted


@pytest.mark.parametrize("often", [3, 30])
def test_what_a_snapshot_of_a_long_history_reads_does_not_grow_with_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, often: int
) -> None:
    monkeypatch.setattr(brief, "LISTED", 2)
    pledges = [said("pledge.announced", pledge=f"p-{n}", party="JAM", items=[people(9)]) for n in range(3)]
    append(engine, registered(), *pledges, *(happens(n) for n in range(often) for happens in (moved, paid, counted)))
    asked: list[tuple[str, int]] = []
    for name in ("indexed_heads", "indexed_lists", "indexed_rows"):
        monkeypatch.setattr(snapshots, name, noticed(name, getattr(snapshots, name), asked))

    with reading(engine) as connection:
        made, lists = snapshots.snapshot(
            connection, MISSION, list(ANSWERS), Question(LATE, 3 * often + 3, None, None, True)
        )

    assert lists == brief.NEWEST
    assert asked == [("indexed_heads", 7)]
    assert made["mandate"]["name"] == "A mission"
