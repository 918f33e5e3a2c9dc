"""The path from an entry to the signed root, step by step, as it is drawn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from ledger import tables
from ledger.checkpoints import Checkpoint, parse_checkpoint
from ledger.entries import Entry
from ledger.log import StoredTree, Unsound, last_note
from ledger.merkle import node_hash
from ledger.notes import Note, Signature

_TIMED = 8 + 64  # a cosignature: the time in eight bytes, and an Ed25519 signature


@dataclass(frozen=True)
class Step:
    """The hash so far is joined with a sibling that stands on its left or right, and gives the next one."""

    sibling: str
    is_left: bool
    made: str


@dataclass(frozen=True)
class Signed:
    """Who has signed the checkpoint; a witness's signature tells when."""

    name: str
    key_id: str
    time: str | None


@dataclass(frozen=True)
class Inclusion:
    """How an entry is under the newest checkpoint. `broken` tells why it is not; without steps it is not signed yet."""

    checkpoint: Checkpoint
    signed_at: str
    signatures: list[Signed]
    steps: list[Step]
    covers: bool
    broken: str | None = None

    @property
    def root(self) -> str:
        return self.checkpoint.root.hex()


def inclusion(connection: Connection, entry: Entry) -> Inclusion | None:
    """The path of an entry under the newest checkpoint; None where nothing was ever signed."""
    note = last_note(connection)
    if note is None:
        return None
    checkpoint = parse_checkpoint(note.text)
    covers, steps, broken = entry.position < checkpoint.size, list[Step](), None
    if covers:
        try:
            path = StoredTree(connection).inclusion(entry.position, checkpoint.size)
            steps = list(_steps(bytes.fromhex(entry.leaf_hash), entry.position, checkpoint.size, path))
            broken = None if _leads_to(entry, steps) == checkpoint.root.hex() else "the path leads to another root"
        except Unsound as error:
            broken = str(error)
    return Inclusion(checkpoint, _signed_at(connection, checkpoint), _signatures(note), steps, covers, broken)


def _steps(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> Iterator[Step]:
    """RFC 9162, section 2.1.3.2: a sibling stands on the left of a right child, and of the last node of a level."""
    made, last = leaf, size - 1
    for sibling in path:
        while index and index == last and not index % 2:
            index, last = index // 2, last // 2
        is_left = bool(index % 2)
        made = node_hash(sibling, made) if is_left else node_hash(made, sibling)
        index, last = index // 2, last // 2
        yield Step(sibling.hex(), is_left, made.hex())


def _leads_to(entry: Entry, steps: Sequence[Step]) -> str:
    return steps[-1].made if steps else entry.leaf_hash


def _signed_at(connection: Connection, checkpoint: Checkpoint) -> str:
    c = tables.checkpoints.c
    return connection.execute(
        select(c.signed_at).where(c.origin == checkpoint.origin, c.size == checkpoint.size)
    ).scalar_one()


def _signatures(note: Note) -> list[Signed]:
    return [Signed(one.name, one.key_id.hex(), _time(one)) for one in note.signatures]


def _time(signature: Signature) -> str | None:
    """When a witness says to have signed."""
    seconds = int.from_bytes(signature.signature[:8], "big")
    if len(signature.signature) != _TIMED or seconds >= 2**37:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
