"""An event as somebody says it, before the ledger records it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ledger import codec
from ledger.annotations import Part, parts_of
from ledger.events import EVENTS, stream_of
from ledger.values import DateText, MissionName, Prose, Ref, Source, as_json, optional, told


@dataclass(frozen=True, kw_only=True)
class Event:
    """What is said: of which mission, since when, what, on which source. `data` is a declared event instance."""

    effective: DateText = told("When the fact holds in the world, as precisely as it is known.")
    source: Source | None = optional("Where it stands.")
    note: Prose | None = optional("What the fields cannot say.")
    ref: Ref | None = optional(
        "The recorder's own name for the event, unique in the ledger; corrections may name it as their target."
    )
    expected_version: int | None = optional(
        "Version that the stream must have; 0 for a stream that must not exist yet."
    )
    data: Any = told("What is said.")
    mission: MissionName | None = optional("The mission.")

    @property
    def type(self) -> str:
        return self.data.TYPE

    @cached_property
    def stream(self) -> str:
        """The stream it belongs to; of an event about another entry, the empty string until the target is known."""
        return "" if self.data.ABOUT else stream_of(self.mission, self.data)

    @cached_property
    def told(self) -> dict[str, Any]:
        """What a payload holds, as plain JSON data."""
        return {"data": as_json(self.data), "source": as_json(self.source), "note": self.note}

    @cached_property
    def payload(self) -> bytes:
        """What it says, as the bytes that are stored. Raises ValueError where they cannot be written."""
        return codec.canonical(self.told)


def parts_sent(declared: Any) -> list[Part]:
    """The parts of an event of a declared type, but for its `type`: an event about an entry takes its mission from the target."""
    parts = {part.name: part for part in parts_of(Event)}
    parts["data"] = parts["data"]._replace(annotation=declared)
    parts["mission"] = parts["mission"]._replace(required=not declared.ABOUT)
    return [part for part in parts.values() if part.name != "mission" or not declared.LEDGER_WIDE]


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
