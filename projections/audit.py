"""The auditor of the index: every rectangle is made anew from the entries, and compared with the one that is kept.

The new ones are kept in a database of the auditor's own, in a temporary file, so that memory does not grow with the ledger.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, and_, case, create_engine, func, or_, select

from ledger import tables as ledger_tables
from ledger.audit.findings import Finding
from ledger.audit.workers import shared, workers
from ledger.entries import Entry
from ledger.store import read_with_words, search_words
from projections.tables import generations, rectangles
from projections.timeline import HEAD, OPEN
from projections.work import Work, project

CHUNK, SEVERAL_FROM = 2_500, 20_000  # entries
MOST_MISSIONS = 200
Progress = Callable[[int, int], None]
Group = tuple[str, ...]  # missions, the empty name for what belongs to none


def deviations(connection: Connection, progress: Progress = lambda done, of: None) -> Iterator[Finding]:
    """What of the index is not what the entries give. Rows of one mission do not depend on another's, so that of a large
    ledger several processes make them."""
    g = generations.c
    state = connection.execute(select(g.live, g.size)).one_or_none()
    count = connection.execute(select(func.count()).select_from(ledger_tables.entries)).scalar_one()
    if state is None or state.size < count:
        text = f"the index has taken in {state.size if state else 0} of {count} entries; run `mission-ledger rebuild`"
        yield Finding("projections-behind", state.size if state else 0, text)
        return
    groups, ahead, done = _groups(connection), _ahead_of(connection, count), 0
    with _looked_at(connection, count, list(groups)) as are_clean:
        for (group, entries), is_clean in zip(groups.items(), are_clean, strict=True):
            if not is_clean or not ahead.isdisjoint(group):
                yield from _of_group(connection, group)
            done += entries
            progress(done, count)


def _ahead_of(connection: Connection, count: int) -> set[str]:
    """The missions with rows that come from later than `count` entries, which another process would take for newer than this
    transaction."""
    r = rectangles.c
    later = or_(r.known_from >= count, and_(r.known_to >= count, r.known_to < OPEN))
    here = r.generation == select(generations.c.live).scalar_subquery()
    return set(connection.execute(select(r.mission).where(here, later).distinct()).scalars())


def _groups(connection: Connection) -> dict[Group, int]:
    """Missions in groups that are read at once, a larger one alone, and how many entries each has."""
    e, r = ledger_tables.entries.c, rectangles.c
    sizes = {mission or "": n for mission, n in connection.execute(select(e.mission, func.count()).group_by(e.mission))}
    strange = set(connection.execute(select(r.mission).distinct()).scalars()) - sizes.keys()
    made: dict[Group, int] = {}
    group: Group = ()
    entries = 0
    for mission, size in sorted({**sizes, **dict.fromkeys(strange, 0)}.items()):
        if group and (entries + size > CHUNK or len(group) == MOST_MISSIONS):
            made[group] = entries
            group, entries = (), 0
        group, entries = (*group, mission), entries + size
    return made | ({group: entries} if group else {})


@contextmanager
def _looked_at(connection: Connection, count: int, groups: list[Group]) -> Iterator[Iterable[bool]]:
    """Which groups another process found clean. What is not clean there is looked at again, as of this transaction."""
    if count < SEVERAL_FROM or workers() == 1 or len(groups) < 2:
        yield [False] * len(groups)
        return
    with shared(connection, _is_clean, [(group, count) for group in groups]) as results:
        yield results


def _is_clean(connection: Connection, job: tuple[Group, int]) -> bool:
    return not any(_of_group(connection, *job))


def _of_group(connection: Connection, group: Group, count: int = OPEN) -> Iterator[Finding]:
    """What deviates of the rows of some missions; where there are more entries, as they were with `count` of them."""
    with _scratch() as own:
        try:
            yield from _make_anew(connection, own, count, group)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            text = f"the index cannot be made anew from the entries as they are: {type(error).__name__} {error}"
            yield Finding("projections-unmade", None, text)
            return
        live = connection.execute(select(generations.c.live)).scalar_one()
        here = rectangles.c.mission.in_(group)
        yield from _differences(_rows(connection, count, rectangles.c.generation == live, here), _rows(own, count))


@contextmanager
def _scratch() -> Iterator[Connection]:
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{Path(folder) / 'audit.db'}")
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA synchronous = OFF")
                connection.exec_driver_sql("PRAGMA journal_mode = OFF")
                rectangles.create(connection)
                connection.exec_driver_sql("CREATE INDEX by_root ON rectangles (root, known_to)")
                yield connection
        finally:
            engine.dispose()


def _make_anew(connection: Connection, own: Connection, count: int, group: Group) -> Iterator[Finding]:
    """Every rectangle anew; on the way also the words by which entries are found, which lie beside them like an index."""
    e, done = ledger_tables.entries.c, 0
    theirs = or_(e.mission.in_(group), e.mission.is_(None)) if "" in group else e.mission.in_(group)
    while found := read_with_words(connection, theirs, e.position >= done, e.position < count, limit=CHUNK):
        for entry, words in found:
            if words != search_words(entry):
                yield from _strange_words(entry, words)
        entries = [entry for entry, _ in found]
        project(Work(connection, own, 0), entries)
        done = entries[-1].position + 1


def _strange_words(entry: Entry, kept: tuple[str, str]) -> Iterator[Finding]:
    for name, made, there in zip(("symbols", "parties"), search_words(entry), kept, strict=True):
        if made != there:
            what = f"{name} are said to be {there.strip()!r}, and are {made.strip()!r}"
            yield Finding("column-differs", entry.position, what)


_KEY = ("mission", "projection", "key", "event", "valid_from", "known_from")
_REST = ("valid_to", "known_to", "root", "content")
Rectangle = tuple[Any, ...]


def _rows(connection: Connection, count: int, *conditions: Any) -> Iterator[Rectangle]:
    """Rectangles as they were with `count` entries, in the order of their bytes, whatever the database's own order of texts."""
    r, is_sqlite = rectangles.c, connection.dialect.name == "sqlite"
    order = [r[name] if is_sqlite or name in ("event", "known_from") else r[name].collate("C") for name in _KEY]
    known_to = case((r.known_to >= count, OPEN), else_=r.known_to)
    columns = [known_to if name == "known_to" else r[name] for name in (*_KEY, *_REST)]
    query = select(*columns).where(r.known_from < count, *conditions).order_by(*order)
    for row in connection.execute(query, execution_options={"yield_per": CHUNK}):
        yield tuple(row)


