"""The checkpoints that an auditor has seen: a file of its own, a JSON string of a signed note on each line."""

from collections.abc import Iterable
from pathlib import Path

import orjson

from ledger.checkpoints import Checkpoint, parse_checkpoint
from ledger.notes import Note, WrongNote, parse_note


def read_known(path: Path) -> tuple[Checkpoint, ...]:
    """What was seen. Raises WrongNote where a line is no checkpoint."""
    try:
        lines = [orjson.loads(line) for line in path.read_bytes().splitlines() if line.strip()]
    except (OSError, orjson.JSONDecodeError) as error:
        raise WrongNote(f"{path} cannot be read as lines of JSON strings: {error}") from None
    return tuple(parse_checkpoint(parse_note(str(line)).text) for line in lines)


def keep(path: Path, known: Iterable[Checkpoint], note: Note | None) -> None:
    """Add a checkpoint that was verified, unless it is there."""
    if note is not None and parse_checkpoint(note.text) not in set(known):
        with path.open("ab") as file:
            file.write(orjson.dumps(str(note)) + b"\n")
