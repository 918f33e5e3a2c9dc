"""Histories that nobody thought of: batches of events as they are posted, for Hypothesis to draw and to shrink.

The fields of an event are drawn by their declarations, so a new type or field is drawn as soon as it is declared. Names,
dates and figures come from small pools: facts meet on one key and one day, late and out of order. Each event is put to
the decisions as it is drawn, and drawn again where they refuse it, so that nearly every batch is one that a ledger records.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import date, timedelta
from functools import cache
from itertools import combinations
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from hypothesis import note
from hypothesis import strategies as st

from ledger.decisions import Accepted, decide
from ledger.entries import Entry, enter, without_payload
from ledger.events import EVENTS, SUBJECTS
from ledger.events.about_entries import EntryCorrected
from ledger.known import Known, needs, needs_of_corrections
from ledger.schemas import Invalid, parse_event
from ledger.standing import REDACTED
from ledger.texts import Text
from ledger.values import EquipmentItem, Money, MoneyItem, PersonnelItem, ServiceItem, Source
from tests.builders import money, people, registered, said

MISSIONS = ("alpha", "beta")
PARTIES = ("JAM", "JAM", "JAM", "KEN", "KEN", "USA", "CARICOM", "UNHEARD-OF")
DATES = (
    "2024-03-01", "2024-03", "2024", "2024-03-02", "2024-02-29", "2024-02", "2024-06-15", "2023", "2023-11-30",
    "2025-01-01", "2025", "1900", "2199-12-31",
)  # fmt: skip


def _around(partial: str) -> list[str]:
    first = date.fromisoformat(partial + "-01-01"[len(partial) - 4 :])
    return [(first + timedelta(days)).isoformat() for days in (-1, 0, 1)]


DAYS = tuple(sorted({day for partial in DATES for day in _around(partial) if "1900" <= day < "2200"}))

# Names by field. A field that is not named here is drawn by its declaration alone.
_NAMES: dict[str, Sequence[str]] = {
    **dict.fromkeys(("pledge", "fulfils", "converts"), ("a", "a", "b")),
    "commitment": ("grant", "loan"),
    "post": ("commander", "deputy"),
    "by_virtue_of": ("commander",),
    "person": ("Ann Example", "Ann Example", "Bo Example"),
    "group": ("SGP", "SGP", "FRIENDS"),
    **dict.fromkeys(("target", "supersedes"), ("strength", "deadline")),
    "condition": ("money-first", "command"),
    "on": ("handover", "support-office"),
    "contingent": ("first",),
    "channel": ("un_trust_fund", "direct_in_kind"),
    "fund": ("trust-fund", "usa-total"),
    "estimate": ("annual-need", "handover"),
    "counting": ("letters", "offers"),
    "instrument": ("S/RES/2699(2023)", "S/RES/2793(2025)", "a national act"),
    "wikidata": ("Q42",),
    "identifiers": ("XM-DAC-41305",),
}
_CODES_DRAWN = 3  # of a closed list, the first few do: its members differ in little but their names

_PEOPLE = [
    people(100),
    people(30, 170),
    people(None),
    people(0),
    people(30, category="individual_police"),
    people(None, category="individual_police"),
    people(7, category="personnel_unspecified", approximate=True),
    people(2, unit="company", capability="medevac"),
    {"kind": "personnel", "category": "troops", "minimum": 50},
    {"kind": "personnel", "category": "troops", "maximum": 50, "women": 5},
]
_KIT = [
    {"kind": "equipment", "category": "truck", "minimum": 3, "maximum": 3},
    {"kind": "equipment", "category": "truck", "minimum": 1, "approximate": True},
    {"kind": "equipment", "category": "truck", "unspecified": "withheld"},
    {"kind": "equipment", "category": "ammunition", "unit": "ton", "maximum": 2},
]
_SERVICES = [
    {"kind": "service", "category": "training", "minimum": 10, "maximum": 40, "unit": "person_trained"},
    {"kind": "service", "category": "airlift", "unspecified": "under_negotiation"},
]
_SUMS = [
    money("15000000"),
    money("0.5"),
    money("2500000", "EUR"),
    {"currency": "USD", "amount_minimum": "10.25", "amount_maximum": "4000000"},
    {"currency": "USD", "amount_minimum": "1000", "approximate": True},
    {"currency": "USD", "amount_maximum": "0"},
    {"currency": "USD", "unspecified": "not_stated"},
]
_SOURCES = [
    {"title": "undated"},
    *({"title": "dated", "published": published} for published in DATES),
    {"symbol": "S/2024/262", "published": "2024-03-06", "kind": "un_document"},
    {"url": "https://example.org/letter", "publisher": "somebody", "also": ["another place"]},
]
_MADE: dict[Any, Sequence[Any]] = {
    PersonnelItem: _PEOPLE,
    EquipmentItem: _KIT,
    ServiceItem: _SERVICES,
    Money: _SUMS,
    MoneyItem: [{"kind": "money", **one, **more} for one in _SUMS for more in ({}, {"channel": "un_trust_fund"})],
    Source: _SOURCES,
    bool: [True, False],
}


# --- the fields of events, by their declarations ---------------------------------------------------------------------


@cache
def field_of(declared: Any, name: str) -> st.SearchStrategy[Any]:
    """Values of a declared field."""
    part = declared.__dataclass_fields__[name]
    return _values(name, get_type_hints(declared, include_extras=True)[name], part.metadata)


def _values(name: str, annotation: Any, bounds: Any) -> st.SearchStrategy[Any]:
    if get_origin(annotation) is Annotated:
        return st.sampled_from(_texts(name, next(mark for mark in annotation.__metadata__ if isinstance(mark, Text))))
    if get_origin(annotation) is tuple:
        return st.lists(_values(name, get_args(annotation)[0], {}), min_size=1, max_size=2)
    if annotation is int:
        return st.sampled_from([number for number in (1, 0, 12, 100) if number >= (bounds.get("low") or 0)])
    if annotation in _MADE:
        return st.sampled_from(_MADE[annotation])
    return st.one_of([_values(name, part, bounds) for part in get_args(annotation) if part is not type(None)])


def _texts(name: str, text: Text) -> Sequence[str]:
    if name in _NAMES:
        return _NAMES[name]
    if text.choices is not None:
        return list(text.choices)[:_CODES_DRAWN]
    by_meaning = {"a party's code": PARTIES, "a date": DATES, "a day": DAYS}
    return next((drawn for meaning, drawn in by_meaning.items() if text.meaning.startswith(meaning)), ("in words",))


@cache
def _choices(declared: Any, apart: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """Which of the fields that may be left out are there: none to three."""
    names = [part.name for part in fields(declared) if part.default is not MISSING and part.name not in apart]
    return st.sampled_from([chosen for count in range(4) for chosen in combinations(names, count)])


def _data(draw: st.DrawFn, declared: Any, apart: tuple[str, ...] = ()) -> dict[str, Any]:
    """The data of an event, without the fields kept `apart`."""
    chosen = (*_required(declared), *draw(_choices(declared, apart)))
    return {name: draw(field_of(declared, name)) for name in chosen if name not in apart}


@cache
def _required(declared: Any) -> tuple[str, ...]:
    return tuple(part.name for part in fields(declared) if part.default is MISSING)


# --- what the ledger will hold ---------------------------------------------------------------------------------------


class Foresight:
    """A ledger without a database: it takes what the decisions accept."""

    def __init__(self) -> None:
        self.known = Known()
        self.entries: list[Entry] = []

    def takes(self, event: dict[str, Any]) -> bool:
        """Take `event` in, or say that it would be refused."""
        try:
            parsed = parse_event(event)
        except Invalid:
            return False
        wanted = needs([parsed])
        self._open(
            {stream for stream, _ in wanted.ruling}
            | wanted.begun
            | needs_of_corrections([parsed], self.known.entries.values())
        )
        decision = decide(parsed, self.known)
        if isinstance(decision, list):
            return False
        self._enter(decision)
        return True

    def _open(self, streams: Iterable[str]) -> None:
        for stream in streams:
            self.known.streams.setdefault(stream, [])

    def _enter(self, accepted: Accepted) -> None:
        position = len(self.entries)
        entry = enter(
            accepted.event, position=position, entry_id=str(position), stream=accepted.stream,
            version=self.known.versions.get(accepted.stream, 0) + 1, mission=accepted.mission,
            root=position if accepted.root is None else accepted.root,
            recorded_at="2024-01-01T00:00:00.000000Z", actor="tester", salt=bytes(32),
        )  # fmt: skip
        self._open([entry.stream])
        self.known.add(entry)
        self.entries.append(entry)
        if entry.type == REDACTED:
            self.entries[entry.target] = without_payload(self.entries[entry.target])


# --- events ----------------------------------------------------------------------------------------------------------

_DATE = st.sampled_from(DATES)
_SOURCE = st.sampled_from([None] * 8 + _SOURCES)
_MISSION = st.sampled_from([MISSIONS[0], *MISSIONS])
_HALF = st.booleans()
_CHANCE = st.integers(0, 9)


def _event(draw: st.DrawFn, type_name: str, so_far: Sequence[Entry]) -> dict[str, Any]:
    """An event after the entries `so_far`; it may yet be refused."""
    declared = EVENTS[type_name]
    mission = None if declared.LEDGER_WIDE or declared.ABOUT else draw(_MISSION)
    ref = f"ref-{len(so_far)}" if draw(_HALF) else None
    data = _about(draw, declared, so_far) if declared.ABOUT else _data(draw, declared)
    event = said(type_name, draw(_DATE), mission=mission, source=draw(_SOURCE), ref=ref) | {"data": data}
    alike = [entry for entry in so_far if entry.target is None and _subject(entry.type) == _subject(type_name)]
    return _of_the_same(event, draw(st.sampled_from(alike))) if alike and draw(_HALF) else event


def _subject(type_name: str) -> str:
    return EVENTS[type_name].__module__


def _of_the_same(event: dict[str, Any], earlier: Entry) -> dict[str, Any]:
    """`event` made to be about the same pledge, post or account as an `earlier` one: with its names and its parties."""
    said_of_it = {name: value for name, value in (earlier.data or {}).items() if isinstance(value, str)}
    data = {name: said_of_it.get(name, value) for name, value in event["data"].items() if name != "jointly_with"}
    if "jointly_with" in EVENTS[event["type"]].__dataclass_fields__ and "jointly_with" in (earlier.data or {}):
        data["jointly_with"] = (earlier.data or {})["jointly_with"]
    return {**event, "data": data, **({"mission": earlier.mission} if earlier.mission else {})}


def _target(draw: st.DrawFn, so_far: Sequence[Entry]) -> Entry:
    """Any entry so far; often one of the latest, so that changes are changed in turn."""
    return so_far[-1 - draw(st.integers(0, min(3, len(so_far) - 1)))] if draw(_HALF) else draw(st.sampled_from(so_far))


def _name(entry: Entry) -> int | str:
    return entry.ref or entry.position


def _about(draw: st.DrawFn, declared: Any, so_far: Sequence[Entry]) -> dict[str, Any]:
    target = _target(draw, so_far)
    data = {**_data(draw, declared, ("target", "rival", "data")), "target": _name(target)}
    if declared is EntryCorrected and (draw(_HALF) or not {"effective", "source"} & data.keys()):
        data["data"] = _change(draw, target, so_far)
    if "rival" in declared.__dataclass_fields__ and draw(_HALF):
        data["rival"] = _name(_target(draw, so_far))
    return data


def _change(draw: st.DrawFn, target: Entry, so_far: Sequence[Entry]) -> dict[str, Any]:
    """What changes of the data of `target`: a field or two, anew or taken away; of a correction, what that one corrects."""
    declared = EVENTS[target.type]
    names = [part.name for part in fields(declared) if part.name != "target" or not declared.ABOUT]
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
    return {name: _changed(draw, target, name, so_far) for name in chosen}


def _changed(draw: st.DrawFn, target: Entry, name: str, so_far: Sequence[Entry]) -> Any:
    if draw(_CHANCE) == 9:
        return None
    if target.type == "entry.corrected" and name == "data":
        return _change(draw, next(entry for entry in so_far if entry.position == target.target), so_far)
    return _target(draw, so_far).position if name == "rival" else draw(field_of(EVENTS[target.type], name))


# --- histories -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Batch:
    """Events posted as one, and whether the decisions let them pass."""

    events: list[dict[str, Any]]
    recorded: bool = True


TYPES = frozenset(name for name, declared in EVENTS.items() if declared.RECORDER != "operator")
_ABOUT = (
    ["entry.corrected"] * 4
    + ["entry.retracted"] * 3
    + ["claim.disputed", "claim.ranked", "claim.corroborated", REDACTED]
)
_OPENINGS = (
    "pledge.announced", "pledge.suspended", "pledge.conditioned", "commitment.signed", "contribution.suspended",
    "lead-nation.designated", "post.created", "office-holder.appointed", "partner.joined", "position.stated", "target.set",
)  # fmt: skip
_TRIES = 4


def _of_subjects() -> list[list[str]]:
    names = [[name for name in EVENTS if name in TYPES and _subject(name) == subject.__name__] for subject in SUBJECTS]
    return [ordinary for subject in names if (ordinary := [name for name in subject if not EVENTS[name].ABOUT])]


_SUBJECTS = _of_subjects()
_WEIGHTY = [subject for subject in _SUBJECTS if subject[0].startswith(("pledge", "commitment", "personnel", "lead"))]


@st.composite
def histories(draw: st.DrawFn, most_batches: int = 6) -> list[Batch]:
    """Whole histories, from the first mission's registration on."""
    foresight, types = Foresight(), _types(draw)
    opening = [registered(mission) for mission in MISSIONS]
    assert all(foresight.takes(event) for event in opening)
    openings = [_next(draw, foresight, [name]) for name in _OPENINGS if name in (*types, "pledge.announced")]
    batches = [Batch(opening + [event for event in openings if event is not None])]
    for size in draw(st.lists(st.integers(1, 8), min_size=1, max_size=most_batches)):
        happened = [event for _ in range(size) if (event := _next(draw, foresight, types)) is not None]
        batches += [Batch(happened)] if happened else []
        if draw(_CHANCE) == 9:
            batches.append(Batch([*draw(_GOOD), draw(_BAD)], recorded=False))
    return batches


