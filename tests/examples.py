"""Examples made from the declarations alone: what the documentation and the forms can show of every event type."""

from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from ledger.events import EVENTS
from ledger.texts import Text

CHANGES_SOMETHING = {"entry.corrected": {"effective": "2024-03"}}


class NoExample(Exception):
    """The declaration does not say enough for an example to be made."""


def example_event(type_name: str) -> dict[str, Any]:
    """An event of the type as JSON: its required fields, and those optional ones that bear an example."""
    declared = EVENTS[type_name]
    data = {**_example_data(declared), **CHANGES_SOMETHING.get(type_name, {})}
    mission = {} if declared.LEDGER_WIDE or declared.ABOUT else {"mission": "haiti-mss"}
    return {"type": type_name, "effective": "2024-03-05", **mission, "data": data}


def _example_data(declared: Any) -> dict[str, Any]:
    hints = get_type_hints(declared, include_extras=True)
    shown = [part for part in fields(declared) if part.default is MISSING or part.metadata.get("example") is not None]
    return {part.name: example_of(hints[part.name], part.metadata.get("example")) for part in shown}


def example_of(annotation: Any, own: Any = None) -> Any:
    """The field's own example, else one that its type provides. Raises NoExample."""
    if own is not None:
        return own
    origin, parts = get_origin(annotation), [part for part in get_args(annotation) if part is not NoneType]
    if origin is Annotated:
        return _example_text(next(mark for mark in annotation.__metadata__ if isinstance(mark, Text)))
    if origin is Literal:
        return parts[0]
    if origin is tuple:
        return [example_of(parts[0])]
    if origin in (Union, UnionType):
        return 0 if int in parts else example_of(parts[0])
    if is_dataclass(annotation):
        return _example_data(annotation)
    raise NoExample(annotation)


def _example_text(text: Text) -> str:
    """Its example, a code of its list, or plain words where any words will do."""
    if text.example:
        return text.example
    if text.choices:
        return next(iter(text.choices))
    try:
        return text.check("Plain words, as they are said.")
    except ValueError:
        raise NoExample(text.meaning) from None
