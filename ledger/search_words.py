"""The words by which an entry is found: the symbols and the parties that it names, itself or in what it corrects. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from ledger.entries import Entry
from ledger.events import PARTY_FIELDS

_LONGEST = 120  # longer prose stays out


def search_words(entry: Entry) -> tuple[str, str]:
    """Its symbols, and its parties, each as one text to search in, with a blank around each of them."""
    return words_of(entry.data or {}, entry.source)


def words_of(data: Mapping[str, Any], source: Mapping[str, Any] | None) -> tuple[str, str]:
    """The same of what an entry says."""
    symbols, parties = [data.get("instrument")], _parties_in(data)
    if source:
        symbols.append(source.get("symbol"))
    if changes := data.get("data"):
        symbols.append(changes.get("instrument"))
        parties += _parties_in(changes)
    if corrected := data.get("source"):
        symbols.append(corrected.get("symbol"))
    return _words(symbols), _words(parties)


def _parties_in(data: Mapping[str, Any]) -> list[Any]:
    """Every party that the data name, in whatever part."""
    found: list[Any] = []
    for name in data:
        if name in PARTY_FIELDS:
            value = data[name]
            found += value if isinstance(value, (list, tuple)) else (value,)
    return found


def _words(values: Iterable[Any]) -> str:
    kept = {value for value in values if isinstance(value, str) and len(value) <= _LONGEST}
    if len(kept) > 1:
        return f" {' '.join(sorted(kept))} "
    return f" {kept.pop()} " if kept else " "
