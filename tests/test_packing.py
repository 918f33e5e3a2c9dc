"""Rows are packed into less than half, and unpacked as they were."""

from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.packing import packed, unpacked
from tests.dictionary import rows

SIMPLE = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()
ROWS = st.dictionaries(
    st.text(), st.recursive(SIMPLE, lambda some: st.lists(some) | st.dictionaries(st.text(), some), max_leaves=20)
)


@given(ROWS)
def test_any_row_is_unpacked_as_it_was_packed(row: dict[str, object]) -> None:
    assert unpacked(packed(row)) == row


@given(ROWS)
def test_equal_rows_are_packed_into_equal_bytes(row: dict[str, object]) -> None:
    assert packed(dict(reversed(row.items()))) == packed(row)


def test_rows_are_packed_into_a_third_of_their_json() -> None:
    held = list(rows())

    assert sum(len(packed(row)) for row in held) < sum(len(orjson.dumps(row)) for row in held) / 3


def test_threads_pack_and_unpack_beside_each_other() -> None:
    held = list(rows())

    with ThreadPoolExecutor(8) as threads:
        seen = list(threads.map(lambda row: unpacked(packed(row)), held))

    assert seen == held


@pytest.mark.parametrize(
    "content", [b"", b"{}", packed({})[:-1], packed({"a": 1}) + b"more"], ids=["empty", "unpacked", "torn", "more"]
)
def test_what_was_not_packed_is_told(content: bytes) -> None:
    with pytest.raises(ValueError, match="not the content of a piece"):
        unpacked(content)
