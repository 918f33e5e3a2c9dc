"""The operations between two states of a mission as changes in words: by subject, and there row by row."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from api.web import words
from api.web.telling import is_figure, lines, parted
from projections.diff import Operation, keyed
from projections.differences import Comparison
from projections.projection import Row

Key = tuple[str, ...]
SUBJECTS = {
    "mandate": "Mandate", "leadership": "Leadership", "partners": "Partner group", "pledges": "Pledges",
    "deployments": "Deployments", "funding": "Funding", "commitments": "Commitments", "payments": "Payments",
    "fulfilment": "Pledged and delivered", "positions": "Positions", "targets": "Targets", "observations": "Observations",
    "findings": "Findings",
}  # fmt: skip
_STATUSES = ("pledged", "committed", "received", "suspended", "refunded", "disbursed", "outstanding")
# What is told of a row that is new or gone; in this order, too, the fields of one that changed.
_TOLD_FIRST: dict[str, tuple[str, ...]] = {
    "mandate": ("name", "acronym", "status", "instrument", "from", "until", "ceiling"),
    "leadership": ("title", "role", "holders", "vacant"),
    "partners": ("role", "delegate", "since", "intended"),
    "pledges": ("items", "status", "terms_since", "due", "conditions", "converts", "formality"),
    "deployments": ("moved", "reported", "variance"),
    "funding": _STATUSES,
    "commitments": ("money", "status", "channel", "paid", "purpose"),
    "payments": ("money", "effective", "channel", "purpose", "fulfils"),
    "fulfilment": ("pledged", "delivered", "outstanding", "conditional", "suspended"),
    "positions": ("stance", "speaker", "text", "since"),
    "targets": ("text", "items", "due", "status"),
    "observations": ("latest",),
    "findings": ("text",),
}
_NAMES = {
    "items": "terms", "moved": "deployed, by movements", "reported": "last report", "latest": "last report",
    "variance": "reported less deployed", "reports": "all reports", "terms_since": "terms since", "from": "from",
    "instruments": "acts", "former": "earlier holders", "earlier": "earlier positions", "changes": "number of changes",
}  # fmt: skip
_LAST_OF = {"ceilings": ("ceiling",), "all reports": ("last report",)}
_BESIDE = {"changes", "entries", "provenance"}


@dataclass(frozen=True)
class Field:
    """One field of a row: the lines that went, those that came, how many stayed; what a figure moved by; the causes."""

    name: str
    removed: list[str]
    added: list[str]
    stayed: int
    difference: str | None
    entries: list[int]


@dataclass(frozen=True)
class Change:
    """A row that is new, gone or another. `parties`: whose it is; `pledge`: which pledge it is, if it is one."""

    op: str
    title: str
    parties: list[str]
    pledge: str | None
    fields: list[Field]
    entries: list[int]


@dataclass(frozen=True)
class Group:
    """What changed of one subject."""

    subject: str
    title: str
    changes: list[Change]

    @property
    def counts(self) -> dict[str, int]:
        found = {op: sum(change.op == op for change in self.changes) for op in ("add", "change", "remove")}
        return {op: count for op, count in found.items() if count}


def groups(comparison: Comparison) -> list[Group]:
    """Everything that changed, by subject; subjects of which nothing changed are left out."""
    made = [Group(name, title, _changes(name, comparison)) for name, title in SUBJECTS.items()]
    return [group for group in made if group.changes]


def counted(made: Iterable[Group]) -> dict[str, int]:
    """How many rows of all groups were added, changed and removed."""
    found = {"add": 0, "change": 0, "remove": 0}
    for group in made:
        for op, count in group.counts.items():
            found[op] += count
    return found


def _changes(name: str, comparison: Comparison) -> list[Change]:
    before, after = (keyed(name, state.get(name)) for state in (comparison.before, comparison.after))
    by_row: dict[Key, list[tuple[Key, Operation]]] = {}
    for operation in comparison.operations:
        path = tuple(_read(part) for part in operation["path"].split("/")[1:])
        if path[0] == name:
            key = _key_in(path[1:], before, after)
            by_row.setdefault(key, []).append((path[1 + len(key) :], operation))
    made = [_change(name, before.get(key), after.get(key), found) for key, found in by_row.items()]
    return sorted(made, key=lambda change: change.title)


def _read(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _key_in(path: Key, before: Mapping[Key, Any], after: Mapping[Key, Any]) -> Key:
    """The key of the row that a path leads into: as much of its beginning as is a key."""
    ends = range(len(path), -1, -1)
    return next(path[:end] for end in ends if path[:end] in before or path[:end] in after)


def _change(name: str, old: Any, new: Any, found: Sequence[tuple[Key, Operation]]) -> Change:
    row = new if new is not None else old
    op = "add" if old is None else "remove" if new is None else "change"
    causes = sorted({position for _, operation in found for position in operation["caused_by"]})
    whole = old is None or new is None
    by_field = dict.fromkeys(_TOLD_FIRST[name], causes) if whole else _by_field(name, found)
    currency = _currency(name, row)
    fields = [
        _field(one, (old or {}).get(one), (new or {}).get(one), entries, currency) for one, entries in by_field.items()
    ]
    shown = _once([field for field in fields if field.removed or field.added])
    title, those = (
        _TITLES[name](row),
        row.get("parties") or [row["party"]] if name != "mandate" and _has_party(row) else [],
    )
    return Change(
        op, title[:1].upper() + title[1:], list(those), row["pledge"] if name == "pledges" else None, shown, causes
    )


def _once(fields: Sequence[Field]) -> list[Field]:
    """The fields without those lists in which nothing came or went but what another field tells already."""
    told = {field.name: ({*field.removed}, {*field.added}) for field in fields}

    def is_told(field: Field) -> bool:
        last = next((told[name] for name in _LAST_OF.get(field.name, ()) if name in told), (set(), set()))
        return {*field.removed} <= last[0] and {*field.added} <= last[1]

    return [field for field in fields if not is_told(field)]


def _has_party(row: Row) -> bool:
    return bool(row.get("parties") or row.get("party"))


def _by_field(name: str, found: Sequence[tuple[Key, Operation]]) -> dict[str, list[int]]:
    """The fields that changed, each with the entries that caused it; those that count the others only where none is beside."""
    causes: dict[str, set[int]] = {}
    for rest, operation in found:
        causes.setdefault(rest[0] if rest else "", set()).update(operation["caused_by"])
    told = [one for one in causes if one not in _BESIDE] or list(causes)
    first = _TOLD_FIRST[name]
    ordered = sorted(told, key=lambda one: (first.index(one) if one in first else len(first), one))
    return {one: sorted(causes[one]) for one in ordered}


def _field(name: str, old: Any, new: Any, entries: list[int], currency: str) -> Field:
    removed, added, stayed = parted(_lines(name, old, currency), _lines(name, new, currency))
    return Field(_NAMES.get(name) or words.label(name), removed, added, len(stayed), difference(old, new), entries)


def _lines(name: str, value: Any, currency: str) -> list[str]:
    return (
        []
        if value is False and name in ("vacant", "intended", "suspended", "conditional")
        else lines(name, value, currency)
    )


def difference(old: Any, new: Any) -> str | None:
    """What a figure moved by, where it was a point and is one; None where it was or is none."""
    ends = [_point(one) for one in (old, new)]
    if ends[0] is None or ends[1] is None:
        return None
    moved, about = ends[1] - ends[0], "about " if old["approximate"] or new["approximate"] else ""
    return f"{about}{'+' if moved > 0 else '−' if moved < 0 else '±'}{words.number(abs(moved))}"


def _point(value: Any) -> Decimal | None:
    if not is_figure(value) or value["minimum"] is None or value["maximum"] is None:
        return None
    low, high = Decimal(value["minimum"]), Decimal(value["maximum"])
    return low if low == high and not value["unspecified"] else None


def _currency(name: str, row: Row) -> str:
    if name == "funding":
        return str(row["currency"])
    if name == "commitments":
        return str(row["money"].get("currency", ""))
    return str(row["of"]) if name == "fulfilment" and row["kind"] == "money" else ""


# --- what a row is called -------------------------------------------------------------------------------------------------


def _deployment(row: Row) -> str:
    beside = [f"counted in {words.label(row['unit'])}" if row["unit"] else "", words.label(row["affiliation"])]
    beside += [f"for {words.party(row['recipient'])}" if row["recipient"] else ""]
    whose = "The whole mission" if row["party"] == "mission" else words.party(row["party"])
    return ", ".join([f"{whose}: {words.label(row['category'])}", *filter(None, beside)])


def _fulfilment(row: Row) -> str:
    of = (
        "people"
        if row["of"] == "person"
        else row["of"]
        if row["kind"] == "money"
        else words.label(row["of"]).replace("/", ", in ")
    )
    return f"{words.party(row['party'])}: {of}"


def _payment(row: Row) -> str:
    return f"{words.parties(row['parties'])}: {words.label(row['flow'])} {words.partial_date(row['effective'])}"


def _measured(name: str) -> str:
    """`received/USD/FRA` is received, USD, France."""
    return ", ".join(words.label(part) if part.islower() else words.party(part) for part in name.split("/"))


_TITLES: dict[str, Callable[[Row], str]] = {
    "mandate": lambda row: str(row.get("name") or "The mandate"),
    "leadership": lambda row: str(row["title"] or words.label(row["role"] or row["post"])),
    "partners": lambda row: f"{words.party(row['party'])} in the {row['group'].get('name') or row['group']['code']}",
    "pledges": lambda row: words.parties(row["parties"]),
    "deployments": _deployment,
    "funding": lambda row: f"{words.parties(row['parties'])}: {words.label(row['channel'])}, {row['currency']}",
    "commitments": lambda row: f"{words.parties(row['parties'])}: {words.label(row['commitment'])}",
    "payments": _payment,
    "fulfilment": _fulfilment,
    "positions": lambda row: f"{words.parties(row['parties'])} on {words.label(row['on'])}",
    "targets": lambda row: words.label(row["target"]),
    "observations": lambda row: f"{words.label(row['subject'])}: {_measured(row['measured'])}",
    "findings": lambda row: f"{words.label(row['code'])}, {words.label(row['about'])}",
}  # fmt: skip
