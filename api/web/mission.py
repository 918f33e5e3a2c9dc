"""A mission at two clocks: who leads, who funds, what is deployed; and the entries behind each figure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import render_template, request
from sqlalchemy import Connection

from api.problems import Problem
from api.web import charts, clocks
from api.web.pages import page, pages_of
from ledger.store import read_entries
from ledger.tables import entries
from projections import figures
from projections.answers import ANSWERS
from projections.brief import COMPLETE
from projections.projection import Row
from projections.queries import answers
from projections.snapshots import snapshot

blueprint = pages_of("mission")
STATUSES = ("pledged", "committed", "received", "suspended", "refunded", "disbursed", "outstanding")
MOST_SHOWN, MOST_STEPS = 500, 200


@page(blueprint, "/missions/<mission>")
def mission(connection: Connection, mission: str) -> str:
    """Everything about a mission on a day."""
    asked = clocks.asked(connection, mission)
    made, lists = snapshot(connection, asked.mission, list(ANSWERS), asked.question)
    strength = charts.strength(made["deployments"], made["mandate"], asked.valid_at)
    is_drawn = lists == COMPLETE and not strength.is_empty
    return render_template(
        "mission.html",
        clocks=asked,
        made=made,
        people=_bars(_pointed(made["fulfilment"], lambda row: row["kind"] == "personnel" and row["of"] == "person")),
        units=_pointed(made["fulfilment"], lambda row: row["kind"] == "personnel" and row["of"] != "person"),
        kit=_pointed(made["fulfilment"], lambda row: row["kind"] in ("equipment", "service")),
        strength=strength,
        most=MOST_STEPS,
        moved=_not_listed(made["deployments"], "movements"),
        reported=_not_listed(made["deployments"], "reports"),
        drawings=[] if not is_drawn else [charts.draw(strength, 880, 320), charts.draw(strength, 340, 260)],
        accounts=_accounts(made["funding"]),
        positions=_positions(made["positions"]),
    )


def _not_listed(rows: Sequence[Row], name: str) -> int:
    """How many there are of what the rows do not list."""
    return sum(row.get(f"{name}_total", 0) for row in rows)


def _answers(connection: Connection, asked: clocks.Clocks, names: Sequence[str]) -> dict[str, Any]:
    question = asked.question
    return answers(connection, asked.mission, names, question.valid_at, question.known, question.reported_by)


def _pointed(rows: Sequence[Row], wanted: Callable[[Row], bool]) -> list[tuple[str, Row]]:
    """Rows with the place of each in the answer, by which a figure's entries are found."""
    return [(f"/fulfilment/{index}", row) for index, row in enumerate(rows) if wanted(row)]


def _bars(pointed: Sequence[tuple[str, Row]]) -> list[dict[str, Any]]:
    """Pledged against deployed, the largest first; what has no figure comes last."""
    most = charts.most_of(figure for _, row in pointed for figure in (row["pledged"], row["delivered"]))
    made = [
        {
            "pointer": pointer,
            "row": row,
            "pledged": charts.bar(row["pledged"], most),
            "delivered": charts.bar(row["delivered"], most),
            "size": charts.most_of([row["pledged"], row["delivered"]]),
        }
        for pointer, row in pointed
    ]
    return sorted(made, key=lambda one: (-one["size"], one["row"]["party"]))


def _accounts(funding: Sequence[Row]) -> list[dict[str, Any]]:
    """Funding by currency, channel and status; nothing of different currencies or statuses is added up."""
    made = []
    for currency in sorted({row["currency"] for row in funding}):
        rows = [(index, row) for index, row in enumerate(funding) if row["currency"] == currency]
        channels = []
        for channel in sorted({row["channel"] for _, row in rows}):
            own = [row for _, row in rows if row["channel"] == channel]
            sums = {status: _sum(own, status) for status in STATUSES}
            channels.append({"channel": channel, "sums": {name: value for name, value in sums.items() if value}})
        most = charts.most_of(value for one in channels for value in one["sums"].values())
        for one in channels:
            one["bars"] = {name: charts.bar(value, most) for name, value in one["sums"].items()}
        made.append({"currency": currency, "channels": channels, "rows": rows})
    return made


def _sums(funding: Sequence[Row]) -> dict[str, Any]:
    """The sums of the accounts by currency, channel and status, as a pointer names them."""
    return {
        account["currency"]: {one["channel"]: one["sums"] for one in account["channels"]}
        for account in _accounts(funding)
    }


def _sum(rows: Sequence[Row], status: str) -> Row | None:
    return figures.total((figures.again(row[status]) for row in rows if row[status]), money=True)


def _positions(positions: Sequence[Row]) -> dict[str, list[tuple[int, Row]]]:
    """By what they are on, each with its place in the answer; like stances stand together."""
    made: dict[str, list[tuple[int, Row]]] = {}
    for index, row in enumerate(positions):
        made.setdefault(row["on"], []).append((index, row))
    return {on: sorted(rows, key=lambda one: (one[1]["stance"], one[0])) for on, rows in sorted(made.items())}


@page(blueprint, "/missions/<mission>/figure")
def figure(connection: Connection, mission: str) -> str:
    """The entries that a figure comes from. `of` points (RFC 6901) into the snapshot."""
    asked, pointer = clocks.asked(connection, mission), request.args.get("of", "")
    name = pointer.split("/")[1] if pointer.startswith("/") else ""
    if name not in {*ANSWERS, "accounts"}:
        raise Problem("invalid-parameter", "of: there is no such figure; follow a figure of the mission's page")
    made = _answers(connection, asked, ["funding" if name == "accounts" else name])
    found = _found({**made, "accounts": _sums(made.get("funding", ()))}, pointer)
    positions = list(found.get("entries", []))
    shown = read_entries(connection, entries.c.position.in_(positions[:MOST_SHOWN]))
    return render_template("figure.html", clocks=asked, pointer=pointer, found=found, shown=shown, positions=positions)


def _found(made: Any, pointer: str) -> Mapping[str, Any]:
    for step in pointer.split("/")[1:]:
        try:
            made = made[int(step)] if isinstance(made, list) else made[step.replace("~1", "/").replace("~0", "~")]
        except (LookupError, ValueError, TypeError):
            raise Problem("invalid-parameter", f"of: {pointer[:80]!r} points at nothing at these clocks") from None
    if not isinstance(made, Mapping) or "entries" not in made:
        raise Problem("invalid-parameter", f"of: {pointer[:80]!r} points at no figure")
    return made
