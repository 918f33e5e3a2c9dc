"""The log: the Merkle tree over the entries, kept in tiles, and the checkpoints that sign it. In SQL, on SQLite and PostgreSQL.

Entries are taken into the tree after they were appended, in their order, from what the database gives back: each is
made anew from its columns and its payload and must be the envelope that is stored. So what is signed is what is
kept, and not what somebody believed to have written.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, TextClause, delete, func, insert, select, text, update

from ledger import codec, merkle, tables
from ledger.checkpoints import Checkpoint, parse_checkpoint
from ledger.driver import asked
from ledger.entries import instant
from ledger.merkle import HASH_SIZE
from ledger.notes import Note, Signature, SigningKey, parse_note
from ledger.standing import REDACTED
from ledger.store import chunks
from ledger.tiles import WIDTH, Tile, make_tile, place_of, width_at

CHUNK = 2048
SALT_SIZE = 32


class Unsound(Exception):
    """The ledger does not hold what it must: nothing is signed over it."""


def integrate(connection: Connection) -> int:
    """Take the entries that the tree lacks into it; its size then. Raises Unsound where one is not what was recorded."""
    size = connection.execute(select(tables.log.c.size).with_for_update()).scalar_one()
    while found := _found_from(connection, size):
        _check(connection, found, size)
        _grow(connection, size, [codec.leaf_hash(one.envelope) for one in found])
        size += len(found)
        connection.execute(update(tables.log).values(size=size))
    return size


class _Found(NamedTuple):
    """An entry as it is kept: its columns, of which all but the last three stand in the envelope."""

    position: int
    id: str
    stream: str
    version: int
    mission: str | None
    type: str
    effective: str
    recorded_at: str
    actor: str
    ref: str | None
    target: int | None
    request: str | None
    salt: bytes | None
    payload: bytes | None
    envelope: bytes


_FOUND = f"SELECT {', '.join(_Found._fields)} FROM entries WHERE position >= ? ORDER BY position LIMIT ?"  # noqa: S608


def _found_from(connection: Connection, start: int) -> list[_Found]:
    return [_Found._make(row) for row in asked(connection, [(_FOUND, (start, CHUNK))])[0]]


def _check(connection: Connection, found: Sequence[_Found], start: int) -> None:
    """Raises Unsound unless each entry is what its envelope says. A payload may be gone where an entry told so."""
    gone = _redacted(connection, [one.position for one in found if one.payload is None])
    for position, one in enumerate(found, start):
        if one.position != position:
            raise Unsound(f"entry {position} is missing")
        is_gone = one.payload is None and one.salt is None and position in gone
        if not (_is_enveloped_without_payload(one) if is_gone else _is_enveloped(one)):
            raise Unsound(f"entry {position} is not what its envelope says")


def _redacted(connection: Connection, positions: Sequence[int]) -> set[int]:
    """Those of `positions` of which an entry says that their payloads were removed."""
    e = tables.entries.c
    parts = chunks(positions)
    told = [
        connection.execute(select(e.target).where(e.type == REDACTED, e.target.in_(part))).scalars() for part in parts
    ]
    return {target for part in told for target in part if target is not None}


def _is_enveloped(found: _Found) -> bool:
    salt, payload = found.salt, found.payload
    if not (isinstance(salt, bytes) and isinstance(payload, bytes) and len(salt) == SALT_SIZE):
        return False
    return _is_json(payload) and _envelope(found, codec.commitment(salt, payload)) == found.envelope


def _is_json(payload: bytes) -> bool:
    """Whether it can be what somebody recorded."""
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError:
        return False
    return True


def _is_enveloped_without_payload(found: _Found) -> bool:
    """Its envelope says all that its columns say, and holds a commitment to what is gone."""
    told = re.fullmatch(rb'\{"actor":.*"commitment":"([0-9a-f]{64})".*\}', found.envelope, re.DOTALL)
    return told is not None and _envelope(found, told[1].decode()) == found.envelope


def _envelope(found: _Found, commitment: str) -> bytes:
    """The envelope made anew, its names in canonical order; nothing where there can be none."""
    position, id_, stream, version, mission, type_, effective, at, actor, ref, target, request = found[:12]
    asked_for = {} if request is None else {"request": request}
    try:
        return orjson.dumps({
            "actor": actor, "commitment": commitment, "effective": effective, "id": id_, "ledger": 1, "mission": mission,
            "position": position, "recorded_at": at, "ref": ref, **asked_for, "stream": stream, "target": target,
            "type": type_, "version": version,
        }, option=orjson.OPT_STRICT_INTEGER)  # fmt: skip
    except TypeError:  # orjson's own error is one
        return b""


def _grow(connection: Connection, size: int, hashes: Sequence[bytes]) -> None:
    """Put hashes after the first `size`; full tiles put theirs into the level above."""
    level, start, added = 0, size, list(hashes)
    while added:
        full = []
        for index in range(start // WIDTH, (start + len(added) - 1) // WIDTH + 1):
            first = max(0, index * WIDTH - start)
            more = b"".join(added[first : (index + 1) * WIDTH - start])
            old = _stored(connection, level, index).hashes if first == 0 and start % WIDTH else b""
            tile = make_tile(level, index, old + more)
            _put(connection, tile, replaces=bool(old))
            full += [tile.root] if tile.width == WIDTH else []
        level, start, added = level + 1, start // WIDTH, full


def _put(connection: Connection, tile: Tile, replaces: bool) -> None:
    if replaces:
        at = (tables.tiles.c.level == tile.level, tables.tiles.c.tile == tile.index)
        connection.execute(update(tables.tiles).where(*at).values(hashes=tile.hashes, nodes=tile.nodes))
    else:
        row = {"level": tile.level, "tile": tile.index, "hashes": tile.hashes, "nodes": tile.nodes}
        connection.execute(insert(tables.tiles), row)


def _stored(connection: Connection, level: int, index: int) -> Tile:
    """A tile as it is kept. Raises Unsound where it is missing or of a size that no tile has."""
    t = tables.tiles.c
    found = connection.execute(select(t.hashes, t.nodes).where(t.level == level, t.tile == index)).one_or_none()
    if found is None or len(found.hashes) % HASH_SIZE:
        raise Unsound(f"tile {level}/{index} is missing or torn")
    return Tile(level, index, found.hashes, found.nodes)


@cache
def _tiles_at(count: int) -> TextClause:
    at = " OR ".join(f"(level = :level{i} AND tile = :tile{i})" for i in range(count))
    return text(f"SELECT level, tile, hashes, nodes FROM tiles WHERE {at}")  # noqa: S608 - nothing but names of parameters


class StoredTree:
    """The tree as it is kept: nodes by level and index, read tile by tile."""

    def __init__(self, connection: Connection):
        self._connection = connection
        self._tiles: dict[tuple[int, int], Tile] = {}

    @property
    def size(self) -> int:
        return self._connection.execute(select(tables.log.c.size)).scalar_one()

    def tile(self, level: int, index: int) -> Tile:
        """Raises Unsound where there is none."""
        at = (level, index)
        if at not in self._tiles:
            self._tiles[at] = _stored(self._connection, level, index)
        return self._tiles[at]

    def node(self, level: int, index: int) -> bytes:
        tile_level, tile, height, within = place_of(level, index)
        try:
            return self.tile(tile_level, tile).node(height, within)
        except LookupError as error:
            raise Unsound(f"tile {tile_level}/{tile}: {error}") from None

    def root(self, size: int) -> bytes:
        return merkle.root(size, self.node)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        return self._made(lambda node: merkle.inclusion_proof(index, size, node))

    def consistency(self, old: int, new: int) -> list[bytes]:
        return self._made(lambda node: merkle.consistency_proof(old, new, node))

    def _made(self, proof: Callable[[merkle.Node], list[bytes]]) -> list[bytes]:
        """A proof, made once to learn which tiles it takes, which are read together, and then in earnest."""
        wanted: set[tuple[int, int]] = set()

        def ask(level: int, index: int) -> bytes:
            wanted.add(place_of(level, index)[:2])
            return b""

        proof(ask)
        self._load(sorted(wanted - self._tiles.keys()))
        return proof(self.node)

    def _load(self, places: Sequence[tuple[int, int]]) -> None:
        """Read tiles in one go; what is missing is told when it is used."""
        if not places:
            return
        values = {f"level{i}": level for i, (level, _) in enumerate(places)} | {
            f"tile{i}": tile for i, (_, tile) in enumerate(places)
        }
        for level, tile, hashes, nodes in self._connection.execute(_tiles_at(len(places)), values):
            self._tiles[level, tile] = Tile(level, tile, hashes, nodes)

    def hashes(self, level: int, index: int, width: int, size: int) -> bytes | None:
        """The first `width` hashes of a tile as it is served; None where a tree of `size` leaves has no such tile."""
        if not 0 < width <= width_at(level, index, size):
            return None
        return self.tile(level, index).hashes[: width * HASH_SIZE]


# --- checkpoints -------------------------------------------------------------------------------------------------------


def last_note(connection: Connection, origin: str | None = None) -> Note | None:
    """The newest checkpoint, or that of one origin, with the cosignatures that it has gathered."""
    c = tables.checkpoints.c
    newest = select(c.origin, c.size, c.note).order_by(c.signed_at.desc(), c.size.desc()).limit(1)
    row = connection.execute(newest.where(c.origin == origin) if origin is not None else newest).one_or_none()
    return _with_cosignatures(connection, row) if row else None


def note_of(connection: Connection, origin: str, size: int) -> Note | None:
    """The checkpoint of this size, with its cosignatures."""
    c = tables.checkpoints.c
    row = connection.execute(select(c.origin, c.size, c.note).where(c.origin == origin, c.size == size)).one_or_none()
    return _with_cosignatures(connection, row) if row else None


def _with_cosignatures(connection: Connection, row: Any) -> Note:
    c, note = tables.cosignatures.c, parse_note(row.note)
    lines = connection.execute(
        select(c.line).where(c.origin == row.origin, c.size == row.size).order_by(c.name, c.key_id)
    ).scalars()
    return parse_note(str(note) + "".join(lines))


def keep_note(connection: Connection, note: Note, at: datetime) -> None:
    """Keep a checkpoint as the newest, which it also is where the clock was set back."""
    checkpoint, signed_at = parse_checkpoint(note.text), instant(at)
    newest = connection.execute(select(func.max(tables.checkpoints.c.signed_at))).scalar_one()
    if newest is not None and newest >= signed_at:
        signed_at = instant(datetime.fromisoformat(newest) + timedelta(microseconds=1))
    row = {"origin": checkpoint.origin, "size": checkpoint.size, "note": str(note).encode(), "signed_at": signed_at}
    connection.execute(insert(tables.checkpoints), row)


def keep_cosignatures(connection: Connection, checkpoint: Checkpoint, signatures: Iterable[Signature]) -> None:
    """Keep verified cosignatures; a newer one of the same witness takes the place of its earlier one."""
    c = tables.cosignatures.c
    for signature in signatures:
        at = {
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "name": signature.name,
            "key_id": signature.key_id.hex(),
        }
        connection.execute(delete(tables.cosignatures).where(*(c[name] == value for name, value in at.items())))
        connection.execute(insert(tables.cosignatures), {**at, "line": str(signature)})


def extends(tree: StoredTree, size: int, last: Checkpoint) -> bool:
    """Whether the kept tree of `size` leaves holds the tree of an earlier checkpoint unchanged."""
    return last.size <= size and tree.root(last.size) == last.root


def signed(checkpoint: Checkpoint, keys: Sequence[SigningKey]) -> Note:
    return Note(checkpoint.text, tuple(key.sign(checkpoint.text) for key in keys))
