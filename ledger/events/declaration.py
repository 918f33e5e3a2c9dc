"""How an event type is declared: once, as a frozen dataclass with its wire name and its stream.

    @event("pledge.withdrawn", stream="pledge/{pledge}")
    class PledgeWithdrawn:
        '''The pledger takes the pledge back.'''
        pledge: Slug = told("The pledge.")

From that declaration come validation, JSON Schema, forms and documentation; nothing is written twice.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, TypeVar, dataclass_transform

from ledger.values import optional, told

T = TypeVar("T")
EVENTS: dict[str, Any] = {}
RECORDERS = {
    "recorder": "",
    "admin": "Over HTTP it takes the key of an admin.",
    "operator": "Only the ledger's own commands record it.",
}


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(told, optional))
def event(
    name: str, *, stream: str, ledger_wide: bool = False, about: bool = False, recorder: str = "recorder"
) -> Callable[[type[T]], type[T]]:
    """Register an event type under its wire `name`.

    `stream` names the stream within the mission, with the event's fields in braces; `ledger_wide` events
    belong to no mission; an event `about` another entry goes to that entry's stream. `recorder`: the role that may
    record it, or `operator` where only the ledger's own commands do.
    """

    def declare(cls: type[T]) -> type[T]:
        made: Any = dataclass(frozen=True, kw_only=True)(cls)
        assert name not in EVENTS, name
        assert recorder in RECORDERS, recorder
        assert re.fullmatch(r"[a-z-]+\.[a-z-]+", name), name
        made.TYPE, made.STREAM, made.LEDGER_WIDE, made.ABOUT = name, stream, ledger_wide, about
        made.RECORDER = recorder
        EVENTS[name] = made
        return made

    return declare


def parties_of(data: Any) -> str:
    """The acting parties as one name: `FRA`, or `FRA+OIF` where they act jointly and unsplit. `data`: JSON or declared."""
    take = data.get if isinstance(data, dict) else lambda name: getattr(data, name, None)
    party, others = take("party") or "unstated", take("jointly_with")
    return "+".join(sorted({party, *others})) if others else str(party)


def stream_of(mission: str | None, data: Any) -> str:
    """The stream that an event with these declared `data` belongs to, such as `haiti-mss/pledge/jam-personnel`."""
    values = {part.name: getattr(data, part.name) for part in fields(data)}
    path = data.STREAM.format(**{**values, "parties": parties_of(data)})
    return f"{mission}/{path}" if mission else path
