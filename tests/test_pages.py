"""Pages say what the ledger holds, to whom it may be said, and nothing else."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from api.app import create_app
from api.settings import Settings
from tests.builders import MISSION, announced, append, deployed, people, registered, said

ON = f"/missions/{MISSION}"
OF_MISSION = ("", "/pledges", "/pledges/a", "/compare", "/history", "/findings", "/figure?of=/mandate")
PAGES = ("/", "/history", "/entries/0", *(ON + path for path in OF_MISSION))
HTML = {"Accept": "text/html"}


@pytest.fixture
def client(engine: Engine) -> FlaskClient:
    append(engine, registered(), announced("a"), deployed("JAM", 24))
    return client_of(engine)


def client_of(engine: Engine, **settings: Any) -> FlaskClient:
    return create_app(Settings(database_url=str(engine.url), **settings), engine).test_client()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_may_load_nothing_from_elsewhere_and_run_nothing_inline(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers=HTML)

    assert response.status_code == 200
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert " style=" not in response.text
    assert "<script>" not in response.text


def test_a_page_shows_what_was_recorded_a_moment_ago(client: FlaskClient, engine: Engine) -> None:
    before = client.get(ON).text

    append(engine, deployed("JAM", 100, effective="2024-03-01"))

    assert "124" not in before
    assert "124" in client.get(ON).text


def test_a_page_that_did_not_change_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get(ON)

    again = client.get(ON, headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304


@pytest.mark.parametrize("path", PAGES)
def test_what_was_recorded_is_never_taken_for_markup(engine: Engine, path: str) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    source = {"title": evil, "url": "https://example.org/?a=<b>".replace("<b>", "%3Cb%3E"), "publisher": evil}
    append(
        engine,
        {**registered(), "source": source, "note": evil},
        {**announced("a"), "source": source, "note": evil},
        said("position.stated", party="KEN", stance="supports", on="x", text=evil, speaker=evil, source=source),
        said(
            "pledge.notified",
            "2024-03-01",
            pledge="a",
            party="JAM",
            items=[{**people(170), "note": evil}],
            source=source,
        ),
    )

    text = client_of(engine).get(path, headers=HTML).text

    assert "<script>alert" not in text
    assert "<img src=x" not in text


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("?valid_at=2024-13-01", "valid_at"),
        ("?valid_at=yesterday", "valid_at"),
        ("?known_position=99", "known_position"),
        ("?known_at=soon", "known_at"),
        ("?known_at=2024-01-01&known_position=0", "known_at"),
        ("/figure?of=/nothing", "of"),
        ("/figure?of=/fulfilment/99/pledged", "of"),
        ("/figure?of=/mandate/name", "of"),
    ],
)
def test_what_cannot_be_asked_is_told_on_a_page(client: FlaskClient, path: str, told: str) -> None:
    response = client.get(ON + path, headers=HTML)

    assert response.status_code == 422
    assert response.mimetype == "text/html"
    assert told in response.text


@pytest.mark.parametrize(
    "strange", ["endpoint=x", "_scheme=javascript&_external=1", "_anchor=x", "mission=n", "_method=PUT"]
)
@pytest.mark.parametrize("path", ["", "/pledges", "/history", "/compare"])
def test_what_a_reader_writes_into_an_address_stays_a_parameter(client: FlaskClient, path: str, strange: str) -> None:
    response = client.get(f"{ON}{path}?{strange}", headers=HTML)

    assert response.status_code == 200
    assert "javascript:" not in response.text
    assert "/missions/n" not in response.text


def test_an_unknown_mission_is_told_with_those_that_there_are(client: FlaskClient) -> None:
    response = client.get("/missions/n", headers=HTML)

    assert response.status_code == 404
    assert f"there are: {MISSION}" in response.text


def test_a_browser_at_an_address_that_is_not_there_gets_a_page_and_a_program_a_problem(client: FlaskClient) -> None:
    page, problem = client.get("/nowhere", headers=HTML), client.get("/nowhere")

    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert (problem.status_code, problem.mimetype) == (404, "application/problem+json")


@pytest.mark.parametrize("path", PAGES)
def test_where_reading_takes_a_key_pages_ask_for_it(engine: Engine, path: str) -> None:
    append(engine, registered(), announced("a"))

    response = client_of(engine, anonymous_reading=False).get(path, headers=HTML)

    assert response.status_code == 303
    assert response.headers["Location"].startswith("/sign-in?next=")


def test_an_empty_ledger_says_what_to_do_first(engine: Engine) -> None:
    text = client_of(engine).get("/").text

    assert "mission-ledger keys create" in text
    assert "mission-ledger load haiti-mss" in text
