"""What was removed is told of wherever it would have stood: by whom, when, by which rule and why."""

import csv
import io
import json
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

from api.cli import main
from projections.answers import ANSWERS
from tests.builders import MISSION, announced, append, corrected, people, registered, retracted, said
from tests.desk import Desk
from tests.test_redaction import CODE, SECRET, SYMBOL, entries_of, redacted, secret

MISSIONS = f"/v1/missions/{MISSION}"


@pytest.fixture
def told(desk: Desk, engine: Engine) -> dict[str, Any]:
    """A ledger of a pledge of which everything but the revision was removed; what is told of the removal of its opening."""
    append(engine, registered(), secret(), announced("b"), corrected(1, to_source={"title": SECRET}))
    append(engine, said("pledge.revised", "2024-05", pledge="a", items=[people(5)]))
    opening, correction = append(engine, redacted(1), redacted(3, reason="names the same person"), actor="an-admin")
    assert (opening.position, correction.position) == (5, 6)
    return told_of(entries_of(engine)[5])


def told_of(entry: Any, **instead: Any) -> dict[str, Any]:
    reasons = {name: entry.data[name] for name in ("legal_basis", "reason")}
    return {"position": entry.position, "actor": entry.actor, "recorded_at": entry.recorded_at, **reasons, **instead}


def data(answer: Any) -> Any:
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()["data"]


# --- entries ---------------------------------------------------------------------------------------------------------


def test_a_list_of_entries_tells_who_removed_what(desk: Desk, told: dict[str, Any]) -> None:
    shown = data(desk.get("/v1/entries"))

    assert [entry["redaction"] and entry["redaction"]["position"] for entry in shown] == [None, 5, None, 6, *[None] * 3]
    assert shown[1]["redaction"] == told == {**told, "actor": "an-admin", "legal_basis": "Article 17"}
    assert [shown[1][name] for name in ("data", "source", "note")] == [None] * 3
    assert (shown[1]["type"], shown[1]["effective"]) == ("pledge.announced", "2024-03-01")
    assert shown[5]["data"] == {"target": 1, "legal_basis": "Article 17", "reason": "a person asked for it"}


def test_lines_and_tables_of_entries_tell_it_too(desk: Desk, told: dict[str, Any]) -> None:
    lines = [json.loads(line) for line in desk.get("/v1/entries", format="ndjson").text.splitlines()]
    rows = list(csv.DictReader(io.StringIO(desk.get("/v1/entries", format="csv").text)))

    assert lines[1]["redaction"] == told
    assert {name: rows[1][f"redaction.{name}"] for name in told} == {name: str(part) for name, part in told.items()}
    assert (rows[0]["redaction.position"], rows[1]["data.party"]) == ("", "")


def test_one_entry_tells_what_is_left_of_it(desk: Desk, told: dict[str, Any]) -> None:
    shown = data(desk.get("/v1/entries/1"))

    assert (shown["data"], shown["redaction"]) == (None, told)
    assert (shown["stored"]["payload"], shown["stored"]["salt"]) == (None, None)
    assert json.loads(shown["stored"]["envelope"])["type"] == "pledge.announced"
    assert shown["stands"] == {
        "effective": "2024-03-01", "data": None, "source": None, "corrections": [], "retracted": False,
    }  # fmt: skip
    assert shown["about_it"] == [
        {"position": 3, "type": "entry.corrected"},
        {"position": 5, "type": "payload.redacted"},
    ]


