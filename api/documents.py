"""How answers and problems are documented: shapes as schemas, and what an address may answer with.

A shape documents; it neither loads nor dumps. Tests hold every real answer against it.
"""

import types
import typing
from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema
from marshmallow import fields as mf

from api.problems import MEDIA_TYPE, PROBLEMS
from api.shapes import ProblemDocument
from ledger.schemas import schema_for
from ledger.values import Item, Money, PersonnelItem, Source

View = TypeVar("View", bound=Callable[..., Any])


@cache
def shape(declared: Any) -> type[Schema]:
    """The schema that documents a declared shape: every field is there, those that may be empty are null then."""
    hints = get_type_hints(declared)
    made = {part.name.rstrip("_"): _field(hints[part.name], part.metadata) for part in fields(declared)}
    return type(
        declared.__name__,
        (Schema,),
        {**made, "__doc__": declared.__doc__, "Meta": type("Meta", (), {"unknown": RAISE})},
    )


def _field(annotation: Any, about: Any) -> mf.Field:
    parts = get_args(annotation) if get_origin(annotation) in (typing.Union, types.UnionType) else (annotation,)
    rest = tuple(part for part in parts if part is not type(None))
    metadata = {name: about[name] for name in ("description", "example") if about.get(name) is not None}
    options: dict[str, Any] = {
        "required": not about.get("left_out"),
        "allow_none": len(rest) < len(parts),
        "metadata": metadata,
    }
    if set(rest) == {int, str}:
        return mf.Raw(**{**options, "metadata": {**metadata, "type": ["integer", "string"]}})
    if rest == get_args(Item):
        return mf.Nested(schema_for(Item)(), **options)
    return _one(rest[0], options)


def _one(kind: Any, options: dict[str, Any]) -> mf.Field:
    simple: dict[Any, type[mf.Field]] = {str: mf.String, int: mf.Integer, bool: mf.Boolean}
    if kind in simple:
        return simple[kind](**options)
    if kind is Any:
        return mf.Raw(**{**options, "allow_none": True})
    if get_origin(kind) is tuple:
        return mf.List(_field(get_args(kind)[0], {}), **options)
    if get_origin(kind) is dict:
        return mf.Dict(keys=mf.String(), values=_field(get_args(kind)[1], {}), **options)
    return mf.Nested((schema_for if kind in (Money, PersonnelItem, Source) else shape)(kind)(), **options)


def documented(decorator: Callable[[View], View]) -> Callable[[View], View]:
    """What a decorator of flask-smorest documents, said of the view itself: the view is then called without it."""

    def wrap(view: View) -> View:
        view._apidoc = decorator(view)._apidoc  # type: ignore[attr-defined]
        return view

    return wrap


def answers_with(blueprint: Blueprint, status: int, schema: type[Schema], **options: Any) -> Callable[[View], View]:
    """Document what the view answers with where nothing goes wrong."""
    return documented(blueprint.response(status, schema, **options))


def explains(blueprint: Blueprint, *codes: str) -> Callable[[View], View]:
    """Document the problems that an address may answer with, one response for each HTTP status."""
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(PROBLEMS[code].status, []).append(code)

    def wrap(view: View) -> View:
        for status, among in by_status.items():
            told_ = " ".join(f"`{code}`: {PROBLEMS[code].title}" for code in among)
            example = {
                "type": f"/problems/{among[0]}",
                "title": PROBLEMS[among[0]].title,
                "status": status,
                "detail": PROBLEMS[among[0]].title,
            }
            view = documented(
                blueprint.alt_response(
                    status, schema=shape(ProblemDocument), content_type=MEDIA_TYPE, description=told_, example=example
                )
            )(view)
        return view

    return wrap


def listed(blueprint: Blueprint) -> Callable[[View], View]:
    """Document that a list comes as NDJSON and CSV too."""

    def wrap(view: View) -> View:
        for media in ("application/x-ndjson", "text/csv"):
            view = documented(blueprint.alt_response(200, schema={"type": "string"}, content_type=media, success=True))(
                view
            )
        return view

    return wrap
