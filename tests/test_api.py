"""The API: recording, errors, representations, caching, keys and limits."""

import csv
import io
import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from api.app import create_app
from api.problems import PROBLEMS, REFUSAL_STATUS
from api.settings import Settings
from ledger import keys
from ledger.refusals import REFUSALS
from ledger.store import writing
from projections.runner import rebuild
from tests.builders import announced, append, corrected, deployed, people, registered, said


class Desk:
    """A client of the API with a key."""

    def __init__(self, client: FlaskClient, key: str | None):
        self.client, self.headers = client, {"Authorization": f"Bearer {key}"} if key else {}

    def post(self, body: Any, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post("/v1/entries", json=body, headers={**self.headers, **named})

    def get(self, path: str, **parameters: Any) -> Any:
        return self.client.get(path, query_string=parameters, headers=self.headers)


def desk_on(engine: Engine, role: str | None = "recorder", **settings: Any) -> Desk:
    app = create_app(Settings(database_url=str(engine.url), **settings), engine)
    if role is None:
        return Desk(app.test_client(), None)
    with writing(engine) as connection:
        key = keys.create(connection, f"a-{role}", role)
    return Desk(app.test_client(), key)


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return desk_on(engine)


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


def test_unknown_parameters_are_refused_with_the_nearest_right_one(desk: Desk) -> None:
    desk.post(registered())

    answer = desk.get("/v1/missions/test-mission/snapshot", valid_a="2024-01-01", as_of="2024-01-01")

    told = {error["parameter"]: error["detail"] for error in answer.json["errors"]}
    assert answer.status_code == 422
    assert "valid_at" in told["valid_a"]
    assert "known_at" in told["as_of"]
    assert "ambiguous" in told["as_of"]


def test_a_parameter_given_twice_is_refused(desk: Desk) -> None:
    answer = desk.client.get("/v1/entries?limit=1&limit=2")

    assert (answer.status_code, answer.json["errors"][0]["parameter"]) == (422, "limit")


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"valid_at": "2024-02-30"}, "valid_at"),
        ({"valid_at": "2024-02"}, "valid_at"),
        ({"known_at": "yesterday--"}, "known_at"),
        ({"known_at": "2024-01-01T00:00:00"}, "known_at"),
        ({"known_position": "-1"}, "known_position"),
        ({"known_position": "99"}, "known_position"),
        ({"known_position": "0", "known_at": "2024-01-01"}, "known_at"),
        ({"reported_by": "2024-1-1"}, "reported_by"),
        ({"format": "xml"}, "format"),
    ],
)
def test_a_bad_parameter_is_named(desk: Desk, parameters: dict[str, str], named: str) -> None:
    desk.post(registered())

    answer = desk.get("/v1/missions/test-mission/pledges", **parameters)

    assert answer.status_code == 422
    assert answer.json["errors"][0]["parameter"] == named


def test_pages_lead_to_one_another_and_lose_nothing(desk: Desk) -> None:
    desk.post([registered(), *(announced(f"p{number}") for number in range(6))])

    seen, path = [], "/v1/entries?limit=3&mission=test-mission"
    while path:
        page = desk.client.get(path).json
        seen += [entry["position"] for entry in page["data"]]
        path = page["links"]["next"]

    assert seen == list(range(7))


def test_filters_find_what_they_name(desk: Desk) -> None:
    desk.post(
        [
            registered(),
            announced("a", party="JAM", source={"symbol": "S/2024/262"}),
            announced("b", party="BLZ", effective="2024-05"),
        ]
    )
    desk.post([said("pledge.withdrawn", "2024-06-01", pledge="a"), corrected(2, to_data={"party": "GTM"})])

    def positions(**filters: str) -> list[int]:
        return [entry["position"] for entry in desk.get("/v1/entries", **filters).json["data"]]

    assert positions(party="JAM") == [1, 3]
    assert positions(party="BLZ") == [2, 4]
    assert positions(type="pledge.announced") == [1, 2]
    assert positions(symbol="S/2024/262") == [1]
    assert positions(stream="test-mission/pledge/a") == [1, 3]
    assert positions(effective_from="2024-05-20", effective_to="2024-05-25") == [2]
    assert positions(recorded_from="2199-01-01") == []
    assert positions(after="3") == [4]


