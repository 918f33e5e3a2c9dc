"""Rows made ready to be recorded: checked one by one, and written out as far as an entry does not depend on the ledger."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from api.exported import event_of, position_of
from api.sheets import Fault, Row
from ledger.prepared import Prepared, outline_of, salt_of
from ledger.said import Event, Untold
from ledger.schemas import Invalid


class Item(NamedTuple):
    """A row of a file: its place among the rows, where it stood before, and its event, or else what is wrong with it."""

    place: int
    row: Row
    position: Any
    event: Event | Prepared | None
    faults: list[Fault]


def parts_of(rows: Iterable[Row], secret: bytes, size: int) -> Iterator[list[Item]]:
    """The rows of a file as items, by parts of a size."""
    items = (made_ready(index, row, secret) for index, row in enumerate(rows))
    while part := list(islice(items, size)):
        yield part


def made_ready(index: int, row: Row, secret: bytes) -> Item:
    position = position_of(row)
    try:
        event, faults = _checked(row, position)
    except Invalid as error:
        event, faults = None, _told(row, error)
    if event is None or faults or row.faults:
        return Item(index, row, position, None, [*row.faults, *faults])
    if event.data.ABOUT or isinstance(event.data, Untold):
        return Item(index, row, position, event, [])
    return Item(index, row, position, Prepared(outline_of(event, salt_of(secret, index))), [])


def _checked(row: Row, position: Any) -> tuple[Event | None, list[Fault]]:
    """The event of a row, unless it is of no type. Raises Invalid."""
    if any(fault.column == "type" for fault in row.faults):
        return None, []
    if position is not None and (type(position) is not int or position < 0):
        return None, [Fault(row.number, "position", f"{str(position)[:40]!r} is not a position")]
    return event_of(row), []


def _told(row: Row, error: Invalid) -> list[Fault]:
    """What is wrong with the row besides the cells that could not be read."""
    unread = {fault.column for fault in row.faults}
    faults = (Fault(row.number, row.column(fault.pointer), fault.detail) for fault in error.faults)
    return [fault for fault in faults if fault.column not in unread]
