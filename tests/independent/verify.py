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
    key = base64.b64decode(material)
    demand(key[0] == 1, "the verifier key is not an Ed25519 key of a log")
    demand(hashlib.sha256(f"{name}\n".encode() + key).hexdigest()[:8] == key_id, "the key has another id")
    text, _, lines = note.rpartition("\n\n")
    own = [line.split(" ")[2] for line in lines.splitlines() if line.startswith(f"— {name} ")]
    signatures = [raw[4:] for raw in map(base64.b64decode, own) if raw[:4].hex() == key_id]
    demand(bool(signatures), "the key has not signed this checkpoint")
    for signature in signatures:
        try:
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature, f"{text}\n".encode())
        except InvalidSignature:
            raise Wrong("the signature of the checkpoint is wrong") from None
    origin, size, root = text.split("\n")[:3]
    demand(origin == name, "the origin is another one than the name of the key")
    return origin, int(size), base64.b64decode(root)


# --- RFC 9162, section 2.1, as it is written there ----------------------------------------------------------------------


def parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def split(n: int) -> int:
    return 1 << ((n - 1).bit_length() - 1)


def tree_hash(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    k = split(len(leaves))
    return parent(tree_hash(leaves[:k]), tree_hash(leaves[k:]))


def root_by_inclusion(m: int, n: int, leaf: bytes, path: list[bytes]) -> bytes:
    """The root to which a path leads from leaf `m` of `n`."""
    demand((n == 1) == (not path), "an inclusion proof has another length")
    if n == 1:
        return leaf
    k = split(n)
    if m < k:
        return parent(root_by_inclusion(m, k, leaf, path[:-1]), path[-1])
    return parent(path[-1], root_by_inclusion(m - k, n - k, leaf, path[:-1]))


def roots_by_consistency(m: int, n: int, proof: list[bytes]) -> tuple[bytes, bytes]:
    """The two roots to which a proof leads; its first hash is over a subtree that both trees have."""
    demand((m == n) == (len(proof) == 1), "a consistency proof has another length")
    if m == n:
        return proof[0], proof[0]
    k = split(n)
    if m <= k:
        old, new = roots_by_consistency(m, k, proof[:-1])
        return old, parent(new, proof[-1])
    old, new = roots_by_consistency(m - k, n - k, proof[:-1])
    return parent(proof[-1], old), parent(proof[-1], new)


# --- tiles --------------------------------------------------------------------------------------------------------------


class Tiles:
    """The tree of one checkpoint, as it is served."""

    def __init__(self, base: str, size: int):
        self.base, self.size, self.tile = base, size, cache(self._tile)

    def file(self, kind: str, level: int, index: int) -> tuple[bytes, int]:
        """What is served of a tile, and how many hashes or entries it holds."""
        width = min(256, (self.size >> 8 * level) - 256 * index)
        digits = f"{index:03}" if index < 1000 else f"x{index // 1000:03}/{index % 1000:03}"
        return fetch(f"{self.base}/v1/log/tile/{kind}/{digits}" + ("" if width == 256 else f".p/{width}")), width

    def _tile(self, level: int, index: int) -> list[bytes]:
        content, width = self.file(str(level), level, index)
        demand(len(content) == 32 * width, f"tile {level}/{index} has another width")
        return [content[i : i + 32] for i in range(0, len(content), 32)]

    def entries(self) -> list[bytes]:
        found: list[bytes] = []
        for index in range(-(-self.size // 256)):
            content, width = self.file("entries", 0, index)
            while content:
                end = 2 + int.from_bytes(content[:2], "big")
                found.append(content[2:end])
                content = content[end:]
            demand(len(found) == 256 * index + width, "a bundle holds another number of entries")
        return found

    def over(self, start: int, end: int) -> bytes:
        """The hash over leaves `start` up to `end`, from whole tiles where it can be."""
        level = ((end - start).bit_length() - 1) // 8
        if end - start == 256**level:
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


def check_proof(base: str, vkey: str, position: int, leaf: bytes) -> None:
    """The served tlog-proof shows that the entry is in the log."""
    head, note = fetch(f"{base}/v1/entries/{position}/proof").decode().split("\n\n", 1)
    header, *lines = head.split("\n")
    demand(header == "c2sp.org/tlog-proof@v1", "a proof has another header")
    lines = lines[1:] if lines[0].startswith("extra ") else lines
    demand(lines[0] == f"index {position}", "a proof is of another entry")
    _, size, root = verified(note, vkey)
    made = root_by_inclusion(position, size, leaf, [base64.b64decode(line) for line in lines[1:]])
    demand(made == root, f"the proof of entry {position} leads to another root")


def check_consistency(base: str, old: Checkpoint, new: Checkpoint) -> None:
    """The served proof shows that the newer tree extends the older one."""
    told = json.loads(fetch(f"{base}/v1/log/consistency?from={old[1]}&to={new[1]}"))["data"]
    left_out = [old[2]] if old[1] == new[1] or old[1].bit_count() == 1 else []  # the old tree is itself that subtree
    proof = [*left_out, *map(base64.b64decode, told["proof"])]
    consistent = old[1] == 0 or roots_by_consistency(old[1], new[1], proof) == (old[2], new[2])
    demand(consistent, "the log is not consistent")


def audit(base: str, vkey: str, old_note: str | None = None, every: int = 97) -> Checkpoint:
    """Verify all that a log serves up to its newest checkpoint. Raises Wrong."""
    new = verified(fetch(f"{base}/v1/log/checkpoint").decode(), vkey)
    size, tiles = new[1], Tiles(base, new[1])
    leaves = [hashlib.sha256(b"\0" + entry).digest() for entry in tiles.entries()]
    demand(tree_hash(leaves) == new[2], "the entries have another root")
    for i in range(0, size, 256):
        demand(tiles.tile(0, i // 256) == leaves[i : i + 256], f"tile 0/{i // 256} is not over its entries")
    demand(size == 0 or tiles.over(0, size) == new[2], "the tiles have another root")
    for position in {*range(0, size, every), *range(max(0, size - 1), size)}:
        made = root_by_inclusion(position, size, leaves[position], tiles.path(position, 0, size))
        demand(made == new[2], f"the tiles do not hold entry {position}")
        check_proof(base, vkey, position, leaves[position])
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
