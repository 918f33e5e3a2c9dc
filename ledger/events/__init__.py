"""Every event type that the ledger records, by its wire name."""

from ledger.events import (
    about_entries,
    exchanges,
    funding,
    leadership,
    mission,
    movements,
    observations,
    parties,
    partners,
    pledges,
    positions,
)
from ledger.events.declaration import EVENTS, parties_of, stream_of

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
)

__all__ = ["EVENTS", "SUBJECTS", "parties_of", "stream_of"]
