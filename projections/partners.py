"""Partner groups and their members."""

from collections.abc import Iterable

from ledger.standing import Standing
from projections.projection import Projection, Row, disputes, pick, rank, remark, since


def _keys(s: Standing) -> Iterable[str]:
    return [s.data["group"] if s.type == "partner-group.constituted" else f"{s.data['group']}/{s.data['party']}"]


def _constituted(row: Row, s: Standing) -> Row:
    rules = [{"rule": s.data["rule"], **since(s)}] if "rule" in s.data else []
    return {**row, "name": s.data.get("name") or row["name"], "rules": [*row["rules"], *rules]}


def _joined(row: Row, s: Standing) -> Row:
    return {**row, "seat": {**pick(s, "role", "by_virtue_of", "delegate", "intended"), **since(s)}}


def _left(row: Row, s: Standing) -> Row:
    if row["seat"] is None:
        row = remark(row, "leaves-before-joining", f"{s.data['party']} leaves {s.data['group']} before joining it", s)
    return {**row, "seat": None}


PARTNERS = Projection(
    "partners",
    reads={"partner-group.constituted": _constituted, "partner.joined": _joined, "partner.left": _left},
    keys=_keys,
    start={"name": None, "rules": [], "seat": None},
    lists=("rules",),
)


def members(rows: list[Row]) -> list[Row]:
    """The members on the day, each with its group."""
    groups = {
        row["key"]: {"code": row["key"], "name": row["name"], "rules": row["rules"], "entries": row["entries"]}
        for row in rows
        if "/" not in row["key"]
    }
    return [_member(row, groups) for row in rows if row["seat"] is not None]


def _member(row: Row, groups: dict[str, Row]) -> Row:
    group, party = row["key"].split("/")
    return {
        "group": groups.get(group, {"code": group, "name": None, "rules": [], "entries": []}),
        "party": party,
        **{name: row["seat"][name] for name in ("role", "by_virtue_of", "delegate", "intended", "since")},
        "rank": rank(row, row["seat"]["entries"][0]),
        "disputes": disputes(row),
        "entries": row["entries"],
    }
