"""What a field of a form offers to pick from: parties, missions, documents, and the subjects of a mission."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection, select

from api.parameters import today
from api.web.words import party
from ledger import codes
from ledger.store import size
from ledger.tables import entries
from projections.queries import answers, mission_names, party_rows

MOST, MOST_MISSIONS = 500, 20
Offer = tuple[str, str]


def offers(connection: Connection, wanted: Iterable[str], mission: str) -> dict[str, list[Offer]]:
    """By name what there is to pick, each with what it is; subjects are those of `mission`."""
    return {name: _OFFERED[name](connection, mission)[:MOST] for name in sorted(set(wanted))}


def _parties(connection: Connection, _: str) -> list[Offer]:
    rows = party_rows(connection, today().isoformat(), size(connection) - 1)
    registered = {row["key"]: row["name"] or row["key"] for row in rows}
    return sorted({**codes.STATES, **registered}.items(), key=lambda offer: offer[1])


def _missions(connection: Connection, _: str) -> list[Offer]:
    known = size(connection) - 1
    return [(name, _mission_name(connection, name, known)) for name in mission_names(connection, known)]


def _mission_name(connection: Connection, mission: str, known: int) -> str:
    mandate = answers(connection, mission, ["mandate"], today().isoformat(), known)["mandate"]
    return str(mandate["name"]) if mandate else mission


def _symbols(connection: Connection, _: str) -> list[Offer]:
    e = entries.c
    found = connection.execute(
        select(e.symbols).where(e.symbols != " ").group_by(e.symbols).order_by(e.symbols).limit(4 * MOST)
    )
    return [(symbol, "") for symbol in sorted({one for row in found for one in row.symbols.split()})]


def _rows(answer: str, key: str, told: Callable[[Any], str]) -> Callable[[Connection, str], list[Offer]]:
    """Offers the rows of an answer about the mission; where none is chosen yet, about the first few."""

    def found(connection: Connection, mission: str) -> list[Offer]:
        known = size(connection) - 1
        names = mission_names(connection, known)
        chosen = [mission] if mission in names else names[:MOST_MISSIONS]
        rows = (answers(connection, name, [answer], today().isoformat(), known)[answer] for name in chosen)
        return [(row[key], told(row)) for part in rows for row in part]

    return found


_OFFERED: dict[str, Callable[[Connection, str], list[Offer]]] = {
    "parties": _parties,
    "missions": _missions,
    "symbols": _symbols,
    "pledges": _rows("pledges", "pledge", lambda row: party("+".join(row["parties"]))),
    "commitments": _rows("commitments", "commitment", lambda row: ""),
    "posts": _rows("leadership", "post", lambda row: row["title"] or ""),
    "targets": _rows("targets", "target", lambda row: ""),
}
