"""Whether the server lives, and whether it can answer."""

from flask import Response, current_app
from flask_smorest import Blueprint
from sqlalchemy.exc import SQLAlchemyError

from api import formats, problems
from api.documents import documented
from api.problems import PROBLEMS, respond
from ledger.store import reading, size
from migrations import is_current
from projections.runner import projected_size

blueprint = Blueprint("health", __name__, description="Whether the server lives, and whether it can answer.")


@blueprint.route("/healthz", methods=["GET"])
@documented(blueprint.doc(responses={"200": {"description": "Yes."}}))
def healthz() -> Response:
    """Is it alive?

    The process answers.
    """
    return formats.answer({"status": "alive"})


@blueprint.route("/readyz", methods=["GET"])
@documented(blueprint.doc(responses={"200": {"description": "Yes."}, "503": {"description": "Not now."}}))
def readyz() -> Response:
    """Can it answer?

    The database can be reached, has the schema that this version needs, and its projections hold every entry.
    """
    engine = current_app.config["LEDGER_ENGINE"]
    try:
        if not is_current(engine):
            return respond("unavailable", "the database's schema is not current; run mission-ledger migrate")
        with reading(engine) as connection:
            recorded, projected = size(connection), projected_size(connection)
    except SQLAlchemyError:
        return respond("unavailable", "the database cannot be reached")
    if projected < recorded:
        return respond("unavailable", "the projections lack entries; run mission-ledger rebuild")
    return formats.answer({"status": "ready", "size": recorded})


@blueprint.route("/problems/<code>", methods=["GET"])
@documented(blueprint.doc(responses={"200": {"description": "The type."}, "404": {"description": "No such type."}}))
def get_problem(code: str) -> Response:
    """What a problem type means.

    Its title and status: what `type` in a problem document refers to.
    """
    if code not in PROBLEMS:
        raise problems.Problem("not-found", "there is no such problem type")
    kind = PROBLEMS[code]
    return formats.answer({"type": f"/problems/{code}", "title": kind.title, "status": kind.status})
