"""An event made ready before the ledger is asked: checked, and written out as far as its entry does not depend on the ledger. Pure.

That is nearly all of the work, and may be done by another process: what it hands over is a tuple of texts, bytes and numbers. Here it
is an event again to those who decide. What is about another entry is not made ready, for its decision needs all that it says.
"""

import hashlib
from functools import cached_property
from typing import Any

import orjson

from ledger import codec
from ledger.entries import Entry
from ledger.events import EVENTS
from ledger.said import Event
from ledger.search_words import words_of

Outline = tuple[str, str | None, str, str | None, int | None, str, bytes, bytes, str, tuple[str, str]]
"""Type, mission, effective, ref, expected_version, stream, payload, salt, commitment, the words by which it is found."""


def salt_of(secret: bytes, index: int) -> bytes:
    """The salt of one of the entries of a lengthy request: keyed BLAKE2b of its place in the request.

    One way, and with a key that is thrown away: who knows salts and places learns nothing of another salt."""
    assert len(secret) == 32
    return hashlib.blake2b(index.to_bytes(8), key=secret, digest_size=32).digest()


def outline_of(event: Event, salt: bytes) -> Outline:
    """What is handed over of an event that is about no other entry."""
    assert not event.data.ABOUT
    commitment, words = codec.commitment(salt, event.payload), words_of(event.told["data"], event.told["source"])
    return (
        event.type, event.mission, event.effective, event.ref, event.expected_version, event.stream, event.payload, salt,
        commitment, words,
    )  # fmt: skip


class Prepared:
    """An event that was made ready; to decisions it is what an `Event` is."""

    def __init__(self, outline: Outline):
        self.outline = outline
        (
            self.type, self.mission, self.effective, self.ref, self.expected_version, self.stream, self.payload, self.salt,
            self.commitment, self.words,
        ) = outline  # fmt: skip
        self.told: dict[str, Any] = orjson.loads(self.payload)

    @cached_property
    def data(self) -> Any:
        return _TELLERS[self.type](self.told["data"])

    def entry(self, position: int, entry_id: str, version: int, recorded_at: str, actor: str, request: str) -> Entry:
        """Its entry, as `enter` would make it."""
        told, header = self.told, (position, entry_id, self.stream, version, self.mission, self.type, self.effective)
        envelope = b'{"actor":%b,"commitment":"%b","effective":"%b","id":"%b","ledger":1,"mission":%b,"position":%d,' % (
            orjson.dumps(actor), self.commitment.encode(), self.effective.encode(), entry_id.encode(),
            orjson.dumps(self.mission), position,
        ) + b'"recorded_at":"%b","ref":%b,"request":"%b","stream":%b,"target":null,"type":"%b","version":%d}' % (
            recorded_at.encode(), orjson.dumps(self.ref), request.encode(), orjson.dumps(self.stream),
            self.type.encode(), version,
        )  # fmt: skip
        return Entry(
            *header, recorded_at, actor, self.ref, None, position, request, self.salt, self.payload, envelope,
            told["data"], told["source"], told["note"],
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """The event as it might have been sent."""
        return {**self.told, "type": self.type, "mission": self.mission, "effective": self.effective, "ref": self.ref}


class _Told:
    """What an event says, in the place of its declared data."""

    __slots__ = ("_said",)

    def __init__(self, said: dict[str, Any]):
        self._said = said

    def __getattr__(self, name: str) -> Any:
        value = self._said.get(name)
        return tuple(value) if type(value) is list else value


def _teller(declared: Any) -> type[_Told]:
    as_declared = {name: getattr(declared, name) for name in ("TYPE", "ABOUT", "LEDGER_WIDE", "RECORDER", "STREAM")}
    return type(f"Told{declared.__name__}", (_Told,), {**as_declared, "__slots__": ()})


_TELLERS = {name: _teller(declared) for name, declared in EVENTS.items() if not declared.ABOUT}
