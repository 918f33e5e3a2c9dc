"""Events about other entries: corrections, retractions, disputes, ranks, redaction.

A target is an entry's position, or the `ref` that its recorder gave it; positions are what is stored.
"""

from typing import Annotated, Any

from ledger import codes
from ledger.events.declaration import event
from ledger.values import DateText, Item, PartyCode, Prose, Source, closed, optional, told

Target = int | str
CorrectionReason = Annotated[str, closed(codes.CORRECTION_REASONS, "correction_reason", "why it is corrected")]
ClaimRank = Annotated[str, closed(codes.CLAIM_RANKS, "claim_rank", "the rank of a claim")]
_TARGET = "Position or ref of the entry that this is about."


@event("entry.corrected", stream="", about=True)
class EntryCorrected:
    """An entry's effective date, data or source is put right; what is left out stays as it was. The entry keeps its place."""

    target: Target = told(_TARGET, example=17)
    effective: DateText | None = optional("The right effective date.")
    data: dict[str, Any] | None = optional(
        "The fields of the target's data that change; null takes an optional field away."
    )
    source: Source | None = optional("The right source, whole.")
    reason_code: CorrectionReason = told("Why, as a code.", example="recording_error")
    reason: Prose = told("Why, in words.")


@event("entry.retracted", stream="", about=True)
class EntryRetracted:
    """An entry is taken away; it stays in the ledger and in what was known before. Retracting a correction undoes it."""

    target: Target = told(_TARGET)
    reason_code: CorrectionReason | None = optional("Why, as a code.")
    reason: Prose = told("Why, in words.")


@event("claim.disputed", stream="", about=True)
class ClaimDisputed:
    """Somebody, or another source, contradicts an entry."""

    target: Target = told(_TARGET)
    by: PartyCode | None = optional("Who disputes, where it is a party.")
    rival: Target | None = optional("Position or ref of the entry that says otherwise.")
    items: tuple[Item, ...] | None = optional("The figures that the other statement gives instead.", most=50)
    effective: DateText | None = optional("The date that the other statement gives instead.")
    reason: Prose = told("What is disputed and why.")


@event("claim.corroborated", stream="", about=True)
class ClaimCorroborated:
    """Another source bears an entry out; it stands in this event's source."""

    target: Target = told(_TARGET)
    by: PartyCode | None = optional("Who, where it is a party.")
    statement: Prose | None = optional("What it adds.")


@event("claim.ranked", stream="", about=True)
class ClaimRanked:
    """An entry is given a rank among rival claims; a later rank takes the place of an earlier one."""

    target: Target = told(_TARGET)
    rank: ClaimRank = told("The rank.", example="preferred")
    reason: Prose = told("Why.")


@event("payload.redacted", stream="", about=True, recorder="admin")
class PayloadRedacted:
    """An entry's payload is removed for a legal reason; its place, its envelope and every proof stay."""

    target: Target = told(_TARGET)
    legal_basis: Prose = told("The rule that demands it.")
    reason: Prose = told("Why.")
