"""The key of the log and the last checkpoint that it signed: two files beside each other, outside the database.

The second file is what notices a database that was put back to an older state: a log may never sign a tree that
does not extend what it signed before, whatever the database says.
"""

import os
import secrets
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, select, update

from ledger import log, tables
from ledger.checkpoints import Checkpoint, parse_checkpoint
from ledger.notes import Note, SigningKey, WrongNote, is_key_name, parse_note
from ledger.store import now, writing


class KeyFileProblem(Exception):
    """The file of the signing key cannot be used, with the reason."""


@dataclass(frozen=True)
class LogKey:
    """The signing keys of a log, which bear its origin as their name, and where they are kept. Each signs every checkpoint."""

    path: Path
    keys: tuple[SigningKey, ...]

    @property
    def origin(self) -> str:
        return self.keys[0].name

    @property
    def memory(self) -> Path:
        """The file that keeps the last signed checkpoint."""
        return self.path.with_name(self.path.name + ".checkpoint")


def new_key(origin: str) -> SigningKey:
    """Raises KeyFileProblem where `origin` is no name of a key."""
    if not is_key_name(origin):
        raise KeyFileProblem("an origin is a name without white space and plus signs, such as ledger.example.org/log")
    return SigningKey(origin, secrets.token_bytes(32))


def read_log_key(path: Path) -> LogKey:
    """Raises KeyFileProblem, which repeats nothing of the file."""
    try:
        mode = path.stat().st_mode
        lines = path.read_text("utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileProblem(
            f"the signing key {path} cannot be read: {getattr(error, 'strerror', 'no text')}"
        ) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyFileProblem(f"others may read the signing key {path}; run chmod 600 on it")
    try:
        keys = tuple(map(SigningKey.parse, lines))
    except WrongNote as error:
        raise KeyFileProblem(f"the signing key {path}: {error}") from None
    if not keys or len({key.name for key in keys}) != 1:
        raise KeyFileProblem(f"the file {path} must hold the keys of one origin, one a line")
    return LogKey(path, keys)


def write_log_key(path: Path, keys: tuple[SigningKey, ...]) -> LogKey:
    """Keep the keys in a file that nobody else can read. The caller has made sure of what was there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_whole(path, "".join(f"{key.secret()}\n" for key in keys))
    return LogKey(path, keys)


def replace_log_key(old: LogKey, new: SigningKey) -> LogKey:
    """Put a new key in the place of the old ones, which are kept beside it with what they last signed."""
    ended = old.path.with_name(f"{old.path.name}.{old.keys[0].verifier.key_id.hex()}")
    if old.memory.exists():
        old.memory.replace(ended.with_name(ended.name + ".checkpoint"))
    old.path.replace(ended)
    return write_log_key(old.path, (new,))


def remembered(key: LogKey) -> Note | None:
    """The last checkpoint that this key signed, as kept outside the database. Raises KeyFileProblem where it is no such."""
    try:
        content = key.memory.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KeyFileProblem(f"the last checkpoint in {key.memory} cannot be read: {error.strerror}") from None
    try:
        note = parse_note(content)
        parse_checkpoint(note.text)
        return note
    except WrongNote as error:
        raise KeyFileProblem(f"the last checkpoint in {key.memory} is none: {error}") from None


def _write_whole(path: Path, text: str) -> None:
    """A file of mode 0600 that is there whole, and still there after the power fails."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def sign(engine: Engine, key: LogKey, at: datetime | None = None) -> Checkpoint:
    """Bring the tree up to the entries and sign it, unless that is done; the newest checkpoint.

    Raises Unsound, and signs nothing, where an entry is not what was recorded or the tree does not extend what was signed before.
    """
    with writing(engine) as connection:
        tree, size = log.StoredTree(connection), log.integrate(connection)
        for last in _known(connection, key):
            if not log.extends(tree, size, last):
                raise log.Unsound(
                    f"the tree of {size} entries does not extend the checkpoint of {last.size} that was signed"
                )
        checkpoint = Checkpoint(key.origin, size, tree.root(size))
        if note := log.note_of(connection, key.origin, size):
            _sign_with_new_keys(connection, key, checkpoint, note)
            return checkpoint
        note = log.signed(checkpoint, key.keys)
        _write_whole(key.memory, str(note))
        log.keep_note(connection, note, at or now())
    return checkpoint


def _sign_with_new_keys(connection: Connection, key: LogKey, checkpoint: Checkpoint, note: Note) -> None:
    """After a rotation the new key signs what the old one has signed, too."""
    there = {(signature.name, signature.key_id) for signature in note.signatures}
    missing = [one for one in key.keys if (one.name, one.verifier.key_id) not in there]
    log.keep_cosignatures(connection, checkpoint, [one.sign(checkpoint.text) for one in missing])


def last_signed(connection: Connection, key: LogKey) -> Checkpoint | None:
    """The largest checkpoint of this origin that the file or the database knows."""
    return max(_known(connection, key), key=lambda checkpoint: checkpoint.size, default=None)


def _known(connection: Connection, key: LogKey) -> list[Checkpoint]:
    """The last checkpoint of this origin in the file and in the database; no tree may be at odds with either."""
    notes = [remembered(key), log.last_note(connection, key.origin)]
    known = [parse_checkpoint(note.text) for note in notes if note is not None]
    return [checkpoint for checkpoint in known if checkpoint.origin == key.origin]


def close_if_set_back(engine: Engine, key: LogKey) -> str | None:
    """Close the ledger where it lacks what its key has signed; the reason, also of an earlier time.

    A closed ledger can be read, and records nothing before somebody reopens it.
    """
    with writing(engine) as connection:
        closed = connection.execute(select(tables.head.c.closed)).scalar_one()
        if closed is None and (closed := _what_is_wrong(connection, _known(connection, key))):
            connection.execute(update(tables.head).values(closed=closed))
    return closed


def _what_is_wrong(connection: Connection, known: Sequence[Checkpoint]) -> str | None:
    """Why the entries are not those of the known checkpoints. Where they cannot even be read, the tree stays as it was."""
    try:
        with connection.begin_nested():
            _check_known(connection, known)
    except log.Unsound as error:
        return str(error)
    return None


def _check_known(connection: Connection, known: Sequence[Checkpoint]) -> None:
    size, tree = log.integrate(connection) if known else 0, log.StoredTree(connection)
    for last in known:
        if size < last.size:
            raise log.Unsound(
                f"a checkpoint of {last.size} entries was signed, and {size} are here: the database is of an earlier time"
            )
        if not log.extends(tree, size, last):
            raise log.Unsound(f"the first {last.size} entries are not those that were signed")
