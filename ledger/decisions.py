"""Whether an event can be: pure decisions over what stands in the ledger.

What cannot be is refused: an unknown pledge, a second withdrawal, a correction that makes an entry invalid.
What is merely odd is let through and becomes a finding, for the ledger records what is claimed about the world.
`decide` decides; `ledger.known` says what it has to know, `ledger.rules` what each type demands of its subject's
history, `ledger.about_entries` what may be said about an entry.
"""

from dataclasses import dataclass, replace
from typing import Any

from ledger.about_entries import CHECKS
from ledger.corrections import in_normal_form
from ledger.entries import MAX_PAYLOAD, Entry
from ledger.events.about_entries import EntryCorrected
from ledger.known import Known, not_there, references
from ledger.refusals import Refusal
from ledger.rules import OPENING, READS, RULES
from ledger.said import Event, Untold
from ledger.standing import Standing, standing


@dataclass(frozen=True)
class Accepted:
    """An event that may be recorded, with its targets as positions, and where it goes."""

    event: Event
    stream: str
    mission: str | None
    root: int | None


Named = list[tuple[str, str]]


def decide(event: Event, known: Known) -> Accepted | list[Refusal]:
    """Accept `event` or say everything that stands against it.

    That is nothing where it is about a refused event of its batch: it is judged once that one is mended.
    """
    decision = _judged(event, known)
    return _too_large(decision.event) or decision if isinstance(decision, Accepted) else decision


def _too_large(event: Event) -> list[Refusal]:
    size = len(event.payload)
    if size <= MAX_PAYLOAD:
        return []
    text = f"data, source and note together are {size} bytes; at most {MAX_PAYLOAD} fit in an entry"
    return [Refusal("too-large", "", text)]


def _judged(event: Event, known: Known) -> Accepted | list[Refusal]:
    if event.ref in known.refs:
        text = f"entry {known.refs[event.ref]} bears the ref {event.ref!r} already; choose another"
        return [Refusal("ref-taken", "/ref", text)]
    if event.data.RECORDER == "operator" and not known.reopening:
        return [Refusal("not-possible-now", "/type", f"{event.type} is recorded by `mission-ledger log reopen` alone")]
    return _about_an_entry(event, known) if event.data.ABOUT else _about_a_subject(event, known)


def _about_a_subject(event: Event, known: Known) -> Accepted | list[Refusal]:
    named = references(event.mission, event.data)
    found = [*_unknown_mission(event, known), *_names_itself(event, named), *_unknown_references(named, known)]
    if not found and event.type in RULES and not isinstance(event.data, Untold):
        found = _against_rules(event, known)
    return (found + _moved(event, event.stream, known)) or Accepted(event, event.stream, event.mission, None)


def _against_rules(event: Event, known: Known) -> list[Refusal]:
    opening = OPENING[event.type]
    if opening is not None and known.has_begun(event.stream, opening):
        return []
    read = known.of_types(event.stream, READS[event.type])
    if not known.is_told(read):
        return []
    stood = _in_order(read)
    return [refusal for rule in RULES[event.type] if (refusal := rule(event.data, stood))]


def _moved(event: Event, stream: str, known: Known) -> list[Refusal]:
    actual = known.versions.get(stream, 0)
    if event.expected_version is None or event.expected_version == actual:
        return []
    detail = f"stream {stream} is at version {actual}, not {event.expected_version}; read it again and decide anew"
    return [Refusal("version-conflict", "/expected_version", detail, actual)]


def _unknown_mission(event: Event, known: Known) -> list[Refusal]:
    if event.data.LEDGER_WIDE or event.type == "mission.registered":
        return []
    if known.has_begun(f"{event.mission}/mission", ("mission.registered",)):
        return []
    text = f"mission {event.mission!r} is not registered; record mission.registered first"
    return [Refusal("unknown-subject", "/mission", text)]


def _unknown_references(named: Named, known: Known) -> list[Refusal]:
    unknown = [pair for pair in named if not known.has_begun(pair[1])]
    return [Refusal("unknown-subject", pointer, not_there(stream)) for pointer, stream in unknown]


def _names_itself(event: Event, named: Named) -> list[Refusal]:
    return [
        Refusal("not-possible-now", pointer, "it cannot take the place of itself; leave the name out")
        for pointer, stream in named
        if stream == event.stream
    ]


def _in_order(entries: list[Entry]) -> list[Standing]:
    return sorted(standing(entries), key=lambda s: (s.first, s.position))


def _about_an_entry(event: Event, known: Known) -> Accepted | list[Refusal]:
    named = {name: value for name in ("target", "rival") if (value := getattr(event.data, name, None)) is not None}
    if known.refused & set(named.values()):
        return []
    found = {name: entry for name, value in named.items() if (entry := _entry(value, known))}
    if len(found) < len(named):
        missing = [name for name in named if name not in found]
        return [Refusal("unknown-entry", f"/data/{name}", f"there is no entry {named[name]!r}") for name in missing]
    data = replace(event.data, **{name: entry.position for name, entry in found.items()})
    return _checked(event, data, found["target"], known)


def _checked(event: Event, data: Any, target: Entry, known: Known) -> Accepted | list[Refusal]:
    refusals = [refusal for check in CHECKS if (refusal := check(event, data, target, known))]
    refusals += _moved(event, target.stream, known)
    if refusals:
        return refusals
    if isinstance(data, EntryCorrected) and data.data and known.is_told(known.families[target.root]):
        data = replace(data, data=in_normal_form(data.data, target, known))
    return Accepted(replace(event, data=data), target.stream, target.mission, target.root)


def _entry(target: int | str, known: Known) -> Entry | None:
    return known.entries.get(known.refs.get(target, -1) if isinstance(target, str) else target)