def test_a_corrected_reason_is_told_as_it_stands(desk: Desk, engine: Engine, told: dict[str, Any]) -> None:
    append(engine, corrected(5, to_data={"legal_basis": "Article 18"}))

    assert data(desk.get("/v1/entries/1"))["redaction"] == {**told, "legal_basis": "Article 18"}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"party": CODE}, []),
        ({"symbol": SYMBOL}, []),
        ({"party": "JAM"}, [2]),
        ({"type": "pledge.announced"}, [1, 2]),
        ({"type": "payload.redacted"}, [5, 6]),
        ({"stream": f"{MISSION}/pledge/a"}, [1, 3, 4, 5, 6]),
        ({"mission": MISSION, "effective_from": "2024-03-01", "effective_to": "2024-03-31"}, [1]),
    ],
)
def test_what_was_removed_is_found_by_its_envelope_alone(
    desk: Desk, told: dict[str, Any], asked: dict[str, str], found: list[int]
) -> None:
    assert [entry["position"] for entry in data(desk.get("/v1/entries", **asked))] == found


# --- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["snapshot", *ANSWERS, "pledges/b", "pledges/b/history", "pledges/a/history", "history"]
)
def test_every_answer_about_the_mission_tells_it_from_the_removed_entry_on(
    desk: Desk, told: dict[str, Any], name: str
) -> None:
    answers = [desk.get(f"{MISSIONS}/{name}", valid_at="2025-01-01", known_position=known) for known in (2, 3, 6)]
    shown = [answer.get_json()["redactions"] for answer in answers]

    one = {"position": 1, "type": "pledge.announced", "effective": "2024-03-01", "redaction": told}
    assert [[removed["position"] for removed in removals] for removals in shown] == [[1], [1, 3], [1, 3]]
    assert all(removals[0] == one for removals in shown)


def test_before_the_removed_entry_and_in_another_mission_there_is_nothing_to_tell(
    desk: Desk, engine: Engine, told: dict[str, Any]
) -> None:
    append(engine, registered("other"))

    before = desk.get(f"{MISSIONS}/snapshot", valid_at="2025-01-01", known_position=0)
    other = desk.get("/v1/missions/other/snapshot")

    assert (before.get_json()["redactions"], other.get_json()["redactions"]) == ([], [])


def test_a_difference_tells_it_too(desk: Desk, told: dict[str, Any]) -> None:
    shown = desk.get(
        f"{MISSIONS}/diff",
        from_valid_at="2025-01-01",
        to_valid_at="2025-01-01",
        from_known_position=2,
        to_known_position=6,
    ).get_json()

    assert [removed["position"] for removed in shown["redactions"]] == [1, 3]
    assert all(1 not in operation["caused_by"] for operation in shown["data"])


def test_no_answer_holds_what_was_removed(desk: Desk, told: dict[str, Any]) -> None:
    paths = [f"{MISSIONS}/{name}" for name in ("snapshot", "history", "findings")] + ["/v1/entries", "/v1/entries/1"]
    texts = [desk.get(path, **asked).text for path in paths for asked in asked_of(path)]

    assert not [one for text in texts for one in (SECRET, CODE, SYMBOL) if one in text]


def asked_of(path: str) -> list[dict[str, Any]]:
    return [{"known_position": known} for known in range(7)] if path.startswith(MISSIONS) else [{}]


# --- histories -------------------------------------------------------------------------------------------------------


def test_the_history_of_a_mission_keeps_the_place_and_tells_who_emptied_it(desk: Desk, told: dict[str, Any]) -> None:
    items = {item["position"]: item for item in data(desk.get(f"{MISSIONS}/history"))}

    assert list(items) == [0, 2, 1, 4, 5, 6]
    assert [items[1][name] for name in ("data", "source", "note", "redaction")] == [None, None, None, told]
    (change,) = items[1]["changes"]
    assert (change["position"], change["fields"], change["source"]) == (3, [], None)
    assert change["redaction"]["reason"] == "names the same person"
    assert items[5]["data"]["reason"] == "a person asked for it"


def test_the_history_of_a_pledge_keeps_it_too(desk: Desk, told: dict[str, Any]) -> None:
    changes = data(desk.get(f"{MISSIONS}/pledges/a/history"))

    assert [(change["position"], change["type"]) for change in changes] == [
        (1, "pledge.announced"),
        (3, "entry.corrected"),
        (4, "pledge.revised"),
        (5, "payload.redacted"),
        (6, "payload.redacted"),
    ]
    assert [changes[0][name] for name in ("data", "source", "reason", "fields", "redaction")] == [
        None,
        None,
        None,
        [],
        told,
    ]
    assert changes[1]["redaction"]["position"] == 6


