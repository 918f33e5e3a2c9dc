"""Parsing: the contract's event is understood, and whatever is not is refused by place, with what to do."""

from typing import Any

import pytest

from ledger.events.pledges import PledgeNotified
from ledger.schemas import Fault, Invalid, faults_of, parse_data, parse_event
from ledger.values import PersonnelItem, Source, as_json
from tests.builders import corrected, people, said
from tests.spoiling import CONTRACT, FIRST, PAID, fault, faults, path_to, places, with_value, without


def test_the_contracts_event_is_understood() -> None:
    event = parse_event(CONTRACT)

    troops, police = (
        PersonnelItem(kind="personnel", category=category, minimum=count, maximum=count)
        for category, count in (("troops", 170), ("individual_police", 30))
    )
    assert event.data == PledgeNotified(pledge="jam-personnel", party="JAM", items=(troops, police))
    assert (event.type, event.mission, event.effective) == ("pledge.notified", "haiti-mss", "2024-03-05")
    assert event.source == Source(symbol="S/2024/262")
    assert event.note == "Jamaica Defence Force and Constabulary Force"
    assert (event.ref, event.expected_version) == (None, None)
    assert event.stream == "haiti-mss/pledge/jam-personnel"


@pytest.mark.parametrize("event", [CONTRACT, PAID])
def test_what_is_understood_is_what_was_said(event: dict[str, Any]) -> None:
    parsed = parse_event(event)

    assert as_json(parsed.data) == event["data"]
    assert as_json(parsed.source) == event["source"]


def test_symbols_are_brought_into_their_stored_form() -> None:
    renewed = said("mandate.renewed", instrument="S/RES/2751 (2024)", source={"symbol": "S/RES/2751 (2024)"})

    event = parse_event(renewed)

    assert (event.data.instrument, event.source.symbol) == ("S/RES/2751(2024)", "S/RES/2751(2024)")


UNKNOWN_FIELDS = [
    ("/efective", "effective"),
    ("/data/partie", "party"),
    ("/data/items/0/minium", "minimum"),
    ("/source/symbl", "symbol"),
    ("/expected_versions", "expected_version"),
    ("/data/a~1b~0c", "pledge"),
]


@pytest.mark.parametrize(("pointer", "nearest"), UNKNOWN_FIELDS)
def test_an_unknown_field_is_answered_with_the_nearest_right_one(pointer: str, nearest: str) -> None:
    told = fault(with_value(CONTRACT, path_to(pointer, CONTRACT), 1))

    assert told[0] == pointer
    assert told[1].startswith(f"is not a field here; the fields are: {nearest}, ")


@pytest.mark.parametrize("nonsense", ["pledge.notifed", "pledge.notify"])
def test_an_unknown_event_type_is_answered_with_the_nearest_right_one(nonsense: str) -> None:
    pointer, told = fault(with_value(CONTRACT, ["type"], nonsense))

    assert pointer == "/type"
    assert told.startswith(f"'{nonsense}' is not one of: pledge.notified, ")


def test_an_unknown_kind_is_answered_with_the_kinds() -> None:
    pointer, told = fault(with_value(CONTRACT, ["data", "items", 0, "kind"], "people"))

    assert pointer == "/data/items/0/kind"
    assert told == "'people' is not one of: personnel, equipment, service, money"


@pytest.mark.parametrize("event", [CONTRACT, PAID])
def test_every_required_field_is_missed_by_name(event: dict[str, Any]) -> None:
    optional = {"source", "note", "published", "also", "url", "minimum", "maximum", "amount"}
    required = [place for place in places(event) if place[-1] not in optional and isinstance(place[-1], str)]

    found = {tuple(place): fault(without(event, place)) for place in required if "source" not in place}

    assert len(found) >= 7
    for place, (pointer, told) in found.items():
        assert pointer == "/" + "/".join(map(str, place))
        assert told.startswith("is missing")


