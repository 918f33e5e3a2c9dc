"""What the ledger declines, by code. HTTP statuses belong to the API, which maps every code."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "unknown-subject": "The event is about a mission, pledge, post, party, commitment or target that the ledger does not know.",
        "already-exists": "What the event brings into being exists already.",
        "not-possible-now": "The subject's history does not allow the event, such as a second withdrawal.",
        "unknown-entry": "The entry that the event is about does not exist.",
        "wrong-correction": "The corrected entry would not be a valid one.",
        "ref-taken": "Another entry bears this ref.",
        "version-conflict": "The stream has moved since the version that was expected.",
        "key-reused": "The idempotency key was used for another request.",
        "closed": "The ledger lacks what was signed of it, and is closed until an administrator decides.",
        "too-large": "The event does not fit into an entry.",
    }
)


@dataclass(frozen=True)
class Refusal:
    """One event declined: `code` of the table above, where (`pointer`), and why, with what to do."""

    code: str
    pointer: str
    detail: str
    actual_version: int | None = None

    def __post_init__(self) -> None:
        assert self.code in REFUSALS, self.code


class Refused(Exception):
    """A request declined as a whole, with every refusal in it. Nothing of it was recorded."""

    def __init__(self, refusals: list[Refusal]):
        super().__init__("; ".join(f"{refusal.pointer or '/'}: {refusal.detail}" for refusal in refusals))
        self.refusals = refusals
