"""Figures of requests for Prometheus, by its own client: two figures are kept of each request, found without looking them up anew."""

import time
from functools import cache

from flask import Flask, Response, request
from prometheus_client import REGISTRY, Counter, Histogram
from prometheus_client.exposition import choose_encoder

DURATION = Histogram(
    "flask_http_request_duration_seconds", "Duration of requests in seconds", ("method", "url_rule", "status")
)
TOTAL = Counter("flask_http_request_total", "Number of requests", ("method", "status"))
BEGUN = "mission-ledger.begun"  # in the environ: the moment at which the request came
_PATH = "/metrics"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def measure(app: Flask) -> None:
    """Measure the requests to an app, and serve the figures."""
    app.after_request(_end)
    app.add_url_rule(_PATH, "metrics", _exposed, methods=["GET"])


def observe(method: str, rule: str, status: int, seconds: float) -> None:
    """Count one request and its duration. Methods that nobody knows count as one, so that nobody can make figures without end."""
    duration, total = _figures(method if method in _METHODS else "OTHER", rule, status)
    duration.observe(seconds)
    total.inc()


@cache
def _figures(method: str, rule: str, status: int) -> tuple[Histogram, Counter]:
    return DURATION.labels(method, rule, status), TOTAL.labels(method, status)


def _end(response: Response) -> Response:
    asked = request._get_current_object()  # type: ignore[attr-defined]
    begun = asked.environ.get(BEGUN)
    rule = asked.url_rule.rule if asked.url_rule is not None else "None"
    if begun is not None and rule != _PATH:
        observe(asked.method, rule, response.status_code, time.perf_counter() - begun)
    return response


def _exposed() -> Response:
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    names = request.args.getlist("name[]")
    return Response(encode(REGISTRY.restricted_registry(names) if names else REGISTRY), content_type=content_type)
