"""Deployments: what the movements add up to, beside what was reported; people, equipment, services, casualties.

A row's key is `PARTY/kind/category`, with `/unit=…` where something other than persons or pieces is counted and
`/for=…` where the recipient is not the mission. The whole mission's reports stand under `mission`.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from ledger.events import parties_of
from ledger.standing import Standing
from projections import figures
from projections.best import best_kept, best_report, heard_of_reports, judged, with_reports
from projections.figures import Tally
from projections.heads import MOST_SUMS, is_brief
from projections.projection import Projection, Row, corroborations, disputes, pick, rank

_FATAL = ("killed_in_action", "died_of_accident", "died_of_illness", "died_cause_not_stated", "missing")
_MILITARY = {"troops", "staff_officers", "experts_on_mission", "military_unspecified"}
_POLICE = {"formed_police_units", "individual_police", "police_unspecified", "law_enforcement_unspecified"}
_UNIFORMED = {*_MILITARY, *_POLICE, "uniformed_unspecified"}
_WITHIN = {
    "military_unspecified": _MILITARY,
    "police_unspecified": _POLICE,
    "law_enforcement_unspecified": _POLICE,
    "uniformed_unspecified": _UNIFORMED,
    "personnel_unspecified": {*_UNIFORMED, "civilian", "personnel_unspecified"},
}
_DIRECTIONS = {
    "personnel.deployed": {"items": 1},
    "personnel.repatriated": {"items": -1},
    "personnel.rotated": {"rotated_in": 1, "rotated_out": -1},
    "equipment.delivered": {"items": 1},
    "equipment.withdrawn": {"items": -1},
    "equipment.lost": {"items": -1},
}
_REPORTS = ("strength.reported", "equipment-status.reported")
_LOSSES = ("equipment.lost", "casualty.reported")
_NONE = Tally().kept()


def _key(s: Standing, item: Mapping[str, Any]) -> str:
    data = s.data
    who = parties_of(data) if "party" in data else "mission"
    unit = f"/unit={item['unit']}" if "unit" in item else ""
    recipient = f"/for={data['recipient']}" if data.get("recipient") not in (None, data.get("party")) else ""
    return f"{who}/{item['kind']}/{item['category']}{unit}{recipient}"


def _movements(s: Standing) -> list[tuple[int, Mapping[str, Any]]]:
    data = s.data
    return [(sign, item) for name, sign in _DIRECTIONS[s.type].items() for item in data[name]]


def _casualty_keys(s: Standing) -> list[str]:
    counted = f"{s.data['party']}/casualty/{s.data['casualty']}"
    own = s.data.get("affiliation", "mission") == "mission"
    keys = [counted if own else f"{counted}/of={s.data['affiliation']}"]
    if own and "category" in s.data and s.data["casualty"] in _FATAL:
        keys.append(f"{s.data['party']}/personnel/{s.data['category']}")
    return keys


def _keys(s: Standing) -> Iterable[str]:
    if s.type == "casualty.reported":
        return _casualty_keys(s)
    if s.type in _DIRECTIONS:
        return {_key(s, item) for _, item in _movements(s)}
    return {_key(s, item) for item in s.data["items"]} if s.data.get("status", "present") == "present" else ()


def _moved(row: Row, s: Standing) -> Row:
    return _summed({**row, "movements": _movements_in(row, s)}, s)


def _movements_in(row: Row, s: Standing) -> list[Row]:
    """The movements of an event that belong in the row."""
    if s.type == "casualty.reported":
        return [_casualty(row, s)]
    return [_movement(s, sign, item) for sign, item in _movements(s) if _key(s, item) == row["key"]]


def _movement(s: Standing, sign: int, item: Mapping[str, Any]) -> Row:
    return {
        "type": s.type,
        "effective": s.effective,
        "direction": "in" if sign > 0 else "out",
        "item": item,
        **pick(s, "fulfils", "contingent", "temporary", "holder", "shared_with"),
        "position": s.position,
        "entries": s.positions,
    }


def _casualty(row: Row, s: Standing) -> Row:
    item = pick(s, "minimum", "maximum")
    item = {name: value for name, value in item.items() if value is not None} or {"unspecified": "not_stated"}
    sign = 1 if "/casualty/" in row["key"] else -1
    return {**_movement(s, sign, item), **pick(s, "names", "place", "circumstances")}


def _reported(row: Row, s: Standing) -> Row:
    made = _reports_in(row, s)
    return {**row, "reports": made, "best": with_reports(row["best"], made)}


def _reports_in(row: Row, s: Standing) -> list[Row]:
    """The reports of an event that belong in the row."""
    return [
        {
            "items": [item],
            "effective": s.effective,
            **pick(s, "reporter", "statement", "parties_present"),
            "source": s.source,
            "position": s.position,
            "entries": s.positions,
        }
        for item in s.data["items"]
        if _key(s, item) == row["key"]
    ]


# --- what the head says in sum ----------------------------------------------------------------------------------------


def _summed(row: Row, s: Standing) -> Row:
    """With what an event moves; of those who come also when the first and the last did, and for which pledges."""
    row, fulfils = _weighed(row, s, row["movements"], Tally.plus), s.data.get("fulfils")
    came = [movement for movement in row["movements"] if movement["direction"] == "in"]
    if came and "/casualty/" not in row["key"]:
        first = row["arrived"] or {"count": 0, "first": s.first}
        last = {name: came[-1][name] for name in ("type", "effective", "entries")}
        row = {**row, "arrived": {**first, "count": first["count"] + 1, "last": last}}
    if fulfils is not None:
        linked = {**row["linked"], fulfils: s.positions}
        row = {**row, "linked": linked, "beyond": row["beyond"] or len(linked) > MOST_SUMS}
    return row


def _weighed(row: Row, s: Standing, movements: list[Row], by: Callable[[Tally, Tally], Tally]) -> Row:
    """With the movements of an event added or taken away; visits move nothing."""
    made = figures.tally(_part(movement) for movement in movements if not movement["temporary"])
    if made.is_empty:
        return row
    if s.type in _LOSSES:
        return {**row, "lost": by(Tally.again(row["lost"]), made).kept()}
    cell = s.data.get("fulfils") or ""
    return {**row, "sums": {**row["sums"], cell: by(Tally.again(row["sums"].get(cell, _NONE)), made).kept()}}


def _part(movement: Row) -> figures.Part:
    return figures.part(movement["item"], movement["entries"], 1 if movement["direction"] == "in" else -1)


def _heard(row: Row, claim: Standing, was: str, now: str) -> Row:
    """With another rank, or a dispute, of a movement or a report."""
    assert claim.about is not None
    if claim.about.type not in _REPORTS:
        if (was == "deprecated") == (now == "deprecated"):
            return row
        by = Tally.less if now == "deprecated" else Tally.plus
        return _weighed(row, claim.about, _movements_in(row, claim.about), by)
    return heard_of_reports(row, claim, _reports_in(row, claim.about), was, now)


DEPLOYMENTS = Projection(
    "deployments",
    reads={
        **dict.fromkeys((*_DIRECTIONS, "casualty.reported"), _moved),
        **dict.fromkeys(_REPORTS, _reported),
    },
    keys=_keys,
    start={"sums": {}, "lost": _NONE, "linked": {}, "arrived": None, "best": {}},
    lists=("movements", "reports"),
    weigh=_heard,
)


def delivered(row: Row) -> dict[str | None, Tally]:
    """What moved, but losses, by the pledge that it fulfils: deprecated movements and visits do not count."""
    if is_brief(row):
        return {fulfils or None: Tally.again(kept) for fulfils, kept in row["sums"].items()}
    parts: dict[str | None, list[figures.Part]] = {}
    for movement in _counted(row):
        if movement["type"] not in _LOSSES:
            parts.setdefault(movement["fulfils"], []).append(_part(movement))
    return {fulfils: figures.tally(made) for fulfils, made in parts.items()}


def _counted(row: Row) -> list[Row]:
    return [m for m in row["movements"] if not m["temporary"] and rank(row, m["position"]) != "deprecated"]


def balance(row: Row) -> Row | None:
    """The sum of the movements; deprecated ones and visits do not count."""
    if is_brief(row):
        lost = [row["lost"]] if row["lost"][0] else []
        return figures.total(Tally.again(kept) for kept in (*row["sums"].values(), *lost))
    return figures.total(map(_part, _counted(row)))


def links(row: Row) -> list[Row]:
    """The movements that fulfil a pledge; of a row without its lists the last for each pledge."""
    if is_brief(row):
        return [{"fulfils": fulfils, "entries": entries} for fulfils, entries in row["linked"].items()]
    return [movement for movement in row["movements"] if movement["fulfils"] is not None]


def arrivals(row: Row) -> list[Row]:
    """The movements of those who came; of a row without its lists the last of them."""
    if is_brief(row):
        return [row["arrived"]["last"]] if row["arrived"] else []
    return [movement for movement in row["movements"] if movement["direction"] == "in"]


@lru_cache(maxsize=65_536)
def _named(key: str) -> Mapping[str, Any]:
    party, kind, category, *rest = key.split("/")
    qualifiers = dict(part.split("=") for part in rest)
    names = {"unit": "unit", "recipient": "for", "affiliation": "of"}
    return {"party": party, "kind": kind, "category": category} | {n: qualifiers.get(q) for n, q in names.items()}


def named(row: Row) -> Mapping[str, Any]:
    """What the row is about: party, kind, category, unit, recipient, affiliation."""
    return _named(row["key"])


def present(row: Row) -> Row:
    """What the movements add up to; the latest report of the best rank; the variance between them; who disputes what."""
    of, moved = named(row), balance(row)
    reports = [{**report, **judged(row, report)} for report in row["reports"]]
    best = best_kept(row["best"]) if is_brief(row) else best_report(reports)
    best = _report(best) if best else None
    return {
        "party": of["party"],
        "parties": of["party"].split("+"),
        **{name: of[name] for name in ("kind", "category", "unit", "recipient", "affiliation")},
        "moved": moved,
        "reported": best,
        "variance": figures.difference(best["figure"], moved) if best and not _is_covered(of) else None,
        "reports": [_report(report) for report in reports],
        "movements": [{**movement, "rank": rank(row, movement["position"])} for movement in row["movements"]],
        "disputes": disputes(row),
        "corroborations": corroborations(row),
        "entries": row["entries"],
    }


def _report(report: Row) -> Row:
    names = (
        "items",
        "effective",
        "reporter",
        "statement",
        "parties_present",
        "source",
        "rank",
        "disputed",
        "entries",
    )
    figure = figures.total(figures.part(item, report["entries"]) for item in report["items"])
    return {"figure": figure, **{name: report[name] for name in names}}


def deployments(rows: list[Row]) -> list[Row]:
    """Every row by the day, with the mission's own reports set beside the sum of all parties' people."""
    shown = [present(row) for row in rows if row["entries"]]
    people: dict[str, list[Row]] = {}
    for row in shown:
        if _is_covered(row) and row["party"] != "mission":
            people.setdefault(row["party"], []).append(row)
    return [_against(row, people) if _is_covered(row) else row for row in shown]


def _is_covered(of: Mapping[str, Any]) -> bool:
    """Whether a category of people may cover others: its reports are set beside all of them."""
    return of["kind"] == "personnel" and of["unit"] is None


def _against(row: Row, people: Mapping[str, list[Row]]) -> Row:
    """The report beside everybody whom its category may cover; who only may be covered widens the figure upward."""
    is_mission = row["party"] == "mission"
    if not is_mission and not (row["reported"] and row["moved"]):
        return row
    theirs = list(itertools.chain(*people.values())) if is_mission else people[row["party"]]
    within, moved = (
        _WITHIN.get(row["category"], set()) | {row["category"]},
        [other for other in theirs if other["moved"]],
    )
    surely = [figures.again(other["moved"]) for other in moved if other["category"] in within]
    perhaps = [
        figures.at_most(figures.again(other["moved"]))
        for other in moved
        if other["category"] not in within and row["category"] in _WITHIN.get(other["category"], ())
    ]
    reported = row["reported"] if surely else None
    variance = figures.difference(reported["figure"], figures.total([*surely, *perhaps])) if reported else None
    return {**row, "moved": figures.total(surely) if is_mission else row["moved"], "variance": variance}