@pytest.mark.parametrize(
    "pointer",
    ["/effective", "/mission", "/data", "/data/party", "/data/items", FIRST, FIRST + "/minimum", "/source", "/note"],
)
def test_null_is_refused_with_the_advice_to_leave_the_field_out(pointer: str) -> None:
    told = fault(with_value(CONTRACT, path_to(pointer, CONTRACT), None))

    assert told == (pointer, "must not be null; leave it out instead")


@pytest.mark.parametrize("pointer", ["/type", FIRST + "/kind"])
def test_a_null_where_a_kind_is_told_lists_the_kinds(pointer: str) -> None:
    told = fault(with_value(CONTRACT, path_to(pointer, CONTRACT), None))

    assert told[0] == pointer
    assert told[1].startswith("is missing; it is one of: ")


def test_a_source_must_be_findable() -> None:
    assert fault(with_value(CONTRACT, ["source"], {})) == ("/source/title", "a source needs a symbol, a url or a title")


@pytest.mark.parametrize("kind", ["equipment", "people", 5, [], {}])
def test_where_only_people_can_be_meant_the_kind_must_say_so(kind: Any) -> None:
    deployed = said("personnel.deployed", party="KEN", items=[{**people(5), "kind": kind}])

    told = {found.pointer: found.detail for found in faults(deployed)}

    assert told == {"/data/items/0/kind": "must be personnel"}


@pytest.mark.parametrize("target", [True, -1, 1.0, 2**53, [], {}])
def test_a_target_is_a_position_or_a_ref(target: Any) -> None:
    pointer, told = fault(corrected(target, to_effective="2024"))

    assert pointer == "/data/target"
    assert "an entry's position (a number from 0) or the ref that its recorder gave it" in told


@pytest.mark.parametrize("changes", [{}, {"to_data": {}}])
def test_a_correction_must_change_something(changes: dict[str, Any]) -> None:
    pointer, told = fault(corrected(1, **changes))

    assert pointer == "/data"
    assert told == "corrects nothing; give effective, data or source as they should be"


def test_an_event_of_the_whole_ledger_has_no_mission() -> None:
    pointer, told = fault(said("party.registered", party="UNSOH", name="Support office", kind="office"))

    assert pointer == "/mission"
    assert told.startswith("is not a field here; ")


def test_no_post_bears_the_name_of_the_lead_nation() -> None:
    pointer, detail = fault(said("post.created", post="lead-nation", role="force_commander"))

    assert pointer == "/data/post"
    assert "give the post another name" in detail


def test_every_fault_of_an_event_is_told_at_once() -> None:
    raw = {
        "type": "pledge.notified",
        "effective": "soon",
        "colour": "blue",
        "data": {"pledge": "A B", "party": 5, "items": [people(1), {"kind": "personnel"}, people(3, 2)]},
        "source": {"url": "nowhere"},
    }

    told = {found.pointer for found in faults(raw)}

    expected = ["effective", "colour", "mission", "data/pledge", "data/party", "source/url"]
    assert told == {f"/{name}" for name in [*expected, "data/items/1/category", "data/items/2/minimum"]}


def test_pointers_begin_where_the_event_stands_in_its_batch() -> None:
    with pytest.raises(Invalid) as invalid:
        parse_event(with_value(CONTRACT, ["data", "party"], 5), "/7")
    with pytest.raises(Invalid) as whole:
        parse_event([], "/8")
    with pytest.raises(Invalid) as part:
        parse_data("pledge.withdrawn", {}, "/9/data")

    assert [error.value.faults[0].pointer for error in (invalid, whole, part)] == [
        "/7/data/party",
        "/8",
        "/9/data/pledge",
    ]


def test_nested_messages_become_a_flat_list() -> None:
    messages = {"a/b": {0: ["one", "two"]}, "c~d": {"_schema": ["three"]}, "e": "four"}

    found = faults_of(messages, "/x")

    assert found == [
        Fault("/x/a~1b/0", "one"),
        Fault("/x/a~1b/0", "two"),
        Fault("/x/c~0d", "three"),
        Fault("/x/e", "four"),
    ]
