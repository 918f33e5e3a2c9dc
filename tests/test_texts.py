"""Free text: what looks the same is kept as the same, and what nobody sees is refused by its place."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from ledger.schemas import parse_event
from ledger.texts import Text
from ledger.values import as_json
from tests.builders import announced, append, corrected, registered, said
from tests.generated import thorough

NAME = Text("a name", max_length=8, free=True)
CODE = Text("a code", r"[A-Z]+", 8)
HIDDEN = "\x00\x1b\x7f\x85\xad\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2066\u2069\ufeff"
SPELT_OUT, COMPOSED = "Cote d\u0302'Ivoire e\u0301", unicodedata.normalize("NFC", "Cote d\u0302'Ivoire e\u0301")


@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda character: f"U+{ord(character):04X}")
def test_a_character_that_nobody_sees_is_refused_by_its_place(hidden: str) -> None:
    for text in (NAME, CODE):
        with pytest.raises(ValueError, match=rf"its character 3 is U\+{ord(hidden):04X}, .*take it out"):
            text.check(f"AB{hidden}C")


@pytest.mark.parametrize("name", ["می\u200cخواهم", "ක්\u200dර", "👩\u200d🚒"])
def test_the_joiners_that_languages_need_are_kept(name: str) -> None:
    assert NAME.check(name) == name


def test_free_text_is_kept_composed_and_without_space_around_it() -> None:
    assert NAME.check(" \u00a0Rene\u0301\n") == "Ren\u00e9"
    assert NAME.check("e\u0301" * 8) == "\u00e9" * 8


@pytest.mark.parametrize("text", ["  ", "\u200d", " \u200c\n"])
def test_a_text_that_shows_nothing_is_empty(text: str) -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        NAME.check(text)


def test_a_code_is_not_made_to_fit() -> None:
    for text in (" KEN", "\u212aEN"):
        with pytest.raises(ValueError, match="is not a code"):
            CODE.check(text)


@thorough(500)
@given(st.text(max_size=12))
def test_what_is_kept_is_kept_as_it_is_when_it_is_checked_again(text: str) -> None:
    try:
        kept = NAME.check(text)
    except ValueError:
        return

    assert NAME.check(kept) == kept == unicodedata.normalize("NFC", kept).strip()
    assert len(kept) <= NAME.max_length


PLACES: list[dict[str, Any]] = [
    {**registered(), "note": f" {SPELT_OUT} "},
    said("mission.registered", name=f" {SPELT_OUT} "),
    said("communication.sent", form="letter", sent_by=["HTI"], text=f" {SPELT_OUT}\n"),
    {**registered(), "source": {"title": f"{SPELT_OUT} "}},
    said("mandate.amended", instrument=f" {SPELT_OUT} ", terms="as before"),
]


@pytest.mark.parametrize("event", PLACES, ids=lambda event: event["type"])
def test_every_free_text_of_an_event_is_kept_so(event: dict[str, Any]) -> None:
    parsed = parse_event(event)

    kept = [parsed.note, *as_json(parsed.data).values(), *(as_json(parsed.source) or {}).values()]

    assert COMPOSED in kept


def test_what_is_recorded_is_what_the_checked_form_says(engine: Engine) -> None:
    first, _, correction, again = append(
        engine,
        {**registered(), "note": " Rene\u0301 "},
        announced("a"),
        corrected(1, to_data={"condition_text": " Rene\u0301 "}),
        corrected(2, to_data={"data": {"condition_text": " Andre\u0301 "}}),
    )

    assert first.note == "Ren\u00e9"
    assert correction.data is not None
    assert correction.data["data"] == {"condition_text": "Ren\u00e9"}
    assert again.data is not None
    assert again.data["data"] == {"data": {"condition_text": "Andr\u00e9"}}
