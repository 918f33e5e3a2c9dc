"""One entry: as it was said, as it stands, as it is stored, and its proof."""

from flask import render_template, request
from sqlalchemy import Connection

from api.problems import Problem
from api.web import clocks
from api.web.inclusion import inclusion
from api.web.pages import page, pages_of
from api.web.statements import Told, field_rows, source_rows
from api.web.words import know_parties
from ledger import codec
from ledger.entries import Entry
from ledger.standing import Standing, as_it_stands
from ledger.store import read_entries, size
from ledger.tables import entries
from projections.diff import changed_fields
from projections.history import as_recorded
from projections.projection import Row
from projections.queries import family
from projections.redactions import removals

blueprint = pages_of("entry")


@page(blueprint, "/entries/<int:position>", kept=False)
def entry(connection: Connection, position: int) -> str:
    """Everything about one entry. Not kept: its checkpoint and cosignatures come after it."""
    know_parties(connection, clocks.asked_alone(connection))
    found = _found(connection, position)
    related = family(connection, found.root, 2**53)
    (recorded,) = as_recorded(connection, [found])
    target = next((one for one in related if one.position == found.target), None)
    return render_template(
        "entry.html",
        entry=found,
        recorded=recorded,
        changed=_changed(found, related),
        now=as_it_stands(found, related),
        redaction=removals(connection, [found]).get(position),
        said=_said(found, target),
        sources=source_rows(found.source or {}),
        target=target,
        about=_about(related, position),
        last=size(connection) - 1,
        pledge=_pledge(found),
        inclusion=inclusion(connection, found),
        commitment=_commitment(found),
        address=request.host_url.rstrip("/"),
    )


def _found(connection: Connection, position: int) -> Entry:
    try:
        found = read_entries(connection, entries.c.position == min(position, 2**53))
    except (ValueError, LookupError, TypeError):
        told = f"what is stored of entry {position} cannot be read: it is not what was recorded; run `mission-ledger verify`"
        raise Problem("internal", told) from None
    if not found:
        raise Problem("no-such-entry", f"there is no entry {position}; the last one is {size(connection) - 1}")
    return found[0]


def _said(found: Entry, target: Entry | None) -> list[Told]:
    return field_rows(found.type, found.data or {}, target.type if target else None)


def _about(related: list[Entry], position: int) -> list[Row]:
    """What was recorded about an entry, in order: each with its short text."""
    shown = ("position", "type", "effective", "recorded_at", "actor", "data", "source")
    return [{name: getattr(one, name) for name in shown} for one in related if one.target == position]


def _pledge(found: Entry) -> str | None:
    """The pledge that an entry, or what it is about, belongs to: its stream names it."""
    parts = found.stream.split("/")
    return parts[2] if len(parts) == 3 and parts[1] == "pledge" and parts[0] == found.mission else None


def _commitment(found: Entry) -> str:
    """The commitment that the envelope holds; nothing where somebody has spoilt the envelope."""
    try:
        return str(codec.read(found.envelope)["commitment"])
    except (ValueError, LookupError, TypeError):
        return "the envelope cannot be read"


def _changed(found: Entry, related: list[Entry]) -> list[Row]:
    """What an entry says otherwise now than it first said: {field, from, to}; of a removed payload nothing is told."""
    if found.payload is None:
        return []
    now = as_it_stands(found, related)
    return changed_fields(*(_flat(one) for one in (found, now)))


def _flat(said: Entry | Standing) -> Row:
    data = {f"data.{name}": value for name, value in (said.data or {}).items()}
    return {"effective": said.effective, **data, "source": said.source}
