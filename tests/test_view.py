"""The definition of time travel: its six steps by example, and against the naive one for whatever else there may be."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.entries import Entry
from ledger.standing import Standing
from projections.pledges import PLEDGES, present
from projections.projection import fold
from projections.view import view
from tests.histories import DATES, DAYS, Batch, entries_of, histories, tell
from tests.naive import first_day, last_day, naive_view

EVER, ALL = "2199-12-31", 10**6
settings.register_profile("view", max_examples=500, deadline=None)
VIEW = settings.get_profile("view")


def entry(
    position: int,
    type_name: str = "pledge.announced",
    effective: str = "2024-01-01",
    *,
    target: int | None = None,
    source: dict[str, Any] | None = None,
    data: dict[str, Any] | None = None,
    **more: Any,
) -> Entry:
    """An entry with what the view looks at; everything else is of no account. `data`, or its fields one by one."""
    about = {} if target is None else {"target": target}
    return Entry(
        position=position, id=str(position), stream="s", version=position + 1, mission="m", type=type_name,
        effective=effective, recorded_at="", actor="", ref=None, target=target, root=position, request=None,
        data={**about, **(data or {}), **more}, source=source, note=None, salt=None, payload=None, envelope=b"",
    )  # fmt: skip


def correction(position: int, target: int, *, reported: dict[str, Any] | None = None, **changes: Any) -> Entry:
    """`changes`: effective, data, source, as they should be; `reported`: the source of the correction itself."""
    return entry(position, "entry.corrected", "2025-01-01", target=target, source=reported, data=changes)


def retraction(position: int, target: int) -> Entry:
    return entry(position, "entry.retracted", "2025-01-01", target=target)


def published(date: str) -> dict[str, Any]:
    return {"title": "a source", "published": date}


def positions(seen: Sequence[Standing]) -> list[int]:
    return [s.position for s in seen]


def everything(*entries: Entry) -> list[Standing]:
    return view(entries, EVER, ALL)


# --- 1. recorded at or before known ----------------------------------------------------------------------------------


def test_what_was_recorded_later_is_not_known() -> None:
    entries = [entry(0), entry(1), entry(2)]

    known = [positions(view(entries, EVER, position)) for position in (-1, 0, 1, 2)]

    assert known == [[], [0], [0, 1], [0, 1, 2]]


def test_a_correction_recorded_later_changes_nothing_yet() -> None:
    entries = [entry(0, party="JAM"), correction(1, 0, data={"party": "KEN"})]

    before, after = view(entries, EVER, 0), view(entries, EVER, 1)

    assert (before[0].data["party"], after[0].data["party"]) == ("JAM", "KEN")


# --- 2. reported by then ---------------------------------------------------------------------------------------------


def test_what_was_published_later_had_not_been_reported() -> None:
    entries = [entry(0, source=published("2024-03-05")), entry(1, source=published("2024-03-07"))]

    reported = [positions(view(entries, EVER, ALL, day)) for day in ("2024-03-04", "2024-03-05", "2024-03-07")]

    assert reported == [[], [0], [0, 1]]


def test_a_publication_known_by_its_month_is_reported_by_the_end_of_that_month() -> None:
    entries = [entry(0, source=published("2024-02"))]

    reported = [positions(view(entries, EVER, ALL, day)) for day in ("2024-02-28", "2024-02-29")]

    assert reported == [[], [0]]


def test_without_a_publication_the_last_day_of_the_effective_date_stands_in() -> None:
    entries = [entry(0, effective="2024", source={"title": "undated"})]

    reported = [positions(view(entries, EVER, ALL, day)) for day in ("2024-12-30", "2024-12-31")]

    assert reported == [[], [0]]


def test_a_correction_not_yet_reported_changes_nothing() -> None:
    entries = [
        entry(0, source=published("2024-01-01"), party="JAM"),
        correction(1, 0, reported=published("2024-09-01"), data={"party": "KEN"}),
    ]

    before, after = view(entries, EVER, ALL, "2024-08-31"), view(entries, EVER, ALL, "2024-09-01")

    assert (before[0].data["party"], after[0].data["party"]) == ("JAM", "KEN")


def test_a_corrected_publication_date_does_not_move_the_report_that_was_recorded() -> None:
    entries = [
        entry(0, source=published("2024-03-05")),
        correction(1, 0, reported=published("2024-04-01"), source=published("2024-12-31")),
    ]

    seen = view(entries, EVER, ALL, "2024-06-01")

    assert positions(seen) == [0]
    assert seen[0].source == published("2024-12-31")


# --- 3. corrections and retractions ----------------------------------------------------------------------------------


def test_a_correction_replaces_effective_date_data_and_source_and_leaves_out_the_rest() -> None:
    first = entry(0, effective="2024-01-01", source=published("2024-01-01"), party="JAM", pledge="a")
    right = correction(1, 0, effective="2024-02", data={"party": "KEN"}, source=published("2024-02-02"))

    (seen,) = everything(first, right)

    assert (seen.effective, seen.data) == ("2024-02", {"party": "KEN", "pledge": "a"})
    assert seen.source == published("2024-02-02")
    assert seen.positions == [0, 1]


def test_a_correction_to_null_takes_a_field_away() -> None:
    entries = [entry(0, party="JAM", due="2024-09"), correction(1, 0, data={"due": None})]

    (seen,) = everything(*entries)

    assert seen.data == {"party": "JAM"}


def test_of_two_corrections_of_one_field_the_later_holds() -> None:
    entries = [entry(0, party="JAM"), correction(1, 0, data={"party": "KEN"}), correction(2, 0, data={"party": "BLZ"})]

    (seen,) = everything(*entries)

    assert (seen.data["party"], seen.positions) == ("BLZ", [0, 1, 2])


def test_a_retracted_entry_does_not_stand() -> None:
    assert positions(everything(entry(0), entry(1), retraction(2, 0))) == [1]


def test_a_retracted_correction_brings_back_what_stood_before_it() -> None:
    entries = [
        entry(0, party="JAM"),
        correction(1, 0, data={"party": "KEN"}),
        correction(2, 0, data={"party": "BLZ"}),
        retraction(3, 2),
    ]

    (seen,) = everything(*entries)

    assert (seen.data["party"], seen.positions) == ("KEN", [0, 1])


def test_a_retracted_retraction_brings_the_entry_back() -> None:
    assert positions(everything(entry(0), retraction(1, 0), retraction(2, 1))) == [0]


def test_a_third_retraction_takes_it_away_again() -> None:
    assert positions(everything(entry(0), retraction(1, 0), retraction(2, 1), retraction(3, 2))) == []


def test_of_two_retractions_one_may_go_and_the_other_holds() -> None:
    assert positions(everything(entry(0), retraction(1, 0), retraction(2, 0), retraction(3, 1))) == []


def test_a_correction_is_itself_corrected_before_it_applies() -> None:
    entries = [
        entry(0, party="JAM"),
        correction(1, 0, effective="2024-02-01", data={"party": "KEN"}),
        correction(2, 1, data={"data": {"party": "BLZ"}, "effective": None}),
    ]

    (seen,) = everything(*entries)

    assert (seen.effective, seen.data["party"], seen.positions) == ("2024-01-01", "BLZ", [0, 1, 2])


def test_a_retracted_correction_of_a_correction_leaves_the_first_correction() -> None:
    entries = [
        entry(0, party="JAM"),
        correction(1, 0, data={"party": "KEN"}),
        correction(2, 1, data={"data": {"party": "BLZ"}}),
        retraction(3, 2),
    ]

    (seen,) = everything(*entries)

    assert (seen.data["party"], seen.positions) == ("KEN", [0, 1])


def test_a_correction_of_a_retracted_entry_shows_when_the_retraction_goes() -> None:
    entries = [entry(0, party="JAM"), retraction(1, 0), correction(2, 0, data={"party": "KEN"}), retraction(3, 1)]

    gone, back = view(entries, EVER, 2), view(entries, EVER, 3)

    assert positions(gone) == []
    assert (positions(back), back[0].data["party"]) == ([0], "KEN")


def test_a_corrected_retraction_still_retracts() -> None:
    entries = [entry(0), retraction(1, 0), correction(2, 1, data={"reason": "another one"}, effective="2030")]

    assert positions(everything(*entries)) == []


@pytest.mark.parametrize("change", [correction(5, 3, data={"party": "KEN"}), retraction(5, 3)])
def test_a_change_of_an_absent_entry_changes_nothing(change: Entry) -> None:
    (seen,) = everything(entry(0, party="JAM"), change)

    assert (seen.position, seen.data, seen.positions) == (0, {"party": "JAM"}, [0])


def test_a_claim_about_an_absent_or_retracted_entry_stands_and_is_about_nothing() -> None:
    absent = entry(4, "claim.disputed", target=3)
    retracted = entry(5, "claim.disputed", target=0)

    seen = everything(entry(0), retraction(1, 0), absent, retracted)

    assert [(s.position, s.about) for s in seen] == [(4, None), (5, None)]


def test_a_claim_is_about_its_target_as_that_stands() -> None:
    entries = [entry(0, party="JAM"), entry(1, "claim.disputed", target=0), correction(2, 0, data={"party": "KEN"})]

    target, claim = everything(*entries)

    assert claim.about == target
    assert claim.about.data == {"party": "KEN"}


# --- 4. begun on valid_at --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effective", "begins", "day_before"),
    [
        ("2024-03-05", "2024-03-05", "2024-03-04"),
        ("2024-03", "2024-03-01", "2024-02-29"),
        ("2024", "2024-01-01", "2023-12-31"),
    ],
)
def test_an_entry_begins_on_the_earliest_day_of_its_date(effective: str, begins: str, day_before: str) -> None:
    entries = [entry(0, effective=effective)]

    assert positions(view(entries, day_before, ALL)) == []
    assert positions(view(entries, begins, ALL)) == [0]


def test_the_corrected_date_decides_and_never_that_of_the_correction() -> None:
    entries = [entry(0, effective="2024-06-01"), correction(1, 0, effective="2024-03-01")]

    assert entries[1].effective > "2024-03-01"
    assert positions(view(entries, "2024-03-01", ALL)) == [0]
    assert positions(view(entries, "2024-02-29", ALL)) == []


# --- 5. order --------------------------------------------------------------------------------------------------------


def test_what_begins_on_one_day_comes_in_the_order_of_recording() -> None:
    entries = [
        entry(0, effective="2024-03-02"),
        entry(1, effective="2024-03"),
        entry(2, effective="2024-03-01"),
        entry(3, effective="2024"),
    ]

    assert positions(everything(*entries)) == [3, 1, 2, 0]


def test_a_corrected_entry_keeps_its_place_among_those_of_its_new_day() -> None:
    entries = [
        entry(0, effective="2024-01-01"),
        entry(1, effective="2024-03-01"),
        correction(2, 0, effective="2024-03-01"),
    ]

    assert positions(everything(*entries)) == [0, 1]


# --- 6. the fold -----------------------------------------------------------------------------------------------------


def test_a_projection_folds_the_view_in_its_order() -> None:
    items = [{"kind": "personnel", "category": "troops", "minimum": n, "maximum": n} for n in (10, 20)]
    entries = [
        entry(0, "pledge.revised", "2024-05-01", pledge="a", items=items[1:]),
        entry(1, "pledge.announced", "2024-03-01", pledge="a", party="JAM", items=items[:1]),
    ]

    early, late = (fold(PLEDGES, view(entries, day, ALL))["m", "a"] for day in ("2024-04-30", "2024-05-01"))

    assert present(early)["items"] == items[:1]
    assert (present(late)["items"], present(late)["original"]["items"]) == (items[1:], items[:1])
    assert present(late)["entries"] == [1, 0]


# --- against the naive definition ------------------------------------------------------------------------------------


def as_seen(s: Standing) -> dict[str, Any]:
    return {
        "position": s.position, "effective": s.effective, "data": s.data, "source": s.source,
        "corrections": list(s.corrections), "about": s.about.position if s.about else None,
    }  # fmt: skip


def assert_as_defined(entries: Sequence[Entry], valid_at: str, known: int, reported_by: str | None) -> None:
    seen = view(entries, valid_at, known, reported_by)

    assert [as_seen(s) for s in seen] == [asdict(one) for one in naive_view(entries, valid_at, known, reported_by)]


_TYPES = st.sampled_from(["pledge.announced", *["entry.corrected", "entry.retracted"] * 2, "claim.disputed"])
_DATES = st.sampled_from(DATES)
_SOURCES = st.none() | st.just({"title": "undated"}) | _DATES.map(published)
_FIELDS = st.dictionaries(st.sampled_from(["party", "pledge", "due"]), st.sampled_from(["x", "y", None]), max_size=2)


@st.composite
def logs(draw: st.DrawFn) -> list[Entry]:
    """Entries in position order with gaps; those about others aim at earlier positions, be there an entry or none."""
    entries: list[Entry] = []
    position = -1
    for _ in range(draw(st.integers(1, 14))):
        position += draw(st.sampled_from([1, 1, 1, 1, 2, 3]))
        type_name = draw(_TYPES) if position else "pledge.announced"
        target = draw(st.integers(0, position - 1)) if type_name != "pledge.announced" else None
        data = draw(_changes()) if type_name == "entry.corrected" else {"party": "x", "pledge": "y"}
        made = entry(position, type_name, draw(_DATES), target=target, source=draw(_SOURCES), data=data)
        entries.append(made)
    return entries


@st.composite
def _changes(draw: st.DrawFn) -> dict[str, Any]:
    """What a correction says: of an entry's fields, or, where it meets a correction, of what that one says."""
    inner = st.fixed_dictionaries({}, optional={"effective": _DATES, "data": _FIELDS, "source": _DATES.map(published)})
    data = _FIELDS | inner | st.none()
    return draw(
        st.fixed_dictionaries({}, optional={"effective": _DATES, "data": data, "source": _DATES.map(published)})
    )


_QUESTIONS = st.tuples(st.sampled_from(DAYS), st.integers(-1, 40), st.none() | st.sampled_from(DAYS))


@VIEW
@given(logs(), st.lists(_QUESTIONS, min_size=1, max_size=5))
def test_the_view_is_the_naive_view_of_any_log(
    entries: list[Entry], questions: list[tuple[str, int, str | None]]
) -> None:
    for valid_at, known, reported_by in [(EVER, ALL, None), *questions]:
        assert_as_defined(entries, valid_at, known, reported_by)


@settings(VIEW, max_examples=150)
@given(histories(), st.lists(_QUESTIONS, min_size=1, max_size=5))
def test_the_view_is_the_naive_view_of_any_history(
    history: list[Batch], questions: list[tuple[str, int, str | None]]
) -> None:
    tell(history)
    entries = entries_of(history)

    for valid_at, known, reported_by in [(EVER, ALL, None), *questions]:
        assert_as_defined(entries, valid_at, known, reported_by)


@given(st.sampled_from(DATES))
def test_the_days_of_a_partial_date_are_the_naive_ones(date: str) -> None:
    made = entry(0, effective=date)

    assert (made.first, made.reported) == (first_day(date), last_day(date))
