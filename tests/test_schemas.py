"""Parsing: the contract's event is understood, and whatever is not is refused by place, with what to do."""

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.entries import payload_of
from ledger.events import EVENTS
from ledger.events.pledges import PledgeNotified
from ledger.schemas import Fault, Invalid, faults_of, parse_data, parse_event
from ledger.values import PersonnelItem, Source, as_json
from tests.builders import corrected, money, people, said
from tests.examples import example_event
from tests.generated import JSON, thorough

CONTRACT = {
    "mission": "haiti-mss",
    "type": "pledge.notified",
    "effective": "2024-03-05",
    "data": {
        "pledge": "jam-personnel",
        "party": "JAM",
        "items": [
            {"kind": "personnel", "category": "troops", "minimum": 170, "maximum": 170},
            {"kind": "personnel", "category": "individual_police", "minimum": 30, "maximum": 30},
        ],
    },
    "source": {"symbol": "S/2024/262"},
    "note": "Jamaica Defence Force and Constabulary Force",
}
PAID = said(
    "contribution.received",
    party="CAN",
    channel="un_trust_fund",
    money=money("60000000.50", "CAD"),
    source={"url": "https://example.org/paid", "published": "2024-03", "also": ["A newspaper"]},
)
FIRST = "/data/items/0"
Path = Sequence[str | int]


