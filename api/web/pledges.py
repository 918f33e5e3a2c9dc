"""How every pledge of a mission stands, and how one changed."""

from flask import render_template
from sqlalchemy import Connection

from api.web import clocks
from api.web.pages import page, pages_of

blueprint = pages_of("pledges")


@page(blueprint, "/missions/<mission>/pledges")
def pledges(connection: Connection, mission: str) -> str:
    """How every pledge of a mission stands, and how one changed."""
    return render_template("pledges.html", clocks=clocks.asked(connection, mission))


@page(blueprint, "/missions/<mission>/pledges/<pledge>")
def pledge(connection: Connection, mission: str, pledge: str) -> str:
    """The life of one pledge."""
    return render_template("pledges.html", clocks=clocks.asked(connection, mission))
