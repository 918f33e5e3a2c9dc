"""A verifier that shares nothing with the ledger but public specifications: `python verify.py URL VKEY [OLD]`.

It is written from RFC 9162, section 2.1, and C2SP signed-note, tlog-checkpoint, tlog-tiles and tlog-proof, with the
standard library and an Ed25519 of `cryptography`, and trusts nothing that it is told but the verifier key. OLD is a file
with an earlier checkpoint; without it, one half the size of the newest is made up from the entries.
"""

import base64
import hashlib
import json
import sys
import urllib.request
from collections.abc import Sequence
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Checkpoint = tuple[str, int, bytes]


class Wrong(Exception):
    """The log is not what it claims to be."""


def demand(holds: bool, told: str) -> None:
    if not holds:
        raise Wrong(told)


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read()


# --- signed notes and checkpoints ---------------------------------------------------------------------------------------


def verified(note: str, vkey: str) -> Checkpoint:
    """Origin, size and root of a checkpoint that the key has signed."""
    name, key_id, material = vkey.split("+", 2)
    kind, public = base64.b64decode(material)[0], base64.b64decode(material)[1:]
    demand(kind == 1, "the verifier key is not an Ed25519 key of a log")
    demand(
        hashlib.sha256(f"{name}\n".encode() + bytes([kind]) + public).hexdigest()[:8] == key_id,
        "the key has another id",
    )
    text, _, lines = note.rpartition("\n\n")
    own = [line.split(" ")[2] for line in lines.splitlines() if line.startswith(f"— {name} ")]
    signatures = [raw[4:] for raw in map(base64.b64decode, own) if raw[:4].hex() == key_id]
    demand(bool(signatures), "the key has not signed this checkpoint")
    for signature in signatures:
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, f"{text}\n".encode())
        except InvalidSignature:
            raise Wrong("the signature of the checkpoint is wrong") from None
    origin, size, root = text.split("\n")[:3]
    demand(origin == name, "the origin is another one than the name of the key")
    return origin, int(size), base64.b64decode(root)


# --- RFC 9162, section 2.1, as it is written there ----------------------------------------------------------------------


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


def parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def split(n: int) -> int:
    return 1 << ((n - 1).bit_length() - 1)


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return parent(tree_hash(leaves[:k]), tree_hash(leaves[k:]))


def root_by_inclusion(m: int, n: int, leaf: bytes, path: list[bytes]) -> bytes:
    """The root to which a path leads from leaf `m` of `n`."""
    if n == 1:
        demand(not path, "an inclusion proof is too long")
        return leaf
    demand(bool(path), "an inclusion proof is too short")
    k = split(n)
    if m < k:
        return parent(root_by_inclusion(m, k, leaf, path[:-1]), path[-1])
    return parent(path[-1], root_by_inclusion(m - k, n - k, leaf, path[:-1]))


def roots_by_consistency(m: int, n: int, proof: list[bytes], old_root: bytes | None) -> tuple[bytes, bytes]:
    """The two roots to which a proof leads; `old_root` where the old tree is a whole subtree of the new one."""
    if m == n and old_root is not None:
        demand(not proof, "a consistency proof is too long")
        return old_root, old_root
    demand(bool(proof), "a consistency proof is too short")
    if m == n:
        demand(len(proof) == 1, "a consistency proof is too long")
        return proof[0], proof[0]
    k = split(n)
    if m <= k:
        old, new = roots_by_consistency(m, k, proof[:-1], old_root)
        return old, parent(new, proof[-1])
    old, new = roots_by_consistency(m - k, n - k, proof[:-1], None)
    return parent(proof[-1], old), parent(proof[-1], new)


# --- tiles --------------------------------------------------------------------------------------------------------------


