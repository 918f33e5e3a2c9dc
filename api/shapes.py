"""The shapes of rows: what the answers are made of, declared once for the OpenAPI document."""

from dataclasses import dataclass, field
from typing import Any

from ledger.values import Item, Money, Source, told

Entries = tuple[int, ...]


def declared(cls: type) -> Any:
    return dataclass(frozen=True, kw_only=True)(cls)


def maybe(description: str) -> Any:
    """A field that is left out where it does not apply."""
    return field(default=None, metadata={"description": description, "left_out": True})


def total(name: str) -> Any:
    """How long a list is that grows with the history, where an answer holds but the newest of it, or none."""
    return maybe(f"How many `{name}` there are; left out where all of them are here.")


@declared
class ProblemFault:
    """One thing wrong with a request."""

    detail: str = told("What is wrong and what to do.")
    pointer: str = maybe("Where in the body: a JSON pointer (RFC 6901).")
    parameter: str = maybe("Which query parameter.")
    type_: str = maybe("Of a refusal: which.")
    actual_version: int = maybe("Of a stream that has moved: its version.")


@declared
class ProblemDocument:
    """An RFC 9457 problem document."""

    type_: str = told("Which problem: an address that explains it.", example="/problems/invalid-event")
    title: str = told("What sort of problem it is.")
    status: int = told("The HTTP status.")
    detail: str = told("What is wrong this time.")
    errors: tuple[ProblemFault, ...] = maybe("One for each thing that is wrong.")


@declared
class Figure:
    """A sum of ranges. Counts are integers, money decimal text; null is open or unknown, never 0."""

    minimum: int | str | None = told("At least so much; null where no part has a figure.", example=24)
    maximum: int | str | None = told("At most so much; null where a part is open above or has no figure.", example=24)
    approximate: bool = told("Whether a part is approximate.")
    unspecified: int = told("How many parts have no figure.")
    entries: Entries = told("The entries that it comes from.")
    entries_total: int = total("entries")


@declared
class Instrument:
    """An act as it bears on the mandate."""

    action: str = told("What it did.", example="renewed")
    instrument: str | None = told("The act.", example="S/RES/2751(2024)")
    by: str | None = told("The body that acted.")
    chapter_vii: bool | None = told("Whether Chapter VII is invoked.")
    terms: str | None = told("What it provides besides.")
    adopted: str = told("The date of adoption.", example="2024-09-30")
    until: str | None = told("Last day of the term.", example="2025-10-02")
    until_basis: str | None = told("Whether the end is stated, or counted from the adoption.")
    months: int | None = told("Length of the term, where stated.")
    vote: dict[str, int | None] | None = told("The vote.")
    rank: str = told("Its rank among rival claims.")
    entries: Entries = told("The entries that it comes from.")


@declared
class MandateName:
    """A name of the mission."""

    name: str = told("The name.")
    acronym: str | None = told("The acronym.")
    since: str = told("Since when.")
    rank: str = told("Its rank among rival claims.")
    entries: Entries = told("The entries that it comes from.")


@declared
class Ceiling:
    """A ceiling."""

    total: int = told("All personnel.", example=5550)
    uniformed: int | None = told("Of these, uniformed.")
    civilian: int | None = told("Of these, civilian.")
    instrument: str | None = told("The act.")
    since: str = told("Since when.")
    rank: str = told("Its rank among rival claims.")
    entries: Entries = told("The entries that it comes from.")


@declared
class Mandate:
    """The mandate on the day."""

    name: str | None = told("The mission's name.", example="Gang Suppression Force")
    acronym: str | None = told("Its acronym.", example="GSF")
    host: str | None = told("The host state.", example="HTI")
    status: str = told("registered, active, expired or terminated.", example="active")
    instrument: str | None = told("The act in force.", example="S/RES/2793(2025)")
    from_: str | None = told("Its adoption.")
    until: str | None = told("Last day of the term.")
    until_basis: str | None = told("Whether the end is stated, or counted from the adoption.")
    ceiling: Ceiling | None = told("The ceiling in force.")
    ceilings: tuple[Ceiling, ...] = told("Every ceiling so far.")
    names: tuple[MandateName, ...] = told("Every name so far.")
    instruments: tuple[Instrument, ...] = told("Every act so far.")
    support_offices: tuple[dict[str, Any], ...] = told("Offices created to support the mission.")
    terminated: dict[str, Any] | None = told("How it was terminated.")
    disputes: tuple[dict[str, Any], ...] = told("Disputes.")
    provenance: dict[str, Entries] = told("The entries behind each plain field.")
    entries: Entries = told("Every entry that it comes from.")
    ceilings_total: int = total("ceilings")
    support_offices_total: int = total("support_offices")
    disputes_total: int = total("disputes")
    entries_total: int = total("entries")


