"""Money after the pledge: commitments signed, contributions paid in, funds paid out, balances reported."""

from typing import Annotated

from ledger import codes
from ledger.events.declaration import event
from ledger.events.pledges import SuspensionCause
from ledger.values import Channel, Money, PartyCode, Prose, Slug, closed, optional, told

FundMeasure = Annotated[str, closed(codes.FUND_MEASURES, "fund_measure", "what of a fund is measured")]
_PAYER = "Who pays."
_JOINT = "Further payers, where the sum is joint and unsplit."
_CHANNEL = "The channel."
_FULFILS = "The pledge that this fulfils, in part or whole."


@event("commitment.signed", stream="commitment/{commitment}")
class CommitmentSigned:
    """A sum is committed: signed, authorised or allocated. IATI transaction type 2."""

    commitment: Slug = told("The commitment's name within the mission.", example="usa-trust-fund")
    party: PartyCode = told(_PAYER, example="USA")
    jointly_with: tuple[PartyCode, ...] | None = optional(_JOINT, most=50)
    channel: Channel = told(_CHANNEL, example="un_trust_fund")
    money: Money = told("The sum.")
    fulfils: Slug | None = optional(_FULFILS)
    announcer: PartyCode | None = optional("Who said it, where it was not the payer.")
    purpose: Prose | None = optional("What it is for.")


@event("commitment.amended", stream="commitment/{commitment}")
class CommitmentAmended:
    """The committed sum changes."""

    commitment: Slug = told("The commitment.")
    money: Money = told("The new sum, whole.")
    reason: Prose | None = optional("Why.")


@event("commitment.cancelled", stream="commitment/{commitment}")
class CommitmentCancelled:
    """The commitment is cancelled."""

    commitment: Slug = told("The commitment.")
    reason: Prose | None = optional("Why.")


@event("contribution.received", stream="funding/{parties}")
class ContributionReceived:
    """A sum is paid in. IATI transaction type 1."""

    party: PartyCode = told(_PAYER, example="CAN")
    jointly_with: tuple[PartyCode, ...] | None = optional(_JOINT, most=50)
    channel: Channel = told(_CHANNEL)
    money: Money = told("The sum.")
    commitment: Slug | None = optional("The commitment that it is paid under.")
    fulfils: Slug | None = optional(_FULFILS)
    announcer: PartyCode | None = optional("Who said it, where it was not the payer.")
    purpose: Prose | None = optional("What it is for.")


@event("contribution.suspended", stream="funding/{parties}")
class ContributionSuspended:
    """The use of a sum is suspended: a freeze, a hold, a stop-work notice."""

    party: PartyCode = told("Whose money it is.")
    jointly_with: tuple[PartyCode, ...] | None = optional(_JOINT, most=50)
    channel: Channel = told(_CHANNEL)
    money: Money = told("The sum suspended.")
    cause: SuspensionCause | None = optional("Why.")
    by: Prose | None = optional("Which body.")


@event("contribution.resumed", stream="funding/{parties}")
class ContributionResumed:
    """A suspended sum may be used again."""

    party: PartyCode = told("Whose money it is.")
    jointly_with: tuple[PartyCode, ...] | None = optional(_JOINT, most=50)
    channel: Channel = told(_CHANNEL)
    money: Money = told("The sum released.")
    reason: Prose | None = optional("Why.")


@event("contribution.refunded", stream="funding/{parties}")
class ContributionRefunded:
    """A sum goes back to the payer."""

    party: PartyCode = told("To whom.")
    jointly_with: tuple[PartyCode, ...] | None = optional(_JOINT, most=50)
    channel: Channel = told(_CHANNEL)
    money: Money = told("The sum refunded.")
    reason: Prose | None = optional("Why.")


@event("funds.disbursed", stream="funding/{parties}")
class FundsDisbursed:
    """A sum is paid out, or spent. IATI transaction type 3."""

    party: PartyCode = told("Whose money it is: the payer, or the fund where that is not known.")
    jointly_with: tuple[PartyCode, ...] | None = optional(_JOINT, most=50)
    channel: Channel = told(_CHANNEL)
    money: Money = told("The sum.")
    recipient: PartyCode | None = optional("Who gets it.")
    purpose: Prose | None = optional("What it is for.")


@event("fund-balance.reported", stream="fund-balance/{fund}")
class FundBalanceReported:
    """Somebody says what stands to a fund's or a giver's account: an observation, never added to anything."""

    fund: Slug = told("The fund, or the giver's total.", example="un-trust-fund")
    measure: FundMeasure = told("What is measured.", example="received")
    money: Money = told("The sum.")
    party: PartyCode | None = optional("The giver, where the figure is about one giver.")
    reporter: PartyCode | None = optional("Who says so.", example="UN")
    statement: Prose | None = optional("What was said.")


@event("cost.estimated", stream="costs")
class CostEstimated:
    """Somebody estimates what the mission, or a plan for it, costs."""

    estimate: Slug = told("What is estimated.", example="annual-need")
    money: Money = told("The sum.")
    months: int | None = optional("The period that the sum covers.", low=1, high=240)
    reporter: PartyCode | None = optional("Who estimates.")
    jointly_with: tuple[PartyCode, ...] | None = optional("Further estimators.", most=20)
    statement: Prose | None = optional("What was said.")
