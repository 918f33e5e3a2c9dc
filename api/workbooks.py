"""Workbooks that strangers send: whether one can be opened without filling the memory.

A few kilobytes of XLSX can stand for gigabytes: by compression, or by a single cell in the last row and column, since readers lay
out every cell up to it.
"""

import io
import re
import zipfile
import zlib

MOST_BYTES = 32 * 2**20
MOST_ROWS, MOST_COLUMNS = 20_000, 1_000
NOT_XLSX = "the file is not a readable XLSX workbook"
TOO_LARGE = "the workbook is too large to be read here; keep the first sheet to its events, or send it in parts"
_PLACE = re.compile(rb"""\b(?:r|ref)\s*=\s*(["'])([^"']*)\1""")
_CELL = re.compile(rb"([A-Za-z]*)(\d+)")


def unsafe(content: bytes) -> str | None:
    """Why a workbook is not opened; None where nothing speaks against it."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            return _unsafe(book)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError):
        return NOT_XLSX


def _unsafe(book: zipfile.ZipFile) -> str | None:
    parts = {part.filename.lower(): part for part in book.infolist()}
    if (
        "xl/workbook.xml" not in parts
        or "mimetype" in parts
        or any(name.endswith(".bin") and "sheet" in name for name in parts)
    ):
        return NOT_XLSX
    left = MOST_BYTES
    for part in parts.values():
        with book.open(part) as file:
            text = file.read(left + 1)
        left -= len(text)
        if left < 0 or (b"sheet" in part.filename.lower().encode() and _is_wide(text)):
            return TOO_LARGE
    return None


def _is_wide(sheet: bytes) -> bool:
    """Whether a cell of the sheet lies far out, or its place cannot be told from the text."""
    if b"\0" in sheet or b"<!ENTITY" in sheet:
        return True
    for place in (found[2] for found in _PLACE.finditer(sheet)):
        if b"&" in place:
            return True
        for letters, digits in _CELL.findall(place):
            if len(digits) > 6 or int(digits) > MOST_ROWS or _column(letters) > MOST_COLUMNS:
                return True
    return False


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper()[:8]:
        number = number * 26 + letter - 64
    return number
