"""Whether a correction leaves an entry valid, and the form in which its changes are kept. Pure.

The corrected entry is checked as if it were said anew; of a correction of a correction, the entry at the end as well.
"""

import re
from collections.abc import Mapping
from typing import Any

from ledger.entries import Entry
from ledger.events import EVENTS
from ledger.events.about_entries import EntryCorrected
from ledger.known import Known, not_there, references
from ledger.refusals import Refusal
from ledger.rules import JUDGED
from ledger.schemas import Invalid, parse_data
from ledger.standing import CORRECTED, as_it_stands, merge
from ledger.texts import nearest_first
from ledger.values import as_json, is_position


def in_normal_form(change: Mapping[str, Any], target: Entry, known: Known) -> dict[str, Any]:
    """The changed fields in the form in which they would have been recorded, such as a symbol without spaces."""
    merged = merge(as_it_stands(target, known.families[target.root]).data, change)
    stored = as_json(parse_data(target.type, dict(merged)))
    normal = {name: stored.get(name) for name in change}
    if target.type == CORRECTED and normal.get("data"):
        normal["data"] = in_normal_form(normal["data"], known.corrected_by(target), known)
    return normal


def not_valid(change: Mapping[str, Any], target: Entry, known: Known, pointer: str) -> Refusal | None:
    """What `change` makes of `target`; of a target that is itself a correction, what that then makes of its own."""
    now = as_it_stands(target, known.families[target.root]).data
    moved = _moved_claim if EVENTS[target.type].ABOUT else _moved_subject
    return (
        _strange_field(change, target, pointer)
        or moved(change, now, target, known, pointer)
        or _spoilt(change, merge(now, change), target, known, pointer)
    )


def _strange_field(change: Mapping[str, Any], target: Entry, pointer: str) -> Refusal | None:
    declared = EVENTS[target.type].__dataclass_fields__
    strange = next((name for name in change if name not in declared), None)
    if strange is None:
        return None
    text = f"{target.type} has no such field; its fields are: {nearest_first(strange, list(declared))}"
    return Refusal("wrong-correction", f"{pointer}/{strange}", text)


def _spoilt(
    change: Mapping[str, Any], merged: Mapping[str, Any], target: Entry, known: Known, pointer: str
) -> Refusal | None:
    """Whether the corrected data fit the type, and refer to what exists."""
    try:
        corrected = parse_data(target.type, dict(merged), pointer)
    except Invalid as error:
        return Refusal("wrong-correction", error.faults[0].pointer, error.faults[0].detail)
    if not isinstance(corrected, EntryCorrected):
        return _unknown_after_correction(change, corrected, target, known, pointer)
    if "data" not in change:
        return None
    return not_valid(corrected.data or {}, known.corrected_by(target), known, f"{pointer}/data")


def _moved_subject(
    change: Mapping[str, Any], now: Mapping[str, Any], target: Entry, known: Known, pointer: str
) -> Refusal | None:
    """What names an entry's subject stays, where decisions read that subject's stream."""
    if target.type not in JUDGED:
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
) -> Refusal | None:
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
) -> Refusal | None:
    """What the change refers to must exist; references that it leaves alone were judged when they were made."""
    for field_pointer, stream in references(target.mission, corrected):
        if field_pointer.removeprefix("/data/") not in change:
            continue
        if stream == target.stream:
            return Refusal("wrong-correction", pointer, "it cannot take the place of itself; leave the name out")
        if not known.has_begun(stream):
            return Refusal("unknown-subject", pointer, not_there(stream))
    return None