def _differences(kept: Iterator[Rectangle], made: Iterator[Rectangle]) -> Iterator[Finding]:
    """Both in one order: what is on one side only, and what differs."""
    one, other = next(kept, None), next(made, None)
    while one is not None or other is not None:
        if one == other:
            one, other = next(kept, None), next(made, None)
        elif other is None or (one is not None and one[:6] < other[:6]):
            assert one is not None
            yield _finding("projection-too-much", one, "comes from no entry")
            one = next(kept, None)
        elif one is None or other[:6] < one[:6]:
            yield _finding("projection-missing", other, "is missing")
            other = next(made, None)
        else:
            if not _same(one, other):
                yield _finding("projection-differs", one, "is not what its entries give")
            one, other = next(kept, None), next(made, None)


def _same(one: Rectangle, other: Rectangle) -> bool:
    """Where a database gives the same content in other bytes."""
    try:
        return one[:9] == other[:9] and orjson.loads(one[9]) == orjson.loads(other[9])
    except orjson.JSONDecodeError:
        return False


def _finding(code: str, row: Rectangle, what: str) -> Finding:
    mission, projection, key, event, valid_from, known_from = row[:6]
    part = "its head" if event == HEAD else f"what entry {event} adds"
    text = (
        f"{projection} {key!r} of {mission or 'no mission'}: {part} from {valid_from}, known from {known_from}, {what}"
    )
    return Finding(code, known_from if event == HEAD else event, text)
