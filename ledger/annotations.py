"""What a declared field's annotation and metadata say, for whoever derives something from them: schemas, readers. Pure."""

import functools
import operator
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from ledger.texts import Text
from ledger.values import MAX_SAFE_INTEGER

MOST = 100


class Part(NamedTuple):
    """A declared field as it is sent: what it holds, its bounds and description, and whether it must be there."""

    name: str
    annotation: Any
    metadata: Mapping[str, Any]
    required: bool


@cache
def parts_of(declared: Any) -> tuple[Part, ...]:
    """The fields of a declared class."""
    hints = get_type_hints(declared, include_extras=True)
    return tuple(
        Part(part.name, without_none(hints[part.name]), part.metadata, part.default is MISSING)
        for part in fields(declared)
    )


def is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (typing.Union, types.UnionType)


def without_none(annotation: Any) -> Any:
    """The annotation of what is told where something is told: null is never sent."""
    if is_union(annotation) and type(None) in get_args(annotation):
        rest = [part for part in get_args(annotation) if part is not type(None)]
        return rest[0] if len(rest) == 1 else functools.reduce(operator.or_, rest)
    return annotation


def text_of(annotation: Any) -> Text:
    """The `Text` of an annotated string."""
    return next(mark for mark in annotation.__metadata__ if isinstance(mark, Text))


def bounds_of(metadata: Mapping[str, Any]) -> tuple[int, int]:
    """The least and the greatest number that a field takes."""
    low, high = metadata.get("low"), metadata.get("high")
    return 0 if low is None else low, MAX_SAFE_INTEGER if high is None else high


def most_of(metadata: Mapping[str, Any]) -> int:
    """How many things a list holds at most."""
    return metadata.get("most") or MOST


def members_of(union: Any) -> dict[str, type]:
    """The classes of a union by the `kind` that tells them apart."""
    return {get_args(get_type_hints(member, include_extras=True)["kind"])[0]: member for member in get_args(union)}
