"""A family told forward says of every correction what settling the family anew for each would say."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entries import Entry
from ledger.standing import as_it_stands, merge
from projections import family
from tests.builders import announced, corrected, retracted
from tests.generated import thorough
from tests.in_memory import entered

Told = dict[int, tuple[dict[str, Any], dict[str, Any]]]


def settled_anew(entries: list[Entry]) -> Told:
    """The definition: of each correction its target, settled with everything before it, and with itself as well."""
    told = {}
    for entry in entries:
        if entry.type == "entry.corrected":
            target = next(member for member in entries if member.position == entry.target)
            earlier = [member for member in entries if member.position < entry.position]
            stood = [as_it_stands(target, known) for known in (earlier, [*earlier, entry])]
            before, after = ({"effective": s.effective, "data": s.data, "source": s.source} for s in stood)
            told[entry.position] = before, after
    return told


def quarrel(moves: list[tuple[str, int]]) -> list[Entry]:
    """An announcement, and corrections and retractions of it and of one another, retracted twice as well."""
    history = [announced("a", source={"symbol": "S/2024/262"})]
    for number, (what, pick) in enumerate(moves):
        target = pick % len(history)
        change = CHANGES[what](number)
        nested = history[target]["type"] == "entry.corrected"
        history.append(
            retracted(target) if what == "retracted" else corrected(target, **(nest(change) if nested else change))
        )
    return entered(*history)


def nest(change: dict[str, Any]) -> dict[str, Any]:
    """The same of what a correction says."""
    return {"to_data": {name.removeprefix("to_"): value for name, value in change.items()}}


CHANGES: dict[str, Callable[[int], dict[str, Any]]] = {
    "retracted": lambda number: {},
    "data": lambda number: {
        "to_data": {"party": ["BLZ", "GTM", "BHS"][number % 3], "due": None if number % 2 else "2025"}
    },
    "effective": lambda number: {"to_effective": f"2024-{1 + number % 12:02}"},
    "source": lambda number: {"to_source": {"title": f"Letter {number}"}},
}


@thorough(300)
@given(st.lists(st.tuples(st.sampled_from(list(CHANGES)), st.integers(0, 10**6)), max_size=16))
def test_a_family_told_forward_is_the_family_settled_anew(moves: list[tuple[str, int]]) -> None:
    entries = quarrel(moves)

    assert family.told_forward(entries) == settled_anew(entries)


def test_a_family_is_told_in_time_that_grows_with_its_length() -> None:
    """Counted in merges, so that no slow machine fails it."""
    long = entered(announced("a"), *(corrected(0, to_data={"party": ("BLZ", "GTM")[n % 2]}) for n in range(300)))

    with pytest.MonkeyPatch.context() as patch:
        merges: list[int] = []
        patch.setattr(family, "merge", lambda data, change: merges.append(1) or merge(data, change))
        told = family.told_forward(long)

    assert (len(told), len(merges)) == (300, 300)
