"""The missions of this ledger; of an empty one, what to do first."""

from flask import render_template
from sqlalchemy import Connection

from api.web import clocks
from api.web.pages import page, pages_of
from api.web.words import know_parties
from ledger.store import size
from projections.queries import answers, mission_names

blueprint = pages_of("missions_page")


@page(blueprint, "/")
def missions(connection: Connection) -> str:
    """Every mission, with its mandate on the day."""
    question = clocks.asked_alone(connection)
    know_parties(connection, question)
    names = mission_names(connection, question.known)
    wanted = ["mandate", "leadership", "findings"]
    rows = [(name, answers(connection, name, wanted, question.valid_at, question.known)) for name in names]
    return render_template("missions.html", rows=rows, question=question, size=size(connection))
