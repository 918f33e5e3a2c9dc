"""A browser on a served ledger. Every page that a test opens is watched: no request to another origin, no error in its console."""

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route, sync_playwright
from sqlalchemy import Engine
from werkzeug.serving import make_server

from api.app import create_app
from api.cli.recording import load_record
from api.settings import Settings
from ledger import keys
from ledger.signing import new_key, sign, write_log_key
from ledger.store import open_engine, reading, writing
from migrations import migrate

CHROMIUM = "/usr/bin/chromium"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


@dataclass
class Served:
    """A ledger that is served: its address, its database, and a key for each role."""

    url: str
    engine: Engine
    keys: dict[str, str]
    expected: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Template:
    folder: Path
    keys: dict[str, str]


@pytest.fixture(scope="session")
def haiti(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The record of the mission in Haiti, signed, with a key for each role; to be copied."""
    return haiti_in(tmp_path_factory.mktemp("haiti"))


def haiti_in(folder: Path) -> Template:
    folder.mkdir(exist_ok=True)
    engine = open_engine(f"sqlite:///{folder / 'ledger.db'}")
    migrate(engine)
    load_record(engine, "haiti-mss")
    with writing(engine) as connection:
        made = {role: keys.create(connection, f"a-{role}", role) for role in keys.ROLES}
    sign(engine, write_log_key(folder / "log.key", (new_key("ledger.example.org/log"),)))
    engine.dispose()
    return Template(folder, made)


def serve(template: Template, folder: Path, **settings: Any) -> Iterator[Served]:
    shutil.copytree(template.folder, folder, dirs_exist_ok=True)
    url = f"sqlite:///{folder / 'ledger.db'}"
    engine = open_engine(url)
    app = create_app(Settings(database_url=url, log_key=folder / "log.key", **settings), engine)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Served(f"http://127.0.0.1:{server.server_port}", engine, template.keys)
    server.shutdown()
    thread.join()
    engine.dispose()


@pytest.fixture
def served(haiti: Template, tmp_path: Path) -> Iterator[Served]:
    """A copy for one test, which may record in it."""
    yield from serve(haiti, tmp_path / "served")


@pytest.fixture(scope="session")
def shown(haiti: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A copy for all tests that only read."""
    yield from serve(haiti, tmp_path_factory.mktemp("shown"))


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as made:
        yield made


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    yield launched
    launched.close()


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens pages: `open_page(url, javascript=False, color_scheme="dark", viewport=NARROW, context=…)`."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def opened(url: str, *, javascript: bool = True, context: BrowserContext | None = None, **options: Any) -> Page:
        if context is None:
            context = browser.new_context(java_script_enabled=javascript, **{"viewport": WIDE, **options})
            contexts.append(context)
            context.route("**/*", lambda route: _own(route, url, wrong))
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text) if _is_wrong(message) else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def _own(route: Route, url: str, wrong: list[str]) -> None:
    """Requests to the origin of the page go on; any other is refused, and fails the test."""
    if urlsplit(route.request.url)[:2] == urlsplit(url)[:2]:
        route.continue_()
    else:
        wrong.append(f"a request to {route.request.url}")
        route.abort()


def _is_wrong(message: Any) -> bool:
    """Errors and warnings; that a page answers with 4xx is told by the browser, too, and is no fault of the page."""
    return message.type in ("error", "warning") and "the server responded with a status of 4" not in message.text


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with a page, by every rule that it has for WCAG 2.2 AA and good practice; of a dark page by
    those about colours, since nothing else of it differs."""
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    found = Axe().run(page, options={"runOnly": ["cat.color"]} if is_dark else None).response["violations"]
    return [f"{one['id']}: {one['help']}: {[node['html'][:120] for node in one['nodes'][:3]]}" for one in found]


def count(served: Served) -> int:
    with reading(served.engine) as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM entries").scalar_one())
