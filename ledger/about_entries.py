"""Whether an event may be said about an entry: corrections, retractions, claims, redactions. Pure.

Each check is told the event, its data with positions in place of refs, the target, and what is known.
"""

from collections.abc import Callable
from typing import Any

from ledger.corrections import not_valid
from ledger.entries import Entry
from ledger.events.about_entries import ClaimDisputed, EntryCorrected, EntryRetracted, PayloadRedacted
from ledger.known import Known
from ledger.refusals import Refusal
from ledger.said import Event
from ledger.standing import CORRECTED, REDACTED, retracted

MAX_CHAIN = 32
Check = Callable[[Event, Any, Entry, Known], Refusal | None]


def _other_mission(event: Event, data: Any, target: Entry, known: Known) -> Refusal | None:
    if event.mission in (None, target.mission):
        return None
    return Refusal(
        "unknown-entry",
        "/mission",
        f"entry {target.position} belongs to mission {target.mission!r}; leave mission out or name that one",
    )


def _itself(event: Event, data: Any, target: Entry, known: Known) -> Refusal | None:
    if not isinstance(data, ClaimDisputed) or data.rival != data.target:
        return None
    return Refusal("not-possible-now", "/data/rival", "an entry cannot be its own rival")


def _no_claim_about_changes(event: Event, data: Any, target: Entry, known: Known) -> Refusal | None:
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


def _chain_too_long(event: Event, data: Any, target: Entry, known: Known) -> Refusal | None:
    """A correction is settled before what it corrects, one level inside the other: without a limit Python's stack is it.

    A redaction settles nothing, and must be possible wherever a payload stands.
    """
    if isinstance(data, PayloadRedacted):
        return None
    family = {entry.position: entry for entry in known.families[target.root]}
    length, last = 1, target
    while last.target is not None:
        length, last = length + 1, family[last.target]
    if length <= MAX_CHAIN:
        return None
    text = f"entry {target.position} ends a chain of {length} changes of changes; make this one to entry {target.root}"
    return Refusal("not-possible-now", "/data/target", text)


def _retracted_twice(event: Event, data: Any, target: Entry, known: Known) -> Refusal | None:
    if not isinstance(data, EntryRetracted):
        return None
    if target.position not in retracted(known.families[target.root]):
        return None
    return Refusal("not-possible-now", "/data/target", f"entry {target.position} is retracted already")


def _wrong_correction(event: Event, data: Any, target: Entry, known: Known) -> Refusal | None:
    """The corrected entry must be valid by itself, and what it then refers to must exist."""
    if not isinstance(data, EntryCorrected) or not data.data:
        return None
    if _removed_below(target, known) or not known.is_told(known.families[target.root]):
        return None
    return not_valid(data.data, target, known, "/data/data")


def _removed_below(target: Entry, known: Known) -> Entry | None:
    """The entry without a payload that a correction of `target` is to change: that one, or what it corrects in turn."""
    entry = target
    while entry.payload is not None and entry.type == CORRECTED:
        entry = known.corrected_by(entry)
    return entry if entry.payload is None else None


def _nothing_to_correct(event: Event, data: Any, target: Entry, known: Known) -> Refusal | None:
    if not isinstance(data, EntryCorrected) or (removed := _removed_below(target, known)) is None:
        return None
    text = f"{_removal(removed, known)}, so nothing is left to correct; record it anew as far as it may be told"
    return Refusal("not-possible-now", "/data/target", text)


def _nothing_to_remove(event: Event, data: Any, target: Entry, known: Known) -> Refusal | None:
    if not isinstance(data, PayloadRedacted) or target.payload is not None:
        return None
    return Refusal("not-possible-now", "/data/target", f"{_removal(target, known)} already")


def _removal(removed: Entry, known: Known) -> str:
    family = known.families[removed.root]
    by = next(entry.position for entry in family if (entry.type, entry.target) == (REDACTED, removed.position))
    return f"the payload of entry {removed.position} was removed by entry {by}"


def _redactions_stay(event: Event, data: Any, target: Entry, known: Known) -> Refusal | None:
    """Who removed something and why stays readable, and what was removed does not come back."""
    if target.type != REDACTED or not isinstance(data, (PayloadRedacted, EntryRetracted)):
        return None
    text = (
        f"entry {target.position} tells why a payload was removed, and stays readable; correct it where it is wrong"
        if isinstance(data, PayloadRedacted)
        else f"what entry {target.position} removed does not come back; record it anew as far as it may be told"
    )
    return Refusal("not-possible-now", "/data/target", text)


CHECKS: tuple[Check, ...] = (
    _other_mission,
    _itself,
    _chain_too_long,
    _no_claim_about_changes,
    _retracted_twice,
    _nothing_to_correct,
    _nothing_to_remove,
    _redactions_stay,
    _wrong_correction,
)
