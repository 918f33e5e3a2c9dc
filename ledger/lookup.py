"""What the ledger knows of the subjects of some requests, read under the head's lock, in SQL, on SQLite and PostgreSQL."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from ledger.driver import Statement, among, asked, is_alone, is_sqlite
from ledger.entries import Entry
from ledger.known import BEGINNING, Known, Needs, is_enough, needs, needs_of_corrections
from ledger.memory import Head, Memory
from ledger.rules import Types
from ledger.said import Event
from ledger.store import SELECT_ENTRIES, entry_of
from ledger.writes import Overtaken


@dataclass(frozen=True)
class Receipt:
    """What is kept of a request under an idempotency key, in the order of the table's columns."""

    actor: str
    key: str
    request: str
    first_position: int
    count: int


@dataclass
class Found:
    """What was read under the head's lock for some requests. `in_force`: digests of the API keys that are, of those asked for."""

    head: Head
    receipts: dict[tuple[str, str], Receipt]
    wanted: Needs
    versions: dict[str, int]
    streams: dict[str, list[Entry]] = field(default_factory=dict)
    entries: dict[int, Entry] = field(default_factory=dict)
    families: dict[int, list[Entry]] = field(default_factory=dict)
    begun: Mapping[str, set[Types]] = field(default_factory=dict)
    in_force: frozenset[str] = frozenset()

    def known(self, further: Iterable[Entry] = ()) -> Known:
        """What decisions know before the first request; and after `further` entries."""
        known = Known(
            {stream: list(entries) for stream, entries in self.streams.items()},
            dict(self.versions),
            dict(self.entries),
            {entry.ref: entry.position for entry in self.entries.values() if entry.ref},
            {root: list(family) for root, family in self.families.items()},
            begun={stream: set(types) for stream, types in self.begun.items()},
        )
        for entry in further:
            known.add(entry)
        return known


Entries = dict[int, Entry]  # by position
_HEAD = "SELECT size, recorded_at, closed FROM head"
_NEWEST_VERSIONS = {
    True: "SELECT value, (SELECT max(version) FROM entries WHERE stream = value) FROM json_each(?)",
    False: "SELECT s, (SELECT max(version) FROM entries WHERE stream = s) FROM unnest(?::text[]) AS s",
}


def remembered(
    connection: Connection,
    events: Sequence[Event],
    memory: Memory,
    keyed: Sequence[tuple[str, str]] = (),
    bearing: Collection[str] = (),
) -> Found:
    """Everything that the decisions about the events have to know: what `memory` tells, and the rest looked up. `keyed`, `bearing`: as
    `look_up` has it.

    Raises Overtaken where the head is not as it is remembered. Where nothing would hold it, it is taken for granted, since it is
    compared when it is moved.
    """
    wanted = needs(events)
    lacking = memory.lacking(wanted, events)
    versions, begun = memory.told(wanted, lacking)
    head = memory.head if is_alone(connection) else None
    found = look_up(connection, events, lacking, keyed, versions, head, bearing)
    if memory.head not in (None, found.head):
        raise Overtaken
    found.begun = begun
    return found


def look_up(
    connection: Connection,
    events: Sequence[Event],
    wanted: Needs,
    keyed: Sequence[tuple[str, str]] = (),
    versions: Mapping[str, int] = MappingProxyType({}),
    head: Head | None = None,
    bearing: Collection[str] = (),
) -> Found:
    """Hold the head, and read everything that the decisions about the events have to know: `wanted`, and what only that tells
    to be needed. `keyed`: actors and idempotency keys whose receipts are read, too; `versions` and `head`: what is known already;
    `bearing`: digests of API keys of which it is told whether they are in force."""
    statements: list[Statement] = (
        [] if head is not None else [(_HEAD if is_sqlite(connection) else f"{_HEAD} FOR UPDATE", ())]
    )
    statements += [_in_force(connection, bearing)] if bearing else []
    statements += [_receipt_of(actor, key) for actor, key in sorted(keyed)]
    statements += _versions_wanted(connection, wanted.versions - wanted.begun)
    named, of_streams = _named(connection, wanted), _of_streams(connection, wanted)
    reads = [*named, *of_streams]
    lists = asked(connection, [*statements, *reads]) if statements or reads else []
    if head is None:
        head = Head(*lists.pop(0)[0])
    in_force = frozenset(row[0] for row in lists.pop(0)) if bearing else frozenset[str]()
    receipts = {(row[0], row[1]): Receipt(*row) for rows in lists[: len(keyed)] for row in rows}
    newest = {stream: version or 0 for rows in lists[len(keyed) : len(lists) - len(reads)] for stream, version in rows}
    found = Found(head, receipts, wanted, {**versions, **newest}, in_force=in_force)
    if reads:
        read = [_entries(rows) for rows in lists[-len(reads) :]]
        _take_in(connection, found, events, _together(read[: len(named)]), _together(read[len(named) :]))
    return found


def _in_force(connection: Connection, digests: Iterable[str]) -> Statement:
    text, value = among(connection, sorted(digests))
    return f"SELECT digest FROM keys WHERE digest {text} AND revoked_at IS NULL", (value,)  # noqa: S608


def _receipt_of(actor: str, key: str) -> Statement:
    columns = ", ".join(part.name for part in fields(Receipt))
    return f"SELECT {columns} FROM receipts WHERE actor = ? AND key = ?", (actor, key)  # noqa: S608 - names of columns


