"""Values in lines of words, and entries in one line."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from api.web.telling import lines, parted
from tests.builders import people


@pytest.fixture(autouse=True)
def _words() -> Iterator[None]:
    with Flask(__name__).app_context():
        yield


LINES: list[tuple[str, Any, list[str]]] = [
    ("due", None, []),
    ("conditions", [], []),
    ("conditional", False, ["no"]),
    ("since", "2024-03", ["March 2024"]),
    ("since", "2024", ["2024"]),
    ("parties", ["JAM", "KEN"], ["Jamaica", "Kenya"]),
    ("status", "under_negotiation", ["under negotiation"]),
    ("instrument", "S/RES/2699(2023)", ["S/RES/2699(2023)"]),
    ("converts", ["jam-personnel"], ["jam-personnel"]),
    ("items", [people(1, 3), people(None)], ["1–3 troops", "no specifics (not stated) troops"]),
    ("items", [{"kind": "money", "amount": "5", "currency": "USD", "channel": "un_trust_fund"}], ["5 USD, UN trust fund"]),
    ("months", 12, ["12"]),
    ("conditions", [{"condition": "command", "text": "A clear command.", "met": None, "since": "2024"}], ["command: A clear command. (since 2024, not met)"]),
    ("withdrawn", {"since": "2024-05-01", "reason": "too late", "entries": [3]}, ["1 May 2024: too late"]),
    ("source", {"url": "https://example.org/a", "kind": "news"}, ["https://example.org/a"]),
    ("vote", {"votes_for": 13, "votes_against": 0, "entries": [1]}, ["votes for 13; votes against 0"]),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value", "told"), LINES)
def test_a_value_is_told_in_lines(field: str, value: Any, told: list[str]) -> None:
    assert lines(field, value) == told


def test_what_is_in_both_states_neither_went_nor_came() -> None:
    assert parted(["a", "b"], ["b", "c"]) == (["a"], ["c"], ["b"])
