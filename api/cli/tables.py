"""Answers as tables for people: figures as they are said, one table for each answer."""

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

Row = Mapping[str, Any]
WIDTH_OF_FILES = 160
_BRIEF = 60
_ENDS = ("minimum", "maximum", "amount", "amount_minimum", "amount_maximum", "unspecified")
_TELLING = (
    "items",
    "text",
    "moved",
    "reported",
    "figure",
    "delivered",
    "pledged",
    "latest",
    "stance",
    "holders",
    "person",
    "name",
)


def show(*parts: Any) -> None:
    """Print to standard output; without a terminal in a fixed width, so that files come out alike everywhere."""
    width = None if sys.stdout.isatty() else WIDTH_OF_FILES
    console = Console(file=sys.stdout, width=width, markup=False, emoji=False, highlight=False)
    for part in parts:
        console.print(part)


def table(title: str, names: Iterable[str], rows: Iterable[Iterable[Any]]) -> Table:
    made = Table(title=title, title_justify="left", title_style="bold")
    for name in names:
        made.add_column(name, overflow="fold")
    for row in rows:
        made.add_row(*("" if cell is None else str(cell) for cell in row))
    return made


# --- figures -------------------------------------------------------------------------------------------------------


def figure(found: Row | None) -> str:
    """A quantity, a sum or a total: `150`, `1,500–2,000`, `≥ 700`, `≤ 5,500`, `about 200`, `no specifics`; empty for none."""
    if found is None:
        return ""
    low = found.get("minimum", found.get("amount", found.get("amount_minimum")))
    high = found.get("maximum", found.get("amount", found.get("amount_maximum")))
    if low is None and high is None:
        return "no specifics"
    return _range(low, high, "about " if found.get("approximate") else "")


def _range(low: Any, high: Any, about: str) -> str:
    if high is None:
        return f"≥ {about}{_number(low)}"
    if low == high:
        return f"{about}{_number(low)}"
    if low is None or str(low) == "0":
        return f"≤ {about}{_number(high)}"
    between = " to " if str(low).startswith("-") else "–"
    return f"{about}{_number(low)}{between}{_number(high)}"


def _number(value: int | str) -> str:
    """With commas between thousands; a decimal amount keeps its fraction."""
    whole, point, fraction = str(value).partition(".")
    return f"{int(whole):,}{point}{fraction}"


def things(items: Iterable[Row]) -> str:
    """What is pledged, moved or meant: `170 troops, 30 individual police`."""
    return ", ".join(_thing(item) for item in items)


def _thing(item: Row) -> str:
    what = str(item.get("category") or item.get("currency") or "").replace("_", " ")
    if "currency" in item:
        what = item["currency"]
    if item.get("unit"):
        what = f"{item['unit'].replace('_', ' ')} of {what}"
    said = figure(item)
    return f"{what}: {said}" if said == "no specifics" else f"{said} {what}"


def words(code: str | None) -> str:
    return (code or "").replace("_", " ")


def brief(value: Any) -> str:
    """A value of any kind in a few words."""
    if isinstance(value, Mapping):
        return _brief_object(value)
    if isinstance(value, list):
        return things(value) if value and all(map(_is_thing, value)) else _cut(", ".join(map(brief, value)))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else _cut(str(value))


def _brief_object(value: Row) -> str:
    if _is_thing(value):
        return _thing(value)
    if {"minimum", "maximum"} <= value.keys() or "amount" in value:
        return figure(value)
    telling = next((value[name] for name in _TELLING if value.get(name)), None)
    return brief(telling) if telling is not None else _cut(orjson.dumps(value).decode())


def _is_thing(value: Any) -> bool:
    named = isinstance(value, Mapping) and ("category" in value or "currency" in value)
    return named and any(value.get(name) is not None for name in _ENDS)


def _cut(text: str) -> str:
    return text if len(text) <= _BRIEF else text[: _BRIEF - 1] + "…"


def source(found: Row | None) -> str:
    """The symbol, else the title, else the address, and when it was published."""
    found = found or {}
    name = found.get("symbol") or found.get("title") or found.get("url") or ""
    return _cut(name) + (f" ({found['published']})" if name and found.get("published") else "")


