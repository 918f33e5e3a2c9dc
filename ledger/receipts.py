"""Receipts: what makes two requests the same, and how the entries of a request prove the receipt that is kept of it. Pure.

A receipt holds a digest of what was said, so that the same request gets its first answer again. It goes over the salts
of the request's entries, so that it tells nothing of a payload once that is removed with its salt. The envelope of each
entry holds a digest of the receipt: who changes a receipt, or takes one away, is found out.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from ledger import codec
from ledger.said import Event


def digest(events: Iterable[Event]) -> str:
    """SHA-256 over what is said, whatever the order of its fields, in hexadecimal: of a list of it as JSON."""
    made = hashlib.sha256(b"[")
    for number, event in enumerate(events):
        made.update((", " if number else "").encode() + json.dumps(_said(event), sort_keys=True).encode())
    made.update(b"]")
    return made.hexdigest()


def _said(e: Event) -> dict[str, Any]:
    return {
        "type": e.type,
        "mission": e.mission,
        "effective": e.effective,
        **e.told,
        "ref": e.ref,
        "expected_version": e.expected_version,
    }


def request_of(events: Iterable[Event], salts: Iterable[bytes]) -> str:
    """What a receipt keeps of a request: SHA-256 over the salts of its entries and the digest of what is said."""
    return _salted(salts, digest(events))


def request_of_content(salts: Iterable[bytes], content: str) -> str:
    """The same of a lengthy request, of which the digest of its content is known before its events are."""
    return _salted(salts, f"content {content}")


def _salted(salts: Iterable[bytes], said: str) -> str:
    made = hashlib.sha256()
    for salt in salts:
        made.update(salt)
    made.update(said.encode())
    return made.hexdigest()


def proof_of(actor: str, key: str, request: str, first_position: int, count: int) -> str:
    """What the envelopes keep of a receipt: SHA-256 over its canonical JSON."""
    receipt = {"actor": actor, "key": key, "request": request, "first_position": first_position, "count": count}
    return hashlib.sha256(codec.canonical(receipt)).hexdigest()
