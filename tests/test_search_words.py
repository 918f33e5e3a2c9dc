"""The words by which an entry is found are those of all the places where it names a symbol or a party."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from ledger.entries import Entry, enter, without_payload
from ledger.events import PARTY_FIELDS
from ledger.schemas import parse_event
from ledger.search_words import search_words
from tests import judges
from tests.builders import announced, corrected
from tests.events_said import EXAMPLES, RECORD
from tests.generated import JSON, thorough
from tests.histories import entries_of, histories


def entry(raw: dict[str, Any]) -> Entry:
    event = parse_event(raw)
    return enter(
        event, position=0, entry_id="e-0", stream="s", version=1, mission=event.mission, root=0,
        recorded_at="2026-01-01T00:00:00.000000Z", actor="tester", salt=bytes(32),
    )  # fmt: skip


CHANGES = st.dictionaries(
    st.sampled_from(["instrument", *sorted(PARTY_FIELDS)]) | st.text(max_size=3),
    st.sampled_from(["KEN", "JAM", "S/2024/262", "x" * 121, ["KEN", "JAM"], [["KEN"], 1, None]]) | JSON,
    min_size=1,
    max_size=4,
)


@thorough(300)
@given(CHANGES)
@example({"instrument": ["S/2024/262"], "party": {"KEN": 1}})
def test_whatever_a_correction_changes_the_words_are_those_of_all_places(changes: dict[str, Any]) -> None:
    found = entry(announced("a"))._replace(data={"target": 0, "data": changes, "source": {"symbol": "S/2024/1"}})

    assert search_words(found) == judges.search_words(found)


@thorough(40)
@given(histories())
def test_the_words_of_any_history_are_those_of_all_places(history: list[Any]) -> None:
    for found in entries_of(history):
        assert search_words(found) == judges.search_words(found)


def test_the_words_of_the_record_are_those_of_all_places() -> None:
    for found in map(entry, [*RECORD, *EXAMPLES]):
        assert search_words(found) == judges.search_words(found)


def test_words_stand_between_blanks_in_order() -> None:
    joint = entry(announced("a", "JAM", jointly_with=["KEN", "BHS"], source={"symbol": "S/2024/262"}))
    correction = entry(corrected(0, to_data={"party": "BLZ", "instrument": "S/RES/2699(2023)"}))

    assert search_words(joint) == (" S/2024/262 ", " BHS JAM KEN ")
    assert search_words(correction) == (" S/RES/2699(2023) ", " BLZ ")
    assert search_words(without_payload(joint)) == (" ", " ")