# --- answers -------------------------------------------------------------------------------------------------------


def _mandate(found: Row | None) -> Table:
    m = found or {}
    names = {
        "name": "Name",
        "acronym": "Acronym",
        "host": "Host",
        "status": "Status",
        "instrument": "Act",
        "from": "Adopted",
        "until": "Until",
    }
    rows = [(label, m.get(name)) for name, label in names.items() if m.get(name)]
    if m.get("ceiling"):
        rows.append(("Ceiling", f"{m['ceiling']['total']:,}"))
    made = table("Mandate", ("", ""), rows)
    made.show_header = False
    return made


def _leadership(rows: list[Row]) -> Table:
    def lines() -> Iterable[Iterable[Any]]:
        for row in rows:
            for holder in row["holders"] or [{}]:
                who = [
                    holder.get("rank"),
                    holder.get("person"),
                    f"({holder['party']})" if holder.get("party") else None,
                ]
                named = " ".join(filter(None, who)) or ("vacant" if row["vacant"] else "nobody")
                marks = [mark for mark in ("acting", "designate") if holder.get(mark)]
                yield row["post"], ", ".join([named, *marks]), holder.get("since")

    return table("Leadership", ("Post", "Holder", "Since"), lines())


def _pledges(rows: list[Row]) -> Table:
    def line(row: Row) -> Iterable[Any]:
        status = ", ".join(
            [
                row["status"],
                *(["conditional"] if row["conditional"] else []),
                *(["disputed"] if row["disputes"] else []),
            ]
        )
        letter = (row["notified"] or {}).get("symbol")
        document = letter or (source(row["documents"][-1]) if row["documents"] else "")
        return "+".join(row["parties"]), row["pledge"], things(row["items"]), row["terms_since"], status, document

    return table("Pledges", ("Party", "Pledge", "Pledged", "Since", "Status", "Document"), map(line, rows))


def _deployments(rows: list[Row]) -> Table:
    def line(row: Row) -> Iterable[Any]:
        what = " ".join(filter(None, [words(row["category"]), f"for {row['recipient']}" if row["recipient"] else None]))
        reported = row["reported"] or {}
        return (
            row["party"],
            row["kind"],
            what,
            figure(row["moved"]),
            figure(reported.get("figure")),
            reported.get("effective"),
            figure(row["variance"]),
        )

    return table("Deployments", ("Party", "Kind", "What", "Moved", "Reported", "On", "Variance"), map(line, rows))


_SUMS = ("pledged", "committed", "received", "suspended", "disbursed", "refunded", "outstanding")
_Answer = Callable[[Any], Table]
TABLES: dict[str, _Answer] = {
    "mandate": _mandate,
    "leadership": _leadership,
    "partners": lambda rows: table(
        "Partners",
        ("Group", "Member", "Role", "By virtue of", "Since"),
        ((r["group"]["code"], r["party"], words(r["role"]), r["by_virtue_of"], r["since"]) for r in rows),
    ),
    "pledges": _pledges,
    "deployments": _deployments,
    "funding": lambda rows: table(
        "Funding",
        ("Party", "Channel", "Currency", *(name.capitalize() for name in _SUMS)),
        ((r["party"], words(r["channel"]), r["currency"], *(figure(r[name]) for name in _SUMS)) for r in rows),
    ),
    "commitments": lambda rows: table(
        "Commitments",
        ("Party", "Commitment", "Channel", "Sum", "Paid", "Since", "Status"),
        (
            (
                "+".join(r["parties"]),
                r["commitment"],
                words(r["channel"]),
                things([r["money"]]),
                figure(r["paid"]),
                r["money_since"],
                r["status"],
            )
            for r in rows
        ),
    ),
    "payments": lambda rows: table(
        "Payments",
        ("Party", "Flow", "Channel", "Sum", "On", "Fulfils", "Commitment"),
        (
            (
                "+".join(r["parties"]),
                r["flow"],
                words(r["channel"]),
                things([r["money"]]),
                r["effective"],
                r["fulfils"],
                r["commitment"],
            )
            for r in rows
        ),
    ),
    "positions": lambda rows: table(
        "Positions",
        ("On", "Party", "Stance", "Since"),
        ((r["on"], "+".join(r["parties"]), words(r["stance"]), r["since"]) for r in rows),
    ),
    "fulfilment": lambda rows: table(
        "Fulfilment",
        ("Party", "Of", "Pledged", "Delivered", "Outstanding", "Conditional"),
        (
            (
                r["party"],
                words(r["of"]),
                figure(r["pledged"]),
                figure(r["delivered"]),
                figure(r["outstanding"]),
                brief(r["conditional"]),
            )
            for r in rows
        ),
    ),
    "targets": lambda rows: table(
        "Targets",
        ("Target", "Figure", "Due", "Status", "Set by", "Since"),
        ((r["target"], things(r["items"] or []), r["due"], r["status"], r["setter"], r["since"]) for r in rows),
    ),
    "observations": lambda rows: table(
        "Observations",
        ("Subject", "Measured", "Latest", "On", "Reporter"),
        ((r["subject"], r["measured"], things((r["latest"] or {}).get("items") or []), *_latest(r)) for r in rows),
    ),
    "findings": lambda rows: table(
        "Findings",
        ("Code", "About", "What", "Entries"),
        ((r["code"], r["about"], r["text"], ", ".join(map(str, r["entries"]))) for r in rows),
    ),
}


