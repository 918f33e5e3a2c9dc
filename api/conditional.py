"""What an answer follows from, known before it is made: so whoever has it already is told so, and no row of it is read.

An answer follows from its question, from the code that makes it, and from what was removed meanwhile. ETags are digests of
these (docs/adr/0019-etags-before-answers.md).
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from flask import current_app, request

from api import parameters
from api.compression import takes
from ledger.direct import Direct
from ledger.store import reading
from projections.questions import Question
from projections.state import State, States

TAGGED = "mission-ledger.tagged"
PACKAGES = ("api", "projections", "ledger")


def direct() -> Direct:
    """Single statements, on the database of the app that answers."""
    return current_app.config["LEDGER_DIRECT"]


def states() -> States:
    """The state of the ledger of the app that answers."""
    return current_app.config["LEDGER_STATES"]


@cache
def release() -> str:
    """SHA-256 over the code that makes answers: another version may make others."""
    folder = Path(__file__).parent.parent
    parts = (part for name in PACKAGES for part in sorted((folder / name).rglob("*.py")))
    return hashlib.sha256(b"".join(hashlib.sha256(part.read_bytes()).digest() for part in parts)).hexdigest()


class Follows(NamedTuple):
    """What an answer follows from, beside its question: the rows as known at a position, and whether it moves with the newest
    entry, and with the day."""

    rows: tuple[int | str | None, ...]
    removed: int
    known: int
    newest: bool
    day: str | None

    def hold(self, state: State) -> bool:
        """Whether the answer is still the same."""
        return (
            state.removed == self.removed
            and (state.size == self.known + 1 or not self.newest)
            and state.rows(self.known) == self.rows
            and (self.day is None or self.day == parameters.today().isoformat())
        )


def follows(state: State, known: int, newest: bool, day: str | None = None) -> Follows:
    """What an answer as known at a position follows from; `newest` where another entry may change it, `day` where tomorrow may."""
    return Follows(state.rows(known), state.removed, known, newest, day)


def tag(media: str, query: Mapping[str, Any], follows: Follows, *more: Any) -> str:
    """The ETag of this request's answer as `media`, from the parsed query and from what else it follows from.

    Where the answer turns out to be one for everybody, it is kept for as long as that holds (api/front.py).
    """
    etag = etag_of(request.environ, media, query, follows, *more)
    request.environ[TAGGED] = follows, etag
    return etag


def etag_of(environ: Mapping[str, Any], media: str, query: Mapping[str, Any], follows: Follows, *more: Any) -> str:
    """The same of any request, whether or not the application answers it."""
    told = (release(), environ.get("SCRIPT_NAME"), environ["PATH_INFO"], media, query, tuple(follows), more)
    return hashlib.blake2b(orjson.dumps(told, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def question(query: Mapping[str, Any], state: State, prefix: str = "") -> Question:
    """The question that the parameters put, each name beginning with `prefix`, as of a state. Raises Problem.

    What names a position or leaves it out is resolved without looking further; the rest as everywhere else.
    """
    position = query.get(f"{prefix}known_position")
    if query.get(f"{prefix}known_at") is not None or (position is not None and position >= state.size):
        with reading(current_app.config["LEDGER_ENGINE"]) as connection:
            return parameters.question(connection, query, prefix)
    known = state.size - 1 if position is None else position
    valid_at = query.get(f"{prefix}valid_at")
    return Question(
        valid_at or parameters.today().isoformat(),
        known,
        (state.recorded_at or None) if known == state.size - 1 else states().recorded_at(known),
        query.get("reported_by"),
        fixed=position is not None and valid_at is not None,
    )


def clocks(asked: Question) -> tuple[str, int, str | None, str | None]:
    """A question as an ETag tells it."""
    return asked.valid_at, asked.known, asked.known_at, asked.reported_by


def follows_of(query: Mapping[str, Any], state: State, asked: Question, other: Question | None = None) -> Follows:
    """What the answer to a question follows from, or that to two, whose parameters begin with `from_` and `to_`."""
    sides = {"": asked} if other is None else {"from_": asked, "to_": other}
    positions = [query.get(f"{prefix}known_position") for prefix in sides]
    days = [question.valid_at for prefix, question in sides.items() if f"{prefix}valid_at" not in query]
    latest = max(question.known for question in sides.values())
    return follows(state, latest, newest=None in positions, day=min(days, default=None))


def matching(etag: str) -> str | None:
    """The ETag of this answer that the client has; None where it has none."""
    asked = request.environ
    told = asked.get("HTTP_IF_NONE_MATCH")
    return matching_of(etag, told, asked.get("HTTP_ACCEPT_ENCODING", "")) if told else None


def matching_of(etag: str, told: str, accepted: str) -> str | None:
    """Which of the ETags `told` is this one, plain or in a coding that is accepted; it is itself where the client has any."""
    if told.strip() == "*":
        return etag
    for part in told.split(f'"{etag}')[1:]:
        coding = part.partition('"')[0]
        if not coding or (coding[0] == ":" and takes(accepted, coding[1:])):
            return etag + coding
    return None
