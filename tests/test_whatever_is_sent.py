"""Whatever JSON is sent, it is understood, or refused by place and in our own words."""

from collections.abc import Callable
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from ledger.entries import payload_of
from ledger.events import EVENTS
from ledger.schemas import Fault, Invalid, parse_data, parse_event
from tests.builders import corrected, people, said
from tests.examples import example_event
from tests.generated import JSON, thorough
from tests.spoiling import CONTRACT, PAID, places, steps, with_value, without

LIBRARY_WORDS = (
    "Not a valid",
    "Missing data",
    "Invalid",
    "Must be",
    "Field may",
    "Longer than",
    "Shorter than",
    "Unknown",
)
SHAPED_LIKE_AN_EVENT = st.fixed_dictionaries(
    {"type": st.sampled_from(sorted(EVENTS))},
    optional=dict.fromkeys(("mission", "effective", "data", "source", "note", "ref", "expected_version"), JSON),
)
EVENTS_TO_SPOIL = [CONTRACT, PAID, corrected(0, to_data={"party": "BLZ"}), *map(example_event, EVENTS)]


def resolves(pointer: str, document: Any) -> bool:
    for step in steps(pointer):
        if isinstance(document, dict) and step in document:
            document = document[step]
        elif isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return False
    return True


def understood(parse: Callable[[], Any]) -> tuple[Any, list[Fault]]:
    """What was understood, or the faults; whatever else is raised goes on."""
    try:
        return parse(), []
    except Invalid as invalid:
        return None, invalid.faults


def assert_told_well(raw: Any) -> None:
    """`raw` is understood, or every fault of it points to a place and says in our own words what to do."""
    event, found = understood(lambda: parse_event(raw))

    assert event is None or event.type == raw["type"]
    assert (event is None) == bool(found)
    assert event is None or event.type == "entry.corrected" or payload_of(event)
    for one in found:
        assert resolves(one.pointer, raw) or resolves(one.pointer.rpartition("/")[0], raw), one
        assert one.detail.strip()
        assert not one.detail.startswith(LIBRARY_WORDS), one


@thorough(700)
@given(JSON | SHAPED_LIKE_AN_EVENT)
@example({"type": {}})
@example({"_schema": 1, "type": "pledge.withdrawn"})
@example({"type": "pledge.withdrawn", "data": {"_schema": {"_schema": []}}, "": 1, "~": 2, "/": 3})
def test_whatever_json_is_sent_is_refused_by_place_or_understood(raw: Any) -> None:
    assert_told_well(raw)


@st.composite
def spoilt(draw: st.DrawFn) -> dict[str, Any]:
    """A valid event in which one place is removed, replaced, renamed, doubled or given a stranger."""
    event = draw(st.sampled_from(EVENTS_TO_SPOIL))
    place = draw(st.sampled_from(sorted(places(event), key=repr)))
    how = draw(st.sampled_from(["removed", "replaced", "replaced", "replaced", "joined", "nested"]))
    if how == "removed":
        return without(event, place)
    value = draw(JSON | st.sampled_from(["", "\x00", "é", "9" * 5_000, -1, 2**53, 10**400, float("nan"), [], {}]))
    if how == "joined":
        return with_value(
            event, (*place[:-1], draw(st.text(max_size=8))) if isinstance(place[-1], str) else place, value
        )
    return with_value(event, place, [value] if how == "nested" else value)


@thorough(1_500)
@given(spoilt())
@example(with_value(CONTRACT, ["data"], None))
@example(with_value(CONTRACT, ["data", "items"], {}))
@example(with_value(CONTRACT, ["data", "items", 0, "kind"], {}))
@example(said("personnel.deployed", party="KEN", items=[{**people(1), "kind": 1}]))
@example(corrected(1, to_data={"k" * 65: 1}))
@example(corrected(1, to_data=[]))
def test_a_valid_event_with_one_spoilt_place_is_refused_by_place_or_understood(raw: dict[str, Any]) -> None:
    assert_told_well(raw)


@thorough(300)
@given(st.sampled_from(sorted(EVENTS)), JSON)
def test_whatever_data_a_correction_leads_to_are_refused_or_understood(name: str, raw: Any) -> None:
    parsed, found = understood(lambda: parse_data(name, raw, "/data/data"))

    assert found or type(parsed) is EVENTS[name]
    assert all(one.pointer.startswith("/data/data") for one in found)
