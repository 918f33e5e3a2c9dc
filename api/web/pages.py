"""A page: who may see it, when it is made anew, what frames it.

A page is a function `(connection, …) -> HTML`. What it shows follows from its address, from what the ledger holds and from the
day, so the same page is not made twice.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any

from flask import Blueprint, Flask, Response, current_app, render_template, request
from sqlalchemy import Connection, Engine, select

from api import problems, session
from api.parameters import today
from ledger.store import reading
from ledger.tables import head
from projections.tables import generations

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
KEPT = 256
_STATE = select(head.c.size, generations).join(generations, generations.c.id == head.c.id)
NOT_OWN_FORM = (
    "This form belongs to another session, or was sent from another site. Open its page again and send it from there."
)
View = Callable[..., str]
Handler = Callable[..., Response]


def engine() -> Engine:
    return current_app.config["LEDGER_ENGINE"]


def pages_of(name: str) -> Blueprint:
    """A blueprint of pages: what goes wrong in them is told as a page, too."""
    made = Blueprint(name, __name__, template_folder="templates")
    made.register_error_handler(
        problems.Problem, lambda problem: explained(problem.code, problem.detail, problem.errors)
    )
    return made


def page(blueprint: Blueprint, rule: str, role: str = "reader", kept: bool = True) -> Callable[[View], View]:
    """Serve `view(connection, …)` at `rule` to those who may see it, and keep what it made.

    Not `kept` is a page that shows what moves without an entry, such as checkpoints.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def answered(**arguments: Any) -> Response:
            if not session.may(role):
                return not_for_you(role)
            with reading(engine()) as connection:
                if not kept:
                    return respond(view(connection, **arguments))
                key = (request.full_path, session.who(), session.form_token(), today(), *_state(connection))
                body, etag = _kept().get(key, lambda: _made(view(connection, **arguments)))
            return respond(body, etag)

        blueprint.add_url_rule(rule, view.__name__, answered, methods=["GET"])
        return view

    return wrap


def posted(blueprint: Blueprint, rule: str, role: str) -> Callable[[Handler], Handler]:
    """Take what forms of this session post to `rule`, from those who may."""

    def wrap(handler: Handler) -> Handler:
        @wraps(handler)
        def checked(**arguments: Any) -> Response:
            if not session.may(role) or session.who() is None:
                return not_for_you(role)
            if not session.is_own_form():
                return explained("bad-request", NOT_OWN_FORM)
            return handler(**arguments)

        blueprint.add_url_rule(rule, handler.__name__, checked, methods=["POST"])
        return handler

    return wrap


def not_for_you(role: str) -> Response:
    """To the page where one signs in; who has done so is told which role is needed."""
    holder = session.who()
    if holder is None:
        return session.sign_in_first()
    told = f"This takes a key of the role {role} or a higher one. You are signed in as {holder.name}, with the role {holder.role}."
    return explained("role-too-low", told)


def _state(connection: Connection) -> tuple[Any, ...]:
    """What the ledger holds, in short: every entry moves its size, and whatever makes rows anew makes a generation."""
    return tuple(connection.execute(_STATE).one())


Made = tuple[bytes, str]  # a page and its ETag


def _made(html: str) -> Made:
    body = html.encode()
    return body, hashlib.sha256(body).hexdigest()[:32]


def respond(body: bytes | str, etag: str | None = None, status: int = 200) -> Response:
    """A page as a response, which the same reader's browser may ask for again by its ETag."""
    response = Response(body, status=status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Cookie"
    response.headers["Referrer-Policy"] = "same-origin"  # with none at all, browsers hide where a form comes from
    if etag:
        response.set_etag(etag)
        response.make_conditional(request)
    return response


def explained(code: str, detail: str, errors: Any = ()) -> Response:
    """A problem as a page."""
    kind = problems.PROBLEMS[code]
    return respond(render_template("problem.html", kind=kind, detail=detail, errors=errors), status=kind.status)


def for_people() -> bool:
    """Whether the request comes from somebody who reads pages, and not for the API."""
    accepts = request.accept_mimetypes
    return not request.path.startswith("/v1/") and accepts.best_match(["application/json", "text/html"]) == "text/html"


class Kept:
    """The pages made last, each under what it follows from."""

    def __init__(self, most: int):
        self._most, self._pages, self._lock = most, OrderedDict[Hashable, Made](), threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        with self._lock:
            if key in self._pages:
                self._pages.move_to_end(key)
                return self._pages[key]
        made = make()
        with self._lock:
            self._pages[key] = made
            while len(self._pages) > self._most:
                self._pages.popitem(last=False)
        return made


def keep_pages(app: Flask) -> None:
    """Give an app its pages that were made last."""
    app.extensions["mission-ledger-pages"] = Kept(KEPT)


def _kept() -> Kept:
    return current_app.extensions["mission-ledger-pages"]
