"""What a batch of entries changes of the index, worked out in memory.

Everything that the batch has to know is read first, in a few questions however many entries there are: the families
that it is about, the last heads of the rows that it touches, and of those rows that it changes in the past whatever
lies from that day on. An entry at the end of its row's timeline, the common case, needs no more than the last head.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, select

from ledger import tables as ledger_tables
from ledger.entries import Entry, without_payload
from ledger.events import EVENTS
from ledger.standing import REDACTED, Standing, alone, standing
from ledger.store import chunks
from ledger.writes import Insert, Write, carry_out
from projections.answers import LEDGER_WIDE, PROJECTIONS
from projections.driver import Place, ask, entries_of, pieces_between, tails_of
from projections.projection import subject_of
from projections.tables import places, rectangles
from projections.timeline import FOREVER, HEAD, Change, Piece, Timeline, day_number, first_number

MANY = 5_000  # places that are asked for at once
MOST_TAILS = 32_768  # that hold from one batch to the next
_BY_NAME = {projection.name: projection for projection in PROJECTIONS}
Rows = Sequence[tuple[Any, ...]]


class Visit(NamedTuple):
    """What an entry does to a row, from which day on. `is_ordinary`: it is about no other entry, and is all that comes."""

    day: int
    change: Change
    is_ordinary: bool


@dataclass
class Work:
    """What a batch of entries changes, before it is written. Entries are read from one connection, and the index is read and
    written on another: an auditor keeps its own elsewhere. `only`: the places that are to be changed; all of them where it is
    None. `tails`: the last heads of rows, which hold from one batch to the next. `families`: entries by root, in position order, as
    far as they are needed."""

    ledger: Connection
    rows: Connection
    generation: int
    only: frozenset[Place] | None = None
    tails: dict[Place, Piece | None] = field(default_factory=dict)
    timelines: dict[Place, Timeline] = field(default_factory=dict)
    numbers: dict[Place, int] = field(default_factory=dict)
    last_number: int = 0
    new: list[tuple[Any, ...]] = field(default_factory=list)
    families: dict[int, list[Entry]] = field(default_factory=dict)


def project(work: Work, entries: Sequence[Entry]) -> None:
    """Take `entries` in, which follow those that the index comes from so far."""
    carry_out(work.rows, changes(work, entries))


def changes(work: Work, entries: Sequence[Entry]) -> list[Write]:
    """What is to be written to take `entries` in. What was removed of a family is forgotten at once."""
    if work.only is None and any(entry.type == REDACTED for entry in entries):
        forget(work, entries, entries[0].position)
        work.tails, work.numbers = {}, {}
    _load_families(work, {entry.root for entry in entries if entry.target is not None}, entries)
    visits = [_visits(work, entry) for entry in entries]
    touched = dict.fromkeys(place for visit in visits for place in visit)
    _load_tails(work, touched)
    _load_pasts(work, visits, entries)
    for entry, visit in zip(entries, visits, strict=True):
        for place, what in visit.items():
            _pay(work, place, what, entry)
    return _writes(work, touched)


def forget(work: Work, entries: Sequence[Entry], before: int) -> None:
    """Make the rows anew that ever held something of a family of which `entries` remove a payload, from the entries `before`
    a position. Nothing of what is removed stays in the index, not even in what was known earlier."""
    gone = {entry.target for entry in entries if entry.type == REDACTED}
    held = _holding(work, {entry.root for entry in entries if entry.type == REDACTED})
    r, families = rectangles.c, set[int]()
    for part in chunks(sorted(held.values())):
        families |= set(
            work.rows.execute(select(r.root).where(r.place.in_(part), r.event != HEAD).distinct()).scalars()
        )
        for table in (rectangles, places):
            work.rows.execute(delete(table).where(table.c.place.in_(part)))
    kept = [without_payload(e) if e.position in gone else e for e in entries_of(work.ledger, sorted(families), before)]
    project(Work(work.ledger, work.rows, work.generation, frozenset(held)), kept)


def _holding(work: Work, roots: Iterable[int]) -> dict[Place, int]:
    """The places that ever held something of these families, with their numbers: some of their mission's."""
    e, p, r, found = ledger_tables.entries.c, places.c, rectangles.c, dict[Place, int]()
    for part in chunks(sorted(roots)):
        members = work.ledger.execute(select(e.position, e.mission).where(e.root.in_(part))).all()
        missions = sorted({"", *(member.mission or "" for member in members)})
        for some in chunks([member.position for member in members]):
            query = select(p.mission, p.projection, p.key, p.place).where(
                p.generation == work.generation, p.mission.in_(missions), p.place == r.place, r.event.in_(some)
            )
            found |= {(row.mission, row.projection, row.key): row.place for row in work.rows.execute(query.distinct())}
    return found


