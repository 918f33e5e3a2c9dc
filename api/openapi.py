"""The OpenAPI 3.1 document and the page that shows it, from files in the package: no other host is asked."""

from typing import Any

from apispec_oneofschema import MarshmallowPlugin
from flask import Blueprint, Response, render_template_string
from flask_smorest import Api

from api.documents import shape
from api.problems import MEDIA_TYPE
from api.shapes import ProblemDocument
from ledger.schemas import EventSchema, TargetField

DESCRIPTION = """An append-only, bitemporal ledger of what states and organisations promise to an internationally mandated
mission, what they deliver, who pays and who leads.

Two clocks: `valid_at` asks what was true on a day, `known_at` (or `known_position`) what the ledger knew of it by then;
`reported_by` asks what had been published. Every figure carries `entries`, the positions of the entries that it comes from.
Errors are RFC 9457 problem documents."""

CONFIGURATION: dict[str, Any] = {
    "API_TITLE": "mission-ledger",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/",
    "OPENAPI_JSON_PATH": "openapi.json",
}


def spec_options() -> dict[str, Any]:
    plugin = MarshmallowPlugin(
        schema_name_resolver=lambda schema: (schema if isinstance(schema, type) else type(schema)).__name__
    )
    return {
        "marshmallow_plugin": plugin,
        "info": {"description": DESCRIPTION, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
    }


class LedgerApi(Api):
    """flask-smorest's, with problem documents as the default error."""

    def _register_responses(self) -> None:
        content = {MEDIA_TYPE: {"schema": shape(ProblemDocument)}}
        self.spec.components.response("DEFAULT_ERROR", {"description": "Any other problem.", "content": content})


def describe(api: Api) -> None:
    """What the routes cannot say of themselves: the events, the keys, the body of a recording."""
    api.spec.components.security_scheme(
        "key", {"type": "http", "scheme": "bearer", "description": "A key made by `mission-ledger keys create`."}
    )
    api.ma_plugin.map_to_openapi_type(TargetField, None, None)
    api.spec.components.schema("Event", schema=EventSchema)


pages = Blueprint("pages", __name__)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>mission-ledger: the API</title>
<link rel="stylesheet" href="/static/swagger-ui/swagger-ui.css">
</head>
<body>
<noscript>This page needs JavaScript; the same in one document: <a href="/openapi.json">openapi.json</a>.</noscript>
<div id="swagger-ui"></div>
<script src="/static/swagger-ui/swagger-ui-bundle.js"></script>
<script src="/static/docs.js"></script>
</body>
</html>
"""
_POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"


@pages.get("/docs")
def docs() -> Response:
    """The page of documentation."""
    return Response(
        render_template_string(_PAGE),
        content_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": _POLICY},
    )
