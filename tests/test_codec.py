"""Canonical JSON as RFC 8785 has it, judged by another implementation and by published vectors; commitments and leaf hashes."""

import hashlib
import json
import os
from collections.abc import Callable
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.codec import canonical, commitment, leaf_hash, read
from tests import judges
from tests.builders import announced, deployed, money, said
from tests.generated import ASCII, TEXT, WHOLE, thorough
from tests.in_memory import entered

LARGEST = 2**53 - 1
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | WHOLE | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(ASCII, inner, max_size=6),
    max_leaves=25,
)


class Named(Enum):
    """What orjson would write by its value."""

    WHOLE, HALF, NAMED = 1, 0.5, {"é": 1}


class Text(str):
    __slots__ = ()


class Fields(dict[Any, Any]):
    pass


NAMES = ASCII | st.text(max_size=3) | st.sampled_from([1, None, 0.5, True, Text("a"), Text("é"), "\ud800", Named.WHOLE])
THINGS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.text(max_size=3) | st.binary(max_size=3)
    | st.sampled_from([2**53 - 1, 2**53, -(2**53), 2**64, Text("a"), UUID(int=1), date(2024, 1, 1), *Named, object, (0.5,)]),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(NAMES, inner, max_size=4)
    | st.dictionaries(ASCII, inner, max_size=4) | st.dictionaries(ASCII, inner, max_size=2).map(Fields),
    max_leaves=12,
)  # fmt: skip


def outcome(function: Callable[[Any], Any], value: Any) -> str:
    """What it returns, or that it refuses by a ValueError; as text, for NaN is not itself and 1 is True."""
    try:
        return repr(function(value))
    except ValueError:
        return "refused"


# by name: what is canonical as it stands, and what the ledger declines by design (fractions, keys beyond ASCII)
VECTORS_MET, VECTORS_DECLINED = {"arrays", "unicode"}, {"french", "structures", "values", "weird"}


@thorough(500)
@given(DOCUMENTS)
@example({"b": 1, "a": [True, None, -0, {"": "", "\x7f": "\x00\x1f\u2028\U0001f681"}], "A": LARGEST, "\n": -LARGEST})
@example({"a": 1, "a\x00": 2, "aa": 3, "Z": 4, "_": 5})
def test_another_implementation_writes_the_same_bytes(document: Any) -> None:
    written = canonical(document)

    assert written == rfc8785.dumps(document)
    assert json.loads(written) == document


@thorough(3_000)
@given(THINGS)
@example({"a": float("nan")})
@example({"é": 1})
@example(["é", {"a": {"ü": 1}}])
@example({"a": Named.HALF})
def test_what_is_written_and_refused_is_what_a_look_at_every_part_says(value: Any) -> None:
    assert outcome(canonical, value) == outcome(judges.canonical, value)


