"""Forms made from the declarations: the fields of an event, what is typed in them, and the event that it says. Pure.

A field is named by its JSON pointer in the event, such as `/data/items/0/category`, so what the ledger has to say about a place
stands at that place. What is left empty is left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from marshmallow import fields as mf
from marshmallow import validate

from api.sheets import ENVELOPE, read_value
from api.web.typed import Said, indexes
from ledger.events import EVENTS
from ledger.schemas import BooleanField, Fault, Tagged, TextField, said_schema, schema_for
from ledger.values import DateText, DayText, Instrument, MissionName, PartyCode, Slug, Symbol

Faults = Mapping[str, Sequence[str]]
_Plain = tuple[str, str, str, bool, Sequence[str]]
CORRECTED = "entry.corrected"
CHANGED = "/data/data"
MOST_FIELDS = 2_000
_LABELS = {
    "url": "Web address",
    "sha256": "SHA-256 digest",
    "ref": "Reference",
    "also": "Also in",
    "on": "On",
    "by": "By",
}
_SELDOM = {"paragraph", "relation", "confidence", "retrieved", "sha256", "also", "ref", "wikidata"}
_YES_OR_NO = {"yes": "", "no": ""}
_PICKED = {
    "pledge": "pledges", "fulfils": "pledges", "converts": "pledges", "commitment": "commitments", "post": "posts", "target": "targets",
}  # fmt: skip
_PARTY, _MISSION, _SLUG = (kind.__metadata__[0] for kind in (PartyCode, MissionName, Slug))  # type: ignore[attr-defined]
_SYMBOLS = {kind.__metadata__[0] for kind in (Symbol, Instrument)}  # type: ignore[attr-defined]
_DATES = {kind.__metadata__[0] for kind in (DateText, DayText)}  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Node:
    """A place in a form: its pointer in the event, what it is called, and what is wrong there."""

    pointer: str
    label: str
    hint: str
    required: bool
    faults: Sequence[str]

    @property
    def id(self) -> str:
        return "at" + self.pointer.replace("/", "-")

    @property
    def told(self) -> list[str]:
        """What is wrong, as sentences that name the place."""
        return [
            f"{self.label}{'' if text.startswith(('is ', 'must ', 'has ', 'cannot ')) else ':'} {text}"
            for text in self.faults
        ]

    @property
    def is_seldom(self) -> bool:
        """Whether few events say it: shown on demand."""
        return self.pointer.rsplit("/", 1)[1] in _SELDOM


@dataclass(frozen=True)
class Field(Node):
    """A field with what is typed in it. `widget`: line, prose, number, date, select or json."""

    value: str
    widget: str
    example: str = ""
    choices: Mapping[str, str] | None = None
    suggestions: str = ""
    most: int = 0
    is_fixed: bool = False
    nodes: Sequence[Node] = ()

    @property
    def is_said(self) -> bool:
        return bool(self.value.strip())


@dataclass(frozen=True)
class Group(Node):
    """Fields that belong together."""

    nodes: Sequence[Node]

    @property
    def is_said(self) -> bool:
        return any(getattr(node, "is_said", False) for node in self.nodes)


@dataclass(frozen=True)
class Listing(Node):
    """A list of things of one kind, or of one of several `kinds`."""

    nodes: Sequence[Node]
    most: int
    kinds: Sequence[str] = field(default=())

    @property
    def is_said(self) -> bool:
        return any(getattr(node, "is_said", False) for node in self.nodes)


@dataclass(frozen=True)
class Form:
    """The form of an event type; of a correction, the form of the `target_type` with its fields in the place of changes."""

    type_name: str
    target_type: str | None = None

    def nodes(self, said: Said, faults: Faults | None = None) -> list[Node]:
        """The fields, with what is typed in them and what is wrong there."""
        made = _Made(self, said, faults or {})
        top = [made.node(f"/{name}", kind, kind.required) for name, kind in self._top().items()]
        return [node for node in top if node is not None]

    def _top(self) -> dict[str, mf.Field]:
        fields: Mapping[str, mf.Field] = said_schema(self.type_name)().fields
        about = EVENTS[self.type_name].ABOUT
        return {name: fields[name] for name in ENVELOPE[1:] if name in fields and not (about and name == "mission")}

    def inside(self, pointer: str, schema: Any, kind: str = "") -> Mapping[str, mf.Field]:
        """The fields of an object: of a tagged one, those of its `kind`; the target of an event is chosen beforehand."""
        if isinstance(schema, Tagged):
            members: Mapping[str, Any] = schema.type_schemas
            schema = members[kind]()
        about = pointer == "/data" and EVENTS[self.type_name].ABOUT
        fields: Mapping[str, mf.Field] = schema.fields
        return {name: part for name, part in fields.items() if not (about and name == "target")}

    def changes(self, pointer: str) -> Any:
        """The schema of what a correction changes, in the place where it stands."""
        wanted = self.target_type is not None and self.target_type != CORRECTED and pointer == CHANGED
        return schema_for(EVENTS[self.target_type])() if wanted and self.target_type else None

    def event(self, said: Said, target: int | None = None) -> tuple[dict[str, Any], list[Fault]]:
        """The event that is typed, and the fields that could not be read."""
        reader = _Read(self, said)
        said_parts = {name: reader.value(f"/{name}", kind) for name, kind in self._top().items()}
        event = {"type": self.type_name, **{name: value for name, value in said_parts.items() if value is not None}}
        event.setdefault("data", {})
        if target is not None:
            event["data"]["target"] = target
        return event, reader.faults


@dataclass(frozen=True)
class _Made:
    form: Form
    said: Said
    faults: Faults

    def node(self, pointer: str, kind: mf.Field, required: bool, label: str = "") -> Node | None:
        name = pointer.rsplit("/", 1)[1]
        shown = label or label_of(name)
        hint = str(kind.metadata.get("description", ""))
        plain: _Plain = (pointer, shown, hint, required, self.faults.get(pointer, ()))
        if schema := self.form.changes(pointer):
            return Group(*plain, self._inside(pointer, schema))
        if isinstance(kind, mf.Nested):
            return Group(*plain, self._inside(pointer, kind.schema))
        if isinstance(kind, mf.List):
            return self._list(plain, kind)
        return None if fixed(kind) else self._field(plain, kind, name)

    def _inside(self, pointer: str, schema: Any) -> list[Node]:
        chosen = self.said.get(f"{pointer}/kind", "")
        kinds = schema.type_schemas if isinstance(schema, Tagged) else {}
        if kinds and chosen not in kinds:
            return []
        fields = self.form.inside(pointer, schema, chosen)
        made = [self.node(f"{pointer}/{name}", part, part.required) for name, part in fields.items()]
        return [node for node in made if node is not None]

    def _list(self, plain: _Plain, kind: mf.List) -> Listing:
        pointer, label, _, required, _ = plain
        inner = kind.inner
        kinds = (
            list(inner.schema.type_schemas) if isinstance(inner, mf.Nested) and isinstance(inner.schema, Tagged) else []
        )
        places = indexes(self.said, pointer) or ([0] if required and not kinds else [])
        made = [
            self.node(f"{pointer}/{n}", inner, False, self._item_label(pointer, label, n, count))
            for count, n in enumerate(places, 1)
        ]
        return Listing(*plain, [node for node in made if node], getattr(kind, "most", 100), kinds)

    def _item_label(self, pointer: str, label: str, place: int, count: int) -> str:
        kind = self.said.get(f"{pointer}/{place}/kind", "")
        return f"{label} {count}" + (f": {kind}" if kind else "")

    def _field(self, plain: _Plain, kind: mf.Field, name: str) -> Field:
        pointer = plain[0]
        owner = name if not name.isdigit() else pointer.rsplit("/", 2)[1]
        example = kind.metadata.get("example", "")
        most = kind.text.max_length if isinstance(kind, TextField) else 20
        return Field(
            *plain,
            self.said.get(pointer, ""),
            _widget(kind),
            str(example),
            _choices(kind),
            _suggestions(kind, owner),
            most,
        )


def fixed(kind: mf.Field) -> str | None:
    """The one value that a field can have."""
    rule = kind.validate
    return str(rule.comparable) if isinstance(rule, validate.Equal) else None


def _widget(kind: mf.Field) -> str:
    if isinstance(kind, TextField):
        if kind.text.choices is not None:
            return "select"
        if kind.text in _DATES:
            return "date"
        return "prose" if kind.text.free and kind.text.max_length > 500 else "line"
    if isinstance(kind, BooleanField):
        return "select"
    return "number" if isinstance(kind, mf.Integer) else "json" if isinstance(kind, mf.Dict) else "line"


def _choices(kind: mf.Field) -> Mapping[str, str] | None:
    if isinstance(kind, BooleanField):
        return _YES_OR_NO
    return kind.text.choices if isinstance(kind, TextField) else None


def _suggestions(kind: mf.Field, name: str) -> str:
    text = kind.text if isinstance(kind, TextField) else None
    if text is _PARTY:
        return "parties"
    if text is _MISSION:
        return "missions"
    if text is _SLUG:
        return _PICKED.get(name, "")
    return "symbols" if text in _SYMBOLS else ""


def label_of(name: str) -> str:
    """A field's name as people read it."""
    return _LABELS.get(name) or name.replace("_", " ").capitalize()


