"""Parties: who acts. States are known by their ISO 3166-1 alpha-3 code and need no registration."""

from typing import Annotated

from ledger import codes
from ledger.events.declaration import event
from ledger.texts import Text
from ledger.values import PartyCode, Prose, Title, Unfit, closed, optional, told

PartyKind = Annotated[str, closed(codes.PARTY_KINDS, "party_kind", "what sort of party it is")]
Identifier = Annotated[
    str,
    Text(
        "an identifier with its list's prefix, after org-id.guide",
        r"[A-Z]{2}(?:_[A-Z]{2})?(?:-\d{2})?-[A-Z0-9_]+-\S.*",
        128,
        example="XM-DAC-41305",
    ),
]


@event("party.registered", stream="party/{party}", ledger_wide=True)
class PartyRegistered:
    """An organisation, a group, an office or an unnamed party gets its code."""

    party: PartyCode = told("The code.", example="UNSOH")
    name: Title = told("The name.", example="United Nations Support Office in Haiti")
    kind: PartyKind = told("What sort of party it is.")
    acronym: Title | None = optional("Its acronym.")
    members: int | None = optional("How many members it counts.", low=0, high=10_000)
    identifiers: tuple[Identifier, ...] | None = optional("Identifiers in public lists.", most=20)
    about: Prose | None = optional("What else distinguishes it.")


@event("party.merged", stream="party/{party}", ledger_wide=True)
class PartyMerged:
    """One code is found to mean the same party as another. Entries keep the code that they were recorded with."""

    party: PartyCode = told("The code that is given up.")
    into: PartyCode = told("The code that stays.", example="UNSMIH")
    reason: Prose | None = optional("Why.")

    def __post_init__(self) -> None:
        if self.into == self.party:
            raise Unfit("into", "a code cannot be merged into itself; name the one that stays")
