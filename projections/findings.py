"""Findings: what a careful reader should look at, on the day. Data, never exceptions; each with its entries."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ledger.codes import STATES
from ledger.symbols import adopted_in_its_year
from ledger.values import PartialDate, first_day
from projections import mandate
from projections.deployments import arrivals, named
from projections.heads import is_brief
from projections.link_findings import LINK_CHECKS
from projections.named_parties import named_parties
from projections.pledges import opened
from projections.projection import Row

CODES: Mapping[str, str] = {
    "mandate-gap": "A term ended before the next act extended it.",
    "mandate-expired": "The term has ended and nothing extends it.",
    "resolution-year": "A resolution's symbol names another year than its adoption.",
    "deployment-above-ceiling": "The movements add up to more people than the ceiling allows.",
    "activity-after-expiry": "A movement is dated after the end of the term.",
    "post-several-holders": "A post for one person has several holders.",
    "post-vacant": "A post exists and nobody holds it.",
    "variance": "What is reported and what the movements add up to cannot both be right.",
    "dispute-open": "A dispute is open: neither side has been preferred or deprecated.",
    "party-unknown": "A party's code is neither a state's nor registered.",
    "party-merged": "A party's code has been merged into another.",
    "not-opened": "Something is recorded of a pledge, commitment or target before its own beginning.",
    "renewed-before-authorized": "A renewal is dated before the authorisation that it renews.",
    "departure-before-appointment": "Somebody leaves a post before taking it up.",
    "leaves-before-joining": "A member leaves a group before joining it.",
    "condition-met-before-made": "A condition is met before it is made.",
    "resumed-before-suspended": "A pledge is resumed before it is suspended.",
    "withdrawn-before-stated": "A position is withdrawn before it is stated.",
    "more-left-than-came": "The movements of a contributor add up to less than nothing.",
    "commitment-elsewhere": "A payment names a commitment of another channel or currency.",
    "fulfils-something-else": "What is said to fulfil a pledge is of a kind or currency that was never promised in it.",
    "revised-after-end": "The terms of a pledge change after it ended, and nothing opened it anew.",
    "notified-by-others": "A pledge is announced and notified by different parties.",
    "party-is-a-state": "A party is registered, or merged away, under a state's code.",
}
_SHARED_ROLES = ("penholder", "contingent_commander", "spokesperson")
Answers = Mapping[str, Any]
Rows = Mapping[str, list[Row]]


def findings(rows: Rows, answers: Answers, valid_at: str) -> list[Row]:
    """Everything that the checks below notice. `rows` as folded, `answers` as presented."""
    found = [finding for check in _CHECKS for finding in check(rows, answers)]
    found += [_finding(*noticed) for check in LINK_CHECKS for noticed in check(rows, answers)]
    return sorted(found, key=lambda finding: (finding["code"], finding["about"], finding["entries"]))


def _finding(code: str, about: str, text: str, entries: Iterable[int]) -> Row:
    assert code in CODES, code
    return {"code": code, "about": about, "text": text, "entries": sorted(set(entries))}


def _terms(rows: Rows) -> list[Row]:
    return [act for row in rows["mandate"] for act in mandate.terms(row)]


def _gaps(rows: Rows, answers: Answers) -> Iterator[Row]:
    given = _terms(rows)
    for earlier, later in itertools.pairwise(given):
        if earlier["until"] and earlier["until"] < first_day(later["adopted"]):
            yield _finding(
                "mandate-gap",
                "mandate",
                f"{earlier['instrument']} ended on {earlier['until']}, {later['instrument']} is of {later['adopted']}",
                [*earlier["entries"], *later["entries"]],
            )
    current = answers["mandate"]
    if current and current["status"] == "expired":
        yield _finding(
            "mandate-expired",
            "mandate",
            f"{current['instrument']} ended on {current['until']}",
            current["provenance"]["until"],
        )


def _resolution_years(rows: Rows, answers: Answers) -> Iterator[Row]:
    for row in rows["mandate"]:
        for act in row["instruments"]:
            adopted = PartialDate.parse(act["adopted"])
            if act["instrument"] and not adopted_in_its_year(act["instrument"], adopted.first, adopted.last):
                yield _finding(
                    "resolution-year",
                    "mandate",
                    f"{act['instrument']} is dated {act['adopted']}; a resolution's symbol names the year of its adoption",
                    act["entries"],
                )


def _people(answers: Answers) -> list[Row]:
    return [
        row
        for row in answers["deployments"]
        if row["kind"] == "personnel" and row["unit"] is None and row["party"] != "mission" and row["moved"]
    ]


def _above_ceiling(rows: Rows, answers: Answers) -> Iterator[Row]:
    ceiling = (answers["mandate"] or {}).get("ceiling")
    there = sum(row["moved"]["minimum"] or 0 for row in _people(answers))
    if ceiling and there > ceiling["total"]:
        entries = [position for row in _people(answers) for position in row["moved"]["entries"]]
        yield _finding(
            "deployment-above-ceiling",
            "deployments",
            f"{there} people where the ceiling is {ceiling['total']}",
            [*ceiling["entries"], *entries],
        )


def _after_expiry(rows: Rows, answers: Answers) -> Iterator[Row]:
    given = [(first_day(act["adopted"]), act["until"]) for act in _terms(rows)]
    if all(until is None for _, until in given):
        return
    for of, movement in ((named(row), movement) for row in rows["deployments"] for movement in arrivals(row)):
        if of["kind"] != "casualty":
            day = first_day(movement["effective"])
            ends = [until for adopted, until in given if adopted <= day]
            if ends and None not in ends and max(ends) < day:
                yield _finding(
                    "activity-after-expiry",
                    f"deployments/{of['party']}/{of['category']}",
                    f"{movement['type']} of {movement['effective']}, after the term's end on {max(ends)}",
                    movement["entries"],
                )


def _posts(rows: Rows, answers: Answers) -> Iterator[Row]:
    for post in answers["leadership"]:
        holders = [holder for holder in post["holders"] if not holder.get("designate")]
        if len(holders) > 1 and post["role"] not in _SHARED_ROLES:
            names = ", ".join(str(holder.get("person") or holder["party"]) for holder in holders)
            yield _finding(
                "post-several-holders",
                f"leadership/{post['post']}",
                f"held by {names}",
                [p for h in holders for p in h["entries"]],
            )
        if post["vacant"]:
            yield _finding("post-vacant", f"leadership/{post['post']}", "nobody holds the post", post["entries"])


def _variances(rows: Rows, answers: Answers) -> Iterator[Row]:
    for row in answers["deployments"]:
        variance = row["variance"]
        if variance and _excludes_zero(variance):
            yield _finding(
                "variance",
                f"deployments/{row['party']}/{row['category']}",
                f"reported {_words(row['reported']['figure'])}; less the movements of whom it may cover that is {_words(variance)}",
                variance["entries"],
            )


def _excludes_zero(variance: Row) -> bool:
    if variance["approximate"]:
        return False
    return (variance["minimum"] is not None and variance["minimum"] > 0) or (
        variance["maximum"] is not None and variance["maximum"] < 0
    )


def _words(figure: Row) -> str:
    low, high = figure["minimum"], figure["maximum"]
    exact = str(low) if low == high else f"at least {low}" if high is None else f"{low} to {high}"
    return ("about " if figure["approximate"] else "") + exact


def _open_disputes(rows: Rows, answers: Answers) -> Iterator[Row]:
    seen: set[int] = set()
    for name in (
        "mandate",
        "leadership",
        "partners",
        "pledges",
        "deployments",
        "funding",
        "positions",
        "targets",
        "observations",
    ):
        answer = answers[name]
        for row in answer if isinstance(answer, list) else filter(None, [answer]):
            for dispute in row["disputes"]:
                if dispute["open"] and dispute["position"] not in seen:
                    seen.add(dispute["position"])
                    yield _finding("dispute-open", name, dispute["reason"], [dispute["target"], *dispute["entries"]])


def _parties(rows: Rows, answers: Answers) -> Iterator[Row]:
    registered = {row["key"]: row for row in rows["parties"]}
    for code, entries in sorted(named_parties(rows, STATES.keys() - registered.keys()).items()):
        if code not in STATES and code not in registered:
            yield _finding(
                "party-unknown", f"parties/{code}", f"{code} is neither a state's code nor registered", entries
            )
        elif code in registered and registered[code]["merged_into"]:
            yield _finding(
                "party-merged",
                f"parties/{code}",
                f"{code} has been merged into {registered[code]['merged_into']}",
                entries,
            )


def _states(rows: Rows, answers: Answers) -> Iterator[Row]:
    for row in rows["parties"]:
        if row["key"] in STATES:
            text = f"{row['key']} is the code of {STATES[row['key']]}, which needs no registration"
            yield _finding("party-is-a-state", f"parties/{row['key']}", text, row["entries"])


_OPENINGS: Mapping[str, Callable[[Row], bool]] = {
    "pledges": opened,
    "commitments": lambda row: row["signed"] is not None,
    "targets": lambda row: row["plan"] is not None,
}


def _not_opened(rows: Rows, answers: Answers) -> Iterator[Row]:
    for name, is_open in _OPENINGS.items():
        for row in rows[name]:
            if row["entries"] and not is_open(row):
                text = f"{row['key']} has not begun by then, and something is recorded of it"
                yield _finding("not-opened", f"{name}/{row['key']}", text, row["entries"])


def _remarks(rows: Rows, answers: Answers) -> Iterator[Row]:
    for name, kept in rows.items():
        for row in kept:
            for noted in row["remarks"]:
                found = _finding(noted["code"], f"{name}/{row['key']}", noted["text"], noted["entries"])
                count, last = row["noted"].get(noted["code"], (0, ()))
                yield found | ({"alike_total": count} if is_brief(row) and count > len(last) else {})


_CHECKS: tuple[Callable[[Rows, Answers], Iterator[Row]], ...] = (
    _gaps,
    _resolution_years,
    _above_ceiling,
    _after_expiry,
    _posts,
    _variances,
    _open_disputes,
    _parties,
    _states,
    _not_opened,
    _remarks,
)
