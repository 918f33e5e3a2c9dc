"""Signed notes and the keys that sign them: C2SP signed-note, with Ed25519 for the log and cosignature/v1 for witnesses.

A note is a text that ends in a newline, a blank line, and signature lines `— name base64(key id, signature)`. A
verifier key is written `name+keyid+base64(type, public key)`, a signing key the same with its seed, after `PRIVATE+KEY+`.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519, COSIGNATURE = 0x01, 0x04
MAX_TIME = 2**63 - 1
MAX_NOTE = 1_000_000
MAX_SIGNATURES = 100
_DASH = "\u2014"


class WrongNote(ValueError):
    """A note, a key or a signature that cannot be accepted, with the reason."""


@dataclass(frozen=True)
class VerifierKey:
    """A public key with the name under which it signs. `kind` is ED25519 (a log's) or COSIGNATURE (a witness's)."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256 over name, newline, type and public key."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{in_base64(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Raises WrongNote."""
        name, key_id, material = _key_parts(text)
        key = cls(name, material[0], material[1:])
        if key.key_id.hex() != key_id:
            raise WrongNote(f"the key of {name} has the id {key.key_id.hex()}, and not {key_id}")
        return key

    def check(self, text: str, signature: bytes) -> int | None:
        """Raises WrongNote unless `signature` is this key's over `text`; of a cosignature the time (seconds since 1970)."""
        signed, time = text.encode(), None
        if self.kind == COSIGNATURE:
            time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            if time > MAX_TIME:
                raise WrongNote(f"the cosignature of {self.name} is of no time")
            signed = f"cosignature/v1\ntime {time}\n".encode() + signed
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, signed)
        except InvalidSignature:
            raise WrongNote(f"the signature of {self.name} is not over this text") from None
        return time


@dataclass(frozen=True)
class SigningKey:
    """A private key with the name under which it signs."""

    name: str
    seed: bytes = field(repr=False)
    kind: int = ED25519

    @property
    def verifier(self) -> VerifierKey:
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return VerifierKey(self.name, self.kind, public)

    def sign(self, text: str, time: int = 0) -> "Signature":
        """The signature over `text`; a witness's says at which `time` (seconds since 1970)."""
        key = Ed25519PrivateKey.from_private_bytes(self.seed)
        if self.kind == ED25519:
            return Signature(self.name, self.verifier.key_id, key.sign(text.encode()))
        signed = f"cosignature/v1\ntime {time}\n{text}".encode()
        return Signature(self.name, self.verifier.key_id, time.to_bytes(8, "big") + key.sign(signed))

    def secret(self) -> str:
        """The key as it is kept in a file that nobody else can read."""
        return f"PRIVATE+KEY+{self.name}+{self.verifier.key_id.hex()}+{in_base64(bytes([self.kind]) + self.seed)}"

    @classmethod
    def parse(cls, text: str) -> "SigningKey":
        """Raises WrongNote, which never repeats the text."""
        if not text.startswith("PRIVATE+KEY+"):
            raise WrongNote("a signing key begins with PRIVATE+KEY+")
        try:
            name, key_id, material = _key_parts(text.removeprefix("PRIVATE+KEY+"))
        except WrongNote:
            raise WrongNote("a signing key is written PRIVATE+KEY+name+id+base64") from None
        key = cls(name, material[1:], material[0])
        if key.verifier.key_id.hex() != key_id:
            raise WrongNote(f"the signing key of {name} does not have the id that it bears")
        return key


@dataclass(frozen=True)
class Signature:
    """One signature line: who says to have signed, with which key, and the bytes."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{_DASH} {self.name} {in_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True)
class Note:
    """A text with its signatures. The text is worth nothing before one of them has been verified."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(map(str, self.signatures))

    def signed_by(self, keys: Iterable[VerifierKey]) -> list[tuple[VerifierKey, int | None]]:
        """Those of `keys` that signed, a witness's with its time. Raises WrongNote where a signature under one of them is wrong."""
        known = {(key.name, key.key_id): key for key in keys}
        pairs = [(known.get((s.name, s.key_id)), s) for s in self.signatures]
        return [(key, key.check(self.text, s.signature)) for key, s in pairs if key is not None]


def parse_note(content: bytes | str) -> Note:
    """A signed note. Raises WrongNote."""
    text = _decoded(content)
    body, blank, lines = text.rpartition("\n\n")
    signatures = lines.split("\n")[:-1]
    if not blank or not lines.endswith("\n") or not 0 < len(signatures) <= MAX_SIGNATURES:
        raise WrongNote("a note is a text, a blank line, and lines of signatures")
    return Note(body + "\n", tuple(map(parse_signature, signatures)))


def _decoded(content: bytes | str) -> str:
    try:
        text = content.decode() if isinstance(content, bytes) else content
    except UnicodeDecodeError:
        raise WrongNote("a note is UTF-8 text") from None
    if len(text) > MAX_NOTE:
        raise WrongNote(f"a note has at most {MAX_NOTE:,} characters")
    if re.search(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]", text):
        raise WrongNote("a note has no control characters and no halves of characters")
    return text


def parse_signature(line: str) -> Signature:
    """One signature line, without its newline. Raises WrongNote."""
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != _DASH or not is_key_name(parts[1]):
        raise WrongNote(f"{line[:80]!r} is no signature line")
    content = binary(parts[2])
    if len(content) < 5:
        raise WrongNote(f"the signature of {parts[1]} is too short")
    return Signature(parts[1], content[:4], content[4:])


def is_key_name(name: str) -> bool:
    """Not empty, without white space and plus signs."""
    return bool(re.fullmatch(r"[^\s+]+", name)) and name.isprintable()


def _key_parts(text: str) -> tuple[str, str, bytes]:
    name, key_id, material = (text.strip().split("+", 2) + ["", ""])[:3]
    content = binary(material) if material else b""
    if not is_key_name(name) or not re.fullmatch("[0-9a-f]{8}", key_id) or len(content) != 33:
        raise WrongNote(f"{text[:80]!r} is no key; it is written name+id+base64")
    if content[0] not in (ED25519, COSIGNATURE):
        raise WrongNote(f"the key of {name} is of type {content[0]}; Ed25519 keys of type 1 and 4 are known")
    return name, key_id, content


def binary(text: str) -> bytes:
    """The bytes of standard base64 (RFC 4648, section 4). Raises WrongNote."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise WrongNote(f"{text[:80]!r} is not base64") from None
    if in_base64(content) != text:
        raise WrongNote(f"{text[:80]!r} is not base64 in its one spelling")
    return content


def in_base64(content: bytes) -> str:
    """Bytes as standard base64."""
    return base64.b64encode(content).decode()
