"""Conditional requests: an ETag is known before its answer is made, and tells whatever the answer follows from."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, delete, event

from api import parameters
from ledger import keys
from ledger.store import writing
from projections.answers import ANSWERS
from projections.runner import rebuild
from projections.tables import generations
from tests.builders import MISSION, announced, append, corrected, registered, retracted, said
from tests.desk import Desk, desk_on
from tests.test_redaction import redacted, secret

SNAPSHOT = f"/v1/missions/{MISSION}/snapshot"
FIXED: dict[str, Any] = {"valid_at": "2024-06-01", "known_position": "2"}
DIFF: dict[str, Any] = {
    "from_valid_at": "2024-03-01",
    "to_valid_at": "2024-06-01",
    "from_known_position": "1",
    "to_known_position": "2",
}
ADDRESSES: list[tuple[str, dict[str, Any]]] = [
    ("/v1/missions", FIXED), ("/v1/parties", FIXED), (SNAPSHOT, FIXED), (SNAPSHOT, {}), (SNAPSHOT, {"known_at": "2199-01-01"}),
    (SNAPSHOT, {"reported_by": "2024-06-01"}), *((f"/v1/missions/{MISSION}/{name}", FIXED) for name in ANSWERS),
    (f"/v1/missions/{MISSION}/pledges/a", FIXED), (f"/v1/missions/{MISSION}/pledges/a/history", FIXED),
    (f"/v1/missions/{MISSION}/history", FIXED), (f"/v1/missions/{MISSION}/diff", DIFF),
    ("/v1/entries", {}), ("/v1/entries", {"limit": "1"}), ("/v1/entries", {"party": "JAM"}), ("/v1/entries/1", {}),
]  # fmt: skip


@pytest.fixture
def told(desk: Desk) -> Desk:
    """A desk on a ledger of a mission and two pledges."""
    assert desk.post([registered(), announced("a"), secret("b")]).status_code == 201
    return desk


def again(desk: Desk, path: str, etag: str, coding: str = "identity", **parameters: Any) -> Any:
    headers = {**desk.headers, "If-None-Match": etag, "Accept-Encoding": coding}
    return desk.client.get(path, query_string=parameters, headers=headers)


def etag_of(desk: Desk, path: str, **parameters: Any) -> str:
    answer = desk.get(path, **parameters)
    assert answer.status_code == 200, answer.text
    return answer.headers["ETag"]


@contextmanager
def statements(desk: Desk, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements that are run meanwhile, by either way to the database."""
    run: list[str] = []
    direct = desk.client.application.config["LEDGER_DIRECT"]
    rows = direct.rows

    def counted(statement: Any, **parameters: Any) -> Any:
        run.append(str(statement.select))
        return rows(statement, **parameters)

    def executed(_: Any, __: Any, text: str, *___: Any) -> None:
        run.append(text)

    event.listen(engine, "before_cursor_execute", executed)
    monkeypatch.setattr(direct, "rows", counted)
    yield run
    monkeypatch.undo()
    event.remove(engine, "before_cursor_execute", executed)


@pytest.mark.parametrize(("path", "parameters"), ADDRESSES)
def test_whoever_has_an_answer_is_told_so(told: Desk, path: str, parameters: dict[str, Any]) -> None:
    first = told.get(path, **parameters)

    answer = again(told, path, first.headers["ETag"], **parameters)

    assert (first.status_code, answer.status_code, answer.data) == (200, 304, b"")
    assert not first.headers["ETag"].startswith("W/")
    for name in ("ETag", "Cache-Control", "Vary"):
        assert answer.headers[name] == first.headers[name]
    assert "Content-Type" not in answer.headers


@pytest.mark.parametrize("parameters", [FIXED, {}, {"valid_at": "2024-06-01"}])
def test_then_one_statement_is_run_and_no_row_of_the_answer_is_read(
    told: Desk, engine: Engine, monkeypatch: pytest.MonkeyPatch, parameters: dict[str, Any]
) -> None:
    etag = etag_of(told, SNAPSHOT, **parameters)
    del told.headers["Authorization"]

    with statements(told, engine, monkeypatch) as run:
        answer = again(told, SNAPSHOT, etag, **parameters)

    assert answer.status_code == 304
    assert len(run) == 1
    assert "rectangles" not in run[0]
    assert "entries" not in run[0]


