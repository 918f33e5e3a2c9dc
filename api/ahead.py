"""Rows made ready by another process, some parts ahead of the one that records them.

Most of the work of an import does not depend on the ledger. The other process reads the file, checks its rows and writes them out; it
holds no connection to a database, which none could share. What it hands over are tuples of texts, bytes and numbers, a part
at a time. It is never more than a few parts ahead, so that memory does not grow with the file.
"""

import gc
import marshal
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

from api.files import File, rows_of
from api.readying import Item, made_ready, parts_of
from api.sheets import Row
from ledger.prepared import Prepared

SEVERAL_FROM = 20_000  # rows; fewer are done before another process has started
AHEAD = 3  # parts
SELDOM = 100_000  # objects made


@contextmanager
def parts(file: File, secret: bytes, size: int) -> Iterator[Iterator[list[Item]]]:
    """The rows of a file as items, by parts of a size; those of a long one by another process."""
    if file.path is None or file.count < SEVERAL_FROM or (os.cpu_count() or 1) < 2:
        yield parts_of(file.rows(), secret, size)
        return
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    other = context.Process(target=_make_ready, args=(file.path, secret, size, there), daemon=True)
    other.start()
    there.close()
    try:
        yield _received(here, secret)
    finally:
        here.close()
        other.terminate()
        other.join()


@contextmanager
def seldom_looking_for_cycles() -> Iterator[None]:
    """What is made of a row goes with it. Python looks through all that is there, every few hundred objects, for what refers to itself:
    a fifth of the time of an import."""
    before = gc.get_threshold()
    gc.set_threshold(SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _received(pipe: Pipe, secret: bytes) -> Iterator[list[Item]]:
    try:
        while part := pipe.recv_bytes():
            yield [_item(packed, secret) for packed in marshal.loads(part)]  # noqa: S302 - of this program's own making
    except EOFError:
        raise RuntimeError("the process that reads the file has ended before its end") from None


def _item(packed: tuple[Any, ...], secret: bytes) -> Item:
    place, number, position, outline, said = packed
    if outline is None:
        return made_ready(place, Row(number, said), secret)
    return Item(place, Row(number, None), position, Prepared(outline), [])


# --- in the other process ----------------------------------------------------------------------------------------------


def _make_ready(path: Path, secret: bytes, size: int, pipe: Pipe) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that records is interrupted, and ends this one
    ready: Queue[bytes] = Queue(AHEAD)
    sender = Thread(target=_send, args=(ready, pipe), daemon=True)
    sender.start()
    with seldom_looking_for_cycles():
        for items in parts_of(rows_of(lambda: path.open("rb")), secret, size):
            ready.put(marshal.dumps([_packed(item) for item in items]))
    ready.put(b"")
    sender.join()


def _send(ready: "Queue[bytes]", pipe: Pipe) -> None:
    while part := ready.get():
        pipe.send_bytes(part)
    pipe.send_bytes(part)


def _packed(item: Item) -> tuple[Any, ...]:
    """What is handed over of an item. What is faulty, or about another entry, is made ready anew on the other side."""
    if isinstance(item.event, Prepared):
        return item.place, item.row.number, item.position, item.event.outline, None
    return item.place, item.row.number, item.position, None, item.row.event
