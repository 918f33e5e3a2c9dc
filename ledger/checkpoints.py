"""Checkpoints and proofs as text: C2SP tlog-checkpoint and tlog-proof. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.merkle import HASH_SIZE, WrongProof, check_inclusion
from ledger.notes import Note, WrongNote, binary, in_base64, parse_note

PROOF_HEADER = "c2sp.org/tlog-proof@v1"
MAX_PATH = 63


@dataclass(frozen=True)
class Checkpoint:
    """What a log claims: under the name `origin`, `size` leaves make the tree with this `root`."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{in_base64(self.root)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """The text of a note as a checkpoint; extension lines after the third are passed over. Raises WrongNote."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise WrongNote("a checkpoint has three lines: origin, size, root")
    origin, size, root = lines[:3]
    return Checkpoint(origin, _number(size), _hash(root))


@dataclass(frozen=True)
class Proof:
    """That entry `index` is in the tree of the checkpoint: its path, the signed checkpoint, and what may go with them."""

    index: int
    path: tuple[bytes, ...]
    note: Note
    extra: bytes | None = None

    @property
    def checkpoint(self) -> Checkpoint:
        """Raises WrongNote. Worth nothing before a signature of `note` has been verified."""
        return parse_checkpoint(self.note.text)

    def __str__(self) -> str:
        extra = [f"extra {in_base64(self.extra)}"] if self.extra is not None else []
        path = [in_base64(one) for one in self.path]
        return "\n".join([PROOF_HEADER, *extra, f"index {self.index}", *path, "", str(self.note)])

    def check(self, leaf: bytes) -> None:
        """Raises WrongProof unless the path leads from the leaf hash to the root of the checkpoint."""
        check_inclusion(self.index, self.checkpoint.size, leaf, self.path, self.checkpoint.root)


def parse_proof(content: bytes | str) -> Proof:
    """A tlog-proof. Raises WrongNote, WrongProof."""
    try:
        text = content.decode() if isinstance(content, bytes) else content
    except UnicodeDecodeError:
        raise WrongNote("a proof is UTF-8 text") from None
    head, blank, note = text.partition("\n\n")
    header, *lines = head.split("\n")
    if header != PROOF_HEADER or not blank:
        raise WrongProof(f"a proof begins with {PROOF_HEADER} and holds a checkpoint after a blank line")
    extra = binary(lines.pop(0).removeprefix("extra ")) if lines and lines[0].startswith("extra ") else None
    if not lines or not lines[0].startswith("index "):
        raise WrongProof("a proof names the index of its entry")
    index, path = _number(lines[0].removeprefix("index ")), tuple(map(_hash, lines[1:]))
    if len(path) > MAX_PATH:
        raise WrongProof(f"a path has at most {MAX_PATH} hashes")
    return Proof(index, path, parse_note(note), extra)


def hash_lines(hashes: Sequence[bytes]) -> str:
    """Hashes as lines of base64."""
    return "".join(in_base64(one) + "\n" for one in hashes)


def _number(text: str) -> int:
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", text, re.ASCII):
        raise WrongNote(f"{text[:40]!r} is no size or index")
    return int(text)


def _hash(text: str) -> bytes:
    content = binary(text)
    if len(content) != HASH_SIZE:
        raise WrongNote(f"{text[:80]!r} is no hash of {HASH_SIZE} bytes")
    return content
