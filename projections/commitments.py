"""Single commitments and payments, each with what it is for and what it is linked to; `funding` adds them up. Pure."""

from collections import defaultdict
from collections.abc import Iterator

from projections import figures
from projections.figures import Tally
from projections.funding import sums
from projections.projection import Row, corroborations, disputes, rank, ranked_by


def commitments(rows: list[Row], flows: list[Row]) -> list[Row]:
    """Every commitment signed by the day, with what was paid under it in its currency."""
    paid: dict[tuple[str, str], list[Tally]] = defaultdict(list)
    for account in flows:
        for one in sums(account):
            if one.flow == "received" and one.commitment:
                paid[one.commitment, account["key"].split("/")[2]].append(one.tally)
    return [_commitment(row, paid[row["key"], row["money"]["currency"]]) for row in rows if row["signed"] is not None]


def _commitment(row: Row, paid: list[Tally]) -> Row:
    first = row["signed"]["entries"][0]
    ended = row["cancelled"] or row["signed"]
    return {
        "commitment": row["key"],
        "parties": row["parties"].split("+"),
        "channel": row["channel"],
        "status": "cancelled" if row["cancelled"] else "signed",
        "money": row["money"],
        "money_since": row["sum"]["since"],
        "paid": figures.total(paid, money=True),
        **{name: row[name] for name in ("fulfils", "announcer", "purpose", "signed", "cancelled")},
        "rank": rank(row, first),
        "disputes": disputes(row),
        "corroborations": corroborations(row),
        "provenance": {
            "status": ended["entries"],
            "money_since": row["sum"]["entries"],
            "rank": ranked_by(row, first),
            **dict.fromkeys(("channel", "fulfils", "announcer", "purpose"), row["signed"]["entries"]),
        },
        "entries": row["entries"],
    }


def payments(rows: list[Row]) -> list[Row]:
    """Every payment by the day, by payer and date: received, suspended, resumed, refunded, disbursed."""
    return [payment for row in rows for payment in _payments(row)]


def _payments(row: Row) -> Iterator[Row]:
    party, channel, _ = row["key"].split("/")
    for flow in row["flows"]:
        yield {
            "payment": flow["position"],
            "flow": flow["flow"],
            "parties": party.split("+"),
            "channel": channel,
            **{name: flow[name] for name in ("money", "effective", "fulfils", "commitment", "recipient", "purpose")},
            "rank": rank(row, flow["position"]),
            "disputes": disputes(row, flow["position"]),
            "corroborations": corroborations(row, flow["position"]),
            "entries": flow["entries"],
        }
