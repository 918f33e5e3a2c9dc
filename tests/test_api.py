"""Recording over the API, and the problems that it answers with."""

import gc
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine

from api import app
from api.problems import PROBLEMS, REFUSAL_STATUS
from ledger.refusals import REFUSALS
from tests.builders import announced, corrected, deployed, registered, said
from tests.desk import Desk, desk_on


def test_recording_one_event_answers_with_its_entry(desk: Desk) -> None:
    desk.post(registered())

    answer = desk.post(announced("a", source={"symbol": "S/2024/262"}))

    assert answer.status_code == 201
    (entry,) = answer.json["entries"]
    assert (entry["position"], entry["stream"], entry["version"], entry["actor"], entry["replayed"]) == (
        1, "test-mission/pledge/a", 1, "a-recorder", False)  # fmt: skip
    assert answer.headers["Location"] == "/v1/entries/1"


def test_a_batch_is_all_or_nothing_with_an_error_for_each_bad_event(desk: Desk) -> None:
    desk.post(registered())

    answer = desk.post([announced("a"), said("pledge.withdrawn", pledge="b"), said("pledge.resumed", pledge="a")])

    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert [(e["pointer"], e["type"]) for e in answer.json["errors"]] == [
        ("/1/data/pledge", "/problems/unknown-subject"), ("/2/data", "/problems/not-possible-now")]  # fmt: skip
    assert desk.get("/readyz").json["size"] == 1


def test_every_malformed_event_of_a_batch_is_reported(desk: Desk) -> None:
    answer = desk.post([registered(), {"type": "nonsense"}, announced("A b"), 7])

    assert answer.status_code == 422
    assert answer.json["type"] == "/problems/invalid-event"
    assert {error["pointer"].split("/")[1] for error in answer.json["errors"]} == {"1", "2", "3"}


def test_a_single_event_in_a_list_has_pointers_into_the_list(desk: Desk) -> None:
    alone, listed = desk.post(announced("a")), desk.post([announced("a")])

    assert alone.json["errors"][0]["pointer"] == "/mission"
    assert listed.json["errors"][0]["pointer"] == "/0/mission"


def test_the_same_key_and_request_is_replayed(desk: Desk) -> None:
    first = desk.post(registered(), Idempotency_Key="k")

    again = desk.post(registered(), Idempotency_Key="k")

    assert again.status_code == 201
    assert again.json["entries"] == [{**first.json["entries"][0], "replayed": True}]


def test_the_same_key_for_another_request_is_refused(desk: Desk) -> None:
    desk.post(registered(), Idempotency_Key="k")

    answer = desk.post(registered("other"), Idempotency_Key="k")

    assert (answer.status_code, answer.json["type"]) == (422, "/problems/key-reused")


def test_a_moved_stream_answers_409_with_the_actual_version(desk: Desk) -> None:
    desk.post([registered(), announced("a")])

    answer = desk.post(said("pledge.withdrawn", pledge="a", expected_version=7))

    assert (answer.status_code, answer.json["errors"][0]["actual_version"]) == (409, 1)


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "invalid-json"),
        (b'"\\ud800"', "application/json", 400, "invalid-json"),
        (b"[]", "application/json", 422, "empty-batch"),
        (b"3", "application/json", 422, "invalid-event"),
        (b"null", "application/json", 422, "invalid-event"),
        (b"{}", "text/plain", 415, "unsupported-media-type"),
        (b"\xff\xfe", "application/json", 400, "invalid-json"),
        (b"[" * 5000, "application/json", 400, "invalid-json"),
    ],
)
def test_a_body_that_is_no_event_is_a_problem(
    desk: Desk, body: bytes, content_type: str, status: int, code: str
) -> None:
    answer = desk.client.post("/v1/entries", data=body, content_type=content_type, headers=desk.headers)

    assert (answer.status_code, answer.json["type"]) == (status, f"/problems/{code}")


