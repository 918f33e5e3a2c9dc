"""How an event type is declared: once, as a frozen dataclass with its wire name and its stream.

    @event("pledge.withdrawn", stream="pledge/{pledge}")
    class PledgeWithdrawn:
        '''The pledger takes the pledge back.'''
        pledge: Slug = told("The pledge.")

From that declaration come validation, JSON Schema, forms and documentation; nothing is written twice.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
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
    if isinstance(data, dict):
        party, others = data.get("party"), data.get("jointly_with")
    else:
        party, others = getattr(data, "party", None), getattr(data, "jointly_with", None)
    party = party or "unstated"
    return "+".join(sorted({party, *others})) if others else str(party)


def stream_of(mission: str | None, data: Any) -> str:
    """The stream that an event with these declared `data` belongs to, such as `haiti-mss/pledge/jam-personnel`."""
    path = data.STREAM
    if names := _named_in(path):
        path = path.format_map({name: parties_of(data) if name == "parties" else getattr(data, name) for name in names})
    return f"{mission}/{path}" if mission else path


@lru_cache(maxsize=1_024)
def _named_in(path: str) -> tuple[str, ...]:
    """The fields that stand in braces."""
    return tuple(re.findall(r"\{(\w+)\}", path))
