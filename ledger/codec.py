"""Bytes and digests: JSON as it is read, canonical JSON (RFC 8785), the salted commitment to a payload, the leaf hash (RFC 9162, 2.1.1)."""

import hashlib
import json
import math
import re
from collections.abc import Iterable
from typing import Any

import orjson

_OPTIONS = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_DATACLASS
)

_SCALARS = frozenset({str, int, bool, type(None)})
_LEVELS = 64
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def read(content: bytes) -> Any:
    """What a JSON text says, read as strictly as RFC 7493 asks: UTF-8, no name twice in an object, no NaN or Infinity,
    no half characters. A byte order mark is passed over. Raises ValueError.

    orjson refuses all of that but names that stand twice, of which it keeps the last, and it rounds large numbers. A colon
    stands behind each name, or in a text. Where a content has no more of them than what was read of it, no name was dropped.
    """
    try:
        said = orjson.loads(content)
        if content.count(b":") == _colons((said,), _LEVELS) and not (b"\\" in content and b"\\u003" in content):
            return said
    except ValueError:
        pass
    return _read_strictly(content)


def _colons(parts: Iterable[Any], levels: int) -> int:
    """How many colons it takes to write what was read, none of them escaped. Raises ValueError where a fraction was read,
    which may have been a large whole number, or more than so many levels."""
    found = 0
    for part in parts:
        kind = type(part)
        if kind is str:
            if ":" in part:
                found += part.count(":")
        elif kind is dict or kind is list:
            if not levels:
                raise ValueError
            if kind is dict:
                found += len(part) + "".join(part).count(":")
                part = part.values()
            found += _colons(part, levels - 1)
        elif kind is float:
            raise ValueError
    return found


def _read_strictly(content: bytes) -> Any:
    try:
        text = content.decode("utf-8-sig")
        said = json.loads(text, object_pairs_hook=_once, parse_float=_finite, parse_constant=_finite)
        if _SURROGATE.search(text):
            json.dumps(said, ensure_ascii=False).encode()
        return said
    except UnicodeEncodeError:
        raise ValueError("it holds half of a character (a lone surrogate)") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names stand in it once: of two values nobody could tell which one counts."""
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise ValueError(f"the name {name[:80]!r} stands twice in one object; keep one of them")
        made[name] = value
    return made


def _finite(number: str) -> float:
    if not math.isfinite(value := float(number)):
        raise ValueError(f"{number[:40]} is no number in JSON")
    return value


def canonical(value: Any) -> bytes:
    """`value` as canonical JSON. Keys must be ASCII and numbers whole and below 2^53 in size: then sorting by
    code point is RFC 8785's order and no number has two spellings. Raises ValueError otherwise."""
    try:
        written = orjson.dumps(value, option=_OPTIONS)
        if written.isascii() and _is_plain((value,)):  # all in ASCII, and so its keys, for nothing is escaped for that
            return written
    except (TypeError, RecursionError):
        pass
    return _written_with_care(value)


def _written_with_care(value: Any) -> bytes:
    try:
        _check(value)
        return orjson.dumps(value, option=_OPTIONS)
    except (TypeError, orjson.JSONEncodeError, RecursionError) as error:
        raise ValueError(f"cannot be written as canonical JSON: {error}") from error


def _is_plain(parts: Iterable[Any]) -> bool:
    """Whether there are only objects, lists, texts, whole numbers, true, false and null in it, by their types."""
    for part in parts:
        kind = type(part)
        if kind in _SCALARS:
            continue
        if kind is dict:
            part = part.values()
        elif kind is not list and kind is not tuple:
            return False
        if not _is_plain(part):
            return False
    return True


def _check(value: Any) -> None:
    if isinstance(value, dict):
        for name, part in value.items():
            if not isinstance(name, str) or not name.isascii():
                raise ValueError(f"key {name!r} is not ASCII")
            _check(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            _check(part)
    elif isinstance(value, float):
        raise ValueError(f"{value!r} is a fraction; write decimal amounts as text")


def commitment(salt: bytes, payload: bytes) -> str:
    """SHA-256 over the 32-byte salt and the payload, in hexadecimal: binds the payload, and tells nothing of it once the salt is gone."""
    assert len(salt) == 32
    return hashlib.sha256(salt + payload).hexdigest()


def leaf_hash(envelope: bytes) -> bytes:
    """RFC 9162: SHA-256 over 0x00 and the leaf, 32 bytes."""
    return hashlib.sha256(b"\x00" + envelope).digest()
