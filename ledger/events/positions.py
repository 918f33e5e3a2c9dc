"""Positions: who supports, opposes or declines what."""

from typing import Annotated

from ledger import codes
from ledger.events.declaration import event
from ledger.values import PartyCode, Prose, Slug, Title, closed, optional, told

Stance = Annotated[str, closed(codes.STANCES, "stance", "a stance")]


@event("position.stated", stream="position/{on}/{parties}")
class PositionStated:
    """A party says where it stands on something. A later statement on the same takes the place of the earlier."""

    party: PartyCode = told("Who.", example="CARICOM")
    jointly_with: tuple[PartyCode, ...] | None = optional("Further parties, where they speak as one.", most=50)
    stance: Stance = told("Where it stands.", example="supports")
    on: Slug = told("On what: a topic's name within the mission.", example="gang-suppression-force")
    speaker: Title | None = optional("Who spoke.")
    members: int | None = optional("For how many members it speaks.", low=0, high=1_000, example=14)
    text: Prose | None = optional("What was said.")


@event("position.withdrawn", stream="position/{on}/{parties}")
class PositionWithdrawn:
    """A party no longer holds the position."""

    party: PartyCode = told("Who.")
    jointly_with: tuple[PartyCode, ...] | None = optional("Further parties.", most=50)
    on: Slug = told("On what.")
    text: Prose | None = optional("What was said.")
