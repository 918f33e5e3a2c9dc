"""Whether an event can be: pure decisions over what stands in the ledger.

What cannot be is refused: an unknown pledge, a second withdrawal, a correction that makes an entry invalid.
What is merely odd is let through and becomes a finding, for the ledger records what is claimed about the world.
`needs` says what a decision has to know, `decide` decides, `RULES` is the table of what each type demands.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ledger.entries import MAX_PAYLOAD, Entry, payload_of
from ledger.events import EVENTS
from ledger.events.about_entries import ClaimDisputed, EntryCorrected, EntryRetracted, PayloadRedacted
from ledger.refusals import Refusal
from ledger.said import Event
from ledger.schemas import Invalid, parse_data
from ledger.standing import CORRECTED, Standing, as_it_stands, merge, retracted, standing
from ledger.texts import nearest_first
from ledger.values import as_json, is_position, is_slug

MAX_CHAIN = 32
Refused = Refusal | None
Rule = Callable[[Any, list[Standing]], Refused]


@dataclass
class Known:
    """What the ledger knows that a decision needs; grows with the events of a batch.

    `refused` holds the positions and refs of those that were refused: what is about one of them cannot be judged yet.
    """

    streams: dict[str, list[Entry]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    entries: dict[int, Entry] = field(default_factory=dict)
    refs: dict[str, int] = field(default_factory=dict)
    families: dict[int, list[Entry]] = field(default_factory=dict)
    refused: set[int | str | None] = field(default_factory=set)

    def add(self, entry: Entry) -> None:
        """Take an accepted entry into account for the events after it."""
        self.versions[entry.stream] = entry.version
        self.entries[entry.position] = entry
        self.families.setdefault(entry.root, []).append(entry)
        if entry.ref:
            self.refs[entry.ref] = entry.position
        if entry.stream in self.streams:
            self.streams[entry.stream].append(entry)


@dataclass(frozen=True)
class Needs:
    """Streams to be read, streams whose version is wanted, and the targets and refs to be looked up."""

    streams: frozenset[str]
    versions: frozenset[str]
    positions: frozenset[int]
    refs: frozenset[str]


@dataclass(frozen=True)
class Accepted:
    """An event that may be recorded, with its targets as positions, and where it goes."""

    event: Event
    stream: str
    mission: str | None
    root: int | None


def needs(events: Iterable[Event]) -> Needs:
    """What `decide` has to know about `events`."""
    streams: set[str] = set()
    versions: set[str] = set()
    positions: set[int] = set()
    refs: set[str] = set()
    for event in events:
        refs |= {event.ref} if event.ref else set()
        positions |= {target for target in _targets(event) if isinstance(target, int)}
        refs |= {target for target in _targets(event) if isinstance(target, str)}
        if not event.data.ABOUT:
            versions.add(event.stream)
            streams |= {event.stream} if event.type in RULES else set()
        if event.mission:
            streams.add(f"{event.mission}/mission")
        streams |= {stream for _, stream in _references(event.mission, event.data)}
    return Needs(frozenset(streams), frozenset(versions | streams), frozenset(positions), frozenset(refs))


def needs_of_corrections(events: Iterable[Event], known: Known) -> frozenset[str]:
    """The streams that corrected entries refer to, once their targets are known."""
    batch: dict[int | str, Event] = {event.ref: event for event in events if event.ref}
    missions = {entry.mission for entry in known.entries.values()} | {said.mission for said in batch.values()}
    named = [part for event in events if isinstance(event.data, EntryCorrected) for part in _nested(event.data.data)]
    return frozenset(stream for mission in missions for data in named for stream in _named_streams(mission, data))


def _nested(data: Any) -> list[Any]:
    """The changed fields of a correction; of a correction of a correction, the inner ones as well."""
    found = []
    while isinstance(data, dict):
        found.append(data)
        data = data.get("data")
    return found


def _named_streams(mission: str | None, data: Any) -> set[str]:
    pairs = [(subject, data.get(name)) for name, subject in _REFERENCES.items()]
    return {
        f"{mission}/{subject}/{one}"
        for subject, named in pairs
        for one in (named if isinstance(named, list) else [named])
        if is_slug(one)
    }


def _targets(event: Event) -> list[int | str]:
    """The entries that an event names: its target, a rival, and the rival that a correction gives instead."""
    if not event.data.ABOUT:
        return []
    named = [event.data.target, getattr(event.data, "rival", None)]
    changes = _nested(event.data.data) if isinstance(event.data, EntryCorrected) else []
    instead = [change.get("rival") for change in changes]
    return [name for name in named if name is not None] + [one for one in instead if is_position(one)]


_REFERENCES = {"fulfils": "pledge", "converts": "pledge", "commitment": "commitment", "supersedes": "target"}


def _references(mission: str | None, data: Any) -> list[tuple[str, str]]:
    """The other subjects that an event names: the field's pointer and the stream."""
    found = []
    for name, subject in _REFERENCES.items():
        value = getattr(data, name, None)
        if value is not None and not data.STREAM.startswith(f"{subject}/{{{name}}}"):
            values = value if isinstance(value, tuple) else (value,)
            found += [(f"/data/{name}", f"{mission}/{subject}/{one}") for one in values]
    return found


