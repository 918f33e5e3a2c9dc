"""Who looks at a page: the session that a browser signed in to with a key, and the proof that a form is its own."""

import hashlib
import hmac
from typing import Any
from urllib.parse import urlsplit

from flask import Response, g, redirect, request, url_for
from werkzeug.http import parse_cookie

from api.conditional import direct
from api.parameters import settings
from ledger import sessions
from ledger.keys import ROLES, Holder

COOKIE = "mission-ledger-session"
TOKEN_FIELD = "form_token"  # noqa: S105  (the name of a field)
MOST_TOKEN = 100


def who() -> Holder | None:
    """The holder of the key that this browser signed in with; None where it did not. Looked up once per request."""
    if "holder" not in g:
        g.holder = None
        if token := token_of(request.environ):
            g.holder = sessions.holder_of(direct(), token)
    return g.holder


def token_of(environ: dict[str, Any]) -> str | None:
    """The token that a request bears."""
    token = parse_cookie(environ).get(COOKIE, "")
    return token if 0 < len(token) <= MOST_TOKEN else None


def may(role: str) -> bool:
    """Whether a page for this role may be shown."""
    if role == "reader" and settings().anonymous_reading:
        return True
    holder = who() if "HTTP_COOKIE" in request.environ else None
    return holder is not None and ROLES.index(holder.role) >= ROLES.index(role)


def sign_in_first() -> Response:
    """To the page where one signs in, and from there back."""
    here = request.full_path.rstrip("?") if request.method == "GET" else request.path
    return redirect(url_for("signing_in.sign_in", next=here), 303)  # type: ignore[return-value]


def form_token() -> str:
    """What a form of this session bears, and no other site can know; empty where nobody is signed in."""
    token = token_of(request.environ)
    if token is None or who() is None:
        return ""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()


def is_own_form() -> bool:
    """Whether what is posted comes from a form of this session."""
    expected = form_token()
    given = request.form.get(TOKEN_FIELD, "")
    return bool(expected) and hmac.compare_digest(expected.encode(), given.encode()) and is_own_origin()


def is_own_origin() -> bool:
    """Whether the browser says, where it says anything, that the request comes from a page of this server."""
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        return False
    return origin is None or urlsplit(origin).netloc == request.host


def is_over_tls() -> bool:
    """Whether the browser speaks TLS, with this server or with a proxy before it."""
    return request.is_secure or request.headers.get("Origin", "").startswith("https://")


def local_path(text: str) -> str:
    """`text` where it is a path of this server, else the path of the first page: nobody is led elsewhere."""
    hidden = "\\" in text or any(ord(character) < 33 or ord(character) == 127 for character in text)
    is_path = text.startswith("/") and not text.startswith("//")
    return text if is_path and not hidden and len(text) <= 2_000 else "/"
