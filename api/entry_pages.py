"""Pages of entries: from texts that are kept, else from stored bytes by one statement; and the plain ones among them, whose whole
answer is put together without the application."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from marshmallow import ValidationError
from sqlalchemy import Engine

from api import conditional, formats
from api.compression import is_left_alone
from api.kept import Kept
from api.parameters import DEFAULT_LIMIT, EntriesQuery
from ledger.direct import Direct, Row
from ledger.splicing import PAYLOAD, spliced
from ledger.store import reading
from projections.queries import EntryFilter, stored_entries
from projections.redactions import Removals, removals_of
from projections.state import State

PATH = "/v1/entries"
MOST_TEXTS, ABOUT = 33_554_432, 300  # bytes of entries that are kept as texts, and what one weighs beside its text
PLACE = frozenset({"after", "limit", "format"})
_PLAIN = frozenset({"limit", "after", "mission", "stream", "type"})
_FIELDS = EntriesQuery().fields
Texts = list[tuple[int, bytes]]


class Pages:
    """Reads pages, each with one entry more, as positions and JSON texts; keeps the texts for other pages."""

    def __init__(self, engine: Engine, direct: Direct):
        self._engine, self._direct, self._texts = engine, direct, Kept[int, bytes](MOST_TEXTS)

    def page(self, query: Mapping[str, Any], wanted: EntryFilter, limit: int, state: State) -> Texts:
        return self._kept(query, limit, state) or self._read(wanted, limit, state)

    def texts(self, found: Sequence[Row]) -> list[bytes]:
        """Stored entries as they are shown."""
        gone = [row[0] for row in found if row[PAYLOAD] is None]
        if not gone:
            return [spliced(row) for row in found]
        with reading(self._engine) as connection:
            removed: Removals = removals_of(connection, gone)
        return [spliced(row, removed.get(row[0])) for row in found]

    def _kept(self, query: Mapping[str, Any], limit: int, state: State) -> Texts:
        """A page of all entries, whose positions follow from its place, where each of them is kept; else nothing."""
        if not query.keys() <= PLACE:
            return []
        first = query.get("after", -1) + 1
        positions = range(first, min(first + limit + 1, state.size))
        texts = self._texts.get_all(positions, state.removed)
        return list(zip(positions, texts, strict=True)) if texts is not None else []

    def _read(self, wanted: EntryFilter, limit: int, state: State) -> Texts:
        found = stored_entries(self._direct, wanted, limit + 1)
        page = [(row[0], text) for row, text in zip(found, self.texts(found), strict=True)]
        self._texts.keep([(position, text, len(text) + ABOUT) for position, text in page], state.removed)
        return page


def followed(query: Mapping[str, Any], limit: int, state: State) -> conditional.Follows:
    """What a page follows from. One of all entries that is full stays as it is, whatever is recorded."""
    last = query.get("after", -1) + 1 + limit
    is_full = last < state.size and query.keys() <= PLACE
    return conditional.follows(state, last if is_full else state.size - 1, newest=not is_full)


def body(page: Texts, limit: int, following: str | None) -> bytes:
    """A page as JSON."""
    return b'{"data":[%b],"links":{"next":%b}}' % (
        b",".join([text for _, text in page[:limit]]),
        orjson.dumps(following),
    )


def end_of(page: Texts, limit: int) -> int | None:
    """The position after which the next page begins; None on the last one."""
    return page[limit - 1][0] if len(page) > limit else None


# --- without the application -------------------------------------------------------------------------------------------


def plainly_asked(environ: Mapping[str, Any], most: int) -> dict[str, Any] | None:
    """The parameters of a page that is asked for as JSON, uncompressed and by the commonest of them, each of which is good; None of
    everything else, which the application answers or explains."""
    if environ["PATH_INFO"] != PATH or environ.get("SCRIPT_NAME") or "HTTP_IF_NONE_MATCH" in environ:
        return None
    is_json = formats.accepted(environ.get("HTTP_ACCEPT", ""), lists=True) == formats.JSON
    query = _understood(environ["QUERY_STRING"]) if is_json and is_left_alone(environ) else None
    return query if query is not None and query.get("limit", 1) <= most else None


def _understood(asked: str) -> dict[str, Any] | None:
    parts = [part.partition("=") for part in asked.split("&")] if asked else []
    given = {name: value for name, _, value in parts}
    if len(given) < len(parts) or not given.keys() <= _PLAIN or not asked.isascii() or "%" in asked or "+" in asked:
        return None
    try:
        return {name: field.deserialize(given[name]) for name, field in _FIELDS.items() if name in given}
    except ValidationError:
        return None


def answered(
    environ: Mapping[str, Any], query: Mapping[str, Any], pages: Pages, state: State, most: int
) -> tuple[conditional.Follows, str, list[tuple[str, str]], bytes]:
    """What a plain page follows from, its ETag, its headers and its bytes, as `entries.get_entries` makes them."""
    limit = max(query.get("limit", min(DEFAULT_LIMIT, most)), 1)
    follows = followed(query, limit, state)
    etag = conditional.etag_of(environ, formats.JSON, query, follows, limit)
    wanted = EntryFilter(**{name: value for name, value in query.items() if name != "limit"}, before=state.size)
    page = pages.page(query, wanted, limit, state)
    end = end_of(page, limit)
    following = formats.address(PATH, {**query, "after": end, "limit": limit}) if end is not None else None
    made = body(page, limit, following)
    headers = {**formats.headers_of(etag, formats.JSON, following), "Content-Length": str(len(made))}
    return follows, etag, list(headers.items()), made
