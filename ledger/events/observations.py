"""Observations: stocks that somebody counted. They never move a balance; they are set beside it."""

from typing import Annotated

from ledger import codes
from ledger.events.declaration import event
from ledger.values import KitItem, PartyCode, PersonnelItem, Prose, Unfit, closed, optional, told

EquipmentStatus = Annotated[str, closed(codes.EQUIPMENT_STATUSES, "equipment_status", "the state of equipment")]


@event("strength.reported", stream="strength")
class StrengthReported:
    """Somebody says how many are there: of one party, or of the whole mission where no party is named."""

    party: PartyCode | None = optional("The contributor; the whole mission where left out.", example="KEN")
    jointly_with: tuple[PartyCode, ...] | None = optional("Further contributors counted in the same figure.", most=50)
    items: tuple[PersonnelItem, ...] = told("The strength.", most=50)
    reporter: PartyCode | None = optional("Who says so.")
    parties_present: tuple[PartyCode, ...] | None = optional("Contributors said to be present.", most=100)
    statement: Prose | None = optional("What was said.")

    def __post_init__(self) -> None:
        if self.jointly_with and self.party is None:
            raise Unfit("jointly_with", "further contributors need a first one; give one of them as party")


@event("equipment-status.reported", stream="equipment-status")
class EquipmentStatusReported:
    """Somebody says what equipment is there and in what state."""

    party: PartyCode | None = optional("Whose equipment; the whole mission's where left out.")
    items: tuple[KitItem, ...] = told("The equipment.", most=50)
    status: EquipmentStatus = told("Its state.")
    reporter: PartyCode | None = optional("Who says so.")
    statement: Prose | None = optional("What was said.")
