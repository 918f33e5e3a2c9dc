"""An entry as the API shows it, from its stored bytes: what is stored as JSON goes into the answer as it is. Pure.

The payload is canonical JSON, `{"data":…,"note":…,"source":…}`. A quotation mark inside a text is escaped, so `,"source":` stands
nowhere but before a member of that name; the last one is the payload's own, since neither a source nor a note has such a
member inside. So the three parts are cut out of the bytes, and no part of them is read.
"""

import hashlib
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring as quoted
from typing import Any

import orjson

COLUMNS = (
    "position", "id", "stream", "version", "mission", "type", "effective", "recorded_at", "actor", "ref", "target",
    "payload", "envelope",
)  # fmt: skip
PAYLOAD = COLUMNS.index("payload")
_NOTHING = b',"data":null,"source":null,"note":null'
_sha256 = hashlib.sha256


def parts(payload: bytes) -> bytes:
    """A payload's data, source and note as members of a JSON object, each after a comma."""
    at_source = payload.rfind(b',"source":')
    at_note = payload.rfind(b',"note":', 0, at_source)
    return b"".join((b",", payload[1:at_note], payload[at_source:-1], payload[at_note:at_source]))


def spliced(row: Sequence[Any], redaction: Mapping[str, Any] | None = None) -> bytes:
    """The JSON of what `entries.document` shows, from a row of COLUMNS. Ids, types, days and moments need no escapes."""
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
    head = (
        f'{{"position":{position},"id":"{entry_id}","stream":{quoted(stream)},"version":{version},'
        f'"mission":{"null" if mission is None else quoted(mission)},"type":"{type_}","effective":"{effective}",'
        f'"recorded_at":"{recorded_at}","actor":{quoted(actor)},"ref":{"null" if ref is None else quoted(ref)},'
        f'"target":{"null" if target is None else target}'
    )
    leaf_hash = _sha256(b"\x00" + envelope).hexdigest()
    told = b"null" if redaction is None else orjson.dumps(redaction)
    tail = f',"leaf_hash":"{leaf_hash}","redaction":'
    return b"".join((head.encode(), parts(payload) if payload is not None else _NOTHING, tail.encode(), told, b"}"))
