"""Answers from heads alone: whatever the history, they say what the whole answers say, but for the lists that grow.

The bounds of heads are made small here, so that short histories reach beyond them.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from sqlalchemy import Engine

from api.app import create_app
from api.settings import Settings
from ledger.store import reading, size
from projections import best, brief, figures, heads, pledges
from projections.answers import ANSWERS, PROJECTIONS, Rows, folded_rows, make
from projections.brief import unclear, without_lists
from projections.projection import fold, joined, keys_of, parted
from projections.queries import indexed_heads, indexed_rows, rows_of
from projections.view import view
from tests.builders import MISSION, append, corrected, deployed, money, people, registered, retracted, said
from tests.histories import DAYS, MISSIONS, Batch, entries_of, histories, tell
from tests.in_memory import LATE, entered
from tests.rows import Json, disputed, ranked
from tests.test_record import load
from tests.test_time_travel import TIME_TRAVEL

BY_NAME = {projection.name: projection for projection in PROJECTIONS}
_SMALL = {heads: {"MOST_RANKS": 2, "MOST_DISPUTES": 2, "MOST_NAMED": 4, "MOST_REMARKS": 1, "FEW": 2}, figures: {"FEW": 2},
          best: {"_KEPT": 1}, brief: {"FEW": 2}, pledges: {"_LAST_TERMS": 1, "_LAST_SUSPENSIONS": 2}}  # fmt: skip


@contextmanager
def small_bounds() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module, bounds in _SMALL.items():
            for name, bound in bounds.items():
                patch.setattr(module, name, bound)
        yield


# --- the judge ---------------------------------------------------------------------------------------------------------


def assert_says_the_same(whole: Any, short: Any, path: str = "") -> None:
    """`short` is `whole`, but that lists in it may be shorter, each with how long it is beside it."""
    if isinstance(whole, dict):
        fields = {name for name in short if not (name.endswith("_total") and name.removesuffix("_total") in short)}
        assert fields == whole.keys(), path
        for name in fields:
            total = short.get(f"{name}_total")
            if total is not None:
                assert_is_part_of(whole, short[name], name, total, f"{path}/{name}")
            elif name == "changes" and path.endswith("/provenance"):
                assert set(short[name]) <= set(whole[name]), path
            else:
                assert_says_the_same(whole[name], short[name], f"{path}/{name}")
    elif isinstance(whole, list):
        assert len(whole) == len(short), path
        for index, (one, other) in enumerate(zip(whole, short, strict=True)):
            assert_says_the_same(one, other, f"{path}/{index}")
    else:
        assert whole == short, path


def assert_is_part_of(whole: Json, kept: list[Any], name: str, total: int, path: str) -> None:
    everything = whole[name]
    several = name == "entries" and ("unspecified" in whole or path.startswith("/fulfilment"))
    assert total >= len(everything) if several else total == len(everything), path
    assert len(kept) < total
    if name == "disputes":
        opened = [dispute for dispute in everything if dispute["open"]]
        assert kept == opened[len(opened) - len(kept) :]
        assert len(kept) == min(len(opened), brief.FEW)
    elif name == "suspensions":
        assert kept == everything[-brief.FEW :]
    elif name == "entries":
        assert set(kept) <= set(everything), path
    else:
        assert kept == []


def assert_notices_the_same(whole: list[Json], short: list[Json]) -> None:
    """The same findings about the same things; of those that are alike perhaps one for several, with some of their entries."""
    assert {(f["code"], f["about"]) for f in whole} == {(f["code"], f["about"]) for f in short}
    for found in short:
        alike = [f for f in whole if (f["code"], f["about"]) == (found["code"], found["about"])]
        behind = {position for f in alike if f["text"] == found["text"] for position in f["entries"]}
        assert behind, found
        assert set(found["entries"]) <= behind, found
        assert found.get("alike_total", len(alike)) == len(alike)


def assert_brief_says_the_same(rows: Rows, valid_at: str) -> int:
    """How many of the rows had to be read with their lists."""
    whole = make(ANSWERS, rows, valid_at)
    short_rows = without_lists(rows, BY_NAME)
    read = unclear(short_rows)
    given_rows = {
        name: [row if (name, row["key"]) in read else short for row, short in zip(kept, short_rows[name], strict=True)]
        for name, kept in rows.items()
    }
    made = make(ANSWERS, given_rows, valid_at, brief=True)
    assert_notices_the_same(whole.pop("findings"), made.pop("findings"))
    assert made.pop("payments") == []
    assert made.pop("payments_total", 0) == len(whole.pop("payments"))
    assert_says_the_same(whole, made)
    return len(read)


# --- generated histories -------------------------------------------------------------------------------------------------


@TIME_TRAVEL
@given(history=histories(), days=st.lists(st.sampled_from(DAYS), min_size=1, max_size=5))
def test_answers_without_lists_say_what_whole_answers_say(history: list[Batch], days: list[str]) -> None:
    tell(history)
    entries = entries_of(history)

    with small_bounds():
        for known in range(len(entries)):
            for mission in MISSIONS:
                own = [entry for entry in entries if entry.mission in (mission, None)]
                day = days[known % len(days)]
                assert_brief_says_the_same(folded_rows(own, BY_NAME, mission, day, known), day)


_COUNTS = [people(10), people(5, 8), people(None), people(3, approximate=True), people(4, category="individual_police")]
_SUMS = [
    money("100"),
    money("2.50"),
    {"currency": "USD", "amount_minimum": "7"},
    {"currency": "USD", "unspecified": "unknown"},
]
_FEW_DAYS = ["2024-03-01", "2024-03", "2024-04-01", "2024-06-30", "2025-02-01"]


def _halted(draw: Any, day: str) -> Json:
    if draw(st.booleans()):
        return said("pledge.suspended", day, pledge="a", cause="policy_review")
    return said("pledge.resumed", day, pledge="a", reason="the review has ended")


def _one(draw: Any, so_far: int) -> Json:
    """An event of a few hot rows, or one about an earlier event."""
    kind, day = draw(st.integers(0, 17)), draw(st.sampled_from(_FEW_DAYS))
    target = draw(st.integers(4, max(4, so_far - 1)))
    linked = draw(st.sampled_from([{}, {}, {"fulfils": "a"}, {"fulfils": "b"}]))
    if kind in (0, 1):
        temporary = draw(st.sampled_from([{}, {}, {"temporary": True}]))
        return said(
            "personnel.deployed", day, party="JAM", items=[draw(st.sampled_from(_COUNTS))], **linked, **temporary
        )
    if kind == 2:
        return said("personnel.rotated", day, party="JAM", rotated_in=[people(9)], rotated_out=[people(9)], **linked)
    if kind == 3:
        return said("personnel.repatriated", day, party="JAM", items=[draw(st.sampled_from(_COUNTS))])
    if kind in (16, 17):
        return _halted(draw, day)
    if kind in (4, 5):
        who = draw(st.sampled_from([{"party": "JAM"}, {}]))
        reporter = draw(st.sampled_from([{}, {"reporter": "UN"}, {"reporter": "KEN"}]))
        items = draw(st.lists(st.sampled_from(_COUNTS), min_size=1, max_size=2))
        return said("strength.reported", day, items=items, **who, **reporter)
    if kind in (6, 7):
        name = draw(st.sampled_from(["received", "refunded", "suspended", "resumed"]))
        under = draw(st.sampled_from([{}, {"commitment": "c"}])) if name == "received" else {}
        linked = linked if name in ("received",) else {}
        return said(
            f"contribution.{name}",
            day,
            party="JAM",
            channel="un_trust_fund",
            money=draw(st.sampled_from(_SUMS)),
            **linked,
            **under,
        )
    if kind in (8, 11) and so_far > 8:
        return disputed(target, **draw(st.sampled_from([{}, {"rival": draw(st.integers(4, so_far - 1))}])))
    if kind == 9 and so_far > 8:
        return {
            **corrected(target),
            "data": {**corrected(target)["data"], "effective": draw(st.sampled_from(_FEW_DAYS))},
        }
    if kind == 10 and so_far > 8 and draw(st.booleans()):
        return retracted(target)
    if so_far > 8:
        return ranked(target, draw(st.sampled_from(["deprecated", "deprecated", "preferred", "normal"])))
    return deployed()


@st.composite
def hot_histories(draw: Any) -> list[Json]:
    """Events of a few rows in which much happens."""
    events = [
        registered(),
        said("mission.authorized", "2024-01-01", instrument="S/RES/2699(2023)", until="2024-05-01"),
        said("pledge.announced", pledge="a", party="JAM", items=[people(100)]),
        said("pledge.announced", pledge="b", party="KEN", items=[{"kind": "money", **money("500")}]),
        said("commitment.signed", commitment="c", party="JAM", channel="direct_in_kind", money=money("70")),
    ]
    for _ in range(draw(st.integers(4, 50))):
        events.append(_one(draw, len(events)))
    return events


@TIME_TRAVEL
@given(events=hot_histories(), day=st.sampled_from([*_FEW_DAYS[:1], "2024-04-01", LATE]))
def test_of_hot_rows_too_they_say_the_same(events: list[Json], day: str) -> None:
    note(json.dumps(events))
    entries = entered(*events)

    with small_bounds():
        for known in (len(entries) - 1, len(entries) - 2, len(entries) // 2):
            assert_brief_says_the_same(folded_rows(entries, BY_NAME, MISSION, day, known), day)


@TIME_TRAVEL
@given(history=histories())
def test_a_head_that_is_stored_and_read_between_events_is_that_of_the_whole_fold(history: list[Batch]) -> None:
    seen = view(entries_of(history), LATE, 10**6)

    for projection in PROJECTIONS:
        kept: dict[tuple[str, str], Any] = {}
        added: dict[tuple[str, str], list[Any]] = {}
        for s in seen:
            for key in keys_of(projection, s):
                place = (s.mission or "", key)
                head, more = parted(projection, key, kept.get(place), s)
                kept[place] = orjson.loads(orjson.dumps(head))
                added.setdefault(place, []).append(more)
        assert fold(projection, seen) == {p: joined(projection, p[1], head, added[p]) for p, head in kept.items()}


def test_of_the_record_that_is_shipped_they_say_the_same(engine: Engine) -> None:
    load(engine)

    with reading(engine) as connection:
        last = size(connection) - 1
        for day, known in (("2024-03-11", last), ("2025-09-15", last), ("2026-10-15", last), ("2025-09-15", last // 2)):
            assert_brief_says_the_same(indexed_rows(connection, BY_NAME, "haiti-mss", day, known), day)


def test_the_index_gives_heads_as_a_fold_leaves_them(engine: Engine) -> None:
    load(engine)

    with reading(engine) as connection:
        known = size(connection) - 1
        whole = indexed_rows(connection, BY_NAME, "haiti-mss", LATE, known)
        heads_alone = rows_of(BY_NAME, indexed_heads(connection, BY_NAME, "haiti-mss", LATE, known))

    assert heads_alone == without_lists(whole, BY_NAME)


def test_pages_and_the_command_line_tell_of_what_is_not_listed(
    engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(engine, registered(), *(deployed("JAM", 3, f"2024-0{month}-01") for month in range(1, 8)))
    monkeypatch.setattr(brief, "LISTED", 2)
    client = create_app(Settings(database_url), engine).test_client()

    page = client.get(f"/missions/{MISSION}", headers={"Accept": "text/html"})
    answer = client.get(f"/v1/missions/{MISSION}/snapshot").get_json()
    earlier = client.get(f"/v1/missions/{MISSION}/snapshot?reported_by=2025-01-01").get_json()
    whole = client.get(f"/v1/missions/{MISSION}/deployments").get_json()

    assert "7 movements and 0 reports by then" in page.text
    assert answer["lists"] == earlier["lists"] == "newest"
    assert answer["data"] == earlier["data"]
    (row,) = answer["data"]["deployments"]
    assert (row["movements"], row["movements_total"], row["entries"], row["entries_total"]) == (
        [],
        7,
        [3, 4, 5, 6, 7],
        7,
    )
    assert (row["moved"]["minimum"], row["moved"]["entries_total"]) == (21, 7)
    assert len(whole["data"][0]["movements"]) == 7
