"""What the history of a subject has to be for an event: the rules of each event type, in one table. Pure.

A rule is put to the event's data and to what stands in its stream of the types that it reads, in the order of the effective dates.
Most events that come again and again ask only whether their subject has begun, which the beginning of its stream tells, however
long that is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ledger.refusals import Refusal
from ledger.standing import Standing

Types = tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """`refusal` says what stands against an event, from its data and from what stands of the types that it `reads`."""

    reads: Types
    refusal: Callable[[Any, list[Standing]], Refusal | None]

    def __call__(self, data: Any, stood: list[Standing]) -> Refusal | None:
        return self.refusal(data, [s for s in stood if s.type in self.reads])


def _never(type_name: str, what: str) -> Rule:
    def refusal(data: Any, stood: list[Standing]) -> Refusal | None:
        return Refusal("already-exists", "/data", f"{what} already, by entry {stood[0].position}") if stood else None

    return Rule((type_name,), refusal)


def _never_since(ended: str, *reopenings: str, what: str) -> Rule:
    """It must not have ended already, unless it was opened anew since: that sets it in force again."""

    def refusal(data: Any, stood: list[Standing]) -> Refusal | None:
        if not stood or stood[-1].type != ended:
            return None
        return Refusal("already-exists", "/data", f"{what} already, by entry {stood[-1].position}")

    return Rule((ended, *reopenings), refusal)


class _After(Rule):
    """One of some types must stand already."""


def _after(*types: str, what: str, pointer: str) -> Rule:
    def refusal(data: Any, stood: list[Standing]) -> Refusal | None:
        text = f"{what} is not in the ledger; record {' or '.join(types)} first"
        return None if stood else Refusal("unknown-subject", pointer, text)

    return _After(types, refusal)


def _open(opening: str, closing: str, what: str, same: Types = ()) -> Rule:
    """There must be more openings than closings among the events that agree with this one in the fields `same`."""

    def refusal(data: Any, stood: list[Standing]) -> Refusal | None:
        alike = [s for s in stood if all(s.data.get(name) == getattr(data, name) for name in same)]
        if sum(s.type == opening for s in alike) > sum(s.type == closing for s in alike):
            return None
        return Refusal("not-possible-now", "/data", f"{what}; record {opening} first")

    return Rule((opening, closing), refusal)


def _closed(opening: str, closing: str, what: str) -> Rule:
    """There must be as many closings as openings."""

    def refusal(data: Any, stood: list[Standing]) -> Refusal | None:
        if sum(s.type == opening for s in stood) <= sum(s.type == closing for s in stood):
            return None
        return Refusal("already-exists", "/data", f"{what}; record {closing} first")

    return Rule((opening, closing), refusal)


def _no_condition(data: Any, stood: list[Standing]) -> Refusal | None:
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
_condition_open = Rule((*_OPENINGS, "pledge.conditioned", "pledge.condition-met"), _no_condition)
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
JUDGED = {*RULES, "position.stated", "contribution.suspended"}  # what rules are about, or look for in a stream


def _opening(rules: tuple[Rule, ...]) -> Types | None:
    return rules[0].reads if len(rules) == 1 and isinstance(rules[0], _After) else None


# The types of which one must stand for an event of a type, where its rules ask for nothing else; and all that its rules read.
OPENING = {type_name: _opening(rules) for type_name, rules in RULES.items()}
READS = {name: tuple(sorted({each for rule in rules for each in rule.reads})) for name, rules in RULES.items()}
