"""What stands before the application: it gives answers again that were given a moment ago, as long as all that they follow from
stands, and adds to every answer the headers that keep browsers in bounds.

Whoever may read and asks what was asked before gets the same answer, since an answer is the same for all who may read it. What it
follows from (`Follows`) is compared with the state of the ledger, by one statement each time that tells also who holds the key
which a request bears: so an entry, a redaction and the revocation of a key are noticed at once, whichever process made them.
A plain page of entries is put together here, too, since of all that nobody asked before it is asked for most, and plain events are
recorded (`api/plain_posts.py`). Everything else goes through the application: other methods, other questions, what is refused.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from flask import Flask, Response, request
from sqlalchemy.exc import SQLAlchemyError

from api import auth, entry_pages, metrics, plain_posts, session
from api.conditional import TAGGED, Follows, matching_of
from api.kept import Kept
from ledger import sessions
from projections.state import State

MOST_BYTES, MOST_OF_ONE, MOST_ADDRESS = 33_554_432, 1_048_576, 2_048
ABOUT = 2_000  # what the headers, the clocks and the address of an answer weigh
_NOT_WHEN_UNCHANGED = frozenset({"ETag", "Content-Type", "Content-Length", "Content-Encoding", "Link"})
_ASKED_OTHERWISE = ("HTTP_RANGE", "HTTP_IF_MATCH")
_KEY = ("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING")
_STATUS = {status: f"{status} {HTTPStatus(status).phrase.upper()}" for status in (200, 201, 304)}
SECURITY = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
)
Headers = list[tuple[str, str]]
Answer = tuple[str, int, Headers, bytes]  # with the route that it is counted under


class Given(NamedTuple):
    """An answer that was given: what it follows from, its ETag without a coding, its route, headers and bytes.

    No bytes are there where all who asked had them already.
    """

    follows: Follows
    etag: str
    rule: str
    headers: Headers
    when_unchanged: Headers
    body: bytes | None


class Front:
    """The WSGI application before the application."""

    def __init__(self, app: Flask):
        self._app, self._inner, self._given = app, app.wsgi_app, Kept[tuple[str, ...], Given](MOST_BYTES)
        self._states, self._direct = app.config["LEDGER_STATES"], app.config["LEDGER_DIRECT"]
        self._pages, settings = app.config["LEDGER_PAGES"], app.config["LEDGER_SETTINGS"]
        self._all_may_read, self._most = settings.anonymous_reading, settings.max_page

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Give the answer again, or let the application make one."""
        begun = time.perf_counter()
        answer = self._answer(environ)
        if answer is None:
            environ[metrics.BEGUN] = begun
            return self._inner(environ, lambda status, headers, *error: start(status, secured(headers), *error))
        rule, status, headers, body = answer
        start(_STATUS[status], headers)
        metrics.observe(environ["REQUEST_METHOD"], rule, status, time.perf_counter() - begun)
        return [body]

    def _answer(self, environ: dict[str, Any]) -> Answer | None:
        """What was given to such a request before, where it still holds, or a plain page of entries, where this one may read it;
        or what was recorded of plain events."""
        if not _asks_plainly(environ):
            return self._recorded(environ)
        given, query = self._given.get(key_of(environ)), entry_pages.plainly_asked(environ, self._most)
        if given is None and query is None:
            return None
        try:
            state = self._state_for(environ)
            if state is None:
                return None
            self._given.forget_unless(state.removed)
            if given is not None and given.follows.hold(state):
                return _again(given, environ)
            return self._page(environ, query, state) if query is not None else None
        except SQLAlchemyError:  # the application tells of it
            return None

    def _recorded(self, environ: dict[str, Any]) -> Answer | None:
        recorded = plain_posts.answered(environ, self._app)
        return (entry_pages.PATH, 201, secured(recorded[0]), recorded[1]) if recorded is not None else None

    def _page(self, environ: dict[str, Any], query: Mapping[str, Any], state: State) -> Answer:
        follows, etag, headers, body = entry_pages.answered(environ, query, self._pages, state, self._most)
        headers = secured(headers)
        self._keep(environ, Given(follows, etag, entry_pages.PATH, headers, _when_unchanged(headers), body))
        return entry_pages.PATH, 200, headers.copy(), body

    def _state_for(self, environ: dict[str, Any]) -> State | None:
        """The state of the ledger, for whom the application would let read (`auth.needs`): every holder of a key may."""
        if told := environ.get("HTTP_AUTHORIZATION"):
            state, holder = self._states.with_holder(auth.key_in(told))
            return state if holder is not None else None
        return self._states.now() if self._all_may_read or self._has_session(environ) else None

    def _has_session(self, environ: dict[str, Any]) -> bool:
        token = session.token_of(environ)
        return token is not None and sessions.holder_of(self._direct, token) is not None

    def remember(self, response: Response) -> Response:
        """Keep an answer that was just made, where it tells what it follows from.

        Of one that the client has, what confirms it is kept, unless the answer itself is.
        """
        environ, status = request.environ, response.status_code
        tagged = environ.get(TAGGED)
        if tagged is None or status not in _STATUS or response.is_streamed or not _asks_plainly(environ):
            return response
        (follows, etag), kept = tagged, self._given.get(key_of(environ)) if status == 304 else None
        if kept is None or kept.etag != etag:
            self._keep(environ, _given(follows, etag, response, response.get_data() if status == 200 else None))
        return response

    def _keep(self, environ: dict[str, Any], given: Given) -> None:
        key, length = key_of(environ), len(given.body or b"")
        if length <= MOST_OF_ONE and sum(map(len, key)) <= MOST_ADDRESS:
            self._given.keep([(key, given, length + ABOUT)], given.follows.removed)


def _given(follows: Follows, etag: str, response: Response, body: bytes | None) -> Given:
    headers = secured([header for header in response.headers if header[0] != "Date"])  # the server tells the date
    rule = request.url_rule.rule if request.url_rule else ""
    return Given(follows, etag, rule, headers, _when_unchanged(headers), body)


def _when_unchanged(headers: Headers) -> Headers:
    return [header for header in headers if header[0] not in _NOT_WHEN_UNCHANGED]


def secured(headers: Headers) -> Headers:
    """The headers of any answer, with those that keep browsers from doing more with it than it is for."""
    present = {name for name, _ in headers}
    return headers + [header for header in SECURITY if header[0] not in present]


def key_of(environ: dict[str, Any]) -> tuple[str, ...]:
    """What of a request its answer depends on, for whoever may read it."""
    return tuple([environ.get(name, "") for name in _KEY])


def _asks_plainly(environ: dict[str, Any]) -> bool:
    return environ["REQUEST_METHOD"] == "GET" and not any(name in environ for name in _ASKED_OTHERWISE)


def _again(given: Given, environ: dict[str, Any]) -> Answer | None:
    told = environ.get("HTTP_IF_NONE_MATCH")
    has = told and matching_of(given.etag, told, environ.get("HTTP_ACCEPT_ENCODING", ""))
    if has:
        return given.rule, 304, [("ETag", f'"{has}"'), *given.when_unchanged], b""
    return (given.rule, 200, given.headers.copy(), given.body) if given.body is not None else None
