"""What an event says, in one line."""

from collections.abc import Mapping
from typing import Any

from api.web.words import label, partial_date, parties, party, quantity, sum_of

_ITEMS = ("items", "rotated_in", "rotated_out")
_NAMES = ("name", "title", "person", "office", "statement", "text", "reason")


def gist(data: Mapping[str, Any] | None) -> str:
    """Who and what of an event's data: `Jamaica: 170 troops, 30 individual police`. Of a removed payload, that it is gone."""
    if data is None:
        return "what it said was removed"
    who = parties([data["party"], *(data.get("jointly_with") or ())]) if data.get("party") else ""
    what = ", ".join(filter(None, [*_things(data), *_words(data)]))
    return ": ".join(filter(None, (who, what))) or ", ".join(_plain(data))


def _plain(data: Mapping[str, Any]) -> list[str]:
    """Its fields one by one, where nothing else can be said of it."""
    told = [f"{label(name)} {value}" for name, value in data.items() if isinstance(value, (str, int))]
    return told or ["nothing more"]


def _things(data: Mapping[str, Any]) -> list[str]:
    signs = {"rotated_in": "in: ", "rotated_out": "out: "}
    made = [signs.get(name, "") + quantity(item) for name in _ITEMS for item in data.get(name) or ()]
    if isinstance(data.get("money"), Mapping):
        made.append(sum_of(data["money"]))
    if "total" in data:
        made.append(f"{data['total']:,} personnel")
    return made


def _words(data: Mapping[str, Any]) -> list[str]:
    """Its names and words; where it has none, its codes."""
    told = [str(data[name]) for name in _NAMES if data.get(name)]
    if told:
        return [one if len(one) <= 160 else one[:159] + "…" for one in told[:2]]
    codes = [
        label(str(data[name])) for name in ("stance", "role", "casualty", "pledge", "post", "on") if data.get(name)
    ]
    until = [f"until {partial_date(data['until'])}"] if data.get("until") else []
    instrument = [data["instrument"]] if data.get("instrument") else []
    from_ = (
        [f"{party(data['from'])} to {parties(_listed(data.get('to')))}"] if data.get("from") and data.get("to") else []
    )
    return [*from_, *instrument, *codes, *until]


def _listed(value: Any) -> list[str]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