def test_limits_have_problem_types_of_their_own(engine: Engine) -> None:
    desk = desk_on(engine, max_body=2_000, max_batch=2, max_page=10, max_range_days=100)

    answers = [
        desk.post({**registered(), "note": "x" * 3_000}),
        desk.post([registered("a"), registered("b"), registered("c")]),
        desk.get("/v1/entries", limit=11),
        desk.get("/v1/entries", effective_from="2024-01-01", effective_to="2025-01-01"),
    ]

    assert [(answer.status_code, answer.json["type"].split("/")[-1]) for answer in answers] == [
        (413, "body-too-large"), (413, "batch-too-long"), (422, "page-too-long"), (422, "range-too-wide")]  # fmt: skip


def test_every_refusal_of_the_ledger_has_a_status() -> None:
    assert set(REFUSAL_STATUS) == set(REFUSALS)
    assert all(PROBLEMS[code].status == status for code, status in REFUSAL_STATUS.items())


def test_every_problem_type_explains_itself(desk: Desk) -> None:
    for code, kind in PROBLEMS.items():
        assert desk.get(f"/problems/{code}").json == {
            "type": f"/problems/{code}",
            "title": kind.title,
            "status": kind.status,
        }


def test_what_is_not_there_is_a_problem_document(desk: Desk) -> None:
    desk.post(registered())
    paths = {
        "/nothing": "not-found", "/v1/entries/77": "no-such-entry", "/v1/entries/99999999999999999999999": "no-such-entry",
        "/v1/missions/other/snapshot": "unknown-mission", "/v1/missions/test-mission/pledges/none": "unknown-pledge",
        "/v1/missions/test-mission/pledges/none/history": "unknown-pledge", "/v1/missions/a%00b/mandate": "unknown-mission",
    }  # fmt: skip

    for path, code in paths.items():
        answer = desk.get(path)
        assert (answer.status_code, answer.json["type"]) == (404, f"/problems/{code}"), path
    assert desk.client.delete("/v1/entries/1").json["type"] == "/problems/method-not-allowed"


def test_responses_carry_security_headers(desk: Desk) -> None:
    for path in ("/v1/entries", "/docs", "/nothing", "/openapi.json"):
        headers = desk.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_the_documentation_page_asks_no_other_host(desk: Desk) -> None:
    page = desk.get("/docs").get_data(as_text=True)

    assert "//" not in page.replace("<!doctype", "")
    for asset in ("/static/swagger-ui/swagger-ui-bundle.js", "/static/swagger-ui/swagger-ui.css", "/static/docs.js"):
        assert asset in page
        assert desk.get(asset).status_code == 200


NASTY = ["\x00", "a\x00b", "x" * 70, 10**30, -1, 2**63, True, 1.5, [], {}, [[]], "\x1f", "%", "' OR 1=1 --"]


@pytest.mark.parametrize("nasty", NASTY, ids=repr)
def test_nasty_values_inside_corrections_are_refused_on_both_databases(desk: Desk, nasty: Any) -> None:
    dispute = said("claim.disputed", mission=None, target=1, reason="another figure")
    desk.post([registered(), announced("a"), deployed(fulfils="a"), dispute, corrected(2, to_data={"fulfils": "a"})])

    answers = [
        desk.post(corrected(target, to_data=change))
        for target, change in [
            (2, {"fulfils": nasty}), (2, {"party": nasty}), (2, {"items": nasty}), (3, {"rival": nasty}),
            (3, {"target": nasty}), (4, {"data": {"fulfils": nasty}}), (4, {"data": nasty}), (1, {"converts": [nasty]}),
        ]
    ]  # fmt: skip

    assert {answer.status_code for answer in answers} <= {201, 409, 422}
    assert desk.get("/v1/missions/test-mission/snapshot").status_code == 200


def test_a_name_that_stands_twice_in_an_object_is_refused(desk: Desk) -> None:
    body = b'{"type": "mission.registered", "mission": "m", "effective": "2024", "effective": "2025", "data": {"name": "M"}}'

    answer = desk.client.post("/v1/entries", data=body, content_type="application/json", headers=desk.headers)

    assert (answer.status_code, answer.json["type"]) == (400, "/problems/invalid-json")
    assert "effective" in answer.json["detail"]


def test_a_server_does_not_look_through_what_it_has_started_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "create_app", lambda: Flask("an-app"))

    try:
        app.served()

        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