def decide(event: Event, known: Known) -> Accepted | list[Refusal]:
    """Accept `event` or say everything that stands against it.

    That is nothing where it is about a refused event of its batch: it is judged once that one is mended.
    """
    decision = _judged(event, known)
    return _too_large(decision.event) or decision if isinstance(decision, Accepted) else decision


def _too_large(event: Event) -> list[Refusal]:
    size = len(payload_of(event))
    if size <= MAX_PAYLOAD:
        return []
    text = f"data, source and note together are {size} bytes; at most {MAX_PAYLOAD} fit in an entry"
    return [Refusal("too-large", "", text)]


def _judged(event: Event, known: Known) -> Accepted | list[Refusal]:
    if event.ref in known.refs:
        return [
            Refusal(
                "ref-taken",
                "/ref",
                f"entry {known.refs[event.ref]} bears the ref {event.ref!r} already; choose another",
            )
        ]
    if event.data.ABOUT:
        return _decide_about(event, known)
    found = [*_unknown_mission(event, known), *_names_itself(event), *_unknown_references(event, known)]
    if not found and event.type in RULES:
        found = [
            refusal
            for rule in RULES[event.type]
            if (refusal := rule(event.data, _in_order(known.streams[event.stream])))
        ]
    return (found + _moved(event, event.stream, known)) or Accepted(event, event.stream, event.mission, None)


def _moved(event: Event, stream: str, known: Known) -> list[Refusal]:
    actual = known.versions.get(stream, 0)
    if event.expected_version is None or event.expected_version == actual:
        return []
    detail = f"stream {stream} is at version {actual}, not {event.expected_version}; read it again and decide anew"
    return [Refusal("version-conflict", "/expected_version", detail, actual)]


def _unknown_mission(event: Event, known: Known) -> list[Refusal]:
    if event.data.LEDGER_WIDE or event.type == "mission.registered":
        return []
    if any(s.type == "mission.registered" for s in standing(known.streams[f"{event.mission}/mission"])):
        return []
    return [
        Refusal(
            "unknown-subject",
            "/mission",
            f"mission {event.mission!r} is not registered; record mission.registered first",
        )
    ]


def _unknown_references(event: Event, known: Known) -> list[Refusal]:
    return [
        Refusal(
            "unknown-subject",
            pointer,
            f"{stream.split('/', 1)[1]} is not in the ledger; record it first or correct the name",
        )
        for pointer, stream in _references(event.mission, event.data)
        if not _has_begun(known.streams[stream])
    ]


def _names_itself(event: Event) -> list[Refusal]:
    return [
        Refusal("not-possible-now", pointer, "it cannot take the place of itself; leave the name out")
        for pointer, stream in _references(event.mission, event.data)
        if stream == event.stream
    ]


def _has_begun(entries: list[Entry]) -> bool:
    """Whether anything but claims stands in a stream."""
    return any(s.entry.target is None for s in standing(entries))


def _in_order(entries: list[Entry]) -> list[Standing]:
    return sorted(standing(entries), key=lambda s: (s.first, s.position))


