"""Where the rows of an exported file stood, by eight bytes a row, and which of its rows are left out.

Rows are counted from 0 in the order of the file. In a file that `export` wrote positions ascend; any other order is looked up by
way of a sorted one.
"""

from array import array
from bisect import bisect_left, insort

NONE = -1
_LARGEST = 2**53 - 1


class Places:
    """The positions that the rows of a file name. `left_out`: the rows that will not be recorded, in their order."""

    def __init__(self) -> None:
        self.are_there = False
        self.left_out: list[int] = []
        self._positions = array("q")
        self._ascending = True
        self._order: array[int] | None = None
        self._rows = 0

    def add(self, position: object) -> None:
        """What the next row names, where that is a position."""
        kept = position if type(position) is int and 0 <= position <= _LARGEST else NONE
        self.are_there |= kept != NONE
        if self.are_there:
            self._fill_up()
            self._ascending &= not self._positions or self._positions[-1] < kept
            self._positions.append(kept)
        self._rows += 1

    def _fill_up(self) -> None:
        """Rows without a position cost nothing before the first that has one."""
        missing = self._rows - len(self._positions)
        if missing:
            self._positions.extend([NONE] * missing)
            self._ascending = False

    def leave_out(self, row: int) -> None:
        insort(self.left_out, row)

    def is_left_out(self, row: int) -> bool:
        at = bisect_left(self.left_out, row)
        return at < len(self.left_out) and self.left_out[at] == row

    def place(self, row: int) -> int:
        """Which of the recorded rows a row is."""
        return row - bisect_left(self.left_out, row)

    def rows_at(self, position: int) -> list[int]:
        """The rows that name a position, in their order."""
        if self._ascending:
            at = bisect_left(self._positions, position)
            return [at] if at < len(self._positions) and self._positions[at] == position else []
        return self._rows_in_disorder(position)

    def _rows_in_disorder(self, position: int) -> list[int]:
        positions = self._positions
        if self._order is None:
            self._order = array("q", sorted(range(len(positions)), key=positions.__getitem__))
        at, found = bisect_left(self._order, position, key=positions.__getitem__), []
        while at < len(self._order) and positions[self._order[at]] == position:
            found.append(self._order[at])
            at += 1
        return found

    @property
    def may_repeat(self) -> bool:
        """Whether a position may stand in the file twice."""
        return not self._ascending
