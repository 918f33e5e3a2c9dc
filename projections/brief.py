"""Answers without the lists that grow with the history: their figures are those of the whole answers. Pure.

They are made from the heads of rows. Where a list is not complete, the newest of it stand in it or none, and beside it stands
how many there are: `movements` and `movements_total`. The few rows whose heads cannot tell are read with their lists.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from ledger.values import first_day
from projections import mandate, pledges
from projections.best import is_known
from projections.figures import FEW
from projections.funding import account_of
from projections.heads import CORROBORATED, DISPUTED, Row, headed
from projections.projection import Projection

Rows = Mapping[str, list[Row]]
Made = dict[str, Any]
LISTED = 500  # events in all rows of a mission: up to so many its snapshot holds every list
COMPLETE, NEWEST = "complete", "newest"


def lists_of(rows: Rows) -> str:
    """How the lists of a snapshot from these rows are told."""
    return COMPLETE if sum(row["events"] for kept in rows.values() for row in kept) <= LISTED else NEWEST


def in_brief(rows: Rows) -> Rows:
    """The rows as they are to be presented: those that came without their lists with what their heads keep of them."""
    return {name: [row if row["entries"] else headed(row) for row in kept] for name, kept in rows.items()}


def without_lists(rows: Rows, projections: Mapping[str, Projection]) -> Rows:
    """The rows as if they had been read without their lists."""
    return {
        name: [{**row, **{each: [] for each in projections[name].all_lists}} for row in kept]
        for name, kept in rows.items()
    }


# --- what heads cannot tell --------------------------------------------------------------------------------------------


def unclear(rows: Rows) -> set[tuple[str, str]]:
    """The rows, by projection and key, that are to be read with their lists: their heads cannot tell what is asked."""
    found = {(name, row["key"]) for name, kept in rows.items() for row in kept if row["beyond"]}
    for name in ("deployments", "observations"):
        found |= {(name, row["key"]) for row in rows.get(name, ()) if not is_known(row["best"])}
    found |= {("pledges", row["key"]) for row in rows.get("pledges", ()) if not pledges.is_told(headed(row))}
    found |= {("deployments", key) for key in _arrived_in_lapses(rows)}
    return found | set(_rivals_forgotten(rows))


def _rivals_forgotten(rows: Rows) -> Iterator[tuple[str, str]]:
    """Rows that have forgotten ranks of which one may settle a dispute of another row."""
    for name, kept in rows.items():
        forgetful = [row for row in kept if "ranks" in row["forgot"]]
        if forgetful and any(claim.get("rival") is not None for row in kept for claim in row["held"]):
            yield from ((name, row["key"]) for row in forgetful)


def _arrived_in_lapses(rows: Rows) -> Iterator[str]:
    """Deployments of which some but not the last to arrive may have come while no term ran."""
    lapses = [lapse for row in rows.get("mandate", ()) for lapse in _lapses(mandate.terms(row))]
    for row in rows.get("deployments", ()) if lapses else ():
        came = row["arrived"]
        if came and came["count"] > 1:
            last = first_day(came["last"]["effective"])
            is_found = any(end < last < begin for end, begin in lapses)
            if not is_found and any(came["first"] < begin and end < last for end, begin in lapses):
                yield row["key"]


def _lapses(acts: list[Row]) -> Iterator[tuple[str, str]]:
    """The last day of a term and the first of the next, or the end of time, where days lie between them."""
    days = sorted({first_day(act["adopted"]) for act in acts})
    for day, following in pairwise([*days, "9999"]):
        ends = [act["until"] for act in acts if first_day(act["adopted"]) <= day]
        if None not in ends and max(ends) < following:
            yield max(ends), following


# --- answers without lists -----------------------------------------------------------------------------------------------

_GROWING: Mapping[str, tuple[str, ...]] = {
    "mandate": ("ceilings", "support_offices"),
    "leadership": ("former",),
    "pledges": ("confirmations", "documents"),
    "deployments": ("reports", "movements"),
    "positions": ("earlier",),
    "observations": ("reports",),
}
_SHOWN: Mapping[str, Callable[[Row], Any]] = {  # which rows stand in an answer, each for itself
    "mandate": lambda row: row["entries"],
    "leadership": lambda row: row["entries"],
    "partners": lambda row: row["seat"],
    "pledges": pledges.opened,
    "deployments": lambda row: row["entries"],
    "commitments": lambda row: row["signed"],
    "positions": lambda row: row["now"],
    "targets": lambda row: row["plan"],
    "observations": lambda row: row["entries"],
}


def shortened(made: Made, rows: Rows) -> Made:
    """The answers `made` from `rows`, without the lists that grow with the history."""
    short = dict(made)
    for name, answer in made.items():
        if name in _SHOWN and answer is not None:
            told = [row for row in rows[name] if _SHOWN[name](row)]
            pairs = zip(answer if isinstance(answer, list) else [answer], told, strict=True)
            shown = [_short(name, one, row) for one, row in pairs]
            short[name] = shown if isinstance(answer, list) else shown[0]
    if "partners" in made:
        short["partners"] = _groups(short["partners"], rows["partners"])
    if "funding" in made:
        short["funding"] = _accounts(made["funding"], rows)
    if "payments" in made:
        short |= _list("payments", [], sum(row["counts"].get("flows", 0) for row in rows["flows"]))
    return short


def _list(name: str, values: list[Any], total: int) -> Row:
    return {name: values} | ({f"{name}_total": total} if total > len(values) else {})


def _short(name: str, one: Row, row: Row) -> Row:
    """A row of an answer; `row`, from which it is made, tells how long its lists are."""
    made, counts = dict(one), row["counts"]
    if DISPUTED in counts:
        made |= _disputes(one, counts[DISPUTED])
    if counts["entries"] > FEW:
        made |= _list("entries", one["entries"][-FEW:], counts["entries"])
    for field in _GROWING.get(name, ()):
        if field in counts:
            made |= _list(field, [], counts[field])
    if CORROBORATED in counts and "corroborations" in one:
        made |= _list("corroborations", [], counts[CORROBORATED])
    if name == "pledges":
        made["provenance"] = {**one["provenance"], "changes": made["entries"]}
        total = len(one["suspensions"]) + pledges.hidden_suspensions(row)
        made |= _list("suspensions", one["suspensions"][-FEW:], total)
    return made


def _disputes(one: Row, total: int) -> Row:
    """The last open disputes."""
    return _list("disputes", [dispute for dispute in one["disputes"] if dispute["open"]][-FEW:], total)


def _groups(members: list[Row], rows: list[Row]) -> list[Row]:
    """Members of groups, without who was a member before."""
    counts = {row["key"]: row["counts"] for row in rows}
    former: dict[str, int] = {}
    for row in rows:
        group = row["key"].split("/")[0]
        former[group] = former.get(group, 0) + row["counts"].get("former", 0)
    return [{**one, "group": _group(one["group"], counts.get(one["group"]["code"], {}), former)} for one in members]


def _group(group: Row, counts: Mapping[str, int], former: Mapping[str, int]) -> Row:
    lists = _list("rules", [], counts.get("rules", 0)) | _list("former", [], former[group["code"]])
    return {**group, **lists, **_list("entries", group["entries"][-FEW:], counts.get("entries", 0))}


def _accounts(accounts: list[Row], rows: Rows) -> list[Row]:
    counts: dict[tuple[str, ...], int] = {}
    for row in rows["flows"]:
        counts[tuple(row["key"].split("/"))] = row["counts"].get(DISPUTED, 0)
    for row in rows["commitments"]:
        if account := account_of(row):
            counts[account] = counts.get(account, 0) + row["counts"].get(DISPUTED, 0)
    return [
        {**one, **_disputes(one, counts.get((one["party"], one["channel"], one["currency"]), 0))} for one in accounts
    ]