def _decide_about(event: Event, known: Known) -> Accepted | list[Refusal]:
    named = {name: getattr(event.data, name, None) for name in ("target", "rival")}
    if known.refused & {name for name in named.values() if name is not None}:
        return []
    found = {name: _entry(value, known) for name, value in named.items() if value is not None}
    target = found["target"]
    if target is None or None in found.values():
        return [
            Refusal("unknown-entry", f"/data/{name}", f"there is no entry {named[name]!r}")
            for name, entry in found.items()
            if entry is None
        ]
    data = replace(event.data, **{name: entry.position for name, entry in found.items() if entry is not None})
    refusals = [refusal for check in _ABOUT_CHECKS if (refusal := check(event, data, target, known))]
    if isinstance(data, EntryCorrected) and data.data and not refusals:
        data = replace(data, data=_in_normal_form(data.data, target, known))
    event = replace(event, data=data)
    return (refusals + _moved(event, target.stream, known)) or Accepted(
        event, target.stream, target.mission, target.root
    )


def _in_normal_form(change: Mapping[str, Any], target: Entry, known: Known) -> dict[str, Any]:
    """The changed fields in the form in which they would have been recorded, such as a symbol without spaces."""
    merged = merge(as_it_stands(target, known.families[target.root]).data, change)
    stored = as_json(parse_data(target.type, dict(merged)))
    normal = {name: stored.get(name) for name in change}
    if target.type == CORRECTED and normal.get("data"):
        normal["data"] = _in_normal_form(normal["data"], _corrected_by(target, known), known)
    return normal


def _corrected_by(correction: Entry, known: Known) -> Entry:
    return next(entry for entry in known.families[correction.root] if entry.position == correction.target)


def _entry(target: int | str, known: Known) -> Entry | None:
    return known.entries.get(known.refs.get(target, -1) if isinstance(target, str) else target)


def _other_mission(event: Event, data: Any, target: Entry, known: Known) -> Refused:
    if event.mission in (None, target.mission):
        return None
    return Refusal(
        "unknown-entry",
        "/mission",
        f"entry {target.position} belongs to mission {target.mission!r}; leave mission out or name that one",
    )


def _itself(event: Event, data: Any, target: Entry, known: Known) -> Refused:
    if not isinstance(data, ClaimDisputed) or data.rival != data.target:
        return None
    return Refusal("not-possible-now", "/data/rival", "an entry cannot be its own rival")


def _no_claim_about_changes(event: Event, data: Any, target: Entry, known: Known) -> Refused:
    if not data.TYPE.startswith("claim.") or target.type not in (
        "entry.corrected",
        "entry.retracted",
        "payload.redacted",
    ):
        return None
    return Refusal(
        "not-possible-now",
        "/data/target",
        f"entry {target.position} is a {target.type}; make the claim about entry {target.root}",
    )


def _chain_too_long(event: Event, data: Any, target: Entry, known: Known) -> Refused:
    """A correction is settled before what it corrects, one level inside the other: without a limit Python's stack is it."""
    family = {entry.position: entry for entry in known.families[target.root]}
    length, last = 1, target
    while last.target is not None:
        length, last = length + 1, family[last.target]
    if length <= MAX_CHAIN:
        return None
    text = f"entry {target.position} ends a chain of {length} changes of changes; make this one to entry {target.root}"
    return Refusal("not-possible-now", "/data/target", text)


def _retracted_twice(event: Event, data: Any, target: Entry, known: Known) -> Refused:
    if not isinstance(data, EntryRetracted):
        return None
    if target.position not in retracted(known.families[target.root]):
        return None
    return Refusal("not-possible-now", "/data/target", f"entry {target.position} is retracted already")


def _wrong_correction(event: Event, data: Any, target: Entry, known: Known) -> Refused:
    """The corrected entry must be valid by itself, and what it then refers to must exist."""
    if not isinstance(data, EntryCorrected) or not data.data:
        return None
    return _not_valid(data.data, target, known, "/data/data")


