"""Arithmetic of claims: ranges are added end by end, what is open stays open, what is unspecified is never 0.

Every sum is that of a `Tally`: what a sum needs to know of its parts, as numbers that are added and taken away again.
So a sum that has been kept, and one that is made anew from its parts, are the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from operator import add, sub
from typing import Any, NamedTuple

FEW = 5  # of the entries behind a sum that has been kept, the newest
_SCALE, _DECIMALS = 10_000, 4


@dataclass(frozen=True)
class Part:
    """One contribution to a figure: a range (None is open), with the entries that it comes from. `sign` is 1 or -1.

    `unspecified` counts what is in it without a figure: at most 1, but in a sum that is a part of another sum.
    `count`: how many entries there are, where `entries` are but the newest of them.
    """

    low: Decimal | None
    high: Decimal | None
    approximate: bool
    unspecified: int
    entries: tuple[int, ...]
    sign: int = 1
    count: int | None = None


def part(item: Mapping[str, Any], entries: Iterable[int], sign: int = 1) -> Part:
    """The contribution of a quantity or a sum of money."""
    low = item.get("minimum", item.get("amount", item.get("amount_minimum")))
    high = item.get("maximum", item.get("amount", item.get("amount_maximum")))
    return Part(
        None if low is None else Decimal(low),
        None if high is None else Decimal(high),
        bool(item.get("approximate")),
        int("unspecified" in item),
        tuple(entries),
        sign,
    )


def again(figure: Mapping[str, Any]) -> Part:
    """A sum as a part of another sum."""
    made = part(figure, figure["entries"])
    return replace(made, unspecified=figure["unspecified"], count=figure.get("entries_total"))


def at_most(part: Part) -> Part:
    """The part where it is not certain that it belongs at all: from it to nothing."""
    if not _has_figure(part):
        return part
    low = min(Decimal(0), part.low or Decimal(0))
    return replace(part, low=low, high=part.high if part.high is None else max(Decimal(0), part.high))


def _has_figure(part: Part) -> bool:
    return part.low is not None or part.high is not None


# --- tallies -------------------------------------------------------------------------------------------------------

# What is counted of parts that go in, and of those that go out: how many, with a figure, open above, approximate, the
# sums of their lower and upper ends; how many decimals the ends of each have; and what is unspecified in either.
_SIDE = 6
_IN, _OUT = slice(0, _SIDE), slice(_SIDE, 2 * _SIDE)
_PARTS, _KNOWN, _OPEN, _ABOUT, _LOWS, _HIGHS = range(_SIDE)
_UNSPECIFIED = 2 * _SIDE
_LOW_DECIMALS, _HIGH_DECIMALS = _UNSPECIFIED + 1, _UNSPECIFIED + 1 + _DECIMALS
_SIZE = _HIGH_DECIMALS + _DECIMALS
_NOTHING = (0,) * _SIZE


class Tally(NamedTuple):
    """A sum that can be gone on with. `size` entries are behind it, and `newest` are all of them, or the last few."""

    numbers: tuple[int, ...] = _NOTHING
    size: int = 0
    newest: tuple[int, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing goes in or out."""
        return not (self.numbers[_PARTS] or self.numbers[_SIDE + _PARTS])

    @property
    def arrives(self) -> bool:
        """Whether something goes in."""
        return bool(self.numbers[_PARTS])

    @property
    def is_complete(self) -> bool:
        return self.size == len(self.newest)

    def __neg__(self) -> "Tally":
        """What goes in goes out instead; the ends of a range change places."""
        n = self.numbers
        decimals = n[_HIGH_DECIMALS:], n[_LOW_DECIMALS:_HIGH_DECIMALS]
        return self._replace(numbers=(*n[_OUT], *n[_IN], n[_UNSPECIFIED], *decimals[0], *decimals[1]))

    def plus(self, other: "Tally") -> "Tally":
        """With another event's parts, of which the entries are none of these."""
        newest = sorted((*self.newest, *other.newest))[-FEW:]
        return Tally(tuple(map(add, self.numbers, other.numbers)), self.size + other.size, tuple(newest))

    def less(self, other: "Tally") -> "Tally":
        """Without an event's parts, which are in it."""
        newest = tuple(position for position in self.newest if position not in other.newest)
        return Tally(tuple(map(sub, self.numbers, other.numbers)), self.size - other.size, newest)

    def kept(self) -> list[Any]:
        """As plain data."""
        size = max((index + 1 for index, number in enumerate(self.numbers) if number), default=0)
        return [self.size, list(self.newest), *self.numbers[:size]]

    @staticmethod
    def again(kept: Iterable[Any]) -> "Tally":
        size, newest, *numbers = kept
        return Tally((*numbers, *_NOTHING[len(numbers) :]), size, tuple(newest))


