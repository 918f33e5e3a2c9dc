"""The ledger itself, as it was recorded, and a mission's history with its corrections in place."""

from flask import render_template
from sqlalchemy import Connection

from api.web import clocks
from api.web.pages import page, pages_of

blueprint = pages_of("history")


@page(blueprint, "/history")
def recorded(connection: Connection) -> str:
    """Every entry of the ledger, the newest first."""
    return render_template("recorded.html")


@page(blueprint, "/missions/<mission>/history")
def of_mission(connection: Connection, mission: str) -> str:
    """A mission's history in the order of effective dates."""
    return render_template("history.html", clocks=clocks.asked(connection, mission))