# --- what is read first ----------------------------------------------------------------------------------------------


def _load_families(work: Work, roots: Iterable[int], entries: Sequence[Entry]) -> None:
    """Families whole: as they are stored, and as the batch adds to them, which may not be stored yet."""
    missing = {root for root in roots if root not in work.families}
    if not missing:
        return
    work.families.update((root, []) for root in missing)
    gone = {entry.target for entry in entries if entry.type == REDACTED}
    first = entries[0].position
    stored = entries_of(work.ledger, sorted(root for root in missing if root < first), first)
    for entry in [*stored, *entries]:
        if entry.root in missing:
            work.families[entry.root].append(without_payload(entry) if entry.position in gone else entry)


def take_tails(work: Work, asked: Sequence[Place], tails: Rows) -> None:
    """Know the last heads of the places `asked`, by the answer to `tails_of` for them."""
    for index, number, known_from, valid_from, content in tails:
        if index < 0:  # the last number so far, else where those of the generation begin
            work.last_number = max(work.last_number, number or known_from)
            continue
        place = asked[index]
        if number is not None:
            work.numbers[place] = number
        work.tails[place] = None if content is None else Piece(FOREVER, HEAD, known_from, valid_from, HEAD, content)


def _load_tails(work: Work, wanted: Iterable[Place]) -> None:
    missing = sorted(place for place in wanted if place not in work.tails)
    for part in chunks(missing, MANY):
        take_tails(work, part, ask(work.rows, tails_of(work.rows, work.generation, part))[0])
    work.timelines = {place: Timeline.from_tail(work.tails[place]) for place in wanted}


def _load_pasts(work: Work, visits: Iterable[Mapping[Place, Visit]], entries: Sequence[Entry]) -> None:
    """Of the rows that the batch changes in the past: every piece from the first such day on, and the families of those."""
    begin = _first_late_days(work, visits)
    if not begin:
        return
    lines = {work.numbers[place]: work.timelines[place] for place in begin if place in work.numbers}
    days = {work.numbers[place]: day for place, day in begin.items() if place in work.numbers}
    live: dict[tuple[int, int, int], Piece] = {}  # by place, edge and event: what was known last
    for part in chunks(sorted(lines), MANY):
        spans = [(number, days[number], lines[number].here_from) for number in part]
        for number, *told in ask(work.rows, pieces_between(work.rows, spans))[0]:
            live[number, told[0], told[1]] = Piece._make(told)
    roots = {piece.root for piece in live.values() if piece.content is not None and piece.event != HEAD}
    stood = _stood(work, roots, entries)
    for (number, _, event), piece in live.items():
        if piece.content is not None:
            lines[number].take(piece, stood.get(event))
    for place, day in begin.items():
        work.timelines[place].here_from = min(work.timelines[place].here_from, day)


def _stood(work: Work, roots: Iterable[int], entries: Sequence[Entry]) -> dict[int, Standing]:
    """The events of families, by position, as they stood before the batch."""
    _load_families(work, roots, entries)
    first, found = entries[0].position, dict[int, Standing]()
    for root in roots:
        family = [member for member in work.families[root] if member.position < first]
        found.update((s.position, s) for s in (alone(family[0]) if len(family) == 1 else standing(family)))
    return found