@declared
class Post:
    """A post, or the lead nation, on the day."""

    post: str = told("The post.", example="force-commander")
    role: str | None = told("Its role.")
    title: str | None = told("Its title.")
    holders: tuple[dict[str, Any], ...] = told(
        "Who holds it: person, party, rank (such as Colonel), acting, designate, since, entries, and claim_rank, the rank among rival claims."
    )
    former: tuple[dict[str, Any], ...] = told("Who held it: the same, with until and cause.")
    vacant: bool = told("Whether it exists and nobody holds it.")
    abolished: dict[str, Any] | None = told("Since when it is abolished.")
    disputes: tuple[dict[str, Any], ...] = told("Disputes.")
    entries: Entries = told("Every entry that it comes from.")
    former_total: int = total("former")
    disputes_total: int = total("disputes")
    entries_total: int = total("entries")


@declared
class Member:
    """A member of a partner group on the day."""

    group: dict[str, Any] = told(
        "The group: code, name, rules, former members, entries; with totals where these lists are not complete."
    )
    party: str = told("The member.", example="KEN")
    role: str | None = told("Its role.")
    by_virtue_of: str | None = told("The post by which it sits.", example="force-commander")
    delegate: str | None = told("Who sits for it.")
    intended: bool | None = told("Whether the source states an intention, not the fact.")
    since: str = told("Since when.")
    rank: str = told("Its rank among rival claims.")
    disputes: tuple[dict[str, Any], ...] = told("Disputes.")
    entries: Entries = told("Every entry that it comes from.")
    disputes_total: int = total("disputes")
    entries_total: int = total("entries")


@declared
class Pledge:
    """A pledge on the day."""

    pledge: str = told("Its name.", example="jam-personnel")
    parties: tuple[str, ...] = told("The pledgers.", example=["JAM"])
    status: str = told("announced, notified, suspended, converted, withdrawn or lapsed.", example="notified")
    items: tuple[Item, ...] = told("The terms on the day.")
    terms_since: str = told("Since when these terms hold.")
    original: dict[str, Any] = told("The original terms: items, since, type, entries.")
    formality: str | None = told("How formally it was pledged.")
    announced: dict[str, Any] | None = told("How it was announced.")
    notified: dict[str, Any] | None = told("How it was notified: formality, symbol, since, entries.")
    conditional: bool = told("Whether a condition is open.")
    conditions: tuple[dict[str, Any], ...] = told("The conditions: condition, text, met, since, entries.")
    confirmations: tuple[dict[str, Any], ...] = told("Confirmations and approvals.")
    suspensions: tuple[dict[str, Any], ...] = told("Suspensions, each with how it ended.")
    withdrawn: dict[str, Any] | None = told("How it was withdrawn.")
    lapsed: dict[str, Any] | None = told("How it lapsed.")
    converts: tuple[str, ...] = told("Earlier pledges that it takes the place of.")
    converted_by: tuple[str, ...] = told("Later pledges that take its place.")
    due: str | None = told("When delivery is promised.")
    changes: int = told("How often it changed since it was made.")
    documents: tuple[dict[str, Any], ...] = told("The documents: symbol, url, title, published, entries.")
    rank: str = told("Its rank among rival claims.")
    disputes: tuple[dict[str, Any], ...] = told("Disputes.")
    corroborations: tuple[dict[str, Any], ...] = told("What bears it out.")
    provenance: dict[str, Entries] = told("The entries behind each plain field.")
    entries: Entries = told("Every entry that it comes from.")
    suspensions_total: int = total("suspensions")
    confirmations_total: int = total("confirmations")
    documents_total: int = total("documents")
    disputes_total: int = total("disputes")
    corroborations_total: int = total("corroborations")
    entries_total: int = total("entries")


@declared
class Report:
    """What somebody reported."""

    figure: Figure = told("The figure.")
    items: tuple[Item, ...] = told("As said.")
    effective: str = told("Of when.")
    reporter: str | None = told("By whom.")
    statement: str | None = told("What was said.")
    parties_present: tuple[str, ...] | None = told("Contributors said to be present.")
    source: Source | None = told("On which source.")
    rank: str = told("Its rank among rival claims.")
    disputed: bool = told("Whether it is disputed.")
    entries: Entries = told("The entries that it comes from.")


