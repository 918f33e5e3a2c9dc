"""A desk at which the API is asked: a client with a key."""

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Engine

from api.app import create_app
from api.settings import Settings
from ledger import keys
from ledger.store import writing


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
