"""What changed between two days, or two states of knowledge."""

from flask import render_template
from sqlalchemy import Connection

from api.web import clocks
from api.web.pages import page, pages_of

blueprint = pages_of("compare")


@page(blueprint, "/missions/<mission>/compare")
def compare(connection: Connection, mission: str) -> str:
    """What changed between two days, or two states of knowledge."""
    return render_template("compare.html", clocks=clocks.asked(connection, mission))
