"""A ledger in memory: entries made by the real builder with fixed ids and salts, and questions put to them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ledger.decisions import Accepted, decide
from ledger.entries import Entry, enter, without_payload
from ledger.known import Known, needs, needs_of_corrections
from ledger.schemas import parse_event
from ledger.standing import REDACTED
from projections.answers import PROJECTIONS, Rows, folded_rows, make
from tests.builders import MISSION

LATE = "2199-12-31"


def entered(*events: dict[str, Any]) -> list[Entry]:
    """The events as entries, in this order, undecided; refs among them become positions."""
    entries: list[Entry] = []
    for event in events:
        entries.append(_entered(event, entries))
        if entries[-1].type == REDACTED and entries[-1].target is not None:
            entries[entries[-1].target] = without_payload(entries[entries[-1].target])
    return entries


def _entered(said: dict[str, Any], earlier: Sequence[Entry]) -> Entry:
    event, position = parse_event(said), len(earlier)
    refs = {entry.ref: entry.position for entry in earlier if entry.ref}
    stream, mission, root = event.stream, event.mission, position
    if event.data.ABOUT:
        named = {name: getattr(event.data, name, None) for name in ("target", "rival")}
        found = {name: refs.get(value, value) for name, value in named.items() if value is not None}
        event = replace(event, data=replace(event.data, **found))
        target = earlier[event.data.target]
        stream, mission, root = target.stream, target.mission, target.root
    return enter(
        event,
        position=position,
        entry_id=f"entry-{position}",
        stream=stream,
        version=1 + sum(entry.stream == stream for entry in earlier),
        mission=mission,
        root=root,
        recorded_at=f"2025-01-01T00:00:00.{position:06d}Z",
        actor="tester",
        salt=position.to_bytes(32, "big"),
    )


def rows(*events: dict[str, Any], valid_at: str = LATE) -> Rows:
    """The folded rows of every projection after the events."""
    names = [projection.name for projection in PROJECTIONS]
    return folded_rows(entered(*events), names, MISSION, valid_at, len(events))


def answer(name: str, *events: dict[str, Any], valid_at: str = LATE) -> Any:
    """One answer of the contract on the day, after the events."""
    return make([name], rows(*events, valid_at=valid_at), valid_at)[name]


def known(entries: Sequence[Entry], *events: dict[str, Any]) -> Known:
    """What a decision about the events is told of the entries, looked up as the store looks it up."""
    said = [parse_event(event) for event in events]
    wanted, found = needs(said), Known()
    for entry in entries:
        if entry.position in wanted.positions or entry.ref in wanted.refs:
            found.entries[entry.position] = entry
            found.refs |= {entry.ref: entry.position} if entry.ref else {}
    for root in {entry.root for entry in found.entries.values()}:
        found.families[root] = [entry for entry in entries if entry.root == root]
    whole = wanted.begun | needs_of_corrections(said, found.entries.values())
    found.streams = {stream: [entry for entry in entries if entry.stream == stream] for stream in whole}
    for stream, types in ((stream, types) for stream, types in wanted.ruling if stream not in whole):
        found.streams[stream] = Known({stream: [e for e in entries if e.stream == stream]}).of_types(stream, types)
    found.versions = {entry.stream: entry.version for entry in entries}
    return found


def decided(history: Sequence[dict[str, Any]], event: dict[str, Any]) -> Accepted | list[tuple[str, str]]:
    """The decision about one more event after a history; of refusals their codes and pointers."""
    decision = decide(parse_event(event), known(entered(*history), event))
    return [(r.code, r.pointer) for r in decision] if isinstance(decision, list) else decision
