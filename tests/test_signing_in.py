"""Signing in with a key: sessions, and forms that no other site can send."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update

from api import session
from ledger import keys, sessions
from ledger.entries import instant
from ledger.store import now, reading, writing
from ledger.tables import sessions as table
from tests.builders import registered
from tests.visitor import Visitor, faults


@pytest.fixture
def visitor(engine: Engine) -> Visitor:
    return Visitor(engine)


def test_the_right_key_leads_to_where_one_was_going(visitor: Visitor) -> None:
    asked = visitor.get("/record")
    assert asked.headers["Location"] == "/sign-in?next=/record"

    answer = visitor.client.post("/sign-in", data={"key": visitor.key(), "next": "/record"})

    assert answer.headers["Location"] == "/record"
    assert visitor.get("/record").status_code == 200
    assert "Sign out (a-recorder)" in visitor.get("/").text


def test_an_unknown_key_and_a_revoked_one_get_the_same_answer(visitor: Visitor) -> None:
    revoked = visitor.key()
    with writing(visitor.engine) as connection:
        keys.revoke(connection, "a-recorder")

    answers = [visitor.client.post("/sign-in", data={"key": key}) for key in ("ml_unknown", revoked)]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].text == answers[1].text
    assert revoked not in answers[1].text
    assert "Set-Cookie" not in answers[1].headers


def test_the_cookie_opens_nothing_to_scripts_and_other_sites(visitor: Visitor) -> None:
    key = visitor.key()

    plain = visitor.client.post("/sign-in", data={"key": key}).headers["Set-Cookie"]
    secure = visitor.client.post("/sign-in", data={"key": key}, base_url="https://ledger.example.org").headers[
        "Set-Cookie"
    ]

    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"} <= set(plain.split("; "))
    assert "Domain" not in plain
    assert "Secure" not in plain.split("; ")
    assert "Secure" in secure.split("; ")


def test_the_database_holds_no_token(visitor: Visitor) -> None:
    visitor.sign_in()

    cookie = visitor.client.get_cookie(session.COOKIE)
    with reading(visitor.engine) as connection:
        rows = [list(row) for row in connection.execute(select(table))]

    assert cookie is not None
    assert len(rows) == 1
    assert cookie.value not in str(rows)


def test_a_session_ends_with_its_key(visitor: Visitor) -> None:
    visitor.sign_in()

    with writing(visitor.engine) as connection:
        keys.revoke(connection, "a-recorder")

    assert visitor.get("/record").status_code == 303
    assert "Sign out" not in visitor.get("/").text


def test_a_session_ends_after_twelve_hours_and_is_removed_when_somebody_signs_in(visitor: Visitor) -> None:
    visitor.sign_in()
    with writing(visitor.engine) as connection:
        begun, ends = connection.execute(select(table.c.created_at, table.c.expires_at)).one()
        connection.execute(update(table).values(expires_at=instant(now() - timedelta(seconds=1))))

    over = visitor.get("/record").status_code
    Visitor(visitor.engine).sign_in("reader")
    with reading(visitor.engine) as connection:
        left = connection.execute(select(table.c.name)).scalars().all()

    assert begun[11:13] != ends[11:13]
    assert timedelta(hours=12) == sessions.LASTS
    assert over == 303
    assert left == ["a-reader"]


def test_signing_out_ends_the_session_for_whoever_has_its_token(visitor: Visitor) -> None:
    visitor.sign_in()
    cookie = visitor.client.get_cookie(session.COOKIE)
    assert cookie is not None

    assert visitor.send("/sign-out", {}).status_code == 303

    visitor.client.set_cookie(session.COOKIE, cookie.value)
    assert visitor.get("/record").status_code == 303


@pytest.mark.parametrize(
    "path",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "\\/evil", "evil", "", "/ \n"],
)
def test_nobody_is_led_to_another_site(visitor: Visitor, path: str) -> None:
    answer = visitor.client.post("/sign-in", data={"key": visitor.key(), "next": path})

    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_can_neither_sign_in_nor_send_a_form(visitor: Visitor, headers: dict[str, str]) -> None:
    key = visitor.key("admin")
    strange = visitor.client.post("/sign-in", data={"key": key}, headers=headers)
    visitor.sign_in()

    sent = visitor.send("/record/party.registered", {"/effective": "2024"}, **headers)

    assert strange.status_code == 400
    assert "Set-Cookie" not in strange.headers
    assert sent.status_code == 400


def test_our_own_origin_may(visitor: Visitor) -> None:
    visitor.sign_in()

    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    answer = visitor.send("/record/party.registered", {"/effective": "2024"}, **headers)

    assert answer.status_code == 422


@pytest.mark.parametrize("path", ["/record/party.registered", "/record/spreadsheet", "/sign-out"])
@pytest.mark.parametrize("token", [None, "", "0" * 64, "ä"])
def test_a_form_without_the_token_of_its_session_is_refused(visitor: Visitor, path: str, token: str | None) -> None:
    visitor.sign_in()

    answer = visitor.client.post(path, data={"form_token": token} if token is not None else {})

    assert answer.status_code == 400
    assert "another session" in answer.text


def test_the_token_of_a_session_is_never_shown_to_another_of_the_same_key(engine: Engine) -> None:
    one, key = Visitor(engine), Visitor(engine).key()
    other = Visitor(engine)
    other.client = one.client.application.test_client()  # the same process, with the pages that it keeps
    for visitor in (one, other):
        visitor.client.post("/sign-in", data={"key": key})

    tokens = {visitor.token() for visitor in (one, other, one)}

    assert len(tokens) == 2
    assert "" not in tokens


def test_a_role_that_is_too_low_is_told_and_not_led_round(visitor: Visitor) -> None:
    visitor.sign_in("reader")

    asked, sent = visitor.get("/record"), visitor.send("/record/party.registered", {})

    assert (asked.status_code, sent.status_code) == (403, 403)
    assert "role recorder" in asked.text
    assert "role reader" in asked.text


def test_where_reading_needs_a_key_pages_lead_to_signing_in(engine: Engine) -> None:
    visitor = Visitor(engine, anonymous_reading=False)

    before = visitor.get("/")
    visitor.sign_in("reader")

    assert before.headers["Location"] == "/sign-in?next=/"
    assert visitor.get("/").status_code == 200


def test_an_empty_key_is_told_at_its_field(visitor: Visitor) -> None:
    answer = visitor.client.post("/sign-in", data={"key": " "})

    assert faults(answer) == ["Paste your key, which begins with ml_."]


def test_who_signed_in_reads_by_the_api_and_records_nothing_there(engine: Engine) -> None:
    visitor = Visitor(engine, anonymous_reading=False)
    assert visitor.get("/v1/entries").status_code == 401

    visitor.sign_in()

    assert visitor.get("/v1/entries").status_code == 200
    assert visitor.client.post("/v1/entries", json=registered()).status_code == 401