@declared
class Deployment:
    """A contributor's people, equipment, services or casualties of one category, on the day."""

    party: str = told("The contributors as one name; `mission` for reports about the whole mission.", example="KEN")
    parties: tuple[str, ...] = told("The contributors.")
    kind: str = told("personnel, equipment, service or casualty.")
    category: str = told("The category.", example="individual_police")
    unit: str | None = told("What is counted, where not persons or pieces.")
    recipient: str | None = told("Who it is for, where not the mission.")
    affiliation: str | None = told("Where casualties belong, where not to the mission.")
    moved: Figure | None = told("What the movements add up to.")
    reported: Report | None = told("The latest report of the best rank.")
    variance: Figure | None = told("Reported less moved.")
    reports: tuple[Report, ...] = told("Every report.")
    movements: tuple[dict[str, Any], ...] = told("Every movement: type, effective, direction, item, rank, entries.")
    disputes: tuple[dict[str, Any], ...] = told("Disputes.")
    corroborations: tuple[dict[str, Any], ...] = told("What bears it out.")
    entries: Entries = told("Every entry that it comes from.")
    reports_total: int = total("reports")
    movements_total: int = total("movements")
    disputes_total: int = total("disputes")
    corroborations_total: int = total("corroborations")
    entries_total: int = total("entries")


@declared
class Account:
    """A party's money in one channel and currency, on the day."""

    party: str = told("The payers as one name.", example="USA")
    parties: tuple[str, ...] = told("The payers.")
    channel: str = told("The channel.", example="un_trust_fund")
    currency: str = told("ISO 4217.", example="USD")
    pledged: Figure | None = told("Pledged.")
    committed: Figure | None = told("Committed.")
    received: Figure | None = told("Paid in.")
    suspended: Figure | None = told("Suspended, less what was released.")
    disbursed: Figure | None = told("Paid out.")
    refunded: Figure | None = told("Paid back.")
    outstanding: Figure | None = told("Pledged (else committed) less received, plus refunded.")
    disputes: tuple[dict[str, Any], ...] = told("Disputes.")
    entries: Entries = told("Every entry that it comes from.")
    disputes_total: int = total("disputes")
    entries_total: int = total("entries")


@declared
class Commitment:
    """A commitment, on the day."""

    commitment: str = told("Its name.", example="usa-trust-fund")
    parties: tuple[str, ...] = told("The payers.", example=["USA"])
    channel: str = told("The channel.", example="un_trust_fund")
    status: str = told("signed or cancelled.", example="signed")
    money: Money = told("The sum on the day.")
    money_since: str = told("Since when it is that sum.")
    paid: Figure | None = told("What was paid in under it, in its currency.")
    fulfils: str | None = told("The pledge that it fulfils.")
    announcer: str | None = told("Who said it, where it was not the payer.")
    purpose: str | None = told("What it is for.")
    signed: dict[str, Any] = told("How it was signed: since, entries.")
    cancelled: dict[str, Any] | None = told("How it was cancelled.")
    rank: str = told("Its rank among rival claims.")
    disputes: tuple[dict[str, Any], ...] = told("Disputes.")
    corroborations: tuple[dict[str, Any], ...] = told("What bears it out.")
    provenance: dict[str, Entries] = told("The entries behind each plain field.")
    entries: Entries = told("Every entry that it comes from.")
    disputes_total: int = total("disputes")
    corroborations_total: int = total("corroborations")
    entries_total: int = total("entries")


@declared
class Payment:
    """A payment, a suspension or a release of money, by the day."""

    payment: int = told("The position of its entry.")
    flow: str = told("received, suspended, resumed, refunded or disbursed.", example="received")
    parties: tuple[str, ...] = told("The payers.", example=["CAN"])
    channel: str = told("The channel.", example="un_trust_fund")
    money: Money = told("The sum.")
    effective: str = told("When.")
    fulfils: str | None = told("The pledge that it fulfils.")
    commitment: str | None = told("The commitment that it is paid under.")
    recipient: str | None = told("Who gets it.")
    purpose: str | None = told("What it is for.")
    rank: str = told("Its rank among rival claims.")
    disputes: tuple[dict[str, Any], ...] = told("Disputes.")
    corroborations: tuple[dict[str, Any], ...] = told("What bears it out.")
    entries: Entries = told("The entries that it comes from.")


