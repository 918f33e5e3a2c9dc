"""Short ways to say events in tests."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine

from ledger.entries import Entry
from ledger.recording import record
from ledger.schemas import parse_event
from ledger.store import writing
from projections.runner import Projector

MISSION = "test-mission"


def said(
    type_name: str,
    effective: str = "2024-01-01",
    *,
    mission: str | None = MISSION,
    source: Any = None,
    ref: str | None = None,
    expected_version: int | None = None,
    **data: Any,
) -> dict[str, Any]:
    """An event as JSON: `said("pledge.withdrawn", "2024-05", pledge="a")`."""
    event = {
        "type": type_name,
        "effective": effective,
        "data": data,
        "mission": mission,
        "source": source,
        "ref": ref,
        "expected_version": expected_version,
    }
    return {name: value for name, value in event.items() if value is not None}


def people(minimum: int | None, maximum: int | None = None, category: str = "troops", **more: Any) -> dict[str, Any]:
    """An item of people: exact, with two numbers a range, without any unspecified."""
    if minimum is None:
        return {"kind": "personnel", "category": category, "unspecified": "not_stated", **more}
    return {
        "kind": "personnel",
        "category": category,
        "minimum": minimum,
        "maximum": minimum if maximum is None else maximum,
        **more,
    }


def money(amount: str, currency: str = "USD") -> dict[str, Any]:
    return {"currency": currency, "amount": amount}


def registered(mission: str = MISSION) -> dict[str, Any]:
    return said("mission.registered", "2023-01-01", mission=mission, name="A mission")


def announced(
    pledge: str = "a", party: str = "JAM", count: int = 100, effective: str = "2024-01-01", **more: Any
) -> dict[str, Any]:
    return said("pledge.announced", effective, pledge=pledge, party=party, items=[people(count)], **more)


def deployed(party: str = "JAM", count: int = 10, effective: str = "2024-02-01", **more: Any) -> dict[str, Any]:
    return said("personnel.deployed", effective, party=party, items=[people(count)], **more)


def corrected(
    target: int | str, effective: str = "2024-06-01", ref: str | None = None, **changes: Any
) -> dict[str, Any]:
    """A correction; `changes` name what is to be right: `to_effective`, `to_data`, `to_source`."""
    data = {"target": target, "reason_code": "source_error", "reason": "the source was wrong"}
    return {
        **said("entry.corrected", effective, mission=None, ref=ref),
        "data": data | {k.removeprefix("to_"): v for k, v in changes.items()},
    }


def retracted(target: int | str, effective: str = "2024-06-01", ref: str | None = None) -> dict[str, Any]:
    return said("entry.retracted", effective, mission=None, ref=ref, target=target, reason="recorded by mistake")


def append(engine: Engine, *events: dict[str, Any], actor: str = "tester", key: str | None = None) -> list[Entry]:
    """Record events as one batch."""
    with writing(engine) as connection:
        return record(
            connection, [parse_event(event) for event in events], actor=actor, key=key, project=Projector()
        ).entries


def positions(entries: Sequence[Entry]) -> list[int]:
    return [entry.position for entry in entries]
