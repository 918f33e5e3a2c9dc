"""Signing in with a key, and signing out."""

from flask import Response, redirect, render_template, request
from sqlalchemy import Connection

from api import session
from api.web.pages import engine, explained, pages_of, posted, respond
from ledger import keys, sessions
from ledger.store import reading, writing

blueprint = pages_of("signing_in")
MOST_KEY = 200
WRONG = "This key is unknown or was revoked. Paste the whole key, which begins with ml_."
MISSING = "Paste your key, which begins with ml_."


@blueprint.get("/sign-in")
def sign_in() -> Response:
    """The form that takes a key."""
    return _form(session.local_path(request.args.get("next", "/")))


@blueprint.post("/sign-in")
def begin() -> Response:
    """Begin a session with a key. An unknown key and a revoked one get the same answer."""
    if not session.is_own_origin():
        return explained("bad-request", "The form was sent from another site; open this page and sign in here.")
    path, key = session.local_path(request.form.get("next", "/")), request.form.get("key", "").strip()
    with reading(engine()) as connection:
        holder = keys.holder(connection, key) if 0 < len(key) <= MOST_KEY else None
    if holder is None:
        return _form(path, WRONG if key else MISSING)
    with writing(engine()) as connection:
        _end(connection)
        token = sessions.begin(connection, holder.name)
    answer: Response = redirect(path, 303)  # type: ignore[assignment]
    answer.set_cookie(
        session.COOKIE, token, max_age=sessions.LASTS, secure=session.is_over_tls(), httponly=True, samesite="Lax"
    )
    return _private(answer)


@posted(blueprint, "/sign-out", role="reader")
def sign_out() -> Response:
    """End the session."""
    with writing(engine()) as connection:
        _end(connection)
    answer: Response = redirect("/", 303)  # type: ignore[assignment]
    answer.delete_cookie(session.COOKIE, secure=session.is_over_tls(), httponly=True, samesite="Lax")
    return _private(answer)


def _end(connection: Connection) -> None:
    if old := request.cookies.get(session.COOKIE):
        sessions.end(connection, old[: session.MOST_TOKEN])


def _form(path: str, wrong: str = "") -> Response:
    return _private(respond(render_template("sign_in.html", path=path, wrong=wrong), status=422 if wrong else 200))


def _private(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer
