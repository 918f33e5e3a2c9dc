"""An entry as the API shows it, from its stored bytes: what is stored as JSON goes into the answer as it is. Pure.

The payload is canonical JSON, `{"data":…,"note":…,"source":…}`. A quotation mark inside a text is escaped, so `,"source":` stands
nowhere but before a member of that name; the last one is the payload's own, since neither a source nor a note has such a
member inside. So the three parts are cut out of the bytes, and no part of them is read.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from orjson import Fragment

COLUMNS = (
    "position", "id", "stream", "version", "mission", "type", "effective", "recorded_at", "actor", "ref", "target",
    "payload", "envelope",
)  # fmt: skip
PAYLOAD = COLUMNS.index("payload")
_NOTHING = (None, None, None)
_sha256 = hashlib.sha256


def parts(payload: bytes) -> tuple[Fragment, Fragment, Fragment]:
    """The JSON of a payload's data, source and note."""
    at_source = payload.rfind(b',"source":')
    at_note = payload.rfind(b',"note":', 0, at_source)
    return (
        Fragment(payload[8:at_note]),
        Fragment(payload[at_source + 10 : -1]),
        Fragment(payload[at_note + 8 : at_source]),
    )


def spliced(row: Sequence[Any], redaction: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What `entries.document` shows, from a row of COLUMNS, with JSON as it is stored where that makes objects: for orjson to write."""
    (
        position,
        entry_id,
        stream,
        version,
        mission,
        type_,
        effective,
        recorded_at,
        actor,
        ref,
        target,
        payload,
        envelope,
    ) = row
    data, source, note = parts(payload) if payload is not None else _NOTHING
    return {
        "position": position,
        "id": entry_id,
        "stream": stream,
        "version": version,
        "mission": mission,
        "type": type_,
        "effective": effective,
        "recorded_at": recorded_at,
        "actor": actor,
        "ref": ref,
        "target": target,
        "data": data,
        "source": source,
        "note": note,
        "leaf_hash": _sha256(b"\x00" + envelope).hexdigest(),
        "redaction": redaction,
    }
