"""Keys: who may read and who may record, and that no key is kept."""

from sqlalchemy import Engine

from ledger import keys
from ledger.store import writing
from tests.builders import registered
from tests.desk import Desk, desk_on


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
