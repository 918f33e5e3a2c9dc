"""Rows that `export` wrote, read back: what they say, where they stood, and which other entries they name.

A position in such a file means the place in the ledger that it was exported from. Targets in it mean those positions. An entry
whose payload was removed keeps its place, without anything that it said.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, get_args, get_type_hints

from api.sheets import ENVELOPE, LEDGERS_OWN, Row
from ledger.events import EVENTS
from ledger.said import Event, Untold, untold
from ledger.schemas import Fault as InvalidFault
from ledger.schemas import Invalid, parse_data, parse_event
from ledger.values import as_json, is_position

_TARGETS = frozenset(
    name
    for declared in EVENTS.values()
    if declared.ABOUT
    for name, hint in get_type_hints(declared).items()
    if {int, str} <= set(get_args(hint))
)


def content_of(row: Row) -> dict[str, Any]:
    """What an exported row says, whatever else the ledger told of it."""
    removed = {name: row.event.get(name) for name in ("stream", "target")} if row.event.get("redaction") else {}
    return {**_sayable(row.event), **removed, "position": position_of(row)}


def position_of(row: Row) -> Any:
    return row.event.get("position") if isinstance(row.event, dict) else None


def _sayable(exported: Mapping[str, Any]) -> dict[str, Any]:
    """An exported entry as an event again: without what is the ledger's, and without what is null."""
    kept = {name: value for name, value in exported.items() if name not in LEDGERS_OWN}
    return {name: value for name, value in kept.items() if value is not None or name not in ENVELOPE}


def event_of(row: Row) -> Event:
    """The event of a row. Raises Invalid."""
    if position_of(row) is None:
        return parse_event(row.event)
    return _untold(row.event) if row.event.get("redaction") else parse_event(_sayable(row.event))


def _untold(exported: Mapping[str, Any]) -> Event:
    """An exported entry whose payload was removed, as far as its envelope tells. Raises Invalid."""
    type_name, mission, stream = (exported.get(name) for name in ("type", "mission", "stream"))
    faults = _faults_outside_data(exported)
    if type_name in EVENTS:
        faults += _faults_of_place(EVENTS[type_name], mission, stream, exported.get("target"))
    if faults:
        raise Invalid(faults)
    data = untold(str(type_name), str(stream).removeprefix(f"{mission}/"), exported.get("target"))
    return Event(data=data, effective=exported["effective"], mission=mission, ref=exported.get("ref"))


def _faults_outside_data(exported: Mapping[str, Any]) -> list[InvalidFault]:
    try:
        parse_event({**_sayable(exported), "data": {}})
    except Invalid as error:
        return [fault for fault in error.faults if not fault.pointer.startswith("/data")]
    return []


def _faults_of_place(declared: Any, mission: Any, stream: Any, target: Any) -> list[InvalidFault]:
    """What stands in the way of giving a removed entry its place again."""
    if declared.ABOUT:
        return [] if is_position(target) else [InvalidFault("/target", "is not the position of an entry")]
    path = declared.STREAM if mission is None else f"{mission}/{declared.STREAM}"
    pattern = "[^/]+".join(map(re.escape, re.split(r"{\w+}", path)))
    if isinstance(stream, str) and re.fullmatch(pattern, stream):
        return []
    return [InvalidFault("/stream", f"is no stream of {declared.TYPE}; it is written as {path}")]


def targets_of(event: Event) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []

    def note(pointer: str, target: int) -> int:
        found.append((pointer, target))
        return target

    if event.data.ABOUT:
        _retargeted(as_json(event.data), note)
    return found


def _retargeted(data: Mapping[str, Any], place: Callable[[str, int], int], at: str = "/data") -> dict[str, Any]:
    """The data of an event about another entry with its targets moved; a correction may correct a target, or another correction."""
    moved = dict(data)
    for name, value in data.items():
        if name in _TARGETS and type(value) is int:
            moved[name] = place(f"{at}/{name}", value)
        elif name == "data" and isinstance(value, dict):
            moved[name] = _retargeted(value, place, f"{at}/data")
    return moved


def moved(event: Event, place: Callable[[int], int]) -> Event:
    if not event.data.ABOUT:
        return event
    if isinstance(event.data, Untold):
        return replace(event, data=replace(event.data, target=place(event.data.target or 0)))
    data = _retargeted(as_json(event.data), lambda _, target: place(target))
    return replace(event, data=parse_data(event.type, data))
