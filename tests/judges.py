"""The ledger's ways of reading and writing as one would write them down first: slow, plainly right, judges of the fast ones."""

import json
import math
import re
import unicodedata
from dataclasses import fields
from typing import Any

import orjson

from ledger.entries import Entry
from ledger.events import PARTY_FIELDS
from ledger.texts import HIDDEN, Text


def checked(text: Text, value: str) -> str:
    """What `text` keeps of `value`; ValueError where it takes it not."""
    if text.choices is not None:
        if value not in text.choices:
            raise ValueError("not in the list")
        return value
    if re.fullmatch(r"[\s\u200c\u200d]*", value) or re.search(rf"[\ud800-\udfff{HIDDEN}]", value):
        raise ValueError("empty, broken or hiding")
    kept = unicodedata.normalize("NFC", value).strip() if text.free else value
    if len(kept) > text.max_length or not re.fullmatch(text.pattern, kept, re.ASCII):
        raise ValueError("does not fit")
    return text.normal(kept) if text.normal else kept


def as_json(value: Any) -> Any:
    """A declared value as plain JSON data, field by field."""
    if isinstance(value, tuple):
        return [as_json(part) for part in value]
    if hasattr(value, "__dataclass_fields__"):
        pairs = ((part.name, getattr(value, part.name)) for part in fields(value))
        return {name: as_json(part) for name, part in pairs if part is not None}
    return value


def canonical(value: Any) -> bytes:
    """Canonical JSON of what has only ASCII names and no fractions, looked at part by part."""
    try:
        _look_at(value)
        options = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
        return orjson.dumps(value, option=options | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS)
    except (TypeError, orjson.JSONEncodeError, RecursionError) as error:
        raise ValueError("cannot be written") from error


def _look_at(value: Any) -> None:
    if isinstance(value, dict):
        for name, part in value.items():
            if not isinstance(name, str) or not name.isascii():
                raise ValueError("a name that is not ASCII")
            _look_at(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            _look_at(part)
    elif isinstance(value, float):
        raise ValueError("a fraction")


def read(content: bytes) -> Any:
    """JSON by Python's own parser, told to be strict."""
    try:
        text = content.decode("utf-8-sig")
        said = json.loads(text, object_pairs_hook=_once, parse_float=_finite, parse_constant=_finite)
        if "\\u" in text:
            json.dumps(said, ensure_ascii=False).encode()
        return said
    except UnicodeEncodeError:
        raise ValueError("half of a character") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name twice in one object")
    return dict(pairs)


def _finite(number: str) -> float:
    if not math.isfinite(value := float(number)):
        raise ValueError("no number in JSON")
    return value


def stream_of(mission: str | None, data: Any) -> str:
    """The stream of declared `data`, by all their fields."""
    parties = [getattr(data, "party", None) or "unstated", *(getattr(data, "jointly_with", None) or ())]
    values = {part.name: getattr(data, part.name) for part in fields(data)}
    path = data.STREAM.format(**{**values, "parties": "+".join(sorted(set(parties)))})
    return f"{mission}/{path}" if mission else path


def search_words(entry: Entry) -> tuple[str, str]:
    """The symbols and the parties of an entry, from all the places where there may be some."""
    data = entry.data or {}
    changes, sources = data.get("data") or {}, [source for source in (entry.source, data.get("source")) if source]
    symbols = [data.get("instrument"), changes.get("instrument"), *(source.get("symbol") for source in sources)]
    named = [value for said in (data, changes) for name, value in said.items() if name in PARTY_FIELDS]
    parties = [one for value in named for one in (value if isinstance(value, (list, tuple)) else [value])]
    return _words(symbols), _words(parties)


def _words(values: list[Any]) -> str:
    kept = {value for value in values if isinstance(value, str) and len(value) <= 120}
    return f" {' '.join(sorted(kept))} " if kept else " "
