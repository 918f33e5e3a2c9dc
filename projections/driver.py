"""Statements of the index in the words of the driver itself: one more layer costs more than the statement.

What is asked together goes to PostgreSQL in one round trip (`ledger.driver`).
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from ledger.driver import asked, streamed
from ledger.entries import Entry
from projections.timeline import FOREVER, HEAD

Place = tuple[str, str, str]  # mission, projection, key
LIVE = "(SELECT live FROM generations)"


class Query(NamedTuple):
    sql: str
    values: tuple[Any, ...] | dict[str, Any]


def ask(connection: Connection, *queries: Query) -> list[list[tuple[Any, ...]]]:
    """The rows of each query."""
    return asked(connection, [(query.sql, query.values) for query in queries])


def stream(connection: Connection, query: Query, size: int = 1_000) -> Generator[tuple[Any, ...], None, None]:
    """The rows of a query, fetched as they are consumed, for lists too long to hold."""
    return streamed(connection, (query.sql, query.values), size)


def partitions(connection: Connection, query: Query, size: int) -> Generator[list[tuple[Any, ...]], None, None]:
    """The rows of a query, so many at a time."""
    with closing(stream(connection, query, size)) as rows:
        while part := list(islice(rows, size)):
            yield part


# --- what is asked -------------------------------------------------------------------------------------------------

_TAIL = f"r.place = p.place AND r.edge = {FOREVER} AND r.event = {HEAD}"
_ASKED_OF_SQLITE = """
SELECT w.key, p.place, r.known_from, r.valid_from, r.content FROM json_each(?) w
LEFT JOIN places p ON p.generation = {generation} AND p.mission = json_extract(w.value, '$[0]')
AND p.projection = json_extract(w.value, '$[1]') AND p.key = json_extract(w.value, '$[2]')
LEFT JOIN rectangles r ON {tail} AND r.known_from = (SELECT max(known_from) FROM rectangles r WHERE {tail})"""
_ASKED_OF_POSTGRESQL = """
SELECT w.n - 1, p.place, r.known_from, r.valid_from, r.content
FROM {wanted} w(mission, projection, key, n)
LEFT JOIN places p ON p.generation = {generation} AND p.mission = w.mission AND p.projection = w.projection AND p.key = w.key
LEFT JOIN LATERAL (SELECT r.known_from, r.valid_from, r.content FROM rectangles r WHERE {tail}
ORDER BY r.known_from DESC LIMIT 1) r ON true"""
_MANY_WANTED = "unnest(?::text[], ?::text[], ?::text[]) WITH ORDINALITY"
_ONE_WANTED = "(?::text, ?::text, ?::text, {0})"
_FEW = 8  # places that are named one by one, for which PostgreSQL keeps its plan; with lists it makes one each time
_STATE = """
UNION ALL SELECT -1, (SELECT max(place) FROM places WHERE place >= {first} AND place < {first} + 4294967296), {first},
{size}, NULL"""


def tails_of(connection: Connection, generation: int | str, wanted: Sequence[Place]) -> Query:
    """By the index of each place: its number, and its last head. Under -1 the last number, where those of the generation begin,
    and, asked of the live one, how many entries it has taken in."""
    first = f"CAST({generation} AS bigint) * 4294967296"
    size = "(SELECT size FROM generations)" if generation == LIVE else "CAST(NULL AS integer)"
    is_sqlite, few = connection.dialect.name == "sqlite", len(wanted) <= _FEW
    asked = (_ASKED_OF_SQLITE if is_sqlite else _ASKED_OF_POSTGRESQL) + _STATE
    if is_sqlite or not few or not wanted:
        named, values = _MANY_WANTED, _list(is_sqlite, wanted, 3)
    else:
        named = f"(VALUES {', '.join(_ONE_WANTED.format(n + 1) for n in range(len(wanted)))})"
        values = tuple(name for place in wanted for name in place)
    return Query(asked.format(generation=generation, tail=_TAIL, first=first, wanted=named, size=size), values)


def _list(is_sqlite: bool, rows: Sequence[tuple[Any, ...]], width: int) -> tuple[Any, ...]:
    """Rows as parameters: one JSON text, or an array for each column."""
    return (orjson.dumps(rows).decode(),) if is_sqlite else tuple([row[n] for row in rows] for n in range(width))


_SUFFIX = """
SELECT r.place, r.edge, r.event, r.known_from, r.valid_from, r.root, r.content FROM {wanted}
JOIN rectangles r ON r.place = w.place AND r.edge >= w.begin AND r.edge < w.until
ORDER BY r.place, r.edge, r.event, r.known_from"""
_WANTED_OF_SQLITE = """(SELECT json_extract(value, '$[0]') AS place, json_extract(value, '$[1]') AS begin,
json_extract(value, '$[2]') AS until FROM json_each(?)) w"""
_WANTED_OF_POSTGRESQL = "unnest(?::bigint[], ?::int[], ?::int[]) w(place, begin, until)"


def pieces_between(connection: Connection, wanted: Sequence[tuple[int, int, int]]) -> Query:
    """The pieces of places whose edges lie from one day until before another; the last of an edge and event is the live one."""
    is_sqlite = connection.dialect.name == "sqlite"
    sql = _SUFFIX.format(wanted=_WANTED_OF_SQLITE if is_sqlite else _WANTED_OF_POSTGRESQL)
    return Query(sql, _list(is_sqlite, wanted, 3))


_READ = ("position", "mission", "type", "effective", "target", "root", "payload")
_OF_MISSION = f"""
SELECT {", ".join(_READ)} FROM entries WHERE {{whose}} AND position >= ? AND position < ? ORDER BY {{order}} LIMIT ?"""  # noqa: S608


def entries_between(connection: Connection, missions: Sequence[str], count: int, size: int) -> Iterator[list[Entry]]:
    """The entries of missions up to position `count`, so many at a time, no more of them than rows are made from."""
    own = [mission for mission in missions if mission]
    parts = [f"mission IN ({', '.join('?' * len(own))})"] if own else []
    whose = " OR ".join([*parts, *["mission IS NULL"] * ("" in missions)])
    order = (
        "position" if len(missions) == 1 else "+position"
    )  # of several there are few, found by their names and then sorted
    sql, done = _OF_MISSION.format(whose=f"({whose})", order=order), 0
    while rows := ask(connection, Query(sql, (*own, done, count, size)))[0]:
        done = rows[-1][0] + 1
        yield [_entry(row) for row in rows]


def entries_of(connection: Connection, roots: Sequence[int], before: int) -> list[Entry]:
    """The families of some roots, those before a position, in position order."""
    is_sqlite, columns = connection.dialect.name == "sqlite", ", ".join(_READ)
    among = "IN (SELECT value FROM json_each(?))" if is_sqlite else "= ANY(?::bigint[])"
    sql = f"SELECT {columns} FROM entries WHERE root {among} AND position < ?"  # noqa: S608
    wanted = orjson.dumps(roots).decode() if is_sqlite else list(roots)
    return [_entry(row) for row in sorted(ask(connection, Query(sql, (wanted, before)))[0])]


def _entry(row: tuple[Any, ...]) -> Entry:
    position, mission, type_name, effective, target, root, payload = row
    told = orjson.loads(payload) if payload is not None else _NOTHING
    of_entry = (
        position,
        "",
        "",
        0,
        mission,
        type_name,
        effective,
        "",
        "",
        None,
        target,
        root,
        None,
        None,
        payload,
        b"",
    )
    return Entry(*of_entry, told["data"], told["source"], told["note"])


_NOTHING = {"data": None, "source": None, "note": None}


# A row at a point: its last head where that has begun by the day; else the head with the first end after the day, as last
# known by then; and where that had ended or was not known yet, the first end after the day at which one was known. No head known
# by then ends later than the last one begins, so that of what was recorded since no more is looked through than lies between.
# An empty content says that there was none, so that nothing more is looked for.
_OF_PLACE = f"r.place = p.place AND r.event = {HEAD} AND r.known_from <= {{known}}"
_LAST = f"l.place = p.place AND l.event = {HEAD} AND l.known_from <= {{known}} AND l.edge = {FOREVER}"
_PLACES = f"""(VALUES {{whose}}) w
JOIN places p ON p.generation = {LIVE} AND p.mission = w.column1 AND p.projection = w.column2{{only}}"""
_HEAD = f"""
SELECT p.place, p.projection, p.key, (
SELECT CASE WHEN l.content IS NULL THEN {{nothing}} WHEN l.valid_from <= {{day}} THEN l.content ELSE coalesce((
  SELECT CASE WHEN r.content IS NULL THEN NULL WHEN r.valid_from <= {{day}} THEN r.content ELSE {{nothing}} END
  FROM rectangles r WHERE {_OF_PLACE} AND r.edge = (
    SELECT r.edge FROM rectangles r WHERE r.place = p.place AND r.edge > {{day}} AND r.event = {HEAD} ORDER BY r.edge LIMIT 1)
  ORDER BY r.known_from DESC LIMIT 1), (
  SELECT CASE WHEN r.valid_from <= {{day}} THEN r.content ELSE {{nothing}} END
  FROM rectangles r WHERE {_OF_PLACE} AND r.edge > {{day}} AND r.edge <= l.valid_from
  AND r.content IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM rectangles n WHERE n.place = r.place AND n.edge = r.edge AND n.event = {HEAD}
    AND n.known_from > r.known_from AND n.known_from <= {{known}})
  ORDER BY r.edge, r.known_from LIMIT 1)) END
