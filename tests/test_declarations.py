"""The declarations themselves: nothing of an event type, a field, a code or a refusal is left unsaid or unused."""

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest

import ledger
from ledger import codes, values
from ledger.events import EVENTS, SUBJECTS, parties_of, stream_of
from ledger.refusals import REFUSALS, Refusal
from ledger.schemas import parse_event
from ledger.texts import Text
from ledger.values import EquipmentItem, Money, MoneyItem, PersonnelItem, ServiceItem, Source, as_json
from projections.answers import ANSWERS, HISTORY_ONLY, PROJECTIONS
from projections.findings import CODES
from tests.examples import NoExample, example_event, example_of

DESIGNED = [
    *("mission.registered", "mission.authorized", "mission.transitioned", "mandate.renewed", "mandate.amended"),
    *("ceiling.set", "support-office.established", "mission.terminated"),
    *("party.registered", "party.merged"),
    *("lead-nation.designated", "lead-nation.ended", "post.created", "post.abolished"),
    *("office-holder.appointed", "office-holder.departed"),
    *("partner.joined", "partner.left"),
    *("pledge.announced", "pledge.notified", "pledge.revised", "pledge.conditioned", "pledge.condition-met"),
    *("pledge.confirmed", "pledge.suspended", "pledge.resumed", "pledge.withdrawn", "pledge.lapsed"),
    *("commitment.signed", "commitment.amended", "commitment.cancelled", "contribution.received"),
    *("contribution.suspended", "contribution.resumed", "contribution.refunded", "funds.disbursed"),
    "fund-balance.reported",
    *("personnel.deployed", "personnel.rotated", "personnel.repatriated", "casualty.reported"),
    *("equipment.delivered", "equipment.withdrawn", "equipment.lost"),
    *("strength.reported", "equipment-status.reported"),
    *("communication.sent", "meeting.held", "target.set"),
    *("position.stated", "position.withdrawn"),
    *("entry.corrected", "entry.retracted", "claim.disputed", "claim.corroborated", "claim.ranked"),
    "payload.redacted",
]
VALUES = [PersonnelItem, EquipmentItem, ServiceItem, MoneyItem, Money, Source]
LISTS = {name: value for name, value in vars(codes).items() if name.isupper() and isinstance(value, Mapping)}
PLACEHOLDERS = {"parties"}


def declared_fields(declared: Any) -> list[tuple[str, Any, Any]]:
    hints = get_type_hints(declared, include_extras=True)
    return [(part.name, hints[part.name], part) for part in fields(declared)]


def closed_lists(annotation: Any) -> list[Text]:
    """The closed lists of codes in an annotation."""
    if get_origin(annotation) is Annotated:
        return [mark for mark in annotation.__metadata__ if isinstance(mark, Text) and mark.choices is not None]
    return [text for part in get_args(annotation) for text in closed_lists(part)]


def test_every_designed_event_type_is_declared() -> None:
    missing = [name for name in DESIGNED if name not in EVENTS]

    assert missing == []
    assert len(DESIGNED) == len(set(DESIGNED)) == 57


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_type_says_what_it_means(name: str) -> None:
    told = EVENTS[name].__doc__

    assert re.match(r"[A-Z].+\.$", told.strip(), re.DOTALL), told
    assert not told.startswith(EVENTS[name].__name__), "the signature that dataclasses write is no docstring"


@pytest.mark.parametrize("declared", [*EVENTS.values(), *VALUES], ids=lambda declared: declared.__name__)
def test_every_field_says_what_it_holds(declared: Any) -> None:
    untold = [
        name
        for name, _, part in declared_fields(declared)
        if not re.match(r"[A-Z`].+\.$", part.metadata.get("description") or "")
    ]

    assert untold == []


@pytest.mark.parametrize("declared", [*EVENTS.values(), *VALUES], ids=lambda declared: declared.__name__)
def test_every_required_field_has_an_example_or_provides_one(declared: Any) -> None:
    without = []
    for name, annotation, part in declared_fields(declared):
        if part.default is MISSING:
            try:
                example_of(annotation, part.metadata.get("example"))
            except NoExample:
                without.append(name)

    assert without == []


@pytest.mark.parametrize("name", EVENTS)
def test_an_example_made_from_the_declaration_is_accepted_and_kept_as_it_is(name: str) -> None:
    said = example_event(name)

    event = parse_event(said)

    assert event.type == name
    assert as_json(event.data) == said["data"]


@pytest.mark.parametrize("name", LISTS)
def test_every_code_of_a_list_has_a_meaning(name: str) -> None:
    meanings = LISTS[name]

    assert meanings
    for code, meaning in meanings.items():
        assert re.fullmatch(r"[A-Z]{3}|[a-z]+(?:_[a-z]+)*", code), code
        assert isinstance(meaning, str)
        assert meaning.strip() == meaning != ""
        assert meaning != code


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_codes_cannot_be_changed(name: str) -> None:
    with pytest.raises(TypeError):
        LISTS[name]["x"] = "y"  # type: ignore[index]


