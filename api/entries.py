"""Entries: recording events, and reading what was recorded."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson
from flask import Response, current_app, request
from flask_smorest import Blueprint
from orjson import Fragment

from api import conditional, entry_pages, formats, parameters, plain_posts, problems, signer
from api.answer_shapes import EntryAnswer, EntryPage, RecordedAnswer
from api.auth import actor, needs, role
from api.documents import answers_with, documented, explains, listed, shape
from api.entry_pages import Pages
from api.log import stored
from api.parameters import DEFAULT_LIMIT, EntriesQuery, Query, asks
from api.plain_posts import MAX_KEY
from ledger import codec
from ledger.direct import Direct
from ledger.entries import Entry, document
from ledger.refusals import Refused
from ledger.said import Event
from ledger.schemas import Fault, Invalid, parse_event
from ledger.standing import as_it_stands, retracted
from ledger.store import CHUNK, read_entries, reading
from ledger.tables import entries
from projections.queries import EntryFilter, end_of_page, family, stored_entries
from projections.questions import moment
from projections.redactions import removals

blueprint = Blueprint("entries", __name__, description="Recording events, and reading what was recorded.")
EXAMPLE = {
    "mission": "haiti-mss",
    "type": "pledge.notified",
    "effective": "2024-03-05",
    "data": {
        "pledge": "jam-personnel",
        "party": "JAM",
        "items": [
            {"kind": "personnel", "category": "troops", "minimum": 170, "maximum": 170},
            {"kind": "personnel", "category": "individual_police", "minimum": 30, "maximum": 30},
        ],
    },
    "source": {"symbol": "S/2024/262"},
    "note": "Jamaica Defence Force and Constabulary Force",
}
CORRECTION = {
    "type": "entry.corrected",
    "effective": "2024-10-01",
    "data": {
        "target": 17,
        "effective": "2024-09-30",
        "reason_code": "source_error",
        "reason": "The article gave the wrong year.",
    },
    "source": {"symbol": "S/RES/2751(2024)"},
}
BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "anyOf": [
                    {"$ref": "#/components/schemas/Event"},
                    {"type": "array", "items": {"$ref": "#/components/schemas/Event"}, "minItems": 1},
                ]
            },
            "examples": {
                "pledge": {"summary": "A pledge notified by letter", "value": EXAMPLE},
                "correction": {"summary": "A correction of the effective date of entry 17", "value": CORRECTION},
                "batch": {"summary": "Two events as one", "value": [EXAMPLE, CORRECTION]},
            },
        }
    },
}
RECORDED = {
    "entries": [
        {
            "position": 78,
            "id": "01936d2e-5c4b-7a3e-9d1f-0a1b2c3d4e5f",
            "stream": "haiti-mss/pledge/jam-personnel",
            "version": 2,
            "recorded_at": "2026-11-21T12:00:00.000000Z",
            "actor": "desk-officer",
            "leaf_hash": "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "replayed": False,
        }
    ]
}


@blueprint.route("/v1/entries", methods=["POST"])
@needs("recorder")
@documented(
    blueprint.doc(
        security=[{"key": []}],
        requestBody=BODY,
        parameters=[
            {
                "name": "Idempotency-Key",
                "in": "header",
                "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY},
                "description": "The same key and the same request get the first answer again, with `replayed` true.",
            }
        ],
    )
)
@answers_with(blueprint, 201, shape(RecordedAnswer), example=RECORDED)
@explains(blueprint, "invalid-json", "invalid-event", "unknown-subject", "already-exists", "version-conflict", "batch-too-long",
          "body-too-large", "unsupported-media-type", "key-missing", "role-too-low")  # fmt: skip
def post_entries() -> Response:
    """Record one event, or a list of them as one.

    All or nothing. Positions, ids, versions and `recorded_at` are the ledger's; the actor is the name of the key. An event may
    bear `expected_version`: where its stream has moved, 409 tells the actual version. A correction may name its
    target by position or by the target's `ref`, also one earlier in the same list.

    A key with the role recorder records everything but `payload.redacted`, which removes the payload of an entry and takes the key
    of an admin.
    """
    said = _body()
    events = _parsed(said)
    _check_roles(events)
    key = _idempotency_key()
    try:
        recorded = current_app.config["LEDGER_WRITER"].record(events, actor=actor(), key=key)
    except Refused as refused:
        raise problems.of_refusals(refused.refusals, isinstance(said, list)) from refused
    signer.wake(current_app)
    return plain_posts.response(recorded, f"{request.script_root}{request.path}")


def _body() -> Any:
    if request.mimetype != "application/json":
        raise problems.Problem("unsupported-media-type", "send the event as application/json")
    try:
        said = codec.read(request.get_data())
    except ValueError as error:
        raise problems.Problem("invalid-json", f"the body is not JSON that can be read: {error}") from error
    if isinstance(said, list) and not said:
        raise problems.Problem("empty-batch", "the list holds no event; send at least one")
    most = parameters.settings().max_batch
    if isinstance(said, list) and len(said) > most:
        raise problems.Problem("batch-too-long", f"{len(said)} events are sent; at most {most} are taken at once")
    return said


def _parsed(said: Any) -> list[Event]:
    if not isinstance(said, list):
        try:
            return [parse_event(said)]
        except Invalid as error:
            raise problems.of_faults(error.faults) from error
    events: list[Event] = []
    faults: list[Fault] = []
    for index, one in enumerate(said):
        try:
            events.append(parse_event(one, f"/{index}"))
        except Invalid as error:
            faults += error.faults
    if faults:
        raise problems.of_faults(faults)
    return events


def _check_roles(events: list[Event]) -> None:
    """Raises Problem where one of the events takes a higher role than that of the key."""
    higher = plain_posts.beyond(events, role())
    if higher is not None:
        raise problems.Problem("role-too-low", f"{higher.type} takes the key of an admin")


def _idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not plain_posts.is_key(key):
        raise problems.Problem("bad-request", f"Idempotency-Key is 1 to {MAX_KEY} printable ASCII characters")
    return key


@blueprint.route("/v1/entries", methods=["GET"])
@needs("reader")
@asks(blueprint, EntriesQuery)
@answers_with(blueprint, 200, shape(EntryPage))
@listed(blueprint)
@explains(blueprint, "invalid-parameter", "page-too-long", "range-too-wide", "not-acceptable")
def get_entries(query: dict[str, Any]) -> Response:
    """Read entries.

    Entries in position order, by page; as NDJSON and CSV too.

    `links.next` leads to the next page and is null on the last one.
    """
    media, limit = formats.wanted(query.get("format"), lists=True), parameters.limit(query, DEFAULT_LIMIT)
    wanted, state = filter_of(query), conditional.states().now()
    etag = conditional.tag(media, query, entry_pages.followed(query, limit, state), limit)
    if same := formats.unchanged(etag):
        return same
    wanted = replace(wanted, before=state.size)
    if media == formats.NDJSON and limit > CHUNK:
        end = end_of_page(conditional.direct(), wanted, limit)
        lines = _lines(_pages(), conditional.direct(), wanted, limit)
        return formats.answer_lines(lines, _following(query, end, limit), etag)
    page = _pages().page(query, wanted, limit, state)
    following = _following(query, entry_pages.end_of(page, limit), limit)
    if media == formats.JSON:
        return formats.response(entry_pages.body(page, limit, following), media, etag=etag, following=following)
    rows = (
        [orjson.loads(text) for _, text in page[:limit]]
        if media == formats.CSV
        else [Fragment(text) for _, text in page[:limit]]
    )
    return formats.answer({"data": rows, "links": {"next": following}}, media, etag=etag)


def _pages() -> Pages:
    return current_app.config["LEDGER_PAGES"]


def _following(query: Mapping[str, Any], end: int | None, limit: int) -> str | None:
    return formats.here_with({**query, "after": end, "limit": limit}) if end is not None else None


def _lines(pages: Pages, direct: Direct, wanted: EntryFilter, limit: int) -> Iterator[bytes]:
    """The lines of a long list, read as they are sent: entries do not change meanwhile, and later ones are left out."""
    while limit > 0:
        found = stored_entries(direct, wanted, min(limit, CHUNK))
        yield b"".join([text + b"\n" for text in pages.texts(found)])
        if len(found) < CHUNK:
            return
        wanted, limit = replace(wanted, after=found[-1][0]), limit - len(found)


def filter_of(query: Mapping[str, Any]) -> EntryFilter:
    """The filter that the parameters name. Raises Problem where a range runs backward or is too wide."""
    plain = ("after", "mission", "stream", "type", "party", "effective_from", "effective_to", "symbol")
    recorded: dict[str, Any] = {name: _moment(query, name) for name in ("recorded_from", "recorded_to")}
    wanted = EntryFilter(**{name: query[name] for name in plain if name in query}, **recorded)
    parameters.check_range(wanted.effective_from, wanted.effective_to, "effective_from", "effective_to")
    parameters.check_range(wanted.recorded_from, wanted.recorded_to, "recorded_from", "recorded_to")
    return wanted


def _moment(query: Mapping[str, Any], name: str) -> str | None:
    try:
        return moment(query[name], name, end_of_day=name.endswith("to")) if name in query else None
    except ValueError as error:
        raise problems.of_parameter(name, str(error)) from error


@blueprint.route("/v1/entries/<int:position>", methods=["GET"])
@needs("reader")
@asks(blueprint, Query)
@answers_with(blueprint, 200, shape(EntryAnswer))
@explains(blueprint, "no-such-entry", "invalid-parameter", "not-acceptable")
def get_entry(query: dict[str, Any], position: int) -> Response:
    """Read one entry.

    One entry: as it was said, as it stands now, what was recorded about it, and the stored bytes that its leaf hash covers.

    Where its payload was removed, `data`, `source` and `note` are null, and `redaction` tells who removed it and why.
    """
    formats.wanted(query.get("format"), lists=False)
    state = conditional.states().now()
    if position >= state.size:
        raise problems.Problem("no-such-entry", f"there is no entry {position}")
    etag = conditional.tag(formats.JSON, query, conditional.follows(state, state.size - 1, newest=True))
    if same := formats.unchanged(etag):
        return same
    with reading(current_app.config["LEDGER_ENGINE"]) as connection:
        found = read_entries(connection, entries.c.position == position)
        related = family(connection, found[0].root, 2**53)
        redaction = removals(connection, found).get(position)
    shown = {**document(found[0], redaction), **_with_relatives(found[0], related), "stored": stored(found[0])}
    return formats.answer({"data": shown}, etag=etag)


def _with_relatives(entry: Entry, related: list[Entry]) -> dict[str, Any]:
    now, readable = as_it_stands(entry, related), entry.payload is not None
    return {
        "stands": {"effective": now.effective, "data": now.data if readable else None,
                   "source": now.source if readable else None, "corrections": list(now.corrections),
                   "retracted": entry.position in retracted(related)},
        "about_it": [{"position": other.position, "type": other.type} for other in related if other.target == entry.position],
    }  # fmt: skip
