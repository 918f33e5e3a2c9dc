"""The chain from payload to leaf, entry by entry. Pure.

    payload, salt  →  commitment  →  envelope  →  leaf

An entry is found as a database keeps it, with its columns, or as a bundle or a server gives it, with its envelope
alone. In both cases everything is computed anew from the payload.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
from orjson import dumps

from ledger.audit.findings import Findings
from ledger.receipts import proof_of

HEADER = (
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
REDACTED = "payload.redacted"
_SORTED = orjson.OPT_SORT_KEYS
_ENVELOPE = frozenset((*HEADER, "request", "ledger", "commitment"))


class Found(NamedTuple):
    """An entry as it is found at a position. `columns`: header and request as a database keeps them beside the envelope."""

    position: int
    envelope: bytes
    salt: bytes | None
    payload: bytes | None
    columns: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as a database keeps it."""

    actor: str
    key: str
    request: str
    first_position: int
    count: int
    recorded_at: str


@dataclass
class Chain:
    """What is known after the entries so far; `size` of them are expected to have been there."""

    findings: Findings
    size: int = 0
    last_recorded_at: str = ""
    removed: set[int] = field(default_factory=set)
    redacted: dict[int, int] = field(default_factory=dict)
    receipts: list[Receipt] = field(default_factory=list)

    def take(self, group: Iterable[Found]) -> tuple[list[bytes], list[Found]]:
        """The leaf hashes of the next entries, and those of them that do not agree with themselves."""
        leaves, disagreeing = [], []
        for found in group:
            envelope = found.envelope
            leaves.append(sha256(b"\0" + envelope).digest())
            header: Mapping[str, Any] | None = found.columns if found.columns is not None else read_header(envelope)
            if header is None or header["position"] != found.position or _made(found, header) != envelope:
                disagreeing.append(found)
                header = read_header(envelope)
            if header is not None:
                self._follow(found, header)
            self.size = found.position + 1
        return leaves, disagreeing

    def _follow(self, found: Found, header: Mapping[str, Any]) -> None:
        """What an entry must have in common with those before it."""
        recorded_at = str(header.get("recorded_at"))
        if recorded_at < self.last_recorded_at:
            text = f"recorded at {recorded_at}, after one of {self.last_recorded_at}"
            self.findings.add("time-runs-backward", found.position, text)
        else:
            self.last_recorded_at = recorded_at
        target = header.get("target")
        if target is not None:
            self._follow_target(found, header, target)
        if found.payload is None:
            self.removed.add(found.position)

    def _follow_target(self, found: Found, header: Mapping[str, Any], target: Any) -> None:
        if not (isinstance(target, int) and 0 <= target < found.position):
            self.findings.add("target-differs", found.position, f"it is about {target!r}")
        elif header.get("type") == REDACTED:
            self.redacted[target] = found.position

    def blame(self, found: Found, leaf_is_logged: bool) -> None:
        """Say what is wrong with an entry that does not agree with itself."""
        header = read_header(found.envelope)
        if header is None:
            code = "entry-unreadable" if leaf_is_logged else "envelope-differs"
            self.findings.add(code, found.position, "the envelope is no canonical JSON of an entry")
        elif header.get("position") != found.position:
            text = f"its envelope says position {header.get('position')}"
            self.findings.add("entry-displaced", found.position, text)
        else:
            self._blame_parts(found, header, leaf_is_logged)

    def _blame_parts(self, found: Found, header: Mapping[str, Any], leaf_is_logged: bool) -> None:
        differing = [
            name for name in (*HEADER, "request")
            if found.columns is not None and found.columns.get(name) != header.get(name)
        ]  # fmt: skip
        if not leaf_is_logged:
            what = f"{', '.join(differing)} and " if differing else ""
            self.findings.add("envelope-differs", found.position, f"{what}its leaf hash do not agree with the envelope")
            return
        for name in differing:
            text = f"{name} is {found.columns[name]!r}, and {header.get(name)!r} in the envelope"  # type: ignore[index]
            self.findings.add("column-differs", found.position, text)
        if found.payload is not None and _commitment(found) != header.get("commitment"):
            self.findings.add("payload-differs", found.position, "payload and salt do not give the commitment")
        elif (found.payload is None) != (found.salt is None):
            self.findings.add("payload-differs", found.position, "payload and salt are kept or removed together")

    def end(self) -> None:
        """What can be said when all entries are known."""
        for position in sorted(self.removed - self.redacted.keys()):
            self.findings.add("payload-missing", position, "its payload is gone, and no entry says that it was removed")
        for position in sorted(self.redacted.keys() - self.removed):
            text = f"entry {self.redacted[position]} says that it was removed"
            self.findings.add("payload-there", position, text)


def _made(found: Found, header: Mapping[str, Any]) -> bytes:
    """The envelope that a header and a payload make; a removed payload's commitment is taken from the envelope itself."""
    if found.payload is not None and found.salt is not None:
        commitment: str | None = sha256(found.salt + found.payload).hexdigest()
    else:
        commitment = _commitment(found)
    fields = {**header, "ledger": 1, "commitment": commitment}
    if fields.get("request") is None:
        fields.pop("request", None)
    try:
        return dumps(fields, None, _SORTED)
    except (TypeError, orjson.JSONEncodeError):
        return b""


def _commitment(found: Found) -> str | None:
    """The commitment that payload and salt give; of a removed payload that of the envelope."""
    if found.payload is not None and found.salt is not None:
        return sha256(found.salt + found.payload).hexdigest()
    header = read_header(found.envelope)
    return str(header.get("commitment")) if header and found.payload is None and found.salt is None else None


def read_header(envelope: bytes) -> Mapping[str, Any] | None:
    """What an envelope says; None where it is no JSON object with the fields of one."""
    try:
        header = orjson.loads(envelope)
    except orjson.JSONDecodeError:
        return None
    return header if isinstance(header, dict) and header.keys() <= _ENVELOPE and "position" in header else None


def check_receipt(receipt: Receipt | None, header: Mapping[str, Any], proving: bool) -> tuple[str, str] | None:
    """What is wrong with the receipt under which an entry was recorded: code and text; None where nothing is.

    `proving`: the ledger's entries prove their receipts by now. Older ones do not, and their receipts are taken as they are.
    """
    asked = header.get("request")
    if receipt is None:
        return ("receipt-missing", "it was recorded under an idempotency key that no receipt knows") if asked else None
    made = proof_of(receipt.actor, receipt.key, receipt.request, receipt.first_position, receipt.count)
    same = receipt.actor == header.get("actor") and receipt.recorded_at == header.get("recorded_at")
    if same and (asked == made or (asked is None and not proving)):
        return None
    return (
        "receipt-differs",
        f"the receipt of key {receipt.key!r} by {receipt.actor!r} is not the one that the entry proves",
    )
