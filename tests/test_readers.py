"""The compiled readers and marshmallow: one verdict on whatever is sent, and the same event where it is one."""

import re
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from marshmallow import ValidationError

from ledger.annotations import parts_of
from ledger.events import EVENTS
from ledger.readers import read_data, read_event
from ledger.said import Event
from ledger.schemas import EventSchema, Invalid, parse_data, parse_event, schema_for
from ledger.texts import HIDDEN, Text
from ledger.values import Source
from tests import judges
from tests.builders import corrected, people
from tests.events_said import EVENTS_SAID, EXAMPLES, FULL, RECORD, nested
from tests.generated import JSON, thorough
from tests.histories import DATES
from tests.spoiling import CONTRACT, places, with_value, without

HIDING = ("\x00", "\n", "\t", "\x85", "\xa0", "\xad", "\u200b", "\u200c", "\u2028", "\ud800", "\ufeff", "e\u0301", "\u212b", "é")  # fmt: skip
STRANGERS = (
    None, True, False, 0, 1, -1, 1.0, 0.5, 10**6, 10**9, 10**9 + 1, 2**53 - 1, 2**53, 10**400, float("nan"), "", " ", "1",
    "x", "X", "a" * 65, "A" * 33, "x" * 301, "x" * 4_001, " " * 400 + "x", "2024-02-30", "2024-13", "1899", "2024-1-1",
    "S/RES/2699 (2023)", "S/2024/262", "S/nothing", "KENYA", "USD", "personnel", "money", "https://example.org", [], {}, [None],
    ["KEN"] * 51, ["KEN"] * 251, ["x"] * 20, ["x"] * 21, people(1), people(3, 2), people(None), [people(1)], [people(1)] * 51,
)  # fmt: skip


def by_marshmallow(load: Callable[[], Any]) -> Any:
    """What marshmallow alone makes of it, or None where it refuses."""
    try:
        return load()
    except ValidationError:
        return None


def assert_one_verdict(raw: Any) -> None:
    """The reader accepts what marshmallow accepts and makes the same of it; told by `repr`, since 1 equals True."""
    read, loaded = read_event(raw), by_marshmallow(lambda: EventSchema().load(raw))

    assert repr(read) == repr(loaded)
    assert read == loaded
    assert read is None or list(vars(read.data)) == list(vars(loaded.data))


@st.composite
def spoilt(draw: st.DrawFn) -> Any:
    """An event in which one to three places are removed, replaced, nested, doubled, renamed or written otherwise."""
    event = draw(EVENTS_SAID)
    for _ in range(draw(st.integers(1, 3))):
        found = sorted(places(event), key=repr)
        if found:
            event = spoilt_at(draw, event, draw(st.sampled_from(found)))
    return event


def spoilt_at(draw: st.DrawFn, event: Any, place: tuple[str | int, ...]) -> Any:
    how = draw(
        st.sampled_from(["removed", "replaced", "replaced", "written", "written", "nested", "joined", "moved", "deep"])
    )
    old = value_at(event, place)
    if how == "removed":
        return without(event, place)
    if how == "written" and isinstance(old, str):
        at = draw(st.integers(0, len(old)))
        return with_value(event, place, old[:at] + draw(st.sampled_from(HIDING) | st.text(max_size=3)) + old[at:])
    if how == "written" and isinstance(old, int):
        return with_value(
            event, place, draw(st.sampled_from([float(old % 2**53), bool(old), str(old), -old, old + 2**53]))
        )
    if how == "moved":
        return with_value(event, place, value_at(event, draw(st.sampled_from(sorted(places(event), key=repr)))))
    value = nested(draw(st.integers(11, 14))) if how == "deep" else draw(st.sampled_from(STRANGERS) | JSON)
    if how == "joined" and isinstance(place[-1], str):
        return with_value(event, (*place[:-1], draw(st.text(max_size=3) | st.just("k" * 65))), value)
    return with_value(event, place, [old] if how == "nested" else value)


def value_at(event: Any, place: tuple[str | int, ...]) -> Any:
    for step in place:
        event = event[step]
    return event


@thorough(600)
@given(EVENTS_SAID)
def test_what_is_drawn_from_the_declarations_gets_one_verdict(raw: dict[str, Any]) -> None:
    assert_one_verdict(raw)


