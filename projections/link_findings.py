"""Findings about promises and what is linked to them: payments, movements, commitments, revisions, second openings. Pure."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ledger.values import PartialDate
from projections.deployments import links, named
from projections.funding import flows
from projections.pledges import said_terms
from projections.projection import Row

Rows = Mapping[str, list[Row]]
Answers = Mapping[str, Any]
Noticed = tuple[str, str, str, list[int]]  # code, about, text, entries


def _elsewhere(rows: Rows, answers: Answers) -> Iterator[Noticed]:
    """Payments under a commitment of another channel or currency."""
    signed = {row["key"]: row for row in rows["commitments"] if row["signed"]}
    for account in rows["flows"]:
        _, channel, currency = account["key"].split("/")
        for flow in flows(account):
            promised = signed.get(flow["commitment"])
            if promised and (_apart(promised["channel"], channel) or promised["money"]["currency"] != currency):
                text = (
                    f"{flow['flow']} in {channel}, {currency}; commitment {promised['key']} is in "
                    f"{promised['channel']}, {promised['money']['currency']}"
                )
                behind = [*flow["entries"], *promised["signed"]["entries"], *promised["sum"]["entries"]]
                yield "commitment-elsewhere", f"funding/{account['key']}", text, behind


def _apart(one: str, other: str) -> bool:
    return one != other and "not_stated" not in (one, other)


def _something_else(rows: Rows, answers: Answers) -> Iterator[Noticed]:
    """Movements, payments and commitments that fulfil a pledge in which nothing of their kind was ever promised."""
    promised = {row["key"]: row for row in rows["pledges"] if row["terms"]}
    for about, kind, part in _fulfilling(rows):
        pledge = promised.get(part["fulfils"])
        if pledge and kind not in pledge["promised"]:
            text = f"pledge {pledge['key']} has nothing of the kind: {kind.replace('/', ' in ')}"
            yield "fulfils-something-else", about, text, [*part["entries"], *pledge["terms"]["entries"]]


def _fulfilling(rows: Rows) -> Iterator[tuple[str, str, Row]]:
    """What fulfils a pledge: about what, of which kind, and the part itself."""
    for row in rows["deployments"]:
        kind = named(row)["kind"]
        yield from ((f"deployments/{row['key']}", kind, movement) for movement in links(row))
    for row in rows["flows"]:
        money = f"money/{row['key'].split('/')[2]}"
        yield from ((f"funding/{row['key']}", money, flow) for flow in flows(row))
    for row in rows["commitments"]:
        if row["signed"]:
            made = {"fulfils": row["fulfils"], "entries": row["signed"]["entries"]}
            yield f"commitments/{row['key']}", f"money/{row['money']['currency']}", made


def _revised_after_end(rows: Rows, answers: Answers) -> Iterator[Noticed]:
    """Terms that begin after the pledge had ended for certain."""
    kept = {row["key"]: row for row in rows["pledges"]}
    for pledge in answers["pledges"]:
        end = pledge["withdrawn"] or pledge["lapsed"]
        for terms in said_terms(kept[pledge["pledge"]]) if end else []:
            if PartialDate.parse(terms["since"]).first > PartialDate.parse(end["since"]).last:
                text = f"terms of {terms['since']}, after the pledge was {pledge['status']} in {end['since']}"
                yield "revised-after-end", f"pledges/{pledge['pledge']}", text, [*terms["entries"], *end["entries"]]


def _less_than_nothing(rows: Rows, answers: Answers) -> Iterator[Noticed]:
    """Movements of which more than ever came are certainly gone."""
    for row in answers["deployments"]:
        moved = row["moved"] or {"maximum": None}
        if moved["maximum"] is not None and moved["maximum"] < 0:
            text = f"the movements add up to {moved['maximum']} at most"
            yield "more-left-than-came", f"deployments/{row['party']}/{row['category']}", text, moved["entries"]


LINK_CHECKS: tuple[Callable[[Rows, Answers], Iterator[Noticed]], ...] = (
    _elsewhere,
    _something_else,
    _revised_after_end,
    _less_than_nothing,
)
