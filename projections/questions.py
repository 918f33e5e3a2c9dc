"""A question's clocks, resolved: which day, which position, published by when."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, select

from ledger.entries import instant
from ledger.store import position_at, size
from ledger.tables import entries
from ledger.values import FIRST_YEAR, LAST_YEAR


class Unanswerable(ValueError):
    """A question that cannot be put: `parameter` names where, the text says what to do."""

    def __init__(self, parameter: str, text: str):
        super().__init__(text)
        self.parameter = parameter


@dataclass(frozen=True)
class Question:
    """True on the day `valid_at`, as known at position `known` (-1 before the first entry), as reported by a day or at all.

    `known_at` is the moment asked for, else that of the last known entry. `fixed` says that the answer can never change.
    """

    valid_at: str
    known: int
    known_at: str | None
    reported_by: str | None
    fixed: bool

    @property
    def truth(self) -> dict[str, Any]:
        """What an answer to it is true of, as every answer says it."""
        known = self.known if self.known >= 0 else None
        clocks = {"valid_at": self.valid_at, "known_at": self.known_at, "known_position": known}
        return clocks | ({"reported_by": self.reported_by} if self.reported_by else {})


def ask(
    connection: Connection,
    valid_at: str | None = None,
    known_at: str | None = None,
    known_position: int | None = None,
    reported_by: str | None = None,
    *,
    today: date,
) -> Question:
    """Resolve a question. Defaults: today, everything recorded so far. Raises Unanswerable."""
    if known_at is not None and known_position is not None:
        raise Unanswerable("known_at", "known_at and known_position say the same thing twice; give one of them")
    last = size(connection) - 1
    known = last
    if known_position is not None:
        known = _existing(known_position, last)
    elif known_at is not None:
        known = position_at(connection, moment(known_at, "known_at"))
    when = moment(known_at, "known_at") if known_at is not None else _recorded_at(connection, known)
    fixed = known_position is not None and valid_at is not None
    return Question(
        day(valid_at, "valid_at") if valid_at else today.isoformat(),
        known,
        when,
        day(reported_by, "reported_by") if reported_by else None,
        fixed,
    )


def _existing(position: int, last: int) -> int:
    if position > last:
        raise Unanswerable("known_position", f"there is no position {position} yet; the last one is {last}")
    return position


def _recorded_at(connection: Connection, position: int) -> str | None:
    return connection.execute(select(entries.c.recorded_at).where(entries.c.position == position)).scalar_one_or_none()


def day(text: str, parameter: str) -> str:
    """A day as YYYY-MM-DD. Raises Unanswerable."""
    try:
        parsed = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        parsed = None
    if parsed is None or not FIRST_YEAR <= parsed.year <= LAST_YEAR:
        raise Unanswerable(
            parameter, f"{text[:40]!r} is not a day between {FIRST_YEAR} and {LAST_YEAR}; write YYYY-MM-DD"
        )
    return parsed.isoformat()


def moment(text: str, parameter: str, end_of_day: bool = True) -> str:
    """A moment as the ledger writes it; of a plain day its end in UTC, or its beginning. Raises Unanswerable."""
    if len(text) == 10:
        return day(text, parameter) + ("T23:59:59.999999Z" if end_of_day else "T00:00:00.000000Z")
    try:
        parsed = datetime.fromisoformat(text)
        if parsed.tzinfo is None or not FIRST_YEAR <= parsed.year <= LAST_YEAR:
            raise ValueError
    except ValueError:
        raise Unanswerable(
            parameter, f"{text[:40]!r} is no moment; write YYYY-MM-DD or an instant such as 2024-03-05T12:00:00Z"
        ) from None
    return instant(parsed.astimezone(UTC))
