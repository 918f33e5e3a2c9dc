"""The tree grown anew from leaf hashes, tile by tile. Pure; it holds one unfinished tile for each level, however many leaves there are."""

from collections.abc import Iterator

from ledger import merkle
from ledger.merkle import EMPTY, HASH_SIZE
from ledger.tiles import WIDTH, Tile, make_tile, place_of


class GrowingTree:
    """Takes leaf hashes in their order, 32 bytes each, up to 256 at a time that belong to one tile."""

    def __init__(self) -> None:
        self.size = 0
        self._unfinished: list[bytes] = []  # hashes of the unfinished tile of each level

    def grow(self, leaves: bytes) -> list[Tile]:
        """Take leaf hashes that end the tile of level 0 at most; the tiles that they fill, from below."""
        count = len(leaves) // HASH_SIZE
        assert self.size % WIDTH + count <= WIDTH
        self.size += count
        return list(self._add(0, leaves))

    def _add(self, level: int, hashes: bytes) -> Iterator[Tile]:
        if level == len(self._unfinished):
            self._unfinished.append(b"")
        self._unfinished[level] += hashes
        if len(self._unfinished[level]) == WIDTH * HASH_SIZE:
            full = make_tile(level, self._index(level) - 1, self._unfinished[level])
            self._unfinished[level] = b""
            yield full
            yield from self._add(level + 1, full.root)

    def _index(self, level: int) -> int:
        return self.size // WIDTH ** (level + 1)

    def unfinished(self) -> list[Tile]:
        """The partial tiles at the right edge, from below."""
        return [make_tile(level, self._index(level), hashes) for level, hashes in enumerate(self._unfinished) if hashes]

    def root(self) -> bytes:
        """The root over all leaves so far: the complete subtrees at its right edge lie in the unfinished tiles."""
        if not self.size:
            return EMPTY
        tiles = {tile.level: tile for tile in self.unfinished()}

        def node(level: int, index: int) -> bytes:
            tile_level, tile, height, within = place_of(level, index)
            assert tiles[tile_level].index == tile
            return tiles[tile_level].node(height, within)

        return merkle.root(self.size, node)
