"""Corrections by form: what the target says, to be changed; and of what is sent only what was changed. Pure."""

from collections.abc import Mapping
from typing import Any

import orjson

from api.web.forms import CHANGED, CORRECTED
from api.web.typed import typed
from ledger.schemas import Fault


def typed_target(target: Mapping[str, Any]) -> dict[str, str]:
    """What the target says, typed into the form of a correction of it."""
    changes = target["data"]
    if target["type"] == CORRECTED:
        changed = orjson.dumps(changes).decode()
        return {CHANGED: changed, **typed({"data": {name: target.get(name) for name in ("effective", "source")}})}
    return typed({"data": {name: target.get(name) for name in ("effective", "data", "source")}})


def only_changes(event: dict[str, Any], target: Mapping[str, Any]) -> list[Fault]:
    """Leave in a correction only what differs from what the target says; null for a field that is taken away."""
    data, faults = event["data"], []
    said, now = data.pop("data", None) or {}, target["data"]
    changes = {name: said.get(name) for name in [*said, *(set(now) - set(said))] if said.get(name) != now.get(name)}
    if changes:
        data["data"] = changes
    for name in ("effective", "source"):
        if data.get(name) is None and target.get(name) is not None:
            faults.append(Fault(f"/data/{name}", "cannot be taken away; put the right one in its place"))
        elif data.get(name) == target.get(name):
            data.pop(name, None)
    return faults
