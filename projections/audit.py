"""The auditor of the index: every rectangle is made anew from the entries, and compared with the one that is kept.

The new ones are kept in a database of the auditor's own, in a temporary file, so that memory does not grow with the ledger.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select

from ledger import tables as ledger_tables
from ledger.audit.findings import Finding
from ledger.audit.workers import shared, workers
from ledger.entries import Entry
from ledger.search_words import search_words
from ledger.store import read_with_words
from projections.anew import CHUNK, SEVERAL_FROM, Group, groups, scratch, sizes_of_missions
from projections.driver import Query, stream
from projections.packing import unpacked
from projections.tables import generations, places, rectangles
from projections.timeline import HEAD, Piece, day_text
from projections.work import Work, project

MOST = 2**53  # entries
Progress = Callable[[int, int], None]


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
    p, r = places.c, rectangles.c
    here = p.generation == select(generations.c.live).scalar_subquery()
    return set(
        connection.execute(
            select(p.mission).where(here, r.place == p.place, r.known_from >= count).distinct()
        ).scalars()
    )


def _groups(connection: Connection) -> dict[Group, int]:
    """Missions in groups, also those that only the index knows."""
    strange = connection.execute(select(places.c.mission).distinct()).scalars()
    return groups({**dict.fromkeys(strange, 0), **sizes_of_missions(connection)})


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


def _of_group(connection: Connection, group: Group, count: int = MOST) -> Iterator[Finding]:
    """What deviates of the rows of some missions; where there are more entries, as they were with `count` of them."""
    with tempfile.TemporaryDirectory() as folder, scratch(str(Path(folder) / "audit.db")) as own:
        try:
            yield from _make_anew(connection, own, count, group)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            text = f"the index cannot be made anew from the entries as they are: {type(error).__name__} {error}"
            yield Finding("projections-unmade", None, text)
            return
        live = connection.execute(select(generations.c.live)).scalar_one()
        kept, made = (_rows(source, live, count, group) for source in (connection, own))
        for code, row, what in _differences(kept, made):
            yield _finding(code, row, _place(own if code == "projection-missing" else connection, row[0]), what)


def _make_anew(connection: Connection, own: Connection, count: int, group: Group) -> Iterator[Finding]:
    """Every rectangle anew; on the way also the words by which entries are found, which lie beside them like an index."""
    work = Work(connection, own, _number_alike(connection, own, group))
    e, done = ledger_tables.entries.c, 0
    theirs = or_(e.mission.in_(group), e.mission.is_(None)) if "" in group else e.mission.in_(group)
    while found := read_with_words(connection, theirs, e.position >= done, e.position < count, limit=CHUNK):
        for entry, words in found:
            if words != search_words(entry):
                yield from _strange_words(entry, words)
        entries = [entry for entry, _ in found]
        project(work, entries)
        done = entries[-1].position + 1


def _number_alike(connection: Connection, own: Connection, group: Group) -> int:
    """Give the places of some missions the numbers that they have, so that both are in one order; the live generation."""
    live = connection.execute(select(generations.c.live)).scalar_one()
    kept = select(places).where(places.c.generation == live, places.c.mission.in_(group))
    for part in connection.execute(kept).partitions(CHUNK):
        own.execute(insert(places), [dict(row._mapping) for row in part])
    return live


def _strange_words(entry: Entry, kept: tuple[str, str]) -> Iterator[Finding]:
    for name, made, there in zip(("symbols", "parties"), search_words(entry), kept, strict=True):
        if made != there:
            what = f"{name} are said to be {there.strip()!r}, and are {made.strip()!r}"
            yield Finding("column-differs", entry.position, what)


Rectangle = tuple[Any, ...]
_COLUMNS = ", ".join(f"r.{name}" for name in ("place", *Piece._fields))
_LIVE = f"""
SELECT {_COLUMNS} FROM places p JOIN rectangles r ON r.place = p.place
WHERE p.generation = ? AND p.mission IN ({{missions}}) AND r.known_from < ? ORDER BY r.place, r.edge, r.event, r.known_from"""  # noqa: S608


def _rows(connection: Connection, live: int, count: int, group: Group) -> Iterator[Rectangle]:
    """Rectangles of some missions as they were with `count` entries, in the order of their numbers."""
    sql = _LIVE.format(missions=", ".join("?" * len(group)))
    for row in stream(connection, Query(sql, (live, *group, count)), CHUNK):
        yield tuple(row)


def _differences(kept: Iterator[Rectangle], made: Iterator[Rectangle]) -> Iterator[tuple[str, Rectangle, str]]:
    """Both in one order: what is on one side only, and what differs."""
    one, other = next(kept, None), next(made, None)
    while one is not None or other is not None:
        if one == other or (one and other and _say_the_same(one, other)):
            one, other = next(kept, None), next(made, None)
        elif other is None or (one is not None and one[:4] < other[:4]):
            assert one is not None
            yield "projection-too-much", one, "comes from no entry"
            one = next(kept, None)
        elif one is None or other[:4] < one[:4]:
            yield "projection-missing", other, "is missing"
            other = next(made, None)
        else:
            yield "projection-differs", one, "is not what its entries give"
            one, other = next(kept, None), next(made, None)


def _say_the_same(one: Rectangle, other: Rectangle) -> bool:
    """Whether they differ in how they are packed alone, as by two versions of the library."""
    *at, content = one
    *there, made = other
    try:
        return at == there and None not in (content, made) and unpacked(content) == unpacked(made)
    except ValueError:
        return False


def _place(connection: Connection, number: int) -> tuple[str, str, str]:
    p = places.c
    found = connection.execute(select(p.mission, p.projection, p.key).where(p.place == number)).one()
    return found.mission, found.projection, found.key


def _finding(code: str, row: Rectangle, place: tuple[str, str, str], what: str) -> Finding:
    (mission, projection, key), (event, known_from, valid_from) = place, row[2:5]
    part = "its head" if event == HEAD else f"what entry {event} adds"
    text = f"{projection} {key!r} of {mission or 'no mission'}: {part} from {day_text(valid_from)}, known from {known_from}, {what}"
    return Finding(code, known_from if event == HEAD else event, text)
