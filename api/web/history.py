"""The ledger itself, as it was recorded, and a mission's history with its corrections in place."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from flask import Response, make_response, render_template, request
from marshmallow import ValidationError
from sqlalchemy import Connection

from api import problems, session
from api.entries import filter_of
from api.parameters import EntriesQuery, settings
from api.web import clocks
from api.web.pages import engine, page, pages_of, respond
from api.web.refused import Refused, tell_refusals
from api.web.words import CLOCKS, know_parties, party
from ledger.events import EVENTS, PARTY_FIELDS
from ledger.store import reading, size
from projections.history import as_recorded, mission_history
from projections.projection import Row
from projections.queries import EntryFilter, find_entries, mission_names, newest_entries

blueprint = pages_of("history")
tell_refusals(blueprint)
FILTERS = ("mission", "type", "party", "symbol", "effective_from", "effective_to", "recorded_from", "recorded_to")
ON_A_PAGE = 50


@dataclass(frozen=True)
class Asked:
    """What the form asks for: the fields as they were written, the filter that they make, and what is wrong with them."""

    fields: dict[str, str]
    wanted: EntryFilter
    before: int | None
    errors: dict[str, str]


def _asked() -> Asked:
    names = {name: request.args[name].strip() for name in (*FILTERS, "before") if request.args.get(name, "").strip()}
    fields = {name: value for name, value in names.items() if name != "before"}
    try:
        positions = EntriesQuery(only=("after",)).load({"after": names["before"]}) if "before" in names else {}
        return Asked(fields, filter_of(EntriesQuery().load(fields)), positions.get("after"), {})
    except ValidationError as error:
        problem = problems.of_parameters(error.normalized_messages())
    except problems.Problem as error:
        problem = error
    return Asked(
        fields,
        EntryFilter(),
        None,
        {one["parameter"].replace("after", "before"): one["detail"] for one in problem.errors},
    )


@page(blueprint, "/history")
def recorded(connection: Connection) -> str:
    """Every entry of the ledger, the newest first."""
    asked = _asked()
    know_parties(connection, clocks.asked_alone(connection))
    names = mission_names(connection, size(connection) - 1)
    shown = {} if asked.errors else _listed(connection, asked)
    html = render_template(
        "recorded.html", asked=asked, missions=names, types=sorted(EVENTS), most=settings().max_page, **shown
    )
    if asked.errors:
        raise Refused(html, 422)
    return html


@blueprint.get("/history/newer")
def newer() -> Response:
    """The list anew where something was recorded since position `after` that the filter lets through; 204 where nothing was."""
    if not session.may("reader"):
        return session.sign_in_first()
    asked, after = _asked(), request.args.get("after", "")
    if asked.errors or not after.lstrip("-").isdecimal() or len(after) > 15:
        return make_response("", 204)
    with reading(engine()) as connection:
        fresh = find_entries(connection, EntryFilter(**{**asdict(asked.wanted), "after": int(after)}), ON_A_PAGE)
        if not fresh:
            return make_response("", 204)
        know_parties(connection, clocks.asked_alone(connection))
        return respond(
            render_template("parts/recorded.html", asked=asked, fresh=len(fresh), **_listed(connection, asked))
        )


def _listed(connection: Connection, asked: Asked) -> dict[str, Any]:
    """A page of entries, each with what it says now, and where the next page begins. `newest`: the last of the whole ledger."""
    found = newest_entries(connection, asked.wanted, ON_A_PAGE + 1, asked.before)
    items = as_recorded(connection, found[:ON_A_PAGE])
    older = found[ON_A_PAGE - 1].position if len(found) > ON_A_PAGE else None
    return {"items": items, "older": older, "newest": size(connection) - 1}


# --- of a mission --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Leaf:
    """One page of a history: its months with their entries, which page of how many it is, and on which page each year begins."""

    months: list[tuple[str, list[Row]]]
    number: int
    count: int
    years: list[tuple[str, int]]


@page(blueprint, "/missions/<mission>/history")
def of_mission(connection: Connection, mission: str) -> str:
    """A mission's history in the order of effective dates."""
    asked = clocks.asked(connection, mission)
    items = mission_history(connection, mission, asked.question)
    chosen = {name: request.args[name] for name in ("type", "party") if request.args.get(name)}
    kept = [item for item in items if _is_chosen(item, chosen)]
    return render_template(
        "history.html",
        clocks=asked,
        leaf=_leaf(kept),
        kept=len(kept),
        whole=len(items),
        chosen=chosen,
        types=sorted({item["type"] for item in items}),
        parties=sorted({code for item in items for code in _parties(item)}, key=party),
        carried={name: request.args[name] for name in CLOCKS if request.args.get(name)},
    )


def _is_chosen(item: Row, chosen: Mapping[str, str]) -> bool:
    named = "party" not in chosen or chosen["party"] in _parties(item)
    return named and chosen.get("type", item["type"]) == item["type"]


def _parties(item: Row) -> set[str]:
    """Every party that an entry names, as it was said or as it stands."""
    said = (item["said"] or {}).get("data") or {}
    values = [data[name] for data in (item["data"] or {}, said) for name in data if name in PARTY_FIELDS]
    return {
        one
        for value in values
        for one in (value if isinstance(value, list | tuple) else [value])
        if isinstance(one, str)
    }


def _leaf(items: Sequence[Row]) -> Leaf:
    """The page that the address asks for; the nearest that there is."""
    count = max(1, -(-len(items) // ON_A_PAGE))
    asked = request.args.get("page", "1")
    number = min(max(int(asked) if asked.isdecimal() and len(asked) < 9 else 1, 1), count)
    shown = items[(number - 1) * ON_A_PAGE : number * ON_A_PAGE]
    months = [(month, list(rows)) for month, rows in groupby(shown, lambda item: item["first_day"][:7])]
    years: dict[str, int] = {}
    for index, item in enumerate(items):
        years.setdefault(item["first_day"][:4], index // ON_A_PAGE + 1)
    return Leaf(months, number, count, list(years.items()))
