"""Observations that are set beside the figures: fund balances, totals of pledges, costs, the state of equipment.

A row's key is `subject/…`; its reports are never added to anything.
"""

from collections.abc import Iterable

from ledger.standing import Standing
from projections.best import best_kept, best_report, heard_of_reports, judged, with_reports
from projections.heads import is_brief
from projections.projection import Projection, Row, disputes, pick


def _keys(s: Standing) -> Iterable[str]:
    data = s.data
    if s.type == "fund-balance.reported":
        return [
            "/".join(
                [
                    "fund",
                    data["fund"],
                    data["measure"],
                    data["money"]["currency"],
                    *([data["party"]] if "party" in data else []),
                ]
            )
        ]
    if s.type == "cost.estimated":
        return [f"cost/{data['estimate']}/{data['money']['currency']}"]
    if s.type == "pledge-total.reported":
        return [f"pledges/{data['counting']}"]
    return {f"equipment/{data['status']}/{data.get('party', 'mission')}/{item['category']}" for item in data["items"]}


def _reported(row: Row, s: Standing) -> Row:
    made = _report(row, s)
    return {**row, "reports": [made], "best": with_reports(row["best"], [made])}


def _report(row: Row, s: Standing) -> Row:
    return {
        "items": _items(row, s),
        "effective": s.effective,
        **pick(s, "reporter", "statement", "parties", "months"),
        "source": s.source,
        "position": s.position,
        "entries": s.positions,
    }


def _heard(row: Row, claim: Standing, was: str, now: str) -> Row:
    """With another rank, or a dispute, of a report."""
    assert claim.about is not None
    return heard_of_reports(row, claim, [_report(row, claim.about)], was, now)


def _items(row: Row, s: Standing) -> list[Row]:
    if "money" in s.data:
        return [s.data["money"]]
    if s.type == "equipment-status.reported":
        return [item for item in s.data["items"] if row["key"].endswith(f"/{item['category']}")]
    plain = {name: s.data[name] for name in ("minimum", "maximum") if name in s.data}
    return s.data.get("items") or ([plain] if plain else [])


OBSERVATIONS = Projection(
    "observations",
    reads=dict.fromkeys(
        ("fund-balance.reported", "cost.estimated", "pledge-total.reported", "equipment-status.reported"), _reported
    ),
    keys=_keys,
    start={"best": {}},
    lists=("reports",),
    weigh=_heard,
)


def present(row: Row) -> Row:
    """One measured thing with everything reported of it; `latest` is the latest report of the best rank."""
    subject, *measured = row["key"].split("/")
    reports = [_shown({**report, **judged(row, report)}) for report in row["reports"]]
    best = best_kept(row["best"]) if is_brief(row) else best_report(reports)
    return {
        "subject": subject,
        "measured": "/".join(measured),
        "latest": _shown(best) if best else None,
        "reports": reports,
        "disputes": disputes(row),
        "entries": row["entries"],
    }


def _shown(report: Row) -> Row:
    return {name: value for name, value in report.items() if name != "position"}
