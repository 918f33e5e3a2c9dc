"""Forms: every declared event can be typed in the form that is made from its declaration."""

from typing import Any

import pytest

from api.templates import example
from api.web import corrections, forms, typed
from api.web.forms import CORRECTED, Field, Form, Listing
from ledger import codec, records
from ledger.events import EVENTS
from ledger.schemas import Fault

TYPES = [name for name, declared in EVENTS.items() if not declared.ABOUT]
PLEDGE = {
    "/mission": "haiti-mss",
    "/effective": "2024-03-05",
    "/data/pledge": "jam-personnel",
    "/data/party": "JAM",
    "/data/items/0/kind": "personnel",
    "/data/items/0/category": "troops",
    "/data/items/0/minimum": "170",
}
TARGET = {
    "type": "pledge.withdrawn",
    "effective": "2024-03",
    "data": {"pledge": "jam-personnel", "reason": "none"},
    "source": {"title": "A letter"},
}


def fields(form: Form, said: dict[str, str]) -> dict[str, Field]:
    return {node.pointer: node for node in forms.every(form.nodes(said)) if isinstance(node, Field)}


@pytest.mark.parametrize("type_name", TYPES)
def test_every_event_type_has_a_form_that_says_its_example(type_name: str) -> None:
    event = example(type_name)

    said, faults = Form(type_name).event(typed.typed(event))

    assert faults == []
    assert said == event


def test_whatever_the_shipped_record_says_can_be_typed() -> None:
    lines = [codec.read(line) for line in records.content("haiti-mss").splitlines() if line.strip()]
    events = [sayable(line) for line in lines if line["type"] != CORRECTED]

    said = [Form(event["type"]).event(typed.typed(event), event["data"].get("target"))[0] for event in events]

    assert len(said) > 300
    assert said == events


def sayable(line: dict[str, Any]) -> dict[str, Any]:
    """A line of the record as a form says it: an event about an entry takes its mission from there."""
    names = ("type", "effective", "data", "source", "note", "ref", *([] if EVENTS[line["type"]].ABOUT else ["mission"]))
    return {name: line[name] for name in names if line.get(name) is not None}


def test_every_field_of_every_form_says_what_it_is() -> None:
    for type_name in TYPES:
        for field in fields(Form(type_name), typed.typed(example(type_name))).values():
            assert field.label
            assert field.hint or field.pointer.rsplit("/", 1)[1].isdigit()


def test_what_is_empty_is_left_out() -> None:
    event, _ = Form("pledge.announced").event(
        {**PLEDGE, "/note": "  ", "/data/items/0/maximum": "", "/source/title": ""}
    )

    assert event["data"]["items"] == [{"kind": "personnel", "category": "troops", "minimum": 170}]
    assert "note" not in event
    assert "source" not in event


def test_a_number_with_separators_is_told_at_its_field() -> None:
    event, faults = Form("pledge.announced").event({**PLEDGE, "/data/items/0/minimum": "1,000"})

    assert [fault.pointer for fault in faults] == ["/data/items/0/minimum"]
    assert event["data"]["items"][0]["minimum"] == "1,000"


def test_a_list_grows_by_a_thing_of_the_kind_that_was_chosen() -> None:
    said, place = typed.added(PLEDGE, "/data/items", "money")

    assert place == "/data/items/1"
    assert "/data/items/1/currency" in fields(Form("pledge.announced"), said)
    assert "/data/items/1/category" not in fields(Form("pledge.announced"), said)


def test_what_is_removed_from_a_list_leaves_the_others_as_they_are() -> None:
    said = {**PLEDGE, "/data/items/1/kind": "money", "/data/items/1/currency": "USD"}

    left = typed.compact(typed.removed(said, "/data/items/0"))

    assert {name: text for name, text in left.items() if "items" in name} == {
        "/data/items/0/kind": "money",
        "/data/items/0/currency": "USD",
    }


