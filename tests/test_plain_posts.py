"""Events that are recorded before the application: once, and answered as the application does."""

import re
from threading import Event as Signal
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from ledger import keys
from ledger.store import reading, size, writing
from tests.builders import announced, append, corrected, deployed, registered, said
from tests.desk import Desk, desk_on
from tests.test_groups import a_database_that_refuses
from tests.test_redaction import redacted

AS_JSON = "application/json"
BY_THE_APPLICATION = {"told": "otherwise"}  # a parameter that nobody knows, and that this route does not look at
MANY = [deployed() for _ in range(9)]
NO_EVENTS = [
    b"", b"{", b"[]", b"3", b"null", b"{}", b'"\\ud800"', b"\xff\xfe", b"[" * 5000, b'{"type":"x","type":"x"}', b'[{"type":"nonsense"},7]',
]  # fmt: skip
REFUSED = [
    said("pledge.withdrawn", pledge="none"),
    [said("pledge.withdrawn", pledge="none")],
    [deployed(), said("pledge.withdrawn", pledge="none"), registered()],
    said("pledge.withdrawn", pledge="a", expected_version=7),
    announced("a"),
    deployed(mission="none"),
    redacted(1),
    [deployed(), redacted(1)],
]


@pytest.fixture
def desk(engine: Engine) -> Desk:
    """A desk of a recorder, on a ledger of a mission and a pledge."""
    append(engine, registered(), announced("a"))
    return desk_on(engine, max_body=100_000, max_batch=10)


