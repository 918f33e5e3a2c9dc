"""Sessions: who signed in with a key, until when. Only digests of the random tokens are stored, as of keys."""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select

from ledger.entries import instant
from ledger.keys import Holder
from ledger.store import now
from ledger.tables import keys, sessions

LASTS = timedelta(hours=12)


def begin(connection: Connection, name: str) -> str:
    """A session for the key named `name`; returns its token, the only time. Sessions that are over are removed."""
    token, moment = secrets.token_urlsafe(32), now()
    connection.execute(delete(sessions).where(sessions.c.expires_at <= instant(moment)))
    made = {"created_at": instant(moment), "expires_at": instant(moment + LASTS)}
    connection.execute(insert(sessions).values(digest=_digest(token), name=name, **made))
    return token


def holder(connection: Connection, token: str) -> Holder | None:
    """Whose session it is; None where there is none, it is over, or its key was revoked."""
    query = select(keys.c.name, keys.c.role).join(sessions, sessions.c.name == keys.c.name)
    in_force = (sessions.c.expires_at > instant(now()), keys.c.revoked_at.is_(None))
    found = connection.execute(query.where(sessions.c.digest == _digest(token), *in_force)).one_or_none()
    return Holder(found.name, found.role) if found else None


def end(connection: Connection, token: str) -> None:
    """The session is over."""
    connection.execute(delete(sessions).where(sessions.c.digest == _digest(token)))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