def with_value(event: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(event)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


def without(event: dict[str, Any], path: Path) -> dict[str, Any]:
    changed = with_value(event, path, None)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return changed


def steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def path_to(pointer: str, document: Any) -> list[str | int]:
    """A JSON pointer as keys and indexes of `document`, the last of which may be new."""
    path: list[str | int] = []
    for step in steps(pointer):
        path.append(int(step) if isinstance(document, list) else step)
        document = document.get(step) if isinstance(document, dict) else document[int(step)]
    return path


def faults(raw: Any) -> list[Fault]:
    with pytest.raises(Invalid) as invalid:
        parse_event(raw)
    return invalid.value.faults


def fault(raw: Any) -> tuple[str, str]:
    (only,) = faults(raw)
    return only.pointer, only.detail


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


NUMBERS = [FIRST + "/minimum", FIRST + "/women", "/expected_version"]


@pytest.mark.parametrize("pointer", NUMBERS)
@pytest.mark.parametrize("value", ["170", "", True, False, 1.5, 170.0, float("nan"), float("inf"), [], [170], {}])
def test_only_a_whole_number_is_a_number(pointer: str, value: Any) -> None:
    told = fault(with_value(CONTRACT, path_to(pointer, CONTRACT), value))

    assert told == (pointer, "must be a whole number, without quotes")


@pytest.mark.parametrize(
    ("pointer", "number", "bounds"),
    [
        (FIRST + "/minimum", -1, "must be from 0 to 1000000000"),
        (FIRST + "/minimum", 10**9 + 1, "must be from 0 to 1000000000"),
        (FIRST + "/women", 10**400, "must be from 0 to 1000000000"),
        ("/expected_version", -1, "must be from 0 to 9007199254740991"),
        ("/expected_version", 2**53, "must be from 0 to 9007199254740991"),
    ],
)
def test_a_number_out_of_bounds_is_told_its_bounds(pointer: str, number: int, bounds: str) -> None:
    assert fault(with_value(CONTRACT, path_to(pointer, CONTRACT), number)) == (pointer, bounds)


def test_numbers_at_their_bounds_are_accepted() -> None:
    for low, high in ((0, 0), (0, 10**9), (10**9, 10**9)):
        event = parse_event(
            {**CONTRACT, "data": {**CONTRACT["data"], "items": [people(low, high)]}, "expected_version": 2**53 - 1}
        )

        assert (event.data.items[0].minimum, event.data.items[0].maximum) == (low, high)


@pytest.mark.parametrize("value", ["true", 1, 0, "yes", [], {}])
def test_only_true_and_false_are_true_and_false(value: Any) -> None:
    told = fault(with_value(CONTRACT, ["data", "items", 0, "approximate"], value))

    assert told == ("/data/items/0/approximate", "must be true or false")


@pytest.mark.parametrize("value", [2024, 1.5, True, [], {}])
@pytest.mark.parametrize("pointer", ["/effective", "/mission", "/data/party", "/note", FIRST + "/category"])
def test_only_a_string_is_a_text(pointer: str, value: Any) -> None:
    told = fault(with_value(CONTRACT, path_to(pointer, CONTRACT), value))

    assert told[0] == pointer
    assert told[1].startswith("must be a string: ")


@pytest.mark.parametrize("value", ["x", 1, True, [], [1]])
@pytest.mark.parametrize("pointer", ["", "/data", FIRST, "/source"])
def test_only_an_object_is_an_object(pointer: str, value: Any) -> None:
    raw = with_value(CONTRACT, path_to(pointer, CONTRACT), value) if pointer else value

    assert fault(raw) == (pointer, "must be a JSON object")


@pytest.mark.parametrize("value", ["abc", 1, True, {}, {"0": {}}])
@pytest.mark.parametrize("pointer", ["/data/items", "/data/jointly_with", "/source/also"])
def test_only_a_list_is_a_list(pointer: str, value: Any) -> None:
    assert fault(with_value(CONTRACT, path_to(pointer, CONTRACT), value)) == (pointer, "must be a list")


@pytest.mark.parametrize("value", ["x", 1, [], True])
def test_the_changes_of_a_correction_are_an_object(value: Any) -> None:
    assert fault(corrected(1, to_data=value)) == ("/data/data", "must be a JSON object")


@pytest.mark.parametrize("count", [0, 51])
def test_a_list_too_short_or_too_long_is_told_its_bounds(count: int) -> None:
    told = fault(with_value(CONTRACT, ["data", "items"], [people(1)] * count))

    assert told == ("/data/items", "must hold 1 to 50 things")
    assert parse_event(with_value(CONTRACT, ["data", "items"], [people(1)] * 50))


@pytest.mark.parametrize(("pointer", "longest"), [("/note", 4_000), ("/source/title", 300), ("/source/symbol", 80)])
def test_a_text_that_is_too_long_is_told_its_length(pointer: str, longest: int) -> None:
    told = fault(with_value(CONTRACT, path_to(pointer, CONTRACT), "x" * (longest + 1)))

    assert told[0] == pointer
    assert told[1].startswith(f"is longer than {longest} characters")


SPOILT_TEXTS = [
    ("/effective", "2024-13", "2024-13 is not in the calendar"),
    ("/effective", "2023-02-29", "2023-02-29 is not in the calendar"),
    ("/effective", "1899", "1899 lies outside the years 1900 to 2199"),
    ("/effective", "yesterday", "'yesterday' is not a date: YYYY, YYYY-MM or YYYY-MM-DD, such as 2024-03-05"),
    ("/effective", "2024-03-05 00:00:00", "; write 2024-03-05, without a time"),
    ("/effective", "5/3/2024", "; write 2024-03-05 or 2024-05-03, whichever is meant"),
    ("/source/retrieved", "25.12.2024", "; write 2024-12-25, whichever is meant"),
    ("/source/retrieved", "2024-03", "'2024-03' is not a day: YYYY-MM-DD, such as 2024-10-02"),
    ("/source/symbol", "S/RES/2699", "put other references into the title or the url"),
    ("/source/url", "ftp://undocs.org", "'ftp://undocs.org' is not an http or https address"),
    ("/data/party", "Jamaica", "is not a party's code: ISO 3166-1 alpha-3 for a state"),
    ("/data/party", "Jamaica", "; write JAM for Jamaica"),
    ("/data/party", "JAMAICA", "'JAMAICA' is the name of a state; write JAM for Jamaica"),
    ("/data/party", "jam", "; write JAM for Jamaica"),
    ("/data/party", "JAM+BLZ", "such as JAM"),
    ("/data/pledge", "Jamaica's pledge", "such as jam-personnel"),
    ("/mission", "Haiti MSS", "such as haiti-mss"),
    ("/ref", "1st letter", "such as letter-2024-03-05"),
    ("/data/items/0/category", "troop", "'troop' is not one of: troops, "),
    ("/note", "", "must not be empty; leave the field out instead"),
    ("/note", "  \n", "must not be empty; leave the field out instead"),
    ("/note", "a\x00b", "its character 2 is U+0000, a control character"),
    ("/note", "a\x1bb", "U+001B"),
    ("/source/title", "Ken\u202eya", "its character 4 is U+202E, RIGHT-TO-LEFT OVERRIDE, which cannot be seen"),
    ("/source/url", "https://a.b/\u200bc", "its character 13 is U+200B, ZERO WIDTH SPACE"),
    ("/source/title", "two\nlines", "is not a line of text"),
    ("/source/title", "half \ud800", "half of a character"),
    ("/note", "half \udfff", "half of a character"),
]


@pytest.mark.parametrize(("pointer", "text", "sentence"), SPOILT_TEXTS)
def test_a_text_that_does_not_fit_is_told_what_does(pointer: str, text: str, sentence: str) -> None:
    told = fault(with_value(CONTRACT, path_to(pointer, CONTRACT), text))

    assert told[0] == pointer
    assert sentence in told[1]


@pytest.mark.parametrize("text", ["5 March 2024", "2024-03-05T00:00:00Z", "the third of March"])
def test_a_date_written_otherwise_is_told_how_dates_are_written(text: str) -> None:
    pointer, told = fault(with_value(CONTRACT, ["effective"], text))

    assert pointer == "/effective"
    assert "YYYY-MM-DD" in told


IMPOSSIBLE_FIGURES = [
    ({"minimum": 5, "maximum": 3}, "minimum", "minimum 5 is more than maximum 3"),
    ({"minimum": 5, "unspecified": "unknown"}, "unspecified", "exclude each other; drop one of them"),
    ({"maximum": 5, "unspecified": "unknown"}, "unspecified", "exclude each other; drop one of them"),
    ({}, "minimum", "give minimum, maximum or both, or say with unspecified why there is none"),
]


@pytest.mark.parametrize(("figure", "field", "sentence"), IMPOSSIBLE_FIGURES)
@pytest.mark.parametrize(
    "item",
    [
        {"kind": "personnel", "category": "troops"},
        {"kind": "equipment", "category": "helicopter"},
        {"kind": "service", "category": "training"},
    ],
)
def test_an_impossible_figure_is_refused(item: Any, figure: dict[str, Any], field: str, sentence: str) -> None:
    pointer, told = fault(with_value(CONTRACT, ["data", "items", 1], {**item, **figure}))

    assert pointer == f"/data/items/1/{field}"
    assert sentence in told


@pytest.mark.parametrize(
    ("sums", "field", "sentence"),
    [
        ({"amount_minimum": "5", "amount_maximum": "3"}, "amount_minimum", "is more than amount_maximum 3"),
        ({"amount": "5", "amount_minimum": "3"}, "amount", "exclude each other"),
        ({"amount": "5", "unspecified": "unknown"}, "unspecified", "exclude each other"),
        ({}, "amount_minimum", "a figure is missing"),
        ({"amount": 5}, "amount", "must be a string: a decimal amount as text"),
        ({"amount": "1,000"}, "amount", "is not a decimal amount as text, without sign or separators"),
        ({"amount": "-5"}, "amount", "is not a decimal amount as text, without sign or separators"),
    ],
)
def test_impossible_money_is_refused(sums: dict[str, Any], field: str, sentence: str) -> None:
    pointer, told = fault(with_value(PAID, ["data", "money"], {"currency": "USD", **sums}))

    assert pointer == f"/data/money/{field}"
    assert sentence in told


@pytest.mark.parametrize(
    "event",
    [
        said("casualty.reported", party="KEN", casualty="missing", minimum=5, maximum=3),
        said("pledge-total.reported", counting="formal_notifications", minimum=5, maximum=3),
    ],
    ids=lambda event: event["type"],
)
def test_a_plain_count_is_no_more_at_least_than_at_most(event: dict[str, Any]) -> None:
    pointer, told = fault(event)

    assert pointer == "/data/minimum"
    assert told == "minimum 5 is more than maximum 3"


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


# --- whatever is sent ---------------------------------------------------------------------------------------------

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


def places(document: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path to every part of a document."""
    parts: Any = document.items() if isinstance(document, dict) else ()
    parts = enumerate(document) if isinstance(document, list) else parts
    for step, part in parts:
        yield (*at, step)
        yield from places(part, (*at, step))


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