@pytest.fixture
def made(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The requests that the application makes an answer to."""
    seen: list[str] = []
    hooks = desk.client.application.before_request_funcs
    monkeypatch.setitem(hooks, None, [*hooks[None], lambda: seen.append("made")])
    return seen


@pytest.fixture
def tries(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the writer is asked to record."""
    writer, seen = desk.client.application.config["LEDGER_WRITER"], list[str]()
    record = writer.record

    def counting(events: Any, **named: Any) -> Any:
        seen.append("tried")
        return record(events, **named)

    monkeypatch.setattr(writer, "record", counting)
    return seen


def told(answer: Any) -> tuple[Any, ...]:
    """Everything of an answer, without what is another for each entry."""
    text = re.sub(rb'"(position|id|version|recorded_at|leaf_hash)":("[^"]*"|\d+)', rb'"\1":0', answer.get_data())
    headers = [(name, re.sub(r"/\d+$", "/0", value)) for name, value in answer.headers if name != "Date"]
    return answer.status, text, headers


def entries_of(engine: Engine) -> int:
    with reading(engine) as connection:
        return size(connection)


@pytest.mark.parametrize("content_type", [AS_JSON, f"{AS_JSON}; charset=utf-8", f"{AS_JSON};charset=utf-8"])
def test_plain_events_are_recorded_and_answered_as_by_the_application(
    desk: Desk, made: list[str], content_type: str
) -> None:
    for body in (deployed(), [deployed()], [deployed(), corrected(1, to_effective="2024-02-01")]):
        asked: dict[str, Any] = {"json": body, "headers": {**desk.headers, "Content-Type": content_type}}

        plain = desk.client.post("/v1/entries", **asked)
        assert not made
        by_the_application = desk.client.post("/v1/entries", **asked, query_string=BY_THE_APPLICATION)

        assert (plain.status_code, len(made)) == (201, 1)
        assert told(plain) == told(by_the_application)
        assert desk.get(plain.headers["Location"]).json["data"]["position"] == plain.json["entries"][0]["position"]
        made.clear()


def test_what_was_recorded_under_a_key_is_replayed_whoever_recorded_it(desk: Desk, made: list[str]) -> None:
    asked: dict[str, Any] = {"json": deployed(), "headers": {**desk.headers, "Idempotency-Key": "k"}}
    first = desk.client.post("/v1/entries", **asked)

    again = desk.client.post("/v1/entries", **asked)
    by_the_application = desk.client.post("/v1/entries", **asked, query_string=BY_THE_APPLICATION)

    assert len(made) == 1
    assert again.json["entries"] == [{**first.json["entries"][0], "replayed": True}]
    assert (again.get_data(), [*again.headers]) == (by_the_application.get_data(), [*by_the_application.headers])


@pytest.mark.parametrize("coding", ["identity", "gzip", "br", "gzip, deflate, br, zstd", "*"])
@pytest.mark.parametrize("body", [deployed(), MANY])
def test_what_is_compressed_is_recorded_once(
    desk: Desk, engine: Engine, tries: list[str], coding: str, body: Any
) -> None:
    before = entries_of(engine)

    answer = desk.post(body, Accept_Encoding=coding)

    assert (answer.status_code, len(tries)) == (201, 1)
    assert entries_of(engine) == before + (len(body) if isinstance(body, list) else 1)
    asked: dict[str, Any] = {"json": body, "headers": {**desk.headers, "Accept-Encoding": coding}}
    by_the_application = desk.client.post("/v1/entries", **asked, query_string=BY_THE_APPLICATION)
    assert answer.headers.get("Content-Encoding") == by_the_application.headers.get("Content-Encoding")
    assert [name for name, _ in answer.headers] == [name for name, _ in by_the_application.headers]


@pytest.mark.parametrize("body", NO_EVENTS)
def test_what_is_no_event_is_explained_by_the_application(desk: Desk, made: list[str], body: bytes) -> None:
    asked: dict[str, Any] = {"data": body, "content_type": AS_JSON, "headers": desk.headers}

    answers = [desk.client.post("/v1/entries", **asked, query_string=query) for query in ({}, BY_THE_APPLICATION)]

    assert told(answers[0]) == told(answers[1])
    assert (answers[0].status_code in (400, 422), len(made)) == (True, 2)


@pytest.mark.parametrize("body", REFUSED)
def test_what_the_ledger_declines_is_asked_of_it_once(
    desk: Desk, engine: Engine, tries: list[str], body: dict[str, Any]
) -> None:
    answer, tried = desk.post(body), len(tries)
    asked: dict[str, Any] = {"json": body, "headers": desk.headers, "query_string": BY_THE_APPLICATION}
    by_the_application = desk.client.post("/v1/entries", **asked)

    assert told(answer) == told(by_the_application)
    assert answer.status_code in (403, 409, 413, 422)
    assert tried == (0 if answer.status_code == 403 else 1)
    assert entries_of(engine) == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""}, {"Authorization": "Bearer"}, {"Authorization": "Bearer ml_none"}, {"Authorization": "Basic YTpi"},
        {"Idempotency-Key": ""}, {"Idempotency-Key": "x" * 201}, {"Idempotency-Key": "a\tb"}, {"Content-Type": "text/plain"},
        {"Content-Type": ""},
    ],
)  # fmt: skip
def test_what_is_amiss_with_a_request_is_explained_by_the_application(
    desk: Desk, engine: Engine, made: list[str], headers: dict[str, str]
) -> None:
    asked: dict[str, Any] = {"json": deployed(), "headers": {**desk.headers, "Content-Type": AS_JSON, **headers}}

    answers = [desk.client.post("/v1/entries", **asked, query_string=query) for query in ({}, BY_THE_APPLICATION)]

    assert told(answers[0]) == told(answers[1])
    assert (answers[0].status_code // 100, len(made), entries_of(engine)) == (4, 2, 2)


@pytest.mark.parametrize("body", [{**deployed(), "note": "x" * 100_000}, [deployed()] * 11])
def test_what_is_too_much_is_explained_by_the_application(desk: Desk, made: list[str], body: Any) -> None:
    answer = desk.post(body)

    assert (answer.status_code, made) == (413, ["made"])


def test_a_key_that_records_nothing_is_refused_and_that_of_an_admin_records_everything(engine: Engine) -> None:
    append(engine, registered(), announced("a"))
    reader, admin = (desk_on(engine, role) for role in ("reader", "admin"))

    assert reader.post(deployed()).status_code == 403
    assert [admin.post(body).status_code for body in (deployed(), redacted(1))] == [201, 201]


def test_a_key_is_worthless_from_the_moment_of_its_revocation(desk: Desk, engine: Engine) -> None:
    before = desk.post(deployed()).status_code
    with writing(engine) as connection:
        keys.revoke(connection, "a-recorder")

    assert (before, desk.post(deployed()).status_code) == (201, 401)


def test_a_database_that_fails_is_tried_once_and_told_of(
    desk: Desk, engine: Engine, tries: list[str], made: list[str]
) -> None:
    with a_database_that_refuses(engine, "BHS"):
        answer, tried = desk.post(deployed("BHS")), len(tries)
        asked: dict[str, Any] = {"json": deployed("BHS"), "headers": desk.headers}
        by_the_application = desk.client.post("/v1/entries", **asked, query_string=BY_THE_APPLICATION)

    assert (answer.status_code, answer.json["type"], tried) == (503, "/problems/unavailable", 1)
    assert told(answer) == told(by_the_application)
    assert desk.post(deployed("BHS")).status_code == 201


@pytest.mark.parametrize(
    ("error", "status"),
    [(OperationalError("COMMIT", {}, Exception("lost"), connection_invalidated=True), 503), (RuntimeError("lost"), 500),
     (ValueError("lost"), 500), (OSError("lost"), 500)],
)  # fmt: skip
def test_where_nobody_knows_whether_it_was_committed_nothing_is_tried_again(
    desk: Desk, engine: Engine, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    writer = desk.client.application.config["LEDGER_WRITER"]
    record = writer.record

    def lost(events: Any, **named: Any) -> Any:
        record(events, **named)
        raise error

    monkeypatch.setattr(writer, "record", lost)
    answer = desk.post(deployed())

    assert (answer.status_code, entries_of(engine)) == (status, 3)
    asked: dict[str, Any] = {"json": deployed(), "headers": desk.headers, "query_string": BY_THE_APPLICATION}
    assert told(answer) == told(desk.client.post("/v1/entries", **asked))


def test_what_is_recorded_wakes_the_signer_and_is_counted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    class Signer:
        woken = Signal()
        wake = woken.set

    def counted(status: int) -> int:
        lines = desk.client.get("/metrics").text.splitlines()
        found = [line for line in lines if f'_count{{method="POST",status="{status}",url_rule="/v1/entries"' in line]
        return sum(int(float(line.split()[-1])) for line in found)

    monkeypatch.setitem(desk.client.application.extensions, "signer", Signer)
    before = [counted(status) for status in (201, 422)]

    assert desk.post(said("pledge.withdrawn", pledge="none")).status_code == 422
    assert not Signer.woken.is_set()
    assert [desk.post(body, Accept_Encoding="gzip").status_code for body in (deployed(), MANY)] == [201, 201]

    assert Signer.woken.is_set()
    assert [counted(status) for status in (201, 422)] == [before[0] + 2, before[1] + 1]
