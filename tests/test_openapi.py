"""The OpenAPI document: valid, complete, and kept by every real answer; no input breaks the server."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import schemathesis.specs.openapi.checks
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from schemathesis.checks import CHECKS
from schemathesis.generation import GenerationMode

from api.app import create_app
from api.problems import PROBLEMS
from api.settings import Settings
from ledger import signing
from ledger.events import EVENTS
from ledger.store import open_engine, read_entries, reading
from projections import brief
from projections.answers import ANSWERS, folded_rows, needed
from projections.queries import indexed_rows, mission_entries
from tests.builders import announced, registered
from tests.test_record import load


@pytest.fixture(scope="module")
def loaded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, str]]:
    """An app on the loaded record, and a recorder's key."""
    path = tmp_path_factory.mktemp("openapi") / "ledger.db"
    shutil.copy(sqlite_template, path)
    engine = open_engine(f"sqlite:///{path}")
    key = load(engine)
    signing.sign(engine, signing.write_log_key(path.with_name("log.key"), (signing.new_key("ledger.example.org/log"),)))
    yield create_app(Settings(database_url=str(engine.url), max_body=100_000), engine), key
    engine.dispose()


@pytest.fixture(scope="module")
def document(loaded: tuple[Flask, str]) -> Any:
    return loaded[0].test_client().get("/openapi.json").json


def test_the_document_is_valid_openapi_3_1(document: Any) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1")


API = ("/v1/", "/problems/", "/healthz", "/readyz")


def test_every_route_is_documented(loaded: tuple[Flask, str], document: Any) -> None:
    routes = {
        rule.rule.replace("<int:", "<").replace("<path:", "<").replace("<", "{").replace(">", "}")
        for rule in loaded[0].url_map.iter_rules()
    }

    assert {route for route in routes if route.startswith(API)} == set(document["paths"])


def test_every_operation_says_what_it_does_and_every_answer_has_a_shape(document: Any) -> None:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            assert operation["summary"], path
            assert operation["description"], path
            assert all("$ref" in response or response["description"] for response in operation["responses"].values()), (
                path
            )
            if path.startswith("/v1"):
                success = next(
                    response for status, response in operation["responses"].items() if status.startswith("2")
                )
                assert success["content"], path
                assert all(content["schema"] for content in success["content"].values()), path


def test_every_event_type_is_in_the_document(document: Any) -> None:
    schemas = document["components"]["schemas"]

    mapped = schemas["Event"]["discriminator"]["mapping"]
    assert set(mapped) == set(EVENTS)
    for name, reference in mapped.items():
        event = schemas[reference.rsplit("/", 1)[1]]
        assert event["properties"]["type"]["enum"] == [name]
        assert "data" in event["required"]


def test_the_examples_of_requests_are_right(document: Any) -> None:
    body = document["paths"]["/v1/entries"]["post"]["requestBody"]["content"]["application/json"]

    for name, example in body["examples"].items():
        assert not list(_validator(document, body["schema"]).iter_errors(example["value"])), name


def _validator(document: Any, schema: Any) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": document["components"]})


def _addresses() -> list[str]:
    clocks = [
        f"valid_at={day}{more}"
        for day in ("2023-01-01", "2024-03-11", "2025-09-15", "2026-10-15")
        for more in ("", "&known_position=150")
    ]
    answers = [f"/v1/missions/{{mission}}/{name}" for name in ("snapshot", "history", *ANSWERS)]
    found = [
        f"{path}?{clock}".replace("{mission}", mission)
        for path in answers
        for clock in clocks
        for mission in ("haiti-mss", "binuh")
    ]
    return [
        *found, "/v1/entries?limit=1000", "/v1/entries/42", "/v1/missions", "/v1/parties", "/v1/missions/haiti-mss/pledges/ken-personnel",
        "/v1/missions/haiti-mss/pledges/ken-personnel/history", "/v1/log/consistency?from=3&to=200",
        "/v1/missions/haiti-mss/diff?from_valid_at=2024-01-01&to_valid_at=2026-01-01",
    ]  # fmt: skip


def test_a_snapshot_without_complete_lists_keeps_its_documented_shape(
    loaded: tuple[Flask, str], document: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brief, "LISTED", 0)
    answer = loaded[0].test_client().get("/v1/missions/haiti-mss/snapshot?valid_at=2025-09-15")

    schema = _schema_of(document, "/v1/missions/haiti-mss/snapshot")
    errors = [error.message[:200] for error in _validator(document, schema).iter_errors(answer.json)]
    assert errors == []
    assert answer.json["lists"] == "newest"
    assert sum(row.get("movements_total", 0) for row in answer.json["data"]["deployments"]) > 20


def test_every_real_answer_keeps_its_documented_shape(loaded: tuple[Flask, str], document: Any) -> None:
    client = loaded[0].test_client()

    for address in _addresses():
        answer = client.get(address)
        schema = _schema_of(document, address.partition("?")[0])
        errors = [
            f"{error.json_path}: {error.message[:200]}"
            for error in _validator(document, schema).iter_errors(answer.json)
        ]
        assert answer.status_code == 200, address
        assert errors == [], address