@thorough(2_000)
@given(spoilt())
@example({})
@example([])
@example({"type": []})
@example({**CONTRACT, "type": None})
@example({**CONTRACT, 1: 2})
@example(with_value(CONTRACT, ["data", "items", 0, "kind"], []))
@example(corrected(1, to_data={"a": nested(10)}))
@example(corrected(1, to_data={"a": nested(11)}))
@example(corrected(1, to_data={"a": nested(12)}))
@example(corrected(1, to_data={1: 2}))
@example(corrected(1, to_data={"k" * 64: 1}))
@example(corrected(1, to_data={"k" * 65: 1}))
def test_what_is_spoilt_gets_one_verdict(raw: Any) -> None:
    assert_one_verdict(raw)


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda value: repr(value)[:40])
def test_every_field_takes_and_refuses_what_marshmallow_does(stranger: Any) -> None:
    for event in [*EXAMPLES, FULL]:
        for place in places(event):
            assert_one_verdict(with_value(event, place, stranger))


def test_what_is_said_well_needs_no_marshmallow() -> None:
    assert [read_event(row) for row in RECORD] == [EventSchema().load(row) for row in RECORD]
    assert None not in [read_event(row) for row in (*RECORD, *EXAMPLES, FULL)]


@thorough(300)
@given(st.sampled_from(sorted(EVENTS)), JSON | EVENTS_SAID.map(lambda event: event["data"]))
def test_data_alone_get_one_verdict(name: str, raw: Any) -> None:
    read, loaded = read_data(name, raw), by_marshmallow(lambda: schema_for(EVENTS[name])().load(raw))

    assert repr(read) == repr(loaded)
    assert read == loaded


def test_the_source_that_is_spoilt_says_all_that_a_source_can() -> None:
    assert set(FULL["source"]) == {part.name for part in parts_of(Source)}


def test_what_is_read_is_what_the_class_itself_makes() -> None:
    for event in map(read_event, [*RECORD, *EXAMPLES]):
        for made in (event, event.data, event.source):
            again = None if made is None else type(made)(**vars(made))

            assert again == made
            assert again is None or (hash_of(again), list(vars(again))) == (hash_of(made), list(vars(made)))


def hash_of(value: Any) -> int | None:
    try:
        return hash(value)
    except TypeError:  # a correction holds a dict
        return None


def test_what_marshmallow_alone_would_take_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.schemas.read_event", lambda raw: None)
    monkeypatch.setattr("ledger.schemas.read_data", lambda name, raw: None)

    event = parse_event(CONTRACT)

    assert isinstance(event, Event)
    assert parse_data(event.type, CONTRACT["data"]) == event.data


def test_what_no_reader_takes_is_explained() -> None:
    for event in EXAMPLES:
        with pytest.raises(Invalid) as invalid:
            parse_event({**event, "stranger": 1})

        assert [fault.pointer for fault in invalid.value.faults] == ["/stranger"]


def test_what_is_long_as_it_is_sent_is_not_remembered() -> None:
    padded = ({**CONTRACT, "source": {"title": f"{number}{' ' * 1_000_000}"}} for number in range(30))
    tracemalloc.start()

    titles = [event.source.title for event in map(read_event, padded) if event and event.source]

    assert titles == [str(number) for number in range(30)]
    assert tracemalloc.get_traced_memory()[0] < 3_000_000
    tracemalloc.stop()


# --- texts -----------------------------------------------------------------------------------------------------------


def texts_in(annotation: Any) -> Iterator[Text]:
    if get_origin(annotation) is Annotated:
        yield from (mark for mark in annotation.__metadata__ if isinstance(mark, Text))
    elif hasattr(annotation, "__dataclass_fields__"):
        for hint in get_type_hints(annotation, include_extras=True).values():
            yield from texts_in(hint)
    for part in get_args(annotation):
        yield from texts_in(part)


TEXTS = sorted({text for declared in (Event, *EVENTS.values()) for text in texts_in(declared)}, key=lambda t: t.meaning)
WRITTEN = st.text(max_size=12) | st.sampled_from([text.example for text in TEXTS if text.example] + list(DATES)) | st.sampled_from(
    [stranger for stranger in STRANGERS if isinstance(stranger, str)]
)  # fmt: skip


def kept(keep: Callable[[str], str], value: str) -> str | None:
    try:
        return keep(value)
    except ValueError:
        return None


@thorough(2_000)
@given(st.sampled_from(TEXTS), WRITTEN, st.sampled_from(["", *HIDING]), st.integers(0, 12))
def test_a_text_keeps_what_the_plain_rules_keep(text: Text, value: str, more: str, at: int) -> None:
    value = value[:at] + more + value[at:]

    assert kept(text.check, value) == kept(lambda one: judges.checked(text, one), value)


def test_what_unicode_calls_printable_hides_nothing() -> None:
    hiding = re.compile(rf"[\ud800-\udfff{HIDDEN}]")
    printable = [shown for shown in map(chr, range(0x110000)) if shown.isprintable()]

    assert [shown for shown in printable if hiding.search(shown)] == []
    assert [shown for shown in printable if shown.isspace()] == [" "]
    assert not any(joiner.isprintable() for joiner in "\u200c\u200d")
