"""Query parameters: declared once, checked, documented; unknown ones are refused with the nearest right one."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache, wraps
from typing import Annotated, Any, TypeVar

from flask import Request, current_app, request
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, ValidationError, validate
from marshmallow import fields as mf
from sqlalchemy import Connection

from api import problems
from api.documents import documented
from api.settings import Settings
from ledger.schemas import field_for
from ledger.texts import Text, nearest_first
from ledger.values import MissionName, PartyCode, Symbol
from projections.questions import Question, Unanswerable, ask, day

_HINTS = {
    "as_of": "is ambiguous; say valid_at for what was true on a day, or known_at for what was recorded by then",
    "date": "is ambiguous; say valid_at, known_at or reported_by",
}
View = TypeVar("View", bound=Callable[..., Any])
DEFAULT_LIMIT = 50  # entries on a page
MOST_KNOWN, LONGEST_KNOWN = 1024, 512  # query strings, and the bytes of one
Day = Annotated[str, Text("a day", r"\d{4}-\d{2}-\d{2}", 10, example="2024-09-30", normal=lambda text: day(text, ""))]
Moment = Annotated[str, Text("a day or an instant with its offset", r"[0-9T:.Z+-]{10,40}", 40, example="2024-10-31")]
StreamName = Annotated[str, Text("a stream", r"[A-Za-z0-9/+_.-]+", 300, example="haiti-mss/pledge/jam-personnel")]
TypeName = Annotated[str, Text("an event type", r"[a-z-]+\.[a-z-]+", 64, example="pledge.notified")]


class NoQuery(Schema):
    """No query parameters; refusals name the nearest right ones."""

    class Meta:
        unknown = RAISE

    def load(self, data: Any, **options: Any) -> Any:
        try:
            return super().load(dict(data), **options)
        except ValidationError as error:
            told = error.normalized_messages()
            raise ValidationError({name: self._told(name, said) for name, said in told.items()}) from error

    def _told(self, name: str, told: Any) -> Any:
        if told != ["Unknown field."]:
            return told
        return [
            _HINTS.get(name)
            or f"is not a parameter here; the parameters are: {nearest_first(name, list(self.fields)) or 'none'}"
        ]


class Query(NoQuery):
    """Query parameters of what has several representations."""

    format = mf.String(
        validate=validate.OneOf(["json", "ndjson", "csv"], error="must be one of: {choices}"),
        metadata={
            "description": "The representation, where the Accept header is not to decide. NDJSON and CSV are for lists."
        },
    )


def parameter(annotation: Any, description: str) -> mf.Field:
    """A query parameter of a declared text."""
    return field_for(annotation, {"description": description}, required=False)


def number(description: str, low: int = 0) -> mf.Field:
    bounds = validate.Range(low, 2**53 - 1, error="must be from {min} to {max}")
    return mf.Integer(
        validate=bounds, error_messages={"invalid": "must be a whole number"}, metadata={"description": description}
    )


class QuestionQuery(Query):
    """The clocks of a question."""

    valid_at = parameter(Day, "True on this day. Today where left out.")
    known_at = parameter(Moment, "As recorded by this day's end (UTC) or this instant. Everything where left out.")
    known_position = number(
        "As recorded up to this position, instead of `known_at`; together with `valid_at` the answer never changes."
    )
    reported_by = parameter(
        Day,
        "As published by this day; where no publication date is known, the last day of the effective date stands in.",
    )


class DiffQuery(Query):
    """The two states to be compared."""

    from_valid_at = parameter(Day, "Day of the first state. Today where left out.")
    to_valid_at = parameter(Day, "Day of the second state. Today where left out.")
    from_known_at = parameter(Moment, "What the first state is known by.")
    to_known_at = parameter(Moment, "What the second state is known by.")
    from_known_position = number("Position that the first state is known by, instead of `from_known_at`.")
    to_known_position = number("Position that the second state is known by, instead of `to_known_at`.")
    reported_by = parameter(Day, "Both states as published by this day.")


class PageQuery(Query):
    """Which part of a list."""

    after = number("Only what comes after this position: the last one of the page before.")
    limit = number("How many at most; 50 where left out.", 1)


class EntriesQuery(PageQuery):
    """Which entries."""

    mission = parameter(MissionName, "Of this mission.")
    stream = parameter(StreamName, "Of this stream.")
    type = parameter(TypeName, "Of this type.")
    party = parameter(PartyCode, "That name this party, or that change a pledge or commitment of it.")
    effective_from = parameter(Day, "Whose effective date may lie on or after this day.")
    effective_to = parameter(Day, "Whose effective date may lie on or before this day.")
    recorded_from = parameter(Moment, "Recorded at or after this day's beginning, or this instant.")
    recorded_to = parameter(Moment, "Recorded at or before this day's end, or this instant.")
    symbol = parameter(Symbol, "Whose source, or whose act, bears this UN document symbol.")


class HistoryQuery(QuestionQuery):
    """The clocks of a history, and which part of it."""

    after = mf.String(
        validate=validate.Regexp(
            r"^\d{4}-\d{2}-\d{2}\.\d{1,16}\Z", error="must be the cursor that the page before gave"
        ),
        metadata={"description": "The cursor of the page before."},
    )
    limit = number("How many at most; 100 where left out.", 1)


def asks(blueprint: Blueprint, schema: type[Schema]) -> Callable[[View], View]:
    """The view takes the query parameters of a schema.

    What a query string says follows from it alone, so what was found good is not read again; what is refused is.
    """

    def wrap(view: View) -> View:
        known, reader = dict[bytes, Mapping[str, Any]](), schema()

        @wraps(view)
        def answered(**arguments: Any) -> Any:
            asked = request.query_string
            query = known.get(asked)
            if query is None:
                query = _understood(reader)
                if len(asked) <= LONGEST_KNOWN:
                    if len(known) >= MOST_KNOWN:
                        known.clear()
                    known[asked] = query
            return view(dict(query), **arguments)

        return documented(blueprint.arguments(schema, location="query"))(answered)

    return wrap


def _understood(reader: Schema) -> Mapping[str, Any]:
    try:
        return reader.load(request.args)
    except ValidationError as error:
        raise problems.of_parameters(error.normalized_messages()) from error


def repeated(query_string: bytes) -> tuple[str, int] | None:
    """The first parameter that is given more than once, and how often."""
    if b"&" not in query_string:
        return None
    return (_repeated if len(query_string) <= LONGEST_KNOWN else _repeated.__wrapped__)(query_string)


@lru_cache(maxsize=1024)
def _repeated(query_string: bytes) -> tuple[str, int] | None:
    given = Counter(
        name for name, _ in Request({"QUERY_STRING": query_string.decode("latin-1")}).args.items(multi=True)
    )
    return next(((name, count) for name, count in given.items() if count > 1), None)


def settings() -> Settings:
    """The settings of the app that answers."""
    return current_app.config["LEDGER_SETTINGS"]


def today() -> date:
    return datetime.now(UTC).date()


def question(connection: Connection, parameters: Mapping[str, Any], prefix: str = "") -> Question:
    """The question that the parameters put, each name beginning with `prefix`. Raises Problem."""
    clocks = {name: parameters.get(prefix + name) for name in ("valid_at", "known_at", "known_position")}
    try:
        return ask(connection, **clocks, reported_by=parameters.get("reported_by"), today=today())
    except Unanswerable as error:
        raise problems.of_parameter(prefix + error.parameter, str(error)) from error


def limit(parameters: Mapping[str, Any], default: int) -> int:
    """How many things the page holds. Raises Problem where more than the server's limit is asked for."""
    asked = parameters.get("limit", min(default, settings().max_page))
    if asked > settings().max_page:
        raise problems.of_parameter(
            "limit", f"a page holds at most {settings().max_page}; ask for that and follow links.next", "page-too-long"
        )
    return max(asked, 1)


def check_range(first: str | None, last: str | None, name_first: str, name_last: str) -> None:
    """A range runs forward and is no wider than the server's limit. Raises Problem."""
    if first is None or last is None:
        return
    days = (date.fromisoformat(last[:10]) - date.fromisoformat(first[:10])).days
    if days < 0:
        raise problems.of_parameter(name_first, f"{name_first} lies after {name_last}; exchange them")
    if days > settings().max_range_days:
        raise problems.of_parameter(
            name_last,
            f"the range covers {days} days; at most {settings().max_range_days} are answered",
            "range-too-wide",
        )


class ConsistencyQuery(NoQuery):
    """Two sizes of the tree."""

    from_size = mf.Integer(
        required=True,
        data_key="from",
        validate=validate.Range(min=0, max=2**53),
        metadata={"description": "How many entries the earlier tree has."},
    )
    to_size = mf.Integer(
        data_key="to",
        validate=validate.Range(min=0, max=2**53),
        metadata={
            "description": "How many entries the later tree has; those of the newest checkpoint, unless it is given."
        },
    )
