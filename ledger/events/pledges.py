"""Pledges of people, kit, services and money, from the first announcement to their end."""

from typing import Annotated

from ledger import codes
from ledger.events.declaration import event
from ledger.texts import Text
from ledger.values import DateText, Item, PartyCode, Prose, Slug, check_order, closed, optional, told

Formality = Annotated[str, closed(codes.PLEDGE_FORMALITIES, "pledge_formality", "how formally it was pledged")]
SuspensionCause = Annotated[str, closed(codes.SUSPENSION_CAUSES, "suspension_cause", "why it is suspended")]
_PLEDGE = "The pledge's name within the mission, chosen by the recorder."
_ITEMS = "What is pledged."
_ANNOUNCER = "Who said it, where it was not the pledger."


@event("pledge.announced", stream="pledge/{pledge}")
class PledgeAnnounced:
    """A party says what it will give, or somebody says it of that party."""

    pledge: Slug = told(_PLEDGE, example="jam-personnel")
    party: PartyCode = told("The pledger.", example="JAM")
    jointly_with: tuple[PartyCode, ...] | None = optional(
        "Further pledgers, where the pledge is joint and unsplit.", most=50
    )
    items: tuple[Item, ...] = told(_ITEMS, most=50)
    announcer: PartyCode | None = optional(_ANNOUNCER, example="USA")
    formality: Formality | None = optional("How formally; a public statement where left out.")
    condition: Slug | None = optional("Name of a condition that the pledge depends on.")
    condition_text: Prose | None = optional("That condition in words.")
    converts: tuple[Slug, ...] | None = optional("Earlier pledges that this one takes the place of.", most=20)
    due: DateText | None = optional("When delivery is promised.")


@event("pledge.notified", stream="pledge/{pledge}")
class PledgeNotified:
    """A party notifies a pledge formally. The terms take the place of those announced; the original ones are kept."""

    pledge: Slug = told(_PLEDGE, example="jam-personnel")
    party: PartyCode = told("The pledger.", example="JAM")
    jointly_with: tuple[PartyCode, ...] | None = optional(
        "Further pledgers, where the pledge is joint and unsplit.", most=50
    )
    items: tuple[Item, ...] = told(_ITEMS, most=50)
    formality: Formality | None = optional("How; a letter to the Secretary-General where left out.")
    condition: Slug | None = optional("Name of a condition that the pledge depends on.")
    condition_text: Prose | None = optional("That condition in words.")
    converts: tuple[Slug, ...] | None = optional("Earlier pledges that this one takes the place of.", most=20)
    due: DateText | None = optional("When delivery is promised.")


@event("pledge.revised", stream="pledge/{pledge}")
class PledgeRevised:
    """The terms change."""

    pledge: Slug = told("The pledge.")
    items: tuple[Item, ...] = told("The new terms, whole.", most=50)
    announcer: PartyCode | None = optional(_ANNOUNCER)
    due: DateText | None = optional("When delivery is promised.")
    reason: Prose | None = optional("Why.")


@event("pledge.conditioned", stream="pledge/{pledge}")
class PledgeConditioned:
    """The pledge is made to depend on a condition."""

    pledge: Slug = told("The pledge.")
    condition: Slug = told("Name of the condition.", example="military-command")
    text: Prose = told("The condition in words.")


@event("pledge.condition-met", stream="pledge/{pledge}")
class PledgeConditionMet:
    """A condition is fulfilled."""

    pledge: Slug = told("The pledge.")
    condition: Slug = told("Name of the condition.")


@event("pledge.confirmed", stream="pledge/{pledge}")
class PledgeConfirmed:
    """The pledge is affirmed or approved with its terms unchanged; where items are given they restate them."""

    pledge: Slug = told("The pledge.")
    by: PartyCode | None = optional("Who confirmed, where it was not the pledger.")
    formality: Formality | None = optional("How.")
    items: tuple[Item, ...] | None = optional("The terms as restated, where they are more exact.", most=50)
    statement: Prose | None = optional("What was said.")


@event("pledge.suspended", stream="pledge/{pledge}")
class PledgeSuspended:
    """Delivery is suspended; the pledge stands."""

    pledge: Slug = told("The pledge.")
    cause: SuspensionCause | None = optional("Why.")
    by: Prose | None = optional("Which court, ministry or body.", example="High Court of Kenya")
    reason: Prose | None = optional("In words.")


@event("pledge.resumed", stream="pledge/{pledge}")
class PledgeResumed:
    """A suspension ends."""

    pledge: Slug = told("The pledge.")
    reason: Prose | None = optional("Why.")


@event("pledge.withdrawn", stream="pledge/{pledge}")
class PledgeWithdrawn:
    """The pledger takes the pledge back."""

    pledge: Slug = told("The pledge.")
    reason: Prose | None = optional("Why.")


@event("pledge.lapsed", stream="pledge/{pledge}")
class PledgeLapsed:
    """The pledge comes to nothing without being withdrawn."""

    pledge: Slug = told("The pledge.")
    reason: Prose | None = optional("Why.")


@event("pledge-total.reported", stream="pledge-totals")
class PledgeTotalReported:
    """Somebody counts the pledges of several parties: an observation, set beside the pledges and never added to them."""

    counting: Annotated[str, Text("what is counted", r"[a-z0-9]+(?:_[a-z0-9]+)*", 64)] = told(
        "What is counted.", example="formal_notifications"
    )
    items: tuple[Item, ...] | None = optional("The total, where it is one of people, kit or money.", most=20)
    minimum: int | None = optional("At least so many, where plain things are counted.", low=0, high=10**9)
    maximum: int | None = optional("At most so many.", low=0, high=10**9)
    parties: tuple[PartyCode, ...] | None = optional("The parties counted, where they are named.", most=250)
    reporter: PartyCode | None = optional("Who counts.", example="UN")
    statement: Prose | None = optional("What was said.")

    def __post_init__(self) -> None:
        check_order(self.minimum, self.maximum)
