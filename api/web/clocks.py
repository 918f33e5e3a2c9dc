"""The two clocks at the top of a page: true on which day, as known when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import request
from marshmallow import ValidationError
from sqlalchemy import Connection

from api import parameters, problems
from api.missions import check_mission
from api.parameters import QuestionQuery
from api.web.words import CLOCKS, know_acronyms, know_parties
from projections.queries import answers, event_days
from projections.questions import Question

WIDTH = 1000


@dataclass(frozen=True)
class Clocks:
    """A question about a mission, with the days on which something begins: (day, how many events)."""

    mission: str
    name: str
    question: Question
    days: Sequence[tuple[str, int]]
    today: str

    @property
    def valid_at(self) -> str:
        return self.question.valid_at

    @property
    def first(self) -> str:
        """The first day of the slider."""
        return min(self.days[0][0], self.valid_at) if self.days else self.valid_at

    @property
    def last(self) -> str:
        ends = [self.valid_at, self.today, *(day for day, _ in self.days[-1:])]
        return max(ends)

    @property
    def ticks(self) -> list[tuple[float, float]]:
        """Where the events lie on a slider of 1,000 units, and how tall each is drawn, from 0 to 1."""
        most = max((count for _, count in self.days), default=1)
        return [(self.place(day), 0.35 + 0.65 * count / most) for day, count in self.days]

    def place(self, day: str) -> float:
        whole = max(1, _days(self.first, self.last))
        return round(WIDTH * _days(self.first, day) / whole, 1)

    @property
    def before(self) -> str | None:
        """The last day before this one on which something begins."""
        return max((day for day, _ in self.days if day < self.valid_at), default=None)

    @property
    def after(self) -> str | None:
        return min((day for day, _ in self.days if day > self.valid_at), default=None)

    @property
    def is_now(self) -> bool:
        """Whether everything is taken in that was recorded."""
        return not any(request.args.get(name) for name in ("known_at", "known_position"))

    @property
    def citation(self) -> dict[str, Any]:
        """The clocks that give this page for ever."""
        return {"valid_at": self.valid_at, "known_position": max(self.question.known, 0)}


def asked(connection: Connection, mission: str) -> Clocks:
    """The clocks that the address of this page names. Raises Problem."""
    question = asked_alone(connection)
    check_mission(connection, mission, question)
    know_parties(connection, question)
    mandate = answers(connection, mission, ["mandate"], question.valid_at, question.known, question.reported_by)[
        "mandate"
    ]
    know_acronyms(name["acronym"] for name in (mandate or {}).get("names", ()) if name.get("acronym"))
    days = event_days(connection, mission, question.known)
    return Clocks(mission, (mandate or {}).get("name") or mission, question, days, parameters.today().isoformat())


def asked_alone(connection: Connection) -> Question:
    """The question of a page that is about no mission. Raises Problem."""
    return parameters.question(connection, given(request.args))


def given(arguments: Mapping[str, str], names: Sequence[str] = CLOCKS) -> dict[str, Any]:
    """The clocks among the arguments; an empty field of a form is one that was left out. Raises Problem."""
    wanted = {name: arguments[name] for name in names if arguments.get(name)}
    try:
        return dict(QuestionQuery().load(wanted))
    except ValidationError as error:
        raise problems.of_parameters(error.normalized_messages()) from error


def _days(first: str, last: str) -> int:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days