def _first_late_days(work: Work, visits: Iterable[Mapping[Place, Visit]]) -> dict[Place, int]:
    latest: dict[Place, int] = {}
    begin: dict[Place, int] = {}
    for visit in visits:
        for place, what in visit.items():
            if place not in latest:
                tail = work.timelines[place].heads.get(FOREVER)
                latest[place] = tail.valid_from if tail else 0
            if what.day < latest[place] or not what.is_ordinary:
                begin[place] = min(begin.get(place, what.day), what.day)
            latest[place] = max(latest[place], what.day)
    return begin


# --- what changes ----------------------------------------------------------------------------------------------------

_READERS = {name: [(p, p.name in LEDGER_WIDE) for p in PROJECTIONS if name in p.reads] for name in EVENTS}


def places_of(stood: Iterable[Standing]) -> list[Place]:
    """Every row that these touch."""
    found: dict[Place, None] = {}
    for s in stood:
        subject = s if s.entry.target is None else subject_of(s)
        if subject is not None:
            for p, is_wide in _READERS[subject.entry.type]:
                mission = "" if is_wide else subject.entry.mission or ""
                for key in p.keys(subject):
                    found[mission, p.name, key] = None
    return list(found)


def _visits(work: Work, entry: Entry) -> dict[Place, Visit]:
    """The rows that an entry changes: those that it touches; of one about another those where its family changes."""
    if entry.target is None:
        visits = {}
        for s in alone(entry):
            day = first_number(s.effective)
            visit = Visit(day, Change({(day, s.position): s}, {}), True)
            visits = dict.fromkeys(places_of([s]), visit)
    else:
        family = [member for member in work.families[entry.root] if member.position <= entry.position]
        visits = _differences(standing(family[:-1]), standing(family))
    if work.only is None:
        return visits
    return {place: visit for place, visit in visits.items() if place in work.only}


def _differences(before: Iterable[Standing], after: Iterable[Standing]) -> dict[Place, Visit]:
    fell, stood = {s.position: s for s in before}, {s.position: s for s in after}
    for position in fell.keys() & stood.keys():
        if fell[position] == stood[position]:
            del fell[position], stood[position]
    visits: dict[Place, Visit] = {}
    for events, is_new in ((stood.values(), True), (fell.values(), False)):
        for s in events:
            day = day_number(s.first)
            for place in places_of([s]):
                visit = visits.get(place) or Visit(FOREVER, Change({}, {}), False)
                (visit.change.stood if is_new else visit.change.fell)[day, s.position] = s
                visits[place] = visit._replace(day=min(visit.day, day))
    return visits


def _pay(work: Work, place: Place, visit: Visit, entry: Entry) -> None:
    """Take an entry into one row: a step at the end, else the row anew from the day on."""
    line, projection = work.timelines[place], _BY_NAME[place[1]]
    if visit.is_ordinary and not line.is_late(visit.day):
        line.advance(projection, place[2], visit.change.stood[visit.day, entry.position], visit.day)
    else:
        line.remake(projection, place[2], visit.day, entry.position, visit.change)


# --- what is written -------------------------------------------------------------------------------------------------


def _writes(work: Work, touched: Iterable[Place]) -> list[Write]:
    """What is to be written; after that the rows are ready for the entries that follow."""
    rows = []
    for place in touched:
        line = work.timelines[place]
        if line.added:
            number = _number(work, place)
            rows += [(number, *piece) for piece in line.added]
        work.tails[place] = line.tail
    if len(work.tails) > MOST_TAILS:
        work.tails, work.numbers = {}, {}
    rows.sort()
    new, work.new, work.families, work.timelines = work.new, [], {}, {}
    return [Insert(places, new), Insert(rectangles, rows)]


def _number(work: Work, place: Place) -> int:
    if place not in work.numbers:
        work.last_number += 1
        work.numbers[place] = work.last_number
        work.new.append((work.last_number, work.generation, *place))
    return work.numbers[place]