def test_lists_come_as_ndjson_and_csv(desk: Desk) -> None:
    desk.post([registered(), {**announced("a"), "note": "=HYPERLINK(1)"}])

    lines = (
        desk.client.get("/v1/entries", headers={"Accept": "application/x-ndjson"}).get_data(as_text=True).splitlines()
    )
    rows = list(csv.DictReader(io.StringIO(desk.get("/v1/entries", format="csv").get_data(as_text=True))))

    assert [json.loads(line)["position"] for line in lines] == [0, 1]
    assert rows[1]["data.pledge"] == "a"
    assert rows[1]["note"] == "'=HYPERLINK(1)"


def test_what_cannot_be_represented_is_not_acceptable(desk: Desk) -> None:
    answer = desk.client.get("/v1/entries", headers={"Accept": "application/pdf"})

    assert (answer.status_code, answer.json["type"]) == (406, "/problems/not-acceptable")


def test_a_snapshot_of_fixed_clocks_never_changes_and_says_so(desk: Desk) -> None:
    desk.post([registered(), announced("a")])
    fixed = {"valid_at": "2024-06-01", "known_position": "1"}
    before = desk.get("/v1/missions/test-mission/snapshot", **fixed)

    desk.post(said("pledge.withdrawn", "2024-02-01", pledge="a"))
    after = desk.get("/v1/missions/test-mission/snapshot", **fixed)

    assert after.data == before.data
    assert before.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert before.headers["ETag"] == after.headers["ETag"]
    assert not before.headers["ETag"].startswith("W/")


def test_a_fixed_answer_keeps_its_bytes_when_the_projections_are_made_anew(desk: Desk, engine: Engine) -> None:
    desk.post(
        [registered(), announced("a", source={"title": "A", "url": "https://example.org"}), deployed(fulfils="a")]
    )
    fixed = {"valid_at": "2024-06-01", "known_position": "2"}
    before = desk.get("/v1/missions/test-mission/snapshot", **fixed)

    rebuild(engine)

    assert desk.get("/v1/missions/test-mission/snapshot", **fixed).data == before.data


def test_fixed_answers_are_private_where_not_everybody_may_read(engine: Engine) -> None:
    append(engine, registered())
    desk = desk_on(engine, "reader", anonymous_reading=False)

    answer = desk.get("/v1/missions/test-mission/snapshot", valid_at="2024-06-01", known_position="0")

    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"


def test_an_answer_that_may_change_is_revalidated(desk: Desk) -> None:
    desk.post([registered(), announced("a")])
    first = desk.get("/v1/missions/test-mission/pledges", known_position="1")

    again = desk.client.get(
        "/v1/missions/test-mission/pledges?known_position=1", headers={"If-None-Match": first.headers["ETag"]}
    )

    assert first.headers["Cache-Control"] == "no-cache"
    assert again.status_code == 304


def test_an_entry_tells_what_became_of_it(desk: Desk) -> None:
    desk.post([registered(), announced("a"), corrected(1, to_effective="2024-03")])

    entry = desk.get("/v1/entries/1").json["data"]

    assert entry["effective"] == "2024-01-01"
    assert entry["stands"]["effective"] == "2024-03"
    assert entry["stands"]["corrections"] == [2]
    assert entry["about_it"] == [{"position": 2, "type": "entry.corrected"}]
    assert json.loads(entry["stored"]["envelope"])["position"] == 1


def test_history_pages_through_a_mission(desk: Desk) -> None:
    desk.post(
        [
            registered(),
            announced("a", effective="2024-05-01"),
            announced("b", effective="2024-03"),
            deployed(effective="2024-03-01"),
        ]
    )

    seen, path = [], "/v1/missions/test-mission/history?limit=2"
    while path:
        page = desk.client.get(path).json
        seen += [item["position"] for item in page["data"]]
        path = page["links"]["next"]

    assert seen == [0, 2, 3, 1]


def test_anonymous_reading_is_a_setting(engine: Engine) -> None:
    closed, opened = desk_on(engine, None, anonymous_reading=False), desk_on(engine, None)

    assert closed.get("/v1/entries").status_code == 401
    assert opened.get("/v1/entries").status_code == 200
    assert desk_on(engine, "reader", anonymous_reading=False).get("/v1/entries").status_code == 200


def test_a_reader_may_not_record(engine: Engine) -> None:
    answer = desk_on(engine, "reader").post(registered())

    assert (answer.status_code, answer.json["type"]) == (403, "/problems/role-too-low")