def _latest(row: Row) -> tuple[Any, Any]:
    latest = row["latest"] or {}
    return latest.get("effective"), latest.get("reporter")


def answer_table(name: str, found: Any) -> Table:
    """The table of one answer; of one that has no table of its own, whatever it holds."""
    return TABLES[name](found) if name in TABLES else table(name, ("",), [(brief(found),)])


def redactions_table(rows: Iterable[Row]) -> Table:
    """What can no longer be read, by whose word and why."""
    names = ("Position", "Type", "Effective", "Removed by", "Actor", "On", "Legal basis", "Reason")
    told = (
        (r["position"], r["type"], r["effective"], by["position"], by["actor"], by["recorded_at"][:10], by["legal_basis"], by["reason"])
        for r in rows
        for by in [r["redaction"]]
    )  # fmt: skip
    return table("Removed", names, told)


def _removed(redaction: Row) -> str:
    """Who removed what an entry said, and why."""
    on = redaction["recorded_at"][:10]
    return (
        f"removed on {on} by {redaction['actor']} (entry {redaction['position']}), {redaction['legal_basis']}: "
        f"{redaction['reason']}"
    )


def history_table(rows: Iterable[Row]) -> Table:
    """A mission's timeline: what was said, and what was corrected since."""

    def line(row: Row) -> Iterable[Any]:
        marks = ["retracted"] * row["retracted"] + [f"changed by {change['position']}" for change in row["changes"]]
        return (
            row["effective"],
            row["position"],
            row["type"],
            _removed(row["redaction"]) if row["redaction"] else _said(row["data"]),
            "; ".join(marks),
            source(row["source"]),
            row["actor"],
        )

    return table("History", ("Effective", "Position", "Type", "What", "Changes", "Source", "Actor"), map(line, rows))


def _said(data: Row | None) -> str:
    parts = [f"{name.replace('_', ' ')}: {brief(value)}" for name, value in (data or {}).items()]
    return "; ".join(parts[:4])


def changes_table(rows: Iterable[Row]) -> Table:
    """How a pledge changed: each field from what to what."""

    def line(row: Row) -> Iterable[Any]:
        fields = "\n".join(
            f"{words(f['field'])}: {brief(f['from']) or '–'} → {brief(f['to']) or '–'}"
            for f in row["fields"]
            if brief(f["from"]) != brief(f["to"])
        )
        return (
            row["effective"],
            row["position"],
            row["type"],
            fields,
            _removed(row["redaction"]) if row["redaction"] else row["reason"],
            source(row["source"]),
            row["actor"],
        )

    return table("History", ("Effective", "Position", "Type", "Changes", "Reason", "Source", "Actor"), map(line, rows))


def operations_table(operations: Iterable[Row]) -> Table:
    """What differs between two states."""
    rows = (
        (o["op"], o["path"], brief(o["from"]), brief(o["to"]), ", ".join(map(str, o["caused_by"]))) for o in operations
    )
    return table("Differences", ("", "Path", "From", "To", "Caused by"), rows)
