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
        return remark(row, "leaves-before-joining", f"{s.data['party']} leaves {s.data['group']} before joining it", s)
    behind = [*row["seat"]["entries"], *s.positions]
    gone = {**row["seat"], "party": s.data["party"], "until": s.effective, **pick(s, "cause"), "entries": behind}
    return {**row, "seat": None, "former": [*row["former"], gone]}


PARTNERS = Projection(
    "partners",
    reads={"partner-group.constituted": _constituted, "partner.joined": _joined, "partner.left": _left},
    keys=_keys,
    start={"name": None, "seat": None},
    lists=("rules", "former"),
)


def members(rows: list[Row]) -> list[Row]:
    """The members on the day, each with its group and who was a member of that before."""
    groups = {row["key"]: {name: row[name] for name in ("name", "rules", "entries")} for row in rows}
    former: dict[str, list[Row]] = {}
    for row in rows:
        former.setdefault(row["key"].split("/")[0], []).extend(row["former"])
    return [_member(row, groups, former) for row in rows if row["seat"] is not None]


def _member(row: Row, groups: dict[str, Row], former: dict[str, list[Row]]) -> Row:
    group, party = row["key"].split("/")
    described = groups.get(group, {"name": None, "rules": [], "entries": []})
    return {
        "group": {"code": group, **described, "former": former[group]},
        "party": party,
        **{name: row["seat"][name] for name in ("role", "by_virtue_of", "delegate", "intended", "since")},
        "rank": rank(row, row["seat"]["entries"][0]),
        "disputes": disputes(row),
        "entries": row["entries"],
    }
