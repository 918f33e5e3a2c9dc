"""Events recorded as one: each is judged after those before it, and none is blamed for another."""

from typing import Any

import pytest
from sqlalchemy import Engine

from ledger.refusals import Refused
from ledger.store import reading, size
from tests.builders import append, corrected, deployed, people, retracted
from tests.facts import (
    ABOLISHED,
    CREATED,
    DISPUTED,
    LEFT,
    NOTIFIED,
    RESUMED,
    REVISED,
    SUSPENDED,
    WITHDRAWN,
    A,
    B,
    R,
    naming,
)


def refusals(engine: Engine, *events: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refused:
        append(engine, *events)
    return [(r.code, r.pointer) for r in refused.value.refusals]


def test_a_refused_event_does_not_blame_the_later_ones(engine: Engine) -> None:
    append(engine, R, {**deployed(), "ref": "taken"})
    twice = {**A, "ref": "taken"}
    unfounded = naming(CREATED, post="x")

    found = refusals(engine, twice, NOTIFIED, WITHDRAWN, deployed(fulfils="a"), unfounded, ABOLISHED, LEFT)

    assert found == [("ref-taken", "/0/ref"), ("not-possible-now", "/5/data"), ("not-possible-now", "/6/data")]
    with reading(engine) as connection:
        assert size(connection) == 2


TOO_LARGE = naming(A, items=[people(1, note="x" * 4_000)] * 20)
WRONG = corrected(1, ref="mended", to_data={"party": "nobody"})


@pytest.mark.parametrize(
    ("refused", "code", "pointer"),
    [
        (WRONG, "wrong-correction", "/data/data/party"),
        ({**retracted("no-such"), "ref": "mended"}, "unknown-entry", "/data/target"),
        ({**NOTIFIED, "ref": "mended"}, "already-exists", "/data"),
        ({**naming(REVISED, items=TOO_LARGE["data"]["items"]), "ref": "mended"}, "too-large", ""),
    ],
)
def test_what_is_about_a_refused_event_is_judged_once_that_one_is_mended(
    engine: Engine, refused: dict[str, Any], code: str, pointer: str
) -> None:
    append(engine, R, A, NOTIFIED, naming(DISPUTED, rival=2))
    about_it = [corrected("mended", ref="again", to_effective="2024-02"), retracted(4), retracted("again"),
                naming(DISPUTED, rival="mended"), corrected(3, to_data={"rival": 4})]  # fmt: skip

    found = refusals(engine, refused, *about_it, retracted(99))

    assert found == [(code, f"/0{pointer}"), ("unknown-entry", "/6/data/target")]


def test_an_event_that_is_too_large_does_not_blame_the_later_ones(engine: Engine) -> None:
    append(engine, R)

    assert refusals(engine, TOO_LARGE, REVISED, deployed(fulfils="a")) == [("too-large", "/0")]
    assert [code for code, _ in refusals(engine, A, naming(REVISED, items=TOO_LARGE["data"]["items"]))] == ["too-large"]


def test_an_event_of_a_batch_is_judged_after_those_before_it(engine: Engine) -> None:
    entries = append(engine, R, A, SUSPENDED, RESUMED, deployed(fulfils="a"), {**WITHDRAWN, "expected_version": 3})
    again = refusals(engine, B, naming(WITHDRAWN, pledge="b"), naming(WITHDRAWN, pledge="b"))

    assert [entry.version for entry in entries if entry.stream == "test-mission/pledge/a"] == [1, 2, 3, 4]
    assert again == [("already-exists", "/2/data")]


def test_a_batch_may_correct_its_own_entries_one_after_the_other(engine: Engine) -> None:
    first = {**deployed(), "ref": "arrival"}

    entries = append(
        engine,
        R,
        A,
        first,
        corrected("arrival", ref="mended", to_data={"fulfils": "a"}),
        corrected("arrival", to_data={"party": "BLZ"}),
        retracted("mended"),
    )

    assert [(entry.target, entry.root) for entry in entries[3:]] == [(2, 2), (2, 2), (3, 2)]


def test_a_correction_after_a_recorded_one_may_change_another_field(engine: Engine) -> None:
    append(engine, R, A, deployed(), corrected(2, to_data={"fulfils": "a"}))

    (entry,) = append(engine, corrected(2, to_data={"party": "BLZ"}))

    assert (entry.position, entry.target) == (4, 2)


def test_a_correction_of_a_correction_cannot_break_the_projections(engine: Engine) -> None:
    append(engine, R, A, corrected(1, to_data={"party": "BLZ"}))

    found = refusals(engine, corrected(2, to_data={"data": {"items": "rubbish"}}))

    assert [code for code, _ in found] == ["wrong-correction"]


def test_a_correction_of_an_event_earlier_in_the_batch_may_refer_to_what_is_recorded(engine: Engine) -> None:
    append(engine, R, A)

    entries = append(engine, deployed(), corrected(2, to_data={"fulfils": "a"}))

    assert [entry.position for entry in entries] == [2, 3]
