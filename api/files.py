"""Files of events, read twice: once to know what they hold, once to record it. Neither time are all of its rows held in memory,
but for spreadsheets, which are small.

The first time counts the rows and makes the digest of what they say, by which the same content is recognised whatever the format of
the file; notes where rows of an exported file stood and what they say was removed; and finds the lines that cannot be read.
"""

import hashlib
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from api.exported import content_of, position_of
from api.places import Places
from api.sheets import Fault, Row, read_csv, read_xlsx
from ledger import codec
from ledger.refusals import Refusal, Refused
from ledger.standing import REDACTED

MOST_FAULTS = 1_000  # told of a file; after as many it is not read on
SHOWN_EACH = 1_000  # rows
Progress = Callable[..., AbstractContextManager[Callable[..., None]]]
Line = tuple[int, bytes]
_encode = json.JSONEncoder(sort_keys=True).encode


@contextmanager
def silent(label: str, total: int | None = None) -> Iterator[Callable[..., None]]:
    """Progress that nobody watches."""
    yield lambda done, of=None: None


@dataclass
class File:
    """What is known of a file once it was read. `rows` reads it again. `path`: of JSON Lines on a disk.

    `redacted`: the positions of which it says that their payloads were removed.
    """

    rows: Callable[[], Iterator[Row]]
    faults: list[Fault]
    path: Path | None = None
    stamp: Any = None
    digest: str = ""
    count: int = 0
    places: Places = field(default_factory=Places)
    redacted: set[Any] = field(default_factory=set)

    @property
    def has_too_many_faults(self) -> bool:
        """Then it was not read to its end."""
        return len(self.faults) >= MOST_FAULTS

    def check_unchanged(self) -> None:
        """Raises Refused where the file is not the one that was read first."""
        if self.path is not None and _stamp(self.path) != self.stamp:
            text = f"{self.path} was changed while it was read; import it again"
            raise Refused([Refusal("not-possible-now", "", text)])


def read(source: Path | bytes, suffix: str, progress: Progress = silent) -> File:
    """A file in the format that its `suffix` names, one of SUFFIXES; `progress` shows how far it is."""
    if suffix in _SHEETS:
        rows, faults = _SHEETS[suffix](source if isinstance(source, bytes) else source.read_bytes())
        file = File(lambda: iter(rows), faults)
        with progress("Reading", len(rows)) as bar:
            _survey(file, rows, bar)
        return file
    path = source if isinstance(source, Path) and source.is_file() else None
    content = b"" if path else source if isinstance(source, bytes) else source.read_bytes()
    opened = (lambda: path.open("rb")) if path else (lambda: io.BytesIO(content))
    file = File(lambda: rows_of(opened), [], path, _stamp(path))
    with progress("Reading", os.path.getsize(path) if path else len(content)) as bar, opened() as lines:  # noqa: PTH202
        _survey(file, _readable(file, lines), lambda _: bar(lines.tell()))
    return file


_SHEETS: dict[str, Callable[[bytes], tuple[list[Row], list[Fault]]]] = {".csv": read_csv, ".xlsx": read_xlsx}
SUFFIXES = (".jsonl", ".ndjson", *_SHEETS)


def _stamp(path: Path | None) -> Any:
    if path is None:
        return None
    told = path.stat()
    return told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns


def lines_of(file: IO[bytes]) -> Iterator[Line]:
    """The lines that are not blank, with their numbers."""
    for number, line in enumerate(file, 1):
        if line.strip():
            yield number, line.removesuffix(b"\n")


def rows_of(opened: Callable[[], IO[bytes]]) -> Iterator[Row]:
    """The rows of JSON Lines, without those that cannot be read."""
    with opened() as file:
        for number, line in lines_of(file):
            try:
                yield Row(number, codec.read(line))
            except ValueError:
                continue  # told when it was read first


def _readable(file: File, lines: IO[bytes]) -> Iterator[Row]:
    """Rows, and faults of lines that are none."""
    for number, line in lines_of(lines):
        try:
            yield Row(number, codec.read(line))
        except ValueError as error:
            file.faults.append(Fault(number, "", f"is not JSON that can be read: {error}"))
            if file.has_too_many_faults:
                return


def _survey(file: File, rows: Iterable[Row], shown: Callable[[int], None]) -> None:
    digest = hashlib.sha256(b"[")
    said: list[Any] = []
    for row in rows:
        position = position_of(row)
        file.places.add(position)
        said.append(row.event if position is None else content_of(row))
        file.count += 1
        if isinstance(row.event, dict) and row.event.get("type") == REDACTED:
            file.redacted.add(_target(row.event))
        if len(said) == SHOWN_EACH:
            digest.update(_in_a_list(said, file.count))
            said.clear()
            shown(file.count)
    digest.update(_in_a_list(said, file.count) + b"]")
    shown(file.count)
    file.digest = digest.hexdigest()


def _in_a_list(said: Sequence[Any], count: int) -> bytes:
    """As it is written in a list of `count` things so far, of which it is the last."""
    return (", " if said and count > len(said) else "").encode() + _encode(said)[1:-1].encode()


def _target(event: dict[str, Any]) -> Any:
    data = event.get("data")
    target = data.get("target") if isinstance(data, dict) else None
    return target if isinstance(target, int) else None
