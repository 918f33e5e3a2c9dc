"""Answers that are given again before the application: the same as it would make, and no longer than they hold."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from api import parameters
from api.kept import Kept
from api.session import COOKIE
from ledger import keys, sessions
from ledger.store import open_engine, writing
from projections.runner import rebuild
from tests.builders import MISSION, announced, append, corrected, registered
from tests.desk import Desk, desk_on
from tests.generated import thorough
from tests.test_redaction import SECRET, redacted, secret

SNAPSHOT = f"/v1/missions/{MISSION}/snapshot"
FIXED = f"{SNAPSHOT}?valid_at=2024-06-01&known_position=2"
ASKED = [
    SNAPSHOT,
    FIXED,
    "/v1/entries?limit=2",
    "/v1/entries",
    "/v1/entries/2",
    "/v1/missions",
    f"{SNAPSHOT}?valid_at=2024-06-01",
]
ASKED += [
    f"/v1/missions/{MISSION}/diff?to_known_position=2&to_valid_at=2024-06-01",
    "/v1/entries?format=csv",
    "/v1/parties",
]
PLAIN = ("/v1/entries?limit=2", "/v1/entries")  # what the front puts together


@pytest.fixture
def visitor(engine: Engine) -> Desk:
    """A desk without a key, on a ledger of a mission and two pledges."""
    append(engine, registered(), announced("a"), secret("b"))
    return desk_on(engine, None)


@pytest.fixture
def made(visitor: Desk, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that the application answers."""
    seen: list[str] = []
    app = visitor.client.application
    monkeypatch.setitem(app.before_request_funcs, None, [*app.before_request_funcs[None], lambda: seen.append("made")])  # type: ignore[arg-type]
    return seen


