"""The web application: one factory, settings in, app out."""

import gc
import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, request
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException

from api import entries, health, log, metrics, missions, openapi, parameters, parties, plain_posts, problems, signer
from api.compression import compress
from api.entry_pages import Pages
from api.front import Front
from api.settings import THREADS, Settings, from_environment
from api.web import add_pages, pages
from ledger.direct import Direct
from ledger.store import open_engine
from ledger.writer import Writer
from projections.runner import Projector
from projections.state import States

logger = logging.getLogger("mission-ledger")
SELDOM = 10_000  # objects made


class LedgerApp(Flask):
    """Flask's, without looking at every function of every request for being asynchronous: none is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def create_app(settings: Settings | None = None, engine: Engine | None = None) -> Flask:
    """The app on the database that the settings name. The schema must be current: `mission-ledger migrate`."""
    settings = settings or from_environment()
    engine = engine or open_engine(settings.database_url, pool_size=8, max_overflow=THREADS - 8)
    app = LedgerApp(__name__, static_folder="static", static_url_path="/static")
    direct = Direct(engine)
    app.config.update(
        LEDGER_SETTINGS=settings,
        LEDGER_ENGINE=engine,
        LEDGER_WRITER=Writer(engine, Projector),
        LEDGER_RECORDERS={},
        LEDGER_DIRECT=direct,
        LEDGER_STATES=States(direct),
        LEDGER_PAGES=Pages(engine, direct),
        MAX_CONTENT_LENGTH=settings.max_body,
        **openapi.CONFIGURATION,
    )
    api = openapi.LedgerApi(app, spec_kwargs=openapi.spec_options())
    openapi.describe(api)
    for blueprint in (entries.blueprint, missions.blueprint, parties.blueprint, log.blueprint, health.blueprint):
        api.register_blueprint(blueprint)
    app.register_blueprint(openapi.pages)
    add_pages(app)
    metrics.measure(app)
    front = Front(app)
    app.after_request(front.remember)
    compress(app)
    app.before_request(plain_posts.told)
    app.before_request(_refuse_repeated_parameters)
    _handle_errors(app)
    app.wsgi_app = front  # type: ignore[method-assign, assignment]
    signer.start(app, settings, engine)
    return app


def served() -> Flask:
    """The app of a server of its own. What is there by then stays as long as the process; to look through it for what
    refers only to itself, as Python does every few hundred requests, would keep one of them waiting for 70 ms. What a request
    makes goes with it, and is looked through seldom."""
    app = create_app()
    gc.collect()
    gc.freeze()
    gc.set_threshold(SELDOM)
    return app


def _refuse_repeated_parameters() -> Response | None:
    found = parameters.repeated(request.query_string)
    if found is None:
        return None
    name, times = found
    return problems.of_parameter(name, f"{name} is given {times} times; give it once").response()


def _handle_errors(app: Flask) -> None:
    app.register_error_handler(problems.Problem, problems.Problem.response)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(Exception, _internal)


def _http_error(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value]
    if pages.for_people():
        return pages.explained(problems.of_status(error.code), error.description or "")
    headers: dict[str, Any] = {
        name: value for name, value in error.get_headers() if name.lower() in ("allow", "retry-after")
    }
    return problems.respond(problems.of_status(error.code), error.description or "", headers=headers)


def _database_error(error: DBAPIError) -> Response:
    logger.exception("the database failed", exc_info=error)
    if pages.for_people():
        return pages.explained("unavailable", "The database cannot be used; try again later.")
    return problems.respond("unavailable", "the database cannot be used; try again later", headers={"Retry-After": "5"})


def _internal(error: Exception) -> Response:
    logger.exception("an error that nobody expected", exc_info=error)
    if pages.for_people():
        return pages.explained("internal", "The error has been logged; nothing was recorded.")
    return problems.respond("internal", "the error has been logged; nothing was recorded")
