"""One entry: as it was said, as it stands, as it is stored, and its proof."""

from flask import render_template
from sqlalchemy import Connection

from api.problems import Problem
from api.web import clocks
from api.web.pages import page, pages_of
from api.web.words import know_parties
from ledger.store import read_entries
from ledger.tables import entries

blueprint = pages_of("entry")


@page(blueprint, "/entries/<int:position>")
def entry(connection: Connection, position: int) -> str:
    """Everything about one entry."""
    know_parties(connection, clocks.asked_alone(connection))
    found = read_entries(connection, entries.c.position == min(position, 2**53))
    if not found:
        raise Problem("no-such-entry", f"there is no entry {position}")
    return render_template("entry.html", entry=found[0])
