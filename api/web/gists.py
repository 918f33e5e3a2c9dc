"""What an event says, in one line."""

from collections.abc import Mapping
from typing import Any

from api.web.words import label, partial_date, parties, party, quantity, sum_of

_ITEMS = {"items": "", "rotated_in": "in: ", "rotated_out": "out: "}
_NAMES = ("name", "title", "person", "office")
_CODES = ("stance", "status", "role", "casualty", "pledge", "post", "on")
_PROSE = ("text", "statement", "reason", "terms", "purpose", "rule", "circumstances")
MOST = 160


def gist(data: Mapping[str, Any] | None, note: str | None = None) -> str:
    """Who, what, in which words: `Jamaica: 170 troops, 30 individual police`. Of a removed payload, that it is gone; of what
    says nothing else, its `note`."""
    if data is None:
        return "what it said was removed"
    who = parties([data["party"], *(data.get("jointly_with") or ())]) if data.get("party") else ""
    things = [*_things(data), *_acts(data)] or [label(str(data[name])) for name in _CODES if data.get(name)][:2]
    why = next((str(data[name]) for name in _PROSE if data.get(name)), "" if who or things else note or "")
    told = ": ".join(filter(None, (who, ", ".join(things))))
    return ". ".join(part for part in (told, _short(why)) if part) or ", ".join(_plain(data))


def _things(data: Mapping[str, Any]) -> list[str]:
    made = [sign + quantity(item) for name, sign in _ITEMS.items() for item in data.get(name) or ()]
    if isinstance(data.get("money"), Mapping):
        made.append(sum_of(data["money"]))
    if "minimum" in data or "maximum" in data:
        made.append(f"{quantity({**data, 'category': data.get('casualty') or data.get('counting') or ''})}")
    if "total" in data:
        made.append(f"{data['total']:,} personnel")
    return made


def _acts(data: Mapping[str, Any]) -> list[str]:
    names = [str(data[name]) for name in _NAMES if isinstance(data.get(name), str)]
    acts = [str(data[name]) for name in ("instrument", "acronym") if data.get(name)]
    if data.get("from") and data.get("to"):
        acts.append(f"{party(data['from'])} to {parties(_listed(data['to']))}")
    stance = [label(data["stance"])] if data.get("stance") else []
    until = [f"until {partial_date(data['until'])}"] if isinstance(data.get("until"), str) else []
    return [*stance, *names, *acts, *until]


def _short(text: str) -> str:
    return text.rstrip(".") if len(text) <= MOST else text[: MOST - 1].rstrip() + "…"


def _plain(data: Mapping[str, Any]) -> list[str]:
    """Its fields one by one, where nothing else can be said of it."""
    told = [f"{label(name)} {value}" for name, value in data.items() if isinstance(value, (str, int))]
    return told or ["nothing more"]


def _listed(value: Any) -> list[str]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
