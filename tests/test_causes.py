"""Causes of differences: each operation names exactly the entries that made it, and no others."""

from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Engine

from ledger.store import reading
from projections.answers import ANSWERS, Made, folded_rows, make, needed
from projections.causes import between, changes_since
from projections.diff import operations
from projections.differences import differences
from projections.questions import ask
from tests.builders import MISSION, announced, append, corrected, deployed, money, people, registered, retracted, said
from tests.in_memory import entered
from tests.rows import (
    AUTHORISED,
    CREATED,
    DAY,
    RENEWED,
    Json,
    about_a,
    appointed,
    departed,
    disputed,
    pledged,
    ranked,
    received,
    signed,
    strength,
)

Clocks = tuple[str, int]
Causes = dict[str, list[int]]
JOINED = said("partner.joined", "2024-02-01", group="SGP", party="KEN")
STATED = said("position.stated", "2024-02-01", party="CHN", stance="opposes", on="force")
AMENDED = said("commitment.amended", "2024-04-01", commitment="c", money=money("90"))
CANCELLED = said("commitment.cancelled", "2024-05-01", commitment="c")
CEILING = said("ceiling.set", instrument="S/RES/2699(2023)", total=10)
FIGURE = "/deployments/JAM/personnel/troops/moved/minimum"
ACCOUNT = "/funding/CAN/un_trust_fund/USD"
MATTER = "/fulfilment/JAM/personnel/person"


def later(event: Json, effective: str) -> Json:
    return {**event, "effective": effective}