def _versions_wanted(connection: Connection, streams: Iterable[str]) -> list[Statement]:
    wanted = sorted(streams)
    return [(_NEWEST_VERSIONS[is_sqlite(connection)], (among(connection, wanted)[1],))] if wanted else []


def _named(connection: Connection, wanted: Needs) -> list[Statement]:
    statements = [_entries_by(connection, "position", wanted.positions, "bigint")] if wanted.positions else []
    return statements + ([_entries_by(connection, "ref", wanted.refs)] if wanted.refs else [])


def _of_streams(connection: Connection, wanted: Needs) -> list[Statement]:
    """Of streams what rules read, and the first entries; both with everything about these."""
    statements = _entries_of_types(connection, wanted.ruling)
    return statements + ([_beginnings_of(connection, wanted.begun)] if wanted.begun else [])


def _beginnings_of(connection: Connection, streams: Iterable[str]) -> Statement:
    text, value = among(connection, sorted(streams))
    first = f"SELECT position FROM entries WHERE stream {text} AND version <= {BEGINNING}"  # noqa: S608 - a number
    return f"{SELECT_ENTRIES} WHERE root IN ({first}) ORDER BY position", (value,)


def _entries_of_types(connection: Connection, wanted: Iterable[tuple[str, Types]]) -> list[Statement]:
    """Entries of streams of some types, or of whatever type where none is named, with everything about these."""
    by_types: dict[Types, list[str]] = {}
    for stream, types in sorted(wanted):
        by_types.setdefault(types, []).append(stream)
    statements = []
    for types, streams in by_types.items():
        if not types:
            statements.append(_entries_by(connection, "stream", streams))
            continue
        (of_streams, one), (of_types, other) = among(connection, streams), among(connection, types)
        named = f"SELECT position FROM entries WHERE stream {of_streams} AND type {of_types}"  # noqa: S608
        statements.append((f"{SELECT_ENTRIES} WHERE root IN ({named}) ORDER BY position", (one, other)))
    return statements


def _entries_by(connection: Connection, column: str, values: Iterable[Any], kind: str = "text") -> Statement:
    text, value = among(connection, sorted(values), kind)
    return f"{SELECT_ENTRIES} WHERE {column} {text} ORDER BY position", (value,)


def _read(connection: Connection, column: str, values: Iterable[Any], kind: str = "text") -> list[Entry]:
    kept = list(values)
    return (
        [entry_of(row) for row in asked(connection, [_entries_by(connection, column, kept, kind)])[0]] if kept else []
    )


def _take_in(
    connection: Connection, found: Found, events: Sequence[Event], named: Entries, of_streams: Entries
) -> None:
    """Sort what was read into its places, and read what only that tells to be needed."""
    wanted, read = found.wanted, dict(of_streams)
    found.entries.update(named)
    further = needs_of_corrections(events, named.values()) - wanted.begun
    if further:
        read |= _asked_for(connection, [_beginnings_of(connection, further)])
    ruling = {stream for stream, _ in wanted.ruling}
    _sort_in(found, read, {*ruling, *wanted.begun, *further})
    found.versions.update(_told_by_beginnings(found, wanted.begun | further))
    unknown = {*wanted.versions, *further, *(entry.stream for entry in named.values())} - found.versions.keys()
    for statement in _versions_wanted(connection, unknown):
        found.versions.update((stream, version or 0) for stream, version in asked(connection, [statement])[0])
    _complete(connection, found, {*wanted.beginnings, *((stream, ()) for stream in further)})
    for entry in _read(connection, "root", {entry.root for entry in named.values()}, "bigint"):
        found.families.setdefault(entry.root, []).append(entry)


def _entries(rows: Iterable[tuple[Any, ...]]) -> Entries:
    return {entry.position: entry for entry in map(entry_of, rows)}


def _together(read: Iterable[Entries]) -> Entries:
    return {position: entry for entries in read for position, entry in entries.items()}


def _asked_for(connection: Connection, statements: Sequence[Statement]) -> Entries:
    return _together(_entries(rows) for rows in asked(connection, statements))


def _sort_in(found: Found, entries: Entries, streams: Iterable[str]) -> None:
    """What was read of streams, in its order."""
    for stream in streams:
        found.streams[stream] = []
    for _, entry in sorted(entries.items()):
        found.streams[entry.stream].append(entry)


def _told_by_beginnings(found: Found, begun: Collection[str]) -> dict[str, int]:
    """The versions of those streams that are no longer than what was read of their beginning."""
    newest = {stream: max((entry.version for entry in found.streams[stream]), default=0) for stream in begun}
    return {stream: version for stream, version in newest.items() if version < BEGINNING}


def _complete(connection: Connection, found: Found, beginnings: Iterable[tuple[str, Types]]) -> None:
    """Read of those streams whose beginning does not tell enough what would, wherever it stands."""
    short = {
        (stream, types)
        for stream, types in beginnings
        if found.versions.get(stream, 0) > BEGINNING and not is_enough(found.streams[stream], types)
    }
    if short:
        streams = {stream for stream, _ in short}
        known = {entry.position: entry for stream in streams for entry in found.streams[stream]}
        _sort_in(found, known | _asked_for(connection, _entries_of_types(connection, short)), streams)


def receipts_under(connection: Connection, key: str) -> list[Receipt]:
    """The receipts of all who used an idempotency key, oldest first."""
    columns = ", ".join(part.name for part in fields(Receipt))
    text = f"SELECT {columns} FROM receipts WHERE key = ? ORDER BY first_position"  # noqa: S608 - names of columns
    return [Receipt(*row) for row in asked(connection, [(text, (key,))])[0]]
