"""The Merkle tree, judged by the RFC written naively and by published vectors."""

import base64
import hashlib
import json
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.merkle import (
    EMPTY,
    WrongProof,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    node_hash,
    root,
)

LARGE = [65_535, 65_536, 65_537, 65_793]


def leaf(index: int) -> bytes:
    return hashlib.sha256(b"\0" + index.to_bytes(8, "big")).digest()


# --- RFC 9162, section 2.1, word for word, over the leaves [start, end) ---------------------------------------------


@cache
def mth(start: int, end: int) -> bytes:
    if end == start:
        return hashlib.sha256(b"").digest()
    if end - start == 1:
        return leaf(start)
    k = largest_power_below(end - start)
    return hashlib.sha256(b"\1" + mth(start, start + k) + mth(start + k, end)).digest()


def largest_power_below(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def path(m: int, start: int, end: int) -> list[bytes]:
    n = end - start
    if n == 1:
        return []
    k = largest_power_below(n)
    if m < k:
        return [*path(m, start, start + k), mth(start + k, end)]
    return [*path(m - k, start + k, end), mth(start, start + k)]


def subproof(m: int, start: int, end: int, complete: bool) -> list[bytes]:
    n = end - start
    if m == n:
        return [] if complete else [mth(start, end)]
    k = largest_power_below(n)
    if m <= k:
        return [*subproof(m, start, start + k, complete), mth(start + k, end)]
    return [*subproof(m - k, start + k, end, False), mth(start, start + k)]


@cache
def node(level: int, index: int) -> bytes:
    if level == 0:
        return leaf(index)
    return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))


# --- the tree ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [range(601), LARGE], ids=["small", "large"])
def test_every_root_is_that_of_the_rfc(sizes: Sequence[int]) -> None:
    for size in sizes:
        assert root(size, node) == mth(0, size)


@pytest.mark.parametrize("part", range(4))
def test_every_inclusion_proof_is_that_of_the_rfc_and_holds(part: int) -> None:
    for size in range(1 + part, 601, 4):
        whole = mth(0, size)
        for index in range(size):
            proof = inclusion_proof(index, size, node)
            assert proof == path(index, 0, size)
            check_inclusion(index, size, leaf(index), proof, whole)


@pytest.mark.parametrize("part", range(4))
def test_every_consistency_proof_is_that_of_the_rfc_and_holds(part: int) -> None:
    for new in range(part, 601, 4):
        for old in range(new + 1):
            proof = consistency_proof(old, new, node)
            assert proof == (subproof(old, 0, new, True) if old else [])
            if old:
                check_consistency(old, new, mth(0, old), mth(0, new), proof)


@pytest.mark.parametrize("size", LARGE)
def test_the_proofs_of_large_trees_are_those_of_the_rfc_and_hold(size: int) -> None:
    for index in {0, 1, 255, 256, 32_767, 32_768, size // 3, size - 2, size - 1}:
        proof = inclusion_proof(index, size, node)
        assert proof == path(index, 0, size)
        check_inclusion(index, size, leaf(index), proof, mth(0, size))
    for old in {0, 1, 2, 255, 256, 257, 32_768, 40_000, size - 1, size}:
        proof = consistency_proof(old, size, node)
        assert proof == (subproof(old, 0, size, True) if old else [])
        if old:
            check_consistency(old, size, mth(0, old), mth(0, size), proof)


# --- what must be refused ----------------------------------------------------------------------------------------------


def spoilt(proof: list[bytes], choose: Any) -> list[bytes]:
    """The proof with a bit turned over, a hash left out, put in, doubled or moved."""
    ways = ["bit", "out", "double", "swap"] if len(set(proof)) > 1 else ["bit", "out", "double"] if proof else []
    way, at = choose(st.sampled_from([*ways, "in", "end"])), choose(st.integers(0, max(0, len(proof) - 1)))
    made = list(proof)
    if way == "bit":
        bit = choose(st.integers(0, 255))
        made[at] = (int.from_bytes(made[at], "big") ^ 1 << bit).to_bytes(32, "big")
    elif way == "out":
        del made[at]
    elif way == "double":
        made.insert(at, made[at])
    elif way == "swap":
        other = next(i for i, one in enumerate(made) if one != made[at])
        made[at], made[other] = made[other], made[at]
    else:
        made.insert(at if way == "in" else len(made), choose(st.sampled_from([EMPTY, leaf(0), bytes(32)])))
    return made


@settings(max_examples=1500, deadline=None)
@given(st.data())
def test_no_spoilt_inclusion_proof_holds(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 600))
    index = data.draw(st.integers(0, size - 1))

    wrong = spoilt(inclusion_proof(index, size, node), data.draw)

    with pytest.raises(WrongProof):
        check_inclusion(index, size, leaf(index), wrong, mth(0, size))