FROM rectangles l WHERE {_LAST} ORDER BY l.known_from DESC LIMIT 1)
FROM {_PLACES}"""  # noqa: S608
_ADDITIONS = f"""
SELECT r.place, r.edge, r.event, r.content FROM {_PLACES}
JOIN rectangles r ON r.place = p.place AND r.event <> {HEAD} AND r.known_from <= {{known}} AND r.edge <= {{least}}({{day}}, (
  SELECT l.valid_from FROM rectangles l WHERE {_LAST} ORDER BY l.known_from DESC LIMIT 1))
ORDER BY r.place, r.edge, r.event, r.known_from"""  # noqa: S608


Whose = Sequence[tuple[str, str]]


def heads_at(connection: Connection, whose: Whose, day: int, known: int, keys: Sequence[str] | None) -> Query:
    """Of each place of missions and projections: number, projection, key, and the head that holds at a point. With `keys` of
    those places alone."""
    return _at(connection, _HEAD, whose, day, known, keys)


def additions_at(connection: Connection, whose: Whose, day: int, known: int, keys: Sequence[str] | None) -> Query:
    """What events have added to the rows of missions and projections by a point; of one event what is known last counts."""
    return _at(connection, _ADDITIONS, whose, day, known, keys)


def _at(connection: Connection, sql: str, whose: Whose, day: int, known: int, keys: Sequence[str] | None) -> Query:
    is_sqlite = connection.dialect.name == "sqlite"
    name = ":{0}".format if is_sqlite else "%({0})s".format
    own = ", ".join(f"({name(f'm{n}')}, {name(f'p{n}')})" for n in range(len(whose)))
    point = {"day": name("day"), "known": name("known")} if is_sqlite else dict(_POINT_OF_POSTGRESQL)
    point |= {"nothing": "x''", "least": "min"} if is_sqlite else {"nothing": "''::bytea", "least": "least"}
    values: dict[str, Any] = {"day": day, "known": known}
    for n, (mission, projection) in enumerate(whose):
        values |= {f"m{n}": mission, f"p{n}": projection}
    only = ""
    if keys is not None:
        among = f"IN (SELECT value FROM json_each({name('keys')}))" if is_sqlite else f"= ANY({name('keys')})"  # noqa: S608
        only, values["keys"] = f" AND p.key {among}", orjson.dumps(keys).decode() if is_sqlite else list(keys)
    return Query(sql.format(**point, whose=own, only=only), values)


_POINT_OF_POSTGRESQL = {"day": "%(day)s::int", "known": "%(known)s::bigint"}
