"""Spreadsheets: columns come from the declarations, templates parse back, cells come out as events hold them."""

import io
import json
import re
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from api.formulas import guarded, unguarded
from api.sheets import (
    LEDGERS_OWN,
    Fault,
    columns,
    flatten,
    read_csv,
    read_grid,
    read_xlsx,
    unflatten,
)
from api.templates import csv_template, example, xlsx_template
from ledger.events import EVENTS
from ledger.records import lines
from ledger.schemas import parse_event

HEADER = ["type", "mission", "effective", "pledge", "party", "items.1.kind", "items.1.category", "items.1.minimum"]
GOOD = ["pledge.announced", "m", "2024-03-05", "a", "JAM", "personnel", "troops", 170]


def workbook(*rows: list[Any]) -> bytes:
    """A workbook of one sheet, its dates as Excel has them."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return out.getvalue()


def csv_grid(content: bytes) -> str:
    return content.decode("utf-8-sig")


@pytest.mark.parametrize("type_name", sorted(EVENTS))
def test_a_template_of_every_event_type_parses_back(type_name: str) -> None:
    with CalamineWorkbook.from_filelike(io.BytesIO(xlsx_template(type_name))) as book:
        grid = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    text = csv_grid(csv_template(type_name)).replace(f"# {type_name}", type_name, 1)

    grid[1][0] = type_name
    read = [read_grid(grid), read_csv(text.encode())]

    for rows, faults in read:
        assert (faults, [row.faults for row in rows]) == ([], [[]])
        assert parse_event(rows[0].event).type == type_name
        assert {name: value for name, value in rows[0].event.items() if name != "note"} == example(type_name)


@pytest.mark.parametrize("type_name", ["pledge.notified", "party.registered", "entry.corrected"])
def test_a_template_that_nobody_touched_says_nothing(type_name: str) -> None:
    as_csv, as_xlsx = csv_template(type_name), xlsx_template(type_name)

    read = [read_csv(as_csv), read_xlsx(as_xlsx)]

    assert read == [([], []), ([], [])]


def test_columns_come_in_the_order_of_the_declaration_and_tell_what_is_required() -> None:
    found = columns("commitment.signed", 1)

    names = [column.name for column in found]
    required = [column.name for column in found if column.required]

    assert names[:8] == [
        "type",
        "mission",
        "effective",
        "commitment",
        "party",
        "jointly_with",
        "channel",
        "money.currency",
    ]
    assert names[-2:] == ["note", "ref"]
    assert required == ["type", "mission", "effective", "commitment", "party", "channel", "money.currency"]


def test_the_template_marks_what_is_required_and_offers_closed_lists() -> None:
    header = csv_grid(csv_template("pledge.notified")).splitlines()[0].split(",")

    with zipfile.ZipFile(io.BytesIO(xlsx_template("pledge.notified"))) as parts:
        sheet, comments = (parts.read(f"xl/{name}1.xml").decode() for name in ("worksheets/sheet", "comments"))

    assert {"pledge*", "items.1.kind*", "items.2.kind", "jointly_with", "source.symbol"} <= set(header)
    assert sheet.count("<dataValidation ") > 10
    assert "Required. The pledger." in comments


def test_what_was_really_recorded_survives_the_way_through_cells() -> None:
    said = [json.loads(line) for line in lines("haiti-mss")]

    back = [unflatten(event["type"], flatten(event)) for event in said]

    assert [row.event for row in back] == said
    assert all(not row.faults for row in back)


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1), min_size=1))
def test_lists_of_values_survive_whatever_separators_they_hold(names: list[str]) -> None:
    event = {"type": "casualty.reported", "data": {"names": names}}

    back = unflatten("casualty.reported", flatten(event))

    assert back.event["data"]["names"] == names


@given(st.text(st.sampled_from("=+-@\t'a1")))
def test_a_guarded_cell_is_no_formula_and_comes_back_as_it_was(cell: str) -> None:
    safe = guarded(cell)

    assert str(safe)[:1] not in set("=+-@\t") or re.fullmatch(r"-1+", cell)
    assert unguarded(safe) == cell


def test_a_correction_keeps_its_own_effective_date_source_and_data_apart() -> None:
    cells = {"type": "entry.corrected", "effective": "2024-10-01", "target": 17.0, "data.effective": "2024-09-30",
             "data.data": '{"party": "JAM"}', "data.source.symbol": "S/2024/1", "reason_code": "source_error", "reason": "wrong"}  # fmt: skip

    row = unflatten("entry.corrected", cells)

    assert row.event["effective"] == "2024-10-01"
    assert row.event["data"] == {
        "target": 17, "effective": "2024-09-30", "data": {"party": "JAM"}, "source": {"symbol": "S/2024/1"},
        "reason_code": "source_error", "reason": "wrong",
    }  # fmt: skip


def test_an_item_that_can_only_be_of_one_kind_needs_none() -> None:
    row = unflatten("personnel.deployed", {"type": "personnel.deployed", "items.1.category": "troops"})

    assert row.event["data"]["items"] == [{"kind": "personnel", "category": "troops"}]


def test_numbers_and_dates_come_out_as_events_hold_them() -> None:
    header = [*HEADER, "items.1.approximate", "source.title", "items.2.kind", "items.2.currency", "items.2.amount"]
    row = [
        "pledge.announced",
        "m",
        date(2024, 3, 5),
        "a",
        "JAM",
        "personnel",
        "troops",
        170,
        True,
        2024,
        "money",
        "USD",
        0.5,
    ]

    (read,), faults = read_xlsx(workbook(header, row))

    assert (faults, read.faults) == ([], [])
    assert read.event["effective"] == "2024-03-05"
    assert read.event["source"] == {"title": "2024"}
    assert read.event["data"]["items"] == [
        {"kind": "personnel", "category": "troops", "minimum": 170, "approximate": True},
        {"kind": "money", "currency": "USD", "amount": "0.5"},
    ]


def test_a_moment_that_is_no_day_is_not_cut_to_one() -> None:
    (row,), _ = read_grid([HEADER, [*GOOD[:2], datetime(2024, 3, 5, 12, 30), *GOOD[3:]]])

    assert row.event["effective"] == "2024-03-05T12:30:00"


@pytest.mark.parametrize(
    ("column", "cell", "told"),
    [
        ("items.1.minimum", "1,500", "is not a whole number"),
        ("items.1.minimum", 1.5, "is not a whole number"),
        ("items.1.approximate", "perhaps", "is neither yes nor no"),
    ],
)
def test_a_cell_that_cannot_be_read_is_a_fault_of_its_row_and_column(column: str, cell: Any, told: str) -> None:
    row = unflatten("pledge.announced", {"type": "pledge.announced", column: cell}, 7)

    assert [(fault.row, fault.column) for fault in row.faults] == [(7, column)]
    assert told in row.faults[0].detail


def test_a_pointer_leads_back_to_the_column_even_where_numbers_are_left_out() -> None:
    cells = {
        "type": "pledge.announced",
        "items.2.category": "troops",
        "items.10.category": "civilian",
        "data.effective": "",
    }

    row = unflatten("pledge.announced", cells)

    assert [item["category"] for item in row.event["data"]["items"]] == ["troops", "civilian"]
    assert row.column("/data/items/1/minimum") == "items.10.minimum"
    assert (row.column("/data/jointly_with/0"), row.column("/data/items"), row.column("")) == (
        "jointly_with",
        "items",
        "",
    )


def test_an_unknown_column_is_refused_with_the_nearest_right_one() -> None:
    _, faults = read_grid([[*HEADER, "items.1.minimun"], [*GOOD, 3]])

    assert [(fault.row, fault.column) for fault in faults] == [(1, "items.1.minimun")]
    assert faults[0].detail.startswith("is not a column here; the columns are: items.1.minimum,")


def test_capitals_in_a_header_make_no_difference() -> None:
    shouted, plain = (read_grid([header, GOOD]) for header in ([name.title() for name in HEADER], HEADER))

    assert shouted == plain
    assert plain[1] == []
    assert read_grid([["Type", "type"], ["a", "b"]])[1] == [Fault(1, "type", "stands in the header twice")]


def test_every_column_is_written_in_small_letters() -> None:
    names = [*LEDGERS_OWN, *(column.name for type_name in EVENTS for column in columns(type_name))]

    assert names == [name.lower() for name in names]


def test_without_a_column_of_types_one_fault_says_so_and_not_one_a_row() -> None:
    rows, faults = read_grid([HEADER[1:], GOOD[1:], GOOD[1:]])

    assert (rows, [(fault.row, fault.column) for fault in faults]) == ([], [(1, "type")])


@pytest.mark.parametrize("day", [datetime(2024, 3, 5), date(2024, 3, 5), "2024-03-05"])
def test_a_day_in_a_workbook_is_a_day_also_where_it_bears_midnight(day: Any) -> None:
    (row,), _ = read_xlsx(workbook(HEADER, [*GOOD[:2], day, *GOOD[3:]]))

    assert row.event["effective"] == "2024-03-05"


def test_a_cell_in_a_column_of_another_event_type_is_refused() -> None:
    rows, faults = read_grid(
        [[*HEADER, "reason"], [*GOOD, "why not"], ["pledge.withdrawn", "m", "2024-04", "a", *[""] * 4, "x"]]
    )

    assert faults == []
    assert rows[0].faults == [Fault(2, "reason", "is not a column of pledge.announced; leave the cell empty")]
    assert rows[1].faults == []


def test_rows_are_numbered_as_the_spreadsheet_shows_them() -> None:
    quoted = ",".join(HEADER) + '\n\n"# a\nremark"\n' + ",".join(map(str, GOOD)) + "\n"
    blank = [""] * len(HEADER)

    from_csv, _ = read_csv(quoted.encode())
    from_xlsx, _ = read_xlsx(workbook([], HEADER, blank, GOOD))

    assert [row.number for row in from_csv] == [4]
    assert [row.number for row in from_xlsx] == [4]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_the_one_of_the_header(delimiter: str) -> None:
    content = "\ufeff" + "\r\n".join(delimiter.join(map(str, row)) for row in (HEADER, GOOD))

    (row,), faults = read_csv(content.encode())

    assert faults == []
    assert row.event["data"]["party"] == "JAM"


@pytest.mark.parametrize(
    ("faults", "told"),
    [
        (lambda: read_csv("type\nérror".encode("latin-1"))[1], "not UTF-8"),
        (lambda: read_csv(b"")[1], "the sheet is empty"),
        (lambda: read_xlsx(b"no workbook")[1], "not a readable XLSX workbook"),
        (lambda: read_grid([["mission"], ["m"]])[1], "is missing from the header"),
        (lambda: read_grid([[*HEADER, "party"], [*GOOD, "JAM"]])[1], "stands in the header twice"),
        (lambda: read_grid([HEADER, [*GOOD, "too much"]])[1], "stands in no named column"),
        (lambda: read_grid([HEADER, ["pledge.anounced", *GOOD[1:]]])[0][0].faults, "is not one of: pledge.announced"),
        (lambda: read_grid([HEADER, ["", *GOOD[1:]]])[0][0].faults, "is missing"),
    ],
)
def test_what_is_wrong_with_a_sheet_is_told(faults: Any, told: str) -> None:
    found = faults()

    assert told in found[0].detail
