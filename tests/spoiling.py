"""An event as the contract has it, ways to spoil it at one place, and what is then told."""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from ledger.schemas import Fault, Invalid, parse_event
from tests.builders import money, said

CONTRACT = {
    "mission": "haiti-mss",
    "type": "pledge.notified",
    "effective": "2024-03-05",
    "data": {
        "pledge": "jam-personnel",
        "party": "JAM",
        "items": [
            {"kind": "personnel", "category": "troops", "minimum": 170, "maximum": 170},
            {"kind": "personnel", "category": "individual_police", "minimum": 30, "maximum": 30},
        ],
    },
    "source": {"symbol": "S/2024/262"},
    "note": "Jamaica Defence Force and Constabulary Force",
}
PAID = said(
    "contribution.received",
    party="CAN",
    channel="un_trust_fund",
    money=money("60000000.50", "CAD"),
    source={"url": "https://example.org/paid", "published": "2024-03", "also": ["A newspaper"]},
)
FIRST = "/data/items/0"
Path = Sequence[str | int]


def with_value(event: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(event)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


def without(event: dict[str, Any], path: Path) -> dict[str, Any]:
    changed = with_value(event, path, None)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return changed


def steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def path_to(pointer: str, document: Any) -> list[str | int]:
    """A JSON pointer as keys and indexes of `document`, the last of which may be new."""
    path: list[str | int] = []
    for step in steps(pointer):
        path.append(int(step) if isinstance(document, list) else step)
        document = document.get(step) if isinstance(document, dict) else document[int(step)]
    return path


def faults(raw: Any) -> list[Fault]:
    with pytest.raises(Invalid) as invalid:
        parse_event(raw)
    return invalid.value.faults


def fault(raw: Any) -> tuple[str, str]:
    (only,) = faults(raw)
    return only.pointer, only.detail


def places(document: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path to every part of a document."""
    parts: Any = document.items() if isinstance(document, dict) else ()
    parts = enumerate(document) if isinstance(document, list) else parts
    for step, part in parts:
        yield (*at, step)
        yield from places(part, (*at, step))
