"""The chain from payload to leaf, entry by entry. Pure.

    payload, salt  →  commitment  →  envelope  →  leaf

An entry is found as a database keeps it, with columns beside its envelope, or as a bundle or a server gives it, with its
envelope alone. In both cases everything is computed anew from the payload.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Any, NamedTuple

import orjson
from orjson import dumps

from ledger.audit.findings import Findings
from ledger.receipts import proof_of
from ledger.tiles import WIDTH

REDACTED = "payload.redacted"


class Found(NamedTuple):
    """An entry as it is found: its envelope, and what that should say. A database keeps these fields in columns beside it."""

    envelope: bytes
    salt: bytes | None
    payload: bytes | None
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
    request: str | None


COLUMNS = Found._fields[3:]
_ENVELOPE = frozenset((*COLUMNS, "ledger", "commitment"))


def found_alone(position: int, envelope: bytes, salt: bytes | None, payload: bytes | None) -> Found:
    """An entry that is found at a position with nothing beside its envelope, which is then taken at its word."""
    header = read_header(envelope) or {}
    return Found(envelope, salt, payload, position, *(header.get(name) for name in COLUMNS[1:]))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as a database keeps it."""

    actor: str
    key: str
    request: str
    first_position: int
    count: int
    recorded_at: str


Run = tuple[int, int, str, str, str | None]
"""Entries in a row that were recorded at one time, by one actor, in one request: the first, how many, recorded_at, actor,
request (None where it had no key)."""


class Link(NamedTuple):
    """What entries in a row, all of one tile, say by themselves. `leaves`: their hashes; `about`: position, target, whether
    it removes a payload; `doubles`: positions of entries that lie where another does, which are in none of the rest."""

    first: int
    leaves: bytes
    disagreeing: list[Found]
    runs: list[Run]
    removed: list[int]
    about: list[tuple[int, Any, bool]]
    doubles: list[int]


def links(entries: Iterator[Found]) -> Iterator[Link]:
    """Entries in their order as links. Where all are in their places a link is simply the next 256."""
    while group := list(islice(entries, WIDTH)):
        first = group[0].position
        if first % WIDTH == 0 and [found.position for found in group] == list(range(first, first + len(group))):
            yield link(group)
        else:
            yield from _slowly(itertools.chain(group, entries))


def _slowly(entries: Iterator[Found]) -> Iterator[Link]:
    """The same where entries are missing, doubled or begin in the middle of a tile."""
    group: list[Found] = []
    doubles: list[int] = []
    for found in entries:
        if group and found.position <= group[-1].position:
            doubles.append(found.position)
            continue
        if group and (found.position != group[-1].position + 1 or found.position % WIDTH == 0):
            yield link(group, doubles)
            group, doubles = [], []
        group.append(found)
    if group:
        yield link(group, doubles)


def link(group: Sequence[Found], doubles: Sequence[int] = ()) -> Link:
    """What a row of entries says: their leaf hashes, those that do not agree with themselves, what is needed of the others.
    Of those that do not agree, it is what the envelope says that is set beside the others."""
    leaves: list[bytes] = []
    made = Link(group[0].position, b"", [], [], [], [], list(doubles))
    told: tuple[Any, Any, Any] | None = None
    since = made.first
    for found in group:
        leaves.append(sha256(b"\0" + found.envelope).digest())
        if _envelope(found) != found.envelope:
            made.disagreeing.append(found)
            found = found_alone(found.position, found.envelope, found.salt, found.payload)
        this = found.recorded_at, found.actor, found.request
        if this != told:
            _close(made, told, since, found.position)
            told, since = this, found.position
        if found.target is not None:
            made.about.append((found.position, found.target, found.type == REDACTED))
        if found.payload is None:
            made.removed.append(found.position)
    _close(made, told, since, group[-1].position + 1)
    return made._replace(leaves=b"".join(leaves))


def _close(made: Link, told: tuple[Any, Any, Any] | None, since: int, end: int) -> None:
    if told is not None:
        recorded_at, actor, request = told
        made.runs.append((since, end - since, str(recorded_at or ""), str(actor or ""), request))