def _types(draw: st.DrawFn) -> list[str]:
    """The types of one history: of one subject, of two or of all, so that much happens to little; a third is about entries."""
    drawn = st.lists(st.sampled_from([*_SUBJECTS, *_WEIGHTY]), min_size=1, max_size=2)
    some = draw(drawn) if draw(_CHANCE) < 8 else _SUBJECTS
    ordinary = [name for subject in some for name in subject if name != "mission.registered"]
    ordinary *= 1 + 20 // len(ordinary)
    return [*ordinary, "mission.registered", *_ABOUT * (1 + len(ordinary) // 20)]


def _next(draw: st.DrawFn, foresight: Foresight, types: Sequence[str]) -> dict[str, Any] | None:
    for _ in range(_TRIES):
        event = _event(draw, draw(st.sampled_from(types)), foresight.entries)
        if foresight.takes(event):
            return event
    return None


_GOOD = st.sampled_from([[], [said("party.registered", mission=None, party="NEW", name="New", kind="group")]])
_BAD = st.sampled_from(
    [
        said("pledge.withdrawn", mission=MISSIONS[0], pledge="never-made"),
        said("entry.retracted", mission=None, target=10**6, reason="there is none"),
        said("pledge.announced", mission="nowhere", pledge="a", party="JAM", items=[people(1)]),
    ]
)


def tell(history: Iterable[Batch]) -> None:
    """Have Hypothesis print a history that fails, as it can be posted: a batch on each line."""
    for batch in history:
        note(json.dumps(batch.events) + ("" if batch.recorded else "  (to be refused)"))


def entries_of(history: Iterable[Batch]) -> list[Entry]:
    """The entries that a ledger with this history holds."""
    foresight = Foresight()
    for batch in history:
        assert not batch.recorded or all(foresight.takes(event) for event in batch.events)
    return foresight.entries