@declared
class Position:
    """A position held on the day."""

    on: str = told("On what.", example="gang-suppression-force")
    parties: tuple[str, ...] = told("Who.")
    stance: str = told("Where they stand.", example="supports")
    speaker: str | None = told("Who spoke.")
    members: int | None = told("For how many members.")
    text: str | None = told("What was said.")
    source: Source | None = told("On which source.")
    since: str = told("Since when.")
    earlier: tuple[dict[str, Any], ...] = told("Earlier statements on the same.")
    rank: str = told("Its rank among rival claims.")
    disputes: tuple[dict[str, Any], ...] = told("Disputes.")
    entries: Entries = told("Every entry that it comes from.")
    earlier_total: int = total("earlier")
    disputes_total: int = total("disputes")
    entries_total: int = total("entries")


@declared
class FulfilmentCategory:
    """A category within a matter."""

    category: str = told("The category, or the channel of money.")
    pledged: Figure | None = told("Pledged.")
    delivered: Figure | None = told("Deployed, delivered or received.")


@declared
class Fulfilment:
    """What a party pledged, against what it delivered, in one matter, on the day."""

    party: str = told("The parties as one name.", example="JAM")
    parties: tuple[str, ...] = told("The parties.")
    kind: str = told("personnel, equipment, service or money.")
    of: str = told("The unit of personnel, the kind of equipment, or the currency.", example="person")
    pledged: Figure | None = told("Pledged.")
    delivered: Figure | None = told("Deployed, delivered or received.")
    outstanding: Figure | None = told("Pledged less delivered.")
    conditional: bool = told("Whether a pledge in it is conditional.")
    suspended: bool = told("Whether a pledge in it is suspended.")
    pledges: tuple[str, ...] = told("The pledges in it.")
    provenance: dict[str, Entries] = told("The entries behind each plain field.")
    categories: tuple[FulfilmentCategory, ...] = told("The same by category.")
    entries: Entries = told("Every entry that it comes from.")
    entries_total: int = total("entries")


@declared
class Target:
    """A target, on the day."""

    target: str = told("Its name.")
    status: str = told("open, met, missed, superseded or dropped.")
    text: str = told("What is to be reached.")
    items: tuple[Item, ...] | None = told("The figure.")
    due: str | None = told("By when.")
    party: str | None = told("Who is to reach it.")
    setter: str | None = told("Who says so.")
    source: Source | None = told("On which source.")
    since: str = told("Since when.")
    closed: dict[str, Any] | None = told("What became of it.")
    supersedes: tuple[str, ...] = told("Targets that it takes the place of.")
    rank: str = told("Its rank among rival claims.")
    disputes: tuple[dict[str, Any], ...] = told("Disputes.")
    provenance: dict[str, Entries] = told("The entries behind each plain field.")
    entries: Entries = told("Every entry that it comes from.")
    disputes_total: int = total("disputes")
    entries_total: int = total("entries")


@declared
class Observation:
    """Something measured by others, with everything reported of it by the day."""

    subject: str = told("fund, cost, pledges or equipment.")
    measured: str = told("What is measured.", example="un-trust-fund/received/USD")
    latest: dict[str, Any] | None = told("The latest report of the best rank.")
    reports: tuple[dict[str, Any], ...] = told("Every report.")
    disputes: tuple[dict[str, Any], ...] = told("Disputes.")
    entries: Entries = told("Every entry that it comes from.")
    reports_total: int = total("reports")
    disputes_total: int = total("disputes")
    entries_total: int = total("entries")


@declared
class Finding:
    """Something to look at."""

    code: str = told("Which finding.", example="dispute-open")
    about: str = told("Where in the answers.")
    text: str = told("What was noticed.")
    entries: Entries = told(
        "The entries that it comes from; in a snapshot without complete lists perhaps but the newest."
    )
    alike_total: int = maybe("How many of this code there are about this; left out where all of them are here.")


@declared
class Party:
    """A registered party."""

    party: str = told("Its code.", example="UNSOH")
    name: str | None = told("Its name.")
    kind: str | None = told("What sort of party it is.")
    acronym: str | None = told("Its acronym.")
    members: int | None = told("How many members it counts.")
    identifiers: tuple[str, ...] | None = told("Identifiers in public lists.")
    about: str | None = told("What else distinguishes it.")
    merged_into: str | None = told("The code that it was merged into.")
    entries: Entries = told("The entries that it comes from.")
