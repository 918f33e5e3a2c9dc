"""Fields: numbers, truths, texts, objects, lists and figures; what does not fit is told what does."""

from typing import Any

import pytest

from ledger.schemas import parse_event
from tests.builders import corrected, people, said
from tests.spoiling import CONTRACT, FIRST, PAID, fault, path_to, with_value

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
