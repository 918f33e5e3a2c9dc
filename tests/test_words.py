"""A figure is written as what it is."""

from typing import Any

import pytest
from flask import Flask

from api.web import words
from api.web.gists import gist
from ledger.events import EVENTS
from tests.examples import example_event


def figure(low: Any, high: Any, *, about: bool = False, without: int = 0) -> dict[str, Any]:
    return {"minimum": low, "maximum": high, "approximate": about, "unspecified": without, "entries": []}


@pytest.mark.parametrize(
    ("shown", "written"),
    [
        (None, "none"),
        (figure(24, 24), "24"),
        (figure(0, 0), "0"),
        (figure(1500, 2000), "1,500–2,000"),
        (figure("120000000", None), "at least 120,000,000"),
        (figure(None, 5), "up to 5"),
        (figure(400, 400, about=True), "about 400"),
        (figure(600, None, about=True), "at least about 600"),
        (figure(None, None, without=1), "no specifics"),
        (figure(600, None, without=2), "at least 600, and 2 without a figure"),
        (figure("0.50", "0.50"), "0.50"),
    ],
)
def test_a_figure_in_words(shown: Any, written: str) -> None:
    assert words.figure(shown) == written


@pytest.mark.parametrize(
    ("item", "written"),
    [
        ({"kind": "personnel", "category": "troops", "minimum": 170, "maximum": 170}, "170 troops"),
        ({"kind": "personnel", "category": "troops", "unspecified": "withheld"}, "no specifics (withheld) troops"),
        ({"kind": "equipment", "category": "supplies", "minimum": 5, "unit": "ton"}, "at least 5 ton supplies"),
        ({"kind": "money", "currency": "USD", "amount": "15000000"}, "15,000,000 USD"),
        ({"kind": "money", "currency": "EUR", "amount_minimum": "1", "amount_maximum": "2"}, "1–2 EUR"),
    ],
)
def test_a_quantity_in_words(item: dict[str, Any], written: str) -> None:
    assert words.quantity(item) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [("2024", "2024"), ("2024-09", "September 2024"), ("2024-09-02", "2 September 2024"), (None, "not stated")],
)
def test_a_date_is_as_precise_as_it_is_known(text: str | None, written: str) -> None:
    assert words.partial_date(text) == written


def test_acronyms_stand_in_capitals() -> None:
    assert words.label("un-support-office") == "UN support office"


def test_a_page_writes_the_acronyms_that_it_knows_in_capitals() -> None:
    with Flask("words").app_context():
        words.know_acronyms(["MSS", "CARICOM"])

        assert words.label("mss-authorisation") == "MSS authorisation"
        assert words.label("gsf-authorisation") == "gsf authorisation"


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_has_something_to_say_in_one_line(name: str) -> None:
    with Flask("words").app_context():
        told = gist(example_event(name)["data"])

    assert 0 < len(told) < 400
