"""Errors as RFC 9457 problem documents: one table of types, one shape, nothing of the inside leaks.

`type` is a relative reference that the server answers itself (`/problems/…`). Faults and refusals stand in
`errors`, each with a JSON pointer into the request and a sentence that says what to do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import orjson
from flask import Response

from ledger.refusals import REFUSALS, Refusal
from ledger.schemas import Fault

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """A type of problem: its HTTP status and what it means."""

    status: int
    title: str


REFUSAL_STATUS: Mapping[str, int] = MappingProxyType(
    {
        "unknown-subject": 422,
        "already-exists": 409,
        "not-possible-now": 409,
        "unknown-entry": 422,
        "wrong-correction": 422,
        "ref-taken": 409,
        "version-conflict": 409,
        "key-reused": 422,
        "closed": 503,
        "too-large": 413,
    }
)
PROBLEMS: Mapping[str, Kind] = MappingProxyType(
    {
        **{code: Kind(REFUSAL_STATUS[code], title) for code, title in REFUSALS.items()},
        "several-refusals": Kind(422, "The ledger declines the request for several reasons, given one by one."),
        "invalid-event": Kind(422, "The request holds something that is no valid event."),
        "invalid-json": Kind(400, "The body is not JSON, or not JSON that can be read in one way only."),
        "empty-batch": Kind(422, "The list of events is empty."),
        "batch-too-long": Kind(413, "The list of events is longer than this server takes at once."),
        "body-too-large": Kind(413, "The body is larger than this server takes."),
        "unsupported-media-type": Kind(415, "The body is not of a type that this address takes."),
        "not-acceptable": Kind(406, "This address has no representation of the type asked for."),
        "invalid-parameter": Kind(422, "A parameter is unknown or has a value that cannot be."),
        "page-too-long": Kind(422, "More is asked for than a page may hold."),
        "range-too-wide": Kind(422, "The range of dates is wider than this server answers at once."),
        "unknown-mission": Kind(404, "There is no such mission, or there was none at the moment asked for."),
        "unknown-pledge": Kind(404, "There is no such pledge, or there was none at the moment asked for."),
        "no-log": Kind(404, "This ledger has no log: nothing was signed yet."),
        "no-such-tile": Kind(404, "The tree has no such tile."),
        "not-yet-signed": Kind(404, "The entry is recorded, and under no checkpoint yet."),
        "wrong-cosignature": Kind(422, "The note is no checkpoint of this log with a cosignature of a known witness."),
        "no-such-entry": Kind(404, "There is no entry at that position."),
        "not-found": Kind(404, "There is nothing at this address."),
        "method-not-allowed": Kind(405, "The address does not take this method."),
        "key-missing": Kind(401, "The request needs a key."),
        "key-invalid": Kind(401, "The key is unknown or has been revoked."),
        "role-too-low": Kind(403, "The key's role does not allow this."),
        "bad-request": Kind(400, "The request cannot be understood."),
        "unavailable": Kind(503, "The database cannot be used at the moment."),
        "internal": Kind(500, "Something went wrong inside; it has been logged."),
    }
)


class Problem(Exception):
    """A problem to be answered with: `code` of the table above."""

    def __init__(
        self, code: str, detail: str, errors: Sequence[Mapping[str, Any]] = (), headers: Mapping[str, str] | None = None
    ):
        super().__init__(detail)
        self.code, self.detail, self.errors, self.headers = code, detail, list(errors), dict(headers or {})

    def response(self) -> Response:
        return respond(self.code, self.detail, self.errors, self.headers)


def respond(
    code: str, detail: str, errors: Sequence[Mapping[str, Any]] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """The problem document as a response."""
    kind = PROBLEMS[code]
    document: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
    }
    if errors:
        document["errors"] = list(errors)
    answer = Response(
        orjson.dumps(document), status=kind.status, content_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"}
    )
    answer.headers.update(headers or {})
    return answer


def of_faults(faults: Sequence[Fault]) -> Problem:
    errors = [{"pointer": fault.pointer, "detail": fault.detail} for fault in faults]
    return Problem("invalid-event", f"{_count(len(errors), 'thing')} to be put right; nothing was recorded", errors)


def of_refusals(refusals: Sequence[Refusal], is_list: bool) -> Problem:
    """The ledger's refusals; of a single event the pointers are relative to that event."""
    codes = {refusal.code for refusal in refusals}
    errors = [_refusal(refusal, is_list) for refusal in refusals]
    code = codes.pop() if len(codes) == 1 else "several-refusals"
    return Problem(code, f"{_count(len(errors), 'refusal')}; nothing was recorded", errors)


def _refusal(refusal: Refusal, is_list: bool) -> dict[str, Any]:
    pointer = refusal.pointer if is_list else refusal.pointer.removeprefix("/0")
    error = {"type": f"/problems/{refusal.code}", "pointer": pointer, "detail": refusal.detail}
    return error if refusal.actual_version is None else {**error, "actual_version": refusal.actual_version}


def of_parameters(messages: Mapping[str, Any]) -> Problem:
    """What marshmallow says of query parameters."""
    errors = [{"parameter": name, "detail": " ".join(_flat(told))} for name, told in messages.items()]
    return Problem("invalid-parameter", f"{_count(len(errors), 'parameter')} to be put right", errors)


def of_parameter(name: str, detail: str, code: str = "invalid-parameter") -> Problem:
    return Problem(code, detail, [{"parameter": name, "detail": detail}])


def _flat(told: Any) -> list[str]:
    if isinstance(told, Mapping):
        return [text for part in told.values() for text in _flat(part)]
    return [str(text) for text in (told if isinstance(told, list) else [told])]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def of_status(status: int) -> str:
    """The code for a plain HTTP error."""
    plain = {
        400: "bad-request",
        404: "not-found",
        405: "method-not-allowed",
        406: "not-acceptable",
        413: "body-too-large",
        415: "unsupported-media-type",
    }
    return plain.get(status, "bad-request" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "internal")