def test_faults_stand_at_the_nearest_place_of_the_form() -> None:
    nodes = Form("pledge.announced").nodes(PLEDGE)
    told = [
        Fault("/data/party", "a"),
        Fault("/data/items/0/strange", "b"),
        Fault("/data/items", "c"),
        Fault("/elsewhere", "d"),
    ]

    placed = forms.placed(told, nodes)

    assert placed == {"/data/party": ["a"], "/data/items/0": ["b"], "/data/items": ["c"], "": ["d"]}


def test_closed_codes_are_chosen_with_their_meanings_and_names_are_picked() -> None:
    made = fields(Form("pledge.announced"), PLEDGE)

    assert made["/data/items/0/category"].choices["troops"] == "members of national military contingents"  # type: ignore[index]
    assert [made[name].suggestions for name in ("/data/party", "/mission", "/source/symbol")] == [
        "parties",
        "missions",
        "symbols",
    ]
    assert made["/data/due"].widget == "date"


def test_a_required_list_of_one_kind_begins_with_one_thing() -> None:
    nodes = forms.every(Form("personnel.deployed").nodes({}))
    items = next(node for node in nodes if isinstance(node, Listing) and node.pointer == "/data/items")

    assert len(items.nodes) == 1
    assert items.kinds == []


def corrected(**changes: str) -> tuple[dict[str, Any], list[Fault]]:
    said = {**corrections.typed_target(TARGET), "/data/reason": "why", "/data/reason_code": "source_error"}
    event, faults = Form(CORRECTED, "pledge.withdrawn").event({**said, **changes}, 17)
    return event["data"], [*faults, *corrections.only_changes(event, TARGET)]


def test_a_correction_says_only_what_is_changed() -> None:
    data, faults = corrected(**{"/data/data/reason": "money"})

    assert faults == []
    assert data == {"data": {"reason": "money"}, "reason_code": "source_error", "reason": "why", "target": 17}


def test_a_correction_takes_away_what_is_emptied() -> None:
    data, _ = corrected(**{"/data/data/reason": ""})

    assert data["data"] == {"reason": None}


def test_a_correction_of_date_and_source_leaves_the_data_alone() -> None:
    data, _ = corrected(**{"/data/effective": "2024-03-06", "/data/source/publisher": "UN"})

    assert (data["effective"], data["source"]) == ("2024-03-06", {"title": "A letter", "publisher": "UN"})
    assert "data" not in data


def test_a_correction_cannot_take_the_source_away() -> None:
    _, faults = corrected(**{"/data/source/title": "", "/data/effective": ""})

    assert [fault.pointer for fault in faults] == ["/data/effective", "/data/source"]


def test_a_correction_of_a_correction_is_typed_as_json() -> None:
    target = {
        "type": CORRECTED,
        "effective": "2024",
        "data": {"target": 3, "data": {"reason": None}, "reason_code": "duplicate", "reason": "x"},
        "source": None,
    }
    said = {**corrections.typed_target(target), "/data/reason": "why", "/data/reason_code": "source_error"}
    said[forms.CHANGED] = said[forms.CHANGED].replace('"reason":null', '"reason":"y"')

    event, faults = Form(CORRECTED, CORRECTED).event(said, 17)
    faults += corrections.only_changes(event, target)

    assert faults == []
    assert event["data"]["data"] == {"data": {"reason": "y"}}


@pytest.mark.parametrize(
    "name",
    [
        "/data",
        "/data/items",
        "/data/items/0",
        "/data/items/x/kind",
        "/data/items/999999",
        "/x/y/z",
        "/",
        "//",
        "/data/items/0/kind",
    ],
)
def test_strange_field_names_do_no_harm(name: str) -> None:
    said = typed.compact({**PLEDGE, name: "strange"})

    Form("pledge.announced").event(said)
    nodes = Form("pledge.announced").nodes(said)

    assert nodes


@pytest.mark.parametrize("step", ["²", "٣", "-1", ""])
def test_what_is_no_number_is_no_place_in_a_list(step: str) -> None:
    said = typed.compact({**PLEDGE, f"/data/items/{step}/category": "troops"})

    event, _ = Form("pledge.announced").event(said)

    assert event.keys() == Form("pledge.announced").event(PLEDGE)[0].keys()
    assert not any(item.keys() == {"category"} for item in event["data"].get("items", []))