@dataclass(frozen=True)
class _Read:
    form: Form
    said: Said
    faults: list[Fault] = field(default_factory=list)

    def value(self, pointer: str, kind: mf.Field) -> Any:
        if schema := self.form.changes(pointer):
            return self._object(pointer, schema)
        if isinstance(kind, mf.Nested):
            return self._object(pointer, kind.schema)
        if isinstance(kind, mf.List):
            values = [self.value(f"{pointer}/{place}", kind.inner) for place in indexes(self.said, pointer)]
            return [value for value in values if value is not None] or None
        return self._text(pointer, kind)

    def _object(self, pointer: str, schema: Any) -> dict[str, Any] | None:
        kind = self.said.get(f"{pointer}/kind", "")
        if isinstance(schema, Tagged) and kind not in schema.type_schemas:
            return {"kind": kind} if kind else None
        fields = self.form.inside(pointer, schema, kind)
        read = {name: self.value(f"{pointer}/{name}", part) for name, part in fields.items() if not fixed(part)}
        made = {name: value for name, value in read.items() if value is not None}
        constants = {name: text for name, part in fields.items() if (text := fixed(part))}
        return {**constants, **made} if made or kind else None

    def _text(self, pointer: str, kind: mf.Field) -> Any:
        text = self.said.get(pointer, "").replace("\r\n", "\n").strip()
        if not text:
            return None
        try:
            return read_value(kind, text)
        except ValueError as error:
            self.faults.append(Fault(pointer, str(error)))
            return text


