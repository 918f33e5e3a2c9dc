"""Representations: JSON, NDJSON and CSV; conditional requests; caching of what can never change."""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from api.conditional import matching
from api.formulas import guarded
from api.parameters import settings
from api.problems import Problem

JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
_NAMES = {"json": JSON, "ndjson": NDJSON, "csv": CSV}
_ACCEPTED = {JSON: JSON, NDJSON: NDJSON, "application/ndjson": NDJSON, "application/jsonl": NDJSON, CSV: CSV}
FOR_EVER = "max-age=31536000, immutable"
_AS_IT_IS = "!$'()*,/:;?@"
VARY = "Accept, Accept-Encoding, Authorization"


def wanted(chosen: str | None, lists: bool) -> str:
    """The media type to answer with, by the `format` parameter or the Accept header. Raises Problem."""
    media = _NAMES[chosen] if chosen else accepted(request.environ.get("HTTP_ACCEPT", ""), lists)
    if not media or (media != JSON and not lists):
        raise Problem(
            "not-acceptable",
            f"this address answers as {', '.join(sorted(set(_ACCEPTED.values())) if lists else [JSON])}",
        )
    return media


@lru_cache(maxsize=256)
def accepted(header: str, lists: bool) -> str:
    """The media type that an Accept header likes best; empty where it likes none."""
    accept = parse_accept_header(header, MIMEAccept)
    if not accept:
        return JSON
    return _ACCEPTED.get(accept.best_match(list(_ACCEPTED) if lists else [JSON], default=""), "")


def answer(document: Mapping[str, Any], media: str = JSON, fixed: bool = False, etag: str | None = None) -> Response:
    """A document whose `data` is a list or an object; `fixed` documents may be cached for ever.

    Its `etag` is that of its bytes where nobody knew it before; then the client may have these bytes already.
    """
    body = encode(document, media)
    digest = etag or hashlib.sha256(body).hexdigest()[:32]
    if etag is None and (same := unchanged(digest, fixed)):
        return same
    return response(body, media, digest, fixed, (document.get("links") or {}).get("next"))


def answer_lines(lines: Iterator[bytes], following: str | None, etag: str) -> Response:
    """A long list as NDJSON, which is made while it is sent; and where it goes on."""
    return response(lines, NDJSON, etag, following=following)


def response(
    body: bytes | Iterator[bytes], media: str, etag: str, fixed: bool = False, following: str | None = None
) -> Response:
    """An answer that is written out."""
    return Response(body, headers=headers_of(etag, media, following, fixed))


def headers_of(etag: str, media: str, following: str | None, fixed: bool = False) -> dict[str, str]:
    """The headers of an answer."""
    headers = _headers(etag, fixed)
    headers["Content-Type"] = media if media == JSON else f"{media}; charset=utf-8"
    if following:
        headers["Link"] = f'<{following}>; rel="next"'
    return headers


def unchanged(etag: str, fixed: bool = False) -> Response | None:
    """The answer to a client that has what bears this ETag; None where it has not."""
    has = matching(etag)
    return None if has is None else _Unchanged(status=304, headers=_headers(has, fixed))


class _Unchanged(Response):
    default_mimetype = None


def _headers(etag: str, fixed: bool) -> dict[str, str]:
    return {"ETag": f'"{etag}"', "Cache-Control": for_ever() if fixed else "no-cache", "Vary": VARY}


def here_with(query: Mapping[str, Any]) -> str:
    """The address of this request with other parameters, as `url_for` writes it."""
    return address(f"{request.script_root}{request.path}", query)


def address(path: str, query: Mapping[str, Any]) -> str:
    return f"{path}?{urlencode(query, safe=_AS_IT_IS)}"


def for_ever() -> str:
    """Caches that others share may keep an answer only where everybody may read it."""
    return f"{'public' if settings().anonymous_reading else 'private'}, {FOR_EVER}"


def encode(document: Mapping[str, Any], media: str) -> bytes:
    if media == JSON:
        return orjson.dumps(document)
    if media == NDJSON:
        return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in document["data"])
    return table(document["data"]).encode()


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV (RFC 4180): nested fields with dots in their names, lists of plain values joined by semicolons."""
    flat = [dict(_flat("", row)) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    written = io.StringIO()
    writer = csv.DictWriter(written, names)
    writer.writeheader()
    writer.writerows({name: guarded(value) for name, value in row.items()} for row in flat)
    return written.getvalue()


def _flat(name: str, value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for part, inner in value.items():
            yield from _flat(f"{name}.{part}" if name else part, inner)
    elif isinstance(value, list) and any(isinstance(part, (Mapping, list)) for part in value):
        yield name, orjson.dumps(value).decode()
    elif isinstance(value, list):
        yield name, ";".join(str(part) for part in value)
    else:
        yield name, value
