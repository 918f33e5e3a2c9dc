"""Files of events into the ledger: checked row by row, mapped to their new positions, recorded as one, part by part.

A file that `export` wrote says of each event at which position it stood. Targets in it mean those positions, and
become the new ones: the n-th event of the file is recorded at the head plus n, since nobody else appends while
the head is held.

An entry whose payload was removed keeps its place: it is recorded without anything that it said, together with the
redaction from the same file, so that what is about it, and what could be said because of it, is recorded as well.
"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, func, select

from api.ahead import parts, seldom_looking_for_cycles
from api.exported import event_of, moved
from api.faults import Faulty
from api.files import File, Progress, silent
from api.taking import MOST_SHOWN, Complaint, Taking
from ledger import tables
from ledger.entries import Entry
from ledger.lengthy import Lengthy, Outline, check_same
from ledger.lookup import Receipt, receipts_under
from ledger.said import Event
from ledger.schemas import Invalid
from ledger.store import lock_head, read_entries, settle, writing
from projections.runner import Projector

PART = 2_048  # rows that are decided and written at once


@dataclass(frozen=True)
class Imported:
    """What the import of a file led to: where its entries stand, whether an earlier import recorded them, the first of them, and
    how many there are of each type."""

    first: int
    count: int
    replayed: bool
    shown: list[Entry]
    types: Mapping[str, int]


def bring_in(
    engine: Engine,
    file: File,
    *,
    actor: str,
    key: str | None = None,
    dry_run: bool = False,
    progress: Progress = silent,
    complaint: Complaint = lambda event: None,
    part: int = PART,
) -> Imported:
    """Record what a file says, in one transaction. Raises Faulty with every fault of the file; nothing is recorded then.

    Without a `key` the digest of the content is the key, whoever recorded it: the same content is recorded once.
    `complaint`: what else speaks against an event.
    """
    name = key or f"sha256:{file.digest}"
    imported = _recorded(engine, file, name, actor, key is None, dry_run, progress, complaint, part)
    if imported.count > PART and not imported.replayed:
        settle(engine)
    return imported


def _recorded(
    engine: Engine,
    file: File,
    name: str,
    actor: str,
    anybody: bool,
    dry_run: bool,
    progress: Progress,
    complaint: Complaint,
    part: int,
) -> Imported:
    with progress("Recording", file.count) as bar, seldom_looking_for_cycles(), writing(engine) as connection:
        lock_head(connection)
        receipt = _earlier(connection, name, actor, anybody=anybody)
        if receipt is not None:
            _check_same(connection, receipt, file)
            return _replayed(connection, receipt)
        if not file.count or file.has_too_many_faults:
            raise Faulty(file.faults, file.count)
        outline = Outline(actor, name, file.count, file.digest, secrets.token_bytes(32))
        lengthy = Lengthy(connection, outline, project=Projector())
        taking = Taking(file, lengthy, complaint)
        with parts(file, outline.secret, part) as made:
            taking.take_all(made, bar)
        file.check_unchanged()
        if dry_run:
            connection.rollback()
        return Imported(lengthy.first, file.count, False, taking.shown, taking.counts)


# --- what was imported before ------------------------------------------------------------------------------------------


def _earlier(connection: Connection, key: str, actor: str, *, anybody: bool) -> Receipt | None:
    """The receipt of an earlier import under the key: the actor's own, else, where that is wanted, anybody's."""
    found = receipts_under(connection, key)
    own = next((receipt for receipt in found if receipt.actor == actor), None)
    return own or (found[0] if anybody and found else None)


def _check_same(connection: Connection, receipt: Receipt, file: File) -> None:
    """Raises Refused where something else was recorded under the key, and Faulty where lines of the file cannot be read."""
    check_same(connection, receipt, file.count, file.digest, lambda: _events(file, receipt.first_position))
    if file.faults:
        raise Faulty(file.faults)


def _events(file: File, first: int) -> Iterator[Event]:
    """The events of a file as they would stand from a position on, as far as they can be read."""
    for row in file.rows():
        try:
            event = event_of(row)
            yield (
                moved(event, lambda target: first + file.places.rows_at(target)[0]) if file.places.are_there else event
            )
        except (Invalid, LookupError):
            return


def _replayed(connection: Connection, receipt: Receipt) -> Imported:
    e, end = tables.entries.c, receipt.first_position + receipt.count - 1
    within = e.position.between(receipt.first_position, end)
    types = connection.execute(
        select(e.type, func.count()).where(within).group_by(e.type).order_by(func.min(e.position))
    )
    shown = read_entries(connection, within, limit=MOST_SHOWN)
    return Imported(receipt.first_position, receipt.count, True, shown, {row[0]: row[1] for row in types})
