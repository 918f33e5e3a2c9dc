"""The rows of a file on their way into the ledger: put in their new places, taken part by part, with what is wrong with them."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from api.exported import moved, targets_of
from api.faults import Faults, Faulty
from api.files import File
from api.readying import Item
from api.sheets import Fault, Row
from ledger.entries import Entry
from ledger.lengthy import Lengthy
from ledger.prepared import Prepared
from ledger.refusals import Refusal
from ledger.said import Event, Untold

MOST_SHOWN = 200
Complaint = Callable[[Any], str | None]


class Taking:
    """What has been taken of a file so far. `shown`: the first entries; `counts`: how many there are of each type."""

    def __init__(self, file: File, lengthy: Lengthy, complaint: Complaint):
        self._file, self._lengthy, self._complaint, self._places = file, lengthy, complaint, file.places
        self._faults = Faults(list(file.faults))
        self.shown: list[Entry] = []
        self.counts = Counter[str]()

    def take_all(self, parts: Iterable[Sequence[Item]], bar: Callable[..., None]) -> None:
        """Take the rows, part by part, and finish. Raises Faulty with every fault of the file, or as many as are told of one."""
        for items in parts:
            self._take(items)
            bar(items[-1].place + 1)
            if self._faults.are_many and items[-1].place + 1 < self._file.count:
                raise Faulty(self._faults.all(), items[-1].place + 1)
        if self._faults:
            raise Faulty(self._faults.all())
        self._lengthy.finish()

    def _take(self, items: Sequence[Item]) -> None:
        placed = [(item, event) for item in items if (event := self._placed(item)) is not None]
        self._lengthy.doomed |= bool(self._faults)
        entries, refusals = self._lengthy.take([event for _, event in placed])
        self._faults.refused += [_of_row(refusal, placed) for refusal in refusals]
        self.counts.update([entry.type for entry in entries])
        self.shown += entries[: MOST_SHOWN - len(self.shown)]

    def _placed(self, item: Item) -> Event | Prepared | None:
        """The event of a row as it will stand; None where the row is faulty, or about a faulty one."""
        if faults := [*item.faults, *self._unexplained(item)]:
            self._faults.told += faults
            self._faults.broken.append(item.row.event)
            self._places.leave_out(item.place)
            return None
        assert item.event is not None
        if text := self._complaint(item.event):
            self._faults.told.append(Fault(item.row.number, "type", text))
        return self._in_its_place(item, item.event) if self._places.are_there else item.event

    def _unexplained(self, item: Item) -> list[Fault]:
        """An entry without a payload beside which the file holds no entry that says so is a fault, and not recorded."""
        untold = item.event is not None and isinstance(item.event.data, Untold)
        if not untold or item.position in self._file.redacted:
            return []
        text = "its payload was removed, and the entry that says so is not in this file; add that entry"
        return [Fault(item.row.number, "redaction", text)]

    # --- positions -------------------------------------------------------------------------------------------------

    def _in_its_place(self, item: Item, event: Event | Prepared) -> Event | Prepared | None:
        """In an exported file: positions that stand in it twice, and targets that stand nowhere above their row, are faults."""
        targets = [] if isinstance(event, Prepared) else targets_of(event)
        for pointer, target in targets:
            self._check_target(item, pointer, target)
        if self._places.may_repeat and item.position is not None and self._above(item, item.position):
            text = f"position {item.position} stands in this file twice"
            self._faults.told.append(Fault(item.row.number, "position", text))
        rows = {target: self._row_recorded(item, target) for _, target in targets}
        if None in rows.values():
            self._places.leave_out(item.place)
            return None
        first = self._lengthy.first
        return (
            event if isinstance(event, Prepared) else moved(event, lambda t: first + self._places.place(rows[t] or 0))
        )

    def _check_target(self, item: Item, pointer: str, target: int) -> None:
        rows = self._places.rows_at(target)
        if self._above(item, target):
            return
        detail = "comes only later in this file" if rows else "is not in this file; add the entry to it"
        fault = Fault(item.row.number, item.row.column(pointer), f"position {target} {detail}")
        if rows:
            self._faults.later.append((fault, target))
        else:
            self._faults.told.append(fault)

    def _above(self, item: Item, position: int) -> list[int]:
        return [row for row in self._places.rows_at(position) if row < item.place]

    def _row_recorded(self, item: Item, position: int) -> int | None:
        """The row of the file from which the entry at a position was recorded; None where there is none above."""
        rows = [row for row in self._above(item, position) if not self._places.is_left_out(row)]
        return rows[-1] if rows else None


def _of_row(refusal: Refusal, placed: Sequence[tuple[Item, Any]]) -> tuple[Refusal, str, Any]:
    """A refusal with the pointer into its event, and its row."""
    _, index, *rest = refusal.pointer.split("/")
    item, event = placed[int(index)]
    row = item.row if item.row.event is not None else Row(item.row.number, event.as_json())
    return refusal, "".join(f"/{part}" for part in rest), row
