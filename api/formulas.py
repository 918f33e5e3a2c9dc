"""Cells that no spreadsheet takes for a formula.

What others wrote may begin with an equals sign, and a spreadsheet that opens the file would run it. A quotation mark
goes in front of such a cell, and is taken off again when the file is read. A negative number is no formula.
"""

import re
from typing import Any

_SIGNS = frozenset("=+-@\t\r")


def guarded(cell: Any) -> Any:
    """The cell as it is written into a CSV."""
    return f"'{cell}" if _looks_like_one(cell) else cell


def unguarded(cell: Any) -> Any:
    """The cell as it was before it was guarded."""
    return cell[1:] if isinstance(cell, str) and cell.startswith("'") and _looks_like_one(cell) else cell


def _looks_like_one(cell: Any) -> bool:
    """Also where quotation marks stand in front already, so that every cell comes back as it was."""
    if not isinstance(cell, str) or re.fullmatch(r"-\d+(?:\.\d+)?", cell, re.ASCII):
        return False
    return cell.lstrip("'")[:1] in _SIGNS
