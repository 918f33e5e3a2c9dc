"""Signs in the background: a checkpoint soon after every append, and at most one in a while."""

import logging
import threading

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from api.settings import Settings
from ledger.log import Unsound
from ledger.notes import WrongNote
from ledger.signing import KeyFileProblem, LogKey, close_if_set_back, read_log_key, sign

log = logging.getLogger("mission-ledger")
LOOK_EVERY = 60.0  # seconds; other processes may append, too


class Signer(threading.Thread):
    """Waits to be woken, signs, and rests for `seconds`, so that many appends share a checkpoint."""

    def __init__(self, engine: Engine, key: LogKey, seconds: float):
        super().__init__(name="signer", daemon=True)
        self._engine, self._key, self._seconds = engine, key, seconds
        self._work, self._end = threading.Event(), threading.Event()
        self._work.set()

    def wake(self) -> None:
        """There is something to sign."""
        self._work.set()

    def stop(self) -> None:
        """End, after what is being signed."""
        self._end.set()
        self._work.set()
        self.join()

    def run(self) -> None:
        while not self._end.is_set():
            self._work.wait(LOOK_EVERY)
            if self._end.is_set():
                return
            self._work.clear()
            self._sign()
            self._end.wait(self._seconds)

    def _sign(self) -> None:
        try:
            sign(self._engine, self._key)
        except (Unsound, KeyFileProblem, WrongNote):
            log.exception("no checkpoint is signed")
        except (SQLAlchemyError, OSError):
            log.exception("no checkpoint is signed now; it is tried again")
            self._work.set()


def start(app: Flask, settings: Settings, engine: Engine) -> None:
    """Sign for this app, where it has the key of the log. A ledger that lacks what was signed of it is closed."""
    if settings.log_key is None or not settings.log_key.exists():
        return
    key = read_log_key(settings.log_key)
    app.extensions["verifier-keys"] = [str(one.verifier) for one in key.keys]
    closed = close_if_set_back(engine, key)
    if closed:
        log.error("the ledger is closed: %s", closed)
        return
    app.extensions["signer"] = signer = Signer(engine, key, settings.checkpoint_seconds)
    signer.start()


def wake(app: Flask) -> None:
    """Something was appended."""
    signer = app.extensions.get("signer")
    if signer is not None:
        signer.wake()
