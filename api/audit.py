"""The whole audit of a ledger in a database: chain, tree and signatures, what lies beside them, schema and index."""

from collections.abc import Callable, Iterator

from sqlalchemy import Connection

from ledger.audit.audit import Report, Trust, audit
from ledger.audit.database import Database
from ledger.audit.findings import Finding
from migrations import schema
from projections import audit as index


def audit_database(
    connection: Connection, trust: Trust, progress: Callable[[int, int], None] = lambda done, of: None
) -> Report:
    """Audit everything that a database holds, as it is in this transaction."""
    source = Database(connection)
    report = audit(source, trust, progress)
    report.findings.take(_beside(source, progress))
    return report


def _beside(source: Database, progress: Callable[[int, int], None]) -> Iterator[Finding]:
    yield from (Finding("schema-differs", None, text) for text in schema.deviations(source.connection))
    yield from source.own_findings()
    yield from index.deviations(source.connection, progress)
