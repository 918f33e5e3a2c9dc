"""Partner groups: standing groups of parties that steer or support the mission."""

from typing import Annotated

from ledger import codes
from ledger.events.declaration import event
from ledger.events.leadership import EndCause
from ledger.values import PartyCode, Prose, Slug, Title, closed, optional, told

PartyRole = Annotated[str, closed(codes.PARTY_ROLES, "party_role", "the role of a party")]


@event("partner-group.constituted", stream="partners/{group}")
class PartnerGroupConstituted:
    """A group is set up, or a rule of its own becomes known."""

    group: PartyCode = told("The group's code.", example="SGP-HTI")
    name: Title | None = optional("Its name.")
    rule: Prose | None = optional("How it is composed and decides.")


@event("partner.joined", stream="partners/{group}/{party}")
class PartnerJoined:
    """A party becomes a member, or declares that it shall."""

    group: PartyCode = told("The group.", example="SGP-HTI")
    party: PartyCode = told("The member.", example="KEN")
    role: PartyRole | None = optional("Its role.")
    by_virtue_of: Slug | None = optional(
        "The post by which it sits, where the seat follows a post.", example="force-commander"
    )
    delegate: Title | None = optional("Who sits for it.")
    intended: bool | None = optional("The source states an intention, not the fact.")


@event("partner.left", stream="partners/{group}/{party}")
class PartnerLeft:
    """A party ceases to be a member."""

    group: PartyCode = told("The group.")
    party: PartyCode = told("The former member.")
    cause: EndCause | None = optional("Why.")
    reason: Prose | None = optional("In words.")
