"""Values: partial dates, figures with two ends, money, and what a text must look like."""

import calendar
from dataclasses import fields
from datetime import date, timedelta
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import values
from ledger.texts import Text, nearest_first
from ledger.values import (
    EquipmentItem,
    Money,
    MoneyItem,
    PartialDate,
    PersonnelItem,
    ServiceItem,
    Source,
    Unfit,
    add_months,
    as_json,
)
from tests.generated import thorough

# --- partial dates ------------------------------------------------------------------------------------------------

DATES = {
    "2024": ("2024-01-01", "2024-12-31", "year"),
    "2024-02": ("2024-02-01", "2024-02-29", "month"),
    "2023-02": ("2023-02-01", "2023-02-28", "month"),
    "1900-02": ("1900-02-01", "1900-02-28", "month"),
    "2000-02": ("2000-02-01", "2000-02-29", "month"),
    "2024-12": ("2024-12-01", "2024-12-31", "month"),
    "2024-02-29": ("2024-02-29", "2024-02-29", "day"),
    "2000-02-29": ("2000-02-29", "2000-02-29", "day"),
    "1900": ("1900-01-01", "1900-12-31", "year"),
    "1900-01-01": ("1900-01-01", "1900-01-01", "day"),
    "2199": ("2199-01-01", "2199-12-31", "year"),
    "2199-12-31": ("2199-12-31", "2199-12-31", "day"),
}
NOT_IN_THE_CALENDAR = [
    "2023-02-29",
    "1900-02-29",
    "2100-02-29",
    "2024-02-30",
    "2024-04-31",
    "2024-00",
    "2024-13",
    "2024-01-00",
    "2024-01-32",
]
OUTSIDE = ["0000", "1899", "1899-12-31", "2200", "2200-01-01", "9999-12"]
NOT_A_DATE = [
    "",
    "24",
    "2024-",
    "2024-1",
    "2024-1-1",
    "2024-01-1",
    "20240101",
    "2024/01/01",
    "2024-01-01T00:00:00Z",
    " 2024",
    "2024\n",
    "-2024",
    "2024-XX",
    "2024~",
    "٢٠٢٤",
]


@pytest.mark.parametrize(("text", "first", "last", "precision"), [(text, *told) for text, told in DATES.items()])
def test_a_partial_date_spans_every_day_that_it_may_mean(text: str, first: str, last: str, precision: str) -> None:
    parsed = PartialDate.parse(text)

    assert (parsed.first.isoformat(), parsed.last.isoformat(), parsed.precision) == (first, last, precision)
    assert parsed.text == text


@pytest.mark.parametrize("text", NOT_IN_THE_CALENDAR)
def test_a_date_that_never_was_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not in the calendar"):
        PartialDate.parse(text)


@pytest.mark.parametrize("text", OUTSIDE)
def test_a_date_outside_the_ledgers_years_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="lies outside the years 1900 to 2199"):
        PartialDate.parse(text)


@pytest.mark.parametrize("text", NOT_A_DATE)
def test_what_is_no_date_is_refused_with_the_way_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match="write YYYY, YYYY-MM or YYYY-MM-DD"):
        PartialDate.parse(text)


@thorough(200)
@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_every_day_lies_within_its_month_and_its_month_within_its_year(day: date) -> None:
    text = day.isoformat()

    exact, month, year = (PartialDate.parse(text[:length]) for length in (10, 7, 4))

    assert exact.first == exact.last == day
    assert year.first <= month.first <= day <= month.last <= year.last
    assert (month.last + timedelta(days=1)).day == 1
    assert (year.last + timedelta(days=1)).year == day.year + 1


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        ("2023-10-02", 12, "2024-10-02"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2023-01-31", 1, "2023-02-28"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2024-11-30", 3, "2025-02-28"),
        ("2024-12-31", 1, "2025-01-31"),
        ("2024-12-31", 2, "2025-02-28"),
        ("2024-06-15", 0, "2024-06-15"),
        ("2024-03-31", -1, "2024-02-29"),
        ("2024-01-15", -1, "2023-12-15"),
        ("2199-12-31", 240, "2219-12-31"),
    ],
)
def test_months_are_added_without_leaving_the_month_meant(day: str, months: int, later: str) -> None:
    assert add_months(date.fromisoformat(day), months).isoformat() == later


@thorough(200)
@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)), st.integers(-240, 240))
def test_added_months_keep_the_day_or_end_the_month(day: date, months: int) -> None:
    later = add_months(day, months)

    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == min(day.day, calendar.monthrange(later.year, later.month)[1])


# --- figures with two ends ----------------------------------------------------------------------------------------

QUANTITIES = [
    lambda **more: PersonnelItem(kind="personnel", category="troops", **more),
    lambda **more: EquipmentItem(kind="equipment", category="helicopter", **more),
    lambda **more: ServiceItem(kind="service", category="training", **more),
]


