"""Arithmetic of claims: a sum says no more than its parts, and nothing that they exclude."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.figures import Part, at_most, difference, part, total
from tests.generated import thorough


def figure(minimum: Any, maximum: Any, **more: Any) -> dict[str, Any]:
    return {"minimum": minimum, "maximum": maximum, "approximate": False, "unspecified": 0, "entries": [], **more}


def exact(count: int, sign: int = 1, position: int = 0) -> Part:
    return part({"minimum": count, "maximum": count}, [position], sign)


def between(low: int | None, high: int | None, sign: int = 1) -> Part:
    return part({name: end for name, end in (("minimum", low), ("maximum", high)) if end is not None}, [0], sign)


UNKNOWN = part({"unspecified": "not_stated"}, [0])


def ends(*parts: Part) -> tuple[int | None, int | None]:
    summed = total(parts)
    assert summed is not None
    return summed["minimum"], summed["maximum"]


def test_nothing_adds_up_to_nothing_and_not_to_zero() -> None:
    assert total([]) is None
    assert ends(exact(0)) == (0, 0)


def test_ranges_are_added_end_by_end() -> None:
    assert ends(exact(5), exact(7)) == (12, 12)
    assert ends(between(1, 3), between(10, 20), exact(100)) == (111, 123)


def test_what_is_open_stays_open() -> None:
    assert ends(between(5, None), exact(7)) == (12, None)
    assert ends(between(None, 5), exact(7)) == (7, 12)
    assert ends(between(None, 5)) == (0, 5)
    assert ends(between(5, None), between(None, 5)) == (5, None)


def test_what_is_unspecified_is_never_zero() -> None:
    alone, beside = total([UNKNOWN, UNKNOWN]), total([UNKNOWN, exact(7)])

    assert alone == figure(None, None, unspecified=2, entries=[0])
    assert beside == figure(7, None, unspecified=1, entries=[0])


def test_one_estimate_makes_an_estimate_of_the_sum() -> None:
    about = part({"minimum": 5, "maximum": 5, "approximate": True}, [1])

    assert (total([about, exact(7)]) or {})["approximate"] is True
    assert (total([exact(5), exact(7)]) or {})["approximate"] is False


def test_what_leaves_is_taken_off_the_other_end() -> None:
    assert ends(exact(10), exact(4, -1)) == (6, 6)
    assert ends(exact(10), between(2, 4, -1)) == (6, 8)
    assert ends(between(10, 12), between(2, 4, -1)) == (6, 10)
    assert ends(exact(10), between(None, 4, -1)) == (6, 10)


def test_more_may_leave_than_is_known_to_have_come() -> None:
    assert ends(exact(3), exact(5, -1)) == (-2, -2)
    assert ends(exact(5, -1)) == (-5, -5)


def test_where_it_is_open_how_many_left_perhaps_nobody_is_there() -> None:
    assert ends(exact(10), between(2, None, -1)) == (0, 8)


def test_where_nothing_is_said_of_how_many_left_perhaps_nobody_is_there() -> None:
    gone = part({"unspecified": "not_stated"}, [1], -1)

    summed = total([exact(10), gone])

    assert summed is not None
    assert (summed["minimum"], summed["unspecified"]) == (0, 1)


def test_at_least_is_never_more_than_at_most() -> None:
    low, high = ends(exact(5), between(10, None, -1))

    assert low is not None
    assert high is not None
    assert low <= high


def test_a_sum_names_every_entry_that_it_comes_from_once_in_order() -> None:
    summed = total([exact(1, position=7), exact(2, position=3), exact(3, position=7), part({"minimum": 1}, [5, 4])])

    assert (summed or {})["entries"] == [3, 4, 5, 7]


def test_money_is_added_without_losing_a_cent_and_written_as_text() -> None:
    sums = [part({"currency": "USD", "amount": amount}, [0]) for amount in ("0.10", "0.20", "999999999999999999.9999")]

    summed = total(sums, money=True)

    assert summed == figure("1000000000000000000.2999", "1000000000000000000.2999", entries=[0])
    assert (total(sums[:2], money=True) or {})["minimum"] == "0.30"


def test_great_and_small_sums_are_never_written_with_exponents() -> None:
    huge = part({"amount": "100000000000000000"}, [0])
    tiny = part({"amount": "0.0001"}, [0])

    assert (total([huge] * 1_000, money=True) or {})["minimum"] == "100000000000000000000"
    assert (total([tiny], money=True) or {})["minimum"] == "0.0001"


@pytest.mark.parametrize(
    ("item", "low", "high"),
    [
        ({"amount_minimum": "5", "amount_maximum": "9"}, "5", "9"),
        ({"amount_minimum": "5"}, "5", None),
        ({"amount_maximum": "9"}, "0", "9"),
    ],
)
def test_money_may_be_a_range(item: dict[str, str], low: str, high: str | None) -> None:
    assert total([part(item, [0])], money=True) == figure(low, high, entries=[0])


def test_a_difference_is_a_range() -> None:
    assert difference(figure(10, 12), figure(3, 4)) == figure(6, 9)
    assert difference(figure(10, 10), figure(10, 10)) == figure(0, 0)
    assert difference(figure(3, 3), figure(5, 5)) == figure(-2, -2)


def test_a_difference_is_open_where_either_side_is() -> None:
    assert difference(figure(10, None), figure(3, 4)) == figure(6, None)
    assert difference(figure(10, 12), figure(3, None)) == figure(None, 9)
    assert difference(figure(10, None), figure(3, None)) == figure(None, None)


def test_there_is_no_difference_from_what_has_no_figure() -> None:
    none = figure(None, None, unspecified=1)

    assert difference(None, figure(1, 1)) is None
    assert difference(figure(1, 1), None) is None
    assert difference(none, figure(1, 1)) is None
    assert difference(figure(1, 1), none) is None


def test_a_difference_keeps_doubts_and_entries_of_both_sides() -> None:
    one = figure(10, 10, entries=[1, 4], approximate=True)
    other = figure(3, None, entries=[4, 2], unspecified=2)

    assert difference(one, other) == figure(None, 7, entries=[1, 2, 4], approximate=True, unspecified=2)


def test_a_difference_of_money_is_text() -> None:
    assert difference(figure("10.50", "10.50"), figure("0.25", "1"), money=True) == figure("9.50", "10.25")


COUNTS = st.integers(0, 10**9)


@st.composite
def chosen(draw: st.DrawFn, open_above: bool = True, unspecified: bool = True) -> tuple[Part, int]:
    """A part and a point inside it, with its sign."""
    low, more, point = sorted(draw(st.lists(COUNTS, min_size=3, max_size=3)))
    inside, high = more, point
    sign = draw(st.sampled_from([1, 1, -1]))
    shown: dict[str, Any] = {"minimum": low, "maximum": high}
    for name in draw(st.sets(st.sampled_from(["minimum", *(["maximum"] if open_above else [])]), max_size=1)):
        del shown[name]
    if unspecified and draw(st.integers(0, 5)) == 0:
        shown = {"unspecified": "unknown"}
    return part(shown, [draw(st.integers(0, 9))], sign), sign * inside


def contains(summed: dict[str, Any], point: int | Decimal) -> bool:
    low, high = summed["minimum"], summed["maximum"]
    return (low is None or low <= point) and (high is None or point <= high)


@thorough(200)
@given(st.lists(chosen(open_above=False, unspecified=False), min_size=1, max_size=8))
def test_the_sum_of_ranges_contains_every_sum_of_points_inside(parts: list[tuple[Part, int]]) -> None:
    summed = total(p for p, _ in parts)

    assert summed is not None
    assert contains(summed, sum(point for _, point in parts))
    assert summed["minimum"] <= summed["maximum"]


@thorough(200)
@given(st.lists(chosen(), min_size=1, max_size=8))
def test_with_open_ends_too_it_contains_every_sum_that_can_be_counted(parts: list[tuple[Part, int]]) -> None:
    summed, point = total(p for p, _ in parts), sum(point for _, point in parts)

    assert summed is not None
    assert point < 0 or contains(summed, point)
    assert summed["minimum"] is None or summed["maximum"] is None or summed["minimum"] <= summed["maximum"]


@thorough(150)
@given(st.lists(st.tuples(COUNTS, COUNTS), min_size=1, max_size=8))
def test_both_ends_of_a_sum_can_be_reached(ranges: list[tuple[int, int]]) -> None:
    parts = [between(min(pair), max(pair)) for pair in ranges]

    assert ends(*parts) == (sum(map(min, ranges)), sum(map(max, ranges)))


@thorough(150)
@given(st.lists(chosen(), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_the_parts_does_not_matter(parts: list[tuple[Part, int]], chance: Any) -> None:
    shuffled = list(parts)
    chance.shuffle(shuffled)

    assert total(p for p, _ in shuffled) == total(p for p, _ in parts)


@thorough(150)
@given(st.tuples(COUNTS, COUNTS, COUNTS).map(sorted), st.tuples(COUNTS, COUNTS, COUNTS).map(sorted))
def test_a_difference_contains_every_difference_of_points_inside(one: list[int], other: list[int]) -> None:
    low, inside, high = one
    less_low, less, less_high = other

    between_both = difference(figure(low, high), figure(less_low, less_high))
    open_above = difference(figure(low, None), figure(less_low, less_high))
    open_below = difference(figure(low, high), figure(less_low, None))

    for found in (between_both, open_above, open_below):
        assert found is not None
        assert contains(found, inside - less)


def test_what_may_not_belong_reaches_from_itself_to_nothing() -> None:
    assert ends(at_most(exact(5))) == (0, 5)
    assert ends(at_most(exact(-5))) == (-5, 0)
    assert ends(at_most(between(3, None))) == (0, None)
    assert ends(at_most(UNKNOWN)) == (None, None)
