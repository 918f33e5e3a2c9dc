"""Histories: what was recorded, what it says now, and how a pledge changed. Pure but for the reading of entries."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from ledger.entries import Entry
from ledger.standing import CORRECTED, RETRACTED, Standing, as_it_stands, retracted
from ledger.store import read_entries
from ledger.tables import entries
from projections.diff import changed_fields
from projections.family import Stated, told_forward
from projections.pledges import PLEDGES, opened, present
from projections.projection import Row, keys_of, step
from projections.questions import Question
from projections.tables import generations, rectangles
from projections.timeline import HEAD
from projections.view import view

_TERMS = (
    "parties",
    "items",
    "status",
    "formality",
    "conditional",
    "conditions",
    "due",
    "suspensions",
    "confirmations",
    "converts",
)


def mission_history(connection: Connection, mission: str, question: Question) -> list[Row]:
    """Every event of a mission in the order of its effective date, as it stands and as it was first said.

    Corrections and retractions stand inside the entry that they are about. Entries that have not begun by
    `valid_at` are left out.
    """
    known = read_entries(connection, entries.c.mission == mission, entries.c.position <= question.known)
    if question.reported_by is not None:
        known = [entry for entry in known if entry.reported <= question.reported_by]
    shown = [_item(family) for family in _families(known)]
    begun = [item for item in shown if item["first_day"] <= question.valid_at]
    return sorted(begun, key=lambda item: (item["first_day"], item["position"]))


def _families(known: Iterable[Entry]) -> list[list[Entry]]:
    """One family for each entry that is no correction or retraction: itself with what changes it, directly or not."""
    changes: dict[int, list[Entry]] = {}
    families = []
    for entry in known:
        if entry.type in (CORRECTED, RETRACTED):
            of = changes.get(entry.target if entry.target is not None else -1)
            if of is not None:
                of.append(entry)
                changes[entry.position] = of
        else:
            changes[entry.position] = [entry]
            families.append(changes[entry.position])
    return families


def _item(family: Sequence[Entry]) -> Row:
    entry, gone, told = family[0], retracted(family), told_forward(family)
    now = as_it_stands(entry, family)
    return {
        "position": entry.position, "type": entry.type, "effective": now.effective, "first_day": now.first,
        "recorded_at": entry.recorded_at, "actor": entry.actor, "stream": entry.stream, "version": entry.version, "ref": entry.ref,
        "target": entry.target, "data": now.data, "source": now.source, "note": entry.note,
        "retracted": entry.position in gone, "said": _said(entry) if len(family) > 1 else None,
        "changes": [_change(change, gone, told.get(change.position)) for change in family[1:]],
        "entries": [member.position for member in family],
    }  # fmt: skip


def _said(entry: Entry) -> Row:
    return {"effective": entry.effective, "data": entry.data, "source": entry.source}


def _change(change: Entry, gone: frozenset[int], told: tuple[Stated, Stated] | None) -> Row:
    """A correction or retraction, with what it changed of its target as that stood before; `told` of a correction."""
    data = change.data or {}
    return {
        "position": change.position, "type": change.type, "target": change.target, "effective": change.effective,
        "recorded_at": change.recorded_at, "actor": change.actor, "reason_code": data.get("reason_code"), "reason": data.get("reason"),
        "source": data.get("source") or change.source, "note": change.note, "retracted": change.position in gone,
        "fields": changed_fields(*map(_fields, told)) if told else [{"field": "retracted", "from": False, "to": True}],
    }  # fmt: skip


def _fields(said: Stated) -> Row:
    data = {f"data.{name}": value for name, value in said["data"].items()}
    return {"effective": said["effective"], **data, "source": said["source"]}


def pledge_history(connection: Connection, mission: str, pledge: str, question: Question) -> list[Row]:
    """Each change of a pledge: what changed from what to what, by whom, on which source, why.

    Events come in the order of their effective dates, each followed by the corrections and retractions of it.
    An empty list where the mission has no such pledge by then.
    """
    known = _pledge_entries(connection, mission, pledge, question.known)
    if question.reported_by is not None:
        known = [entry for entry in known if entry.reported <= question.reported_by]
    steps = _steps(view(known, question.valid_at, question.known), pledge)
    items = {item["position"]: item for item in map(_item, _families(known)) if item["first_day"] <= question.valid_at}
    ordered = sorted(items.values(), key=lambda item: (item["first_day"], item["position"]))
    return [change for item in ordered for change in _told(item, steps.get(item["position"], []))]


def _pledge_entries(connection: Connection, mission: str, pledge: str, known: int) -> list[Entry]:
    if "\0" in pledge:  # PostgreSQL takes no such text
        return []
    c = rectangles.c
    live = select(generations.c.live).scalar_subquery()
    at = (c.generation == live, c.mission == mission, c.projection == PLEDGES.name, c.key == pledge)
    roots = select(c.root).where(*at, c.event != HEAD)
    return read_entries(connection, entries.c.root.in_(roots), entries.c.position <= known)


def _steps(seen: Iterable[Standing], pledge: str) -> dict[int, list[Row]]:
    """What each event changed of the pledge, by position."""
    row: Row | None = None
    shown: Mapping[str, Any] = {}
    changes = {}
    for s in seen:
        if pledge in keys_of(PLEDGES, s):
            row = step(PLEDGES, pledge, row, s)
            after = {name: present(row)[name] for name in _TERMS} if opened(row) else {}
            changes[s.position] = changed_fields(shown, after)
            shown = after
    return changes


def _told(item: Row, fields: list[Row]) -> list[Row]:
    """An event as a change of the pledge, and after it those of the record."""
    names = ("position", "type", "effective", "recorded_at", "actor", "source", "note", "retracted", "target", "data")
    reason = item["data"].get("reason") or item["data"].get("text") or item["data"].get("statement")
    event = {**{name: item[name] for name in names}, "reason_code": None, "reason": reason, "fields": fields}
    return [event, *({**change, "data": None} for change in item["changes"])]