@pytest.mark.parametrize("make", QUANTITIES)
@pytest.mark.parametrize(
    "figure",
    [{"minimum": 0, "maximum": 0}, {"minimum": 5, "maximum": 9}, {"minimum": 5}, {"maximum": 5}]
    + [{"unspecified": reason} for reason in ("not_stated", "under_negotiation", "withheld", "unknown")],
)
def test_a_quantity_is_exact_a_range_open_or_says_why_it_has_no_figure(make: Any, figure: dict[str, Any]) -> None:
    stored = as_json(make(**figure))

    assert {name: stored[name] for name in figure} == figure
    assert {"minimum", "maximum", "unspecified"} & set(stored) == set(figure)


@pytest.mark.parametrize("make", QUANTITIES)
@pytest.mark.parametrize(
    ("figure", "field", "sentence"),
    [
        ({}, "minimum", "give minimum, maximum or both, or say with unspecified why there is none"),
        ({"minimum": 6, "maximum": 5}, "minimum", "minimum 6 is more than maximum 5"),
        ({"minimum": 0, "unspecified": "unknown"}, "unspecified", "exclude each other; drop one of them"),
        ({"maximum": 0, "unspecified": "unknown"}, "unspecified", "exclude each other; drop one of them"),
    ],
)
def test_a_figure_that_cannot_be_is_refused_by_field(
    make: Any, figure: dict[str, Any], field: str, sentence: str
) -> None:
    with pytest.raises(Unfit, match=sentence) as unfit:
        make(**figure)

    assert unfit.value.field == field


@pytest.mark.parametrize(
    "sums",
    [
        {"amount": "0"},
        {"amount": "15000000.25"},
        {"amount_minimum": "9", "amount_maximum": "10"},
        {"amount_minimum": "10.0", "amount_maximum": "10"},
        {"amount_minimum": "1"},
        {"amount_maximum": "1"},
        {"unspecified": "withheld"},
    ],
)
def test_money_is_exact_a_range_open_or_says_why_it_has_no_figure(sums: dict[str, Any]) -> None:
    stored = as_json(Money(currency="USD", **sums))

    assert stored == {"currency": "USD", **sums}


@pytest.mark.parametrize(
    ("sums", "field", "sentence"),
    [
        ({}, "amount_minimum", "a figure is missing"),
        ({"amount": "5", "amount_minimum": "5"}, "amount", "exclude each other; drop one of them"),
        ({"amount": "0", "amount_maximum": "0"}, "amount", "exclude each other; drop one of them"),
        ({"amount": "0", "unspecified": "unknown"}, "unspecified", "exclude each other; drop one of them"),
        ({"amount_minimum": "1", "unspecified": "unknown"}, "unspecified", "exclude each other"),
        ({"amount_minimum": "10", "amount_maximum": "9"}, "amount_minimum", "10 is more than amount_maximum 9"),
        ({"amount_minimum": "9.01", "amount_maximum": "9.001"}, "amount_minimum", "is more than"),
    ],
)
@pytest.mark.parametrize("make", [Money, lambda **more: MoneyItem(kind="money", **more)])
def test_money_that_cannot_be_is_refused_by_field(make: Any, sums: dict[str, Any], field: str, sentence: str) -> None:
    with pytest.raises(Unfit, match=sentence) as unfit:
        make(currency="USD", **sums)

    assert unfit.value.field == field


def test_a_source_needs_something_to_find_it_by() -> None:
    with pytest.raises(Unfit, match="a source needs a symbol, a url or a title") as unfit:
        Source(publisher="UN", published="2024-03-06")

    assert unfit.value.field == "title"
    for found_by in ({"symbol": "S/2024/262"}, {"url": "https://undocs.org/S/2024/262"}, {"title": "Letter"}):
        assert as_json(Source(**found_by)) == found_by


def test_what_was_left_out_stays_out_and_falsehoods_stay_in() -> None:
    item = PersonnelItem(kind="personnel", category="troops", minimum=0, maximum=0, approximate=False)

    stored = as_json((item,))

    assert stored == [{"kind": "personnel", "category": "troops", "minimum": 0, "maximum": 0, "approximate": False}]


# --- texts --------------------------------------------------------------------------------------------------------


def text_of(name: str) -> Text:
    return next(mark for mark in getattr(values, name).__metadata__ if isinstance(mark, Text))


