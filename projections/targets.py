"""Targets: figures to be reached and deadlines to be kept, and what became of them."""

from ledger.standing import Standing
from projections.projection import Projection, Row, disputes, pick, rank, ranked_by, since


def _set(row: Row, s: Standing) -> Row:
    return {
        **row,
        "plan": {**pick(s, "text", "items", "due", "party", "setter"), "source": s.source, **since(s)},
        "supersedes": s.data.get("supersedes", []),
    }


def _closed(row: Row, s: Standing) -> Row:
    return {**row, "closed": {**pick(s, "outcome", "reason"), **since(s)}}


TARGETS = Projection(
    "targets",
    reads={"target.set": _set, "target.closed": _closed},
    keys=lambda s: [s.data["target"]],
    start={"plan": None, "closed": None, "supersedes": []},
)


def targets(rows: list[Row]) -> list[Row]:
    """Every target set by the day: open, met, missed, superseded or dropped."""
    replacing: dict[str, list[int]] = {}
    for row in (row for row in rows if row["plan"] and rank(row, row["plan"]["entries"][0]) != "deprecated"):
        for earlier in row["supersedes"]:
            replacing.setdefault(earlier, []).extend(row["plan"]["entries"])
    return [_shown(row, replacing.get(row["key"], [])) for row in rows if row["plan"] is not None]


def _shown(row: Row, replacing: list[int]) -> Row:
    """One target; `replacing` are the entries of those that take its place."""
    status = row["closed"]["outcome"] if row["closed"] else "superseded" if replacing else "open"
    first = row["plan"]["entries"][0]
    return {
        "target": row["key"],
        "status": status,
        **row["plan"],
        "closed": row["closed"],
        "supersedes": row["supersedes"],
        "rank": rank(row, first),
        "disputes": disputes(row),
        "provenance": {
            "status": (row["closed"] or {"entries": replacing or row["plan"]["entries"]})["entries"],
            "rank": ranked_by(row, first),
        },
        "entries": row["entries"],
    }