def test_every_list_of_codes_is_used_by_a_declaration() -> None:
    shown = [annotation for declared in (*EVENTS.values(), *VALUES) for _, annotation, _ in declared_fields(declared)]
    used = {id(text.choices) for annotation in shown for text in closed_lists(annotation)}

    idle = {name for name, choices in LISTS.items() if id(choices) not in used}

    assert idle <= {"STATES", "INSTRUMENT_ACTIONS"}  # party codes are open; actions are shown, never sent


def test_a_closed_list_has_one_name_wherever_it_is_used() -> None:
    shown = [annotation for declared in (*EVENTS.values(), *VALUES) for _, annotation, _ in declared_fields(declared)]
    names: dict[int, set[str | None]] = {}
    for text in (text for annotation in shown for text in closed_lists(annotation)):
        names.setdefault(id(text.choices), set()).add(text.choices_name)

    assert all(len(found) == 1 and None not in found for found in names.values()), names


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_belongs_to_a_stream_or_is_about_an_entry(name: str) -> None:
    declared = EVENTS[name]

    if declared.ABOUT:
        assert declared.STREAM == ""
        assert "target" in declared.__dataclass_fields__
        assert not declared.LEDGER_WIDE
    else:
        in_braces = set(re.findall(r"\{(\w+)\}", declared.STREAM))
        required = {name for name, _, part in declared_fields(declared) if part.default is MISSING}
        assert declared.STREAM
        assert in_braces - PLACEHOLDERS <= required, "a stream's name rests on what every event of it has"
        assert "parties" not in in_braces or "party" in required


@pytest.mark.parametrize("name", [name for name in EVENTS if not EVENTS[name].ABOUT])
def test_a_stream_bears_the_name_of_its_mission_and_its_subject(name: str) -> None:
    event = parse_event(example_event(name))

    stream = stream_of(event.mission, event.data)

    assert event.stream == stream
    assert stream.startswith("haiti-mss/") != EVENTS[name].LEDGER_WIDE
    assert re.fullmatch(r"[A-Za-z0-9./+-]+", stream)


def test_parties_that_act_jointly_share_one_name_whatever_their_order() -> None:
    assert parties_of({"party": "FRA"}) == "FRA"
    assert parties_of({"party": "OIF", "jointly_with": ["FRA", "CAN"]}) == "CAN+FRA+OIF"
    assert parties_of({"party": "FRA", "jointly_with": ["OIF", "CAN", "FRA"]}) == "CAN+FRA+OIF"


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_read_by_a_projection_or_stands_in_the_history_alone(name: str) -> None:
    readers = [projection.name for projection in PROJECTIONS if name in projection.reads]

    ways = [bool(readers), name in HISTORY_ONLY, EVENTS[name].ABOUT]

    assert ways.count(True) == 1, (readers, name)


def test_projections_read_only_what_is_declared() -> None:
    unknown = {name for projection in PROJECTIONS for name in projection.reads} - set(EVENTS)

    assert unknown == set()
    assert len({projection.name for projection in PROJECTIONS}) == len(PROJECTIONS)
    assert {name for answer in ANSWERS.values() for name in answer.needs} == {p.name for p in PROJECTIONS}


def test_every_subject_declares_its_own_events_in_its_own_module() -> None:
    modules = {subject.__name__: subject.__doc__ for subject in SUBJECTS}

    assert {declared.__module__ for declared in EVENTS.values()} == set(modules)
    assert all(modules.values())


def package_text() -> str:
    """The source of the package, without the table of refusals itself."""
    root = Path(ledger.__path__[0])
    return "\n".join(path.read_text() for path in sorted(root.rglob("*.py")) if path.name != "refusals.py")


@pytest.mark.parametrize("code", REFUSALS)
def test_every_refusal_is_given_somewhere_and_has_a_meaning(code: str) -> None:
    assert re.search(rf'Refusal\(\s*"{code}"', package_text()), f"nothing is refused as {code}"
    assert re.fullmatch(r"[A-Z].+\.", REFUSALS[code])


def test_a_refusal_outside_the_table_cannot_be_made() -> None:
    given = set(re.findall(r'Refusal\(\s*"([a-z-]+)"', package_text()))

    assert given == set(REFUSALS)
    with pytest.raises(AssertionError):
        Refusal("because", "", "")


@pytest.mark.parametrize("code", CODES)
def test_every_finding_has_a_meaning(code: str) -> None:
    assert re.fullmatch(r"[a-z]+(?:-[a-z]+)*", code)
    assert re.fullmatch(r"[A-Z].+\.", CODES[code])


def test_every_text_that_is_published_says_what_it_means() -> None:
    texts = [mark for value in vars(values).values() for mark in getattr(value, "__metadata__", ())]

    assert texts
    assert all(isinstance(text, Text) and re.fullmatch(r"[a-z A-Z0-9].*[^.]", text.meaning) for text in texts)