@thorough(100)
@given(st.dictionaries(ASCII, DOCUMENTS, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_fields_does_not_matter(document: dict[str, Any], chance: Any) -> None:
    shuffled = list(document.items())
    chance.shuffle(shuffled)

    assert canonical(dict(shuffled)) == canonical(document)


def test_tuples_are_written_as_lists() -> None:
    assert canonical({"a": (1, ("x",))}) == b'{"a":[1,["x"]]}'


def inside(value: Any) -> list[Any]:
    """The value by itself and at the places where a document may hide it."""
    return [value, [value], {"a": value}, {"a": [{"b": (1, value)}]}]


@pytest.mark.parametrize("fraction", [0.5, 56.0, -0.0, 1e300, float("nan"), float("inf"), float("-inf")])
def test_fractions_are_refused_wherever_they_stand(fraction: float) -> None:
    for document in inside(fraction):
        with pytest.raises(ValueError, match="is a fraction; write decimal amounts as text"):
            canonical(document)


@pytest.mark.parametrize("number", [2**53, -(2**53), 2**63, 2**64, 10**30])
def test_integers_that_other_readers_round_are_refused(number: int) -> None:
    for document in inside(number):
        with pytest.raises(ValueError, match="cannot be written as canonical JSON"):
            canonical(document)


def test_the_largest_safe_integers_are_kept() -> None:
    assert canonical([LARGEST, -LARGEST]) == b"[9007199254740991,-9007199254740991]"


@pytest.mark.parametrize("key", ["é", "€", "\x80", "\U0001f602", "\ud800", "ascii and é"])
def test_keys_beyond_ascii_are_refused(key: str) -> None:
    for document in inside({key: 1}):
        with pytest.raises(ValueError, match="is not ASCII"):
            canonical(document)


@pytest.mark.parametrize("key", [1, None, True, 1.5, (1, 2), b"a"])
def test_keys_that_are_no_text_are_refused(key: Any) -> None:
    with pytest.raises(ValueError, match="is not ASCII"):
        canonical({key: 1})


@pytest.mark.parametrize("halves", [[0xD800], [0xDFFF], [0x61, 0xDC00, 0x62], [0xDC00, 0xD800]])
def test_lone_surrogates_are_refused(halves: list[int]) -> None:
    for document in inside("".join(map(chr, halves))):
        with pytest.raises(ValueError, match="cannot be written as canonical JSON"):
            canonical(document)


@pytest.mark.parametrize("thing", [b"bytes", {1, 2}, object(), 1j])
def test_what_is_not_json_is_refused(thing: Any) -> None:
    for document in inside(thing):
        with pytest.raises(ValueError, match="cannot be written as canonical JSON"):
            canonical(document)


@pytest.mark.parametrize("depth", [300, 2_000])
def test_a_document_nested_beyond_reason_is_refused(depth: int) -> None:
    document: Any = 1
    for _ in range(depth):
        document = [document]

    with pytest.raises(ValueError, match="cannot be written as canonical JSON"):
        canonical(document)


def test_published_vectors_are_met_or_declined_by_design() -> None:
    folder = os.environ.get("MISSION_LEDGER_VECTORS")
    if not folder:
        pytest.skip("the published vectors are absent: MISSION_LEDGER_VECTORS does not name their folder")
    vectors = json.loads((Path(folder) / "jcs" / "jcs.json").read_text())
    inputs = {name: json.loads(vector["input"]) for name, vector in vectors.items()}
    outputs = {name: bytes.fromhex(vector["outhex"]) for name, vector in vectors.items()}

    met, declined = {}, set()
    for name, document in inputs.items():
        try:
            met[name] = canonical(document)
        except ValueError:
            declined.add(name)

    assert set(inputs) == VECTORS_MET | VECTORS_DECLINED
    assert met == {name: outputs[name] for name in VECTORS_MET}
    assert declined == VECTORS_DECLINED
    assert {name: rfc8785.dumps(document) for name, document in inputs.items()} == outputs
    whole = json.loads(vectors["structures"]["input"], parse_float=lambda text: int(float(text)))
    assert canonical(whole) == outputs["structures"]


# --- commitments and leaves ---------------------------------------------------------------------------------------


def test_the_commitment_is_the_digest_of_salt_and_payload() -> None:
    salt = bytes(range(32))

    assert commitment(salt, b"{}") == hashlib.sha256(salt + b"{}").hexdigest()
    assert commitment(bytes(32), b"") == hashlib.sha256(bytes(32)).hexdigest()


@thorough(100)
@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.binary(), st.binary())
def test_another_salt_or_another_payload_makes_another_commitment(a: bytes, b: bytes, one: bytes, two: bytes) -> None:
    same = (a, one) == (b, two)

    assert (commitment(a, one) == commitment(b, two)) == same


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_salt_has_32_bytes_so_that_it_cannot_run_into_the_payload(length: int) -> None:
    with pytest.raises(AssertionError):
        commitment(bytes(length), b"{}")


def test_a_leaf_is_hashed_behind_a_zero_byte() -> None:
    # the first digest is the one that RFC 6962 test data give for the empty leaf
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"


def test_an_entry_commits_to_its_payload_and_hashes_its_envelope() -> None:
    (entry,) = entered(announced("a", source={"symbol": "S/2024/262"}))
    envelope = json.loads(entry.envelope)

    assert entry.payload == rfc8785.dumps({"data": entry.data, "source": {"symbol": "S/2024/262"}, "note": None})
    assert envelope["commitment"] == hashlib.sha256((entry.salt or b"") + entry.payload).hexdigest()
    assert entry.envelope == rfc8785.dumps(envelope)
    assert entry.leaf_hash == hashlib.sha256(b"\x00" + entry.envelope).hexdigest()


def test_the_envelope_holds_everything_but_what_the_payload_holds() -> None:
    paid = said("contribution.received", ref="paid", party="CAN", channel="un_trust_fund", money=money("5", "CAD"))
    _, entry = entered(deployed(), {**paid, "note": "by cheque"})

    envelope = json.loads(entry.envelope)

    assert {name: value for name, value in envelope.items() if name != "commitment"} == {
        "ledger": 1,
        "position": 1,
        "id": "entry-1",
        "stream": "test-mission/funding/CAN",
        "version": 1,
        "mission": "test-mission",
        "type": "contribution.received",
        "effective": "2024-01-01",
        "recorded_at": "2025-01-01T00:00:00.000001Z",
        "actor": "tester",
        "ref": "paid",
        "target": None,
    }
    assert b"cheque" not in entry.envelope
    assert b"CAD" not in entry.envelope


# --- reading ------------------------------------------------------------------------------------------------------

UNREADABLE = [
    (b'{"a": 1, "b": {"c": 1, "c": 1}}', "the name 'c' stands twice in one object"),
    (b'[{"a": 1, "\\u0061": 2}]', "the name 'a' stands twice in one object"),
    (b"[NaN]", "NaN is no number"),
    (b"-Infinity", "-Infinity is no number"),
    (b"[1e999]", "1e999 is no number"),
    (b'["\\ud800"]', "half of a character"),
    (b'{"\\uDFFF": 1}', "half of a character"),
    (b'"\xed\xa0\x80"', "utf-8"),
    (b"\xff\xfe[\x00]\x00", "utf-8"),
    (b"[" * 100_000, "nested too deeply"),
    (b'"a\nb"', "control character"),
    (b"", "Expecting value"),
    (b"01", "Extra data"),
    (b"[1,]", ""),
    (b"'a'", "Expecting value"),
    (b"1" * 5_000, "digits"),
]


@pytest.mark.parametrize(("content", "told"), UNREADABLE, ids=lambda value: repr(value)[:40])
def test_json_that_could_be_read_in_two_ways_is_not_read(content: bytes, told: str) -> None:
    with pytest.raises(ValueError) as unreadable:  # noqa: PT011  (the sentence is compared below)
        read(content)

    assert told in str(unreadable.value)


def test_whole_characters_and_a_byte_order_mark_are_read() -> None:
    assert read(b'"\\ud83d\\ude00 \\\\ud800"') == "\U0001f600 \\ud800"
    assert read(b"\xef\xbb\xbf[1]") == [1]


@thorough(500)
@given(
    DOCUMENTS.map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=12)
    | st.text('{}[]":,\\u0019.eE+- ', max_size=16).map(str.encode)
)
def test_what_is_read_is_what_another_parser_reads(content: bytes) -> None:
    try:
        said = read(content)
    except ValueError:
        return

    assert said == orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))