def test_a_missing_a_wrong_and_a_revoked_key_are_refused(engine: Engine) -> None:
    revoked = desk_on(engine, "recorder")
    with writing(engine) as connection:
        keys.revoke(connection, "a-recorder")

    answers = [
        desk_on(engine, None).post(registered()),
        Desk(revoked.client, "wrong").post(registered()),
        revoked.post(registered()),
    ]

    assert [(a.status_code, a.json["type"].split("/")[-1]) for a in answers] == [
        (401, "key-missing"),
        (401, "key-invalid"),
        (401, "key-invalid"),
    ]
    assert all("Bearer" in answer.headers["WWW-Authenticate"] for answer in answers)


def test_a_wrong_key_is_refused_also_for_reading(engine: Engine) -> None:
    assert Desk(desk_on(engine, None).client, "wrong").get("/v1/entries").status_code == 401


def test_a_key_is_nowhere_in_the_database(engine: Engine) -> None:
    with writing(engine) as connection:
        key = keys.create(connection, "somebody", "admin")

    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM keys").all()

    assert key not in repr(rows)


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


def test_a_diff_of_two_states_of_knowledge_names_the_correction(desk: Desk) -> None:
    desk.post([registered(), announced("a", count=100)])
    desk.post(corrected(1, to_data={"items": [people(120)]}))

    answer = desk.get(
        "/v1/missions/test-mission/diff",
        from_valid_at="2024-06-01",
        to_valid_at="2024-06-01",
        from_known_position=1,
        to_known_position=2,
    )

    items = next(operation for operation in answer.json["data"] if operation["path"] == "/pledges/a/items")
    assert (items["op"], items["from"][0]["minimum"], items["to"][0]["minimum"], items["caused_by"]) == (
        "change",
        100,
        120,
        [2],
    )


def test_recording_is_seen_by_the_next_reader(engine: Engine) -> None:
    append(engine, registered(), announced("a"))
    desk = desk_on(engine)

    desk.post(said("pledge.withdrawn", "2024-02-01", pledge="a"))

    assert desk.get("/v1/missions/test-mission/pledges/a").json["data"]["status"] == "withdrawn"


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


def test_pages_of_rows_tell_the_next_one_in_their_header(desk: Desk) -> None:
    desk.post([registered(), *(announced(f"p{number}") for number in range(3))])

    for path in ("/v1/entries", "/v1/missions/test-mission/history"):
        answer = desk.get(path, format="csv", limit=2)
        assert 'rel="next"' in answer.headers["Link"]


def test_a_mission_whose_registration_is_retracted_is_no_longer_there(desk: Desk) -> None:
    desk.post(registered())
    desk.post(said("entry.retracted", mission=None, target=0, reason="recorded by mistake"))

    assert desk.get("/v1/missions").json["data"] == []
    assert desk.get("/v1/missions", known_position=0).json["data"] != []
    assert desk.get("/v1/missions/test-mission/snapshot").status_code == 404
    assert desk.get("/v1/missions/test-mission/pledges/%00/history", known_position=0).status_code == 404


def test_a_diff_names_the_retraction_that_took_a_figure_away(desk: Desk) -> None:
    desk.post([registered(), deployed(count=10), deployed(count=5)])
    desk.post(said("entry.retracted", mission=None, target=2, reason="recorded by mistake"))

    day = "2024-12-31"
    answer = desk.get("/v1/missions/test-mission/diff", from_valid_at=day, to_valid_at=day, from_known_position=2)

    moved = next(o for o in answer.json["data"] if o["path"] == "/deployments/JAM/personnel/troops/moved/minimum")
    assert (moved["from"], moved["to"], moved["caused_by"]) == (15, 10, [2, 3])


def test_a_party_is_found_in_whatever_part_and_in_what_a_correction_says(desk: Desk) -> None:
    letter = said("communication.sent", form="letter", sent_by=["HTI"], sent_to=["KEN"], text="A request.")
    desk.post([registered(), letter, deployed("BLZ"), announced("a", "JAM", announcer="KEN")])
    desk.post(corrected(2, to_data={"party": "KEN"}, to_source={"symbol": "S/2024/999"}))

    found = [entry["position"] for entry in desk.get("/v1/entries", party="KEN").json["data"]]
    by_symbol = [entry["position"] for entry in desk.get("/v1/entries", symbol="S/2024/999").json["data"]]

    assert (found, by_symbol) == ([1, 2, 3, 4], [4])
