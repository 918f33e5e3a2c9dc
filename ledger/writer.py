"""Recording for many threads at once: one transaction for all who wait.

A commit waits for the disk, and only one transaction can hold the head. So who comes while another writes waits, and who writes
next records for all who wait by then: each request gets an answer of its own, after the commit. There is no thread for it: the
last who is expected writes, since to wake another one costs more than many a statement. Who comes alone waits for nobody.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import pairwise
from threading import Lock
from time import monotonic

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from ledger.driver import is_sqlite, keep, one_trip
from ledger.memory import Memory
from ledger.recording import Outcome, Recorded, Request, record_each
from ledger.said import Event
from ledger.store import Project, to_write
from ledger.writes import Overtaken

MOST_EVENTS = 1_000  # of one transaction, unless a single request has more
MOST_IDLE = 1.0  # seconds
MOST_PATIENCE = 0.005  # seconds
MOST_DARED = 4  # events of a request that is recorded without holding the head
CAREFUL = 16  # transactions after one that was overtaken
INTERRUPTED = "who wrote for all was interrupted; nobody knows whether this was recorded"


class _Turn:
    """A request that waits: for its outcome, or to be called upon."""

    def __init__(self, request: Request):
        self.request = request
        self.outcome: Outcome | Exception | None = None
        self.after: _Turn | None = None  # who is called when this one leaves
        self.has_left = False
        self._gate = Lock()
        self._gate.acquire()

    def wait(self, seconds: float = -1) -> bool:
        """Wait to be called, for no longer than that; whether it was."""
        return self._gate.acquire(timeout=seconds)

    def call(self) -> None:
        """Wake who waits; where that one has left already, the one after it."""
        turn: _Turn | None = self
        while turn is not None:
            with suppress(RuntimeError):  # it has been called already, and not come yet
                turn._gate.release()
            turn = turn.after if turn.has_left else None

    def leave(self) -> None:
        """One after the other: where all are woken at once, each waits once more, for the interpreter."""
        self.has_left = True
        if self.after is not None:
            self.after.call()

    def result(self) -> Recorded:
        """The answer. Raises Refused, or what went wrong with the transaction."""
        if isinstance(self.outcome, Exception):
            raise self.outcome
        assert self.outcome is not None
        return self.outcome


class Writer:
    """The one way of a process into its ledger, for any number of threads."""

    def __init__(self, engine: Engine, remembering: Callable[[], Project]):
        """`remembering` makes what projects; like the writer it may remember from one transaction to the next what it knew, and
        is made anew where that does not hold any more."""
        self._engine, self._remembering = engine, remembering
        self._lock = Lock()  # guards what follows until the connection
        self._waiting: list[_Turn] = []
        self._writing: _Turn | None = None  # whose thread writes
        self._watching: _Turn | None = None  # whose thread writes where nobody else comes
        self._expected = 1  # how many were answered last, or waited by then
        self._until = 0.0  # how long they are worth waiting for
        self._connection: Connection | None = None  # belongs to who writes, as does what follows
        self._used = 0.0
        self._since_overtaken = CAREFUL  # transactions
        self._forget()

    def record(
        self, events: Sequence[Event], *, actor: str, key: str | None = None, bearing: str | None = None
    ) -> Recorded:
        """Record `events` as one: all or nothing; returns once they are committed. Raises Refused with every refusal, and NotInForce
        where the API key with the digest `bearing` is not in force in the transaction that would record."""
        own = _Turn(Request(events, actor, key, bearing=bearing))
        with self._lock:
            self._waiting.append(own)
            self._call_upon(own)
        try:
            while own.outcome is None:
                if self._writing is own:
                    self._write_for_all()
                elif self._watching is own:
                    self._keep_watch(own)
                else:
                    own.wait()
        except BaseException:
            self._withdraw(own)
            raise
        finally:
            own.leave()
        return own.result()

    def _withdraw(self, own: _Turn) -> None:
        """Whoever is interrupted while waiting is not recorded, unless that is under way, and keeps nobody else waiting."""
        with self._lock:
            self._waiting = [turn for turn in self._waiting if turn is not own]
            self._writing = None if self._writing is own else self._writing
            self._watching = None if self._watching is own else self._watching
            following = self._waiting[:1]
            for turn in following:
                self._call_upon(turn)
        for turn in following:
            turn.call()

    def _call_upon(self, turn: _Turn) -> None:
        """Who writes next, unless somebody does: this one, where all are here. Those who were answered a moment ago are on their way with
        what they say next; to wait for them, too, for no longer than the last transaction took, spares everybody a second one."""
        if self._writing is not None:
            return
        if len(self._waiting) >= self._expected or monotonic() >= self._until:
            self._writing, self._watching = turn, None
        elif self._watching is None:
            self._watching = turn

    def _keep_watch(self, own: _Turn) -> None:
        if not own.wait(max(self._until - monotonic(), 0)):
            with self._lock:
                if self._watching is own:
                    self._writing, self._watching = own, None

    def _write_for_all(self) -> None:
        """Record for those who wait, answer them, and call upon one of those who came meanwhile."""
        with self._lock:
            group, self._waiting = _together(self._waiting)
        begun = monotonic()
        try:
            self._settle(group)
        finally:
            ended = monotonic()
            with self._lock:
                self._expected = len(group) + len(self._waiting)
                self._until = ended + min(ended - begun, MOST_PATIENCE)
                self._writing, following = None, self._waiting[:1]
                for turn in following:
                    self._call_upon(turn)
            for turn in group:
                if turn.outcome is None:
                    turn.outcome = RuntimeError(INTERRUPTED)
            for turn, after in pairwise(group):
                turn.after = after
            for turn in [*following, *group[:1]]:
                turn.call()

    def _settle(self, group: Sequence[_Turn]) -> None:
        """Give each of the group its outcome. What spoils a transaction is met by whoever caused it alone; where the
        connection is lost nobody knows whether it was committed, and nothing is tried again."""
        try:
            outcomes: Sequence[Outcome | Exception] = self._committed([turn.request for turn in group])
        except Exception as error:
            is_lost = isinstance(error, DBAPIError) and error.connection_invalidated
            if len(group) > 1 and not is_lost:
                for turn in group:
                    self._settle([turn])
                return
            outcomes = [error] * len(group)
        for turn, outcome in zip(group, outcomes, strict=True):
            turn.outcome = outcome

    def _committed(self, requests: Sequence[Request]) -> Sequence[Outcome]:
        """The outcomes, by what is remembered; where that does not hold any more, by what is read anew."""
        connection = self._connected()
        try:
            try:
                outcomes = self._recorded(connection, requests)
            except Overtaken:
                self._forget()
                self._since_overtaken = 0
                outcomes = self._recorded(connection, requests)
        except BaseException:
            self._leave()
            raise
        self._used = monotonic()
        self._since_overtaken += 1
        return outcomes

    def _recorded(self, connection: Connection, requests: Sequence[Request]) -> Sequence[Outcome]:
        if not is_sqlite(connection) and self._dares(requests):
            return record_each(connection, requests, project=self._project, memory=self._memory)
        with one_trip(connection):
            return record_each(connection, requests, project=self._project, memory=self._memory)

    def _dares(self, requests: Sequence[Request]) -> bool:
        """Whether to write by what is remembered without holding anything: where others write, too, it would mostly be in vain."""
        if self._memory.head is None or self._since_overtaken < CAREFUL or len(requests) > 1:
            return False
        return len(requests[0].events) <= MOST_DARED and not any(event.data.ABOUT for event in requests[0].events)

    def _forget(self) -> None:
        self._memory, self._project = Memory(), self._remembering()

    def _connected(self) -> Connection:
        """The connection that is kept, or a new one, which is tried before it is used, where it has been idle."""
        if self._connection is None or monotonic() - self._used > MOST_IDLE:
            self._leave()
            self._connection = to_write(self._engine)
            keep(self._connection)
        return self._connection

    def _leave(self) -> None:
        self._forget()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()  # with its settings it goes back to no pool
            connection.close()


def _together(waiting: Sequence[_Turn]) -> tuple[list[_Turn], list[_Turn]]:
    """Those that are recorded next, the first of them in any case, and those that wait on: of requests under one key of one
    actor each sees the receipt of the one before."""
    group, rest = [waiting[0]], list[_Turn]()
    count, keys = len(waiting[0].request.events), {_key(waiting[0])}
    for turn in waiting[1:]:
        count += len(turn.request.events)
        fits = count <= MOST_EVENTS and (turn.request.key is None or _key(turn) not in keys)
        (group if fits else rest).append(turn)
        keys.add(_key(turn))
    return group, rest


def _key(turn: _Turn) -> tuple[str, str | None]:
    return turn.request.actor, turn.request.key