class Tiles:
    """The tree of one checkpoint, as it is served."""

    def __init__(self, base: str, size: int):
        self.base, self.size, self.tile = base, size, cache(self._tile)

    def address(self, kind: str, level: int, index: int) -> tuple[str, int]:
        width = min(256, (self.size >> 8 * level) - 256 * index)
        digits = f"{index:03}" if index < 1000 else f"x{index // 1000:03}/{index % 1000:03}"
        return f"{self.base}/v1/log/tile/{kind}/{digits}" + ("" if width == 256 else f".p/{width}"), width

    def _tile(self, level: int, index: int) -> list[bytes]:
        url, width = self.address(str(level), level, index)
        content = fetch(url)
        demand(len(content) == 32 * width, f"tile {level}/{index} has another width")
        return [content[i : i + 32] for i in range(0, len(content), 32)]

    def entries(self) -> list[bytes]:
        found: list[bytes] = []
        while len(found) < self.size:
            url, width = self.address("entries", 0, len(found) // 256)
            content, count = fetch(url), 0
            while content:
                length = int.from_bytes(content[:2], "big")
                found.append(content[2 : 2 + length])
                content, count = content[2 + length :], count + 1
            demand(count == width, "a bundle holds another number of entries")
        return found

    def over(self, start: int, end: int) -> bytes:
        """The hash over leaves `start` up to `end`, from whole tiles where it can be."""
        for level in (2, 1, 0):
            if end - start == 256**level and start % 256**level == 0:
                index = start >> 8 * level
                return self.tile(level, index // 256)[index % 256]
        middle = start + split(end - start)
        return parent(self.over(start, middle), self.over(middle, end))

    def path(self, m: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        middle = start + split(end - start)
        if m < middle:
            return [*self.path(m, start, middle), self.over(middle, end)]
        return [*self.path(m, middle, end), self.over(start, middle)]


# --- the audit ----------------------------------------------------------------------------------------------------------


def check_proof(base: str, vkey: str, position: int, entry: bytes) -> None:
    """The served tlog-proof shows that the entry is in the log."""
    head, note = fetch(f"{base}/v1/entries/{position}/proof").decode().split("\n\n", 1)
    header, *lines = head.split("\n")
    demand(header == "c2sp.org/tlog-proof@v1", "a proof has another header")
    lines = lines[1:] if lines[0].startswith("extra ") else lines
    demand(lines[0] == f"index {position}", "a proof is of another entry")
    _, size, root = verified(note, vkey)
    made = root_by_inclusion(position, size, leaf_hash(entry), [base64.b64decode(line) for line in lines[1:]])
    demand(made == root, f"the proof of entry {position} leads to another root")


def check_consistency(base: str, old: Checkpoint, new: Checkpoint) -> None:
    """The served proof shows that the newer tree extends the older one."""
    told = json.loads(fetch(f"{base}/v1/log/consistency?from={old[1]}&to={new[1]}"))["data"]
    proof = [base64.b64decode(line) for line in told["proof"]]
    if old[1] > 0:
        demand(roots_by_consistency(old[1], new[1], proof, old[2]) == (old[2], new[2]), "the log is not consistent")


def audit(base: str, vkey: str, old_note: str | None = None, every: int = 97) -> Checkpoint:
    """Verify all that a log serves up to its newest checkpoint. Raises Wrong."""
    new = verified(fetch(f"{base}/v1/log/checkpoint").decode(), vkey)
    size, tiles = new[1], Tiles(base, new[1])
    entries = tiles.entries()
    leaves = [leaf_hash(entry) for entry in entries]
    demand(tree_hash(leaves) == new[2], "the entries have another root")
    for index in range(-(-size // 256)):
        demand(
            tiles.tile(0, index) == leaves[256 * index : 256 * (index + 1)], f"tile 0/{index} is not over its entries"
        )
    demand(size == 0 or tiles.over(0, size) == new[2], "the tiles have another root")
    for position in {*range(0, size, every), *range(max(0, size - 1), size)}:
        made = root_by_inclusion(position, size, leaves[position], tiles.path(position, 0, size))
        demand(made == new[2], f"the tiles do not hold entry {position}")
        check_proof(base, vkey, position, entries[position])
    old = verified(old_note, vkey) if old_note else (new[0], size // 2, tree_hash(leaves[: size // 2]))
    demand(old[1] <= size and tree_hash(leaves[: old[1]]) == old[2], "the log does not hold what it signed before")
    demand(old[1] == 0 or tiles.over(0, old[1]) == old[2], "the tiles do not hold what was signed before")
    check_consistency(base, old, new)
    return new


if __name__ == "__main__":
    before = open(sys.argv[3], encoding="utf-8").read() if len(sys.argv) > 3 else None  # noqa: PTH123, SIM115
    try:
        seen = audit(sys.argv[1].rstrip("/"), sys.argv[2], before)
    except Wrong as reason:
        sys.exit(f"WRONG: {reason}")
    print(f"{seen[0]}: {seen[1]} entries, verified")
