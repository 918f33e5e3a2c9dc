"""What an auditor should look at."""

from flask import render_template
from sqlalchemy import Connection

from api.web import clocks
from api.web.pages import page, pages_of
from projections.queries import answers

blueprint = pages_of("findings")


@page(blueprint, "/missions/<mission>/findings")
def findings(connection: Connection, mission: str) -> str:
    """The findings of a mission at two clocks, each with its entries."""
    asked = clocks.asked(connection, mission)
    made = answers(connection, mission, ["findings"], asked.question.valid_at, asked.question.known)
    return render_template("findings.html", clocks=asked, findings=made["findings"])
