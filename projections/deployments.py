"""Deployments: what the movements add up to, beside what was reported; people, equipment, services, casualties.

A row's key is `PARTY/kind/category`, with `/unit=…` where something other than persons or pieces is counted and
`/for=…` where the recipient is not the mission. The whole mission's reports stand under `mission`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ledger.events import parties_of
from ledger.standing import Standing
from projections import figures
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
    made = [_movement(s, sign, item) for sign, item in _movements(s) if _key(s, item) == row["key"]]
    return {**row, "movements": [*row["movements"], *made]}


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
    movement = {**_movement(s, sign, item), **pick(s, "names", "place", "circumstances")}
    return {**row, "movements": [*row["movements"], movement]}


def _reported(row: Row, s: Standing) -> Row:
    made = [
        {
            "item": item,
            "effective": s.effective,
            **pick(s, "reporter", "statement", "parties_present"),
            "source": s.source,
            "position": s.position,
            "entries": s.positions,
        }
        for item in s.data["items"]
        if _key(s, item) == row["key"]
    ]
    return {**row, "reports": [*row["reports"], *made]}


DEPLOYMENTS = Projection(
    "deployments",
    reads={
        **dict.fromkeys(_DIRECTIONS, _moved),
        "casualty.reported": _casualty,
        "strength.reported": _reported,
        "equipment-status.reported": _reported,
    },
    keys=_keys,
    start={"movements": [], "reports": []},
    lists=("movements", "reports"),
)


def present(row: Row) -> Row:
    """What the movements add up to; the latest report of the best rank; the variance between them; who disputes what."""
    party, kind, category, *rest = row["key"].split("/")
    qualifiers = dict(part.split("=") for part in rest)
    moved = balance(row)
    reports = [_report(row, report) for report in row["reports"]]
    best = best_report(reports)
    return {
        "party": party,
        "parties": party.split("+"),
        "kind": kind,
        "category": category,
        "unit": qualifiers.get("unit"),
        "recipient": qualifiers.get("for"),
        "affiliation": qualifiers.get("of"),
        "moved": moved,
        "reported": best,
        "variance": figures.difference(best["figure"], moved) if best else None,
        "reports": reports,
        "movements": [{**movement, "rank": rank(row, movement["position"])} for movement in row["movements"]],
        "disputes": disputes(row),
        "corroborations": corroborations(row),
        "entries": row["entries"],
    }


def balance(row: Row) -> Row | None:
    """The sum of the movements; deprecated ones and visits do not count."""
    counted = [m for m in row["movements"] if not m["temporary"] and rank(row, m["position"]) != "deprecated"]
    return figures.total(figures.part(m["item"], m["entries"], 1 if m["direction"] == "in" else -1) for m in counted)


def _report(row: Row, report: Row) -> Row:
    figure = figures.total([figures.part(report["item"], report["entries"])])
    return {
        "figure": figure,
        "items": [report["item"]],
        **{name: report[name] for name in ("effective", "reporter", "statement", "parties_present", "source")},
        "rank": rank(row, report["position"]),
        "disputed": bool(disputes(row, report["position"])),
        "entries": report["entries"],
    }


def best_report(reports: list[Row]) -> Row | None:
    """The latest among those of the best rank, one with a figure before one without; deprecated reports are never the best."""
    for wanted in ("preferred", "normal"):
        ranked = [report for report in reports if report["rank"] == wanted]
        if ranked:
            return ([report for report in ranked if not _without_figure(report)] or ranked)[-1]
    return None


def _without_figure(report: Row) -> bool:
    return all("unspecified" in item for item in report["items"])


def deployments(rows: list[Row]) -> list[Row]:
    """Every row by the day, with the mission's own reports set beside the sum of all parties' people."""
    shown = [present(row) for row in rows if row["entries"]]
    people = [row for row in shown if row["kind"] == "personnel" and row["unit"] is None and row["party"] != "mission"]
    return [_against(row, people) if row["kind"] == "personnel" and row["unit"] is None else row for row in shown]


def _against(row: Row, people: list[Row]) -> Row:
    """The report beside everybody whom its category may cover; who only may be covered widens the figure upward."""
    theirs = people if row["party"] == "mission" else [other for other in people if other["party"] == row["party"]]
    within = _WITHIN.get(row["category"], set()) | {row["category"]}
    surely = [o for o in theirs if o["category"] in within and o["moved"]]
    perhaps = [
        o for o in theirs if o not in surely and row["category"] in _WITHIN.get(o["category"], ()) and o["moved"]
    ]
    moved = figures.total(figures.again(other["moved"]) for other in surely)
    may = figures.total(
        [*(figures.again(o["moved"]) for o in surely), *(figures.at_most(figures.again(o["moved"])) for o in perhaps)]
    )
    is_mission = row["party"] == "mission"
    comparable = row["reported"] and surely and (row["moved"] or is_mission)
    variance = figures.difference(row["reported"]["figure"], may) if comparable else None
    return {**row, "moved": moved if is_mission else row["moved"], "variance": variance}
