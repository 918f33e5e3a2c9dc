"""Who asks: bearer keys with roles. The actor of an entry is the name of the key that recorded it.

Reading takes the session of who signed in to the pages as well, whose links lead here and whose scripts verify. Recording
takes a key: a page of another site can make a browser send a cookie, but no key.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

from flask import Response, g, request
from flask_httpauth import HTTPTokenAuth

from api import problems, session
from api.conditional import direct
from ledger.direct import Direct
from ledger.keys import ROLES, Holder, holder_of

View = TypeVar("View", bound=Callable[..., Any])
auth = HTTPTokenAuth("Bearer", realm="mission-ledger")


@auth.verify_token
def _verify(token: str) -> Holder | None:
    if not token:
        return None
    return holder_of(direct(), token)


@auth.get_user_roles
def _roles(who: Holder) -> str:
    return who.role


@auth.error_handler
def _refuse(status: int) -> Response:
    if status == 403:
        return problems.respond("role-too-low", f"this needs a key of a higher role; the roles are {', '.join(ROLES)}")
    if request.headers.get("Authorization"):
        return problems.respond("key-invalid", "send a key in force, as `Authorization: Bearer ml_…`")
    return problems.respond("key-missing", "send a key, as `Authorization: Bearer ml_…`")


def needs(role: str) -> Callable[[View], View]:
    """The view needs a key of this role or a higher one; reading is open to all where the setting says so."""
    enough = at_least(role)

    def wrap(view: View) -> View:
        strict = auth.login_required(role=enough)(view)

        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            told = request.environ.get("HTTP_AUTHORIZATION")
            may = _has_key(told, enough) if told else role == "reader" and session.may(role)
            return (view if may else strict)(*args, **kwargs)

        return checked  # type: ignore[return-value]

    return wrap


def _has_key(told: str, enough: list[str]) -> bool:
    """Whether the header bears a key in force of such a role, whose holder is then the current user. Whoever it refuses is
    explained by the library."""
    who = bearer(direct(), told, enough)
    if who is None:
        return False
    g.flask_httpauth_user = who
    return True


def at_least(role: str) -> list[str]:
    """A role and those above it."""
    return list(ROLES[ROLES.index(role) :])


def bearer(direct: Direct, told: str, enough: Sequence[str]) -> Holder | None:
    """Who holds the key in an Authorization header, where it is in force and of such a role."""
    key = key_in(told)
    who = holder_of(direct, key) if key else None
    return who if who is not None and who.role in enough else None


def key_in(told: str) -> str:
    """The key in an Authorization header; empty where there is none."""
    kind, _, key = told.partition(" ")
    return key if kind == "Bearer" else ""


def actor() -> str:
    """The name that entries of this request bear."""
    return auth.current_user().name


def role() -> str:
    """The role of the key of this request."""
    return auth.current_user().role
