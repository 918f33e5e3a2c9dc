"""What a transaction writes, and how each database takes it best, on SQLite and PostgreSQL.

Who decides says what is to be written; it is carried out at the end, together. On PostgreSQL a few rows are one statement, which is a
transaction of its own where nothing else was asked in it. The rows that say how far everything is (`Update`) are moved from what
they were to what they are: where somebody else has moved one of them meanwhile, nothing is written (`Overtaken`).
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, Integer, LargeBinary, Table

from ledger.driver import asked, changed, copied, is_alone, is_sqlite, put, told

FEW = 24  # rows in one statement with everything else
MOST = 1_000  # rows in one statement that is a transaction of its own; of more the head is to be held
AT_ONCE = 10  # rows of one table in a statement of their own
COPIED_FROM = 100  # rows; below that COPY, which takes a round trip of its own, gains nothing


class Overtaken(Exception):
    """Somebody else has written since what is to be written was worked out, or it is too much to be written without holding the
    head; nothing of it was."""


class Insert(NamedTuple):
    """Rows for a table, in the order of its columns."""

    table: Table
    rows: Sequence[tuple[Any, ...]]


class Update(NamedTuple):
    """What the one row of a table says from now on, and what it says until then; only `was` is compared."""

    table: Table
    now: dict[str, Any]
    was: dict[str, Any]


Write = Insert | Update


def is_compared(connection: Connection) -> bool:
    """Whether `carry_out` tells where it was overtaken. Else it writes in a transaction that holds the head, in which everything was
    read that may not have changed."""
    return is_sqlite(connection) or is_alone(connection)


def carry_out(connection: Connection, writes: Iterable[Write]) -> None:
    """Write everything, in its order. Raises Overtaken, after which the transaction is to be rolled back."""
    updates = [one for one in writes if isinstance(one, Update)]
    inserts = [one for one in writes if isinstance(one, Insert) and one.rows]
    if is_sqlite(connection):
        _one_by_one(connection, updates, inserts)
    elif sum(len(one.rows) for one in inserts) <= (MOST if is_alone(connection) else FEW):
        _together(connection, updates, inserts)
    else:
        _in_parts(connection, updates, inserts)


def _one_by_one(connection: Connection, updates: Sequence[Update], inserts: Sequence[Insert]) -> None:
    for one in updates:
        text = _updating(one.table, tuple(one.now), tuple(one.was))
        if not changed(connection, text, (*one.now.values(), *one.was.values())):
            raise Overtaken
    for insert in inserts:
        if _packer(insert.table):
            told(connection, _inserting(insert.table, 1), insert.rows)
        else:
            put(connection, insert.table.name, insert.table.columns.keys(), insert.rows)


def _in_parts(connection: Connection, updates: Sequence[Update], inserts: Sequence[Insert]) -> None:
    """Many rows, in a transaction that holds the head: what it has compared, nobody changes."""
    if is_alone(connection):
        raise Overtaken
    for one in updates:
        told(connection, _updating(one.table, tuple(one.now)), [tuple(one.now.values())])
    for table, rows in inserts:
        pack = _packer(table)
        if len(rows) >= COPIED_FROM and pack:
            copied(connection, f"{table.name} ({', '.join(table.columns.keys())})", pack(rows))
        elif len(rows) >= COPIED_FROM:
            put(connection, table.name, table.columns.keys(), rows)
        else:
            for start in range(0, len(rows), AT_ONCE):
                part = rows[start : start + AT_ONCE]
                told(connection, _inserting(table, len(part)), [tuple(chain.from_iterable(part))])


def _together(connection: Connection, updates: Sequence[Update], inserts: Sequence[Insert]) -> None:
    """Everything in one statement. Where nothing is held: hold the rows that are to be moved, where they are as they were, and write
    where they are held."""
    compared = updates if is_alone(connection) else []
    moves = tuple((one.table, tuple(one.now), tuple(one.was) if compared else ()) for one in updates)
    text = _statement(moves, tuple((table, len(rows)) for table, rows in inserts))
    values = [value for one in compared for value in one.was.values()]
    values += [value for one in updates for value in one.now.values()]
    values += [value for _, rows in inserts for row in rows for value in row]
    if not compared:
        told(connection, text, [values])
    elif not asked(connection, [(text, values)])[0][0][0]:
        raise Overtaken


Move = tuple[Table, tuple[str, ...], tuple[str, ...]]


@lru_cache(maxsize=500)
def _statement(moves: tuple[Move, ...], inserts: tuple[tuple[Table, int], ...]) -> str:
    tables = ", ".join(table.name for table, _, _ in moves)
    compared = " AND ".join(f"{table.name}.{name} IS NOT DISTINCT FROM ?" for table, _, was in moves for name in was)
    steps = [f"held AS (SELECT 1 FROM {tables} WHERE {compared} FOR UPDATE)" if compared else "held AS (SELECT 1)"]
    for table, now, _ in moves:
        new = ", ".join(f"{name} = ?" for name in now)
        steps.append(f"moved_{table.name} AS (UPDATE {table.name} SET {new} WHERE EXISTS (SELECT FROM held))")
    for number, (table, count) in enumerate(inserts):
        columns, rows = ", ".join(table.columns.keys()), ", ".join([_typed(table)] * count)
        source = f"SELECT * FROM (VALUES {rows}) AS rows WHERE EXISTS (SELECT FROM held)"
        steps.append(f"step_{number} AS (INSERT INTO {table.name} ({columns}) {source})")
    return f"WITH {', '.join(steps)} SELECT count(*) FROM held"


@cache
def _typed(table: Table) -> str:
    kinds = (_kind(column.type) for column in table.columns)
    return f"({', '.join(f'?::{kind}' for kind in kinds)})"


def _kind(kind: Any) -> str:
    if isinstance(kind, LargeBinary):
        return "bytea"
    return "bigint" if isinstance(kind, BigInteger) else "int" if isinstance(kind, Integer) else "text"


@lru_cache(maxsize=500)
def _inserting(table: Table, rows: int) -> str:
    values = f"({', '.join('?' * len(table.columns))})"
    return f"INSERT INTO {table.name} ({', '.join(table.columns.keys())}) VALUES {', '.join([values] * rows)}"


@cache
def _updating(table: Table, now: tuple[str, ...], was: tuple[str, ...] = ()) -> str:
    """`was` is compared as SQLite does it."""
    compared = " AND ".join(f"{name} IS ?" for name in was)
    return f"UPDATE {table.name} SET {', '.join(f'{name} = ?' for name in now)}{compared and f' WHERE {compared}'}"


@cache
def _packer(table: Table) -> Callable[[Iterable[tuple[Any, ...]]], bytes] | None:
    """Makes rows what PostgreSQL copies, in its binary format, of a table that is all numbers but the last column, which is bytes."""
    *numbers, last = table.columns
    if not isinstance(last.type, LargeBinary) or not all(isinstance(column.type, Integer) for column in numbers):
        return None
    sizes = [(8, "q") if isinstance(column.type, BigInteger) else (4, "i") for column in numbers]
    form = struct.Struct(">h" + "".join(f"i{letter}" for _, letter in sizes))  # columns, then each with its length
    blank = [len(table.columns), *chain.from_iterable((size, None) for size, _ in sizes)]

    def packed(rows: Iterable[tuple[Any, ...]]) -> bytes:
        parts, row = [b"PGCOPY\n\xff\r\n\0" + bytes(8)], list(blank)
        for *values, content in rows:
            row[2::2] = values
            parts.append(form.pack(*row))
            parts.append(b"\xff\xff\xff\xff" if content is None else len(content).to_bytes(4, "big") + content)
        parts.append(b"\xff\xff")
        return b"".join(parts)

    return packed
