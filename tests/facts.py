"""Facts that the tests of decisions say again and again: one of each sort, about one mission."""

from typing import Any

from ledger.decisions import decide
from ledger.schemas import parse_event
from tests.builders import announced, money, people, registered, said
from tests.in_memory import entered, known

History = list[dict[str, Any]]
R = registered()
CREATED = said("post.created", post="fc", role="force_commander")
ABOLISHED = said("post.abolished", "2024-03", post="fc")
APPOINTED = said("office-holder.appointed", "2024-02", post="fc", person="Otunge")
DEPARTED = said("office-holder.departed", "2024-04", post="fc", person="Otunge")
DESIGNATED = said("lead-nation.designated", party="KEN")
ENDED = said("lead-nation.ended", "2024-05", party="KEN")
JOINED = said("partner.joined", group="SGP", party="KEN")
LEFT = said("partner.left", "2024-05", group="SGP", party="KEN")
NOTIFIED = said("pledge.notified", "2024-02", pledge="a", party="JAM", items=[people(100)])
SUSPENDED = said("pledge.suspended", "2024-03", pledge="a")
RESUMED = said("pledge.resumed", "2024-04", pledge="a")
WITHDRAWN = said("pledge.withdrawn", "2024-05", pledge="a")
LAPSED = said("pledge.lapsed", "2024-05", pledge="a")
CONDITIONED = said("pledge.conditioned", "2024-02", pledge="a", condition="command", text="a clear command")
MET = said("pledge.condition-met", "2024-03", pledge="a", condition="command")
SIGNED = said("commitment.signed", commitment="c", party="USA", channel="un_trust_fund", money=money("5"))
CANCELLED = said("commitment.cancelled", "2024-05", commitment="c")
PAID = said("contribution.received", party="USA", channel="un_trust_fund", money=money("5"))
FROZEN = said("contribution.suspended", party="USA", channel="un_trust_fund", money=money("5"))
RELEASED = said("contribution.resumed", "2024-05", party="USA", channel="un_trust_fund", money=money("5"))
SET = said("target.set", target="t", text="Full strength")
CLOSED = said("target.closed", "2024-05", target="t", outcome="missed")
STATED = said("position.stated", party="CHN", stance="opposes", on="blue-helmets")
RECANTED = said("position.withdrawn", "2024-05", party="CHN", on="blue-helmets")
PARTY = said("party.registered", mission=None, party="UNSOH", name="Support office", kind="office")
MERGED = said("party.merged", mission=None, party="UNSOH", into="UNO")
OVER = said("mission.terminated", "2025", reason="done")
EXISTS, IMPOSSIBLE = ("already-exists", "/data"), ("not-possible-now", "/data")
NO_PLEDGE = ("unknown-subject", "/data/pledge")
NO_COMMITMENT = ("unknown-subject", "/data/commitment")
A = announced("a")
B = announced("b")
REVISED = said("pledge.revised", "2024-03", pledge="a", items=[people(5)])
CONFIRMED = said("pledge.confirmed", "2024-03", pledge="a")
AMENDED = said("commitment.amended", "2024-03", commitment="c", money=money("7"))


def of(value: Any) -> str | None:
    return value["type"] if isinstance(value, dict) else None


def about(event: dict[str, Any]) -> dict[str, Any]:
    """An event about an entry names no mission: it takes the target's."""
    return {name: value for name, value in event.items() if name != "mission"}


def detail(history: History, event: dict[str, Any]) -> str:
    decision = decide(parse_event(event), known(entered(*history), event))
    assert isinstance(decision, list)
    return decision[0].detail


def naming(event: dict[str, Any], **data: Any) -> dict[str, Any]:
    return {**event, "data": {**event["data"], **data}}


DISPUTED = about(said("claim.disputed", target=1, reason="another figure"))
