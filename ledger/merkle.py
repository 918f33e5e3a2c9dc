"""The Merkle tree over the entries: RFC 9162, section 2.1, with SHA-256. Pure.

    size 6:          root
                   /      \\
               2,0          .          A node (level, index) is the hash over the leaves
              /    \\      /   \\        index * 2**level up to (index + 1) * 2**level.
           1,0    1,1   1,2   (no 1,3: the tree of size 6 ends at leaf 5)
           / \\    / \\   / \\
          0   1  2   3 4   5

A complete subtree never changes once it is full, so a tree of any size, its root and every proof come from the nodes
of complete subtrees alone. The functions that make proofs ask for them through `node(level, index)`; where
the nodes are kept does not matter here. Those that check proofs know nothing but the proof.
"""

import hashlib
from collections.abc import Callable, Sequence

Node = Callable[[int, int], bytes]
EMPTY = hashlib.sha256(b"").digest()
HASH_SIZE = 32


class WrongProof(ValueError):
    """A proof that does not prove what it claims, with the reason."""


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an interior node: SHA-256 over 0x01 and its two children."""
    return node_of_pair(left + right)


def node_of_pair(children: bytes) -> bytes:
    """The same of two children in one piece."""
    return hashlib.sha256(b"\x01" + children).digest()


def root(size: int, node: Node) -> bytes:
    """The root of the tree over the first `size` leaves; the hash of nothing where it is empty."""
    return _over(0, size, node) if size else EMPTY


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """The siblings from leaf `index` up to the root of the tree of `size` leaves (section 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size} leaves")
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_over(middle, end, node))
            end = middle
        else:
            path.append(_over(start, middle, node))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, node: Node) -> list[bytes]:
    """What shows that the tree of `new` leaves extends that of `old` (section 2.1.4.1); nothing is needed from 0 or to itself."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} leaves does not extend one of {old}")
    path, start, end = [], 0, new
    while 0 < old < end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_over(middle, end, node))
            end = middle
        else:
            path.append(_over(start, middle, node))
            start = middle
    return ([*path, _over(start, end, node)] if start else path)[::-1]


def _split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    return 1 << (count - 1).bit_length() - 1


def _over(start: int, end: int, node: Node) -> bytes:
    """The hash over leaves `start` up to `end`, a subtree of some tree: its complete subtrees, joined from the right."""
    count = end - start
    if not count & (count - 1):
        return node(count.bit_length() - 1, start // count)
    parts = []
    while start < end:
        level = (end - start).bit_length() - 1
        parts.append(node(level, start >> level))
        start += 1 << level
    made = parts.pop()
    while parts:
        made = node_hash(parts.pop(), made)
    return made


def root_of_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """The root that `proof` leads to from the hash of leaf `index` (section 2.1.3.2). Raises WrongProof by its shape alone."""
    if not 0 <= index < size:
        raise WrongProof(f"leaf {index} is not in a tree of {size} leaves")
    _check_sizes([leaf, *proof])
    first, last, made = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise WrongProof("the proof is too long")
        if first & 1 or first == last:
            made = node_hash(sibling, made)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            made = node_hash(made, sibling)
        first, last = first >> 1, last >> 1
    if last:
        raise WrongProof("the proof is too short")
    return made


def check_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Raises WrongProof unless `proof` shows the leaf with hash `leaf` at `index` under `root`."""
    if root_of_inclusion(index, size, leaf, proof) != root:
        raise WrongProof("the proof leads to another root")


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raises WrongProof unless `proof` shows that the tree of `new` leaves extends that of `old` (section 2.1.4.2)."""
    if not 0 <= old <= new:
        raise WrongProof(f"a tree of {new} leaves does not extend one of {old}")
    if old == 0:
        raise WrongProof("every tree extends the empty one; that proves nothing")
    if old == new and (proof or old_root != new_root):
        raise WrongProof("one size has one root, and nothing to prove")
    if old == new:
        return
    _check_sizes([old_root, new_root, *proof])
    nodes = list(proof) if old & (old - 1) else [old_root, *proof]
    if not nodes:
        raise WrongProof("the proof is too short")
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    made_old = made_new = nodes[0]
    for sibling in nodes[1:]:
        if last == 0:
            raise WrongProof("the proof is too long")
        if first & 1 or first == last:
            made_old, made_new = node_hash(sibling, made_old), node_hash(sibling, made_new)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            made_new = node_hash(made_new, sibling)
        first, last = first >> 1, last >> 1
    if last:
        raise WrongProof("the proof is too short")
    if made_old != old_root:
        raise WrongProof("the proof leads to another old root")
    if made_new != new_root:
        raise WrongProof("the proof leads to another new root")


def _check_sizes(hashes: Sequence[bytes]) -> None:
    if any(len(one) != HASH_SIZE for one in hashes):
        raise WrongProof(f"a hash has {HASH_SIZE} bytes")
