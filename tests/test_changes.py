"""Operations between two states as changes in words: by subject, row by row, each with its causes."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from api.web.changes import Change, Group, counted, difference, groups
from ledger.entries import Entry
from ledger.store import reading
from projections.answers import ANSWERS, folded_rows, make, needed
from projections.causes import between, changes_since
from projections.diff import operations
from projections.differences import Comparison, compared, differences
from projections.questions import Question
from tests.builders import MISSION, announced, append, deployed, people, registered, said
from tests.generated import thorough
from tests.histories import Batch, entries_of, histories
from tests.in_memory import entered
from tests.rows import DAY, about_a, disputed, pledged, received

Clocks = tuple[str, int]


@pytest.fixture(autouse=True)
def _words() -> Iterator[None]:
    """The words know the parties of a page; here of none."""
    with Flask(__name__).app_context():
        yield


def comparison(entries: list[Entry], before: Clocks, after: Clocks, mission: str = MISSION) -> Comparison:
    own = [entry for entry in entries if entry.mission in (mission, None)]
    rows = [folded_rows(own, needed(ANSWERS), mission, *clocks) for clocks in (before, after)]
    made = [make(ANSWERS, one, clocks[0]) for one, clocks in zip(rows, (before, after), strict=True)]
    low, high = sorted((before[1], after[1]))
    told = between(rows[0], rows[1], changes_since([entry for entry in own if entry.position <= high], low))
    return Comparison(made[0], made[1], operations(made[0], made[1], told))


def changed(
    *events: dict[str, Any], before: Clocks = ("2024-03-01", 99), after: Clocks = (DAY, 99)
) -> dict[str, Group]:
    return {group.subject: group for group in groups(comparison(entered(registered(), *events), before, after))}


def only(group: Group) -> Change:
    (change,) = group.changes
    return change


def told(change: Change) -> dict[str, tuple[list[str], list[str]]]:
    return {field.name: (field.removed, field.added) for field in change.fields}


def test_a_revised_pledge_is_told_by_what_went_and_what_came() -> None:
    found = changed(
        announced("a", count=100), about_a("revised", items=[people(60), people(None, category="civilian")])
    )

    change = only(found["pledges"])

    assert (change.op, change.title, change.pledge, change.entries) == ("change", "Jamaica", "a", [2])
    assert told(change)["terms"] == (["100 troops"], ["60 troops", "no specifics (not stated) civilian"])
    assert told(change)["terms since"] == (["1 January 2024"], ["1 April 2024"])


def test_what_is_nested_in_a_row_is_gathered_under_that_row() -> None:
    found = changed(deployed(count=10), deployed(count=5, effective="2024-05-01"))

    change = only(found["deployments"])

    assert [field.name for field in change.fields] == ["deployed, by movements", "movements"]
    assert told(change)["deployed, by movements"] == (["10"], ["15"])
    assert change.fields[0].difference == "+5"
    assert (change.fields[1].added, change.fields[1].stayed) == (["1 May 2024: + 5 troops deployed"], 1)


def test_a_new_row_is_told_by_what_it_says_first() -> None:
    found = changed(announced("b", "KEN", effective="2024-05"))

    change = only(found["pledges"])

    assert (change.op, change.title, change.entries) == ("add", "Kenya", [1])
    assert told(change)["terms"] == ([], ["100 troops"])
    assert found["pledges"].counts == {"add": 1}


def test_a_row_that_is_gone_says_what_it_said() -> None:
    found = changed(announced("b", "KEN"), before=(DAY, 99), after=("2023-06-01", 99))

    assert only(found["pledges"]).op == "remove"
    assert told(only(found["pledges"]))["terms"] == (["100 troops"], [])


def test_subjects_come_in_the_order_of_the_mission_and_are_counted() -> None:
    found = changed(
        {**pledged("100"), "effective": "2024-04-01"},
        {**received("30"), "effective": "2024-05-01"},
        deployed(effective="2024-05-01"),
    )

    assert list(found) == ["pledges", "deployments", "funding", "payments", "fulfilment"]
    assert counted(found.values())["add"] == sum(len(group.changes) for group in found.values())


def test_sums_of_money_bear_their_currency() -> None:
    found = changed({**received("30"), "effective": "2024-02-01"}, {**received("12.50"), "effective": "2024-05-01"})

    assert told(only(found["funding"]))["received"] == (["30 USD"], ["42.50 USD"])
    assert only(found["funding"]).fields[0].difference == "+12.50"


def test_a_dispute_is_told_in_its_words() -> None:
    found = changed(announced("a"), disputed(1, items=[people(250)], reason="A newspaper has 250."), before=(DAY, 1))

    assert told(only(found["pledges"]))["disputes"] == ([], ["1 January 2024, 250 troops: A newspaper has 250."])


def figure(low: int | None, high: int | None, approximate: bool = False, unspecified: int = 0) -> dict[str, Any]:
    return {"minimum": low, "maximum": high, "approximate": approximate, "unspecified": unspecified, "entries": []}


@pytest.mark.parametrize(
    ("old", "new", "moved"),
    [
        (figure(400, 400), figure(759, 759), "+359"),
        (figure(9, 9), figure(3, 3), "−6"),
        (figure(9, 9), figure(9, 9, approximate=True), "about ±0"),
        (figure(9, 12), figure(15, 15), None),
        (figure(9, None), figure(15, 15), None),
        (figure(None, None, unspecified=1), figure(15, 15), None),
        (figure(9, 9, unspecified=1), figure(15, 15), None),
        (None, figure(15, 15), None),
        ("9", "15", None),
    ],
)
def test_only_between_two_points_is_there_a_difference(old: Any, new: Any, moved: str | None) -> None:
    assert difference(old, new) == moved


def test_where_nothing_differs_there_is_no_group() -> None:
    assert changed(announced("a"), before=(DAY, 99)) == {}


@thorough(40)
@given(histories(), st.sampled_from(["2023-06-15", "2024-02-29", "2025-01-01"]))
def test_every_operation_of_any_history_is_told_somewhere_with_its_causes(history: list[Batch], day: str) -> None:
    entries = entries_of(history)
    for mission in {entry.mission for entry in entries if entry.mission}:
        made = comparison(entries, (day, len(entries) // 2), (DAY, len(entries)), mission)

        found = groups(made)

        shown = {position for group in found for change in group.changes for position in change.entries}
        assert shown == {position for operation in made.operations for position in operation["caused_by"]}


def test_the_states_stand_beside_their_differences(engine: Any) -> None:
    append(engine, registered(), announced("a"), said("pledge.withdrawn", "2024-05-01", pledge="a"))
    before, after = (Question(day, 2, None, None, True) for day in ("2024-04-01", DAY))

    with reading(engine) as connection:
        made = compared(connection, MISSION, before, after)
        alone = differences(connection, MISSION, before, after)

    assert [state["pledges"][0]["status"] for state in (made.before, made.after)] == ["announced", "withdrawn"]
    assert made.operations == alone
