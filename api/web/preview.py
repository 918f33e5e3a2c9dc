"""What an event would change, seen by recording it in a transaction that is taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from api.web import changes
from api.web.changes import Group
from ledger.entries import Entry
from ledger.recording import record
from ledger.said import Event
from ledger.store import size
from ledger.values import first_day
from projections.diff import Operation
from projections.differences import compared
from projections.questions import Question
from projections.runner import Projector


@dataclass(frozen=True)
class Preview:
    """The entry that would be recorded, and what its mission's snapshot of a day would say otherwise."""

    entry: Entry
    day: str
    groups: Sequence[Group]
    findings: Sequence[str]
    settled: Sequence[str]


def preview(connection: Connection, event: Event, actor: str, today: str) -> Preview:
    """Record the event and tell what follows from it; the caller takes it back. Raises Refused."""
    before = size(connection) - 1
    entry = record(connection, [event], actor=actor, project=Projector()).entries[0]
    day = max(today, first_day(event.effective), first_day(getattr(event.data, "effective", None) or event.effective))
    if entry.mission is None:
        return Preview(entry, day, (), (), ())
    earlier, later = (Question(day, known, None, None, False) for known in (before, entry.position))
    comparison = compared(connection, entry.mission, earlier, later)
    groups = [group for group in changes.groups(comparison) if group.subject != "findings"]
    return Preview(
        entry, day, groups, _findings(comparison.operations, "add"), _findings(comparison.operations, "remove")
    )


def _findings(operations: Sequence[Operation], op: str) -> list[str]:
    rows = [one["to"] if op == "add" else one["from"] for one in operations if one["path"].startswith("/findings")]
    return [row["text"] for row in rows if isinstance(row, Mapping)]
