"""Fulfilment: what each party pledged, against what it deployed, delivered or paid, on the day."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from projections import figures
from projections.deployments import delivered, named
from projections.figures import Part, Tally
from projections.pledges import counts, successors
from projections.projection import Row

Named = list[tuple[str, Part | Tally]]


@dataclass
class Matter:
    """What is pledged and delivered of one kind of thing, each part with its category (of money: its channel)."""

    pledged: Named = field(default_factory=list)
    delivered: Named = field(default_factory=list)
    outstanding: list[Part | Tally] = field(default_factory=list)
    pledges: list[Row] = field(default_factory=list)


def fulfilment(pledges: list[Row], deployments: list[Row], funding: list[Row]) -> list[Row]:
    """One row for each party and matter: people, a kind of equipment or service, or a currency. `deployments` as folded,
    the others as presented.

    What is outstanding of money comes from the accounts, which credit a payment to the pledge that it fulfils;
    of everything else it is pledged less delivered.
    """
    matters: dict[tuple[str, str, str], Matter] = defaultdict(Matter)
    for pledge in filter(counts, pledges):
        _add_pledge(matters, pledge)
    counted = {pledge["pledge"]: "+".join(pledge["parties"]) for pledge in pledges if counts(pledge)}
    pledgers = {pledge: counted[last] for pledge, last in successors(pledges).items() if last in counted}
    for row in deployments:
        if named(row)["kind"] != "casualty" and named(row)["party"] != "mission":
            _add_movements(matters, row, pledgers)
    for row in funding:
        _add_account(matters, row)
    return [_row(*name, matters[name]) for name in sorted(matters)]


def _name(party: str, item: Mapping[str, Any]) -> tuple[str, str, str]:
    return party, *matter_of(item)


def matter_of(item: Mapping[str, Any]) -> tuple[str, str]:
    """What an item counts as, its kind and of what: only what is of one matter is added up."""
    if item["kind"] == "money":
        return "money", item["currency"]
    if item["kind"] == "personnel":
        return "personnel", item.get("unit") or "person"
    return item["kind"], "/".join(filter(None, (item["category"], item.get("unit"))))


def _add_pledge(matters: dict[tuple[str, str, str], Matter], pledge: Row) -> None:
    for item in pledge["items"]:
        matter = matters[_name("+".join(pledge["parties"]), item)]
        category = item.get("channel", "not_stated") if item["kind"] == "money" else item["category"]
        matter.pledged.append((category, figures.part(item, pledge["provenance"]["items"])))
        matter.pledges += [pledge] if pledge not in matter.pledges else []


def _add_movements(matters: dict[tuple[str, str, str], Matter], row: Row, pledgers: Mapping[str, str]) -> None:
    """Each movement counts for the pledgers of what it fulfils, else for its own party; losses undo no delivery.

    Who leaves leaves the pledge that all arrivals fulfilled, where that is one. What goes to others than the mission
    counts only where it is linked to a pledge.
    """
    of, moved = named(row), delivered(row)
    if not moved:
        return
    linked = {fulfils: pledgers.get(fulfils or "") for fulfils in moved}
    arrivals = {linked[fulfils] for fulfils, sums in moved.items() if sums.arrives}
    home = next(iter(arrivals)) if len(arrivals) == 1 else None
    for fulfils, sums in moved.items():
        if not sums.is_empty and (of["recipient"] is None or linked[fulfils] is not None):
            party = linked[fulfils] or home or of["party"]
            matters[_name(party, of)].delivered.append((of["category"], sums))


def _add_account(matters: dict[tuple[str, str, str], Matter], account: Row) -> None:
    name = (account["party"], "money", account["currency"])
    if account["received"]:
        matters[name].delivered.append((account["channel"], figures.again(account["received"])))
    if account["pledged"]:
        matters[name].outstanding.append(figures.again(account["outstanding"]))


def _row(party: str, kind: str, of: str, matter: Matter) -> Row:
    money = kind == "money"
    pledged, delivered = (_sum(parts, money) for parts in (matter.pledged, matter.delivered))
    told = matter.pledged + matter.delivered
    categories = sorted({category for category, _ in told})
    left = figures.difference(pledged, delivered, money) if delivered else pledged
    return {
        "party": party,
        "parties": party.split("+"),
        "kind": kind,
        "of": of,
        "pledged": pledged,
        "delivered": delivered,
        "outstanding": figures.total(matter.outstanding, money) if money else left,
        "conditional": any(pledge["conditional"] for pledge in matter.pledges),
        "suspended": any(pledge["status"] == "suspended" for pledge in matter.pledges),
        "pledges": [pledge["pledge"] for pledge in matter.pledges],
        "provenance": _provenance(matter.pledges),
        "categories": [{"category": categories[0], "pledged": pledged, "delivered": delivered}]
        if len(categories) == 1
        else [_category(matter, money, category) for category in categories],
        **figures.behind([part for _, part in told]),
    }


def _category(matter: Matter, money: bool, category: str) -> Row:
    pledged, delivered = (_sum(parts, money, category) for parts in (matter.pledged, matter.delivered))
    return {"category": category, "pledged": pledged, "delivered": delivered}


def _provenance(pledges: list[Row]) -> Row:
    """The entries behind each plain field: those of the pledges that it is said of."""
    fields = {"conditional": "conditional", "suspended": "status", "pledges": "items"}
    return {
        name: sorted({position for pledge in pledges for position in pledge["provenance"][of]}) if pledges else []
        for name, of in fields.items()
    }


def _sum(parts: Named, money: bool, category: str | None = None) -> Row | None:
    return figures.total([part for name, part in parts if category is None or name == category], money)
