"""The auditor's way into a database: plain reading, on SQLite and PostgreSQL, without anything of the store."""

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

from sqlalchemy import Connection, text

from ledger.audit.chain import Found, Link, Receipt, links
from ledger.audit.findings import Finding
from ledger.audit.workers import shared, workers
from ledger.merkle import HASH_SIZE
from ledger.values import PartialDate

_CHUNK, _TILES = 4096, 32
_SOME_TILES = text("SELECT tile, hashes, nodes FROM tiles WHERE level = :level AND tile >= :first AND tile < :end")
_NUMBERS = count()
SEVERAL_FROM, RANGE = 65_536, 8_192


def _links_between(connection: Connection, within: tuple[int, int]) -> list[Link]:
    """What is recorded meanwhile lies behind the end that was asked for."""
    return list(links(Database(connection).entries(*within)))


class Database:
    """A ledger in a database, as a source of an audit."""

    def __init__(self, connection: Connection):
        self.connection = connection
        self.size: int = self._one("SELECT size FROM log")
        self._ahead: dict[int, tuple[int, dict[int, tuple[bytes, bytes | None] | None]]] = {}  # by level

    def _one(self, query: str) -> Any:
        return self.connection.execute(text(query)).scalar_one_or_none()

    def _rows(self, query: str) -> Iterator[Any]:
        """Rows as the driver gives them, fetched as they are consumed: an audit reads every one, and nothing else of it."""
        driver: Any = self.connection.connection.driver_connection
        if self.connection.dialect.name == "sqlite":
            cursor = driver.cursor()
            cursor.arraysize = _CHUNK
        else:  # a named cursor is one of the server's, which sends rows as they are asked for
            cursor = driver.cursor(name=f"audit_{next(_NUMBERS)}")
            cursor.itersize = _CHUNK
        cursor.execute(query)
        return iter(cursor)

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[Found]:
        """The entries from `start` up to before `end`."""
        where = f"WHERE position >= {start:d}" + ("" if end is None else f" AND position < {end:d}")
        query = f"SELECT {', '.join(Found._fields)} FROM entries {where} ORDER BY position"  # noqa: S608
        return map(Found._make, self._rows(query))

    def links(self) -> Iterator[Link]:
        """Links, of a large ledger made by several processes: what one of them says does not depend on those before it."""
        end, last = self._one("SELECT count(*) FROM entries"), self._one("SELECT max(position) FROM entries")
        if end < SEVERAL_FROM or workers() == 1 or last != end - 1:
            return links(self.entries())
        return self._links_of_several(end)

    def _links_of_several(self, end: int) -> Iterator[Link]:
        ranges = ((start, min(start + RANGE, end)) for start in range(SEVERAL_FROM, end, RANGE))
        with shared(self.connection, _links_between, ranges) as results:
            yield from links(self.entries(0, SEVERAL_FROM))  # while the others start
            for made in results:
                for link in made:
                    yield from self._as_in_this_transaction(link)

    def _as_in_this_transaction(self, link: Link) -> Iterator[Link]:
        """A worker may see a payload removed by an entry that lies behind the end: then it is read again from here."""
        if link.removed:
            return links(self.entries(link.first, link.first + len(link.leaves) // HASH_SIZE))
        return iter((link,))

    def tile(self, level: int, index: int) -> tuple[bytes, bytes | None] | None:
        """Read together with those that follow, for an audit asks for one after the other."""
        first, tiles = self._ahead.get(level, (0, {}))
        if not first <= index < first + len(tiles):
            within = {"level": level, "first": index, "end": index + _TILES}
            kept = {row.tile: (row.hashes, row.nodes) for row in self.connection.execute(_SOME_TILES, within)}
            first, tiles = self._ahead[level] = index, {i: kept.get(i) for i in range(index, index + _TILES)}
        return tiles[index]

    def checkpoints(self) -> Iterable[bytes]:
        """Each with its cosignatures. Those of one size come in the order in which they were signed."""
        lines: dict[tuple[str, int], str] = {}
        for origin, size, line in self._rows("SELECT origin, size, line FROM cosignatures ORDER BY name, key_id"):
            lines[origin, size] = lines.get((origin, size), "") + line
        query = "SELECT origin, size, note FROM checkpoints ORDER BY size, signed_at"
        return (note + lines.get((origin, size), "").encode() for origin, size, note in self._rows(query))

    def receipts(self) -> Iterator[Receipt]:
        query = "SELECT actor, key, request, first_position, count, recorded_at FROM receipts ORDER BY first_position"
        return (Receipt(*row) for row in self._rows(query))

    def own_findings(self) -> Iterator[Finding]:
        """What is wrong with what a database keeps beside entries, tiles and checkpoints."""
        yield from self._head()
        yield from self._of_queries()
        yield from self._days()
        yield from self._strange_tiles()

    def _head(self) -> Iterator[Finding]:
        head = self.connection.execute(text("SELECT size, recorded_at, closed FROM head")).one_or_none()
        there = self._one("SELECT count(*) FROM entries")
        last = self._one("SELECT recorded_at FROM entries ORDER BY position DESC LIMIT 1") or ""
        if head is None:
            yield Finding("head-differs", None, "the head is gone")
            return
        if (head.size, head.recorded_at) != (there, last):
            told = f"the head says {head.size} entries, the last recorded at {head.recorded_at or 'no time'}; "
            yield Finding("head-differs", None, f"{told}there are {there}, the last of {last or 'no time'}")
        if head.closed:
            yield Finding("ledger-closed", None, head.closed)

    def _of_queries(self) -> Iterator[Finding]:
        for code, query, what in _QUERIES:
            for position, *values in self._rows(query):
                yield Finding(code, position, what.format(*values))

    def _days(self) -> Iterator[Finding]:
        """The first and last day of each effective date, as questions read them."""
        query = (
            "SELECT min(position), effective, first_day, last_day FROM entries GROUP BY effective, first_day, last_day"
        )
        for position, effective, first, last in self._rows(query):
            if (first, last) != _days_of(effective):
                what = f"the days of {effective} are said to be {first} to {last}"
                yield Finding("column-differs", position, what)

    def _strange_tiles(self) -> Iterator[Finding]:
        """Tiles that a tree of this size does not have, and what is too much in one that it has."""
        query = (
            "SELECT level, tile, length(hashes) / 32 AS width FROM tiles WHERE length(hashes) / 32.0 > "
            "CASE WHEN (:size >> (8 * level)) - tile * 256 > 256 THEN 256 "
            "WHEN (:size >> (8 * level)) - tile * 256 < 0 THEN 0 ELSE (:size >> (8 * level)) - tile * 256 END"
        )
        for level, tile, width in self._rows(query.replace(":size", str(int(self.size)))):
            what = f"tile {level}/{tile} holds {width} hashes, more than a tree of {self.size} entries has there"
            yield Finding("tile-too-much", None, what)


def _days_of(effective: str) -> tuple[str, str] | None:
    try:
        date = PartialDate.parse(effective)
    except ValueError:
        return None
    return date.first.isoformat(), date.last.isoformat()


_QUERIES = (
    (
        "version-gap",
        "SELECT min(position), stream, min(version), max(version), count(*) FROM entries GROUP BY stream "
        "HAVING min(version) <> 1 OR max(version) <> count(*) OR count(DISTINCT version) <> count(*)",
        "stream {0} has versions from {1} to {2}, and {3} entries",
    ),
    (
        "version-gap",
        "SELECT later.position, later.stream, later.version FROM entries AS later JOIN entries AS earlier "
        "ON earlier.stream = later.stream AND earlier.version = later.version - 1 WHERE earlier.position > later.position",
        "version {1} of stream {0} lies before the one before it",
    ),
    (
        "twice",
        "SELECT max(position), id FROM entries GROUP BY id HAVING count(*) > 1",
        "the id {0} is borne by another entry, too",
    ),
    (
        "twice",
        "SELECT max(position), ref FROM entries WHERE ref IS NOT NULL GROUP BY ref HAVING count(*) > 1",
        "the ref {0} is borne by another entry, too",
    ),
    (
        "root-of-family-differs",
        "SELECT entries.position, entries.root FROM entries LEFT JOIN entries AS target ON target.position = entries.target "
        "WHERE entries.root <> coalesce(target.root, entries.position)",
        "its family is said to begin at {0}",
    ),
)
