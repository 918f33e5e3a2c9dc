"""A family of entries walked forward: what each correction found, and what it made of that. Pure.

`ledger.standing` settles a family as it is known at one position. Told change by change that would settle it anew for
each; here every entry keeps what its corrections made of it so far, and only what a change reaches is settled again.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.entries import Entry
from ledger.standing import CORRECTED, RETRACTED, merge

Stated = dict[str, Any]


@dataclass
class Member:
    """An entry of the family: the corrections in force, and what it says after each of them, as far as that is settled."""

    entry: Entry
    corrections: list[int] = field(default_factory=list)
    settled: list[Stated] = field(default_factory=list)
    retractions: int = 0


def told_forward(family: Iterable[Entry]) -> dict[int, tuple[Stated, Stated]]:
    """By correction: its target as it stood before, and after. `family` in position order, what it is about first."""
    members: dict[int, Member] = {}
    told = {}
    for entry in family:
        members[entry.position] = Member(entry)
        if entry.type == CORRECTED and entry.target is not None:
            before = _now(members, entry.target)
            _take_in(members, entry)
            told[entry.position] = before, _now(members, entry.target)
        else:
            _take_in(members, entry)
    return told


def _now(members: Mapping[int, Member], position: int) -> Stated:
    """What an entry says after the corrections in force so far, each settled first."""
    member = members[position]
    if not member.settled:
        member.settled.append(
            {"effective": member.entry.effective, "data": member.entry.data or {}, "source": member.entry.source}
        )
    for correction in member.corrections[len(member.settled) - 1 :]:
        said, change = member.settled[-1], _now(members, correction)["data"]
        member.settled.append(
            {
                "effective": change.get("effective") or said["effective"],
                "data": merge(said["data"], change.get("data")),
                "source": change.get("source") or said["source"],
            }
        )
    return member.settled[-1]


def _take_in(members: Mapping[int, Member], entry: Entry) -> None:
    """A correction or retraction takes force, newly made or brought back."""
    target = members.get(entry.target if entry.target is not None else -1)
    if target is not None and entry.type == CORRECTED and entry.data is not None:
        insort(target.corrections, entry.position)
        _unsettle(members, entry)
    elif target is not None and entry.type == RETRACTED:
        target.retractions += 1
        if target.retractions == 1:
            _take_out(members, target.entry)


def _take_out(members: Mapping[int, Member], entry: Entry) -> None:
    """A correction or retraction loses its force."""
    target = members.get(entry.target if entry.target is not None else -1)
    if target is not None and entry.type == CORRECTED and entry.data is not None:
        _unsettle(members, entry)
        target.corrections.remove(entry.position)
    elif target is not None and entry.type == RETRACTED:
        target.retractions -= 1
        if target.retractions == 0:
            _take_in(members, target.entry)


def _unsettle(members: Mapping[int, Member], entry: Entry) -> None:
    """What a correction's target says from that correction on, and whatever that target corrects, is open again."""
    while entry.type == CORRECTED and entry.target is not None:
        target = members[entry.target]
        place = bisect_left(target.corrections, entry.position)
        if target.corrections[place : place + 1] != [entry.position]:
            return  # out of force: it reaches nothing
        del target.settled[place + 1 :]
        entry = target.entry
