"""Keys: who may read, record, administer. Only digests are stored; a key is shown once, when it is made.

A key is 32 random bytes, so one SHA-256 is enough: there is nothing to guess from a dictionary.
"""

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, insert, select, update

from ledger.direct import Direct, Statement
from ledger.entries import instant
from ledger.store import now
from ledger.tables import keys

ROLES = ("reader", "recorder", "admin")
IN_FORCE = and_(keys.c.digest == bindparam("digest"), keys.c.revoked_at.is_(None))
_HOLDER = Statement(select(keys.c.name, keys.c.role).where(IN_FORCE))


@dataclass(frozen=True)
class Holder:
    """Who a key belongs to."""

    name: str
    role: str


class KeyProblem(ValueError):
    """A key that cannot be made or revoked, with the reason."""


def create(connection: Connection, name: str, role: str) -> str:
    """Make a key for `name`; returns it, the only time. Raises KeyProblem where the name is taken."""
    if connection.execute(select(keys.c.name).where(keys.c.name == name)).first():
        raise KeyProblem(f"there is or was a key named {name!r}; names are never given twice, since entries bear them")
    key = "ml_" + secrets.token_urlsafe(32)
    connection.execute(insert(keys).values(name=name, role=role, digest=digest_of(key), created_at=instant(now())))
    return key


def holder(connection: Connection, key: str) -> Holder | None:
    """Who holds `key`; None where it is unknown or revoked."""
    found = connection.execute(_HOLDER.select, {"digest": digest_of(key)}).one_or_none()
    return Holder(found.name, found.role) if found else None


def holder_of(direct: Direct, key: str) -> Holder | None:
    """The same by one statement: a key that is revoked is worthless from that moment on, so nothing is kept of it."""
    found = direct.shared(_HOLDER, digest=digest_of(key))
    return Holder(*found[0]) if found else None


def revoke(connection: Connection, name: str) -> None:
    """Make a key worthless from now on. Raises KeyProblem where there is none to revoke."""
    done = connection.execute(
        update(keys).where(keys.c.name == name, keys.c.revoked_at.is_(None)).values(revoked_at=instant(now()))
    )
    if done.rowcount == 0:
        raise KeyProblem(f"there is no key named {name!r} in force")


def listed(connection: Connection) -> list[dict[str, str | None]]:
    """Every key ever made, without anything that would open a door."""
    query = select(keys.c.name, keys.c.role, keys.c.created_at, keys.c.revoked_at).order_by(keys.c.created_at)
    return [{str(name): value for name, value in row.items()} for row in connection.execute(query).mappings()]


def digest_of(key: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
