"""Arithmetic of claims: ranges are added end by end, what is open stays open, what is unspecified is never 0."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Part:
    """One contribution to a figure: a range (None is open), with the entries that it comes from. `sign` is 1 or -1.

    `unspecified` counts what is in it without a figure: at most 1, but in a sum that is a part of another sum.
    """

    low: Decimal | None
    high: Decimal | None
    approximate: bool
    unspecified: int
    entries: tuple[int, ...]
    sign: int = 1


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
    return replace(made, unspecified=figure["unspecified"])


def at_most(part: Part) -> Part:
    """The part where it is not certain that it belongs at all: from it to nothing."""
    if not _has_figure(part):
        return part
    low = min(Decimal(0), part.low or Decimal(0))
    return replace(part, low=low, high=part.high if part.high is None else max(Decimal(0), part.high))


def _has_figure(part: Part) -> bool:
    return part.low is not None or part.high is not None


def total(parts: Iterable[Part], money: bool = False) -> dict[str, Any] | None:
    """The sum of `parts`: {minimum, maximum, approximate, unspecified, entries}; None where there are none.

    `maximum` is null where something added is open above or unspecified; both ends are null where no part has a figure.
    Counts are integers, money decimal text. `unspecified` counts the parts without a figure.
    """
    parts = list(parts)
    if not parts:
        return None
    known = [p for p in parts if _has_figure(p)]
    if any(p.sign > 0 for p in parts) and not any(p.sign > 0 for p in known):
        known = []  # nothing is known of what goes in, so nothing of what is left
    low = sum((_low(p) for p in known), Decimal(0)) if known else None
    is_open = not known or any(p.high is None for p in parts if p.sign > 0)
    high = None if is_open else sum((_high(p) for p in known), Decimal(0))
    if low is not None and any(p.sign < 0 and p.high is None for p in parts):
        # nobody says how many left: perhaps all of them, but never more than are certainly gone
        low = min(Decimal(0), low, low if high is None else high)
    return {
        "minimum": _shown(low, money),
        "maximum": _shown(high, money),
        "approximate": any(p.approximate for p in known),
        "unspecified": sum(p.unspecified for p in parts),
        "entries": sorted({position for p in parts for position in p.entries}),
    }


def _low(p: Part) -> Decimal:
    return (p.low or Decimal(0)) if p.sign > 0 else -(p.high or Decimal(0))


def _high(p: Part) -> Decimal:
    return (p.high or Decimal(0)) if p.sign > 0 else -(p.low or Decimal(0))


def _shown(value: Decimal | None, money: bool) -> int | str | None:
    if value is None:
        return None
    return format(value, "f") if money else int(value)


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
        "entries": sorted({*one["entries"], *other["entries"]}),
    }
