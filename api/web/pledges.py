"""How every pledge of a mission stands, and how one changed."""

from collections.abc import Sequence
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import Connection

from api.web import charts, clocks
from api.web.clocks import Clocks
from api.web.life import Event, life, proof
from api.web.pages import page, pages_of
from api.web.pledge_figures import Course, courses
from api.web.pledge_table import COLUMNS, KINDS, STATUSES, YES_NO, chosen, lines, wanted
from api.web.refused import Refused, tell_refusals
from ledger.checkpoints import parse_checkpoint
from ledger.events import EVENTS
from ledger.log import last_note
from ledger.texts import nearest
from ledger.values import LAST_YEAR, first_day
from projections.history import pledge_history
from projections.queries import answers

blueprint = pages_of("pledges")
tell_refusals(blueprint)
MOST_SHOWN = 500
_OPENING = "pledge.announced"
_LAST_DAY = f"{LAST_YEAR}-12-31"


@page(blueprint, "/missions/<mission>/pledges")
def pledges(connection: Connection, mission: str) -> str:
    """Every pledge of a mission at two clocks, filtered and in an order."""
    asked = clocks.asked(connection, mission)
    sought = wanted(request.args)
    made = _answers(connection, asked, ["pledges", "fulfilment"])
    every = lines(made["pledges"], made["fulfilment"])
    found = chosen(every, sought)
    return render_template(
        "pledges.html",
        clocks=asked,
        sought=sought,
        every=every,
        found=found,
        shown=found[:MOST_SHOWN],
        parties=sorted({party for line in every for party in line.row["parties"]}),
        columns=COLUMNS,
        choices={"status": STATUSES, "conditional": YES_NO, "disputed": YES_NO},
        kinds=KINDS,
        citation=_citation(asked),
    )


def _answers(connection: Connection, asked: Clocks, names: Sequence[str]) -> dict[str, Any]:
    question = asked.question
    return answers(connection, asked.mission, names, question.valid_at, question.known, question.reported_by)


def _citation(asked: Clocks) -> dict[str, Any]:
    """The clocks of the page, for the addresses of its data."""
    reported = asked.question.reported_by
    return asked.citation | ({"reported_by": reported} if reported else {})


@page(blueprint, "/missions/<mission>/pledges/<pledge>")
def pledge(connection: Connection, mission: str, pledge: str) -> str:
    """One pledge: what it says at two clocks, its figure over time, and its life."""
    asked = clocks.asked(connection, mission)
    made = _answers(connection, asked, ["pledges", "fulfilment", "deployments", "payments"])
    row = next((one for one in made["pledges"] if one["pledge"] == pledge), None)
    history = pledge_history(connection, mission, pledge, asked.question)
    if row is None and not history:
        raise Refused(_unknown(connection, asked, pledge), 404)
    found, told = courses(row, history, made) if row else [], life(history)
    return render_template(
        "pledge.html",
        clocks=asked,
        name=pledge,
        row=row,
        line=next((line for line in lines(made["pledges"], made["fulfilment"]) if line.row is row), None),
        drawn=[(course, _drawings(course, asked.valid_at)) for course in found],
        life=told,
        proofs=_proofs(connection, told),
        actions=_actions(mission, pledge),
        citation=_citation(asked),
    )


def _unknown(connection: Connection, asked: Clocks, pledge: str) -> str:
    """The page of a name that no pledge has by then: when it is made, if it ever is, else the names like it."""
    question = asked.question
    known = answers(connection, asked.mission, ["pledges"], _LAST_DAY, question.known, question.reported_by)["pledges"]
    later = next((row for row in known if row["pledge"] == pledge), None)
    begins = first_day(later["original"]["since"]) if later and later["original"] else None
    names = nearest(pledge[:64], [row["pledge"] for row in known])
    return render_template("pledge_unknown.html", clocks=asked, name=pledge[:64], begins=begins, names=names)


def _drawings(course: Course, last: str) -> list[charts.Curves]:
    """The chart of a matter, wide and narrow; none where there is no figure to draw."""
    curves = [curve for curve in (course.pledged, course.delivered) if curve.levels]
    return [charts.draw_curves(curves, last, *size) for size in ((880, 260), (340, 220))] if course.is_drawn else []


def _proofs(connection: Connection, events: Sequence[Event]) -> dict[int, str]:
    """Of each entry of a life, whether the last checkpoint covers it."""
    note = last_note(connection)
    signed = parse_checkpoint(note.text).size if note else None
    positions = [one.change["position"] for event in events for one in (event, *event.about)]
    return {position: proof(position, signed) for position in positions}


def _actions(mission: str, pledge: str) -> list[tuple[str, str]]:
    """What can be recorded about the pledge: event type and address of its form."""
    types = [name for name, declared in EVENTS.items() if declared.STREAM == "pledge/{pledge}" and name != _OPENING]
    return [(name, url_for("recording.form", type_name=name, mission=mission, pledge=pledge)) for name in types]
