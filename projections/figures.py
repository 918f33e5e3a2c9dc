"""Arithmetic of claims: ranges are added end by end, what is open stays open, what is unspecified is never 0.

Every sum is that of a `Tally`: what a sum needs to know of its parts, as numbers that are added and taken away again.
So a sum that has been kept, and one that is made anew from its parts, are the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from operator import add, sub
from typing import Any, NamedTuple

FEW = 5  # of the entries behind a sum that has been kept, the newest
_SCALE, _DECIMALS = 10_000, 4


class Part(NamedTuple):
    """One contribution to a figure: a range (None is open), with the entries that it comes from. `sign` is 1 or -1.

    `unspecified` counts what is in it without a figure: at most 1, but in a sum that is a part of another sum.
    `size`: how many entries there are, where `entries` are but the newest of them.
    """

    low: Decimal | int | None
    high: Decimal | int | None
    approximate: bool
    unspecified: int
    entries: tuple[int, ...]
    sign: int = 1
    size: int | None = None


def part(item: Mapping[str, Any], entries: Iterable[int], sign: int = 1) -> Part:
    """The contribution of a quantity or a sum of money."""
    low = item.get("minimum", item.get("amount", item.get("amount_minimum")))
    high = item.get("maximum", item.get("amount", item.get("amount_maximum")))
    return Part(
        _number(low),
        _number(high),
        bool(item.get("approximate")),
        int("unspecified" in item),
        tuple(entries),
        sign,
    )


def _number(end: int | str | None) -> Decimal | int | None:
    """An end of a range: whole where it is written so."""
    if end is None or isinstance(end, int):
        return end
    return int(end) if end.isdecimal() else Decimal(end)


def again(figure: Mapping[str, Any]) -> Part:
    """A sum as a part of another sum."""
    return Part(
        _number(figure["minimum"]),
        _number(figure["maximum"]),
        figure["approximate"],
        figure["unspecified"],
        tuple(figure["entries"]),
        size=figure.get("entries_total"),
    )


def at_most(part: Part) -> Part:
    """The part where it is not certain that it belongs at all: from it to nothing."""
    if not _has_figure(part):
        return part
    low = min(Decimal(0), part.low or Decimal(0))
    return part._replace(low=low, high=part.high if part.high is None else max(Decimal(0), part.high))


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

    def __neg__(self) -> "Tally":
        """What goes in goes out instead; the ends of a range change places."""
        n = self.numbers
        decimals = (*n[_HIGH_DECIMALS:], *n[_LOW_DECIMALS:_HIGH_DECIMALS])
        return Tally((*n[_OUT], *n[_IN], n[_UNSPECIFIED], *decimals), self.size, self.newest)

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
    given = list(parts)
    if len(given) == 1 and isinstance(given[0], Tally):
        return given[0]
    numbers = [0] * _SIZE
    for one in given:
        if isinstance(one, Part):
            _add_part(numbers, one)
        else:
            numbers = list(map(add, numbers, one.numbers))
    return Tally(tuple(numbers), *_behind(given))


def _behind(parts: Sequence[Part | Tally]) -> tuple[int, tuple[int, ...]]:
    """How many entries are behind `parts`, and all of them or the newest."""
    if len(parts) == 1 and isinstance(parts[0], Tally):
        return parts[0].size, parts[0].newest
    behind: set[int] = set()
    newest: set[int] = set()
    more = 0
    for one in parts:
        entries, size = (one.entries, one.size) if isinstance(one, Part) else (one.newest, one.size)
        if size is None or size == len(entries):
            behind.update(entries)
        else:
            newest.update(entries)
            more += size
    if not more:
        return len(behind), tuple(sorted(behind))
    return more + len(behind), tuple(sorted(behind | newest)[-FEW:])


def _add_part(numbers: list[int], p: Part) -> None:
    low, high, goes_in = p.low, p.high, p.sign > 0
    side = 0 if goes_in else _SIDE
    numbers[side + _PARTS] += 1
    numbers[_UNSPECIFIED] += p.unspecified
    if high is None:
        numbers[side + _OPEN] += 1
        if low is None:
            return
    numbers[side + _KNOWN] += 1
    numbers[side + _ABOUT] += p.approximate
    if low:
        _add_end(numbers, side + _LOWS, _LOW_DECIMALS if goes_in else _HIGH_DECIMALS, low)
    if high:
        _add_end(numbers, side + _HIGHS, _HIGH_DECIMALS if goes_in else _LOW_DECIMALS, high)


def _add_end(numbers: list[int], sums: int, decimals: int, end: Decimal | int) -> None:
    numbers[sums] += int(end * _SCALE)
    if isinstance(end, int):
        return
    exponent = end.as_tuple().exponent
    if isinstance(exponent, int) and exponent < 0:
        numbers[decimals - exponent - 1] += 1


def total(parts: Iterable[Part | Tally], money: bool = False) -> dict[str, Any] | None:
    """The sum of `parts`: {minimum, maximum, approximate, unspecified, entries}; None where there are none.

    `maximum` is null where something added is open above or unspecified; both ends are null where no part has a figure.
    Counts are integers, money decimal text. `unspecified` counts the parts without a figure. Where `entries` are but the
    newest, `entries_total` tells how many there are; one that is in several parts is counted in each.
    """
    given = list(parts)
    if len(given) == 1 and isinstance(given[0], Part) and given[0].sign > 0:
        return _alone(given[0], money)
    return shown(tally(given), money) if given else None


def _alone(p: Part, money: bool) -> dict[str, Any]:
    """The sum of one part: itself."""
    known, written = _has_figure(p), _text if money else _count
    return {
        "minimum": written(p.low or 0) if known else None,
        "maximum": None if p.high is None else written(p.high or 0),
        "approximate": known and p.approximate,
        "unspecified": p.unspecified,
        **_named(*_behind([p])),
    }


def _text(value: Decimal | int) -> str:
    return str(value) if isinstance(value, int) else format(value, "f")


def _count(value: Decimal | int) -> int:
    return int(value)


def shown(sums: Tally, money: bool = False) -> dict[str, Any] | None:
    """A tally as a figure."""
    into, known_in, open_in, about_in, _, _, out, known_out, open_out, about_out, *_ = numbers = sums.numbers
    if not into and not out:
        return None
    is_known = bool(known_in or (known_out and not into))  # else nothing is known of what is left
    low, high = _ends(numbers) if is_known else (None, None)
    if open_in:
        high = None
    if low is not None and open_out:
        # nobody says how many left: perhaps all of them, but never more than are certainly gone
        low = min((0, 0), low, low if high is None else high, key=lambda end: end[0])
    written = _as_money if money else _as_count
    return {
        "minimum": None if low is None else written(*low),
        "maximum": None if high is None else written(*high),
        "approximate": is_known and bool(about_in or about_out),
        "unspecified": numbers[_UNSPECIFIED],
        **_named(sums.size, sums.newest),
    }


End = tuple[int, int]  # scaled, and with how many decimals it is written


def _ends(n: tuple[int, ...]) -> tuple[End, End]:
    low, high = n[_LOWS] - n[_SIDE + _HIGHS], n[_HIGHS] - n[_SIDE + _LOWS]
    if not any(n[_LOW_DECIMALS:]):
        return (low, 0), (high, 0)
    return (low, _most_places(n[_LOW_DECIMALS:_HIGH_DECIMALS])), (high, _most_places(n[_HIGH_DECIMALS:]))


def _most_places(counted: tuple[int, ...]) -> int:
    for places in range(_DECIMALS, 0, -1):
        if counted[places - 1]:
            return places
    return 0


def _as_count(value: int, places: int) -> int:
    return int(Decimal(value) / _SCALE) if places else value // _SCALE


def _as_money(value: int, places: int) -> str:
    if not places:
        return str(value // _SCALE)
    whole, rest = divmod(abs(value), _SCALE)
    return f"{'-' if value < 0 else ''}{whole}" + f".{rest:0{_DECIMALS}}"[: places + 1]


def behind(sums: Iterable[Part | Tally]) -> dict[str, Any]:
    """The entries behind tallies; where they are but the newest, with how many there are."""
    return _named(*_behind(list(sums)))


def _named(size: int, newest: tuple[int, ...]) -> dict[str, Any]:
    entries = list(newest)
    return {"entries": entries} if size == len(entries) else {"entries": entries, "entries_total": size}


def difference(
    one: Mapping[str, Any] | None, other: Mapping[str, Any] | None, money: bool = False
) -> dict[str, Any] | None:
    """`one` less `other`, as a range; None where either has no figure at all."""
    if one is None or other is None or one["minimum"] is None or other["minimum"] is None:
        return None
    low, high = _less(one["minimum"], other["maximum"]), _less(one["maximum"], other["minimum"])
    written = _text if money else _count
    return {
        "minimum": None if low is None else written(low),
        "maximum": None if high is None else written(high),
        "approximate": one["approximate"] or other["approximate"],
        "unspecified": one["unspecified"] + other["unspecified"],
        **_of_both(one, other),
    }


def _of_both(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The entries behind two figures."""
    if "entries_total" not in one and "entries_total" not in other:
        return {"entries": sorted({*one["entries"], *other["entries"]})}
    return behind(Part(None, None, False, 0, tuple(f["entries"]), size=f.get("entries_total")) for f in (one, other))


def _less(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return None
    return one - other if isinstance(one, int) and isinstance(other, int) else Decimal(one) - Decimal(other)
