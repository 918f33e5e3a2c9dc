"""Registered parties."""

from typing import Any

from flask import Response, current_app
from flask_smorest import Blueprint
from marshmallow import RAISE

from api import formats, parameters
from api.answer_shapes import PartiesAnswer
from api.auth import needs
from api.documents import explains, listed, shape
from api.parameters import QuestionQuery
from ledger.store import reading
from projections.parties import present
from projections.queries import party_rows

blueprint = Blueprint(
    "parties", __name__, description="Organisations, groups and unnamed parties; states need no registration."
)


@blueprint.route("/v1/parties", methods=["GET"])
@needs("reader")
@blueprint.arguments(QuestionQuery, location="query", unknown=RAISE)
@blueprint.response(200, shape(PartiesAnswer))
@listed(blueprint)
@explains(blueprint, "invalid-parameter", "not-acceptable")
def get_parties(query: dict[str, Any]) -> Response:
    """Every registered party.

    The parties registered by then: code, name, kind, and whether they were merged into another.
    """
    media = formats.wanted(query.get("format"), lists=True)
    with reading(current_app.config["LEDGER_ENGINE"]) as connection:
        question = parameters.question(connection, query)
        rows = party_rows(connection, question.valid_at, question.known, question.reported_by)
    return formats.answer(
        {**question.truth, "data": [present(row) for row in rows], "links": {}}, media, question.fixed
    )
