"""Rows as they are stored: JSON, compressed with a dictionary of what rows usually say. Pure but for the dictionary, which is read
when it is first needed.

Pieces are small and much alike: each by itself shrinks little, with the dictionary to a third. The dictionary comes from the
record of the mission in Haiti (`python -m tests.dictionary` makes it); it takes part in the digest of the code that makes rows, as
does the version of the library, so that rows of one index are packed in one way. Frames: RFC 8878, without checksum.
"""

import threading
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import zstandard

Row = dict[str, Any]
DICTIONARY = Path(__file__).with_name("rows.zdict")
VERSION = ".".join(map(str, zstandard.ZSTD_VERSION))
LEVEL = 1


@cache
def _words() -> zstandard.ZstdCompressionDict:
    words = zstandard.ZstdCompressionDict(DICTIONARY.read_bytes())
    words.precompute_compress(LEVEL)
    return words


class _Tools(threading.local):
    """Neither may be used by two threads at once."""

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(LEVEL, _words(), write_dict_id=False).compress
        self.decompress = zstandard.ZstdDecompressor(_words()).decompress


@cache
def _tools() -> _Tools:
    return _Tools()


def packed(row: Row) -> bytes:
    """The content of a piece: equal rows give equal bytes."""
    frame = _tools().compress(orjson.dumps(row, option=orjson.OPT_SORT_KEYS))
    return bytes(memoryview(frame))  # what the library gives keeps the room that the frame might have taken


def unpacked(content: bytes) -> Row:
    """The row of a content. Raises ValueError where it is none."""
    try:
        row: Row = orjson.loads(_tools().decompress(content, allow_extra_data=False))
    except zstandard.ZstdError as error:
        raise ValueError(f"not the content of a piece: {error}") from None
    return row
