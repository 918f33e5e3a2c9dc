"""The table of pledges: which are wanted, in which order. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from api.problems import Problem, of_parameter
from api.web import words
from projections.projection import Row

STATUSES = ("announced", "notified", "suspended", "converted", "withdrawn", "lapsed")
KINDS = {"personnel": "people", "equipment": "equipment", "service": "services", "money": "money"}
YES_NO = ("yes", "no")
COLUMNS = {
    "party": "Party", "pledge": "Pledge", "what": "What", "status": "Status", "since": "Since", "delivered": "Delivered",
    "changes": "Changes",
}  # fmt: skip
FILTERS = ("party", "status", "kind", "conditional", "disputed")


@dataclass(frozen=True)
class Delivery:
    """What the party delivered of one matter; `pointer` to the figure, `others`: pledges of the same matter that it counts for."""

    pointer: str
    of: str
    figure: Row
    others: int


@dataclass(frozen=True)
class Line:
    """One pledge, as it stands in the table; `pointer` to it in the answer."""

    pointer: str
    row: Row
    deliveries: Sequence[Delivery]

    @property
    def disputed(self) -> bool:
        return any(dispute["open"] for dispute in self.row["disputes"])

    @property
    def since(self) -> str:
        """Since when it is made: its original terms."""
        return str((self.row["original"] or {"since": self.row["terms_since"]})["since"])


@dataclass(frozen=True)
class Wanted:
    """Which pledges, and in which order: `sort` is a column, after a minus the other way round."""

    party: str | None
    status: str | None
    kind: str | None
    conditional: str | None
    disputed: str | None
    sort: str

    @property
    def filters(self) -> dict[str, str]:
        return {name: value for name in FILTERS if (value := getattr(self, name))}


def wanted(arguments: Mapping[str, str]) -> Wanted:
    """What the address asks for. Raises Problem."""
    given = {name: arguments.get(name) or None for name in FILTERS}
    for name, choices in (("status", STATUSES), ("kind", tuple(KINDS)), ("conditional", YES_NO), ("disputed", YES_NO)):
        if given[name] is not None and given[name] not in choices:
            raise _unknown(name, choices)
    sort = arguments.get("sort") or "party"
    if sort.removeprefix("-") not in COLUMNS:
        raise _unknown("sort", tuple(COLUMNS))
    return Wanted(**given, sort=sort)


def _unknown(name: str, choices: Iterable[str]) -> Problem:
    return of_parameter(
        name, f"{name} must be one of: {', '.join(choices)}; choose it in the form of the pledges' page"
    )


def lines(pledges: Sequence[Row], fulfilment: Sequence[Row]) -> list[Line]:
    """Every pledge with what its party delivered of each matter in it."""
    delivered: dict[str, list[Delivery]] = {}
    for index, row in enumerate(fulfilment):
        if row["delivered"]:
            made = Delivery(
                f"/fulfilment/{index}/delivered",
                matter(row["kind"], row["of"]),
                row["delivered"],
                len(row["pledges"]) - 1,
            )
            for name in row["pledges"]:
                delivered.setdefault(name, []).append(made)
    return [Line(f"/pledges/{index}", row, delivered.get(row["pledge"], [])) for index, row in enumerate(pledges)]


def matter(kind: str, of: str) -> str:
    """What is counted, in words."""
    if kind == "money":
        return of
    return "people" if of == "person" else words.label(of).replace("/", ", in ")


def chosen(those: Iterable[Line], asked: Wanted) -> list[Line]:
    """Those that every filter lets through, in the order asked for; equals in the order of their names."""
    kept = sorted((line for line in those if _passes(line, asked)), key=lambda line: line.row["pledge"])
    return sorted(kept, key=_ORDERS[asked.sort.removeprefix("-")], reverse=asked.sort.startswith("-"))


def _passes(line: Line, asked: Wanted) -> bool:
    row = line.row
    return (
        asked.party in (None, *row["parties"])
        and asked.status in (None, row["status"])
        and (asked.kind is None or any(item["kind"] == asked.kind for item in row["items"]))
        and asked.conditional in (None, "yes" if row["conditional"] else "no")
        and asked.disputed in (None, "yes" if line.disputed else "no")
    )


def _amount(line: Line) -> Decimal:
    """What the first item says at least, for ordering alone; below everything where it says no figure."""
    item = line.row["items"][0] if line.row["items"] else {}
    least = item.get("minimum", item.get("amount", item.get("amount_minimum")))
    return Decimal(-1) if least is None else Decimal(least)


def _delivered(line: Line) -> Decimal:
    least = [Decimal(one.figure["minimum"]) for one in line.deliveries if one.figure["minimum"] is not None]
    return max(least, default=Decimal(-1))


_ORDERS: dict[str, Callable[[Line], Any]] = {
    "party": lambda line: words.parties(line.row["parties"]).casefold(),
    "pledge": lambda line: line.row["pledge"],
    "what": lambda line: (list(KINDS).index(line.row["items"][0]["kind"]) if line.row["items"] else -1, _amount(line)),
    "status": lambda line: STATUSES.index(line.row["status"]),
    "since": lambda line: line.since,
    "delivered": _delivered,
    "changes": lambda line: line.row["changes"],
}  # fmt: skip