# --- what is wrong -----------------------------------------------------------------------------------------------------


def every(nodes: Iterable[Node]) -> Iterator[Node]:
    """All places of a form, in their order."""
    for node in nodes:
        yield node
        yield from every(getattr(node, "nodes", ()))


def told_faults(nodes: Iterable[Node], within: str = "") -> Iterator[tuple[str, str]]:
    """What is wrong in a form, in its order: the place's id, and a sentence that names the place and what it is part of."""
    for node in nodes:
        yield from ((node.id, f"{within}{text}") for text in node.told)
        is_part = node.pointer.rsplit("/", 1)[1].isdigit() or (isinstance(node, Group) and node.pointer.count("/") == 1)
        inner = f"{node.label}, " if is_part and node.pointer != "/data" else within
        yield from told_faults(getattr(node, "nodes", ()), inner)


def placed(faults: Iterable[Fault], nodes: Sequence[Node]) -> dict[str, list[str]]:
    """The faults by the nearest place that the form has; those that belong to none under the empty pointer."""
    places, found = {node.pointer for node in every(nodes)}, dict[str, list[str]]()
    for fault in faults:
        pointer = fault.pointer
        while pointer and pointer not in places:
            pointer = pointer.rsplit("/", 1)[0]
        found.setdefault(pointer, []).append(fault.detail)
    return found