# --- reading by two ways ------------------------------------------------------------------------------------------

SPACE = st.text(" \t\n\r", max_size=2)
NUMBERS = st.sampled_from(
    ["-0", "0", "-1", "1.0", "1e5", "1E400", "-1e999", "0.1", "9007199254740993", "9223372036854775808", "-9223372036854775809",
     "18446744073709551615", "18446744073709551616", "1" * 400, "01", "+1", ".5", "5.", "NaN", "-Infinity", "0x10", "1_0"]
)  # fmt: skip
LETTERS = st.sampled_from([
    "a", "b", ":", '":', '\\"', '\\":', "\\u003a", "\\u003A:", "\\u0061", "\\\\", "\\/", "\\ud83d\\ude00", "\\ud800", "é",
    "\U0001f600", "\x7f", "\x01", "\ufeff", "{", "}", ",", "\\u0000", "\\x41", " : ",
])  # fmt: skip
STRINGS = st.lists(LETTERS, max_size=3).map(lambda letters: f'"{"".join(letters)}"')


def lists(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(inner, max_size=3).map(lambda parts: f"[{','.join(parts)}]")


def objects(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    members = st.tuples(SPACE, STRINGS, SPACE, SPACE, inner).map(lambda m: f"{m[0]}{m[1]}{m[2]}:{m[3]}{m[4]}")
    return st.lists(members, max_size=4).map(lambda parts: f"{{{','.join(parts)}}}")


TEXTS = st.recursive(
    STRINGS | NUMBERS | st.sampled_from(["true", "false", "null", "nul", ""]),
    lambda inner: lists(inner) | objects(inner) | objects(inner),
    max_leaves=10,
).map(lambda text: text.encode("utf-8", "surrogatepass"))


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A JSON text in which a byte or a part is replaced, taken out or doubled."""
    content = draw(TEXTS | DOCUMENTS.map(lambda value: json.dumps(value, ensure_ascii=draw(st.booleans())).encode()))
    start, end = sorted((draw(st.integers(0, len(content))), draw(st.integers(0, len(content)))))
    part = draw(st.binary(max_size=2) | st.sampled_from([b"", b":", b'":', b"\xef\xbb\xbf", content[start:end] * 2]))
    return content[:start] + part + content[end:]


@thorough(3_000)
@given(TEXTS | spoilt())
@example(b'{"a": 1, "a": 2}')
@example(b'{"a":{"b":1},"a":"\\u003a"}')
@example(b'{"a":":","a":"\\u003a\\u003A"}')
@example(b'{"a" :1,"b":"\\":"}')
@example(b'{"a":1,"b":{"c":[1,{"d":1,"d":1}]},"e":"::"}')
@example(b"[" * 63 + b"]" * 63)
@example(b"[" * 65 + b"]" * 65)
@example(b'{"a":' * 500 + b"1" + b"}" * 500)
@example(b"[" * 1_100 + b"]" * 1_100)
@example(b"\xef\xbb\xbf\xef\xbb\xbf1")
@example(b'"\xc0\xba"')
def test_what_is_read_and_refused_is_what_the_strict_parser_says(content: bytes) -> None:
    assert outcome(read, content) == outcome(judges.read, content)
