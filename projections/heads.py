"""What the head of a row keeps of its lists, whatever the projection: bounded, and enough to answer without them. Pure.

It counts what the lists hold, names the newest entries, and keeps of claims those that still decide something: the last
rank of each entry, and disputes. Where that grows beyond its bound the head says so (`beyond`), and the row is read with
its lists from then on.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ledger.standing import Standing
from projections.figures import FEW
from projections.named_parties import in_fields

Row = dict[str, Any]
Weigh = Callable[[Row, Standing, str, str], Row]  # row, claim, the rank before and after it

RANKED, DISPUTED, CORROBORATED = "claim.ranked", "claim.disputed", "claim.corroborated"
START: Mapping[str, Any] = {
    "events": 0,  # how many events the row has taken in
    "counts": {},  # how many there are in each list; of claims by type
    "newest": [],  # the last of its entries
    "held": [],  # ranks and disputes that still decide something
    "forgot": [],  # what is not held of them: ranks, disputes
    "noted": {},  # remarks by code: how many, and the last of them
    "named": {},  # the parties that the lists name, with the entries that do so last
    "beyond": False,  # the head cannot tell any more
}
SUMS = ("named", "held", "noted", "sums", "lost", "linked", "best")  # what is of no use in a head that cannot tell
MOST_RANKS, MOST_DISPUTES, MOST_NAMED, MOST_SUMS, MOST_REMARKS = 8, 8, 24, 24, 3


def headed(row: Row) -> Row:
    """A row whose lists were not read: in their place what the head keeps of them."""
    remarks = [remark for _, last in row["noted"].values() for remark in last]
    return {**row, "entries": row["newest"], "claims": row["held"], "remarks": remarks, "brief": True}


def is_brief(row: Row) -> bool:
    """Whether the row has come without its lists."""
    return "brief" in row


def counted(row: Row, added: Row) -> Row:
    """What changes of the head with an event that added so much to the lists, by field."""
    counts = dict(row["counts"])
    for name, values in added.items():
        counted_as = values[0]["type"] if name == "claims" else name
        counts[counted_as] = counts.get(counted_as, 0) + len(values)
    newest = [*row["newest"], *added.get("entries", ())][-FEW:]
    changed = {"events": row["events"] + 1, "counts": counts, "newest": newest}
    if "remarks" in added:
        changed["noted"] = _noted(row["noted"], added["remarks"])
    found = {code: at for name, values in added.items() if name != "entries" for code, at in in_fields(values, [])}
    if found:
        changed["named"] = named = {**row["named"], **found}
        changed["beyond"] = row["beyond"] or len(named) > MOST_NAMED
    return changed


def _noted(noted: Row, remarks: list[Row]) -> Row:
    noted = dict(noted)
    for remark in remarks:
        count, last = noted.get(remark["code"], (0, []))
        noted[remark["code"]] = [count + 1, [*last, remark][-MOST_REMARKS:]]
    return noted


# --- claims --------------------------------------------------------------------------------------------------------


def rank_claim(claims: Sequence[Row], position: int) -> Row | None:
    """The claim that gave an entry its rank: the last."""
    if not claims:
        return None
    return next((c for c in reversed(claims) if c["type"] == RANKED and c["target"] == position), None)


def rank(claims: Sequence[Row], position: int) -> str:
    given = rank_claim(claims, position)
    return given["rank"] if given else "normal"


def is_settled(claims: Sequence[Row], claim: Row) -> bool:
    """Whether a side of a dispute, or the dispute itself, has a rank of its own."""
    return any(rank(claims, position) != "normal" for position in sides(claim))


def sides(claim: Row) -> list[int]:
    return [p for p in (claim["target"], claim.get("rival"), claim["position"]) if p is not None]


def heard(row: Row, s: Standing, weigh: Weigh | None) -> Row:
    """The head after a claim, which is the only one in `claims`."""
    (claim,) = row["claims"]
    if claim["type"] == RANKED:
        return _with_rank(row, claim, s, weigh)
    if claim["type"] == DISPUTED:
        return _with_dispute(row, claim, s, weigh)
    return row


def _with_rank(row: Row, claim: Row, s: Standing, weigh: Weigh | None) -> Row:
    held, target, now = row["held"], claim["target"], claim["rank"]
    before = rank_claim(held, target)
    was = before["rank"] if before else "normal"
    if (before is None and "ranks" in row["forgot"]) or (now == "normal" and "disputes" in row["forgot"]):
        return {**row, "beyond": True}  # what was forgotten of it would decide
    kept = {name: claim[name] for name in ("type", "position", "entries", "rank", "target")}
    row = {**row, "held": [*(c for c in held if c is not before), kept]}
    if weigh and was != now and s.about is not None and s.about.entry.target is None:
        row = weigh(row, s, was, now)
    return _within_ranks(row, weigh)


def _within_ranks(row: Row, weigh: Weigh | None) -> Row:
    """Forgets the oldest rank where there are too many: one that no dispute rests on, in rows whose sums have taken it in."""
    held = row["held"]
    ranks = [claim for claim in held if claim["type"] == RANKED]
    if len(ranks) <= MOST_RANKS:
        return row
    needed = {position for claim in held if claim["type"] == DISPUTED for position in sides(claim)}
    oldest = next((claim for claim in ranks if claim["target"] not in needed), None)
    if weigh is None or oldest is None:
        return {**row, "beyond": True}
    return {**_forgetting(row, "ranks"), "held": [claim for claim in held if claim is not oldest]}


def _with_dispute(row: Row, claim: Row, s: Standing, weigh: Weigh | None) -> Row:
    if "ranks" in row["forgot"] and any(rank_claim(row["held"], p) is None for p in sides(claim)[:-1]):
        return {**row, "beyond": True}
    row = {**row, "held": [*row["held"], claim]}
    if weigh and s.about is not None and s.about.entry.target is None:
        now = rank(row["held"], claim["target"])
        row = weigh(row, s, now, now)
    disputes = [one for one in row["held"] if one["type"] == DISPUTED]
    if len(disputes) <= MOST_DISPUTES:
        return row
    oldest = next((one for one in disputes if is_settled(row["held"], one)), None)
    if oldest is None:
        return {**row, "beyond": True}
    return {**_forgetting(row, "disputes"), "held": [one for one in row["held"] if one is not oldest]}


def _forgetting(row: Row, what: str) -> Row:
    return row if what in row["forgot"] else {**row, "forgot": [*row["forgot"], what]}
