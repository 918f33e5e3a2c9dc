"""Tiles: the tree cut into pieces of 256 hashes, as C2SP tlog-tiles serves them. Pure.

Tile `index` of level L holds the nodes of tree level 8·L from 256·index on, at most 256 of them. Beside these hashes
a tile keeps the nodes of the seven tree levels above them that it covers whole, so that a proof needs a few tiles and no hashing.
A full tile's own root stands in the tile above it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from ledger.merkle import HASH_SIZE, node_hash, node_of_pair

HEIGHT = 8
WIDTH = 1 << HEIGHT
PAIR = 2 * HASH_SIZE


@dataclass(frozen=True)
class Tile:
    """`hashes` as they are served, 32 bytes each; `nodes` those above them, level by level."""

    level: int
    index: int
    hashes: bytes
    nodes: bytes

    @property
    def width(self) -> int:
        return len(self.hashes) // HASH_SIZE

    def node(self, height: int, index: int) -> bytes:
        """The node `index`, counted within the tile, at `height` (0 to 7) above its hashes. Raises LookupError."""
        if not 0 <= index < self.width >> height:
            raise LookupError(f"a tile of {self.width} hashes lacks node {index} at height {height}")
        if height == 0:
            return _at(self.hashes, index)
        return _at(self.nodes, _before(self.width, height) + index)

    @property
    def root(self) -> bytes:
        """The root of a full tile."""
        assert self.width == WIDTH
        return node_hash(self.node(HEIGHT - 1, 0), self.node(HEIGHT - 1, 1))


@cache
def _before(width: int, height: int) -> int:
    """How many nodes of a tile of this width lie below `height`."""
    return sum(width >> lower for lower in range(1, height))


def make_tile(level: int, index: int, hashes: bytes) -> Tile:
    """A tile from the hashes that it serves."""
    made, row = [], hashes
    for _ in range(1, HEIGHT):
        row = b"".join([node_of_pair(row[at : at + PAIR]) for at in range(0, len(row) - HASH_SIZE, PAIR)])
        made.append(row)
    return Tile(level, index, hashes, b"".join(made))


def _at(hashes: bytes, index: int) -> bytes:
    found = hashes[index * HASH_SIZE : (index + 1) * HASH_SIZE]
    if len(found) != HASH_SIZE:
        raise LookupError(f"a tile lacks its hash {index}")
    return found


def place_of(level: int, index: int) -> tuple[int, int, int, int]:
    """Where a node of the tree lies: level and index of its tile, its height and index within it."""
    tile_level, height = divmod(level, HEIGHT)
    span = HEIGHT - height
    return tile_level, index >> span, height, index & ((1 << span) - 1)


def width_at(level: int, index: int, size: int) -> int:
    """How many hashes tile `index` of `level` has in a tree of `size` leaves."""
    return max(0, min(WIDTH, (size >> HEIGHT * level) - index * WIDTH))


def tile_path(index: int, width: int = WIDTH) -> str:
    """The last part of a tile's address: 1234067 is x001/x234/067, of a partial tile followed by .p and its width."""
    digits = str(index)
    groups = [digits.rjust(-(-len(digits) // 3) * 3, "0")[i : i + 3] for i in range(0, len(digits), 3)]
    path = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return path if width == WIDTH else f"{path}.p/{width}"


def parse_tile_path(path: str) -> tuple[int, int] | None:
    """Index and width of a tile's address; None where it is none, or not in its one spelling."""
    match = re.fullmatch(r"((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", path, re.ASCII)
    if match is None:
        return None
    index = int(match[1].replace("x", "").replace("/", ""))
    width = int(match[2]) if match[2] else WIDTH
    return (index, width) if width <= WIDTH and tile_path(index, width) == path else None


def entry_bundle(leaves: Sequence[bytes]) -> bytes:
    """Entries as they are served: each after its length as a big-endian uint16."""
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)
