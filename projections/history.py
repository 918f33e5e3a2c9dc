"""Histories: what was recorded, what it says now, and how a pledge changed. Pure but for the reading of entries."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from ledger.entries import Entry
from ledger.standing import CORRECTED, RETRACTED, Standing, as_it_stands, retracted
from ledger.store import chunks, read_entries
from ledger.tables import entries
from projections.diff import changed_fields
from projections.family import Stated, told_forward
from projections.pledges import PLEDGES, believed, opened, present
from projections.projection import Row, keys_of, step
from projections.questions import Question
from projections.redactions import Removals, removals
from projections.tables import generations, places, rectangles
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
    "converted_by",
)
_OPENINGS = ("pledge.announced", "pledge.notified")


def mission_history(connection: Connection, mission: str, question: Question) -> list[Row]:
    """Every event of a mission in the order of its effective date, as it stands and as it was first said.

    Corrections and retractions stand inside the entry that they are about. Entries that have not begun by
    `valid_at` are left out.
    """
    known = read_entries(connection, entries.c.mission == mission, entries.c.position <= question.known)
    if question.reported_by is not None:
        known = [entry for entry in known if entry.reported <= question.reported_by]
    removed = removals(connection, known)
    shown = [_item(family, removed) for family in _families(known)]
    begun = [item for item in shown if item["first_day"] <= question.valid_at]
    return sorted(begun, key=lambda item: (item["first_day"], item["position"]))


def as_recorded(connection: Connection, found: Sequence[Entry]) -> list[Row]:
    """Each of `found`, in its order: what it says now and first said; of a correction or retraction, what it changed."""
    roots = sorted({entry.root for entry in found})
    known = [e for part in chunks(roots) for e in read_entries(connection, entries.c.root.in_(part))]
    removed, rows = removals(connection, known), dict[int, Row]()
    for family in _families(known):
        item = _item(family, removed)
        rows |= {item["position"]: item} | {change["position"]: change for change in item["changes"]}
    return [{**_envelope(entry), **rows.get(entry.position, {})} for entry in found]


def _envelope(entry: Entry) -> Row:
    """What every entry tells, whatever it is about."""
    names = (
        "position",
        "type",
        "mission",
        "effective",
        "recorded_at",
        "actor",
        "stream",
        "version",
        "target",
        "data",
        "source",
    )
    return {**{name: getattr(entry, name) for name in names}, "said": None, "changes": [], "entries": [entry.position]}


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


def _item(family: Sequence[Entry], removed: Removals) -> Row:
    entry, gone, told = family[0], retracted(family), told_forward(family)
    now, readable = as_it_stands(entry, family), entry.payload is not None
    return {
        "position": entry.position, "type": entry.type, "effective": now.effective, "first_day": now.first,
        "recorded_at": entry.recorded_at, "actor": entry.actor, "stream": entry.stream, "version": entry.version, "ref": entry.ref,
        "target": entry.target, "data": now.data if readable else None, "source": now.source if readable else None,
        "note": entry.note, "retracted": entry.position in gone, "redaction": removed.get(entry.position),
        "said": _said(entry) if len(family) > 1 else None,
        "changes": [_change(change, gone, told.get(change.position), removed) for change in family[1:]],
        "entries": [member.position for member in family],
    }  # fmt: skip


def _said(entry: Entry) -> Row:
    return {"effective": entry.effective, "data": entry.data, "source": entry.source}


def _change(change: Entry, gone: frozenset[int], told: tuple[Stated, Stated] | None, removed: Removals) -> Row:
    """A correction or retraction, with what it changed of its target as that stood before; `told` of a correction."""
    data = change.data or {}
    return {
        "position": change.position, "type": change.type, "target": change.target, "effective": change.effective,
        "recorded_at": change.recorded_at, "actor": change.actor, "reason_code": data.get("reason_code"), "reason": data.get("reason"),
        "source": data.get("source") or change.source, "note": change.note, "retracted": change.position in gone,
        "redaction": removed.get(change.position),
        "fields": changed_fields(*map(_fields, told)) if told else [{"field": "retracted", "from": False, "to": True}],
    }  # fmt: skip


def _fields(said: Stated) -> Row:
    data = {f"data.{name}": value for name, value in said["data"].items()}
    return {"effective": said["effective"], **data, "source": said["source"]}


def pledge_history(connection: Connection, mission: str, pledge: str, question: Question) -> list[Row]:
    """Each change of a pledge: what changed from what to what, by whom, on which source, why.

    Events come in the order of their effective dates, each followed by the corrections and retractions of it; among
    them those by which another pledge takes the place of this one. An empty list where the mission has no such pledge.
    """
    own = _roots(connection, mission, pledge)
    known = _own_and_openings(connection, mission, own, question.known)
    if question.reported_by is not None:
        known = [entry for entry in known if entry.reported <= question.reported_by]
    steps = _steps(view(known, question.valid_at, question.known), pledge)
    families = [family for family in _families(known) if family[0].root in own or steps.get(family[0].position)]
    removed = removals(connection, known)
    items = [_item(family, removed) for family in families]
    begun = [item for item in items if item["first_day"] <= question.valid_at]
    ordered = sorted(begun, key=lambda item: (item["first_day"], item["position"]))
    return [change for item in ordered for change in _told(item, steps.get(item["position"], []))]


def _roots(connection: Connection, mission: str, pledge: str) -> frozenset[int]:
    """Every entry that ever touched a pledge, and those of its stream of which only the envelope can be read."""
    if "\0" in pledge:  # PostgreSQL takes no such text
        return frozenset()
    p, r = places.c, rectangles.c
    own = select(p.place).where(
        p.generation == select(generations.c.live).scalar_subquery(),
        p.mission == mission,
        p.projection == PLEDGES.name,
        p.key == pledge,
    )
    ever = select(r.root).where(r.place == own.scalar_subquery(), r.event != HEAD)
    e = entries.c
    removed = select(e.root).where(e.stream == f"{mission}/pledge/{pledge}", e.payload.is_(None))
    return frozenset(connection.execute(ever.union(removed)).scalars())


def _own_and_openings(connection: Connection, mission: str, own: frozenset[int], known: int) -> list[Entry]:
    """Everything about a pledge, and by what the others were opened: one of them may take its place."""
    if not own:
        return []
    e = entries.c
    openings = select(e.position).where(e.mission == mission, e.type.in_(_OPENINGS), e.position <= known)
    found = read_entries(connection, e.root.in_(openings), e.position <= known)
    for part in chunks(sorted(own)):
        found += read_entries(connection, e.root.in_(part), e.position <= known)
    by_position = {entry.position: entry for entry in found}
    return [by_position[position] for position in sorted(by_position)]


def _steps(seen: Iterable[Standing], pledge: str) -> dict[int, list[Row]]:
    """What each event changed of the pledge, by position: of its own events, and of those by which another takes its place."""
    rows: dict[str, Row] = {}
    shown: Mapping[str, Any] = {}
    changes = {}
    for s in seen:
        touched = keys_of(PLEDGES, s)
        for key in touched:
            rows[key] = step(PLEDGES, key, rows.get(key), s)
        if pledge in rows and (pledge in touched or pledge in (s.about or s).data.get("converts", ())):
            after = _shown(rows, pledge)
            changes[s.position] = changed_fields(shown, after)
            shown = after
    return changes


def _shown(rows: Mapping[str, Row], pledge: str) -> Row:
    converting = [row for key, row in sorted(rows.items()) if believed(row) and pledge in row["converts"]]
    shown = present(rows[pledge], converting) if opened(rows[pledge]) else {}
    return {name: shown[name] for name in _TERMS if name in shown}


def _told(item: Row, fields: list[Row]) -> list[Row]:
    """An event as a change of the pledge, and after it those of the record."""
    names = (
        "position", "type", "effective", "recorded_at", "actor", "source", "note", "retracted", "target", "data", "redaction",
    )  # fmt: skip
    data = item["data"] or {}
    reason = data.get("reason") or data.get("text") or data.get("statement")
    event = {**{name: item[name] for name in names}, "reason_code": None, "reason": reason, "fields": fields}
    return [event, *({**change, "data": None} for change in item["changes"])]
