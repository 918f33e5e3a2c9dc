"""The shapes of whole answers: what each address sends."""

from typing import Any

from api.shapes import (
    Account,
    Commitment,
    Deployment,
    Entries,
    Finding,
    Fulfilment,
    Mandate,
    Member,
    Observation,
    Party,
    Payment,
    Pledge,
    Position,
    Post,
    Target,
    declared,
    maybe,
    total,
)
from ledger.values import Source, told


@declared
class Redaction:
    """Who removed a payload, and why."""

    position: int = told("The entry that says so.")
    actor: str = told("Who recorded it.")
    recorded_at: str = told("When the ledger learned it.")
    legal_basis: str = told("The rule that demanded it.")
    reason: str = told("Why.")


@declared
class Removed:
    """An entry whose payload was removed."""

    position: int = told("Its position.")
    type_: str = told("Its type.")
    effective: str = told("When the fact holds, as first said.")
    redaction: Redaction = told("Who removed it, and why.")


@declared
class EntryDocument:
    """An entry as it was recorded."""

    position: int = told("Its index in the whole ledger, from 0.")
    id_: str = told("UUIDv7.")
    stream: str = told("Its stream.", example="haiti-mss/pledge/jam-personnel")
    version: int = told("Its place in the stream, from 1.")
    mission: str | None = told("Its mission; null for what belongs to none.")
    type_: str = told("The event type.")
    effective: str = told("When the fact holds, as first said.")
    recorded_at: str = told("When the ledger learned it.")
    actor: str = told("Who recorded it.")
    ref: str | None = told("The recorder's own name for it.")
    target: int | None = told("The entry that it is about.")
    data: dict[str, Any] | None = told("What is said.")
    source: Source | None = told("On which source.")
    note: str | None = told("What the fields cannot say.")
    leaf_hash: str = told("SHA-256 of 0x00 and the stored envelope (RFC 9162), in hexadecimal.")
    redaction: Redaction | None = told("Who removed data, source and note, and why; null where they stand.")


@declared
class Relative:
    """Another entry about this one."""

    position: int = told("Its position.")
    type_: str = told("Its type.")


@declared
class EntryWhole(EntryDocument):
    """An entry with everything about it."""

    stands: dict[str, Any] = told("As it stands: effective, data, source, corrections, retracted.")
    about_it: tuple[Relative, ...] = told("The entries that are about it.")
    stored: dict[str, str | None] = told("The bytes as stored: envelope, payload, salt (hexadecimal).")


@declared
class Recorded:
    """An event that was recorded."""

    position: int = told("Its index in the whole ledger, from 0.")
    id_: str = told("UUIDv7.")
    stream: str = told("Its stream.")
    version: int = told("Its place in the stream.")
    recorded_at: str = told("When the ledger learned it.")
    actor: str = told("Who recorded it.")
    leaf_hash: str = told("SHA-256 of 0x00 and the stored envelope.")
    replayed: bool = told("Whether an earlier, equal request had recorded it.")


@declared
class Links:
    """Where to go on."""

    next_: str | None = told("The next page; null on the last one.")


@declared
class RecordedAnswer:
    """What was recorded."""

    entries: tuple[Recorded, ...] = told("One for each event, in the order sent.")


@declared
class EntryPage:
    """A page of entries."""

    data: tuple[EntryDocument, ...] = told("The entries.")
    links: Links = told("Where to go on.")


@declared
class EntryAnswer:
    """One entry."""

    data: EntryWhole = told("The entry.")


@declared
class Truth:
    """What an answer is true of. `reported_by` stands in it where it was asked for."""

    valid_at: str = told("True on this day.", example="2024-09-12")
    known_at: str | None = told("As recorded by this moment.")
    known_position: int | None = told("As recorded up to this position; null before the first entry.")
    reported_by: str = maybe("As published by this day, where that was asked.")


@declared
class MissionsAnswer(Truth):
    """Every mission."""

    data: tuple[dict[str, Any], ...] = told("mission, name, acronym, host, status, until, snapshot.")
    links: dict[str, str] = told("Where to go on.")


@declared
class AboutMission(Truth):
    """An answer about one mission."""

    mission: str = told("The mission.", example="haiti-mss")
    redactions: tuple[Removed, ...] = told(
        "The mission's entries up to the known position whose payloads were removed, whenever that was."
    )
    links: dict[str, str | None] = told("Where to go on.")


def _answer(name: str, data: Any, description: str) -> Any:
    """An answer about a mission whose `data` is of the given shape."""
    made = type(
        name, (AboutMission,), {"__annotations__": {"data": data}, "data": told(description), "__doc__": description}
    )
    return declared(made)


ANSWER_SHAPES: dict[str, Any] = {
    "mandate": _answer("MandateAnswer", Mandate | None, "The mandate."),
    "leadership": _answer("LeadershipAnswer", tuple[Post, ...], "Lead nation and posts."),
    "partners": _answer("PartnersAnswer", tuple[Member, ...], "The members of partner groups."),
    "pledges": _answer("PledgesAnswer", tuple[Pledge, ...], "The pledges."),
    "deployments": _answer("DeploymentsAnswer", tuple[Deployment, ...], "The deployments."),
    "funding": _answer("FundingAnswer", tuple[Account, ...], "The funding."),
    "commitments": _answer("CommitmentsAnswer", tuple[Commitment, ...], "The single commitments."),
    "payments": _answer("PaymentsAnswer", tuple[Payment, ...], "The single payments."),
    "positions": _answer("PositionsAnswer", tuple[Position, ...], "The positions."),
    "fulfilment": _answer("FulfilmentAnswer", tuple[Fulfilment, ...], "The fulfilment."),
    "targets": _answer("TargetsAnswer", tuple[Target, ...], "The targets."),
    "observations": _answer("ObservationsAnswer", tuple[Observation, ...], "The observations."),
    "findings": _answer("FindingsAnswer", tuple[Finding, ...], "The findings."),
}


