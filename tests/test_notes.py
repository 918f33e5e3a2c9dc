"""Signed notes, judged by the example that Go publishes, by those of the specification, and by notes that are spoilt."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.notes import (
    COSIGNATURE,
    MAX_NOTE,
    MAX_SIGNATURES,
    Note,
    Signature,
    SigningKey,
    VerifierKey,
    WrongNote,
    binary,
    in_base64,
    parse_note,
    parse_signature,
)

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SAID = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
POEM = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n"
POET = "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
KEY = SigningKey("log.example", bytes(range(32)))
WITNESS = SigningKey("witness.example", bytes(range(1, 33)), COSIGNATURE)


def test_the_note_that_go_publishes_is_verified() -> None:
    key = VerifierKey.parse(PETER)

    note = parse_note(f"{SAID}\n{LINE}".encode())

    assert note.signed_by([key]) == [(key, None)]
    assert (note.text, str(note), str(key)) == (SAID, f"{SAID}\n{LINE}", PETER)


def test_the_example_of_the_specification_is_parted_at_its_last_empty_line() -> None:
    note = parse_note(f"{POEM}\n{POET}")

    assert note.text == POEM
    assert [(s.name, s.key_id.hex(), len(s.signature)) for s in note.signatures] == [
        ("quasimodo.example/salvatore", "367ba04b", 64)
    ]


def test_a_text_that_ends_in_an_empty_line_keeps_it() -> None:
    note = Note("text\n\n", (KEY.sign("text\n\n"),))

    read = parse_note(str(note))

    assert read == note
    assert read.signed_by([KEY.verifier])


def test_only_line_ends_part_lines() -> None:
    line = str(KEY.sign("text\n")).rstrip("\n")

    for other in ("\x85", "\u2028", "\u2029"):
        with pytest.raises(WrongNote):
            parse_note(f"text\n\n{line}{other}{line}\n")


def test_one_seed_has_another_id_under_another_name_or_type() -> None:
    keys = [KEY, SigningKey("other.example", KEY.seed), SigningKey(KEY.name, KEY.seed, COSIGNATURE)]

    assert len({key.verifier.key_id for key in keys}) == 3
    assert len({key.verifier.public for key in keys}) == 1


@given(st.binary(min_size=32, max_size=32), st.sampled_from([1, 4]), st.sampled_from(["a", "log.example/x", "käse"]))
def test_keys_are_read_as_they_are_written(seed: bytes, kind: int, name: str) -> None:
    key = SigningKey(name, seed, kind)

    assert SigningKey.parse(key.secret()) == key
    assert VerifierKey.parse(str(key.verifier)) == key.verifier
    assert in_base64(seed) not in repr(key)
    assert repr(seed) not in repr(key)


def test_a_cosignature_tells_its_time_and_signs_it() -> None:
    signature = WITNESS.sign("text\n", 1_679_315_147)

    note = Note("text\n", (signature,))
    moved = Signature(signature.name, signature.key_id, (1_679_315_148).to_bytes(8, "big") + signature.signature[8:])

    assert note.signed_by([WITNESS.verifier]) == [(WITNESS.verifier, 1_679_315_147)]
    with pytest.raises(WrongNote, match="not over this text"):
        Note("text\n", (moved,)).signed_by([WITNESS.verifier])


def test_a_cosignature_of_a_time_beyond_its_bounds_is_refused() -> None:
    signature = WITNESS.sign("text\n", 2**63)

    with pytest.raises(WrongNote, match="of no time"):
        WITNESS.verifier.check("text\n", signature.signature)


def test_signatures_of_unknown_keys_are_passed_over_and_wrong_ones_of_known_keys_refused() -> None:
    namesake = SigningKey(KEY.name, bytes(32))
    good = Note("text\n", (namesake.sign("text\n"), KEY.sign("text\n")))
    bad = Note("text\n", (KEY.sign("text\n"), KEY.sign("other\n")))

    assert good.signed_by([KEY.verifier]) == [(KEY.verifier, None)]
    assert good.signed_by([]) == []
    with pytest.raises(WrongNote, match=r"log\.example is not over this text"):
        bad.signed_by([KEY.verifier])


def test_a_key_that_is_no_point_of_the_curve_verifies_nothing() -> None:
    key = VerifierKey("bad.example", 1, b"\xff" * 32)

    with pytest.raises(WrongNote, match="not over this text"):
        key.check("text\n", bytes(64))


@pytest.mark.parametrize("length", [0, 1, 7, 8, 63, 65, 71, 73, 200])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    for key in (KEY.verifier, WITNESS.verifier):
        with pytest.raises(WrongNote):
            key.check("text\n", bytes(length))


GOOD = f"{SAID}\n{LINE}"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "a text, a blank line"),
        ("\n", "a text, a blank line"),
        ("\n\n", "a text, a blank line"),
        (SAID, "a text, a blank line"),
        (SAID + LINE, "a text, a blank line"),
        (SAID + "\n", "a text, a blank line"),
        (GOOD.rstrip("\n"), "a text, a blank line"),
        (GOOD + "\n", "a text, a blank line"),
        (GOOD + "more\n", "no signature line"),
        (GOOD.replace("— ", "- "), "no signature line"),
        (GOOD.replace("— ", "—"), "no signature line"),
        (GOOD.replace("PeterNeumann ", "Peter Neumann "), "no signature line"),
        (GOOD.replace("PeterNeumann ", "Peter+Neumann "), "no signature line"),
        (GOOD.replace("PeterNeumann ", "Peter\u00a0Neumann "), "no signature line"),
        (GOOD.replace("PeterNeumann ", " "), "no signature line"),
        (GOOD.replace("nAM=", "nAM"), "not base64"),
        (GOOD.replace("nAM=", "nAN="), "one spelling"),
        (GOOD.replace("x08go/", "x08go_"), "not base64"),
        (f"{SAID}\n— PeterNeumann x08gow==\n", "too short"),
        (GOOD.replace("If", "If\t"), "control characters"),
        (GOOD.replace("\n", "\r\n"), "control characters"),
        (GOOD.replace("If", "If\0"), "control characters"),
        (GOOD.replace("If", "If\ud800"), "halves of characters"),
        (GOOD.encode() + b"\xff", "UTF-8"),
        (SAID + "\n" + LINE * (MAX_SIGNATURES + 1), "lines of signatures"),
        ("a" * MAX_NOTE + GOOD, "at most 1,000,000 characters"),
    ],
)
def test_a_malformed_note_is_refused_with_its_reason(content: bytes | str, told: str) -> None:
    with pytest.raises(WrongNote, match=told):
        parse_note(content)


def test_as_many_signatures_as_every_verifier_accepts_are_read() -> None:
    assert len(parse_note(f"{SAID}\n{LINE * 16}").signatures) == 16
    assert len(parse_note(f"{SAID}\n{LINE * MAX_SIGNATURES}").signatures) == MAX_SIGNATURES


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no key"),
        ("PeterNeumann", "is no key"),
        ("PeterNeumann+c74f20a3", "is no key"),
        (PETER.replace("PeterNeumann", ""), "is no key"),
        (PETER.replace("Peter", "Peter "), "is no key"),
        (PETER.replace("c74f20a3", "C74F20A3"), "is no key"),
        (PETER.replace("c74f20a3", "c74f20a"), "is no key"),
        (PETER.replace("c74f20a3", "c74f20a4"), "has the id c74f20a3, and not c74f20a4"),
        (PETER.replace("Peter", "Paul"), "has the id"),
        (PETER[:-1], "not base64"),
        (PETER[:-4], "is no key"),
        (PETER + "AAAA", "is no key"),
        (PETER.replace("+ARpc", "+Ahpc"), "of type 2"),
        (PETER.replace("+ARpc", "+Bhpc"), "of type 6"),
    ],
)
def test_a_malformed_verifier_key_is_refused_with_its_reason(text: str, told: str) -> None:
    with pytest.raises(WrongNote, match=told):
        VerifierKey.parse(text)


@pytest.mark.parametrize("spoil", [lambda s: s[1:], lambda s: s[:-2], lambda s: s + "A", lambda s: s.replace("log", "lag"),
                                   lambda s: s.replace("+A", "+C"), lambda s: s.replace("example+", "example ")])  # fmt: skip
def test_a_refused_signing_key_is_never_told(spoil: object) -> None:
    secret = spoil(KEY.secret())  # type: ignore[operator]

    with pytest.raises(WrongNote) as refused:
        SigningKey.parse(secret)

    assert KEY.secret()[-20:-4] not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@given(st.text() | st.text("— +\nax09=/A", max_size=60))
def test_arbitrary_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    for read in (parse_note, parse_signature, VerifierKey.parse, SigningKey.parse, binary):
        with contextlib.suppress(WrongNote):
            read(text)


@given(st.binary())
def test_arbitrary_bytes_are_read_or_refused_and_nothing_else(content: bytes) -> None:
    with contextlib.suppress(WrongNote):
        parse_note(content)


@given(place=st.integers(0, len(GOOD) - 1), put=st.text(max_size=3), cut=st.integers(0, 3))
def test_a_spoilt_note_is_never_taken_for_the_signed_text(place: int, put: str, cut: int) -> None:
    spoilt, key = GOOD[:place] + put + GOOD[place + cut :], VerifierKey.parse(PETER)

    try:
        note = parse_note(spoilt)
        signed = note.signed_by([key])
    except WrongNote:
        return

    assert not signed or note.text == SAID


@given(text=st.text(st.characters(exclude_categories=["C"])).map(lambda text: text + "\n"), count=st.integers(1, 4))
def test_a_note_is_read_as_it_is_written(text: str, count: int) -> None:
    keys = [SigningKey(f"key{number}.example", bytes([number]) * 32) for number in range(count)]
    note = Note(text, tuple(key.sign(text) for key in keys))

    assert parse_note(str(note)) == parse_note(str(note).encode()) == note
    assert [key for key, _ in note.signed_by(key.verifier for key in keys)] == [key.verifier for key in keys]
