"""Sessions: who signed in with a key, until when. Only digests of the random tokens are stored, as of keys."""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import Connection, bindparam, delete, insert, select

from ledger.direct import Direct, Statement
from ledger.entries import instant
from ledger.keys import Holder
from ledger.store import now
from ledger.tables import keys, sessions

LASTS = timedelta(hours=12)
_HOLDER = Statement(
    select(keys.c.name, keys.c.role)
    .join(sessions, sessions.c.name == keys.c.name)
    .where(
        sessions.c.digest == bindparam("digest"), sessions.c.expires_at > bindparam("now"), keys.c.revoked_at.is_(None)
    )
)


def begin(connection: Connection, name: str) -> str:
    """A session for the key named `name`; returns its token, the only time. Sessions that are over are removed."""
    token, moment = secrets.token_urlsafe(32), now()
    connection.execute(delete(sessions).where(sessions.c.expires_at <= instant(moment)))
    made = {"created_at": instant(moment), "expires_at": instant(moment + LASTS)}
    connection.execute(insert(sessions).values(digest=_digest(token), name=name, **made))
    return token


def holder_of(direct: Direct, token: str) -> Holder | None:
    """Whose session it is; None where there is none, it is over, or its key was revoked."""
    found = direct.row(_HOLDER, digest=_digest(token), now=instant(now()))
    return Holder(*found) if found else None


def end(connection: Connection, token: str) -> None:
    """The session is over."""
    connection.execute(delete(sessions).where(sessions.c.digest == _digest(token)))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
