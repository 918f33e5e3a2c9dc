"""Tiles, judged by the figures of tlog-tiles and by the tree hashed naively."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.tiles import (
    HEIGHT,
    WIDTH,
    Tile,
    entry_bundle,
    make_tile,
    parse_tile_path,
    place_of,
    tile_path,
    width_at,
)

HASHES = [hashlib.sha256(b"\0" + bytes([number])).digest() for number in range(WIDTH)]


def over(start: int, end: int) -> bytes:
    """The hash over `HASHES[start:end]`, whose number is a power of two."""
    if end - start == 1:
        return HASHES[start]
    middle = (start + end) // 2
    return hashlib.sha256(b"\1" + over(start, middle) + over(middle, end)).digest()


@pytest.mark.parametrize("width", range(1, WIDTH + 1))
def test_every_node_of_a_tile_is_that_of_the_naive_tree(width: int) -> None:
    tile = make_tile(3, 5, b"".join(HASHES[:width]))

    assert (tile.level, tile.index, tile.width) == (3, 5, width)
    for height in range(HEIGHT):
        for index in range(width >> height):
            assert tile.node(height, index) == over(index << height, (index + 1) << height)
        with pytest.raises(LookupError):
            tile.node(height, width >> height)
    assert len(tile.nodes) == 32 * sum(width >> height for height in range(1, HEIGHT))


def test_a_full_tile_has_a_root_and_no_other_has() -> None:
    assert make_tile(0, 0, b"".join(HASHES)).root == over(0, WIDTH)
    with pytest.raises(AssertionError):
        _ = make_tile(0, 0, b"".join(HASHES[:-1])).root


def test_a_torn_tile_gives_no_node() -> None:
    torn = Tile(0, 0, b"".join(HASHES[:2])[:-1], b"")

    for height, index in ((0, 1), (1, 0)):
        with pytest.raises(LookupError):
            torn.node(height, index)


@pytest.mark.parametrize(
    ("index", "width", "path"),
    [
        (1_234_067, 256, "x001/x234/067"),
        (0, 256, "000"),
        (999, 256, "999"),
        (1_000, 256, "x001/000"),
        (273, 112, "273.p/112"),
        (1_234_067, 8, "x001/x234/067.p/8"),
        (10**17, 1, "x100/x000/x000/x000/x000/000.p/1"),
    ],
)
def test_a_tile_has_the_address_of_the_specification(index: int, width: int, path: str) -> None:
    assert tile_path(index, width) == path
    assert parse_tile_path(path) == (index, width)


@given(st.integers(0, 10**18 - 1), st.integers(1, WIDTH))
def test_an_address_is_read_as_it_is_written(index: int, width: int) -> None:
    assert parse_tile_path(tile_path(index, width)) == (index, width)


@pytest.mark.parametrize(
    "path",
    [
        *("", "0", "00", "0000", "67", "1234067", "x067", "001/067", "x001/x067", "x000/067", "x000/x001/067", "X001/067", "x001/234/067"),
        *("x001//067", "/067", "067/", "x01/067", "x001/67", "-01", " 067", "067 ", "067\n", "٠٦٧", "06७", "x001\\067", "../067", "0x1"),
        *("067.p", "067.p/", "067.p/0", "067.p/00", "067.p/01", "067.p/256", "067.p/257", "067.p/999", "067.p/1000", "067.p/-1", "067.p/1/", "067.p/1\n"),
        *("067/p/1", "067.p1", "067.P/1", "x001.p/1/067", "067.p/1.p/1", "067.p/١", "x001/" * 6 + "067"),
    ],
)  # fmt: skip
def test_an_address_has_one_spelling(path: str) -> None:
    assert parse_tile_path(path) is None


@given(st.text("x0123456789./p", max_size=20) | st.text(max_size=12))
def test_what_is_read_as_an_address_is_one(path: str) -> None:
    place = parse_tile_path(path)

    assert place is None or tile_path(*place) == path


def widths(level: int, size: int) -> list[int]:
    """The widths of all tiles of a level."""
    found, index = [], 0
    while width := width_at(level, index, size):
        found.append(width)
        index += 1
    assert width_at(level, index + 1, size) == 0
    return found


def test_a_tree_of_70_000_has_the_tiles_that_the_specification_tells() -> None:
    levels = [widths(level, 70_000) for level in range(4)]

    assert levels == [[256] * 273 + [112], [256, 17], [1], []]


def test_a_tree_of_256_has_the_tiles_that_the_specification_tells() -> None:
    assert [widths(level, 256) for level in range(3)] == [[256], [1], []]
    assert [widths(level, 255) for level in range(2)] == [[255], []]
    assert widths(0, 0) == []
    assert width_at(63, 0, 10**18) == 0


@given(st.integers(0, 2**40), st.integers(0, 2**40), st.integers(1, 40))
def test_a_node_lies_in_the_tile_that_covers_its_leaves(level_seed: int, index: int, levels: int) -> None:
    level = level_seed % levels

    tile_level, tile, height, within = place_of(level, index)

    assert tile_level * HEIGHT + height == level
    assert 0 <= height < HEIGHT
    assert (tile * WIDTH >> height) + within == index
    assert (within + 1) << height <= WIDTH


def test_a_bundle_tells_the_length_of_each_entry() -> None:
    assert entry_bundle([]) == b""
    assert entry_bundle([b"ab", b"", b"c" * 65_535]) == b"\0\x02ab\0\0\xff\xff" + b"c" * 65_535
