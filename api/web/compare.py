"""What changed between two days, or two states of knowledge."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from marshmallow import ValidationError
from sqlalchemy import Connection

from api import parameters, problems
from api.parameters import DiffQuery
from api.problems import Problem
from api.web import changes, clocks
from api.web.changes import Change, Group
from api.web.pages import page, pages_of
from api.web.presets import presets, year_before
from api.web.refused import Refused, tell_refusals
from ledger.entries import Entry
from ledger.store import chunks, read_entries
from ledger.tables import entries
from projections.differences import compared
from projections.queries import answers
from projections.questions import Question

blueprint = pages_of("compare")
tell_refusals(blueprint)
CLOCKS = ("valid_at", "known_at", "known_position")
FIELDS = tuple(f"{side}_{name}" for side in ("from", "to") for name in CLOCKS)
MOST_AT_ONCE = 60  # rows in one page of a subject
MOST_CAUSES = 12  # entries told of in words beside a row
MOST_LINES = 20  # lines of one field

_FIXED = {"errors": {}, "step": MOST_AT_ONCE, "most_causes": MOST_CAUSES, "most_lines": MOST_LINES}


@dataclass(frozen=True)
class Part:
    """A subject as far as this page shows it: `rest` rows stand on its own pages."""

    group: Group
    shown: Sequence[Change]
    rest: int
    open: bool


@page(blueprint, "/missions/<mission>/compare")
def compare(connection: Connection, mission: str) -> str:
    """What changed between two days, or two states of knowledge."""
    asked = clocks.asked(connection, mission)
    frame = {"clocks": asked, "presets": _presets(connection, asked), "given": _given(asked)}
    try:
        before, after = _states(connection, frame["given"])
        subject, start = _subject(), _start()
    except Problem as problem:
        errors = {error["parameter"]: error["detail"] for error in problem.errors}
        raise Refused(_rendered(frame, {"errors": errors, "problem": problem}), 422) from problem
    made = changes.groups(compared(connection, mission, before, after))
    parts = [_part(group, subject, start) for group in made if subject in (None, group.subject)]
    shown = [change for part in parts for change in part.shown]
    found = {"before": before, "after": after, "groups": made, "counts": changes.counted(made), "parts": parts}
    found |= {"subject": subject, "start": start, "causes": _causes(connection, shown)}
    return _rendered(frame, {**found, "address": _address(before, after), "swapped": _swapped(frame["given"])})


def _rendered(frame: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    return render_template("compare.html", **{**_FIXED, **frame, **found})


def _presets(connection: Connection, asked: clocks.Clocks) -> Any:
    question = asked.question
    mandate = answers(connection, asked.mission, ["mandate"], question.valid_at, question.known)["mandate"]
    return presets(connection, mandate, asked.today, question.known)


def _given(asked: clocks.Clocks) -> dict[str, str]:
    """The two states as the address names them; what it leaves out comes from the clocks: up to their day, from a year before."""
    told = {name: request.args[name] for name in FIELDS if request.args.get(name)}
    told.setdefault("to_valid_at", asked.valid_at)
    for side in ("from", "to"):
        if not any(name.startswith(f"{side}_known") for name in told):
            told |= {f"{side}_{name}": request.args[name] for name in CLOCKS[1:] if request.args.get(name)}
    if "from_valid_at" not in told:
        told["from_valid_at"] = _year_before(told["to_valid_at"])
    return told


def _year_before(day: str) -> str:
    """A year before the day; where that is none, the field of the day itself is told about."""
    try:
        return year_before(day)
    except ValueError:
        return parameters.today().isoformat()


def _states(connection: Connection, given: Mapping[str, str]) -> tuple[Question, Question]:
    """The questions of both states. Raises Problem."""
    also = {"reported_by": request.args["reported_by"]} if request.args.get("reported_by") else {}
    try:
        query = dict(DiffQuery().load({**given, **also}))
    except ValidationError as error:
        raise problems.of_parameters(error.normalized_messages()) from error
    before, after = (parameters.question(connection, query, side) for side in ("from_", "to_"))
    first, last = sorted((before.valid_at, after.valid_at))
    parameters.check_range(first, last, "from_valid_at", "to_valid_at")
    return before, after


def _subject() -> str | None:
    wanted = request.args.get("subject") or None
    if wanted is not None and wanted not in changes.SUBJECTS:
        raise problems.of_parameter("subject", f"must be one of: {', '.join(changes.SUBJECTS)}")
    return wanted


def _start() -> int:
    """How many rows of the subject stand on earlier pages. Raises Problem."""
    wanted = request.args.get("start") or "0"
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) <= 9):
        raise problems.of_parameter("start", "must be a whole number, such as 60")
    return int(wanted)


def _part(group: Group, subject: str | None, start: int) -> Part:
    start = start if subject else 0
    shown = group.changes[start : start + MOST_AT_ONCE]
    return Part(
        group, shown, max(0, len(group.changes) - start - len(shown)), bool(subject) or len(group.changes) <= 12
    )


def _address(before: Question, after: Question) -> dict[str, Any]:
    """Both states by what never changes: a day, and a position."""
    made: dict[str, Any] = {}
    for side, question in (("from", before), ("to", after)):
        known = {"known_position": question.known} if question.known >= 0 else {"known_at": question.known_at}
        made |= {f"{side}_{name}": value for name, value in {"valid_at": question.valid_at, **known}.items()}
    return made | ({"reported_by": before.reported_by} if before.reported_by else {})


def _swapped(given: Mapping[str, str]) -> dict[str, str | None]:
    other = {"from": "to", "to": "from"}
    names = [(side, name) for side in other for name in CLOCKS]
    return {f"{side}_{name}": given.get(f"{other[side]}_{name}") for side, name in names}


def _causes(connection: Connection, shown: Iterable[Change]) -> dict[int, Entry]:
    """The entries that caused what is shown, by position."""
    wanted = sorted({position for change in shown for position in change.entries[:MOST_CAUSES]})
    read = [read_entries(connection, entries.c.position.in_(part)) for part in chunks(wanted)]
    return {entry.position: entry for part in read for entry in part}
