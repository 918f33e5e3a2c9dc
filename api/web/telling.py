"""What the fields of an answer say, in lines of words, so that two states can be set side by side line by line.

A field that says nothing has no lines; one that lists things has a line for each.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jinja2 import Environment

from api.web import words

Value = Mapping[str, Any]
_BEHIND = {
    "entries",
    "provenance",
    "position",
    "target",
    "also",
    "confidence",
    "kind",
    "sha256",
    "retrieved",
    "rank",
    "claim_rank",
}
_PARTIES = {
    "party",
    "parties",
    "by",
    "announcer",
    "reporter",
    "host",
    "setter",
    "holder",
    "on_behalf_of",
    "parties_present",
    "recipient",
}
_AS_WRITTEN = {"converts", "converted_by", "fulfils", "pledge", "pledges", "supersedes", "commitment", "contingent"}
_PROSE = {
    "text",
    "reason",
    "statement",
    "terms",
    "note",
    "purpose",
    "name",
    "title",
    "speaker",
    "functions",
    "person",
    "rule",
}
_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?")
_YEAR_FIELDS = {
    "since",
    "until",
    "due",
    "effective",
    "terms_since",
    "money_since",
    "from",
    "adopted",
    "takes_up",
    "published",
}
_CODE = re.compile(r"[a-z0-9]+([_/-][a-z0-9]+)*")


def lines(field: str, value: Any, currency: str = "") -> list[str]:
    """What a field says. `currency`: of its figures, where the row is about money."""
    if value is None or value in ("", [], {}):
        return []
    if isinstance(value, list):
        return [line for one in value for line in lines(field, one, currency)]
    if isinstance(value, Mapping):
        told = _told(field, value, currency)
        return [told] if told else []
    return [_plain(field, value)]


def is_figure(value: Any) -> bool:
    """Whether a value is a sum of claims."""
    return isinstance(value, Mapping) and {"minimum", "maximum", "unspecified", "entries"} <= set(value)


def _told(field: str, value: Value, currency: str) -> str:
    if is_figure(value):
        return words.figure(value, currency)
    if field in _TOLD:
        return _TOLD[field](value)
    if field in ("items", "item", "money"):
        return item(value)
    parts = [(name, lines(name, one, currency)) for name, one in value.items() if name not in _BEHIND]
    return "; ".join(f"{words.label(name)} {', '.join(told)}" for name, told in parts if told)


def _plain(field: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return words.number(value)
    text = str(value)
    if _DATE.fullmatch(text) or (field in _YEAR_FIELDS and re.fullmatch(r"\d{4}", text)):
        return words.partial_date(text)
    if field in _PARTIES:
        return words.party(text)
    is_code = field not in _AS_WRITTEN | _PROSE and _CODE.fullmatch(text)
    return words.label(text) if is_code else text


# --- things that are told in a way of their own --------------------------------------------------------------------------


def item(value: Value) -> str:
    """An item with what stands beside its figure: of which sort, through which channel, for what."""
    beside = [words.label(value.get("capability")), str(value.get("model") or "")]
    channel = value.get("channel")
    beside += [words.label(channel) if channel != "not_stated" else ""]
    beside += [str(value.get(name) or "") for name in ("purpose", "note")]
    return _joined(words.quantity(value), *beside)


def _joined(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part)


def _explained(text: str, why: str | None) -> str:
    return f"{text}: {why}" if why else text


def _since(value: Value) -> str:
    return f"since {words.partial_date(value['since'])}" if value.get("since") else ""


def _until(value: Value) -> str:
    return f"until {words.partial_date(value['until'])}" if value.get("until") else ""


def condition(value: Value) -> str:
    met = value.get("met")
    text = _explained(words.label(value["condition"]), value.get("text"))
    return f"{text} ({_joined(_since(value), 'met ' + _since(met) if met else 'not met')})"


def suspension(value: Value) -> str:
    by = f"by {words.party(value['by'])}" if value.get("by") else ""
    ended = f"ended {words.partial_date(value['ended']['since'])}" if value.get("ended") else ""
    return _explained(_joined(words.label(value.get("cause")), by, _since(value), ended), value.get("reason"))


def confirmation(value: Value) -> str:
    by = f"by {words.party(value['by'])}" if value.get("by") else ""
    return _explained(
        _joined(words.partial_date(value["since"]), by, words.label(value.get("formality"))), value.get("statement")
    )


def end(value: Value) -> str:
    """A withdrawal, a lapse, an abolition: when, and why."""
    return _explained(words.partial_date(value["since"]), value.get("reason"))


def document(value: Value) -> str:
    """The name of a document, that of its address where it has no other."""
    return str(value.get("symbol") or value.get("title") or value.get("url") or "untitled")


def dispute(value: Value) -> str:
    claimed = _joined(*(item(one) for one in value.get("items") or ()))
    state = "" if value.get("open", True) else " (settled)"
    told = _explained(
        _joined(words.partial_date(value.get("effective")), claimed), value.get("reason") or value.get("statement")
    )
    return told + state


def movement(value: Value) -> str:
    sign = "+" if value.get("direction") == "in" else "−"
    what = words.label(str(value.get("type", "")).rpartition(".")[2])
    told = f"{words.partial_date(value['effective'])}: {sign} {words.quantity(value['item'])} {what}"
    return told + (f", fulfils {value['fulfils']}" if value.get("fulfils") else "")


def report(value: Value) -> str:
    what = (
        words.figure(value["figure"])
        if is_figure(value.get("figure"))
        else _joined(*(item(i) for i in value.get("items") or ()))
    )
    by = f"by {words.party(value['reporter'])}" if value.get("reporter") else ""
    return _explained(_joined(f"{words.partial_date(value['effective'])}, {what}", by), value.get("statement"))


def holder(value: Value) -> str:
    name, of = value.get("person"), words.party(value["party"]) if value.get("party") else None
    states = [word for word in ("acting", "designate") if value.get(word)]
    return _joined(
        name or of,
        of if name and name != of else None,
        *states,
        _since(value),
        _until(value),
        words.label(value.get("cause")),
    )


def instrument(value: Value) -> str:
    told = _joined(
        f"{value['instrument']} {words.label(value.get('action'))}",
        words.partial_date(value.get("adopted")),
        _until(value),
    )
    return _explained(told, value.get("terms"))


def ceiling(value: Value) -> str:
    parts = [f"{words.number(value[name])} {name}" for name in ("uniformed", "civilian") if value.get(name) is not None]
    inside = f" ({_joined(*parts)})" if parts else ""
    return _joined(f"{words.number(value['total'])} personnel{inside}", value.get("instrument"), _since(value))


def named(value: Value) -> str:
    acronym = value.get("acronym")
    return _joined(f"{value.get('name')}{f' ({acronym})' if acronym else ''}", _since(value))


def office(value: Value) -> str:
    return _explained(
        _joined(named({**value, "acronym": value.get("office")}), value.get("instrument")), value.get("functions")
    )


def category(value: Value) -> str:
    """Of a category, what is delivered of what is pledged."""
    pledged, delivered = (words.figure(value[name]) for name in ("pledged", "delivered"))
    return f"{words.label(value['category'])}: {delivered} delivered, {pledged} pledged"


_TOLD: dict[str, Callable[[Value], str]] = {
    "conditions": condition, "suspensions": suspension, "confirmations": confirmation, "withdrawn": end, "lapsed": end,
    "abolished": end, "terminated": end, "cancelled": end, "left": end, "signed": end, "documents": document, "source": document,
    "disputes": dispute, "corroborations": dispute, "movements": movement, "reports": report, "reported": report, "latest": report,
    "holders": holder, "former": holder, "instruments": instrument, "ceilings": ceiling, "ceiling": ceiling, "names": named,
    "support_offices": office, "categories": category,
}  # fmt: skip


# --- two states side by side ---------------------------------------------------------------------------------------------


def parted(before: Sequence[str], after: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """The lines that went, those that came, and those that stayed."""
    was, will_be = set(before), set(after)
    came = [line for line in after if line not in was]
    return [line for line in before if line not in will_be], came, [line for line in after if line in was]


def teach(environment: Environment) -> None:
    """Make the words for values known to the templates."""
    environment.filters.update(item=item, lines=lines)