@settings(max_examples=1500, deadline=None)
@given(st.data())
def test_no_spoilt_consistency_proof_holds(data: st.DataObject) -> None:
    new = data.draw(st.integers(1, 600))
    old = data.draw(st.integers(1, new))

    wrong = spoilt(consistency_proof(old, new, node), data.draw)

    with pytest.raises(WrongProof):
        check_consistency(old, new, mth(0, old), mth(0, new), wrong)


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_no_proof_holds_for_another_leaf_index_size_or_root(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 600))
    index, other = data.draw(st.lists(st.integers(0, size - 1), min_size=2, max_size=2, unique=True))
    proof, whole = inclusion_proof(index, size, node), mth(0, size)

    for wrong in (
        (other, size, leaf(index), proof, whole),
        (index, size, leaf(other), proof, whole),
        (index, size, leaf(index), proof, mth(0, size + 1)),
        (size, size, leaf(index), proof, whole),
        (-1, size, leaf(index), proof, whole),
    ):
        with pytest.raises(WrongProof):
            check_inclusion(*wrong)


@pytest.mark.parametrize(("old", "new"), [(-1, 3), (4, 3)])
def test_no_tree_extends_a_larger_one(old: int, new: int) -> None:
    with pytest.raises(WrongProof):
        check_consistency(old, new, EMPTY, EMPTY, [])
    with pytest.raises(ValueError, match="does not extend"):
        consistency_proof(old, new, node)


def test_from_the_empty_tree_nothing_can_be_proved() -> None:
    with pytest.raises(WrongProof):
        check_consistency(0, 0, EMPTY, EMPTY, [])
    with pytest.raises(WrongProof):
        check_consistency(0, 5, EMPTY, mth(0, 5), [])


@pytest.mark.parametrize("short", [b"", b"x", bytes(31), bytes(33)])
def test_a_hash_of_another_length_proves_nothing(short: bytes) -> None:
    with pytest.raises(WrongProof):
        check_inclusion(0, 1, short, [], short)
    with pytest.raises(WrongProof):
        check_inclusion(0, 2, leaf(0), [short], mth(0, 2))
    with pytest.raises(WrongProof):
        check_consistency(1, 2, leaf(0), mth(0, 2), [short])


# --- published vectors -------------------------------------------------------------------------------------------------


def vectors() -> dict[str, Any]:
    folder = os.environ.get("MISSION_LEDGER_VECTORS")
    if not folder:
        pytest.skip("the published vectors are absent: MISSION_LEDGER_VECTORS does not name their folder")
    return json.loads(Path(folder, "rfc6962", "proofs.json").read_text())


def binary(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def holds(case: dict[str, Any]) -> bool:
    proof = [binary(one) for one in case["proof"] or []]
    try:
        if "leafIdx" in case:
            check_inclusion(case["leafIdx"], case["treeSize"], binary(case["leafHash"]), proof, binary(case["root"]))
        else:
            check_consistency(case["size1"], case["size2"], binary(case["root1"]), binary(case["root2"]), proof)
    except WrongProof:
        return False
    return True


def test_published_proofs_are_judged_as_published() -> None:
    judged = {name: (holds(case), case["desc"]) for name, case in vectors().items()}

    assert len(judged) >= 119
    assert {name: verdict for name, (verdict, _) in judged.items()} == {
        name: not case["wantErr"] for name, case in vectors().items()
    }
