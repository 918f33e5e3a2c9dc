"""Compression of answers: what is large enough, in a coding that the client takes; the rest is sent as it is, at no cost."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask import Flask, Response, request
from flask_compress import Compress
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

CODINGS = ("zstd", "br", "gzip", "deflate")
LISTS = {"application/x-ndjson", "text/csv"}
_BY_CODING = "Accept-Encoding"


@lru_cache(maxsize=256)
def takes(accepted: str, *codings: str) -> bool:
    """Whether a client that sends this `Accept-Encoding` takes one of the codings."""
    accept = parse_accept_header(accepted, Accept)
    return any(accept.quality(coding) > 0 for coding in codings)


def is_left_alone(environ: Mapping[str, Any]) -> bool:
    """Whether an answer is sent as it is, whatever its size."""
    accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
    return not accepted or not takes(accepted, *CODINGS)


def compress(app: Flask) -> None:
    """Compress the answers of an app."""
    app.config["COMPRESS_REGISTER"] = False
    library = Compress(app)
    library.compress_mimetypes_set |= LISTS
    smallest = app.config["COMPRESS_MIN_SIZE"]
    assert set(library.enabled_algorithms) == set(CODINGS)

    @app.after_request
    def compressed(response: Response) -> Response:
        accepted = request.environ.get("HTTP_ACCEPT_ENCODING", "")
        length = response.content_length
        is_small = not 200 <= response.status_code < 300 or (length is not None and length < smallest)
        if is_small or not accepted or not takes(accepted, *CODINGS):
            return _varied(response)
        return library.after_request(response)


def _varied(response: Response) -> Response:
    vary = response.headers.get("Vary")
    if vary is None or _BY_CODING not in vary:
        response.headers["Vary"] = f"{vary}, {_BY_CODING}" if vary else _BY_CODING
    return response
