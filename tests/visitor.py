"""Somebody before the pages, without a browser: signs in, opens forms, sends them."""

import html
import re
from typing import Any

from sqlalchemy import Engine

from api.app import create_app
from api.settings import Settings
from ledger import keys
from ledger.store import writing


class Visitor:
    """A client of the pages."""

    def __init__(self, engine: Engine, **settings: Any):
        self.engine = engine
        self.client = create_app(Settings(database_url=str(engine.url), **settings), engine).test_client()

    def key(self, role: str = "recorder", name: str = "") -> str:
        with writing(self.engine) as connection:
            return keys.create(connection, name or f"a-{role}", role)

    def sign_in(self, role: str = "recorder") -> "Visitor":
        assert self.client.post("/sign-in", data={"key": self.key(role)}).status_code == 303
        return self

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(path, query_string=query)

    def token(self) -> str:
        """What a form of this session bears."""
        found = re.search(r'name="form_token" value="(\w+)"', self.get("/").text)
        return found[1] if found else ""

    def send(self, path: str, said: dict[str, Any], **headers: str) -> Any:
        """Send a form of this session."""
        return self.client.post(path, data={"form_token": self.token(), **said}, headers=headers)


def hidden(answer: Any, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', answer.text)
    assert found, name
    return html.unescape(found[1])


def faults(answer: Any) -> list[str]:
    """What the list at the top of a form says."""
    if 'class="faults"' not in answer.text:
        return []
    part = answer.text.split('class="faults"', 1)[1].split("</ul>", 1)[0]
    items = re.findall(r"(?s)<li>(.*?)</li>", part)
    return [html.unescape(re.sub(r"<[^>]*>", "", item)).strip() for item in items]
