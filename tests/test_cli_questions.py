"""The command line answers: tables for people, the documents of the HTTP API for programs, sentences for what cannot be asked."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from api.app import create_app
from api.cli import main
from api.cli.tables import brief, figure, things
from api.settings import Settings
from tests.builders import announced, append, people, registered, said

Cli = Callable[..., Result]


@pytest.fixture
def cli(database_url: str) -> Cli:
    """The command line on a fresh ledger, on either database."""
    return lambda *arguments: CliRunner().invoke(main, list(arguments), env={"DATABASE_URL": database_url})


@pytest.fixture
def told(cli: Cli, engine: Engine) -> Cli:
    """The command line on a ledger with one pledge that is revised."""
    append(engine, registered(), announced("a", "JAM", 200, "2024-01-01"))
    append(
        engine,
        said("pledge.revised", "2024-03-05", pledge="a", items=[people(170, 180)], source={"symbol": "S/2024/262"}),
    )
    return cli


def test_a_snapshot_is_a_table_for_people(told: Cli) -> None:
    result = told("snapshot", "test-mission", "--valid-at", "2024-06-01", "--only", "pledges,fulfilment")

    assert result.exit_code == 0
    assert "test-mission on 2024-06-01, as known at position 2" in result.stdout
    assert "170–180 troops" in result.stdout
    assert "Leadership" not in result.stdout


def test_every_answer_has_a_table(cli: Cli) -> None:
    cli("load", "haiti-mss")

    result = cli("snapshot", "haiti-mss", "--valid-at", "2025-12-03")

    titles = ("Mandate", "Leadership", "Partners", "Pledges", "Deployments", "Funding", "Positions", "Fulfilment", "Targets", "Observations", "Findings")  # fmt: skip
    assert result.exit_code == 0, result.exception
    assert all(title in result.stdout for title in titles)
    assert "Gang Suppression Force" in result.stdout


def test_json_says_what_it_is_true_of(told: Cli) -> None:
    arguments = (
        "snapshot",
        "test-mission",
        "--valid-at",
        "2024-06-01",
        "--known-position",
        "1",
        "--json",
        "--only",
        "pledges",
    )

    document = json.loads(told(*arguments).stdout)

    assert (document["mission"], document["valid_at"], document["known_position"]) == ("test-mission", "2024-06-01", 1)
    assert document["data"]["pledges"][0]["items"] == [people(200)]
    assert list(document["data"]) == ["pledges"]


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (("snapshot", "test-mission", "--valid-at", "2024-06-01"), "/snapshot?valid_at=2024-06-01"),
        (("snapshot", "test-mission", "--reported-by", "2024-02-01"), "/snapshot?reported_by=2024-02-01"),
        (("history", "test-mission", "--known-position", "1"), "/history?known_position=1"),
        (("history", "test-mission", "--pledge", "a"), "/pledges/a/history"),
        (("diff", "test-mission", "--from-valid-at", "2024-02-01"), "/diff?from_valid_at=2024-02-01"),
    ],
)
def test_json_is_the_document_of_the_http_api(
    told: Cli, database_url: str, engine: Engine, arguments: tuple[str, ...], path: str
) -> None:
    client = create_app(Settings(database_url), engine).test_client()

    printed = json.loads(told(*arguments, "--json").stdout)
    answered = client.get(f"/v1/missions/test-mission{path}").get_json()

    assert printed == {name: value for name, value in answered.items() if name != "links"}


def test_a_pledges_history_tells_what_changed_from_what_to_what(told: Cli) -> None:
    table = told("history", "test-mission", "--pledge", "a").stdout
    changes = json.loads(told("history", "test-mission", "--pledge", "a", "--json").stdout)["data"]

    assert "items: 200 troops → 170–180 troops" in table
    assert [change["type"] for change in changes] == ["pledge.announced", "pledge.revised"]
    assert "pledge.revised" in told("history", "test-mission").stdout


def test_a_difference_names_the_entries_that_caused_it(told: Cli) -> None:
    days = ("--from-valid-at", "2024-02-01", "--to-valid-at", "2024-06-01")

    document = json.loads(told("diff", "test-mission", *days, "--json").stdout)
    table = told("diff", "test-mission", *days).stdout
    nothing = told("diff", "test-mission", *days[:3], "2024-02-01")

    changed = {operation["path"]: operation["caused_by"] for operation in document["data"]}
    assert (document["from"]["valid_at"], document["to"]["valid_at"]) == ("2024-02-01", "2024-06-01")
    assert changed["/pledges/a/items"] == [2]
    assert "/pledges/a/items" in table
    assert nothing.stdout == "Nothing differs.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("snapshot", "test-mision"), 1, "There is no mission 'test-mision' by then; there are: test-mission."),
        (("snapshot", "test-mission", "--known-at", "1950-01-01"), 1, "The ledger holds no mission by then"),
        (("snapshot", "test-mission", "--valid-at", "today"), 2, "--valid-at: 'today' is not a day"),
        (
            ("snapshot", "test-mission", "--known-position", "99"),
            2,
            "--known-position: there is no position 99 yet; the last one is 2",
        ),
        (("snapshot", "test-mission", "--only", "pledge"), 2, "'pledge' is not one of: pledges"),
        (("diff", "test-mission", "--to-known-at", "x"), 2, "--to-known-at: 'x' is no moment"),
        (("history", "test-mission", "--pledge", "b"), 1, "test-mission has no pledge 'b' by then; there are: a."),
        (("template", "pledge.notify"), 2, "'pledge.notify' is not one of: pledge.notified"),
    ],
)
def test_questions_that_cannot_be_answered_are_told_in_a_sentence(
    told: Cli, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    result = told(*arguments)

    assert result.exit_code == code
    assert sentence in result.stderr


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ({"minimum": 150, "maximum": 150}, "150"),
        ({"minimum": 1500, "maximum": 2000}, "1,500–2,000"),
        ({"minimum": 700, "maximum": None}, "≥ 700"),
        ({"maximum": 5500}, "≤ 5,500"),
        ({"minimum": 0, "maximum": 0}, "0"),
        ({"minimum": 200, "maximum": 200, "approximate": True}, "about 200"),
        ({"unspecified": "not_stated"}, "no specifics"),
        ({"minimum": None, "maximum": None, "unspecified": 2}, "no specifics"),
        ({"amount": "1234567.50", "currency": "USD"}, "1,234,567.50"),
        ({"minimum": -20, "maximum": 30}, "-20 to 30"),
        (None, ""),
    ],
)
def test_a_figure_is_written_as_it_is_said(found: dict[str, Any] | None, text: str) -> None:
    assert figure(found) == text


def test_things_are_named_with_their_units() -> None:
    company = people(1, category="troops", unit="company")

    assert things([people(30, category="individual_police"), company]) == "30 individual police, 1 company of troops"
    assert brief([{"currency": "EUR", "amount": "850000"}]) == "850,000 EUR"
    assert brief({"category": "troops", "unspecified": "withheld"}) == "troops: no specifics"