TAKEN: dict[str, list[str]] = {
    "Slug": ["a", "7", "jam-personnel", "x" * 64],
    "MissionName": ["haiti-mss"],
    "Ref": ["a", "Letter:2024.03_05-x", "R" * 128],
    "PartyCode": ["JAM", "EU", "CARICOM", "XM-DAC-41305", "A" * 32],
    "Title": ["Force commander", "Ñandú – 部隊 🚁", "x" * 300],
    "Prose": ["two\nlines\tand a tab\r\nand more", "x" * 4_000],
    "Term": ["patrol_ship", "9mm_rifle"],
    "DateText": ["2024", "2024-03", "2024-03-05"],
    "DayText": ["2024-03-05"],
    "Symbol": ["S/RES/2699(2023)"],
    "Instrument": ["S/RES/2699(2023)", "Status of forces agreement"],
    "Url": ["https://undocs.org/S/2024/262", "http://a.b/?c=d#e"],
    "Digest": ["0123456789abcdef" * 4],
    "Amount": ["0", "0.5", "15000000", "999999999999999999.9999"],
    "Currency": ["USD", "HTG"],
    "Unspecified": ["not_stated"],
    "PersonnelCategory": ["troops"],
    "Channel": ["un_trust_fund"],
    "SourceKind": ["un_document"],
    "SourceRelation": ["third_party"],
    "Confidence": ["low"],
}
DECLINED: dict[str, list[str]] = {
    "Slug": ["A", "a--b", "-a", "a-", "a_b", "é", "x" * 65, "a\n", "a b"],
    "MissionName": ["Haiti MSS", "haiti/mss"],
    "Ref": ["1a", "-a", "a b", "a/b", "é", "R" * 129],
    "PartyCode": ["Jam", "jam", "1A", "JAM-", "JAM--X", "JAM/KEN", "JAM+KEN", "É", "A" * 33, "KENYA"],
    "Title": ["two\nlines", "tab\there", "nul\x00", "\x7f", "x" * 301],
    "Prose": ["nul\x00", "bell\x07", "escape\x1b", "\x7f", "x" * 4_001],
    "Term": ["Patrol", "patrol-ship", "_x", "x_", "x__y"],
    "DateText": ["2024-13", "2023-02-29", "soon", "1899", "2024-03-05T00:00"],
    "DayText": ["2024", "2024-03", "2024-02-30"],
    "Symbol": ["S/RES/2699", "Letter from Jamaica"],
    "Instrument": ["S/RES/2699", "A/RES/", "two\nlines"],
    "Url": ["ftp://a.b", "javascript:alert(1)", "https://", "https://a b", "https://a\nb", 'https://a"b', "undocs.org"],
    "Digest": ["0123456789ABCDEF" * 4, "0" * 63, "0" * 65],
    "Amount": ["-1", "+1", "01", "1,000", "1 000", "1e6", ".5", "1.", "1.23456", "1" * 19, "NaN", "Infinity", "٣"],
    "Currency": ["usd", "XXY", "US", "$"],
    "Unspecified": ["none"],
    "PersonnelCategory": ["soldiers"],
    "Channel": ["cash"],
    "SourceKind": ["rumour"],
    "SourceRelation": ["friend"],
    "Confidence": ["certain"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in TAKEN.items() for text in texts])
def test_a_text_that_fits_is_kept_as_it_is(name: str, text: str) -> None:
    assert text_of(name).check(text) == text


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in DECLINED.items() for text in texts])
def test_a_text_that_does_not_fit_is_refused_with_a_sentence(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"is not|is longer than|lies outside|cannot be seen|is the name of"):
        text_of(name).check(text)


@pytest.mark.parametrize("name", [name for name in TAKEN if text_of(name).choices is None])
def test_an_empty_text_is_refused(name: str) -> None:
    for empty in ("", " ", "\n\t", "\u00a0"):
        with pytest.raises(ValueError, match="must not be empty; leave the field out instead"):
            text_of(name).check(empty)


@pytest.mark.parametrize("name", [name for name in TAKEN if text_of(name).choices is None])
def test_half_a_character_is_refused_since_it_cannot_be_written_down(name: str) -> None:
    taken = TAKEN[name][0]

    for half in ("\ud800", "\udfff"):
        with pytest.raises(ValueError, match=r"half of a character|is not"):
            text_of(name).check(taken[:4] + half)


def test_every_kind_of_text_stands_in_both_tables() -> None:
    kinds = {name for name, value in vars(values).items() if any(isinstance(m, Text) for m in _marks(value))}

    assert kinds == set(TAKEN) == set(DECLINED)


def _marks(value: Any) -> tuple[Any, ...]:
    return getattr(value, "__metadata__", ())


def test_spaces_in_a_symbol_are_left_out() -> None:
    assert text_of("Symbol").check("S/RES/2699 (2023)") == "S/RES/2699(2023)"
    assert text_of("Instrument").check("S/RES/2699 (2023)") == "S/RES/2699(2023)"


def test_a_code_outside_its_list_is_answered_with_the_nearest_first() -> None:
    with pytest.raises(ValueError, match=r"'troop' is not one of: troops, ") as error:
        text_of("PersonnelCategory").check("troop")

    assert "individual_police" in str(error.value)


def test_the_nearest_words_come_first_and_a_long_list_is_cut() -> None:
    assert nearest_first("minium", ["kind", "maximum", "minimum"]) == "minimum, maximum, kind"
    assert nearest_first("xyz", ["kind", "unit"]) == "kind, unit"
    assert nearest_first("c", [f"w{n}" for n in range(20)], shown=3) == "w0, w1, w2, …"


def test_every_field_of_a_value_has_a_description() -> None:
    items = [PersonnelItem, EquipmentItem, ServiceItem, MoneyItem, Money, Source]

    bare = [(item.__name__, part.name) for item in items for part in fields(item) if not part.metadata["description"]]

    assert bare == []
    assert {get_args(get_type_hints(item)["kind"])[0] for item in items[:4]} == {
        "personnel",
        "equipment",
        "service",
        "money",
    }
