"""Comparisons that are often asked for, each as the parameters of its address."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, select

from api.web import words
from ledger.store import position_at
from ledger.tables import entries
from projections.projection import Row

MOST_DAYS = 3


@dataclass(frozen=True)
class Preset:
    """A comparison by name."""

    text: str
    states: Mapping[str, Any]


def presets(connection: Connection, mandate: Row | None, today: str, known: int) -> list[Preset]:
    """What changed in the last year; what the ledger learned of late; what each renewal changed."""
    last_year = Preset("What changed in the last year", {"from_valid_at": year_before(today), "to_valid_at": today})
    return [last_year, *_learned(connection, today, known), *_renewals(mandate)]


def year_before(day: str) -> str:
    """The same day a year earlier; of 29 February the 28th."""
    then = date.fromisoformat(day)
    leap_day = (then.month, then.day) == (2, 29)
    return then.replace(year=then.year - 1, day=28 if leap_day else then.day).isoformat()


def _learned(connection: Connection, today: str, known: int) -> Iterator[Preset]:
    """What was recorded after each of the last days on which something was; within one day after the last moment but one."""
    days = 0
    while days < MOST_DAYS and (moment := _recorded_at(connection, known)) is not None:
        earlier = position_at(connection, f"{moment[:10]}T00:00:00.000000Z")
        if earlier < 0 and days == 0:
            yield from _within_the_day(connection, today, moment, known)
        if earlier < 0:
            return
        day = str(_recorded_at(connection, earlier))[:10]
        yield _since(words.partial_date(day), {"from_known_at": day}, today)
        known, days = earlier, days + 1


def _within_the_day(connection: Connection, today: str, moment: str, known: int) -> Iterator[Preset]:
    e = entries.c
    before = select(e.position).where(e.recorded_at < moment, e.position <= known).order_by(e.position.desc()).limit(1)
    position = connection.execute(before).scalar_one_or_none()
    if position is not None:
        yield _since(f"entry {position}", {"from_known_position": position}, today)


def _since(when: str, known: Mapping[str, Any], today: str) -> Preset:
    return Preset(
        f"What the ledger learned since {when} about today", {"from_valid_at": today, "to_valid_at": today, **known}
    )


def _recorded_at(connection: Connection, position: int) -> str | None:
    return connection.execute(select(entries.c.recorded_at).where(entries.c.position == position)).scalar_one_or_none()


def _renewals(mandate: Row | None) -> Iterator[Preset]:
    acts = [act for act in (mandate or {}).get("instruments", ()) if act["action"] in ("renewed", "transitioned")]
    for act in acts:
        if act["adopted"] and len(act["adopted"]) == 10:
            day = date.fromisoformat(act["adopted"])
            before, after = ((day + timedelta(days=n)).isoformat() for n in (-1, 1))
            yield Preset(
                f"The day before and after {act['instrument']}, {words.partial_date(act['adopted'])}",
                {"from_valid_at": before, "to_valid_at": after},
            )
