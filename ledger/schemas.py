"""marshmallow schemas derived from the declarations in `ledger.events` and `ledger.values`.

`parse_event` turns JSON into an `Event` or raises `Invalid`, whose faults point (RFC 6901) at each wrong
field and say what to do. What fits is read by `ledger.readers`, many times faster; the schemas read only what does
not, and explain. The same schemas document the API.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

from marshmallow import Schema, ValidationError, post_load, validate
from marshmallow import fields as mf
from marshmallow_oneofschema import OneOfSchema

from ledger.annotations import bounds_of, is_union, members_of, most_of, parts_of, text_of, without_none
from ledger.events import EVENTS
from ledger.events.about_entries import EntryCorrected
from ledger.events.declaration import RECORDERS
from ledger.readers import MAX_DEPTH, MAX_NAME, is_too_deep, read_data, read_event
from ledger.said import Event, parts_sent
from ledger.texts import Text, nearest_first
from ledger.values import Ref, Unfit, is_position


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a request: where (a JSON pointer) and what, as a sentence that says what to do."""

    pointer: str
    detail: str


class Invalid(ValueError):
    """Input that fits no event: carries every fault found."""

    def __init__(self, faults: list[Fault]):
        super().__init__("; ".join(f"{fault.pointer or '/'}: {fault.detail}" for fault in faults))
        self.faults = faults


class TextField(mf.String):
    """A string that a `Text` checks and brings into its normal form."""

    def __init__(self, text: Text, **more: Any):
        super().__init__(**more)
        self.text = text

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError(f"must be a string: {self.text.meaning}")
        try:
            return self.text.check(value)
        except ValueError as error:
            raise ValidationError(str(error)) from error


class TargetField(mf.Field):
    """A position (integer) or a ref (string)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int | str:
        if is_position(value):
            return value
        if isinstance(value, str):
            return TextField(text_of(Ref)).deserialize(value)
        raise ValidationError("must be an entry's position (a number from 0) or the ref that its recorder gave it")


class ChangesField(mf.Dict):
    """The changed fields of a correction: plain JSON of limited depth, checked in full against the corrected type later."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[Any, Any]:
        changes = super()._deserialize(value, attr, data, **kwargs)
        if is_too_deep(changes):
            raise ValidationError(f"is nested more than {MAX_DEPTH} levels deep")
        return changes


class ListField(mf.List):
    """A list that is counted before it is read: a long one is told to be long, not all that is wrong in it."""

    def __init__(self, inner: mf.Field, most: int, **more: Any):
        super().__init__(inner, validate=validate.Length(1, most, error="must hold {min} to {max} things"), **more)
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if isinstance(value, list) and len(value) > self.most:
            raise ValidationError(f"must hold 1 to {self.most} things")
        return super()._deserialize(value, attr, data, **kwargs)


