"""An event as somebody says it, before the ledger records it."""

from dataclasses import dataclass
from typing import Any

from ledger.events import EVENTS, stream_of
from ledger.values import Source


@dataclass(frozen=True, kw_only=True)
class Event:
    """What is said: of which mission, since when, what, on which source. `data` is a declared event instance."""

    data: Any
    effective: str
    mission: str | None = None
    source: Source | None = None
    note: str | None = None
    ref: str | None = None
    expected_version: int | None = None

    @property
    def type(self) -> str:
        return self.data.TYPE

    @property
    def stream(self) -> str:
        """The stream it belongs to; of an event about another entry, the empty string until the target is known."""
        return "" if self.data.ABOUT else stream_of(self.mission, self.data)


@dataclass(frozen=True, kw_only=True)
class Untold:
    """In the place of an event's data: what is known of an entry of another ledger whose payload was removed there.

    It keeps the entry's place, and is recorded together with the redaction that removes it. `stream` is without the mission.
    """

    stream: str
    target: int | None = None


def untold(type_name: str, stream: str, target: int | None) -> Any:
    """An `Untold` that is declared as the event type is."""
    declared = EVENTS[type_name]
    as_declared = {name: getattr(declared, name) for name in ("TYPE", "ABOUT", "LEDGER_WIDE", "RECORDER")}
    return type(f"Untold{declared.__name__}", (Untold,), {**as_declared, "STREAM": "{stream}"})(
        stream=stream, target=target
    )