def _not_valid(change: Mapping[str, Any], target: Entry, known: Known, pointer: str) -> Refused:
    """What `change` makes of `target`; of a target that is itself a correction, what that then makes of its own."""
    declared = EVENTS[target.type].__dataclass_fields__
    strange = next((name for name in change if name not in declared), None)
    if strange is not None:
        fields = nearest_first(strange, list(declared))
        return Refusal(
            "wrong-correction", f"{pointer}/{strange}", f"{target.type} has no such field; its fields are: {fields}"
        )
    now = as_it_stands(target, known.families[target.root]).data
    check = _moved_claim if EVENTS[target.type].ABOUT else _moved_subject
    moved = check(change, now, target, known, pointer)
    if moved is not None:
        return moved
    merged = merge(now, change)
    try:
        corrected = parse_data(target.type, dict(merged), pointer)
    except Invalid as error:
        return Refusal("wrong-correction", error.faults[0].pointer, error.faults[0].detail)
    if isinstance(corrected, EntryCorrected):
        if "data" not in change:
            return None
        return _not_valid(corrected.data or {}, _corrected_by(target, known), known, f"{pointer}/data")
    return _unknown_after_correction(change, corrected, target, known, pointer)


def _moved_subject(
    change: Mapping[str, Any], now: Mapping[str, Any], target: Entry, known: Known, pointer: str
) -> Refused:
    """What names an entry's subject stays, where decisions read that subject's stream."""
    if target.type not in _JUDGED:
        return None
    stream = EVENTS[target.type].STREAM.replace("{parties}", "{party}{jointly_with}")
    naming = re.findall(r"{(\w+)}", stream)
    moved = next((name for name in naming if name in change and change[name] != now.get(name)), None)
    if moved is None:
        return None
    text = f"{moved} says what the entry is about; retract the entry and record it anew"
    return Refusal("wrong-correction", f"{pointer}/{moved}", text)


def _moved_claim(
    change: Mapping[str, Any], now: Mapping[str, Any], target: Entry, known: Known, pointer: str
) -> Refused:
    """An entry about another stays about that one; the rival that it names may be put right."""
    if change.get("target") not in (None, now.get("target")):
        text = "an entry cannot be made to be about another one; retract it and record it anew"
        return Refusal("wrong-correction", f"{pointer}/target", text)
    rival = change.get("rival")
    there = is_position(rival) and (rival in known.entries or rival in known.refused)
    if rival is None or (there and rival != now.get("target")):
        return None
    text = f"{rival!r} is no other entry's position; name the entry that says otherwise by its position"
    return Refusal("wrong-correction", f"{pointer}/rival", text)


def _unknown_after_correction(
    change: Mapping[str, Any], corrected: Any, target: Entry, known: Known, pointer: str
) -> Refused:
    """What the change refers to must exist; references that it leaves alone were judged when they were made."""
    for field_pointer, stream in _references(target.mission, corrected):
        if field_pointer.removeprefix("/data/") not in change:
            continue
        if stream == target.stream:
            return Refusal("wrong-correction", pointer, "it cannot take the place of itself; leave the name out")
        if not _has_begun(known.streams.get(stream, [])):
            text = f"{stream.split('/', 1)[1]} is not in the ledger; record it first or correct the name"
            return Refusal("unknown-subject", pointer, text)
    return None


def _redaction(event: Event, data: Any, target: Entry, known: Known) -> Refused:
    if not isinstance(data, PayloadRedacted):
        return None
    return Refusal(
        "not-possible-now",
        "/type",
        "this version removes no payloads; retract the entry, which keeps it readable as history",
    )


_ABOUT_CHECKS = (
    _other_mission,
    _itself,
    _chain_too_long,
    _no_claim_about_changes,
    _retracted_twice,
    _wrong_correction,
    _redaction,
)


def _never(*types: str, what: str) -> Rule:
    def rule(data: Any, stood: list[Standing]) -> Refused:
        earlier = next((s for s in stood if s.type in types), None)
        return Refusal("already-exists", "/data", f"{what} already, by entry {earlier.position}") if earlier else None

    return rule


def _never_since(ended: str, *reopenings: str, what: str) -> Rule:
    """It must not have ended already, unless it was opened anew since: that sets it in force again."""

    def rule(data: Any, stood: list[Standing]) -> Refused:
        latest = next((s for s in reversed(stood) if s.type in (ended, *reopenings)), None)
        if latest is None or latest.type != ended:
            return None
        return Refusal("already-exists", "/data", f"{what} already, by entry {latest.position}")

    return rule


def _after(*types: str, what: str, pointer: str) -> Rule:
    def rule(data: Any, stood: list[Standing]) -> Refused:
        if any(s.type in types for s in stood):
            return None
        return Refusal("unknown-subject", pointer, f"{what} is not in the ledger; record {' or '.join(types)} first")

    return rule


