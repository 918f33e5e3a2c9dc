"""Movements: people and equipment that come, go, change or are lost. They move balances."""

from typing import Annotated

from ledger import codes
from ledger.events.declaration import event
from ledger.values import KitItem, PartyCode, PersonnelItem, Prose, Slug, Title, check_order, closed, optional, told

CasualtyKind = Annotated[str, closed(codes.CASUALTY_KINDS, "casualty_kind", "what happened")]
Affiliation = Annotated[str, closed(codes.AFFILIATIONS, "affiliation", "where the casualties belong")]
_PARTY = "The contributor."
_JOINT = "Further contributors, where the figure is joint and unsplit."
_CONTINGENT = "The contingent's name within the mission."
_FULFILS = "The pledge that this fulfils, in part or whole."


@event("personnel.deployed", stream="deployment/{parties}")
class PersonnelDeployed:
    """People arrive in the mission area."""

    party: PartyCode = told(_PARTY, example="JAM")
    jointly_with: tuple[PartyCode, ...] | None = optional(_JOINT, most=50)
    items: tuple[PersonnelItem, ...] = told("Who arrives.", most=50)
    contingent: Slug | None = optional(_CONTINGENT, example="jam-1")
    fulfils: Slug | None = optional(_FULFILS, example="jam-personnel")
    temporary: bool | None = optional("A visit or reconnaissance; does not move the balance.")
    purpose: Prose | None = optional("What for.")


@event("personnel.rotated", stream="deployment/{parties}")
class PersonnelRotated:
    """One team relieves another."""

    party: PartyCode = told(_PARTY)
    jointly_with: tuple[PartyCode, ...] | None = optional(_JOINT, most=50)
    rotated_in: tuple[PersonnelItem, ...] = told("Who arrives.", most=50)
    rotated_out: tuple[PersonnelItem, ...] = told("Who leaves.", most=50)
    contingent: Slug | None = optional(_CONTINGENT)
    fulfils: Slug | None = optional(_FULFILS)


@event("personnel.repatriated", stream="deployment/{parties}")
class PersonnelRepatriated:
    """People leave the mission."""

    party: PartyCode = told(_PARTY)
    jointly_with: tuple[PartyCode, ...] | None = optional(_JOINT, most=50)
    items: tuple[PersonnelItem, ...] = told("Who leaves.", most=50)
    contingent: Slug | None = optional(_CONTINGENT)
    reason: Prose | None = optional("Why.")


@event("casualty.reported", stream="casualties/{party}")
class CasualtyReported:
    """People die, are hurt or go missing. Only the mission's own dead and missing move its balance."""

    party: PartyCode = told("The contributor, or the state that the casualties belong to.", example="KEN")
    casualty: CasualtyKind = told("What happened.")
    affiliation: Affiliation | None = optional("Where they belong; the mission where left out.")
    minimum: int | None = optional("At least so many.", low=0, high=10**6)
    maximum: int | None = optional("At most so many.", low=0, high=10**6)
    category: (
        Annotated[str, closed(codes.PERSONNEL_CATEGORIES, "personnel_category", "a category of personnel")] | None
    ) = optional("The category of personnel, where the balance is to move.")
    names: tuple[Title, ...] | None = optional("Names, where they were made public.", most=100)
    place: Title | None = optional("Where.")
    circumstances: Prose | None = optional("How.")

    def __post_init__(self) -> None:
        check_order(self.minimum, self.maximum)


@event("equipment.delivered", stream="equipment/{parties}")
class EquipmentDelivered:
    """Equipment or a service reaches the mission, or whom it is for."""

    party: PartyCode = told("Who gives.", example="USA")
    jointly_with: tuple[PartyCode, ...] | None = optional(
        "Further givers, where the delivery is joint and unsplit.", most=50
    )
    items: tuple[KitItem, ...] = told("What is delivered.", most=50)
    holder: PartyCode | None = optional("Who holds it, where that is a third party.")
    recipient: PartyCode | None = optional("Who it is for; the mission where left out.")
    shared_with: PartyCode | None = optional("Who shares it with the mission, where there is no split.")
    fulfils: Slug | None = optional(_FULFILS)


@event("equipment.withdrawn", stream="equipment/{parties}")
class EquipmentWithdrawn:
    """Equipment leaves the mission."""

    party: PartyCode = told("Whose it is.")
    jointly_with: tuple[PartyCode, ...] | None = optional("Further owners.", most=50)
    items: tuple[KitItem, ...] = told("What leaves.", most=50)
    reason: Prose | None = optional("Why.")


@event("equipment.lost", stream="equipment/{parties}")
class EquipmentLost:
    """Equipment is destroyed, stolen or written off."""

    party: PartyCode = told("Whose it was.")
    jointly_with: tuple[PartyCode, ...] | None = optional("Further owners.", most=50)
    items: tuple[KitItem, ...] = told("What is lost.", most=50)
    circumstances: Prose | None = optional("How.")
