"""The best of many reports, known without keeping all of them. Pure.

The best is the latest among those of the best rank, one with a figure before one without; a deprecated one never is.
Of each class that may hold it the newest few are kept, and counted are all.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from ledger.standing import Standing
from ledger.values import first_day
from projections.heads import DISPUTED, RANKED
from projections.projection import Row, disputes, rank

_CLASSES = ("preferred", "preferred/unspecified", "normal", "normal/unspecified")
_KEPT = 2


def best_report(reports: Sequence[Row]) -> Row | None:
    """The best of all reports, each with its rank."""
    for wanted in ("preferred", "normal"):
        ranked = [report for report in reports if report["rank"] == wanted]
        if ranked:
            return ([report for report in ranked if not _without_figure(report)] or ranked)[-1]
    return None


def _without_figure(report: Row) -> bool:
    return all("unspecified" in item for item in report["items"])


def _class(report: Row, rank: str) -> str:
    return rank + "/unspecified" * _without_figure(report)


def with_reports(best: Row, reports: Iterable[Row]) -> Row:
    """With new reports, later than all others."""
    for report in reports:
        count, kept = best.get(name := _class(report, "normal"), (0, ()))
        best = {**best, name: [count + 1, [*kept, report][-_KEPT:]]}
    return best


def ranked_anew(best: Row, reports: Sequence[Row], was: str, now: str) -> Row:
    """With reports that have another rank than before."""
    for report in reports:
        best = {name: _left(kept, report) if name == _class(report, was) else kept for name, kept in best.items()}
    return best if now == "deprecated" else _joining(best, reports, now)


def _left(kept: Sequence[Any], report: Row) -> list[Any]:
    return [kept[0] - 1, [other for other in kept[1] if other["position"] != report["position"]]]


def _joining(best: Row, reports: Sequence[Row], rank: str) -> Row:
    """Kept are the newest of a class, without a gap: one that is older than they are is only counted where others are too."""
    for report in reports:
        count, kept = best.get(name := _class(report, rank), (0, ()))
        whole = count == len(kept)
        if whole or (kept and _order(report) >= _order(kept[0])):
            kept = sorted([*kept, report], key=_order)[-_KEPT:]
        best = {**best, name: [count + 1, kept]}
    return best


def _order(report: Row) -> tuple[str, int]:
    return first_day(report["effective"]), report["position"]


def disputed(best: Row, position: int) -> Row:
    """With a dispute of a report."""
    return {
        name: [count, [{**one, "disputed": True} if one["position"] == position else one for one in kept]]
        for name, (count, kept) in best.items()
    }


def best_kept(best: Row) -> Row | None:
    """The best report with its rank, and whether it is disputed."""
    for name in _CLASSES:
        count, kept = best.get(name, (0, ()))
        if count:
            return {"disputed": False, **kept[-1], "rank": name.split("/")[0]} if kept else None
    return None


def is_known(best: Row) -> bool:
    """Whether the best report is among those that are kept."""
    for name in _CLASSES:
        count, kept = best.get(name, (0, ()))
        if count:
            return bool(kept)
    return True


def judged(row: Row, report: Row) -> Row:
    """The rank of a report, and whether it is disputed."""
    return {"rank": rank(row, report["position"]), "disputed": bool(disputes(row, report["position"]))}


def heard_of_reports(row: Row, claim: Standing, reports: Sequence[Row], was: str, now: str) -> Row:
    """The row, in whose `best` are reports, after a rank or a dispute of one of its events, which made `reports`."""
    target = claim.entry.target
    assert target is not None
    if claim.type == DISPUTED:
        return {**row, "best": disputed(row["best"], target)}
    assert claim.type == RANKED, claim.type
    if "disputes" in row["forgot"]:
        return {**row, "beyond": True}
    is_disputed = any(held["type"] == DISPUTED and held["target"] == target for held in row["held"])
    made = [{**report, "disputed": True} for report in reports] if is_disputed else reports
    return {**row, "best": ranked_anew(row["best"], made, was, now)}
