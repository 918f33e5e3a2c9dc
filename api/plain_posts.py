"""Plain requests to record, which are answered without the application: one or several good events as JSON, of a known length, with
a key that may record them."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, NamedTuple

import orjson
from flask import Flask, Response, request

from api import auth, formats, problems, signer
from api.compression import is_left_alone
from api.entry_pages import PATH
from ledger import codec, keys
from ledger.entries import acknowledgement
from ledger.keys import Holder
from ledger.recording import NotInForce, Recorded
from ledger.refusals import Refused
from ledger.said import Event
from ledger.schemas import parse_event

MAX_KEY, MOST_RECORDERS = 200, 1_000
_RECORDERS = auth.at_least("recorder")
_AS_JSON = frozenset({"application/json", "application/json; charset=utf-8", "application/json;charset=utf-8"})
_OUTCOME = "mission-ledger.outcome"
Headers = list[tuple[str, str]]


class Said(NamedTuple):
    """What a plain request says: its events, whether they came as a list, who says them by an API key of which digest, and its
    idempotency key."""

    events: Sequence[Event]
    is_list: bool
    holder: Holder
    digest: str
    key: str | None


def answered(environ: dict[str, Any], app: Flask) -> tuple[Headers, bytes] | None:
    """The headers and bytes for what was recorded of a plain request; None of everything else, which the application answers or
    explains.

    The ledger is asked once: what else became of it is put into the environ, for the application to tell (`told`).
    """
    if not _is_plain(environ, app.config["LEDGER_SETTINGS"].max_body):
        return None
    try:
        said = _said(environ, app.config)
        recorded = said and _recorded(app, said)
    except Exception as error:  # whatever it is, the application tells of it as of its own
        environ[_OUTCOME] = error
        return None
    if recorded is None:
        return None
    headers, body = answer(recorded, PATH)
    if is_left_alone(environ) or len(body) < app.config["COMPRESS_MIN_SIZE"]:
        return [*headers, ("Content-Length", str(len(body)))], body
    environ[_OUTCOME] = recorded
    return None


def told() -> Response | None:
    """What became of this request already, before the application came to it. Raises what it came to, where that is an error."""
    outcome = request.environ.pop(_OUTCOME, None)
    if isinstance(outcome, Exception):
        raise outcome
    return response(outcome, PATH) if outcome is not None else None


def response(recorded: Recorded, address: str) -> Response:
    """What was recorded, as the answer of an address."""
    headers, body = answer(recorded, address)
    return Response(body, status=201, headers=headers)


def answer(recorded: Recorded, address: str) -> tuple[Headers, bytes]:
    rows = [acknowledgement(entry, recorded.replayed) for entry in recorded.entries]
    headers = [
        ("Content-Type", formats.JSON),
        ("Location", f"{address}/{rows[0]['position']}"),
        ("Cache-Control", "no-store"),
        ("Vary", "Accept-Encoding"),
    ]
    return headers, orjson.dumps({"entries": rows})


def beyond(events: Sequence[Event], role: str) -> Event | None:
    """The first of the events that takes a higher role than this one of a recorder."""
    return next((event for event in events if event.data.RECORDER == "admin" and role != "admin"), None)


def is_key(key: str) -> bool:
    """Whether it can be an idempotency key."""
    return 0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable()


def _is_plain(environ: Mapping[str, Any], most: int) -> bool:
    if environ["REQUEST_METHOD"] != "POST" or environ["PATH_INFO"] != PATH or environ.get("SCRIPT_NAME"):
        return False
    length, key = environ.get("CONTENT_LENGTH", ""), environ.get("HTTP_IDEMPOTENCY_KEY")
    return (
        environ.get("CONTENT_TYPE") in _AS_JSON
        and not environ.get("QUERY_STRING")
        and "HTTP_TRANSFER_ENCODING" not in environ
        and length.isdecimal()
        and length.isascii()
        and len(length) < 20
        and int(length) <= most
        and (key is None or is_key(key))
    )


def _said(environ: dict[str, Any], config: Mapping[str, Any]) -> Said | None:
    """What is said by who may say it; None where something is amiss."""
    told = environ.get("HTTP_AUTHORIZATION", "")
    digest = keys.digest_of(auth.key_in(told))
    holder = config["LEDGER_RECORDERS"].get(digest) or _recorder(config, told, digest)
    if holder is None:
        return None
    try:
        said = codec.read(_body(environ))
        is_list = isinstance(said, list)
        if is_list and not 0 < len(said) <= config["LEDGER_SETTINGS"].max_batch:
            return None
        events = [parse_event(one) for one in (said if is_list else [said])]
    except (OSError, ValueError):
        return None
    if beyond(events, holder.role):
        return None
    return Said(events, is_list, holder, digest, environ.get("HTTP_IDEMPOTENCY_KEY"))


def _recorder(config: Mapping[str, Any], told: str, digest: str) -> Holder | None:
    """Who holds a key that may record. A key is somebody's for good, with a role for good: that is kept. Whether it is in force is
    asked of the transaction that records."""
    holder = auth.bearer(config["LEDGER_DIRECT"], told, _RECORDERS)
    if holder is None:
        return None
    kept: dict[str, Holder] = config["LEDGER_RECORDERS"]
    if len(kept) >= MOST_RECORDERS:
        kept.clear()
    return kept.setdefault(digest, holder)


def _body(environ: dict[str, Any]) -> bytes:
    """The body, which can be read once more."""
    body: bytes = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    environ["wsgi.input"] = BytesIO(body)
    return body


def _recorded(app: Flask, said: Said) -> Recorded | None:
    """What was recorded; nothing where the key is not in force any more, which the application explains."""
    record, actor = app.config["LEDGER_WRITER"].record, said.holder.name
    try:
        recorded: Recorded = record(said.events, actor=actor, key=said.key, bearing=said.digest)
    except NotInForce:
        app.config["LEDGER_RECORDERS"].pop(said.digest, None)
        return None
    except Refused as refused:
        raise problems.of_refusals(refused.refusals, said.is_list) from refused
    signer.wake(app)
    return recorded
