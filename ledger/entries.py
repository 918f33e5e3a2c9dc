"""An entry: an event as it was recorded, with the exact bytes that its leaf hash covers.

Envelope (a Merkle leaf) and payload are canonical JSON. The payload holds data, source and note; the envelope
holds everything else and a salted commitment to the payload, so that a payload can be removed while every
proof still verifies.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ledger import codec
from ledger.said import Event
from ledger.values import first_day, last_day

MAX_ENVELOPE = 65_535
MAX_PAYLOAD = 65_535
SHOWN = (
    "position", "id", "stream", "version", "mission", "type", "effective", "recorded_at", "actor", "ref", "target",
    "data", "source", "note", "leaf_hash",
)  # fmt: skip
TOLD = ("position", "id", "stream", "version", "recorded_at", "actor", "leaf_hash")
REDACTION = ("position", "actor", "recorded_at", "legal_basis", "reason")


class Entry(NamedTuple):
    """One entry of the ledger. `target` is the entry that it is about, `root` the first of that chain (itself otherwise)."""

    position: int
    id: str
    stream: str
    version: int
    mission: str | None
    type: str
    effective: str
    recorded_at: str
    actor: str
    ref: str | None
    target: int | None
    root: int
    request: str | None
    salt: bytes | None
    payload: bytes | None
    envelope: bytes
    data: Mapping[str, Any] | None
    source: Mapping[str, Any] | None
    note: str | None

    @property
    def first(self) -> str:
        """The earliest day of the effective date."""
        return first_day(self.effective)

    @property
    def reported(self) -> str:
        return reported_on(self.source, self.effective)

    @property
    def leaf_hash(self) -> str:
        return codec.leaf_hash(self.envelope).hex()


def without_payload(entry: Entry) -> Entry:
    """The entry after its payload was removed: its envelope tells what it was, and nobody what it said."""
    return entry._replace(data=None, source=None, note=None, salt=None, payload=None)


def document(entry: Entry, redaction: Mapping[str, Any] | None) -> dict[str, Any]:
    """An entry as the API and exports show it: as it was said and recorded, without the stored bytes.

    `redaction` tells who removed its payload and why (REDACTION); None where it was not removed.
    """
    return {**{name: getattr(entry, name) for name in SHOWN}, "redaction": redaction}


def acknowledgement(entry: Entry, replayed: bool) -> dict[str, Any]:
    """An entry as its recorder is told of it: what the ledger added to what was said."""
    return {**{name: getattr(entry, name) for name in TOLD}, "replayed": replayed}


def reported_on(source: Mapping[str, Any] | None, effective: str) -> str:
    """The day by which the source had said it; where its publication is not known, the last day of the effective date."""
    return last_day((source or {}).get("published") or effective)


def instant(moment: datetime) -> str:
    """A moment as the ledger writes it: UTC, microseconds, fixed width, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def payload_of(event: Event) -> bytes:
    """What `event` says, as the bytes that are stored. Decisions see to it that they are no more than MAX_PAYLOAD."""
    return event.payload


_HEADER = (
    "position",
    "id",
    "stream",
    "version",
    "mission",
    "type",
    "effective",
    "recorded_at",
    "actor",
    "ref",
    "target",
)


def enter(
    event: Event,
    *,
    position: int,
    entry_id: str,
    stream: str,
    version: int,
    mission: str | None,
    root: int,
    recorded_at: str,
    actor: str,
    salt: bytes,
    request: str | None = None,
) -> Entry:
    """The entry that records `event`. `request` is the proof of the receipt that goes with it, where there is one."""
    header: dict[str, Any] = {
        "position": position,
        "id": entry_id,
        "stream": stream,
        "version": version,
        "mission": mission,
        "type": event.type,
        "effective": event.effective,
        "recorded_at": recorded_at,
        "actor": actor,
        "ref": event.ref,
        "target": event.data.target if event.data.ABOUT else None,
    }
    payload = event.payload
    envelope = _envelope(header, request, codec.commitment(salt, payload))
    assert len(envelope) <= MAX_ENVELOPE
    return Entry(**header, **event.told, root=root, request=request, salt=salt, payload=payload, envelope=envelope)


def envelope_of(entry: Entry) -> bytes:
    """The envelope made anew from everything else of an entry, which has its payload."""
    assert entry.salt is not None
    assert entry.payload is not None
    header = {name: getattr(entry, name) for name in _HEADER}
    return _envelope(header, entry.request, codec.commitment(entry.salt, entry.payload))


def _envelope(header: Mapping[str, Any], request: str | None, commitment: str) -> bytes:
    asked = {} if request is None else {"request": request}
    return codec.canonical({"ledger": 1, **header, **asked, "commitment": commitment})
