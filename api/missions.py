"""Missions: the answers at two clocks, histories, and what changed between two states."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, current_app, url_for
from flask_smorest import Blueprint
from sqlalchemy import Connection

from api import conditional, formats, parameters, problems
from api.answer_shapes import (
    ANSWER_SHAPES,
    DiffAnswer,
    HistoryAnswer,
    MissionsAnswer,
    PledgeAnswer,
    PledgeHistoryAnswer,
    SnapshotAnswer,
)
from api.auth import needs
from api.documents import answers_with, explains, listed, shape
from api.parameters import DiffQuery, HistoryQuery, QuestionQuery, asks
from ledger.store import reading
from ledger.texts import nearest_first
from projections.answers import ANSWERS
from projections.differences import differences
from projections.history import mission_history, pledge_history
from projections.queries import answers, mission_names
from projections.questions import Question
from projections.redactions import redactions
from projections.snapshots import snapshot

blueprint = Blueprint("missions", __name__, description="The state of a mission on any day, as known at any time.")


Make = Callable[[Connection, Question], dict[str, Any]]


def _engine() -> Any:
    return current_app.config["LEDGER_ENGINE"]


def _answered(query: Mapping[str, Any], media: str, mission: str | None, make: Make, **more: Any) -> Response:
    """The answer to a question, made by `make` where the client has it not. Raises Problem where the mission is unknown.

    What else of the settings it follows from is given as `more`.
    """
    state = conditional.states().now()
    question = conditional.question(query, state)
    if mission is not None:
        _check_registered(mission, question)
    follows = conditional.follows_of(query, state, question)
    etag = conditional.tag(media, query, follows, conditional.clocks(question), more)
    if same := formats.unchanged(etag, question.fixed):
        return same
    with reading(_engine()) as connection:
        document = make(connection, question)
    return formats.answer(document, media, question.fixed, etag)


def _check_registered(mission: str, question: Question) -> None:
    if not conditional.states().is_registered(mission, question.known):
        with reading(_engine()) as connection:
            check_mission(connection, mission, question)


def check_mission(connection: Connection, mission: str, question: Question) -> None:
    """Raises Problem where the mission was not registered by then."""
    known = mission_names(connection, question.known)
    if mission not in known:
        raise problems.Problem(
            "unknown-mission",
            f"there is no mission {mission[:64]!r} by then; there are: {nearest_first(mission, known) or 'none'}",
        )


def _true_of(connection: Connection, mission: str, question: Question) -> dict[str, Any]:
    """What an answer about a mission is true of, and what of it can no longer be read."""
    return {**question.truth, "mission": mission, "redactions": redactions(connection, mission, question.known)}


@blueprint.route("/v1/missions", methods=["GET"])
@needs("reader")
@asks(blueprint, QuestionQuery)
@answers_with(blueprint, 200, shape(MissionsAnswer))
@listed(blueprint)
@explains(blueprint, "invalid-parameter", "not-acceptable")
def get_missions(query: dict[str, Any]) -> Response:
    """Every mission.

    Every mission registered by then, with the state of its mandate on the day.
    """

    def made(connection: Connection, question: Question) -> dict[str, Any]:
        data = [_mission(connection, mission, question) for mission in mission_names(connection, question.known)]
        return {**question.truth, "data": data, "links": {}}

    return _answered(query, formats.wanted(query.get("format"), lists=True), None, made)


def _mission(connection: Connection, mission: str, question: Question) -> dict[str, Any]:
    mandate = (
        answers(connection, mission, ["mandate"], question.valid_at, question.known, question.reported_by)["mandate"]
        or {}
    )
    names = ("name", "acronym", "host", "status", "until")
    return {
        "mission": mission,
        **{name: mandate.get(name) for name in names},
        "snapshot": url_for("missions.get_snapshot", mission=mission),
    }


@blueprint.route("/v1/missions/<mission>/snapshot", methods=["GET"])
@needs("reader")
@asks(blueprint, QuestionQuery)
@answers_with(blueprint, 200, shape(SnapshotAnswer))
@explains(blueprint, "unknown-mission", "invalid-parameter", "not-acceptable")
def get_snapshot(query: dict[str, Any], mission: str) -> Response:
    """Everything about a mission at two clocks.

    Mandate, leadership, partners, pledges, deployments, funding, commitments, payments, positions, fulfilment, targets,
    observations and findings.

    Of a mission with a long history, lists that grow with it hold but the newest or nothing (`lists`: `newest`), with how many there
    are beside them (`movements_total`); the addresses under `links` hold all. Figures are the same.

    With both `valid_at` and `known_position` the answer never changes and may be cached for ever. One thing changes it: where
    the payload of an entry was removed, it is gone from every answer, and `redactions` tells of it.
    """

    def made(connection: Connection, question: Question) -> dict[str, Any]:
        data, lists = snapshot(connection, mission, list(ANSWERS), question)
        names = (*ANSWERS, "history")
        links = {name: url_for(f"missions.get_{name}", mission=mission, **_clocks(query)) for name in names}
        links["entries"] = url_for("entries.get_entries", mission=mission)
        return {**_true_of(connection, mission, question), "lists": lists, "data": data, "links": links}

    return _answered(query, formats.wanted(query.get("format"), lists=False), mission, made)


def _clocks(query: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in query.items()
        if name in ("valid_at", "known_at", "known_position", "reported_by")
    }


def _add_answer(name: str) -> None:
    """The route of one answer by itself."""
    is_list = name != "mandate"

    def get_answer(query: dict[str, Any], mission: str) -> Response:
        def made(connection: Connection, question: Question) -> dict[str, Any]:
            data = answers(connection, mission, [name], question.valid_at, question.known, question.reported_by)[name]
            links = {"snapshot": url_for("missions.get_snapshot", mission=mission, **_clocks(query))}
            return {**_true_of(connection, mission, question), "data": data, "links": links}

        return _answered(query, formats.wanted(query.get("format"), lists=is_list), mission, made)

    get_answer.__doc__ = f"The mission's {name} at two clocks.\n\nThe same as `{name}` in the snapshot" + (
        "; as NDJSON and CSV too." if is_list else "."
    )
    view = explains(blueprint, "unknown-mission", "invalid-parameter", "not-acceptable")(get_answer)
    view = listed(blueprint)(view) if is_list else view
    view = answers_with(blueprint, 200, shape(ANSWER_SHAPES[name]))(view)
    view = needs("reader")(asks(blueprint, QuestionQuery)(view))
    blueprint.add_url_rule(f"/v1/missions/<mission>/{name}", endpoint=f"get_{name}", view_func=view, methods=["GET"])


for _name in ANSWERS:
    _add_answer(_name)


@blueprint.route("/v1/missions/<mission>/pledges/<pledge>", methods=["GET"])
@needs("reader")
@asks(blueprint, QuestionQuery)
@answers_with(blueprint, 200, shape(PledgeAnswer))
@explains(blueprint, "unknown-mission", "unknown-pledge", "invalid-parameter", "not-acceptable")
def get_pledge(query: dict[str, Any], mission: str, pledge: str) -> Response:
    """One pledge at two clocks.

    The pledge with its terms, its original terms, its conditions and what became of it.
    """

    def made(connection: Connection, question: Question) -> dict[str, Any]:
        at = (question.valid_at, question.known, question.reported_by)
        rows = answers(connection, mission, ["pledges"], *at)["pledges"]
        found = next((row for row in rows if row["pledge"] == pledge), None)
        if found is None:
            raise _unknown_pledge(pledge, [row["pledge"] for row in rows])
        links = {"history": url_for("missions.get_pledge_history", mission=mission, pledge=pledge, **_clocks(query))}
        return {**_true_of(connection, mission, question), "data": found, "links": links}

    return _answered(query, formats.wanted(query.get("format"), lists=False), mission, made)


def _unknown_pledge(pledge: str, known: list[str]) -> problems.Problem:
    return problems.Problem(
        "unknown-pledge",
        f"there is no pledge {pledge[:64]!r} by then; there are: {nearest_first(pledge, known) or 'none'}",
    )


@blueprint.route("/v1/missions/<mission>/pledges/<pledge>/history", methods=["GET"])
@needs("reader")
@asks(blueprint, QuestionQuery)
@answers_with(blueprint, 200, shape(PledgeHistoryAnswer))
@listed(blueprint)
@explains(blueprint, "unknown-mission", "unknown-pledge", "invalid-parameter", "not-acceptable")
def get_pledge_history(query: dict[str, Any], mission: str, pledge: str) -> Response:
    """How a pledge changed.

    Each change with what it changed from what to what, its actor, source, reason and position; corrections included.
    """

    def made(connection: Connection, question: Question) -> dict[str, Any]:
        data = pledge_history(connection, mission, pledge, question)
        if not data:
            rows = answers(connection, mission, ["pledges"], question.valid_at, question.known)["pledges"]
            raise _unknown_pledge(pledge, [row["pledge"] for row in rows])
        links = {"pledge": url_for("missions.get_pledge", mission=mission, pledge=pledge, **_clocks(query))}
        return {**_true_of(connection, mission, question), "data": data, "links": links}

    return _answered(query, formats.wanted(query.get("format"), lists=True), mission, made)


@blueprint.route("/v1/missions/<mission>/history", methods=["GET"])
@needs("reader")
@asks(blueprint, HistoryQuery)
@answers_with(blueprint, 200, shape(HistoryAnswer))
@listed(blueprint)
@explains(blueprint, "unknown-mission", "invalid-parameter", "page-too-long", "not-acceptable")
def get_history(query: dict[str, Any], mission: str) -> Response:
    """The mission's timeline.

    Every event in the order of its effective date, as it stands and as it was first said, with its corrections inside.
    """
    media, limit = formats.wanted(query.get("format"), lists=True), parameters.limit(query, 100)

    def made(connection: Connection, question: Question) -> dict[str, Any]:
        found = mission_history(connection, mission, question)
        rest = [item for item in found if _cursor(item) > _read_cursor(query.get("after"))]
        links = {"next": _following(query, mission, rest, limit)}
        return {**_true_of(connection, mission, question), "data": rest[:limit], "links": links}

    return _answered(query, media, mission, made, limit=limit)


def _following(query: Mapping[str, Any], mission: str, rest: list[Any], limit: int) -> str | None:
    """Where the history goes on after a page of it."""
    if len(rest) <= limit:
        return None
    following = {**query, "after": "{}.{}".format(*_cursor(rest[limit - 1])), "limit": limit}
    return url_for("missions.get_history", mission=mission, **following)


def _cursor(item: Mapping[str, Any]) -> tuple[str, int]:
    return item["first_day"], item["position"]


def _read_cursor(text: str | None) -> tuple[str, int]:
    day, _, position = (text or ".-1").partition(".")
    return day, int(position)


@blueprint.route("/v1/missions/<mission>/diff", methods=["GET"])
@needs("reader")
@asks(blueprint, DiffQuery)
@answers_with(blueprint, 200, shape(DiffAnswer))
@listed(blueprint)
@explains(blueprint, "unknown-mission", "invalid-parameter", "range-too-wide", "not-acceptable")
def get_diff(query: dict[str, Any], mission: str) -> Response:
    """What changed between two states.

    The operations that turn the first state into the second, each with the positions of the entries that caused it.

    Two days compare the world; two known times compare what the ledger knew of it.
    """
    media, state = formats.wanted(query.get("format"), lists=True), conditional.states().now()
    before, after = (conditional.question(query, state, prefix) for prefix in ("from_", "to_"))
    first, last = sorted((before.valid_at, after.valid_at))
    parameters.check_range(first, last, "from_valid_at", "to_valid_at")
    latest, fixed = max(before, after, key=lambda question: question.known), before.fixed and after.fixed
    _check_registered(mission, latest)
    follows = conditional.follows_of(query, state, before, after)
    etag = conditional.tag(media, query, follows, *map(conditional.clocks, (before, after)))
    if same := formats.unchanged(etag, fixed):
        return same
    with reading(_engine()) as connection:
        removed = redactions(connection, mission, latest.known)
        data = differences(connection, mission, before, after)
    truths = {"from": before.truth, "to": after.truth}
    document = {"mission": mission, "redactions": removed, **truths, "data": data, "links": {}}
    return formats.answer(document, media, fixed, etag)
