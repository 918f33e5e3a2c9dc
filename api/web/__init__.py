"""Pages for people: the same answers as the API gives, to be read, followed to their sources and verified.

    pages      a page: who may see it, when it is made anew, what frames it
    clocks     the two clocks at the top of a page
    words      figures, dates, parties and codes in words
    gists      an event in one line
    telling    fields of answers in lines of words
    statements an event field by field
    charts     drawings, as SVG that is part of the page

Each further module is a page or a few that belong together. Everything is made on the server, so that it can be read and
printed without JavaScript; scripts add to that.
"""

from flask import Flask

from api import session
from api.web import (
    compare,
    entry,
    findings,
    history,
    mission,
    missions,
    pages,
    pledges,
    recording,
    signing_in,
    spreadsheets,
    statements,
    telling,
    words,
)
from api.web.gists import gist


def add_pages(app: Flask) -> None:
    """Put the pages into the app."""
    pages.keep_pages(app)
    words.teach(app.jinja_env)
    app.jinja_env.filters["gist"] = gist
    telling.teach(app.jinja_env)
    statements.teach(app.jinja_env)
    app.jinja_env.globals.update(who=session.who, form_token=session.form_token)
    for module in (missions, mission, pledges, compare, history, findings, entry, recording, signing_in, spreadsheets):
        app.register_blueprint(module.blueprint)
