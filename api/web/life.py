"""The life of a pledge: each change with what it changed, and under it what was corrected and retracted of it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from api.web import words
from api.web.telling import document, lines, parted
from ledger.standing import CORRECTED, RETRACTED
from projections.projection import Row

_CORRECTIONS = (CORRECTED, RETRACTED)
_NAMES = {"items": "terms", "data.items": "terms", "effective": "effective date"}
SIGNED, UNSIGNED, NO_LOG = "in the signed log", "not signed yet", "no log"


@dataclass(frozen=True)
class Difference:
    """One field: the lines that went, those that came, those that stayed."""

    name: str
    removed: list[str]
    added: list[str]
    stayed: list[str]


@dataclass(frozen=True)
class Event:
    """One change of a pledge, with the corrections and retractions of it, in their order."""

    change: Row
    fields: list[Difference]
    about: list["Event"]


def life(history: Iterable[Row]) -> list[Event]:
    """The history of a pledge, each correction and retraction under the event that it is about."""
    told: list[Event] = []
    for change in history:
        made = Event(change, differences(change["fields"]), [])
        (told[-1].about if told and change["type"] in _CORRECTIONS else told).append(made)
    return told


def differences(fields: Sequence[Row]) -> list[Difference]:
    """The fields that changed, in words; those that say nothing before and after are left out."""
    made = [_difference(field["field"], field["from"], field["to"]) for field in fields]
    return [one for one in made if one.removed or one.added]


def _difference(name: str, before: Any, after: Any) -> Difference:
    if before is None and after is False:
        return Difference(name, [], [], [])
    if isinstance(before, dict) and isinstance(after, dict) and name == "source":
        return Difference(name, *_of_source(before, after))
    plain = name.removeprefix("data.")
    return Difference(_NAMES.get(name) or words.label(plain), *parted(lines(plain, before), lines(plain, after)))


def _of_source(before: Row, after: Row) -> tuple[list[str], list[str], list[str]]:
    """Two sources, told apart by more than their names where these are the same."""
    if document(before) != document(after):
        return [document(before)], [document(after)], []
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    went, came = ([f"{words.label(n)}: {_said(n, one[n])}" for n in names if n in one] for one in (before, after))
    return went, came, [document(after)]


def _said(name: str, value: Any) -> str:
    return ", ".join(lines(name, value))


def proof(position: int, signed: int | None) -> str:
    """Whether a checkpoint covers an entry. `signed`: the size of the last one; None where there is none."""
    if signed is None:
        return NO_LOG
    return SIGNED if position < signed else UNSIGNED