@pytest.fixture(scope="module")
def ledger_of_twenty(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A ledger of twenty entries, of which two have lost their payload."""
    path = tmp_path_factory.mktemp("twenty") / "ledger.db"
    shutil.copy(sqlite_template, path)
    engine = open_engine(f"sqlite:///{path}")
    append(engine, registered(), *(secret(f"p{number}") for number in range(17)))
    append(engine, redacted(3), redacted(17), actor="an-admin")
    return engine


def told(answer: Any) -> tuple[Any, ...]:
    return answer.status_code, answer.data, sorted(header for header in answer.headers if header[0] != "Date")


def kept_texts(desk: Desk) -> str:
    app = desk.client.application
    return repr([app.wsgi_app._given._values, app.config["LEDGER_PAGES"]._texts._values])  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ASKED)
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_what_is_given_again_is_what_was_given(visitor: Desk, made: list[str], path: str, coding: str) -> None:
    headers = {"Accept-Encoding": coding}
    first = visitor.client.get(path, headers=headers)
    etag = {"If-None-Match": first.headers["ETag"]}

    second = visitor.client.get(path, headers=headers)
    unchanged = visitor.client.get(path, headers=headers | etag)
    otherwise = visitor.client.get(path, headers=headers | {"If-None-Match": '"another"'})

    by_the_front = ["made"] if coding == "identity" and path in PLAIN else []
    assert [*by_the_front, *made] == ["made"]
    assert told(second) == told(otherwise) == told(first)
    by_the_app = visitor.client.get(path, headers=headers | etag | {"Range": "items=0-1"})
    assert (unchanged.status_code, [*by_the_front, *made]) == (304, ["made"] * 2)
    assert told(unchanged) == told(by_the_app)


def test_what_every_client_has_is_confirmed_again_and_made_for_whoever_has_it_not(
    visitor: Desk, made: list[str]
) -> None:
    etag = visitor.client.get(SNAPSHOT, headers={"Accept": "application/json"}).headers["ETag"]

    confirmed = [visitor.client.get(SNAPSHOT, headers={"If-None-Match": etag}) for _ in range(3)]
    whole = [visitor.client.get(SNAPSHOT) for _ in range(2)]
    afterwards = visitor.client.get(SNAPSHOT, headers={"If-None-Match": etag})

    assert [answer.status_code for answer in [*confirmed, *whole, afterwards]] == [304] * 3 + [200] * 2 + [304]
    assert told(confirmed[0]) == told(confirmed[2]) == told(afterwards)
    assert told(whole[0]) == told(whole[1])
    assert len(made) == 3


@pytest.mark.parametrize("path", ASKED)
def test_another_entry_is_noticed_at_once_and_what_is_fixed_stands(
    visitor: Desk, engine: Engine, made: list[str], path: str
) -> None:
    before = visitor.client.get(path)

    append(engine, corrected(1, to_effective="2024-02-01"))
    after = visitor.client.get(path)

    assert after.data == desk_on(engine, None).client.get(path).data
    stands = path in (FIXED, "/v1/entries?limit=2")
    assert len(made) == (0 if path in PLAIN else 1 if stands else 2)
    assert (before.headers["ETag"] == after.headers["ETag"]) == stands


def test_what_was_removed_is_kept_in_no_answer(visitor: Desk, engine: Engine) -> None:
    paths = ["/v1/entries", FIXED, "/v1/entries/2"]
    assert all(SECRET in visitor.client.get(path).text for path in paths)
    assert SECRET in kept_texts(visitor)

    append(engine, redacted(2), actor="an-admin")
    answer = visitor.client.get("/v1/entries?limit=1")

    assert answer.status_code == 200
    assert SECRET not in kept_texts(visitor)
    assert all(SECRET not in visitor.client.get(path).text for path in paths)


def test_what_was_under_way_when_something_was_removed_is_not_kept() -> None:
    kept = Kept[str, str](1_000_000)
    kept.keep([("old", SECRET, 1)], removed=3)
    kept.forget_unless(7)

    kept.keep([("late", SECRET, 1)], removed=3)
    kept.keep([("new", "x", 1)], removed=7)

    assert [kept.get(name) for name in ("old", "late", "new")] == [None, None, "x"]
    assert (kept.get("new", removed=3), kept.get_all(["new", "old"], removed=7)) == (None, None)


def test_no_more_is_kept_than_there_is_room_for() -> None:
    kept = Kept[str, str](30)
    for name in "abcdef":
        kept.keep([(name, name, 7)], removed=-1)
        kept.get("a")
    kept.keep([("f", "f", 9)], removed=-1)

    assert [name for name in "abcdef" if kept.get(name)] == ["a", "d", "e", "f"]
    assert kept.weight == 30


@given(
    st.lists(st.tuples(st.integers(-1, 25), st.integers(1, 8), st.sampled_from(["json", "ndjson", "csv"])), max_size=12)
)
@thorough(60)
def test_a_page_is_the_same_whether_its_entries_are_kept_or_not(
    ledger_of_twenty: Engine, pages: list[tuple[int, int, str]]
) -> None:
    desk = desk_on(ledger_of_twenty, None)

    for after, limit, media in pages:
        asked = {"limit": limit, "format": media} | ({"after": after} if after >= 0 else {})
        fresh = desk_on(ledger_of_twenty, None).get("/v1/entries", **asked)
        assert told(desk.get("/v1/entries", **asked)) == told(fresh)


PAGES = [
    "", "limit=2", "limit=0", "limit=1000", "limit=1001", "after=0", "after=0&limit=1", "limit=1&after=1", "after=2", "after=99",
    f"mission={MISSION}", f"mission={MISSION}&limit=1", f"stream={MISSION}/pledge/a", "type=pledge.announced", "mission=none",
    "type=nothing.known", "after=-1", "after=x", "after=", "after", "limit=1&limit=2", "mission=%74est-mission", "limit=+1",
    "limit= 1", "mission=A b", "unknown=1", "&limit=1", "limit=1&", "party=JAM", "effective_from=2024-03-01", "symbol=S/2024/262",
    "format=json", "format=csv", "after=9007199254740992", "limit=1;after=1", "stream=x\u00e9", "limit=\u0661",
]  # fmt: skip


@pytest.mark.parametrize(
    "accepted",
    [{}, {"Accept": "application/json"}, {"Accept": "text/csv"}, {"Accept": "image/png"}, {"Accept-Encoding": "gzip"}],
)
def test_a_page_that_is_put_together_by_the_front_is_the_page_of_the_application(
    engine: Engine, accepted: dict[str, str]
) -> None:
    append(engine, registered(), announced("a"), secret("b"), corrected(1, to_effective="2024-02-01"))
    append(engine, redacted(2), actor="an-admin")

    fronted, plain = (desk_on(engine, None).client for _ in range(2))

    for asked in PAGES:
        by_the_front = fronted.get("/v1/entries", query_string=asked, headers=accepted)
        by_the_application = plain.get("/v1/entries", query_string=asked, headers={**accepted, "Range": "items=0-1"})
        assert told(by_the_front) == told(by_the_application), asked


def test_a_page_that_nobody_asked_for_before_is_put_together_without_the_application(
    visitor: Desk, made: list[str]
) -> None:
    answers = [
        visitor.client.get(f"/v1/entries?{asked}") for asked in ("limit=2", "after=0", f"mission={MISSION}&limit=1")
    ]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert not made


def test_where_reading_needs_a_key_no_page_is_put_together_for_who_has_none(engine: Engine) -> None:
    append(engine, registered())
    desk = desk_on(engine, "reader", anonymous_reading=False)

    statuses = [
        desk.client.get("/v1/entries", headers=headers).status_code for headers in ({}, {"Authorization": "Bearer x"})
    ]

    assert statuses == [401, 401]
    assert desk.get("/v1/entries").status_code == 200


def test_the_day_and_the_rows_count(
    visitor: Desk, engine: Engine, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask() -> None:
        assert visitor.client.get(SNAPSHOT).status_code == 200

    ask()
    monkeypatch.setattr(parameters, "today", lambda: date(2031, 1, 1))
    ask()
    rebuild(engine)
    ask()
    ask()

    assert len(made) == 3


def test_whoever_shows_a_key_is_given_it_again_until_the_key_is_revoked(
    visitor: Desk, engine: Engine, made: list[str]
) -> None:
    with writing(engine) as connection:
        key = keys.create(connection, "somebody", "reader")
    bearer = {"Authorization": f"Bearer {key}"}
    statuses = [visitor.client.get(SNAPSHOT, headers=headers).status_code for headers in (bearer, {}, bearer, {})]

    with writing(engine) as connection:
        keys.revoke(connection, "somebody")

    assert (statuses, len(made)) == ([200] * 4, 1)
    assert visitor.client.get(SNAPSHOT, headers=bearer).status_code == 401
    assert visitor.client.get(SNAPSHOT).status_code == 200


def test_what_is_asked_otherwise_is_answered_by_the_application(visitor: Desk, made: list[str]) -> None:
    visitor.client.get(SNAPSHOT)

    assert visitor.client.head(SNAPSHOT).status_code == 200
    assert visitor.client.post(SNAPSHOT).status_code == 405
    assert visitor.client.get(SNAPSHOT, headers={"Range": "items=0-1"}).status_code == 200
    assert len(made) == 4


@pytest.mark.parametrize("told", ["Bearer ml_none", "Bearer", "Bearer ", "Basic YTpi", "{key}", "Bearer {key} x"])
@pytest.mark.parametrize("anonymous", [True, False])
def test_a_header_that_bears_no_key_in_force_gets_no_kept_answer(engine: Engine, told: str, anonymous: bool) -> None:
    append(engine, registered())
    desk = desk_on(engine, "reader", anonymous_reading=anonymous)
    key = desk.headers["Authorization"].removeprefix("Bearer ")
    etag = desk.get(SNAPSHOT).headers["ETag"]

    asked = {"Authorization": told.format(key=key), "If-None-Match": etag}
    refused = [desk.client.get(SNAPSHOT, headers=asked), desk_on(engine, None).client.get(SNAPSHOT, headers=asked)]

    assert [answer.status_code for answer in refused] == [401, 401]


def test_where_reading_needs_a_key_what_is_kept_is_given_to_who_shows_one_and_to_nobody_else(engine: Engine) -> None:
    append(engine, registered())
    desk = desk_on(engine, "reader", anonymous_reading=False)
    client = desk.client.application.test_client(use_cookies=False)
    first, again = desk.get(SNAPSHOT), desk.get(SNAPSHOT)

    with writing(engine) as connection:
        other = {"Authorization": f"Bearer {keys.create(connection, 'another', 'recorder')}"}

    assert (told(again), told(desk.client.get(SNAPSHOT, headers=other))) == (told(first), told(first))
    for headers in (
        {},
        {"If-None-Match": first.headers["ETag"]},
        {"Cookie": f"{COOKIE}=guessed"},
        {"Authorization": ""},
    ):
        assert client.get(SNAPSHOT, headers=headers).status_code == 401


def test_a_session_is_given_what_is_kept_until_it_ends_or_its_key_is_revoked(engine: Engine) -> None:
    append(engine, registered())
    desk = desk_on(engine, "reader", anonymous_reading=False)
    with writing(engine) as connection:
        tokens = [sessions.begin(connection, "a-reader") for _ in range(2)]
    client = desk.client.application.test_client(use_cookies=False)
    desk.get(SNAPSHOT)

    def status(token: str) -> int:
        return int(client.get(SNAPSHOT, headers={"Cookie": f"{COOKIE}={token}"}).status_code)

    before = [status(token) for token in tokens]
    with writing(engine) as connection:
        sessions.end(connection, tokens[0])
    ended = [status(token) for token in tokens]
    with writing(engine) as connection:
        keys.revoke(connection, "a-reader")

    assert (before, ended, [status(token) for token in tokens]) == ([200, 200], [401, 200], [401, 401])


def test_refusals_are_never_kept(visitor: Desk, made: list[str]) -> None:
    for _ in range(2):
        assert visitor.client.get(f"{SNAPSHOT}?valid_at=x").status_code == 422
        assert visitor.client.get("/v1/missions/none/snapshot").status_code == 404
        assert visitor.client.get(f"/v1/missions/{MISSION}/pledges/none").status_code == 404

    assert len(made) == 6


def test_a_database_that_fails_is_told_of_though_the_answer_is_kept(
    visitor: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert visitor.client.get(SNAPSHOT).status_code == 200

    def gone(*_: Any, **__: Any) -> Any:
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(visitor.client.application.config["LEDGER_DIRECT"], "rows", gone)

    assert visitor.client.get(SNAPSHOT).status_code == 503


def test_what_is_given_again_is_counted(visitor: Desk) -> None:
    def counted() -> int:
        text = visitor.client.get("/metrics").text
        found = [
            line for line in text.splitlines() if "seconds_count{" in line and "snapshot" in line and '"304"' in line
        ]
        return sum(int(float(line.split()[-1])) for line in found)

    etag, before = visitor.client.get(SNAPSHOT).headers["ETag"], counted()

    for _ in range(3):
        visitor.client.get(SNAPSHOT, headers={"If-None-Match": etag})

    assert counted() == before + 3
