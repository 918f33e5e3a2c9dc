"""The differences of two states of a mission, with their causes, from the database."""

from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from ledger.standing import CORRECTED, RETRACTED
from ledger.store import read_entries
from ledger.tables import entries
from projections.answers import ANSWERS, Made, Rows, folded_rows, make, needed
from projections.causes import between, changes_since
from projections.diff import Operation, operations
from projections.queries import indexed_rows, mission_entries
from projections.questions import Question


@dataclass(frozen=True)
class Comparison:
    """Two states of a mission, and the operations that turn the first into the second."""

    before: Made
    after: Made
    operations: list[Operation]


def differences(connection: Connection, mission: str, before: Question, after: Question) -> list[Operation]:
    """What turns the state of one question into that of another, with the entries that caused it."""
    return compared(connection, mission, before, after).operations


def compared(connection: Connection, mission: str, before: Question, after: Question) -> Comparison:
    """The states of two questions, with what turns one into the other."""
    rows = [_rows(connection, mission, question) for question in (before, after)]
    states = [make(list(ANSWERS), kept, q.valid_at) for kept, q in zip(rows, (before, after), strict=True)]
    changes = _changes_between(connection, mission, before, after)
    return Comparison(states[0], states[1], operations(states[0], states[1], between(rows[0], rows[1], changes)))


def _rows(connection: Connection, mission: str, question: Question) -> Rows:
    names, day, known = needed(ANSWERS), question.valid_at, question.known
    if question.reported_by is None:
        return indexed_rows(connection, names, mission, day, known)
    return folded_rows(mission_entries(connection, mission, known), names, mission, day, known, question.reported_by)


def _changes_between(connection: Connection, mission: str, before: Question, after: Question) -> dict[int, list[int]]:
    """By entry the corrections and retractions of it that only one of two questions knows."""
    e = entries.c
    low, high = sorted((before.known, after.known))
    changed = select(e.root).where(
        or_(e.mission == mission, e.mission.is_(None)),
        e.type.in_((CORRECTED, RETRACTED)),
        e.position.between(low + 1, high),
    )
    known = read_entries(connection, e.root.in_(changed), e.position <= high)
    if after.reported_by is not None:
        known = [entry for entry in known if entry.reported <= after.reported_by]
    return changes_since(known, low)