def test_a_page_is_read_by_one_statement_beside_that_about_the_state_and_put_together_without(
    told: Desk, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    told.get("/readyz")
    told.get("/v1/entries/0")

    with statements(told, engine, monkeypatch) as run:
        answers = [told.client.get(f"/v1/entries?{asked}") for asked in (f"mission={MISSION}", "limit=2", "after=0")]

    assert [len(answer.json["data"]) for answer in answers] == [3, 2, 2]
    assert ["payload" in statement for statement in run] == [False, True, False, False]


def test_a_new_entry_changes_the_etag_of_what_is_not_fixed_and_of_nothing_else(told: Desk) -> None:
    moving: list[tuple[str, dict[str, Any]]] = [
        (SNAPSHOT, {}),
        (SNAPSHOT, {"valid_at": "2024-06-01"}),
        ("/v1/entries", {}),
        ("/v1/entries", {"party": "JAM", "limit": 1}),
        ("/v1/entries/1", {}),
    ]
    fixed: list[tuple[str, dict[str, Any]]] = [
        (SNAPSHOT, FIXED),
        (SNAPSHOT, {"known_position": 2, "valid_at": "2024-01-01"}),
        ("/v1/entries", {"limit": 2}),
        ("/v1/entries", {"limit": 1, "after": 0}),
    ]
    before = [etag_of(told, path, **asked) for path, asked in [*moving, *fixed]]

    told.post(corrected(1, to_effective="2024-03"))
    after = [etag_of(told, path, **asked) for path, asked in [*moving, *fixed]]

    changed = [one != other for one, other in zip(before, after, strict=True)]
    assert changed == [True] * len(moving) + [False] * len(fixed)


@pytest.mark.parametrize(("path", "parameters"), [(SNAPSHOT, FIXED), ("/v1/entries", {"limit": "1", "after": "1"})])
def test_what_is_removed_and_what_is_said_of_that_changes_every_etag(
    told: Desk, engine: Engine, path: str, parameters: dict[str, Any]
) -> None:
    told.post(announced("c"))
    seen = [etag_of(told, path, **parameters)]
    changes = [
        redacted(2),
        corrected(4, to_data={"reason": "another one"}),
        retracted(5),
        announced("d"),
    ]

    for change in changes:
        append(engine, change, actor="an-admin")
        seen.append(etag_of(told, path, **parameters))

    assert len(set(seen)) == 4
    assert seen[-1] == seen[-2]
    assert told.get(path, **parameters).json["data"]


def test_a_process_notices_what_another_one_removed(told: Desk, engine: Engine) -> None:
    other = desk_on(engine, None)
    etags = {etag_of(told, SNAPSHOT, **FIXED), etag_of(other, SNAPSHOT, **FIXED)}

    append(engine, redacted(2), actor="an-admin")

    assert len(etags) == 1
    assert {again(desk, SNAPSHOT, *etags, **FIXED).status_code for desk in (told, other)} == {200}
    assert etag_of(told, SNAPSHOT, **FIXED) == etag_of(other, SNAPSHOT, **FIXED)


def test_rows_that_were_made_anew_have_new_etags(told: Desk, engine: Engine) -> None:
    etag = etag_of(told, SNAPSHOT, **FIXED)

    rebuild(engine)

    assert again(told, SNAPSHOT, etag, **FIXED).status_code == 200


@pytest.mark.spoils
def test_without_any_rows_answers_are_empty_and_have_an_etag(told: Desk, engine: Engine) -> None:
    before = etag_of(told, SNAPSHOT, **FIXED)

    with engine.begin() as connection:
        connection.execute(delete(generations))
    empty = told.get(SNAPSHOT, **FIXED)

    assert (empty.status_code, empty.json["data"]["pledges"]) == (200, [])
    assert empty.headers["ETag"] != before


def test_a_question_without_a_day_is_another_one_tomorrow(told: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "today", lambda: date(2026, 3, 1))
    etag = etag_of(told, SNAPSHOT)
    assert again(told, SNAPSHOT, etag).status_code == 304

    monkeypatch.setattr(parameters, "today", lambda: date(2026, 3, 2))

    assert again(told, SNAPSHOT, etag).status_code == 200


def test_different_questions_and_media_never_share_an_etag(told: Desk) -> None:
    asked: list[tuple[str, dict[str, Any]]] = [
        *ADDRESSES,
        (f"/v1/missions/{MISSION}/pledges", {**FIXED, "format": "ndjson"}),
        (f"/v1/missions/{MISSION}/pledges", {**FIXED, "format": "csv"}),
        (f"/v1/missions/{MISSION}/history", {**FIXED, "limit": 1}),
    ]

    etags = [etag_of(told, path, **given) for path, given in asked]

    assert len(set(etags)) == len(asked)


@pytest.mark.parametrize(
    ("path", "parameters", "status", "code"),
    [
        (SNAPSHOT, {"valid_at": "yesterday"}, 422, "invalid-parameter"),
        (SNAPSHOT, {"as_of": "2024-01-01"}, 422, "invalid-parameter"),
        (SNAPSHOT, {"known_position": "99"}, 422, "invalid-parameter"),
        (SNAPSHOT, {"known_position": "1", "known_at": "2024-01-01"}, 422, "invalid-parameter"),
        (SNAPSHOT, {"format": "csv"}, 406, "not-acceptable"),
        ("/v1/missions/another/snapshot", {}, 404, "unknown-mission"),
        ("/v1/entries", {"limit": "100000"}, 422, "page-too-long"),
        ("/v1/entries", {"after": "x"}, 422, "invalid-parameter"),
        ("/v1/entries/77", {}, 404, "no-such-entry"),
    ],
)
def test_what_is_refused_is_refused_whatever_the_client_has(
    told: Desk, path: str, parameters: dict[str, Any], status: int, code: str
) -> None:
    for etag in ("*", etag_of(told, SNAPSHOT)):
        for _ in range(2):
            answer = again(told, path, etag, **parameters)
            assert (answer.status_code, answer.json["type"]) == (status, f"/problems/{code}")


def test_a_mission_that_was_retracted_is_unknown_again(told: Desk) -> None:
    told.post([registered("other")])
    path = "/v1/missions/other/snapshot"
    etag = etag_of(told, path)
    assert again(told, path, etag).status_code == 304

    told.post(retracted(3))

    assert again(told, path, "*").status_code == 404
    assert again(told, path, "*", known_position=3).status_code == 304
    assert again(told, path, "*", known_position=2).status_code == 404


def test_a_key_that_was_revoked_is_told_nothing(engine: Engine) -> None:
    append(engine, registered())
    desk = desk_on(engine, "reader", anonymous_reading=False)
    etag = etag_of(desk, SNAPSHOT)
    assert again(desk, SNAPSHOT, etag).status_code == 304

    with writing(engine) as connection:
        keys.revoke(connection, "a-reader")

    assert again(desk, SNAPSHOT, etag).status_code == 401


def test_each_coding_has_its_own_etag_and_is_confirmed_to_whoever_takes_it(told: Desk) -> None:
    plain, packed = told.get(SNAPSHOT), told.client.get(SNAPSHOT, headers={"Accept-Encoding": "gzip"})

    confirmed = again(told, SNAPSHOT, packed.headers["ETag"], "gzip")
    not_taken = again(told, SNAPSHOT, packed.headers["ETag"], "br")
    refused = again(told, SNAPSHOT, packed.headers["ETag"], "gzip;q=0")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert (confirmed.status_code, confirmed.headers["ETag"]) == (304, packed.headers["ETag"])
    assert "Content-Encoding" not in confirmed.headers
    assert (not_taken.status_code, refused.status_code) == (200, 200)
    assert again(told, SNAPSHOT, plain.headers["ETag"], "gzip").status_code == 304
    assert "Accept-Encoding" in plain.headers["Vary"]


def test_of_several_etags_any_will_do_and_none_that_only_resembles_it(told: Desk) -> None:
    etag = etag_of(told, SNAPSHOT)

    matching = [etag, f'"x", {etag}', f'W/{etag}, "y"', "*", " * "]
    others = [etag[:-1] + 'x"', etag.strip('"'), '"' + etag[2:], '"x"', "x*", ""]

    assert [again(told, SNAPSHOT, one).status_code for one in matching] == [304] * len(matching)
    assert [again(told, SNAPSHOT, one).status_code for one in others] == [200] * len(others)


def test_a_head_request_is_conditional_too(told: Desk) -> None:
    etag = etag_of(told, SNAPSHOT)

    answer = told.client.head(SNAPSHOT, headers={"If-None-Match": etag})

    assert answer.status_code == 304


def test_a_page_goes_on_where_it_says(told: Desk) -> None:
    told.post(said("pledge.withdrawn", "2024-05", pledge="a"))

    first = told.get("/v1/entries", limit=3)
    last = told.get("/v1/entries", limit=3, after=2)

    assert first.headers["Link"] == f'<{first.json["links"]["next"]}>; rel="next"'
    assert (last.json["links"]["next"], "Link" in last.headers) == (None, False)
