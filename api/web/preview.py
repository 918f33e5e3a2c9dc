"""What an event would change, seen by recording it in a transaction that is taken back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from api.web import words
from ledger.entries import Entry
from ledger.said import Event
from ledger.store import record, size
from ledger.values import first_day
from projections.diff import Operation
from projections.differences import differences
from projections.questions import Question
from projections.runner import update_projections

MOST_SHOWN = 200
_ENDS = {"minimum": "at least", "maximum": "at most"}
_BESIDE = {"entries", "provenance", "key", "pointer", "rank", "parties"}


@dataclass(frozen=True)
class Change:
    """One thing that a snapshot would say otherwise."""

    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Preview:
    """The entry that would be recorded, and what its mission's snapshot of a day would say otherwise."""

    entry: Entry
    day: str
    changes: Sequence[Change]
    left_out: int
    findings: Sequence[str]
    settled: Sequence[str]


def preview(connection: Connection, event: Event, actor: str, today: str) -> Preview:
    """Record the event and tell what follows from it; the caller takes it back. Raises Refused."""
    before = size(connection) - 1
    entry = record(connection, [event], actor=actor, project=update_projections).entries[0]
    day = max(today, first_day(event.effective), first_day(getattr(event.data, "effective", None) or event.effective))
    found = _operations(connection, entry, day, before)
    rest = sorted(
        (one for one in found if not one["path"].startswith("/findings")),
        key=lambda one: one["path"].startswith("/fulfilment"),
    )
    return Preview(
        entry, day, [_change(one) for one in rest[:MOST_SHOWN]], max(0, len(rest) - MOST_SHOWN),
        _findings(found, "add"), _findings(found, "remove"),
    )  # fmt: skip


def _operations(connection: Connection, entry: Entry, day: str, before: int) -> list[Operation]:
    if entry.mission is None:
        return []
    earlier, later = (Question(day, known, None, None, False) for known in (before, entry.position))
    return differences(connection, entry.mission, earlier, later)


def _findings(operations: Sequence[Operation], op: str) -> list[str]:
    rows = [one["to"] if op == "add" else one["from"] for one in operations if one["path"].startswith("/findings")]
    return [row["text"] for row in rows if isinstance(row, Mapping)]


def _change(operation: Operation) -> Change:
    steps = [step.replace("~1", "/").replace("~0", "~") for step in operation["path"].split("/")[1:]]
    return Change(" · ".join(map(_step, steps)), told(operation["from"]), told(operation["to"]))


def _step(step: str) -> str:
    name = words.party(step)
    return name if name != step else _ENDS.get(step) or step.replace("_", " ")


def told(value: Any) -> str:
    """Any value of an answer in words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return _told_row(value)
    if isinstance(value, list):
        return "; ".join(map(told, value)) or "nothing"
    return _told_text(value) if isinstance(value, str) else words.number(value)


def _told_text(text: str) -> str:
    if re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", text, re.ASCII):
        return words.partial_date(text)
    if re.fullmatch(r"\d{1,18}(\.\d+)?", text, re.ASCII):
        return words.number(text)
    return words.label(text) if re.fullmatch(r"[a-z]+(_[a-z]+)+", text) else words.party(text)


def _told_row(row: Mapping[str, Any]) -> str:
    if "kind" in row and ("category" in row or "currency" in row):
        return words.quantity(row)
    if _is_figure(row):
        return words.figure(row, row.get("currency") or "")
    parts = {name: told(part) for name, part in row.items() if _is_told(name, part)}
    return ", ".join(f"{words.label(name)} {part}" for name, part in parts.items())


def _is_figure(value: Any) -> bool:
    return isinstance(value, Mapping) and {"minimum", "maximum", "entries"} <= set(value)


def _is_told(name: str, part: Any) -> bool:
    """Whether a part of a row is told beside the others: what stands deeper is left to the page of the mission."""
    if name in _BESIDE or part in (None, [], {}, "", False):
        return False
    if isinstance(part, list):
        return all(not isinstance(one, Mapping) or "kind" in one for one in part)
    return not isinstance(part, Mapping) or _is_figure(part) or "currency" in part
