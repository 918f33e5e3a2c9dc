"""Questions put to the database: answers at two clocks, histories, missions."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select

from ledger.direct import Direct, Statement
from ledger.direct import Row as Stored
from ledger.entries import Entry
from ledger.splicing import COLUMNS
from ledger.standing import retracted
from ledger.store import read_entries
from ledger.tables import entries
from projections.answers import LEDGER_WIDE, PROJECTIONS, Made, Rows, folded_rows, make, needed
from projections.driver import Query, Whose, additions_at, ask, heads_at
from projections.packing import unpacked
from projections.projection import Row, joined
from projections.timeline import day_number

_BY_NAME = {projection.name: projection for projection in PROJECTIONS}
Heads = dict[
    int, tuple[str, str, Row | None]
]  # by the number of the place: projection, key, and the head where there is one


@dataclass(frozen=True, kw_only=True)
class EntryFilter:
    """Which entries: every field that is given must hold. Days YYYY-MM-DD, moments as the ledger writes them."""

    after: int | None = None
    before: int | None = None
    mission: str | None = None
    stream: str | None = None
    type: str | None = None
    party: str | None = None
    effective_from: str | None = None
    effective_to: str | None = None
    recorded_from: str | None = None
    recorded_to: str | None = None
    symbol: str | None = None


_CONDITIONS: dict[str, Callable[[Any], Any]] = {
    "after": lambda value: entries.c.position > value,
    "before": lambda value: entries.c.position < value,
    "mission": lambda value: entries.c.mission == value,
    "stream": lambda value: entries.c.stream == value,
    "type": lambda value: entries.c.type == value,
    "party": lambda value: _naming(value),
    "effective_from": lambda value: entries.c.last_day >= value,
    "effective_to": lambda value: entries.c.first_day <= value,
    "recorded_from": lambda value: entries.c.recorded_at >= value,
    "recorded_to": lambda value: entries.c.recorded_at <= value,
    "symbol": lambda value: entries.c.symbols.contains(f" {value} ", autoescape=True),
}


def find_entries(connection: Connection, wanted: EntryFilter, limit: int) -> list[Entry]:
    """The first `limit` entries that the filter lets through, in position order."""
    given = {name: value for name, value in asdict(wanted).items() if value is not None}
    return read_entries(connection, *(_CONDITIONS[name](value) for name, value in given.items()), limit=limit)


_BY_TEXT = frozenset({"party", "symbol"})  # conditions whose SQL depends on the value


@lru_cache(maxsize=256)
def _page(columns: tuple[str, ...], names: tuple[str, ...]) -> Statement:
    conditions = [_CONDITIONS[name](bindparam(name)) for name in names]
    return Statement(_listing(columns, conditions).offset(bindparam("skipped")).limit(bindparam("most")))


def _listing(columns: Iterable[str], conditions: Iterable[Any]) -> Any:
    return select(*(entries.c[name] for name in columns)).where(*conditions).order_by(entries.c.position)


def stored_entries(direct: Direct, wanted: EntryFilter, limit: int) -> Sequence[Stored]:
    """The same entries as `find_entries`, as they are stored: rows of `splicing.COLUMNS`, by one statement."""
    return _rows(direct, COLUMNS, wanted, limit)


def end_of_page(direct: Direct, wanted: EntryFilter, limit: int) -> int | None:
    """The position of the last of the first `limit` entries that the filter lets through; None where none comes after it."""
    found = _rows(direct, ("position",), wanted, 2, skipped=limit - 1)
    return found[0][0] if len(found) == 2 else None


def _rows(
    direct: Direct, columns: tuple[str, ...], wanted: EntryFilter, limit: int, skipped: int = 0
) -> Sequence[Stored]:
    given = {name: value for name, value in vars(wanted).items() if value is not None}
    if _BY_TEXT.isdisjoint(given):
        return direct.rows(_page(columns, tuple(given)), most=limit, skipped=skipped, **given)
    conditions = (_CONDITIONS[name](value) for name, value in given.items())
    return direct.ordinary(_listing(columns, conditions).offset(skipped).limit(limit))


def newest_entries(connection: Connection, wanted: EntryFilter, limit: int, before: int | None = None) -> list[Entry]:
    """The last `limit` entries that the filter lets through, those before a position where one is given, the newest first."""
    e, given = entries.c, {name: value for name, value in asdict(wanted).items() if value is not None}
    conditions = [_CONDITIONS[name](value) for name, value in given.items()]
    conditions += [e.position < before] if before is not None else []
    last = select(e.position).where(*conditions).order_by(e.position.desc()).limit(limit)
    return read_entries(connection, e.position.in_(connection.execute(last).scalars().all()))[::-1]


def _naming(party: str) -> Any:
    """Entries that name a party, what is about them, and what happened to its pledges and commitments."""
    e = entries.c
    named = e.parties.contains(f" {party} ", autoescape=True)
    own = and_(named, or_(e.stream.contains("/pledge/"), e.stream.contains("/commitment/")))
    return or_(e.root.in_(select(e.root).where(named)), e.stream.in_(select(e.stream).where(own)))


def answers(
    connection: Connection,
    mission: str,
    names: Sequence[str],
    valid_at: str,
    known: int,
    reported_by: str | None = None,
) -> Made:
    """The answers `names` about a mission on the day `valid_at`, as known at position `known`.

    Read from the rectangles; with `reported_by` folded from the mission's entries, since no index keeps that clock.
    """
    wanted = needed(names)
    if reported_by is None:
        return make(names, indexed_rows(connection, wanted, mission, valid_at, known), valid_at)
    return make(
        names,
        folded_rows(mission_entries(connection, mission, known), wanted, mission, valid_at, known, reported_by),
        valid_at,
    )


def indexed_rows(
    connection: Connection,
    names: Collection[str],
    mission: str,
    valid_at: str,
    known: int,
    keys: Sequence[str] | None = None,
) -> Rows:
    """The rows of a mission from the index, by one step for each: the same as folding. With `keys` they are those alone."""
    point = _point(names, mission, valid_at, known, keys)
    heads, pieces = _ask(connection, [heads_at, additions_at], point)
    return rows_of(names, _read(heads), _added(pieces))


def indexed_heads(connection: Connection, names: Collection[str], mission: str, valid_at: str, known: int) -> Heads:
    """The heads of a mission's rows."""
    (heads,) = _ask(connection, [heads_at], _point(names, mission, valid_at, known))
    return _read(heads)


