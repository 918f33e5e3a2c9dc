"""An event as somebody says it, before the ledger records it."""

from dataclasses import dataclass
from typing import Any

from ledger.events import stream_of
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