def _schema_of(document: Any, path: str) -> Any:
    shown = (
        path.replace("haiti-mss", "{mission}")
        .replace("binuh", "{mission}")
        .replace("ken-personnel", "{pledge}")
        .replace("/42", "/{position}")
    )
    return document["paths"][shown]["get"]["responses"]["200"]["content"]["application/json"]["schema"]


def test_every_recordable_event_of_the_record_keeps_the_documented_shape(
    loaded: tuple[Flask, str], document: Any
) -> None:
    with reading(loaded[0].config["LEDGER_ENGINE"]) as connection:
        entries = read_entries(connection)
    validator = _validator(document, {"$ref": "#/components/schemas/Event"})

    for entry in entries:
        said = {
            "type": entry.type,
            "effective": entry.effective,
            "data": entry.data,
            "source": entry.source,
            "note": entry.note,
            "ref": entry.ref,
        }
        event = {name: value for name, value in said.items() if value is not None} | (
            {"mission": entry.mission} if entry.mission else {}
        )
        assert not list(validator.iter_errors(event)), entry


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@settings(
    max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(body=JSON)
def test_malformed_json_is_always_a_problem_that_names_the_place(loaded: tuple[Flask, str], body: Any) -> None:
    answer = _post(loaded, json.dumps(body).encode())

    assert 400 <= answer.status_code < 500, answer.data
    assert answer.content_type == "application/problem+json"
    assert answer.json["type"].removeprefix("/problems/") in PROBLEMS


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200))
def test_bytes_that_are_no_json_are_always_a_problem(loaded: tuple[Flask, str], body: bytes) -> None:
    answer = _post(loaded, body)

    assert 400 <= answer.status_code < 500
    assert answer.content_type == "application/problem+json"


@settings(
    max_examples=1_500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_a_batch_with_one_spoilt_event_is_never_half_recorded(loaded: tuple[Flask, str], data: st.DataObject) -> None:
    good = [{**registered(f"m{number}"), "note": "spoilt batch"} for number in range(2)]
    spoilt = data.draw(_spoilt(announced("a")))
    client = loaded[0].test_client()
    size = client.get("/readyz").json["size"]

    answer = _post(loaded, json.dumps([*good, spoilt]).encode())

    assert 400 <= answer.status_code < 500, (spoilt, answer.data)
    assert all(error["pointer"].startswith("/2") for error in answer.json["errors"]), (spoilt, answer.json)
    assert client.get("/readyz").json["size"] == size


def _spoilt(event: Any) -> st.SearchStrategy[Any]:
    """The event (of an unregistered mission, so never acceptable) with one place changed, dropped or added."""
    places = list(_places(event))

    @st.composite
    def draw(draw: st.DrawFn) -> Any:
        copy = json.loads(json.dumps(event))
        *above, last = draw(st.sampled_from(places))
        holder = copy
        for step in above:
            holder = holder[step]
        if draw(st.booleans()) and isinstance(holder, dict):
            del holder[last]
        else:
            holder[last] = draw(JSON)
        return copy

    return draw()


def _places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for name, part in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*above, name)
        if isinstance(part, (dict, list)):
            yield from _places(part, (*above, name))


def _post(loaded: tuple[Flask, str], body: bytes) -> Any:
    headers = {"Authorization": f"Bearer {loaded[1]}"}
    return loaded[0].test_client().post("/v1/entries", data=body, content_type="application/json", headers=headers)


# What the document cannot say, so that a request that fits it may be declined: missions, pledges and positions
# that do not exist, dates that are not in the calendar, clocks that exclude each other.
NOT_IN_THE_DOCUMENT = [CHECKS.get_one("positive_data_acceptance")]


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_the_server_keeps_its_document_whatever_is_asked(loaded: tuple[Flask, str], mode: GenerationMode) -> None:
    """schemathesis asks every operation: never a 500, documented statuses and types only, answers of the documented shape."""
    web, key = schemathesis.openapi.from_wsgi("/openapi.json", loaded[0]), loaded[1]
    operations = [result.ok() for result in web.get_all_operations()]

    for operation in operations:

        @settings(max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: schemathesis.Case) -> None:
            plainly = {"Authorization": f"Bearer {key}", "Accept-Encoding": "identity"}
            case.call_and_validate(headers=plainly, excluded_checks=NOT_IN_THE_DOCUMENT)

        try:
            check()
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE, (
                operation.label
            )  # nothing can be wrong in an address without parameters

    assert len(operations) == 34


def test_after_everything_the_index_is_still_what_folding_gives(loaded: tuple[Flask, str]) -> None:
    with reading(loaded[0].config["LEDGER_ENGINE"]) as connection:
        last = len(read_entries(connection)) - 1
        for day in ("2024-01-01", "2026-12-31"):
            folded = folded_rows(
                mission_entries(connection, "haiti-mss", last), needed(ANSWERS), "haiti-mss", day, last
            )
            assert indexed_rows(connection, needed(ANSWERS), "haiti-mss", day, last) == folded