# a sentence; the events after the registration, from position 1; the clocks of the two states; what caused what
CAUSES: list[tuple[str, list[Json], Clocks, Clocks, Causes]] = [
    ("what arrives raises the figure", [deployed(count=10), deployed(count=5, effective="2024-05-01")], ("2024-04-30", 2), (DAY, 2), {FIGURE: [2]}),
    ("a correction changes a figure", [deployed(count=10), deployed(count=5), corrected(2, to_data={"items": [people(7)]})], (DAY, 2), (DAY, 3), {FIGURE: [3]}),
    ("a retraction takes its target along", [deployed(count=10), deployed(count=5), retracted(2)], (DAY, 2), (DAY, 3), {FIGURE: [2, 3]}),
    ("a retracted correction is told with its retraction", [deployed(count=10), corrected(1, to_data={"items": [people(7)]}), retracted(2)], (DAY, 2), (DAY, 3), {FIGURE: [2, 3]}),
    ("what comes and what is retracted are told together", [deployed(count=10), deployed(count=5, effective="2024-05-01"), retracted(1)], ("2024-04-30", 2), (DAY, 3), {FIGURE: [1, 2, 3]}),
    ("a change that was made and undone is none", [deployed(count=10), corrected(1, to_data={"items": [people(7)]}), retracted(2), deployed(count=5)], (DAY, 1), (DAY, 4), {FIGURE: [4]}),
    ("a rank recorded is the cause, not what it ranks", [deployed(count=10), deployed(count=5), ranked(2, "deprecated")], (DAY, 2), (DAY, 3), {FIGURE: [3]}),
    ("a rank that takes effect is the cause", [deployed(count=10), deployed(count=5), later(ranked(2, "deprecated"), "2024-06-01")], ("2024-05-31", 3), (DAY, 3), {FIGURE: [3]}),
    ("a rank given back is the cause", [deployed(count=10), deployed(count=5), ranked(2, "deprecated"), ranked(2, "normal")], (DAY, 3), (DAY, 4), {FIGURE: [4]}),
    ("what moves to another row is told by its correction in both", [deployed("JAM", 10), corrected(1, to_data={"party": "BLZ"})], (DAY, 1), (DAY, 2), {"/deployments/JAM/personnel/troops": [2], "/deployments/BLZ/personnel/troops": [2]}),
    ("what is moved to a later day goes by its correction", [deployed(count=10), corrected(1, to_effective="2025-02-01")], (DAY, 1), (DAY, 2), {"/deployments/JAM/personnel/troops": [1, 2]}),
    ("a later report takes the place of an earlier", [deployed(count=10), strength(people(12), party="JAM"), strength(people(10), party="JAM", effective="2024-08-01")], ("2024-07-31", 3), (DAY, 3), {"/deployments/JAM/personnel/troops/reported/figure/minimum": [3], "/findings/variance/deployments~1JAM~1troops/1-2": [3]}),
    ("a pledge withdrawn leaves every sum", [pledged("100"), received("60"), said("pledge.withdrawn", "2024-05-01", pledge="p")], ("2024-04-30", 3), (DAY, 3), {"/pledges/p/status": [3], f"{ACCOUNT}/pledged": [3], f"{ACCOUNT}/outstanding": [3], "/fulfilment/CAN/money/USD/pledged": [3], "/fulfilment/CAN/money/USD/pledges": [3]}),
    ("the same the other way round", [pledged("100"), received("60"), said("pledge.withdrawn", "2024-05-01", pledge="p")], (DAY, 3), ("2024-04-30", 3), {"/pledges/p/status": [3], f"{ACCOUNT}/pledged": [3], f"{ACCOUNT}/outstanding": [3]}),
    ("a sum loses one pledge and gains another", [pledged("100"), pledged("50", "q"), said("pledge.withdrawn", "2024-05-01", pledge="p"), later(pledged("7", "r"), "2024-06-01")], ("2024-04-30", 4), (DAY, 4), {f"{ACCOUNT}/pledged/minimum": [3, 4]}),
    ("a withdrawal retracted brings a pledge back", [announced("a"), about_a("withdrawn"), retracted(2)], (DAY, 2), (DAY, 3), {"/pledges/a/status": [2, 3], MATTER: [2, 3]}),
    ("a withdrawn pledge takes what was sent for it along", [announced("j", "FRA", jointly_with=["CAN"]), deployed("FRA", 60, fulfils="j"), said("pledge.withdrawn", "2024-05-01", pledge="j")], ("2024-04-30", 3), (DAY, 3), {"/fulfilment/FRA/personnel/person": [3], "/fulfilment/CAN+FRA/personnel/person": [3]}),
    ("a pledge converts another", [announced("a"), announced("b", count=50, effective="2024-05-01", converts=["a"])], ("2024-04-30", 2), (DAY, 2), {"/pledges/a/status": [2], "/pledges/a/converted_by": [2], "/pledges/b": [2], f"{MATTER}/pledged/minimum": [2]}),
    ("a deprecated successor gives the place back", [announced("a"), announced("b", count=50, converts=["a"]), ranked(2, "deprecated")], (DAY, 2), (DAY, 3), {"/pledges/a/status": [3], "/pledges/a/converted_by": [3], f"{MATTER}/pledged/minimum": [3]}),
    ("a suspension and its end", [announced("a"), about_a("suspended"), about_a("resumed", "2024-05-01")], ("2024-04-30", 3), (DAY, 3), {"/pledges/a/status": [3], f"{MATTER}/suspended": [3]}),
    ("a condition is met while the terms change", [announced("a", condition="c", condition_text="x"), about_a("condition-met", condition="c"), about_a("revised", items=[people(5)])], ("2024-03-31", 3), (DAY, 3), {"/pledges/a/conditional": [2], "/pledges/a/items": [3], f"{MATTER}/conditional": [2], f"{MATTER}/pledged/minimum": [3]}),
    ("a commitment amended", [signed("80"), AMENDED], ("2024-03-31", 2), (DAY, 2), {f"{ACCOUNT}/committed/minimum": [2]}),
    ("a commitment cancelled", [signed("80"), AMENDED, CANCELLED], ("2024-04-30", 3), (DAY, 3), {f"{ACCOUNT}/committed": [3], f"{ACCOUNT}/outstanding": [3]}),
    ("a post is taken up", [CREATED, appointed("Otunge")], ("2024-01-31", 2), (DAY, 2), {"/leadership/fc/vacant": [2], "/leadership/fc/holders": [2], "/findings/post-vacant/leadership~1fc/1": [2]}),
    ("a post is left", [CREATED, appointed("Otunge"), departed("Otunge")], ("2024-04-30", 3), (DAY, 3), {"/leadership/fc/vacant": [3], "/leadership/fc/holders": [3], "/leadership/fc/former": [3], "/findings/post-vacant/leadership~1fc/1-2-3": [3]}),
    ("a member leaves", [JOINED, said("partner.left", "2024-03-01", group="SGP", party="KEN")], ("2024-02-29", 2), (DAY, 2), {"/partners/SGP/KEN": [2]}),
    ("a position is withdrawn", [STATED, said("position.withdrawn", "2024-03-01", party="CHN", on="force")], ("2024-02-29", 2), (DAY, 2), {"/positions/force/CHN": [2]}),
    ("a position changes", [STATED, {**later(STATED, "2024-03-01"), "data": {**STATED["data"], "stance": "supports"}}], ("2024-02-29", 2), (DAY, 2), {"/positions/force/CHN/stance": [2], "/positions/force/CHN/earlier": [2]}),
    ("a mandate is renewed", [AUTHORISED, RENEWED], ("2024-09-29", 2), (DAY, 2), {"/mandate/until": [2], "/mandate/instrument": [2]}),
    ("a term runs out by time alone, whatever else happens", [AUTHORISED, said("mandate.amended", "2024-06-01", instrument="S/RES/2743(2024)", terms="Report.")], ("2024-05-01", 2), (DAY, 2), {"/mandate/status": [1], "/findings/mandate-expired/mandate/1": [1], "/mandate/instruments": [2]}),
    ("a renewal ends what a term's end was found by", [AUTHORISED, later(RENEWED, "2024-10-04")], ("2024-10-03", 2), (DAY, 2), {"/mandate/status": [2], "/findings/mandate-expired/mandate/1": [2]}),
    ("the last arrival exceeds the ceiling", [CEILING, deployed(count=8), deployed("KEN", 5, effective="2024-03-01")], ("2024-02-29", 3), (DAY, 3), {"/findings/deployment-above-ceiling/deployments/1-2-3": [3]}),
    ("a rank settles a dispute", [deployed(count=10), disputed(1), ranked(1, "preferred")], (DAY, 2), (DAY, 3), {"/findings/dispute-open/deployments/1-2": [3], "/deployments/JAM/personnel/troops/disputes": [3]}),
    ("the rank of a rival in another row settles it too", [deployed(count=10), deployed("BLZ"), disputed(1, rival=2), ranked(2, "preferred")], (DAY, 3), (DAY, 4), {"/findings/dispute-open/deployments/1-3": [4], "/deployments/JAM/personnel/troops/disputes": [4]}),
    ("a rank is shown by itself", [STATED, ranked(1, "preferred")], (DAY, 1), (DAY, 2), {"/positions/force/CHN/rank": [2]}),
    ("a target is superseded", [said("target.set", "2024-01-01", target="half", text="Half"), said("target.set", "2024-03-01", target="full", text="Full", supersedes=["half"])], ("2024-02-29", 2), (DAY, 2), {"/targets/half/status": [2], "/targets/full": [2]}),
]  # fmt: skip


