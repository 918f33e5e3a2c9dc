"""Readers compiled from the declarations: what a declaration accepts, made of it at once, and no word on what it does not.

Pure. Whatever a reader refuses, `ledger.schemas` reads again with marshmallow, which explains; both follow the same
annotations and the same `told` and `optional`. A reader refuses by a `ValueError`, `TypeError` or `LookupError` from
wherever it gives up; it takes nothing but the plain types that JSON is read into.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields
from functools import cache, lru_cache
from typing import Annotated, Any, Literal, get_args, get_origin

from ledger.annotations import Part, bounds_of, is_union, members_of, most_of, parts_of, text_of
from ledger.events import EVENTS
from ledger.said import Event, parts_sent
from ledger.texts import Text
from ledger.values import MAX_SAFE_INTEGER, Ref

MAX_DEPTH, MAX_NAME = 12, 64
_KEPT_TEXTS, _KEPT_LENGTH, _LONGEST_NAME = 2_048, 300, 2_000
Reader = Callable[[Any], Any]
_REFUSED = (ValueError, TypeError, LookupError)


def read_event(raw: Any) -> Event | None:
    """The event that `raw` JSON data says, or None where it is none."""
    try:
        return _event_reader(raw["type"])(raw)
    except _REFUSED:
        return None


def read_data(type_name: str, raw: Any) -> Any:
    """The declared data of an event of `type_name`, or None where `raw` is none."""
    try:
        return reader_of(EVENTS[type_name])(raw)
    except _REFUSED:
        return None


@cache
def reader_of(declared: Any) -> Reader:
    """The reader of a declared class, or of a union of classes told apart by their `kind`."""
    if is_union(declared):
        readers = {kind: reader_of(member) for kind, member in members_of(declared).items()}
        return lambda raw: readers[raw["kind"]](raw)
    return _object(declared, parts_of(declared))


@cache
def _event_reader(type_name: str) -> Reader:
    """The reader of a whole event of one type, as it is sent to be recorded."""
    read = _object(Event, parts_sent(EVENTS[type_name]))
    return lambda raw: read({name: value for name, value in raw.items() if name != "type"})


def _object(made: Any, parts: Collection[Part]) -> Reader:
    """The reader of a JSON object as an instance of the class `made`, which checks what concerns several fields itself."""
    readers = {part.name: _field(part.annotation, part.metadata) for part in parts}
    needed = frozenset(part.name for part in parts if part.required)
    blank = {part.name: part.default for part in fields(made)}
    check = getattr(made, "__post_init__", None)

    def read(raw: Any) -> Any:
        if type(raw) is not dict:
            raise TypeError
        said = {name: readers[name](value) for name, value in raw.items()}
        if not needed <= said.keys():
            raise LookupError
        instance = object.__new__(made)
        instance.__dict__.update(blank | said)  # what its __init__ does, which sets field by field past the lock
        if check is not None:
            check(instance)
        return instance

    return read


def _field(annotation: Any, metadata: Mapping[str, Any]) -> Reader:
    """The reader of one declared field."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _text(text_of(annotation))
    if origin is Literal:
        return _text_among(get_args(annotation)[:1])
    if origin is tuple:
        return _list(_field(get_args(annotation)[0], {}), most_of(metadata))
    if origin is dict:
        return _changes
    if annotation == int | str:
        return _target
    if annotation is bool:
        return _truth
    return _number(*bounds_of(metadata)) if annotation is int else reader_of(annotation)


@cache
def _text(text: Text) -> Reader:
    """The reader of a text. All but prose returns again and again: the normal forms of the latest texts are kept."""
    if text.choices is not None:
        return _text_among(text.choices)

    def read(value: Any) -> str:
        if type(value) is not str:
            raise TypeError
        return text.check(value)

    if text.max_length > _LONGEST_NAME:
        return read
    remembered = lru_cache(_KEPT_TEXTS)(read)
    if text.max_length <= _KEPT_LENGTH and not text.free:
        return remembered
    # What is long, if only by white space around it, is not kept: so the memory is bounded.
    return lambda value: remembered(value) if len(value) <= _KEPT_LENGTH else read(value)


def _text_among(choices: Iterable[str]) -> Reader:
    return {choice: choice for choice in choices}.__getitem__


def _number(low: int, high: int) -> Reader:
    def read(value: Any) -> int:
        if type(value) is int and low <= value <= high:
            return value
        raise ValueError

    return read


def _truth(value: Any) -> bool:
    if type(value) is not bool:
        raise TypeError
    return value


def _list(read_one: Reader, most: int) -> Reader:
    def read(value: Any) -> tuple[Any, ...]:
        if type(value) is list and 1 <= len(value) <= most:
            return tuple([read_one(part) for part in value])
        raise ValueError

    return read


_position, _ref = _number(0, MAX_SAFE_INTEGER), _text(text_of(Ref))


def _target(value: Any) -> int | str:
    return _ref(value) if type(value) is str else _position(value)


def is_too_deep(changes: Mapping[Any, Any]) -> bool:
    """Whether plain JSON is nested more than MAX_DEPTH levels deep."""
    level: list[Any] = [changes]
    for _ in range(MAX_DEPTH):
        level = [part for whole in level for part in (whole.values() if isinstance(whole, dict) else whole)]
        level = [part for part in level if isinstance(part, (dict, list))]
    return bool(level)


def _changes(value: Any) -> dict[str, Any]:
    """The changed fields of a correction, checked in full against the corrected type later."""
    if type(value) is not dict or is_too_deep(value):
        raise ValueError
    if not all(type(name) is str and len(name) <= MAX_NAME for name in value):
        raise ValueError
    return dict(value)
