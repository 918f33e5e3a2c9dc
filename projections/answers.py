"""The answers that the public contract names, each made from folded rows by a pure function.

Where the rows come from does not matter here: folded from entries, or read from the index. Both give the same.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ledger.entries import Entry
from projections.brief import in_brief, shortened
from projections.commitments import commitments, payments
from projections.deployments import DEPLOYMENTS, deployments
from projections.findings import findings
from projections.fulfilment import fulfilment
from projections.funding import COMMITMENTS, FLOWS, funding
from projections.leadership import LEADERSHIP
from projections.leadership import present as present_post
from projections.mandate import MANDATE
from projections.mandate import present as present_mandate
from projections.observations import OBSERVATIONS
from projections.observations import present as present_observation
from projections.parties import PARTIES
from projections.partners import PARTNERS, members
from projections.pledges import PLEDGES, pledges
from projections.positions import POSITIONS, positions
from projections.projection import Projection, Row, fold
from projections.targets import TARGETS, targets
from projections.view import view

PROJECTIONS: tuple[Projection, ...] = (
    MANDATE,
    LEADERSHIP,
    PARTNERS,
    PLEDGES,
    COMMITMENTS,
    FLOWS,
    DEPLOYMENTS,
    OBSERVATIONS,
    POSITIONS,
    TARGETS,
    PARTIES,
)
LEDGER_WIDE = frozenset({PARTIES.name})
HISTORY_ONLY = frozenset({"communication.sent", "meeting.held", "log.reopened"})
Rows = Mapping[str, list[Row]]
Made = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """One answer: the projections that it needs, the answers that it builds on, and how it is made."""

    needs: frozenset[str]
    on: tuple[str, ...]
    make: Callable[[Rows, Made, str], Any]


def _mandate(rows: Rows, made: Made, valid_at: str) -> Row | None:
    return next((present_mandate(row, valid_at) for row in rows["mandate"] if row["entries"]), None)


ANSWERS: dict[str, Answer] = {
    "mandate": Answer(frozenset({"mandate"}), (), _mandate),
    "leadership": Answer(
        frozenset({"leadership"}),
        (),
        lambda rows, made, day: [present_post(row) for row in rows["leadership"] if row["entries"]],
    ),
    "partners": Answer(frozenset({"partners"}), (), lambda rows, made, day: members(rows["partners"])),
    "pledges": Answer(frozenset({"pledges"}), (), lambda rows, made, day: pledges(rows["pledges"])),
    "deployments": Answer(frozenset({"deployments"}), (), lambda rows, made, day: deployments(rows["deployments"])),
    "funding": Answer(
        frozenset({"commitments", "flows"}),
        ("pledges",),
        lambda rows, made, day: funding(made["pledges"], rows["commitments"], rows["flows"]),
    ),
    "commitments": Answer(
        frozenset({"commitments", "flows"}),
        (),
        lambda rows, made, day: commitments(rows["commitments"], rows["flows"]),
    ),
    "payments": Answer(frozenset({"flows"}), (), lambda rows, made, day: payments(rows["flows"])),
    "positions": Answer(frozenset({"positions"}), (), lambda rows, made, day: positions(rows["positions"])),
    "fulfilment": Answer(
        frozenset({"deployments"}),
        ("pledges", "funding"),
        lambda rows, made, day: fulfilment(made["pledges"], rows["deployments"], made["funding"]),
    ),
    "targets": Answer(frozenset({"targets"}), (), lambda rows, made, day: targets(rows["targets"])),
    "observations": Answer(
        frozenset({"observations"}),
        (),
        lambda rows, made, day: [present_observation(row) for row in rows["observations"] if row["entries"]],
    ),
    "findings": Answer(
        frozenset(projection.name for projection in PROJECTIONS),
        (
            "mandate",
            "leadership",
            "partners",
            "pledges",
            "deployments",
            "funding",
            "positions",
            "targets",
            "observations",
        ),
        lambda rows, made, day: findings(rows, made, day),
    ),
}


def needed(names: Iterable[str]) -> frozenset[str]:
    """The projections whose rows these answers are made from."""
    return frozenset().union(*map(_needed, names))


@cache
def _needed(name: str) -> frozenset[str]:
    return ANSWERS[name].needs | needed(ANSWERS[name].on)


def make(names: Iterable[str], rows: Rows, valid_at: str, brief: bool = False) -> Made:
    """The answers `names` on the day, from rows in key order; those that they build on are made as well.

    In `brief` they are without the lists that grow with the history, and rows may have come without their lists.
    """
    made: Made = {}
    told = in_brief(rows) if brief else rows
    heard = {name: _with_ranks_of_rivals(kept) for name, kept in told.items()}
    for name in names:
        _make(name, heard, valid_at, made)
    return shortened(made, heard) if brief else made


def _with_ranks_of_rivals(rows: list[Row]) -> list[Row]:
    """The rows, each with the ranks of rivals that stand in other rows: a claim reaches the rows of its target only,
    and a dispute is settled by the rank of either side."""
    ranks: dict[int, dict[int, Row]] = {}
    for claim in (claim for row in rows for claim in row["claims"] if claim["type"] == "claim.ranked"):
        ranks.setdefault(claim["target"], {})[claim["position"]] = claim
    return [_hearing(row, ranks) for row in rows] if ranks else rows


def _hearing(row: Row, ranks: Mapping[int, Mapping[int, Row]]) -> Row:
    known = {claim["position"] for claim in row["claims"]}
    rivals = dict.fromkeys(claim["rival"] for claim in row["claims"] if claim.get("rival") is not None)
    heard = [claim for rival in rivals for claim in ranks.get(rival, {}).values() if claim["position"] not in known]
    return {**row, "claims": [*row["claims"], *heard]} if heard else row


def _make(name: str, rows: Rows, valid_at: str, made: Made) -> None:
    if name in made:
        return
    for earlier in ANSWERS[name].on:
        _make(earlier, rows, valid_at, made)
    made[name] = ANSWERS[name].make(rows, made, valid_at)


def folded_rows(
    entries: Iterable[Entry],
    names: Iterable[str],
    mission: str,
    valid_at: str,
    known: int,
    reported_by: str | None = None,
) -> Rows:
    """The rows of a mission by the definition: viewed and folded. `entries`: those of the mission and the ledger-wide ones."""
    seen = view(entries, valid_at, known, reported_by)
    wanted = [projection for projection in PROJECTIONS if projection.name in names]
    return {
        projection.name: rows_of(fold(projection, seen), "" if projection.name in LEDGER_WIDE else mission)
        for projection in wanted
    }


def rows_of(folded: Mapping[tuple[str, str], Row], mission: str) -> list[Row]:
    return [row for (of, key), row in sorted(folded.items()) if of == mission]