def test_a_pledge_of_which_nothing_can_be_read_has_a_history_and_no_state(desk: Desk, engine: Engine) -> None:
    append(engine, registered(), secret(), redacted(1))

    history = data(desk.get(f"{MISSIONS}/pledges/a/history"))

    assert [change["position"] for change in history] == [1, 2]
    assert desk.get(f"{MISSIONS}/pledges/a").get_json()["type"] == "/problems/unknown-pledge"


def test_a_removed_retraction_still_shows_in_the_history(desk: Desk, engine: Engine) -> None:
    append(engine, registered(), announced("a"), retracted(1), redacted(2))

    shown = next(item for item in data(desk.get(f"{MISSIONS}/history")) if item["position"] == 1)

    assert (shown["retracted"], shown["data"]["pledge"]) == (True, "a")
    assert (shown["changes"][0]["reason"], shown["changes"][0]["redaction"]["position"]) == (None, 3)


# --- a mission whose registration was removed ------------------------------------------------------------------------


def test_a_mission_whose_registration_was_removed_is_still_asked_about(desk: Desk, engine: Engine) -> None:
    append(engine, registered(), announced("a"), redacted(0))

    listed = data(desk.get("/v1/missions"))
    shown = desk.get(f"{MISSIONS}/snapshot").get_json()

    assert [(one["mission"], one["name"]) for one in listed] == [(MISSION, None)]
    assert [pledge["pledge"] for pledge in shown["data"]["pledges"]] == ["a"]
    assert [removed["position"] for removed in shown["redactions"]] == [0]


# --- the command line ------------------------------------------------------------------------------------------------


def run(url: str, *arguments: str) -> str:
    done = CliRunner().invoke(main, list(arguments), env={"DATABASE_URL": url, "COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.stdout


def test_tables_for_people_tell_it(database_url: str, told: dict[str, Any]) -> None:
    history, pledge = (run(database_url, "history", MISSION, *more) for more in ((), ("--pledge", "a")))
    snapshot = run(database_url, "snapshot", MISSION, "--only", "pledges")

    for shown in (history, pledge, snapshot):
        words = " ".join(shown.replace("│", " ").split())
        assert "an-admin" in words
        assert "Article 17" in words
    assert "Removed" in snapshot
    assert "removed on" in history


def test_a_snapshot_without_redactions_has_no_table_of_them(database_url: str, engine: Engine) -> None:
    append(engine, registered(), announced("a"))

    assert "Removed" not in run(database_url, "snapshot", MISSION)


def test_documents_for_programs_tell_it_as_the_api_does(database_url: str, desk: Desk, told: dict[str, Any]) -> None:
    shown = json.loads(run(database_url, "snapshot", MISSION, "--json"))

    assert shown["redactions"] == desk.get(f"{MISSIONS}/snapshot").get_json()["redactions"]


def test_exports_tell_it(database_url: str, told: dict[str, Any]) -> None:
    lines = [json.loads(line) for line in run(database_url, "export").splitlines()]
    rows = list(csv.DictReader(io.StringIO(run(database_url, "export", "--format", "csv"))))

    assert (lines[1]["data"], lines[1]["redaction"], lines[0]["redaction"]) == (None, told, None)
    assert {name: rows[1][f"redaction.{name}"] for name in told} == {name: str(part) for name, part in told.items()}


def test_the_document_of_the_api_tells_who_may_remove(desk: Desk) -> None:
    shown = desk.get("/openapi.json").get_json()

    types = shown["components"]["schemas"]["EventPayloadRedacted"]["properties"]["type"]
    assert "takes the key of an admin" in types["description"]
    assert "`payload.redacted`" in shown["paths"]["/v1/entries"]["post"]["description"]
