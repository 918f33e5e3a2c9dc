"""Registered parties, ledger-wide."""

from ledger.standing import Standing
from projections.projection import Projection, Row, pick


def _registered(row: Row, s: Standing) -> Row:
    return {**row, **pick(s, "name", "kind", "acronym", "members", "identifiers", "about")}


def _merged(row: Row, s: Standing) -> Row:
    return {**row, "merged_into": s.data["into"]}


PARTIES = Projection(
    "parties",
    reads={"party.registered": _registered, "party.merged": _merged},
    keys=lambda s: [s.data["party"]],
    start={
        "name": None,
        "kind": None,
        "acronym": None,
        "members": None,
        "identifiers": None,
        "about": None,
        "merged_into": None,
    },
)


def present(row: Row) -> Row:
    return {"party": row["key"], **{name: row[name] for name in PARTIES.start}, "entries": row["entries"]}
