"""Fulfilment: what each party pledged, against what it deployed, delivered or paid, on the day."""

from collections import defaultdict
from typing import Any

from projections import figures
from projections.pledges import counts
from projections.projection import Row

Matter = tuple[str, str, str]


def fulfilment(pledges: list[Row], deployments: list[Row], funding: list[Row]) -> list[Row]:
    """One row for each party and matter: people, a kind of equipment or service, or a currency. All as presented."""
    parts: dict[Matter, dict[str, list[tuple[str, figures.Part]]]] = defaultdict(
        lambda: {"pledged": [], "delivered": []}
    )
    of: dict[Matter, list[Row]] = defaultdict(list)
    for pledge in filter(counts, pledges):
        for item in pledge["items"]:
            matter = _matter("+".join(pledge["parties"]), item)
            parts[matter]["pledged"].append(
                (
                    item.get("category", item.get("channel", "not_stated")),
                    figures.part(item, pledge["provenance"]["items"]),
                )
            )
            of[matter] += [pledge] if pledge not in of[matter] else []
    for row in deployments:
        if row["kind"] != "casualty" and row["party"] != "mission" and row["recipient"] is None and row["moved"]:
            parts[_matter(row["party"], row)]["delivered"].append((row["category"], _again(row["moved"])))
    for row in funding:
        if row["received"]:
            parts[row["party"], "money", row["currency"]]["delivered"].append((row["channel"], _again(row["received"])))
    return [_row(matter, parts[matter], of[matter]) for matter in sorted(parts)]


def _matter(party: str, item: Row) -> Matter:
    if item["kind"] == "money":
        return party, "money", item["currency"]
    if item["kind"] == "personnel":
        return party, "personnel", item.get("unit") or "person"
    return party, item["kind"], "/".join(filter(None, (item["category"], item.get("unit"))))


def _again(figure: Row) -> figures.Part:
    """A presented figure as a part of another."""
    amount = {name: figure[name] for name in ("minimum", "maximum") if figure[name] is not None} or {
        "unspecified": "not_stated"
    }
    return figures.part({**amount, "approximate": figure["approximate"]}, figure["entries"])


def _row(matter: Matter, parts: dict[str, list[tuple[str, Any]]], pledges: list[Row]) -> Row:
    party, kind, of = matter
    money = kind == "money"
    pledged, delivered = (figures.total((part for _, part in parts[name]), money) for name in ("pledged", "delivered"))
    categories = sorted({category for name in parts for category, _ in parts[name]})
    return {
        "party": party,
        "parties": party.split("+"),
        "kind": kind,
        "of": of,
        "pledged": pledged,
        "delivered": delivered,
        "outstanding": figures.difference(pledged, delivered, money) if delivered else pledged,
        "conditional": any(pledge["conditional"] for pledge in pledges),
        "suspended": any(pledge["status"] == "suspended" for pledge in pledges),
        "pledges": [pledge["pledge"] for pledge in pledges],
        "categories": [_category(category, parts, money) for category in categories],
        "entries": sorted({*(pledged or {"entries": []})["entries"], *(delivered or {"entries": []})["entries"]}),
    }


def _category(category: str, parts: dict[str, list[tuple[str, Any]]], money: bool) -> Row:
    return {
        "category": category,
        **{
            name: figures.total((part for other, part in parts[name] if other == category), money)
            for name in ("pledged", "delivered")
        },
    }
