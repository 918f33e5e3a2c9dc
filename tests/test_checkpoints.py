"""Checkpoints and proofs as text, judged by the examples of tlog-checkpoint, tlog-cosignature and tlog-proof."""

import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoints import MAX_PATH, PROOF_HEADER, Checkpoint, Proof, hash_lines, parse_checkpoint, parse_proof
from ledger.merkle import WrongProof, inclusion_proof, root
from ledger.notes import Note, SigningKey, WrongNote, binary, in_base64, parse_note

EXAMPLE = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""
PATH = """gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=
"""
PROOF = f"{PROOF_HEADER}\nextra bW9yZQ==\nindex 73894\n{PATH}\n{EXAMPLE}"
KEY = SigningKey("log.example", bytes(32))
ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


def test_the_example_of_the_specification_is_read_and_written() -> None:
    note = parse_note(EXAMPLE)

    checkpoint = parse_checkpoint(note.text)

    assert checkpoint == Checkpoint("example.com/behind-the-sofa", 20_852_163, binary(ROOT))
    assert checkpoint.text == note.text
    assert str(note) == EXAMPLE
    assert int.from_bytes(note.signatures[1].signature[:8], "big") == 1_679_315_147


def test_lines_after_the_third_are_passed_over() -> None:
    assert parse_checkpoint(f"o\n0\n{ROOT}\nmore\nand more\n") == Checkpoint("o", 0, binary(ROOT))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "o\n1\n",
        f"o\n1\n{ROOT}",
        f"\n1\n{ROOT}\n",
        f"o\n1\n{ROOT}\n\n",
        f"o\n1\n{ROOT}\n\nmore\n",
        *(f"o\n{size}\n{ROOT}\n" for size in ("", "01", "-1", "+1", " 1", "1 ", "1.0", "1e3", "one", "٣", "1_0", "9" * 20, "9" * 9_999)),
        *(f"o\n1\n{made}\n" for made in ("", "AAAA", ROOT[:-1], ROOT + "=", ROOT + ROOT, ROOT.replace("2I=", "2J="), ROOT.replace("/", "_"), " " + ROOT)),
    ],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(WrongNote):
        parse_checkpoint(text)


def test_a_proof_in_the_form_of_the_specification_is_read_and_written() -> None:
    proof = parse_proof(PROOF.encode())

    assert (proof.index, proof.extra, hash_lines(proof.path)) == (73_894, b"more", PATH)
    assert proof.checkpoint.size == 20_852_163
    assert str(proof) == PROOF


def test_the_elided_example_is_refused_for_its_elision() -> None:
    elided = PROOF.replace("Az3grlgtzPICa5OS8npVmf1Myq", "hI2DJw[...]1roloI=")

    with pytest.raises(WrongNote, match="not base64"):
        parse_proof(elided)


@given(st.integers(1, 70), st.data())
def test_a_proof_is_read_as_it_is_written_and_proves_its_leaf_alone(size: int, data: st.DataObject) -> None:
    leaves = [hashlib.sha256(b"\0" + bytes([number])).digest() for number in range(size)]

    def node(level: int, index: int) -> bytes:
        return leaves[index] if level == 0 else root_over(leaves[index << level : (index + 1) << level])

    index = data.draw(st.integers(0, size - 1))
    text = Checkpoint("log.example", size, root(size, node)).text
    made = Proof(
        index,
        tuple(inclusion_proof(index, size, node)),
        Note(text, (KEY.sign(text),)),
        data.draw(st.none() | st.binary(max_size=9)),
    )

    read = parse_proof(str(made))

    assert read == made
    read.check(leaves[index])
    for other in leaves[:index] + leaves[index + 1 :]:
        with pytest.raises(WrongProof):
            read.check(other)


def root_over(leaves: list[bytes]) -> bytes:
    """The root of a complete tree."""
    while len(leaves) > 1:
        leaves = [hashlib.sha256(b"\1" + leaves[i] + leaves[i + 1]).digest() for i in range(0, len(leaves), 2)]
    return leaves[0]


@pytest.mark.parametrize(
    "spoil",
    [
        ("v1\n", "v2\n"),
        (PROOF_HEADER + "\n", ""),
        ("extra ", "extra"),
        ("extra ", "more "),
        ("bW9yZQ==", "bW9yZQ"),
        ("extra bW9yZQ==\n", "extra bW9yZQ==\nextra bW9yZQ==\n"),
        ("index 73894\n", ""),
        ("index 73894", "index 073894"),
        ("index 73894", "index -1"),
        ("index 73894", "index 73894 "),
        ("index 73894", "index"),
        ("gSKy", "gSK"),
        (PATH, PATH + "AAAA\n"),
        (PATH, PATH * 13),
        (PATH + "\n", PATH),
        (EXAMPLE, ""),
        (EXAMPLE, EXAMPLE.split("\n\n")[0] + "\n"),
        ("\nAHC", "\r\nAHC"),
    ],
)
def test_a_malformed_proof_is_refused(spoil: tuple[str, str]) -> None:
    text = PROOF.replace(*spoil, 1)
    assert text != PROOF

    with pytest.raises((WrongNote, WrongProof)):
        parse_proof(text)
    with pytest.raises((WrongNote, WrongProof)):
        parse_proof(text.encode() + b"\xff")


def test_as_long_a_path_as_a_tree_can_have_is_read() -> None:
    line = PATH.splitlines(keepends=True)[0]

    assert len(parse_proof(PROOF.replace(PATH, line * MAX_PATH)).path) == 63
    with pytest.raises(WrongProof, match="at most 63"):
        parse_proof(PROOF.replace(PATH, line * (MAX_PATH + 1)))


def test_a_proof_over_what_is_no_checkpoint_proves_nothing() -> None:
    proof = parse_proof(PROOF.replace("20852163", "many"))

    with pytest.raises(WrongNote):
        proof.check(bytes(32))


@given(
    st.text(max_size=200) | st.text("— +\nindex 09=/Aextra", max_size=80).map(lambda text: f"{PROOF_HEADER}\n{text}")
)
def test_arbitrary_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    for read in (parse_checkpoint, parse_proof):
        with contextlib.suppress(WrongNote, WrongProof):
            read(text)


@given(place=st.integers(0, len(PROOF) - 1), put=st.text(max_size=3), cut=st.integers(0, 3))
def test_a_spoilt_proof_is_read_or_refused_and_nothing_else(place: int, put: str, cut: int) -> None:
    try:
        proof = parse_proof(PROOF[:place] + put + PROOF[place + cut :])
        proof.check(bytes(32))
    except (WrongNote, WrongProof):
        pass


def test_hashes_are_written_one_a_line() -> None:
    assert hash_lines([]) == ""
    assert hash_lines([bytes(32), bytes(32)]) == 2 * f"{in_base64(bytes(32))}\n"
