"""What the tests of rows share: claims about entries, and ways to pick rows and read figures."""

from typing import Any

from tests.builders import money, people, said
from tests.in_memory import answer

Json = dict[str, Any]
UN_FUND = "un_trust_fund"
DAY = "2024-12-31"


def claim(type_name: str, target: int, effective: str = "2024-01-01", **data: Any) -> Json:
    return said(type_name, effective, mission=None, target=target, **data)


def disputed(target: int, **more: Any) -> Json:
    return claim("claim.disputed", target, **{"reason": "another figure", **more})


def ranked(target: int, rank_given: str) -> Json:
    return claim("claim.ranked", target, rank=rank_given, reason="the better source")


def only(name: str, *events: Json, **question: str) -> Any:
    (row,) = answer(name, *events, **question)
    return row


def short(figure: Json | None) -> Any:
    """A figure as (minimum, maximum); None where there is none."""
    return None if figure is None else (figure["minimum"], figure["maximum"])


def appointed(person: str, effective: str = "2024-02-01", post: str = "fc", **more: Any) -> Json:
    return said("office-holder.appointed", effective, post=post, person=person, **more)


def departed(person: str, effective: str = "2024-05-01", post: str = "fc", **more: Any) -> Json:
    return said("office-holder.departed", effective, post=post, person=person, **more)


def holders(post: Json) -> list[str]:
    return [holder["person"] for holder in post["holders"]]


def notified(pledge: str = "a", effective: str = "2024-03-01", count: int = 120, **more: Any) -> Json:
    return said("pledge.notified", effective, pledge=pledge, party="JAM", items=[people(count)], **more)


def about_a(type_name: str, effective: str = "2024-04-01", **data: Any) -> Json:
    return said(f"pledge.{type_name}", effective, pledge="a", **data)


def left(count: int | None, effective: str = "2024-06-01", **more: Any) -> Json:
    return said("personnel.repatriated", effective, party="JAM", items=[people(count)], **more)


def lost(kind: str, **data: Any) -> Json:
    return said("casualty.reported", "2024-05-01", party="JAM", casualty=kind, **data)


def strength(*items: Json, effective: str = "2024-07-01", **data: Any) -> Json:
    return said("strength.reported", effective, items=list(items), **data)


def troops(*events: Json, **question: str) -> Json:
    (row,) = [r for r in answer("deployments", *events, **question) if (r["party"], r["category"]) == ("JAM", "troops")]
    return row


def fund(amount: str, effective: str = "2024-06-01", currency: str = "USD", **more: Any) -> Json:
    data = {"fund": "un-trust-fund", "measure": "received", "money": money(amount, currency), **more}
    return said("fund-balance.reported", effective, **data)


def pledged(amount: str, pledge: str = "p", party: str = "CAN", channel: str | None = UN_FUND, **more: Any) -> Json:
    item = {"kind": "money", **money(amount), **({"channel": channel} if channel else {}), **more}
    return said("pledge.announced", pledge=pledge, party=party, items=[item])


def signed(amount: str, commitment: str = "c", channel: str = UN_FUND, **more: Any) -> Json:
    return said("commitment.signed", commitment=commitment, party="CAN", channel=channel, money=money(amount), **more)


def flow(name: str, amount: str, channel: str = UN_FUND, currency: str = "USD", **more: Any) -> Json:
    return said(name, "2024-03-01", party="CAN", channel=channel, money=money(amount, currency), **more)


def received(amount: str, **more: Any) -> Json:
    return flow("contribution.received", amount, **more)


def codes(*events: Json, valid_at: str = DAY) -> list[str]:
    return [finding["code"] for finding in answer("findings", *events, valid_at=valid_at)]


AUTHORISED = said("mission.authorized", "2023-10-02", instrument="S/RES/2699(2023)", months=12)
RENEWED = said("mandate.renewed", "2024-09-30", instrument="S/RES/2751(2024)", until="2025-10-02")
CREATED = said("post.created", "2024-01-01", post="fc", role="force_commander", title="Force Commander")
