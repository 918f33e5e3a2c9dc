"""Funding, by party, channel and currency: pledged, committed, received, suspended, disbursed, refunded, outstanding.

Figures of different currencies or statuses are never added up. What is outstanding of the pledges of an account
is derived: pledged, less what was received in it or fulfils one of its pledges, plus refunds; without a pledge,
committed instead of pledged. What fulfils a converted pledge fulfils the one that took its place.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from ledger.events import parties_of
from ledger.standing import Standing
from projections import figures
from projections.figures import Tally
from projections.heads import MOST_SUMS, is_brief
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
_NONE = Tally().kept()


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
    return _weighed({**row, "flows": [flow]}, s, Tally.plus)


def _weighed(row: Row, s: Standing, by: Callable[[Tally, Tally], Tally]) -> Row:
    """With the money of an event added or taken away."""
    cell = "/".join((_FLOWS[s.type], s.data.get("fulfils") or "", s.data.get("commitment") or ""))
    made = figures.tally([figures.part(s.data["money"], s.positions)])
    sums = {**row["sums"], cell: by(Tally.again(row["sums"].get(cell, _NONE)), made).kept()}
    return {**row, "sums": sums, "beyond": row["beyond"] or len(sums) > MOST_SUMS}


def _heard(row: Row, claim: Standing, was: str, now: str) -> Row:
    """With another rank of a payment."""
    assert claim.about is not None
    if (was == "deprecated") == (now == "deprecated"):
        return row
    return _weighed(row, claim.about, Tally.less if now == "deprecated" else Tally.plus)


def _account_key(s: Standing) -> Iterable[str]:
    return [f"{parties_of(s.data)}/{s.data['channel']}/{s.data['money']['currency']}"]


FLOWS = Projection(
    "flows",
    reads=dict.fromkeys(_FLOWS, _flowed),
    keys=_account_key,
    start={"sums": {}},
    lists=("flows",),
    weigh=_heard,
)


class Sum(NamedTuple):
    """What flowed in an account for one purpose, less what is deprecated. `flow` is received, suspended, …"""

    flow: str
    fulfils: str | None
    commitment: str | None
    tally: Tally


def sums(row: Row) -> list[Sum]:
    """The sums of an account, also such as are empty."""
    if is_brief(row):
        return [_sum_of(cell, Tally.again(kept)) for cell, kept in row["sums"].items()]
    parts: dict[tuple[Any, ...], list[figures.Part]] = {}
    for flow in row["flows"]:
        made = parts.setdefault((flow["flow"], flow["fulfils"], flow["commitment"]), [])
        if rank(row, flow["position"]) != "deprecated":
            made.append(figures.part(flow["money"], flow["entries"]))
    return [Sum(flow, fulfils, commitment, figures.tally(p)) for (flow, fulfils, commitment), p in parts.items()]


def _sum_of(cell: str, tally: Tally) -> Sum:
    return Sum(*_purpose(cell), tally)


@lru_cache(maxsize=65_536)
def _purpose(cell: str) -> tuple[str, str | None, str | None]:
    flow, fulfils, commitment = cell.split("/")
    return flow, fulfils or None, commitment or None


def flows(row: Row) -> list[Row]:
    """The payments of an account; of a row without its lists one for each purpose, with the last entries of it."""
    if not is_brief(row):
        return list(row["flows"])
    return [
        dict(zip(("flow", "fulfils", "commitment"), _purpose(cell), strict=True), entries=kept[1])
        for cell, kept in row["sums"].items()
    ]


class Accounts:
    """What is added up, by account: parts by status, every part once, and who disputes what."""

    def __init__(self) -> None:
        self.parts: dict[Account, dict[str, list[figures.Part | Tally]]] = defaultdict(lambda: defaultdict(list))
        self.behind: dict[Account, list[figures.Part | Tally]] = defaultdict(list)
        self.claims: dict[Account, list[Row]] = defaultdict(list)

    def add(self, account: Account, status: str, part: figures.Part | Tally) -> None:
        self.parts[account][status].append(part)
        self.behind[account].append(part)


def funding(pledges: list[Row], commitments: list[Row], flows: list[Row]) -> list[Row]:
    """One row for each party, channel and currency. `pledges` as presented, the others as folded."""
    accounts = Accounts()
    pledged_in = _add_pledges(accounts, pledges)
    for row in commitments:
        _add_commitment(accounts, row)
    for row in flows:
        account = _account(row["key"])
        accounts.claims[account] += disputes(row)
        for one in sums(row):
            if not one.tally.is_empty:
                _add_sum(accounts, account, one, pledged_in)
    return [_presented(account, accounts) for account in sorted(accounts.parts)]


def _account(key: str) -> Account:
    party, channel, currency = key.split("/")
    return party, channel, currency


def _add_pledges(accounts: Accounts, pledges: list[Row]) -> dict[str, list[Account]]:
    pledged_in: dict[str, list[Account]] = defaultdict(list)
    for pledge in filter(counts, pledges):
        for item in pledge["items"]:
            if item["kind"] == "money":
                account = ("+".join(pledge["parties"]), item.get("channel", "not_stated"), item["currency"])
                accounts.add(account, "pledged", figures.part(item, pledge["provenance"]["items"]))
                pledged_in[pledge["pledge"]].append(account)
    return {pledge: pledged_in[last] for pledge, last in successors(pledges).items()}


def account_of(commitment: Row) -> Account | None:
    """The account of a commitment that was signed; None of one that is deprecated."""
    if commitment["signed"] is None or rank(commitment, commitment["signed"]["entries"][0]) == "deprecated":
        return None
    return commitment["parties"], commitment["channel"], commitment["money"]["currency"]


def _add_commitment(accounts: Accounts, row: Row) -> None:
    account = account_of(row)
    if account is None:
        return
    accounts.claims[account] += disputes(row)
    status = "cancelled" if row["cancelled"] else "committed"
    behind = {*row["signed"]["entries"], *row["sum"]["entries"], *(row["cancelled"] or {"entries": []})["entries"]}
    accounts.add(account, status, figures.part(row["money"], sorted(behind)))


def _add_sum(accounts: Accounts, account: Account, one: Sum, pledged_in: Mapping[str, list[Account]]) -> None:
    if one.flow == "resumed":
        accounts.add(account, "suspended", -one.tally)
        return
    accounts.add(account, one.flow, one.tally)
    if one.flow in ("received", "refunded"):
        credited = _credited(account, pledged_in.get(one.fulfils or "", []))
        settled = {credited} if accounts.parts[account].get("pledged") else {credited, account}
        for other in settled:  # an account without a pledge shows what is outstanding of its commitments
            accounts.parts[other]["settled"].append(-one.tally if one.flow == "received" else one.tally)
            accounts.behind[other] += [one.tally] if other != account else []


def _credited(account: Account, pledged: list[Account]) -> Account:
    """Of the accounts of the pledge that a payment fulfils the payment's own, else the first of its currency."""
    same = [other for other in pledged if other[2] == account[2]]
    return account if account in same or not same else same[0]


def _presented(account: Account, accounts: Accounts) -> Row:
    (party, channel, currency), parts = account, accounts.parts[account]
    made = {
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
        **made,
        "outstanding": outstanding,
        "disputes": accounts.claims[account],
        **figures.behind(accounts.behind[account]),
    }
