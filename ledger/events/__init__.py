"""Every event type that the ledger records, by its wire name."""

from typing import Annotated, Any, get_args, get_origin, get_type_hints

from ledger.events import (
    about_entries,
    exchanges,
    funding,
    leadership,
    log,
    mission,
    movements,
    observations,
    parties,
    partners,
    pledges,
    positions,
)
from ledger.events.declaration import EVENTS, parties_of, stream_of
from ledger.values import PartyCode

SUBJECTS = (
    mission,
    parties,
    leadership,
    partners,
    pledges,
    funding,
    movements,
    observations,
    exchanges,
    positions,
    about_entries,
    log,
)


def _names_a_party(hint: Any) -> bool:
    return hint == PartyCode or (get_origin(hint) is not Annotated and any(map(_names_a_party, get_args(hint))))


# The fields that name a party, in whatever part.
PARTY_FIELDS = frozenset(
    name
    for declared in EVENTS.values()
    for name, hint in get_type_hints(declared, include_extras=True).items()
    if _names_a_party(hint)
)

__all__ = ["EVENTS", "PARTY_FIELDS", "SUBJECTS", "parties_of", "stream_of"]
