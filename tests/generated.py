"""How generated examples are tried: as many as a test says, without a clock that could make it fail on a slow machine."""

from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

Test = TypeVar("Test", bound=Callable[..., None])
ASCII = st.text(st.characters(max_codepoint=0x7F), max_size=12)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def thorough(examples: int) -> Callable[[Test], Test]:
    return settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