def indexed_lists(
    connection: Connection, names: Collection[str], mission: str, valid_at: str, known: int
) -> dict[int, list[Row]]:
    """What events have added to the lists of a mission's rows."""
    (pieces,) = _ask(connection, [additions_at], _point(names, mission, valid_at, known))
    return _added(pieces)


_Point = tuple[Whose, int, int, Sequence[str] | None]


def _point(
    names: Collection[str], mission: str, valid_at: str, known: int, keys: Sequence[str] | None = None
) -> _Point:
    whose = [("" if name in LEDGER_WIDE else mission, name) for name in sorted(names)]
    return whose, day_number(valid_at), known, keys


def _ask(connection: Connection, queries: Sequence[Callable[..., Query]], point: _Point) -> list[list[tuple[Any, ...]]]:
    return ask(connection, *(query(connection, *point) for query in queries)) if point[0] else [[] for _ in queries]


def _read(heads: Iterable[tuple[Any, ...]]) -> Heads:
    return {number: (name, key, unpacked(content) if content else None) for number, name, key, content in heads}


def _added(pieces: Sequence[tuple[Any, ...]]) -> dict[int, list[Row]]:
    """What events have added to each row, in their order: of one event what was known last."""
    found: dict[int, list[Row]] = {}
    for piece, following in zip(pieces, [*pieces[1:], ()], strict=False):
        if (content := piece[3]) is not None and piece[:3] != following[:3]:
            found.setdefault(piece[0], []).append(unpacked(content))
    return found


def rows_of(names: Collection[str], heads: Heads, added: Mapping[int, list[Row]] | None = None) -> Rows:
    """The rows of some projections, in key order: their heads, with what was `added` to their lists. Without it nothing stands in
    these, and rows that have no head are left out."""
    found: dict[str, list[Row]] = {name: [] for name in sorted(names)}
    for number, (name, key, head) in heads.items():
        if head is not None and added is None:
            found[name].append({**_BY_NAME[name].unlisted, **head})
        elif added is not None and (head is not None or number in added):
            found[name].append(joined(_BY_NAME[name], key, head, added.get(number, ())))
    return {name: sorted(rows, key=itemgetter("key")) for name, rows in found.items()}


def party_rows(connection: Connection, valid_at: str, known: int, reported_by: str | None = None) -> list[Row]:
    """The rows of registered parties: from the rectangles, or folded where `reported_by` is asked for."""
    if reported_by is None:
        return indexed_rows(connection, {"parties"}, "", valid_at, known)["parties"]
    wide = read_entries(connection, entries.c.mission.is_(None), entries.c.position <= known)
    return folded_rows(wide, {"parties"}, "", valid_at, known, reported_by)["parties"]


def mission_entries(connection: Connection, mission: str, known: int) -> list[Entry]:
    """The entries of a mission and the ledger-wide ones, up to position `known`, in position order."""
    e = entries.c
    return read_entries(connection, or_(e.mission == mission, e.mission.is_(None)), e.position <= known)


def event_days(connection: Connection, mission: str, known: int) -> list[tuple[str, int]]:
    """The days on which an event of the mission begins, as first said up to position `known`, each with how many; in order."""
    e = entries.c
    query = select(e.first_day, func.count()).where(e.mission == mission, e.position <= known, e.target.is_(None))
    return [(day, count) for day, count in connection.execute(query.group_by(e.first_day).order_by(e.first_day))]


def mission_names(connection: Connection, known: int) -> list[str]:
    """Every mission whose registration was not retracted by position `known`. One whose payload was removed still names it."""
    e = entries.c
    registered = select(e.position).where(e.type == "mission.registered", e.position <= known)
    found = read_entries(connection, e.root.in_(registered), e.position <= known)
    gone = retracted(found)
    standing = (entry for entry in found if entry.type == "mission.registered" and entry.position not in gone)
    return sorted({entry.mission for entry in standing if entry.mission})


def family(connection: Connection, root: int, known: int) -> list[Entry]:
    """An entry with everything recorded about it by position `known`."""
    e = entries.c
    return read_entries(connection, e.root == root, e.position <= known)