@dataclass
class Chain:
    """What is known after the links so far."""

    findings: Findings
    last_recorded_at: str = ""
    removed: set[int] = field(default_factory=set)
    redacted: dict[int, int] = field(default_factory=dict)

    def follow(self, link: Link) -> None:
        """What entries must have in common with those before them."""
        for position in link.doubles:
            self.findings.add("twice", position, "two entries lie at this position")
        for first, _, recorded_at, _, _ in link.runs:
            if recorded_at < self.last_recorded_at:
                text = f"recorded at {recorded_at or 'no time'}, after one of {self.last_recorded_at}"
                self.findings.add("time-runs-backward", first, text)
            else:
                self.last_recorded_at = recorded_at
        for position, target, removes in link.about:
            if not (isinstance(target, int) and 0 <= target < position):
                self.findings.add("target-differs", position, f"it is about {target!r}")
            elif removes:
                self.redacted[target] = position
        self.removed.update(link.removed)

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
        differing = [name for name in COLUMNS if getattr(found, name) != header.get(name)]
        if not leaf_is_logged:
            what = f"{', '.join(differing)} and " if differing else ""
            self.findings.add("envelope-differs", found.position, f"{what}its leaf hash do not agree with the envelope")
            return
        for name in differing:
            text = f"{name} is {getattr(found, name)!r}, and {header.get(name)!r} in the envelope"
            self.findings.add("column-differs", found.position, text)
        if (found.payload is None) != (found.salt is None):
            self.findings.add("payload-differs", found.position, "payload and salt are kept or removed together")
        elif _commitment(found) != header.get("commitment"):
            self.findings.add("payload-differs", found.position, "payload and salt do not give the commitment")
        elif not differing:
            self.findings.add("entry-unreadable", found.position, "the envelope is not written as an entry's is")

    def end(self) -> None:
        """What can be said when all entries are known."""
        for position in sorted(self.removed - self.redacted.keys()):
            self.findings.add("payload-missing", position, "its payload is gone, and no entry says that it was removed")
        for position in sorted(self.redacted.keys() - self.removed):
            text = f"entry {self.redacted[position]} says that it was removed"
            self.findings.add("payload-there", position, text)


def _envelope(found: Found) -> bytes:
    """The envelope that an entry's fields and payload make, its names in canonical order; nothing where they make none."""
    _, salt, payload, position, id_, stream, version, mission, type_, effective, at, actor, ref, target, request = found
    fields = {
        "actor": actor,
        "commitment": sha256(salt + payload).hexdigest() if salt and payload else _commitment(found),
        "effective": effective,
        "id": id_,
        "ledger": 1,
        "mission": mission,
        "position": position,
        "recorded_at": at,
        "ref": ref,
        "request": request,
        "stream": stream,
        "target": target,
        "type": type_,
        "version": version,
    }
    if request is None:
        del fields["request"]
    try:
        return dumps(fields)
    except (TypeError, orjson.JSONEncodeError):
        return b""


def _commitment(found: Found) -> str | None:
    """The commitment that payload and salt give; where both were removed that of the envelope."""
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


def check_receipt(receipt: Receipt | None, run: Run, proving: bool) -> tuple[str, str] | None:
    """What is wrong with the receipt under which entries were recorded: code and text; None where nothing is.

    `proving`: the ledger's entries prove their receipts by now. Older ones do not, and their receipts are taken as they are.
    """
    _, _, recorded_at, actor, request = run
    if receipt is None:
        told = "receipt-missing", "it was recorded under an idempotency key that no receipt knows"
        return told if request is not None else None
    made = proof_of(receipt.actor, receipt.key, receipt.request, receipt.first_position, receipt.count)
    same = receipt.actor == actor and receipt.recorded_at == recorded_at
    if same and (request == made or (request is None and not proving)):
        return None
    return (
        "receipt-differs",
        f"the receipt of key {receipt.key!r} by {receipt.actor!r} is not the one that the entry proves",
    )