@declared
class Snapshot:
    """Everything about a mission at two clocks."""

    mandate: Mandate | None = told("The mandate.")
    leadership: tuple[Post, ...] = told("Lead nation and posts.")
    partners: tuple[Member, ...] = told("The members of partner groups.")
    pledges: tuple[Pledge, ...] = told("The pledges.")
    deployments: tuple[Deployment, ...] = told("The deployments.")
    funding: tuple[Account, ...] = told("The funding.")
    commitments: tuple[Commitment, ...] = told("The single commitments.")
    payments: tuple[Payment, ...] = told("The single payments.")
    payments_total: int = total("payments")
    positions: tuple[Position, ...] = told("The positions.")
    fulfilment: tuple[Fulfilment, ...] = told("The fulfilment.")
    targets: tuple[Target, ...] = told("The targets.")
    observations: tuple[Observation, ...] = told("The observations.")
    findings: tuple[Finding, ...] = told("The findings.")


@declared
class Change:
    """A change of a pledge, or of the record of it."""

    position: int = told("The entry.")
    type_: str = told("The event type.")
    effective: str = told("When it took effect.")
    recorded_at: str = told("When the ledger learned it.")
    actor: str = told("Who recorded it.")
    reason_code: str | None = told("Why, as a code, for a correction.")
    reason: str | None = told("Why.")
    source: Source | None = told("On which source.")
    note: str | None = told("What the fields cannot say.")
    retracted: bool = told("Whether it has been retracted.")
    target: int | None = told("The entry that it is about.")
    data: dict[str, Any] | None = told("What the event says.")
    redaction: Redaction | None = told("Who removed what it says, and why.")
    fields: tuple[dict[str, Any], ...] = told("What changed: field, from, to.")


@declared
class HistoryItem:
    """An event in a mission's timeline."""

    position: int = told("The entry.")
    type_: str = told("The event type.")
    effective: str = told("When it holds, as it stands.")
    first_day: str = told("The earliest day of that.")
    recorded_at: str = told("When the ledger learned it.")
    actor: str = told("Who recorded it.")
    stream: str = told("Its stream.")
    version: int = told("Its place in the stream.")
    ref: str | None = told("The recorder's own name for it.")
    target: int | None = told("The entry that it is about.")
    data: dict[str, Any] | None = told("What it says, as it stands; null where that was removed.")
    source: Source | None = told("On which source, as it stands.")
    note: str | None = told("What the fields cannot say.")
    retracted: bool = told("Whether it has been retracted.")
    redaction: Redaction | None = told("Who removed what it says, and why.")
    said: dict[str, Any] | None = told("What was first said, where it was changed: effective, data, source.")
    changes: tuple[dict[str, Any], ...] = told(
        "Its corrections and retractions: position, actor, reason, source, redaction, fields."
    )
    entries: Entries = told("Itself and what changed it.")


@declared
class Operation:
    """One difference between two states."""

    op: str = told("add, change or remove.")
    path: str = told("Answer, row and field.", example="/mandate/until")
    from_: Any = told("Before.")
    to: Any = told("After.")
    caused_by: Entries = told("The entries that caused it.")


@declared
class DiffAnswer:
    """What changed between two states."""

    mission: str = told("The mission.")
    redactions: tuple[Removed, ...] = told("The mission's entries whose payloads were removed.")
    from_: Truth = told("The first state.")
    to: Truth = told("The second state.")
    data: tuple[Operation, ...] = told("The operations, in path order.")
    links: dict[str, str] = told("Where to go on.")


@declared
class SnapshotAnswer(AboutMission):
    """Everything about a mission at two clocks."""

    lists: str = told(
        "complete; or newest, where the history is long: then lists that grow with it hold the newest of them or nothing, with "
        "how many there are beside them, such as movements_total. Every figure is the same. The addresses under links hold all.",
        example="complete",
    )
    data: Snapshot = told("Everything about a mission at two clocks.")


PledgeAnswer = _answer("PledgeAnswer", Pledge, "One pledge.")
PledgeHistoryAnswer = _answer("PledgeHistoryAnswer", tuple[Change, ...], "How a pledge changed.")
HistoryAnswer = _answer("HistoryAnswer", tuple[HistoryItem, ...], "The mission's timeline.")


@declared
class Consistency:
    """Two trees, and what shows that the later one extends the earlier."""

    from_: int = told("How many entries the earlier tree has.", example=3)
    to: int = told("How many the later one has.", example=4)
    from_root: str = told("The root of the earlier tree, in base64.")
    to_root: str = told("The root of the later one.")
    proof: tuple[str, ...] = told("The hashes of the proof, in base64.")


@declared
class ConsistencyAnswer:
    """A consistency proof."""

    data: Consistency = told("The proof.")


@declared
class Cosigned:
    """Which cosignatures were taken."""

    witnesses: tuple[str, ...] = told("The names of the witnesses.")
    links: dict[str, str] = told("Where the checkpoint is.")


@declared
class CosignedAnswer:
    """What became of cosignatures."""

    data: Cosigned = told("What was taken.")


@declared
class PartiesAnswer(Truth):
    """Every registered party."""

    data: tuple[Party, ...] = told("The parties.")
    links: dict[str, str] = told("Where to go on.")
