"""What an auditor should look at."""

from collections.abc import Sequence
from itertools import groupby

from flask import render_template
from sqlalchemy import Connection

from api.web import clocks
from api.web.pages import page, pages_of
from ledger.entries import Entry
from ledger.store import chunks, read_entries
from ledger.tables import entries
from projections.findings import CODES
from projections.projection import Row
from projections.queries import answers

blueprint = pages_of("findings")
SHOWN = 6


@page(blueprint, "/missions/<mission>/findings")
def findings(connection: Connection, mission: str) -> str:
    """The findings of a mission at two clocks, by code, each with its entries."""
    asked, name = clocks.asked(connection, mission), "findings"
    question = asked.question
    found = answers(connection, mission, [name], question.valid_at, question.known, question.reported_by)[name]
    groups = [(code, CODES[code], list(rows)) for code, rows in groupby(found, lambda one: one["code"])]
    return render_template(
        "findings.html", clocks=asked, groups=groups, count=len(found), entries=_behind(connection, found), most=SHOWN
    )


def _behind(connection: Connection, found: Sequence[Row]) -> dict[int, Entry]:
    """The first entries of each finding, by position."""
    positions = sorted({position for one in found for position in one["entries"][:SHOWN]})
    parts = chunks(positions)
    return {entry.position: entry for part in parts for entry in read_entries(connection, entries.c.position.in_(part))}
