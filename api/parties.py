"""Registered parties."""

from typing import Any

from flask import Response, current_app
from flask_smorest import Blueprint

from api import conditional, formats
from api.answer_shapes import PartiesAnswer
from api.auth import needs
from api.documents import answers_with, explains, listed, shape
from api.parameters import QuestionQuery, asks
from ledger.store import reading
from projections.parties import present
from projections.queries import party_rows

blueprint = Blueprint(
    "parties", __name__, description="Organisations, groups and unnamed parties; states need no registration."
)


@blueprint.route("/v1/parties", methods=["GET"])
@needs("reader")
@asks(blueprint, QuestionQuery)
@answers_with(blueprint, 200, shape(PartiesAnswer))
@listed(blueprint)
@explains(blueprint, "invalid-parameter", "not-acceptable")
def get_parties(query: dict[str, Any]) -> Response:
    """Every registered party.

    The parties registered by then: code, name, kind, and whether they were merged into another.
    """
    media, state = formats.wanted(query.get("format"), lists=True), conditional.states().now()
    question = conditional.question(query, state)
    follows = conditional.follows_of(query, state, question)
    etag = conditional.tag(media, query, follows, conditional.clocks(question))
    if same := formats.unchanged(etag, question.fixed):
        return same
    with reading(current_app.config["LEDGER_ENGINE"]) as connection:
        rows = party_rows(connection, question.valid_at, question.known, question.reported_by)
    document = {**question.truth, "data": [present(row) for row in rows], "links": {}}
    return formats.answer(document, media, question.fixed, etag)
