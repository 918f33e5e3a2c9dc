"""UN document symbols: which exist, their canonical spelling, and the year a resolution names.

Patterns after the UN Editorial Manual's rules for symbols. Stored without spaces (`S/RES/2699(2023)`),
printed with one before the bracket (`S/RES/2699 (2023)`).
"""

import re
from datetime import date

_MODS = r"(?:/(?:Add|Corr|Rev|Amend)\.\d{1,3})*\*?"
_YEAR = r"(?P<year>199[4-9]|20\d{2})"

PATTERNS = {
    "Security Council resolution": r"S/RES/(?P<number>[1-9]\d{0,3})\s?\((?P<year>19(?:4[6-9]|[5-9]\d)|20\d{2})\)",
    "Security Council presidential statement": rf"S/PRST/{_YEAR}/[1-9]\d{{0,2}}{_MODS}",
    "Security Council meeting record": rf"S/PV\.[1-9]\d{{0,4}}(?:\s?\(Resumption\s?\d*\))?{_MODS}",
    "Security Council document": rf"S/{_YEAR}/[1-9]\d{{0,4}}{_MODS}",
    "Security Council document before 1994": rf"S/[1-9]\d{{0,4}}{_MODS}",
    "General Assembly resolution": r"A/RES/(?:[3-9]\d|1\d\d|ES-\d{1,2}|S-\d{1,2})/[1-9]\d{0,2}(?:\s?[A-Z](?:-[A-Z])?)?",
    "General Assembly resolution before 1976": r"A/RES/[1-9]\d{0,3}\s?[A-Z]?\s?\((?:S-|ES-)?[IVXLC]+\)",
    "General Assembly document": rf"A/[3-9]\d/[1-9]\d{{0,3}}{_MODS}",
    "General Assembly committee document": rf"A/C\.[1-6]/[3-9]\d/(?:L\.|INF/|SR\.|CRP\.)?[1-9]\d{{0,3}}{_MODS}",
    "General Assembly document before the thirtieth session": rf"A/[1-9]\d{{0,3}}{_MODS}",
    "press release": r"(?:SG/SM|SC|GA)/[1-9]\d{1,5}",
}
_COMPILED = {kind: re.compile(pattern, re.ASCII) for kind, pattern in PATTERNS.items()}


def kind_of(symbol: str) -> str | None:
    """What sort of document `symbol` names; None where it is no UN symbol. Joint symbols need every part."""
    parts = re.split(r"-(?=[SA]/)", symbol)
    kinds = [_kind_of_one(part) for part in parts]
    return kinds[0] if all(kinds) else None


def _kind_of_one(symbol: str) -> str | None:
    return next((kind for kind, pattern in _COMPILED.items() if pattern.fullmatch(symbol)), None)


def canonical(symbol: str) -> str:
    """`symbol` as it is stored. ValueError, with what is wrong, where it is no UN document symbol."""
    if kind_of(symbol) is None:
        raise ValueError(
            f"{symbol!r} is not a UN document symbol; write one such as S/RES/2699(2023) or S/2024/262, "
            "and put other references into the title or the url"
        )
    return re.sub(r"\s", "", symbol)


def canonical_instrument(text: str) -> str:
    """An instrument is a UN document or any other act: what begins like a UN symbol must be one."""
    return canonical(text) if re.match(r"[SA]/", text) else text


def resolution_year(symbol: str) -> int | None:
    """The year that a Security Council resolution's symbol names: the year of its adoption."""
    match = _COMPILED["Security Council resolution"].fullmatch(symbol)
    return int(match["year"]) if match else None


def adopted_in_its_year(symbol: str, first: date, last: date) -> bool:
    """Whether an adoption between `first` and `last` agrees with the year in `symbol`."""
    year = resolution_year(symbol)
    return year is None or first.year <= year <= last.year
