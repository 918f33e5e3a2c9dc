"""A hostile administrator: changes what is stored, with the guards out of the way, and puts the guards back."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, text

from ledger.codec import canonical
from ledger.merkle import root
from ledger.tiles import make_tile

TABLES = ("entries", "receipts", "checkpoints")
HEADER = (
    "position",
    "id",
    "stream",
    "version",
    "mission",
    "type",
    "effective",
    "recorded_at",
    "actor",
    "ref",
    "target",
)
Tamper = Callable[[Connection], None]


def tampered(engine: Engine, tamper: Tamper) -> None:
    with engine.connect().execution_options(writes=True) as connection, connection.begin(), unguarded(connection):
        tamper(connection)


@contextmanager
def unguarded(connection: Connection) -> Iterator[None]:
    """Triggers and foreign keys sleep meanwhile."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield
        return
    made = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    for name, _ in made:
        connection.execute(text(f"DROP TRIGGER {name}"))
    yield
    for _, sql in made:
        connection.exec_driver_sql(sql)


def run(statement: str, **values: Any) -> Tamper:
    """A tampering by one statement."""

    def tamper(connection: Connection) -> None:
        assert connection.execute(text(statement), values).rowcount != 0

    return tamper


def change(column: str, value: Any, position: int) -> Tamper:
    return run(f"UPDATE entries SET {column} = :value WHERE position = :position", value=value, position=position)


def flip(table: str, column: str, where: str, at: int = 10) -> Tamper:
    """One bit of a stored value turned over."""

    def tamper(connection: Connection) -> None:
        content = bytearray(connection.execute(text(f"SELECT {column} FROM {table} WHERE {where}")).scalar_one())
        content[at] ^= 1
        connection.execute(text(f"UPDATE {table} SET {column} = :value WHERE {where}"), {"value": bytes(content)})

    return tamper


def row_at(connection: Connection, position: int) -> dict[str, Any]:
    found = connection.execute(text("SELECT * FROM entries WHERE position = :position"), {"position": position})
    return dict(found.mappings().one())


def sealed(row: dict[str, Any]) -> dict[str, Any]:
    """The row with an envelope that agrees with everything else of it."""
    asked = {} if row["request"] is None else {"request": row["request"]}
    commitment = hashlib.sha256(row["salt"] + row["payload"]).hexdigest()
    header = {name: row[name] for name in HEADER}
    return {**row, "envelope": canonical({"ledger": 1, **header, **asked, "commitment": commitment})}


def put(connection: Connection, row: dict[str, Any], at: int | None = None) -> None:
    """Write a row over the one at a position, or add it."""
    if at is None:
        names = ", ".join(row)
        connection.execute(text(f"INSERT INTO entries ({names}) VALUES ({', '.join(f':{n}' for n in row)})"), row)
    else:
        sets = ", ".join(f"{name} = :{name}" for name in row)
        connection.execute(text(f"UPDATE entries SET {sets} WHERE position = :at"), {**row, "at": at})


def rewritten(position: int, amount: int) -> Tamper:
    """An entry says something else from the beginning on: payload, commitment, envelope."""

    def tamper(connection: Connection) -> None:
        put(connection, _saying(row_at(connection, position), amount), position)

    return tamper


def _saying(row: dict[str, Any], amount: int) -> dict[str, Any]:
    payload = json.loads(row["payload"])
    payload["data"]["items"][0]["minimum"] = payload["data"]["items"][0]["maximum"] = amount
    return sealed({**row, "payload": canonical(payload)})


def all_hashes_again(connection: Connection) -> None:
    """Every tile anew from the envelopes as they are now."""
    leaves = [
        hashlib.sha256(b"\0" + envelope).digest()
        for envelope in connection.execute(text("SELECT envelope FROM entries ORDER BY position")).scalars()
    ]
    connection.execute(text("DELETE FROM tiles"))
    level, hashes = 0, leaves
    while hashes:
        full = []
        for index in range(-(-len(hashes) // 256)):
            part = hashes[index * 256 : (index + 1) * 256]
            tile = make_tile(level, index, b"".join(part))
            values = {"level": level, "tile": index, "hashes": tile.hashes, "nodes": tile.nodes}
            connection.execute(text("INSERT INTO tiles VALUES (:level, :tile, :hashes, :nodes)"), values)
            full += [tile.root] if len(part) == 256 else []
        level, hashes = level + 1, full


def root_of(connection: Connection, size: int) -> bytes:
    """The root over the first envelopes as they are now."""
    leaves = [
        hashlib.sha256(b"\0" + envelope).digest()
        for envelope in connection.execute(text("SELECT envelope FROM entries ORDER BY position")).scalars()
    ][:size]

    def node(level: int, index: int) -> bytes:
        if level == 0:
            return leaves[index]
        return hashlib.sha256(b"\1" + node(level - 1, 2 * index) + node(level - 1, 2 * index + 1)).digest()

    return root(size, node)
