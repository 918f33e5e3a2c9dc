"""What was removed: which payloads, by which entries, by whom and why.

That is about what can be read today. Once a payload is removed, it is gone for every known position that had it, so
an answer tells of it from the position of the removed entry on, whenever the redaction itself was recorded.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, select

from ledger.entries import Entry
from ledger.standing import REDACTED, as_it_stands
from ledger.store import chunks, read_entries
from ledger.tables import entries
from projections.projection import Row

Removals = dict[int, Row]


def removals(connection: Connection, among: Iterable[Entry]) -> Removals:
    """Of those entries whose payload was removed, by position: the entry that did it, who recorded it when, and why."""
    return removals_of(connection, [entry.position for entry in among if entry.payload is None])


def removals_of(connection: Connection, gone: Sequence[int]) -> Removals:
    """The same of entries whose payload is known to have been removed, by their positions."""
    return {
        position: told
        for part in chunks(gone)
        for position, told in removals_where(connection, entries.c.target.in_(part)).items()
    }


def removals_where(connection: Connection, *conditions: Any) -> Removals:
    """The same for all redactions that meet the conditions; each with the corrections of its reason."""
    e = entries.c
    families: dict[int, list[Entry]] = {}
    roots = select(e.root).where(e.type == REDACTED, *conditions)
    for entry in read_entries(connection, e.root.in_(roots)):
        families.setdefault(entry.root, []).append(entry)
    return {
        told.target: _told(told, family)
        for family in families.values()
        for told in family
        if told.type == REDACTED and told.target is not None
    }


def _told(redaction: Entry, family: list[Entry]) -> Row:
    now = as_it_stands(redaction, family).data
    return {
        "position": redaction.position,
        "actor": redaction.actor,
        "recorded_at": redaction.recorded_at,
        "legal_basis": now["legal_basis"],
        "reason": now["reason"],
    }


def redactions(connection: Connection, mission: str, known: int) -> list[Row]:
    """Every entry of a mission up to position `known` whose payload was removed, whenever that was."""
    removed = removals_where(connection, entries.c.mission == mission)
    of = [entry for part in chunks(sorted(removed)) for entry in read_entries(connection, entries.c.position.in_(part))]
    return [
        {
            "position": entry.position,
            "type": entry.type,
            "effective": entry.effective,
            "redaction": removed[entry.position],
        }
        for entry in of
        if entry.position <= known
    ]
