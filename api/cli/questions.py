"""Commands that ask: what is true at two clocks, how it came about, what differs."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click
import orjson
from sqlalchemy import Connection

from api.cli import database
from api.cli.command import Declined, json_option
from api.cli.tables import answer_table, changes_table, history_table, operations_table, redactions_table, show
from ledger.store import reading
from ledger.texts import nearest_first
from projections import snapshots
from projections.answers import ANSWERS
from projections.brief import COMPLETE
from projections.differences import differences
from projections.history import mission_history, pledge_history
from projections.queries import answers, mission_names
from projections.questions import Question, Unanswerable, ask
from projections.redactions import redactions

_position = click.IntRange(min=0)


def question_options(command: Callable[..., None]) -> Callable[..., None]:
    """The clocks of a question."""
    for option in (
        click.option("--reported-by", metavar="DAY", help="As published by this day."),
        click.option("--known-position", type=_position, help="As recorded up to this position."),
        click.option("--known-at", metavar="MOMENT", help="As recorded by this day (to its end, UTC) or instant."),
        click.option("--valid-at", metavar="DAY", help="True on this day; today where left out."),
    ):
        command = option(command)
    return command


class Answers(click.ParamType):
    """Names of answers with commas between them."""

    name = "answers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[str]:
        names = value if isinstance(value, list) else [name.strip() for name in value.split(",")]
        for name in names:
            if name not in ANSWERS:
                self.fail(f"{name!r} is not one of: {nearest_first(name, ANSWERS)}", param, ctx)
        return names


@click.command()
@click.argument("mission")
@question_options
@click.option("--only", type=Answers(), help=f"Some of the answers, with commas between them: {', '.join(ANSWERS)}.")
@json_option
def snapshot(mission: str, only: list[str] | None, as_json: bool, **clocks: Any) -> None:
    """Show the state of a MISSION on a day, as known at a moment.

    Of a mission with a long history, lists that grow with it are not shown, only how long they are; with --only they are.
    """
    with database.opened() as engine, reading(engine) as connection:
        question = _asked(connection, **clocks)
        _check_mission(connection, mission, question)
        data, lists = _snapshot(connection, mission, only, question)
        removed = redactions(connection, mission, question.known)
    if as_json:
        _print_json({**question.truth, "mission": mission, "redactions": removed, "lists": lists, "data": data})
        return
    tables = [answer_table(name, found) for name, found in data.items()]
    show(_heading(mission, question), *tables, *([redactions_table(removed)] if removed else []))


@click.command()
@click.argument("mission")
@click.option("--pledge", help="The history of this pledge: each change, from what to what.")
@question_options
@json_option
def history(mission: str, pledge: str | None, as_json: bool, **clocks: Any) -> None:
    """Show what was said about a MISSION, or about one pledge, in the order of the effective dates."""
    with database.opened() as engine, reading(engine) as connection:
        question = _asked(connection, **clocks)
        _check_mission(connection, mission, question)
        if pledge is None:
            data = mission_history(connection, mission, question)
        else:
            data = pledge_history(connection, mission, pledge, question)
            _check_pledge(connection, mission, pledge, question, bool(data))
        removed = redactions(connection, mission, question.known)
    if as_json:
        _print_json({**question.truth, "mission": mission, "redactions": removed, "data": data})
        return
    show(_heading(mission, question), (history_table if pledge is None else changes_table)(data))


@click.command()
@click.argument("mission")
@click.option("--from-valid-at", metavar="DAY", help="Day of the first state; today where left out.")
@click.option("--to-valid-at", metavar="DAY", help="Day of the second state; today where left out.")
@click.option("--from-known-at", metavar="MOMENT", help="What the first state is known by.")
@click.option("--to-known-at", metavar="MOMENT", help="What the second state is known by.")
@click.option("--from-known-position", type=_position, help="Position that the first state is known by.")
@click.option("--to-known-position", type=_position, help="Position that the second state is known by.")
@click.option("--reported-by", metavar="DAY", help="Both states as published by this day.")
@json_option
def diff(mission: str, as_json: bool, reported_by: str | None, **clocks: Any) -> None:
    """Show what differs between two states of a MISSION, and which entries caused it.

    Two days compare the world; two known times compare what the ledger knew of it.
    """
    with database.opened() as engine, reading(engine) as connection:
        before, after = (_asked(connection, prefix, reported_by=reported_by, **clocks) for prefix in ("from_", "to_"))
        latest = max(before, after, key=lambda question: question.known)
        _check_mission(connection, mission, latest)
        data = differences(connection, mission, before, after)
        removed = redactions(connection, mission, latest.known)
    if as_json:
        _print_json({"mission": mission, "redactions": removed, "from": before.truth, "to": after.truth, "data": data})
        return
    if not data:
        click.echo("Nothing differs.")
        return
    show(f"from {_heading(mission, before)}", f"to {_heading(mission, after)}", operations_table(data))


def _asked(connection: Connection, prefix: str = "", reported_by: str | None = None, **clocks: Any) -> Question:
    """The question that the options put, each name beginning with `prefix`. Raises Unanswerable with the option's name."""
    asked = {name: clocks[prefix + name] for name in ("valid_at", "known_at", "known_position")}
    try:
        return ask(connection, **asked, reported_by=reported_by, today=datetime.now(UTC).date())
    except Unanswerable as error:
        option = error.parameter if error.parameter == "reported_by" else prefix + error.parameter
        raise click.UsageError(f"--{option.replace('_', '-')}: {error}") from None


def _check_mission(connection: Connection, mission: str, question: Question) -> None:
    known = mission_names(connection, question.known)
    if not known:
        raise Declined("The ledger holds no mission by then; `mission-ledger load haiti-mss` loads one.")
    if mission not in known:
        raise Declined(f"There is no mission {mission!r} by then; there are: {nearest_first(mission, known)}.")


def _check_pledge(connection: Connection, mission: str, pledge: str, question: Question, found: bool) -> None:
    if not found:
        known = [row["pledge"] for row in _answers(connection, mission, ["pledges"], question)["pledges"]]
        raise Declined(
            f"{mission} has no pledge {pledge!r} by then; there are: {nearest_first(pledge, known) or 'none'}."
        )


def _answers(connection: Connection, mission: str, names: list[str], question: Question) -> dict[str, Any]:
    made = answers(connection, mission, names, question.valid_at, question.known, question.reported_by)
    return {name: made[name] for name in names}


def _snapshot(
    connection: Connection, mission: str, only: list[str] | None, question: Question
) -> tuple[dict[str, Any], str]:
    """The answers asked for, and how their lists are told."""
    if only is not None:
        return _answers(connection, mission, only, question), COMPLETE
    return snapshots.snapshot(connection, mission, list(ANSWERS), question)


def _print_json(document: dict[str, Any]) -> None:
    click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2))


def _heading(mission: str, question: Question) -> str:
    known = f"as known at position {question.known}" if question.known >= 0 else "before anything was known"
    reported = f", as reported by {question.reported_by}" if question.reported_by else ""
    return f"{mission} on {question.valid_at}, {known}{reported}"
