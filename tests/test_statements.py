"""What entries say, in words: every event type, every field, whatever is stored."""

from collections.abc import Iterator

import pytest
from flask import Flask

from api.web.statements import field_rows, kind_of, type_name, written
from ledger.events import EVENTS
from tests.examples import example_event


@pytest.fixture(autouse=True)
def request_context() -> Iterator[None]:
    """The names of parties are kept with a request."""
    with Flask(__name__).test_request_context():
        yield


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_field_of_every_event_type_is_told_with_what_its_declaration_says(name: str) -> None:
    data = example_event(name)["data"]

    rows = field_rows(name, data)

    assert len(rows) == len(data)
    assert all(row.hint and row.name == row.name.replace("_", " ") for row in rows)
    assert all(written(row.value, row.name) for row in rows)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("effective", "2024-09", "September 2024"),
        ("data.until", "2025-10-02", "2 October 2025"),
        ("data.months", None, "nothing"),
        ("data.total", 2500, "2,500"),
        ("data.party", "JAM", "Jamaica"),
        ("data.jointly_with", ["FRA", "CAN"], "France, Canada"),
        ("data.chapter_vii", True, "yes"),
        ("data.text", "2024", "2024"),
        ("data.text", "9999-99-99", "9999-99-99"),
        ("data.number", "9999-99-99", "9999-99-99"),
        ("source", {"symbol": "S/2024/262", "publisher": "UN"}, "S/2024/262, UN"),
        ("data.items", [{"kind": "service", "category": "training", "minimum": 2, "maximum": 3}], "2–3 training"),
        ("data.odd", {"a": [1, {"b": "c d"}]}, "a 1; b c d"),
        ("data.formality", "public_statement", "public statement"),
    ],
)
def test_a_value_is_written_by_what_it_is(name: str, value: object, text: str) -> None:
    assert written(value, name) == text


@pytest.mark.parametrize("value", [[], [1], [None], {}, [{}], [{"kind": 1}], "", "2024-13", 0, [[]], {"currency": 1}])
def test_whatever_is_stored_has_a_kind_and_can_be_written(value: object) -> None:
    for name in ("items", "party", "jointly_with", "until", "target", "money", "zzz"):
        assert kind_of(name, value)
        assert isinstance(written(value, name), str)


def test_a_correction_names_the_fields_of_what_it_corrects() -> None:
    data = {"target": 42, "data": {"until": "2025-10-02"}, "reason_code": "source_error", "reason": "A slip."}

    rows = field_rows("entry.corrected", data, "mandate.renewed")

    assert [row.name for row in rows] == ["target", "until, corrected", "reason code", "reason"]
    assert rows[1].hint == {row.name: row.hint for row in field_rows("mandate.renewed", {"until": "2025"})}["until"]


def test_types_are_words() -> None:
    assert type_name("pledge.condition-met") == "Pledge condition met"