def tally(parts: Iterable[Part | Tally]) -> Tally:
    """The sum of `parts`. Where one of them names but the newest of its entries, so does the sum."""
    numbers = [0] * _SIZE
    behind: set[int] = set()
    newest: set[int] = set()
    more = 0
    for one in parts:
        if isinstance(one, Part):
            _add_part(numbers, one)
            entries, count = one.entries, len(one.entries) if one.count is None else one.count
        else:
            numbers = list(map(add, numbers, one.numbers))
            entries, count = one.newest, one.size
        if count == len(entries):
            behind.update(entries)
        else:
            newest.update(entries)
            more += count
    named = sorted(behind | newest)
    return Tally(tuple(numbers), more + len(behind), tuple(named[-FEW:] if more else named))


def _add_part(numbers: list[int], p: Part) -> None:
    goes_in = p.sign > 0
    side = 0 if goes_in else _SIDE
    numbers[side + _PARTS] += 1
    numbers[side + _OPEN] += p.high is None
    numbers[_UNSPECIFIED] += p.unspecified
    if p.low is None and p.high is None:
        return
    numbers[side + _KNOWN] += 1
    numbers[side + _ABOUT] += p.approximate
    for end, sums, decimals in (
        (p.low, _LOWS, _LOW_DECIMALS if goes_in else _HIGH_DECIMALS),
        (p.high, _HIGHS, _HIGH_DECIMALS if goes_in else _LOW_DECIMALS),
    ):
        if end:
            numbers[side + sums] += int(end * _SCALE)
            if places := _places(end):
                numbers[decimals + places - 1] += 1


def _places(end: Decimal) -> int:
    exponent = end.as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)


def total(parts: Iterable[Part | Tally], money: bool = False) -> dict[str, Any] | None:
    """The sum of `parts`: {minimum, maximum, approximate, unspecified, entries}; None where there are none.

    `maximum` is null where something added is open above or unspecified; both ends are null where no part has a figure.
    Counts are integers, money decimal text. `unspecified` counts the parts without a figure. Where `entries` are but the
    newest, `entries_total` tells how many there are; one that is in several parts is counted in each.
    """
    return shown(tally(parts), money)


def shown(sums: Tally, money: bool = False) -> dict[str, Any] | None:
    """A tally as a figure."""
    if sums.is_empty:
        return None
    n = sums.numbers
    into, out = n[_IN], n[_OUT]
    is_known = bool(into[_KNOWN] or (out[_KNOWN] and not into[_PARTS]))  # else nothing is known of what is left
    low, high = _ends(n) if is_known else (None, None)
    if into[_OPEN]:
        high = None
    if low is not None and out[_OPEN]:
        # nobody says how many left: perhaps all of them, but never more than are certainly gone
        low = min((0, 0), low, low if high is None else high, key=lambda end: end[0])
    return {
        "minimum": _written(low, money),
        "maximum": _written(high, money),
        "approximate": is_known and bool(into[_ABOUT] or out[_ABOUT]),
        "unspecified": n[_UNSPECIFIED],
        **behind([sums]),
    }


End = tuple[int, int]  # scaled, and with how many decimals it is written


def _ends(n: tuple[int, ...]) -> tuple[End, End]:
    into, out = n[_IN], n[_OUT]
    places = (_most_places(n[start : start + _DECIMALS]) for start in (_LOW_DECIMALS, _HIGH_DECIMALS))
    low, high = into[_LOWS] - out[_HIGHS], into[_HIGHS] - out[_LOWS]
    return (low, next(places)), (high, next(places))


def _most_places(counted: tuple[int, ...]) -> int:
    return max((places for places, parts in enumerate(counted, 1) if parts), default=0)


def _written(end: End | None, money: bool) -> int | str | None:
    if end is None:
        return None
    value, places = end
    if not money:
        return int(value / _SCALE) if value % _SCALE else value // _SCALE
    whole, rest = divmod(abs(value), _SCALE)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}" + (f".{rest:0{_DECIMALS}}"[: places + 1] if places else "")


def behind(sums: Iterable[Part | Tally]) -> dict[str, Any]:
    """The entries behind tallies; where they are but the newest, with how many there are."""
    made = tally(sums)
    total = {} if made.is_complete else {"entries_total": made.size}
    return {"entries": list(made.newest), **total}


def difference(
    one: Mapping[str, Any] | None, other: Mapping[str, Any] | None, money: bool = False
) -> dict[str, Any] | None:
    """`one` less `other`, as a range; None where either has no figure at all."""
    if one is None or other is None or one["minimum"] is None or other["minimum"] is None:
        return None
    low = None if other["maximum"] is None else Decimal(one["minimum"]) - Decimal(other["maximum"])
    high = None if one["maximum"] is None else Decimal(one["maximum"]) - Decimal(other["minimum"])
    return {
        "minimum": _shown(low, money),
        "maximum": _shown(high, money),
        "approximate": one["approximate"] or other["approximate"],
        "unspecified": one["unspecified"] + other["unspecified"],
        **behind([again(one), again(other)]),
    }


def _shown(value: Decimal | None, money: bool) -> int | str | None:
    if value is None:
        return None
    return format(value, "f") if money else int(value)
