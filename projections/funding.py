"""Funding, by party, channel and currency: pledged, committed, received, suspended, disbursed, refunded, outstanding.

Figures of different currencies or statuses are never added up. What is outstanding of the pledges of an account
is derived: pledged, less what was received in it or fulfils one of its pledges, plus refunds; without a pledge,
committed instead of pledged. What fulfils a converted pledge fulfils the one that took its place.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from ledger.events import parties_of
from ledger.standing import Standing
from projections import figures
from projections.pledges import counts, successors
from projections.projection import Projection, Row, disputes, pick, rank, remark, since

Account = tuple[str, str, str]
_FLOWS = {
    "contribution.received": "received",
    "contribution.suspended": "suspended",
    "contribution.resumed": "resumed",
    "contribution.refunded": "refunded",
    "funds.disbursed": "disbursed",
}


def _signed(row: Row, s: Standing) -> Row:
    amended = {"money": row["money"], "sum": row["sum"]} if row["sum"] else {}
    if row["sum"] or row["cancelled"]:
        row = remark(row, "not-opened", f"something of {row['key']} is dated before its own beginning", s)
    return {
        **row,
        "parties": parties_of(s.data),
        **pick(s, "channel", "money", "fulfils", "announcer", "purpose"),
        "signed": since(s),
        "sum": since(s),
        **amended,
    }


def _amended(row: Row, s: Standing) -> Row:
    return {**row, "money": s.data["money"], "sum": since(s)}


def _cancelled(row: Row, s: Standing) -> Row:
    return {**row, "cancelled": {**pick(s, "reason"), **since(s)}}


COMMITMENTS = Projection(
    "commitments",
    reads={"commitment.signed": _signed, "commitment.amended": _amended, "commitment.cancelled": _cancelled},
    keys=lambda s: [s.data["commitment"]],
    start={
        "parties": None,
        "channel": None,
        "money": None,
        "fulfils": None,
        "announcer": None,
        "purpose": None,
        "signed": None,
        "sum": None,
        "cancelled": None,
    },
)


def _flowed(row: Row, s: Standing) -> Row:
    flow = {
        "flow": _FLOWS[s.type],
        "money": s.data["money"],
        "effective": s.effective,
        **pick(s, "fulfils", "commitment", "recipient", "announcer", "purpose", "cause", "by"),
        "position": s.position,
        "entries": s.positions,
    }
    return {**row, "flows": [*row["flows"], flow]}


def _account_key(s: Standing) -> Iterable[str]:
    return [f"{parties_of(s.data)}/{s.data['channel']}/{s.data['money']['currency']}"]


FLOWS = Projection(
    "flows", reads=dict.fromkeys(_FLOWS, _flowed), keys=_account_key, start={"flows": []}, lists=("flows",)
)


def funding(pledges: list[Row], commitments: list[Row], flows: list[Row]) -> list[Row]:
    """One row for each party, channel and currency. `pledges` as presented, the others as folded."""
    parts: dict[Account, dict[str, list[figures.Part]]] = defaultdict(lambda: defaultdict(list))
    pledged_in = _add_pledges(parts, pledges)
    claims: dict[Account, list[Row]] = defaultdict(list)
    for row in commitments:
        _add_commitment(parts, claims, row)
    for row in flows:
        account = _account(row["key"])
        claims[account] += disputes(row)
        for flow in row["flows"]:
            _add_flow(parts, account, flow, row, pledged_in)
    return [_presented(account, parts[account], claims[account]) for account in sorted(parts)]


def _account(key: str) -> Account:
    party, channel, currency = key.split("/")
    return party, channel, currency


def _add_pledges(parts: Any, pledges: list[Row]) -> dict[str, list[Account]]:
    pledged_in: dict[str, list[Account]] = defaultdict(list)
    for pledge in pledges:
        for item in pledge["items"]:
            if item["kind"] == "money" and counts(pledge):
                account = ("+".join(pledge["parties"]), item.get("channel", "not_stated"), item["currency"])
                parts[account]["pledged"].append(figures.part(item, pledge["provenance"]["items"]))
                pledged_in[pledge["pledge"]].append(account)
    return {pledge: pledged_in[last] for pledge, last in successors(pledges).items()}


def _add_commitment(parts: Any, claims: dict[Account, list[Row]], row: Row) -> None:
    if row["signed"] is None or rank(row, row["signed"]["entries"][0]) == "deprecated":
        return
    account = (row["parties"], row["channel"], row["money"]["currency"])
    claims[account] += disputes(row)
    if row["cancelled"]:
        behind = sorted({*row["signed"]["entries"], *row["sum"]["entries"], *row["cancelled"]["entries"]})
        parts[account]["cancelled"].append(figures.part(row["money"], behind))
    if row["cancelled"] is None:
        parts[account]["committed"].append(
            figures.part(row["money"], sorted({*row["signed"]["entries"], *row["sum"]["entries"]}))
        )


def _add_flow(parts: Any, account: Account, flow: Row, row: Row, pledged_in: Mapping[str, list[Account]]) -> None:
    if rank(row, flow["position"]) == "deprecated":
        return
    made = figures.part(flow["money"], flow["entries"])
    if flow["flow"] == "resumed":
        parts[account]["suspended"].append(figures.part(flow["money"], flow["entries"], -1))
        return
    parts[account][flow["flow"]].append(made)
    if flow["flow"] in ("received", "refunded"):
        sign = -1 if flow["flow"] == "received" else 1
        credited = _credited(account, pledged_in.get(flow["fulfils"] or "", []))
        settled = {credited} if parts[account].get("pledged") else {credited, account}
        for one in settled:  # an account without a pledge shows what is outstanding of its commitments
            parts[one]["settled"].append(figures.part(flow["money"], flow["entries"], sign))


def _credited(account: Account, pledged: list[Account]) -> Account:
    """Of the accounts of the pledge that a payment fulfils the payment's own, else the first of its currency."""
    same = [other for other in pledged if other[2] == account[2]]
    return account if account in same or not same else same[0]


def _presented(account: Account, parts: Mapping[str, list[figures.Part]], claims: list[Row]) -> Row:
    party, channel, currency = account
    sums = {
        name: figures.total(parts.get(name, []), money=True)
        for name in ("pledged", "committed", "received", "suspended", "disbursed", "refunded")
    }
    promised = parts.get("pledged") or parts.get("committed") or []
    outstanding = figures.total([*promised, *parts.get("settled", [])], money=True) if promised else None
    return {
        "party": party,
        "parties": party.split("+"),
        "channel": channel,
        "currency": currency,
        **sums,
        "outstanding": outstanding,
        "disputes": claims,
        "entries": sorted({p for part in itertools.chain(*parts.values()) for p in part.entries}),
    }
