"""Observations that are set beside the figures: fund balances, totals of pledges, costs, the state of equipment.

A row's key is `subject/…`; its reports are never added to anything.
"""

from collections.abc import Iterable

from ledger.standing import Standing
from projections.deployments import best_report
from projections.projection import Projection, Row, disputes, pick, rank


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
    report = {
        "items": _items(row, s),
        "effective": s.effective,
        **pick(s, "reporter", "statement", "parties", "months"),
        "source": s.source,
        "position": s.position,
        "entries": s.positions,
    }
    return {**row, "reports": [*row["reports"], report]}


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
    start={"reports": []},
    lists=("reports",),
)


def present(row: Row) -> Row:
    """One measured thing with everything reported of it; `latest` is the latest report of the best rank."""
    subject, *measured = row["key"].split("/")
    reports = [
        {
            **{k: v for k, v in report.items() if k != "position"},
            "rank": rank(row, report["position"]),
            "disputed": bool(disputes(row, report["position"])),
        }
        for report in row["reports"]
    ]
    return {
        "subject": subject,
        "measured": "/".join(measured),
        "latest": best_report(reports),
        "reports": reports,
        "disputes": disputes(row),
        "entries": row["entries"],
    }
