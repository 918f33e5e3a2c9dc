"""Recording by forms that come from the declarations of the events."""

from flask import render_template
from sqlalchemy import Connection

from api.web.pages import page, pages_of

blueprint = pages_of("recording")


@page(blueprint, "/record", role="recorder")
def choose(connection: Connection) -> str:
    """What can be recorded."""
    return render_template("record.html")
