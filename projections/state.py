"""What the ledger holds, in short: what every answer follows from, beside its question, read by one statement.

Entries never change, so what is known by a position stays the same for ever; but for a redaction, which takes a payload out
of every answer that had it, and for what was recorded about that redaction since.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, exists, func, select

from ledger.direct import Direct, Statement
from ledger.keys import IN_FORCE, Holder, digest_of
from ledger.standing import REDACTED
from ledger.tables import entries, head, keys
from projections.tables import generations

FEW = 1_000
_e, _r = entries.alias("e").c, entries.alias("r").c
_g = generations.c
_TOLD = (head.c.size, head.c.recorded_at, func.coalesce(_g.live, 0), func.coalesce(_g.size, 0), _g.made_by)
_HEAD = head.outerjoin(generations, _g.id == head.c.id)
_STATE = Statement(select(*_TOLD).select_from(_HEAD))
_WITH_HOLDER = Statement(select(*_TOLD, keys.c.name, keys.c.role).select_from(_HEAD.outerjoin(keys, IN_FORCE)))
_EVER = Statement(select(func.max(_e.position)).where(_e.root.in_(select(_r.root).where(_r.type == REDACTED))))
_SINCE = Statement(
    select(func.max(_e.position)).where(
        _e.position >= bindparam("since"), exists().where(_r.root == _e.root, _r.type == REDACTED)
    )
)
_RECORDED_AT = Statement(select(entries.c.recorded_at).where(entries.c.position == bindparam("position")))
_REGISTERED = Statement(
    select(_r.position).where(
        _r.stream == bindparam("stream"),
        _r.mission == bindparam("mission"),
        _r.type == "mission.registered",
        _r.position <= bindparam("known"),
        ~exists().where(_e.root == _r.position, _e.position != _r.position, _e.position <= bindparam("known")),
    )
)


class State(NamedTuple):
    """The ledger's size and last moment; the live rows, how many entries they have taken in and the code that made them; the
    last position that tells of a removed payload, -1 where there is none."""

    size: int
    recorded_at: str
    live: int
    projected: int
    made_by: str | None
    removed: int

    def rows(self, known: int) -> tuple[int | str | None, ...]:
        """Which rows an answer as known at a position is made of, if it is made of rows."""
        return self.live, min(self.projected, known + 1), self.made_by


class States:
    """Reads the state. What was removed is looked up where the ledger has grown, and among its new entries alone."""

    def __init__(self, direct: Direct):
        self._direct, self._removed = direct, (0, -1)
        self._moments, self._registered = dict[int, str](), set[tuple[str, int]]()

    def now(self) -> State:
        """The state as it is now."""
        return self._state(self._direct.shared(_STATE)[0])

    def with_holder(self, key: str) -> tuple[State, Holder | None]:
        """The state, and who holds a key, by one statement; None where the key is unknown or revoked."""
        *told, name, role = self._direct.shared(_WITH_HOLDER, digest=digest_of(key))[0]
        return self._state(told), None if name is None else Holder(name, role)

    def _state(self, told: Sequence[Any]) -> State:
        size, recorded_at, live, projected, made_by = told
        return State(size, recorded_at, live, projected, made_by, self._last_removal(size))

    def _last_removal(self, size: int) -> int:
        seen, last = self._removed
        if size == seen:
            return last
        if 0 < size - seen <= FEW:
            found = self._direct.rows(_SINCE, since=seen)[0][0]
        else:
            found, last = self._direct.rows(_EVER)[0][0], -1
        last = last if found is None else max(found, last)
        self._removed = size, last
        return last

    def recorded_at(self, position: int) -> str | None:
        """When the entry at a position was recorded, which never changes."""
        if (known := self._moments.get(position)) is not None:
            return known
        found = self._direct.row(_RECORDED_AT, position=position)
        if found is not None:
            _make_room(self._moments)
            self._moments[position] = found[0]
        return found[0] if found is not None else None

    def is_registered(self, mission: str, known: int) -> bool:
        """Whether the mission was registered by a position, and nothing was recorded about its registration. False tells nothing."""
        if (mission, known) in self._registered:
            return True
        if (
            "\0" in mission
            or self._direct.row(_REGISTERED, stream=f"{mission}/mission", mission=mission, known=known) is None
        ):
            return False
        _make_room(self._registered)
        self._registered.add((mission, known))
        return True


def _make_room(kept: dict[int, str] | set[tuple[str, int]], most: int = 10_000) -> None:
    """What is kept can be asked for again, so it is forgotten as a whole."""
    if len(kept) >= most:
        kept.clear()
