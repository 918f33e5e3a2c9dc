"""The whole audit of a ledger in a database: chain, tree and signatures, what lies beside them, schema and index."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from sqlalchemy import Connection, text

from ledger.audit.audit import Report, Trust, audit
from ledger.audit.database import Database
from ledger.audit.findings import Finding
from ledger.checkpoints import Checkpoint, parse_checkpoint
from ledger.notes import Note, WrongNote, parse_note
from migrations import schema
from projections import audit as index

Progress = Callable[[int, int], None]


def audit_database(
    connection: Connection, trust: Trust, progress: Progress = lambda done, of: None, last: Note | None = None
) -> Report:
    """Audit everything that a database holds, as it is in this transaction.

    `last`: the checkpoint that the key of the log remembers, read before the transaction began. It has been seen before.
    """
    if last is not None:
        trust = replace(trust, known=(*trust.known, parse_checkpoint(last.text)))
    source = _Remembering(connection, last)
    report = audit(source, trust, progress)
    report.findings.take(_beside(source, progress))
    return report


class _Remembering(Database):
    """A database, with the last checkpoint of its key where that is signed and not committed yet."""

    def __init__(self, connection: Connection, last: Note | None):
        super().__init__(connection)
        self._last = last

    def checkpoints(self) -> Iterable[bytes]:
        newest = b""
        for newest in super().checkpoints():
            yield newest
        if self._last and self._is_to_come(parse_checkpoint(self._last.text), newest):
            yield str(self._last).encode()

    def _is_to_come(self, last: Checkpoint, newest: bytes) -> bool:
        count = self.connection.execute(text("SELECT count(*) FROM entries")).scalar_one()
        try:
            return (parse_checkpoint(parse_note(newest).text).size if newest else 0) < last.size <= count
        except WrongNote:
            return False


def _beside(source: Database, progress: Progress) -> Iterator[Finding]:
    yield from (Finding("schema-differs", None, text) for text in schema.deviations(source.connection))
    yield from source.own_findings()
    yield from index.deviations(source.connection, progress)
