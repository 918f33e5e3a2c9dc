"""Asks witnesses for their cosignatures: C2SP tlog-witness, over HTTP."""

import http.client
import re
import urllib.request as http_request
from collections.abc import Mapping

from sqlalchemy import Engine

from ledger.checkpoints import hash_lines, parse_checkpoint
from ledger.log import StoredTree, keep_cosignatures, last_note
from ledger.notes import Note, VerifierKey, WrongNote, parse_note
from ledger.policy import Policy
from ledger.store import reading, writing

MAX_ANSWER = 100_000
SIZE_TYPE = "text/x.tlog.size"


class NotCosigned(Exception):
    """A witness does not cosign, with the reason."""


class AnotherSize(Exception):
    """The witness has cosigned a checkpoint of this size before."""

    def __init__(self, size: int):
        super().__init__(f"it tells another size, {size}, each time")
        self.size = size


def cosign(engine: Engine, policy: Policy, timeout: float) -> tuple[Mapping[str, str | None], bool]:
    """Ask each witness that has an address: what stands against each, None where it cosigned; whether the quorum is met.

    Raises NotCosigned where there is no checkpoint.
    """
    with reading(engine) as connection:
        note = last_note(connection)
    if note is None:
        raise NotCosigned("nothing was signed yet")
    told: dict[str, str | None] = {}
    taken = {key for key, _ in note.signed_by(policy.witnesses.values())}
    for name, url in policy.urls.items():
        told[name] = _asked(engine, note, url, policy.witnesses[name], timeout)
        taken |= set() if told[name] else {policy.witnesses[name]}
    return told, policy.is_witnessed(taken)


def _asked(engine: Engine, note: Note, url: str, key: VerifierKey, timeout: float) -> str | None:
    """Keep the cosignature of one witness; the reason where it gives none."""
    origin = parse_checkpoint(note.text).origin
    own = Note(note.text, tuple(one for one in note.signatures if one.name == origin))
    try:
        try:
            answer = _ask(engine, own, url, 0, timeout)
        except AnotherSize as told:
            answer = _ask(engine, own, url, told.size, timeout)
        _keep(engine, own, answer, key)
    except (NotCosigned, AnotherSize, WrongNote) as reason:
        return str(reason)
    return None


def _ask(engine: Engine, note: Note, url: str, old: int, timeout: float) -> bytes:
    """The signature lines that a witness answers. Raises AnotherSize, NotCosigned."""
    size = parse_checkpoint(note.text).size
    if old > size:
        raise NotCosigned(f"it has cosigned {old} entries, and the newest checkpoint here has {size}")
    with reading(engine) as connection:
        proof = hash_lines(StoredTree(connection).consistency(old, size))
    status, media, content = _posted(
        f"{url.rstrip('/')}/add-checkpoint", f"old {old}\n{proof}\n{note}".encode(), timeout
    )
    if status == 409 and media == SIZE_TYPE and re.fullmatch(rb"(0|[1-9][0-9]{0,18})\n", content):
        raise AnotherSize(int(content))
    if status != 200:
        raise NotCosigned(f"it answers {status}")
    return content


def _posted(url: str, body: bytes, timeout: float) -> tuple[int, str, bytes]:
    """Status, media type and content of what is answered. Raises NotCosigned."""
    try:
        asked = http_request.Request(url, body, {"Content-Type": "text/plain; charset=utf-8"})  # noqa: S310 - the opener knows no other schemes
        with _opener().open(asked, timeout=timeout) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read(MAX_ANSWER)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NotCosigned(f"it cannot be asked: {getattr(error, 'reason', None) or error}") from None


def _opener() -> http_request.OpenerDirector:
    """HTTP and HTTPS, and nothing else; redirections are not followed, and no status is an error."""
    opener = http_request.OpenerDirector()
    for handler in (http_request.HTTPHandler(), http_request.HTTPSHandler(), http_request.UnknownHandler()):
        opener.add_handler(handler)
    return opener


def _keep(engine: Engine, note: Note, answer: bytes, key: VerifierKey) -> None:
    """Keep what the witness signed. Raises NotCosigned, WrongNote."""
    cosigned = parse_note(str(note).encode() + answer)
    lines = [one for one in cosigned.signatures if (one.name, one.key_id) == (key.name, key.key_id)]
    if cosigned.text != note.text or not lines:
        raise NotCosigned("its answer holds no signature of its key")
    for one in lines:
        key.check(note.text, one.signature)
    with writing(engine) as connection:
        keep_cosignatures(connection, parse_checkpoint(note.text), lines[-1:])
