"""An entry: an event as it was recorded, with the exact bytes that its leaf hash covers.

Envelope (a Merkle leaf) and payload are canonical JSON. The payload holds data, source and note; the envelope
holds everything else and a salted commitment to the payload, so that a payload can be removed while every
proof still verifies.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ledger import codec
from ledger.said import Event
from ledger.values import PartialDate, as_json

MAX_ENVELOPE = 65_535
MAX_PAYLOAD = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
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
    data: Mapping[str, Any] | None
    source: Mapping[str, Any] | None
    note: str | None
    salt: bytes | None
    payload: bytes | None
    envelope: bytes

    @property
    def first(self) -> str:
        """The earliest day of the effective date."""
        return PartialDate.parse(self.effective).first.isoformat()

    @property
    def reported(self) -> str:
        return reported_on(self.source, self.effective)

    @property
    def leaf_hash(self) -> str:
        return codec.leaf_hash(self.envelope).hex()


def document(entry: Entry) -> dict[str, Any]:
    """An entry as the API and exports show it: as it was said and recorded, without the stored bytes."""
    names = (
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
    said = {"data": entry.data, "source": entry.source, "note": entry.note}
    return {**{name: getattr(entry, name) for name in names}, **said, "leaf_hash": entry.leaf_hash}


def reported_on(source: Mapping[str, Any] | None, effective: str) -> str:
    """The day by which the source had said it; where its publication is not known, the last day of the effective date."""
    published = (source or {}).get("published") or effective
    return PartialDate.parse(published).last.isoformat()


def instant(moment: datetime) -> str:
    """A moment as the ledger writes it: UTC, microseconds, fixed width, so that text order is time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


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
) -> Entry:
    """The entry that records `event`. Raises ValueError where payload or envelope is too large."""
    data, source = as_json(event.data), as_json(event.source) if event.source else None
    payload = codec.canonical({"data": data, "source": source, "note": event.note})
    if len(payload) > MAX_PAYLOAD:
        raise ValueError(
            f"data, source and note together are {len(payload)} bytes; at most {MAX_PAYLOAD} fit in an entry"
        )
    target = getattr(event.data, "target", None)
    target = target if event.data.ABOUT else None
    envelope = codec.canonical(
        {
            "ledger": 1,
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
            "target": target,
            "commitment": codec.commitment(salt, payload),
        }
    )
    assert len(envelope) <= MAX_ENVELOPE
    return Entry(
        position=position,
        id=entry_id,
        stream=stream,
        version=version,
        mission=mission,
        type=event.type,
        effective=event.effective,
        recorded_at=recorded_at,
        actor=actor,
        ref=event.ref,
        target=target,
        root=root,
        data=data,
        source=source,
        note=event.note,
        salt=salt,
        payload=payload,
        envelope=envelope,
    )