class BooleanField(mf.Boolean):
    """true or false, and nothing that merely looks like it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("must be true or false")
        return value


class DeclaredSchema(Schema):
    """A schema whose refusals of unknown fields name the nearest right ones."""

    declared: type | None = None

    def load(self, data: Any, **options: Any) -> Any:
        if not isinstance(data, dict):
            raise ValidationError("must be a JSON object")
        try:
            return super().load(data, **options)
        except ValidationError as error:
            raise ValidationError(name_unknown(error.messages, list(self.fields))) from error

    @post_load
    def made(self, data: dict[str, Any], **_: Any) -> Any:
        if self.declared is None:
            return data
        try:
            return self.declared(
                **{name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
            )
        except Unfit as error:
            raise ValidationError({error.field: [str(error)]}) from error


def name_unknown(messages: Any, known: list[str]) -> Any:
    """The messages with `Unknown field.` replaced by a sentence that names the nearest fields."""
    if not isinstance(messages, dict):
        return messages
    return {
        name: [f"is not a field here; the fields are: {nearest_first(str(name), known)}"]
        if told == ["Unknown field."]
        else told
        for name, told in messages.items()
    }


class Tagged(OneOfSchema):
    """One of several declared classes, told apart by a field."""

    type_field_remove = False

    def load(self, data: Any, **options: Any) -> Any:
        tag = data.get(self.type_field) if isinstance(data, dict) else None
        if not isinstance(data, dict):
            raise ValidationError("must be a JSON object")
        if tag is None:
            raise ValidationError(
                {self.type_field: [f"is missing; it is one of: {nearest_first('', self.type_schemas)}"]}
            )
        if not isinstance(tag, str) or tag not in self.type_schemas:
            raise ValidationError(
                {self.type_field: [f"{str(tag)[:80]!r} is not one of: {nearest_first(str(tag), self.type_schemas)}"]}
            )
        return super().load(data, **options)


def _text_field(text: Text, options: dict[str, Any]) -> mf.Field:
    about: dict[str, Any] = {} if text.choices else {"maxLength": text.max_length, "minLength": 1}
    if text.choices:
        about["enum"] = list(text.choices)
    elif text.pattern != Text.pattern:
        about["pattern"] = f"^(?:{text.pattern})$"
    options["metadata"] = about | {key: value for key, value in options["metadata"].items() if value is not None}
    if text.example and "example" not in options["metadata"]:
        options["metadata"]["example"] = text.example
    return TextField(text, **options)


def _number_field(annotated: Any, options: dict[str, Any]) -> mf.Field:
    bounds = validate.Range(*bounds_of(annotated), error="must be from {min} to {max}")
    return mf.Integer(
        strict=True, validate=bounds, error_messages={"invalid": "must be a whole number, without quotes"}, **options
    )


def field_for(annotation: Any, metadata: Mapping[str, Any], required: bool) -> mf.Field:
    """The marshmallow field for one declared field."""
    annotation = without_none(annotation)
    shown = {"description": metadata.get("description"), "example": metadata.get("example")}
    options: dict[str, Any] = {
        "required": required,
        "metadata": {k: v for k, v in shown.items() if v is not None},
        "error_messages": {"required": "is missing", "null": "must not be null; leave it out instead"},
    }
    if get_origin(annotation) is Annotated:
        return _text_field(text_of(annotation), options)
    if get_origin(annotation) is Literal:
        options["error_messages"]["invalid"] = f"must be {get_args(annotation)[0]}"
        return mf.String(validate=validate.Equal(get_args(annotation)[0], error="must be {other}"), **options)
    if get_origin(annotation) is tuple:
        options["error_messages"]["invalid"] = "must be a list"
        return ListField(field_for(get_args(annotation)[0], {}, True), most_of(metadata), **options)
    if annotation == int | str:
        options["metadata"]["type"] = ["integer", "string"]
        return TargetField(**options)
    if annotation is bool:
        return BooleanField(**options)
    if annotation is int:
        bounds = options.pop("error_messages")
        made = _number_field(metadata, options)
        made.error_messages.update(bounds)
        return made
    if get_origin(annotation) is dict:
        options["error_messages"]["invalid"] = "must be a JSON object"
        length = validate.Length(max=MAX_NAME, error="is no field's name: longer than {max} characters")
        return ChangesField(keys=mf.String(validate=length), **options)
    return mf.Nested(schema_for(annotation)(), **options)


@cache
def schema_for(declared: Any) -> type[Schema]:
    """The schema class of a declared class, or of a union of classes told apart by their `kind`."""
    if is_union(declared):
        members = {kind: schema_for(member) for kind, member in members_of(declared).items()}
        return type(
            "Or".join(member.__name__ for member in get_args(declared)),
            (Tagged,),
            {"type_field": "kind", "type_schemas": members, "get_obj_type": lambda self, obj: obj.kind},
        )
    made = {part.name: field_for(part.annotation, part.metadata, part.required) for part in parts_of(declared)}
    return type(declared.__name__, (DeclaredSchema,), {**made, "declared": declared, "__doc__": declared.__doc__})


class _SaidSchema(DeclaredSchema):
    @post_load
    def made(self, data: dict[str, Any], **_: Any) -> Event:
        data.pop("type")
        return Event(**data)


@cache
def said_schema(type_name: str) -> type[Schema]:
    """The schema of a whole event of one type, as it is sent to be recorded."""
    declared = EVENTS[type_name]
    who = f"The event type. {RECORDERS[declared.RECORDER]}".rstrip()
    named = mf.String(required=True, validate=validate.Equal(type_name), metadata={"description": who})
    made = {part.name: field_for(part.annotation, part.metadata, part.required) for part in parts_sent(declared)}
    return type("Event" + declared.__name__, (_SaidSchema,), {"type": named, **made, "__doc__": declared.__doc__})


class EventSchema(Tagged):
    """Any event, told apart by its `type`."""

    type_schemas = {name: said_schema(name) for name in EVENTS}  # noqa: RUF012  (as the library declares it)

    def get_obj_type(self, obj: Event) -> str:
        return obj.type


_EVENT = EventSchema()


def parse_event(raw: Any, at: str = "") -> Event:
    """The event that `raw` JSON data says. Raises Invalid with every fault, pointers beginning with `at`."""
    event = read_event(raw) or _loaded(_EVENT, raw, at)
    check_correction(event, at)
    return event


def _loaded(schema: Schema, raw: Any, at: str) -> Any:
    try:
        return schema.load(raw)
    except ValidationError as error:
        raise Invalid(faults_of(error.messages, at)) from error


def check_correction(event: Event, at: str) -> None:
    """A correction must change something."""
    changed = event.data
    if (
        isinstance(changed, EntryCorrected)
        and changed.effective is None
        and not changed.data
        and changed.source is None
    ):
        raise Invalid([Fault(f"{at}/data", "corrects nothing; give effective, data or source as they should be")])


def parse_data(type_name: str, raw: Any, at: str = "") -> Any:
    """The declared data of an event of `type_name`, such as a target's data after a correction. Raises Invalid."""
    return read_data(type_name, raw) or _loaded(schema_for(EVENTS[type_name])(), raw, at)


def faults_of(messages: Any, at: str = "") -> list[Fault]:
    """marshmallow's nested messages as a flat list of faults with JSON pointers."""
    if isinstance(messages, dict):
        return [fault for name, told in messages.items() for fault in faults_of(told, _step(at, name))]
    return [Fault(at, str(message)) for message in (messages if isinstance(messages, list) else [messages])]


def _step(at: str, name: Any) -> str:
    if name == "_schema":
        return at
    return f"{at}/{str(name).replace('~', '~0').replace('/', '~1')}"
