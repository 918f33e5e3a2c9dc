"""The auditor of the index: every rectangle is made anew from the entries, and compared with the one that is kept.

The new ones are kept in a database of the auditor's own, in a temporary file, so that memory does not grow with the ledger.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Table, create_engine, func, select

from ledger import tables as ledger_tables
from ledger.audit.findings import Finding
from ledger.entries import Entry
from ledger.store import read_entries, search_words
from projections.tables import generations, rectangles
from projections.timeline import HEAD
from projections.work import Work, project

CHUNK = 2000
Progress = Callable[[int, int], None]


def deviations(connection: Connection, progress: Progress = lambda done, of: None) -> Iterator[Finding]:
    """What of the index is not what the entries give."""
    g = generations.c
    state = connection.execute(select(g.live, g.size)).one_or_none()
    count = connection.execute(select(func.count()).select_from(ledger_tables.entries)).scalar_one()
    if state is None or state.size < count:
        text = f"the index has taken in {state.size if state else 0} of {count} entries; run `mission-ledger rebuild`"
        yield Finding("projections-behind", state.size if state else 0, text)
        return
    with _scratch() as own:
        try:
            yield from _make_anew(connection, own, count, progress)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            text = f"the index cannot be made anew from the entries as they are: {type(error).__name__} {error}"
            yield Finding("projections-unmade", None, text)
            return
        yield from _differences(_rows(connection, state.live), _rows(own, 0))


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


def _make_anew(connection: Connection, own: Connection, count: int, progress: Progress) -> Iterator[Finding]:
    """Every rectangle anew; on the way also the words by which entries are found, which lie beside them like an index."""
    position, done = ledger_tables.entries.c.position, 0
    while entries := read_entries(connection, position >= done, limit=CHUNK):
        yield from _strange_words(connection, entries)
        project(Work(connection, own, 0), entries)
        done = entries[-1].position + 1
        progress(done, count)


def _strange_words(connection: Connection, entries: Sequence[Entry]) -> Iterator[Finding]:
    e = ledger_tables.entries.c
    within = e.position.between(entries[0].position, entries[-1].position)
    kept = {row.position: row for row in connection.execute(select(e.position, e.symbols, e.parties).where(within))}
    for entry in entries:
        made, row = search_words(entry), kept[entry.position]
        for name, own, there in zip(("symbols", "parties"), made, (row.symbols, row.parties), strict=True):
            if own != there:
                yield Finding(
                    "column-differs",
                    entry.position,
                    f"{name} are said to be {there.strip()!r}, and are {own.strip()!r}",
                )


_KEY = ("mission", "projection", "key", "event", "valid_from", "known_from")
_REST = ("valid_to", "known_to", "root", "content")
Rectangle = tuple[Any, ...]


def _rows(connection: Connection, generation: int) -> Iterator[Rectangle]:
    """Rectangles in the order of their bytes, whatever the database's own order of texts."""
    table: Table = rectangles
    is_sqlite = connection.dialect.name == "sqlite"
    order = [
        table.c[name] if is_sqlite or name in ("event", "known_from") else table.c[name].collate("C") for name in _KEY
    ]
    query = (
        select(*(table.c[name] for name in (*_KEY, *_REST))).where(table.c.generation == generation).order_by(*order)
    )
    for row in connection.execution_options(yield_per=CHUNK).execute(query):
        yield tuple(row)


def _differences(kept: Iterator[Rectangle], made: Iterator[Rectangle]) -> Iterator[Finding]:
    """Both in one order: what is on one side only, and what differs."""
    one, other = next(kept, None), next(made, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[:6] < other[:6]):
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
    if one == other:
        return True
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