def _open(opening: str, closing: str, what: str, same: tuple[str, ...] = ()) -> Rule:
    """There must be more openings than closings among the events that agree with this one in the fields `same`."""

    def rule(data: Any, stood: list[Standing]) -> Refused:
        alike = [s for s in stood if all(s.data.get(name) == getattr(data, name) for name in same)]
        if sum(s.type == opening for s in alike) > sum(s.type == closing for s in alike):
            return None
        return Refusal("not-possible-now", "/data", f"{what}; record {opening} first")

    return rule


def _closed(opening: str, closing: str, what: str) -> Rule:
    """There must be as many closings as openings."""

    def rule(data: Any, stood: list[Standing]) -> Refused:
        if sum(s.type == opening for s in stood) <= sum(s.type == closing for s in stood):
            return None
        return Refusal("already-exists", "/data", f"{what}; record {closing} first")

    return rule


def _condition_open(data: Any, stood: list[Standing]) -> Refused:
    made = sum(s.data.get("condition") == data.condition for s in stood if s.type != "pledge.condition-met")
    met = sum(s.data.get("condition") == data.condition for s in stood if s.type == "pledge.condition-met")
    if made > met:
        return None
    return Refusal(
        "not-possible-now",
        "/data/condition",
        f"the pledge has no open condition {data.condition!r}; record pledge.conditioned first",
    )


_OPENINGS = ("pledge.announced", "pledge.notified")
_pledge_open = _after(*_OPENINGS, what="the pledge", pointer="/data/pledge")
_post_open = _open("post.created", "post.abolished", "there is no such post")
_commitment_open = _after("commitment.signed", what="the commitment", pointer="/data/commitment")

RULES: dict[str, tuple[Rule, ...]] = {
    "mission.registered": (_never("mission.registered", what="the mission is registered"),),
    "mission.terminated": (_never("mission.terminated", what="the mission is terminated"),),
    "party.registered": (_never("party.registered", what="the party is registered"),),
    "party.merged": (_never("party.merged", what="the party is merged"),),
    "lead-nation.ended": (
        _open("lead-nation.designated", "lead-nation.ended", "that state is not the lead nation", ("party",)),
    ),
    "post.created": (_closed("post.created", "post.abolished", "the post exists"),),
    "post.abolished": (_post_open,),
    "office-holder.appointed": (_post_open,),
    "office-holder.departed": (
        _open("office-holder.appointed", "office-holder.departed", "nobody of that name holds the post", ("person",)),
    ),
    "partner.joined": (_closed("partner.joined", "partner.left", "the party is a member"),),
    "partner.left": (_open("partner.joined", "partner.left", "the party is no member"),),
    "pledge.announced": (_never("pledge.announced", what="the pledge was announced"),),
    "pledge.notified": (_never("pledge.notified", what="the pledge was notified"),),
    "pledge.revised": (_pledge_open,),
    "pledge.conditioned": (_pledge_open,),
    "pledge.condition-met": (_pledge_open, _condition_open),
    "pledge.confirmed": (_pledge_open,),
    "pledge.suspended": (_pledge_open,),
    "pledge.resumed": (_pledge_open, _open("pledge.suspended", "pledge.resumed", "the pledge is not suspended")),
    "pledge.withdrawn": (_pledge_open, _never_since("pledge.withdrawn", *_OPENINGS, what="the pledge was withdrawn")),
    "pledge.lapsed": (_pledge_open, _never_since("pledge.lapsed", *_OPENINGS, what="the pledge lapsed")),
    "commitment.signed": (_never("commitment.signed", what="the commitment was signed"),),
    "commitment.amended": (_commitment_open,),
    "commitment.cancelled": (_commitment_open, _never("commitment.cancelled", what="the commitment was cancelled")),
    "contribution.resumed": (
        _open("contribution.suspended", "contribution.resumed", "nothing of that channel is suspended", ("channel",)),
    ),
    "target.set": (_never("target.set", what="the target was set"),),
    "target.closed": (
        _after("target.set", what="the target", pointer="/data/target"),
        _never("target.closed", what="the target was closed"),
    ),
    "position.withdrawn": (_open("position.stated", "position.withdrawn", "that party states no position on it"),),
}
_JUDGED = {*RULES, "position.stated", "contribution.suspended"}  # what rules are about, or look for in a stream
