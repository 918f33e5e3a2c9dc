"""What the ledger knows of the subjects of some requests, read under the head's lock, in SQL, on SQLite and PostgreSQL."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from ledger.driver import Statement, among, asked, is_sqlite
from ledger.entries import Entry
from ledger.known import BEGINNING, Known, Needs, is_enough, needs_of_corrections
from ledger.said import Event
from ledger.store import SELECT_ENTRIES, Head, entry_of


@dataclass(frozen=True)
class Receipt:
    """What is kept of a request under an idempotency key, in the order of the table's columns."""

    actor: str
    key: str
    request: str
    first_position: int
    count: int


@dataclass(frozen=True)
class Found:
    """What was read under the head's lock for some requests."""

    head: Head
    receipts: dict[tuple[str, str], Receipt]
    wanted: Needs
    versions: dict[str, int]
    streams: dict[str, list[Entry]] = field(default_factory=dict)
    entries: dict[int, Entry] = field(default_factory=dict)
    families: dict[int, list[Entry]] = field(default_factory=dict)

    def known(self, further: Iterable[Entry] = ()) -> Known:
        """What decisions know before the first request; and after `further` entries."""
        known = Known(
            {stream: list(entries) for stream, entries in self.streams.items()},
            dict(self.versions),
            dict(self.entries),
            {entry.ref: entry.position for entry in self.entries.values() if entry.ref},
            {root: list(family) for root, family in self.families.items()},
        )
        for entry in further:
            known.add(entry)
        return known


_HEAD = "SELECT size, recorded_at, closed FROM head"
_NEWEST_VERSIONS = {
    True: "SELECT value, (SELECT max(version) FROM entries WHERE stream = value) FROM json_each(?)",
    False: "SELECT s, (SELECT max(version) FROM entries WHERE stream = s) FROM unnest(?::text[]) AS s",
}


def look_up(
    connection: Connection,
    events: Sequence[Event],
    wanted: Needs,
    keyed: Sequence[tuple[str, str]] = (),
    versions: Mapping[str, int] = MappingProxyType({}),
) -> Found:
    """Hold the head, and read everything that the decisions about the events have to know: `wanted`, and what only that tells
    to be needed. `keyed`: actors and idempotency keys whose receipts are read, too; `versions`: those that are known already."""
    statements: list[Statement] = [(_HEAD if is_sqlite(connection) else f"{_HEAD} FOR UPDATE", ())]
    statements += [_receipt_of(actor, key) for actor, key in sorted(keyed)]
    asked_for = among(connection, sorted(wanted.versions))[1]
    statements.append((_NEWEST_VERSIONS[is_sqlite(connection)], (asked_for,)))
    (((size, recorded_at, closed),), *more) = asked(connection, statements + _entries_wanted(connection, wanted))
    receipts = {(row[0], row[1]): Receipt(*row) for rows in more[: len(keyed)] for row in rows}
    newest = {stream: version for stream, version in more[len(keyed)] if version is not None}
    found = Found(Head(size, recorded_at, closed), receipts, wanted, {**versions, **newest})
    _take_in(connection, found, events, [entry_of(row) for rows in more[len(keyed) + 1 :] for row in rows])
    return found


def _receipt_of(actor: str, key: str) -> Statement:
    columns = ", ".join(part.name for part in fields(Receipt))
    return f"SELECT {columns} FROM receipts WHERE actor = ? AND key = ?", (actor, key)  # noqa: S608 - names of columns


def _entries_wanted(connection: Connection, wanted: Needs) -> list[Statement]:
    """Named entries and whole streams; of other streams the first entries with everything about these."""
    statements = [_entries_by(connection, "position", wanted.positions, "bigint")] if wanted.positions else []
    statements += [_entries_by(connection, "ref", wanted.refs)] if wanted.refs else []
    statements += [_entries_by(connection, "stream", wanted.streams)] if wanted.streams else []
    if wanted.begun:
        text, value = among(connection, sorted(wanted.begun))
        first = f"SELECT position FROM entries WHERE stream {text} AND version <= {BEGINNING}"  # noqa: S608 - a number
        statements.append((f"{SELECT_ENTRIES} WHERE root IN ({first}) ORDER BY position", (value,)))
    return statements


def _entries_by(connection: Connection, column: str, values: Iterable[Any], kind: str = "text") -> Statement:
    text, value = among(connection, sorted(values), kind)
    return f"{SELECT_ENTRIES} WHERE {column} {text} ORDER BY position", (value,)


def _read(connection: Connection, column: str, values: Iterable[Any], kind: str = "text") -> list[Entry]:
    kept = list(values)
    return (
        [entry_of(row) for row in asked(connection, [_entries_by(connection, column, kept, kind)])[0]] if kept else []
    )


def _take_in(connection: Connection, found: Found, events: Sequence[Event], read: Iterable[Entry]) -> None:
    """Sort what was read into its places, and read what only that tells to be needed."""
    wanted, entries = found.wanted, {entry.position: entry for entry in read}
    named = [e for e in entries.values() if e.position in wanted.positions or e.ref in wanted.refs]
    found.entries.update({entry.position: entry for entry in named})
    further = needs_of_corrections(events, named) - wanted.begun - wanted.streams
    entries |= {entry.position: entry for entry in _read(connection, "stream", further)}
    for stream in {*wanted.streams, *wanted.begun, *further}:
        found.streams[stream] = []
    for position in sorted(entries):
        if entries[position].stream in found.streams:
            found.streams[entries[position].stream].append(entries[position])
    _complete(connection, found)
    for entry in _read(connection, "root", {entry.root for entry in named}, "bigint"):
        found.families.setdefault(entry.root, []).append(entry)
    missing = {entry.stream for entry in named} - found.versions.keys()
    if missing:
        text = _NEWEST_VERSIONS[is_sqlite(connection)]
        (rows,) = asked(connection, [(text, (among(connection, sorted(missing))[1],))])
        found.versions.update(dict(rows))


def _complete(connection: Connection, found: Found) -> None:
    """Read those streams whole whose beginning does not tell enough."""
    short = {
        stream
        for stream, types in found.wanted.beginnings
        if stream not in found.wanted.streams
        and found.versions.get(stream, 0) > BEGINNING
        and not is_enough(found.streams[stream], types)
    }
    for stream in short:
        found.streams[stream] = []
    for entry in _read(connection, "stream", short):
        found.streams[entry.stream].append(entry)


def receipts_under(connection: Connection, key: str) -> list[Receipt]:
    """The receipts of all who used an idempotency key, oldest first."""
    columns = ", ".join(part.name for part in fields(Receipt))
    text = f"SELECT {columns} FROM receipts WHERE key = ? ORDER BY first_position"  # noqa: S608 - names of columns
    return [Receipt(*row) for row in asked(connection, [(text, (key,))])[0]]