def told(events: list[Json], before: Clocks, after: Clocks) -> list[dict[str, Any]]:
    """The operations between two states of a history, in memory."""
    entries = entered(registered(), *events)
    rows = [folded_rows(entries, needed(ANSWERS), MISSION, day, known) for day, known in (before, after)]
    states: list[Made] = [make(list(ANSWERS), kept, day) for kept, (day, _) in zip(rows, (before, after), strict=True)]
    low, high = sorted((before[1], after[1]))
    return operations(states[0], states[1], between(*rows, changes_since(entries[: high + 1], low)))


@pytest.mark.parametrize(("sentence", "events", "before", "after", "wanted"), CAUSES, ids=[row[0] for row in CAUSES])
def test_a_difference_is_caused_by_exactly_the_entries_that_made_it(
    sentence: str, events: list[Json], before: Clocks, after: Clocks, wanted: Causes
) -> None:
    found = {operation["path"]: operation["caused_by"] for operation in told(events, before, after)}

    assert {path: found.get(path) for path in wanted} == wanted, sentence


@pytest.mark.parametrize(("sentence", "events", "before", "after", "wanted"), CAUSES, ids=[row[0] for row in CAUSES])
def test_no_difference_is_caused_by_what_both_states_take_in(
    sentence: str, events: list[Json], before: Clocks, after: Clocks, wanted: Causes
) -> None:
    allowed = {position for causes in wanted.values() for position in causes}
    between_them = range(min(before[1], after[1]) + 1, max(before[1], after[1]) + 1)

    for operation in told(events, before, after):
        assert operation["caused_by"], (sentence, operation["path"])
        assert {*operation["caused_by"]} <= {*allowed, *between_them}, (sentence, operation["path"])


def test_the_database_names_the_causes_that_the_definition_names(engine: Engine) -> None:
    history = [
        registered(), deployed(count=10), deployed(count=5, effective="2024-05-01"), corrected(1, to_data={"items": [people(7)]}),
        retracted(3), announced("a"), about_a("withdrawn"), ranked(2, "deprecated"), JOINED,
    ]  # fmt: skip
    append(engine, *history)
    clocks = [("2024-01-31", 3), ("2024-04-30", 4), (DAY, 6), (DAY, 8)]

    with reading(engine) as connection:
        for before, after in pairwise(clocks):
            asked = [
                ask(connection, valid_at=day, known_position=known, today=date(2025, 1, 1))
                for day, known in (before, after)
            ]
            assert differences(connection, MISSION, *asked) == told(history[1:], before, after)
