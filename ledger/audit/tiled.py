"""A ledger as files: the layout of C2SP tlog-tiles, with the payloads beside it. A server serves it, a bundle holds it.

checkpoint               the newest signed note
checkpoints.jsonl        all of them, a JSON string each (bundles only)
tile/<L>/<N>[.p/<W>]     hashes of the tree
tile/entries/<N>[.p/<W>] envelopes
payloads/<N>[.p/<W>]     payloads and salts of the same entries, a JSON object a line
"""

import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Protocol

import orjson

from ledger.audit.audit import Progress, Source, Torn
from ledger.audit.chain import Found, Link, Receipt, found_alone, links
from ledger.checkpoints import parse_checkpoint
from ledger.merkle import HASH_SIZE
from ledger.notes import VerifierKey, WrongNote, parse_note
from ledger.tiles import WIDTH, entry_bundle, tile_path, width_at

Fetch = Callable[[str], bytes | None]  # a file by its path; None where there is none
ABOUT = "bundle.json"


class Tiled:
    """A ledger in files as a source of an audit: its tree of `size` leaves and as many `entries`; where they are not
    given, what the newest checkpoint says."""

    def __init__(self, fetch: Fetch, size: int | None = None, entries: int | None = None):
        self._fetch = fetch
        self.size = _claimed(fetch("checkpoint")) if size is None else size
        self._entries = self.size if entries is None else entries

    def entries(self) -> Iterator[Found]:
        for index in range(-(-self._entries // WIDTH)):
            width = width_at(0, index, self._entries)
            envelopes = list(_split(self._whole("tile/entries", index, width), index))[:width]
            if not envelopes:
                raise Torn(f"the entries from {index * WIDTH} on are not here")
            payloads = self._whole("payloads", index, width).splitlines()
            if len(payloads) < len(envelopes):
                raise Torn(
                    f"payloads of {len(envelopes) - len(payloads)} entries from {index * WIDTH + len(payloads)} on are not here"
                )
            for position, (envelope, line) in enumerate(zip(envelopes, payloads, strict=False), index * WIDTH):
                yield found_alone(position, envelope, *_payload(line, position))

    def links(self) -> Iterator[Link]:
        return links(self.entries())

    def _whole(self, kind: str, index: int, width: int) -> bytes:
        """A file of the entries of a tile; an empty one where it is missing."""
        return self._partial(kind, index, width) or b""

    def _partial(self, kind: str, index: int, width: int) -> bytes | None:
        """The file of this width, or the full one that may have taken its place."""
        found = self._fetch(f"{kind}/{tile_path(index, width)}")
        return self._fetch(f"{kind}/{tile_path(index)}") if found is None and width < WIDTH else found

    def tile(self, level: int, index: int) -> tuple[bytes, None] | None:
        width = width_at(level, index, self.size)
        found = self._partial(f"tile/{level}", index, width) if width else None
        return (found[: width * HASH_SIZE], None) if found is not None else None

    def checkpoints(self) -> Iterable[bytes]:
        """All that are kept; what is served as the newest is one of them."""
        newest, kept = self._fetch("checkpoint"), self._fetch("checkpoints.jsonl")
        notes = [_note(line) for line in kept.splitlines()] if kept else []
        return sorted(notes if newest is None or newest in notes else [*notes, newest], key=_size_of)

    def receipts(self) -> Iterator[Receipt] | None:
        return None


class TornSource:
    """What cannot be read at all: an audit of it finds that, and nothing else."""

    size = 0

    def __init__(self, why: str):
        self._why = why

    def links(self) -> Iterator[Link]:
        raise Torn(self._why)

    def tile(self, level: int, index: int) -> None:
        return None

    def checkpoints(self) -> Iterable[bytes]:
        return ()

    def receipts(self) -> None:
        return None


def _claimed(note: bytes | None) -> int:
    if note is None:
        raise Torn("there is no checkpoint")
    try:
        return parse_checkpoint(parse_note(note).text).size
    except WrongNote as error:
        raise Torn(f"the checkpoint: {error}") from None


def _size_of(note: bytes) -> int:
    """The size that a note claims; what is none comes first, and is told by who reads it."""
    try:
        return parse_checkpoint(parse_note(note).text).size
    except WrongNote:
        return -1


def _note(line: bytes) -> bytes:
    try:
        return str(orjson.loads(line)).encode()
    except orjson.JSONDecodeError:
        raise Torn("checkpoints.jsonl holds a line that is no JSON") from None


def _split(content: bytes, index: int) -> Iterator[bytes]:
    """The envelopes of an entry bundle."""
    at = 0
    while at < len(content):
        length = int.from_bytes(content[at : at + 2], "big")
        envelope = content[at + 2 : at + 2 + length]
        if len(content) < at + 2 or len(envelope) < length:
            raise Torn(f"the entries from {index * WIDTH} on end in the middle of one")
        yield envelope
        at += 2 + length


def _payload(line: bytes, position: int) -> tuple[bytes | None, bytes | None]:
    """Salt and payload of one line; None for both where they were removed."""
    try:
        told = orjson.loads(line)
        salt, payload = told["salt"], told["payload"]
        return (None if salt is None else bytes.fromhex(salt)), (None if payload is None else payload.encode())
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Torn(f"the payload of entry {position} is not told as it should be") from None


class HasPayload(Protocol):
    """Anything with a payload and a salt."""

    @property
    def payload(self) -> bytes | None: ...
    @property
    def salt(self) -> bytes | None: ...


def payload_lines(found: Iterable[HasPayload]) -> bytes:
    """Payloads and salts as they are served."""
    return b"".join(
        orjson.dumps({"payload": f.payload.decode() if f.payload else None, "salt": f.salt.hex() if f.salt else None})
        + b"\n"
        for f in found
    )


# --- bundles: the same in one file -------------------------------------------------------------------------------------


def open_bundle(file: Path | IO[bytes]) -> tuple[Tiled, tuple[VerifierKey, ...]]:
    """A bundle as a source, and the verifier keys that it brings along, which are worth what the bundle is worth. Raises Torn."""
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, EOFError) as error:
        raise Torn(f"the bundle ends before its end: {error}") from None

    def fetch(path: str) -> bytes | None:
        try:
            return archive.read(path)
        except KeyError:
            return None
        except (zipfile.BadZipFile, EOFError, zipfile.zlib.error, OSError) as error:  # type: ignore[attr-defined]
            raise Torn(f"{path} in the bundle cannot be read: {error}") from None

    try:
        about = json.loads(fetch(ABOUT) or b"null")
        keys = tuple(VerifierKey.parse(line) for line in about["verifier_keys"])
        return Tiled(fetch, *_sizes(about)), keys
    except (TypeError, KeyError, ValueError):
        raise Torn("it is no bundle of a ledger, or its description is torn") from None


def _sizes(about: Any) -> tuple[int, int]:
    """The size of the tree and the number of entries. Raises ValueError."""
    tree, entries = about["tree"], about["entries"]
    if about["bundle"] != 1 or not (type(tree) is type(entries) is int and 0 <= tree <= entries < 2**53):
        raise ValueError("these sizes cannot be")
    return tree, entries


class Entries(Source, Protocol):
    """A source that gives its entries one by one."""

    def entries(self) -> Iterator[Found]: ...


def write_bundle(file: Path | IO[bytes], source: Entries, keys: Iterable[VerifierKey], progress: Progress) -> int:
    """Write what `source` has under its tree as one file; of a ledger without a tree all entries. The number of entries."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        size = _write_entries(archive, source, progress)
        _write_tiles(archive, source)
        notes = list(source.checkpoints())
        if notes:
            archive.writestr("checkpoint", notes[-1])
            archive.writestr("checkpoints.jsonl", b"".join(orjson.dumps(note.decode()) + b"\n" for note in notes))
        about = {"bundle": 1, "entries": size, "tree": source.size, "verifier_keys": [str(key) for key in keys]}
        archive.writestr(ABOUT, json.dumps(about, indent=2) + "\n")
    return size


def _write_entries(archive: zipfile.ZipFile, source: Entries, progress: Progress) -> int:
    group: list[Found] = []
    done = 0
    for found in source.entries():
        if source.size and found.position >= source.size:
            break
        group.append(found)
        if len(group) == WIDTH:
            done = _write_group(archive, group, done)
            progress(done, source.size)
            group = []
    return _write_group(archive, group, done) if group else done


def _write_group(archive: zipfile.ZipFile, group: list[Found], done: int) -> int:
    path = tile_path(done // WIDTH, len(group))
    archive.writestr(f"tile/entries/{path}", entry_bundle([found.envelope for found in group]))
    archive.writestr(f"payloads/{path}", payload_lines(group))
    return done + len(group)


def _write_tiles(archive: zipfile.ZipFile, source: Source) -> None:
    level = 0
    while source.size >> 8 * level:
        for index in range(-(-(source.size >> 8 * level) // WIDTH)):
            kept, width = source.tile(level, index), width_at(level, index, source.size)
            if kept is not None:
                archive.writestr(f"tile/{level}/{tile_path(index, width)}", kept[0][: width * HASH_SIZE])
        level += 1
