"""Workbooks that would fill the memory are not opened."""

import io
import zipfile

import pytest
import xlsxwriter

from api.templates import xlsx_template
from api.workbooks import MOST_BYTES, NOT_XLSX, TOO_LARGE, unsafe


def with_sheet(sheet: bytes, **more: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/workbook.xml", "<workbook/>")
        book.writestr("xl/worksheets/sheet1.xml", sheet)
        for name, content in more.items():
            book.writestr(name, content)
    return out.getvalue()


def test_our_own_templates_are_opened() -> None:
    assert unsafe(xlsx_template("pledge.notified")) is None


def test_a_workbook_of_a_thousand_rows_is_opened() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        for row in range(1_000):
            sheet.write_row(row, 0, [f"cell {row}"] * 20)

    assert unsafe(out.getvalue()) is None


@pytest.mark.parametrize(
    "sheet",
    [
        b'<c r="XFD1048576"/>',
        b"<row r = '1048576'/>",
        b'<c r="&#88;FD1"/>',
        b'<dimension ref="A1:ZZZ9"/>',
        "<c r='A1'/>".encode("utf-16"),
    ],
)
def test_a_cell_far_out_is_not_reached_for(sheet: bytes) -> None:
    assert unsafe(with_sheet(sheet)) == TOO_LARGE


def test_what_unpacks_to_more_than_is_sent_anywhere_is_not_unpacked() -> None:
    assert unsafe(with_sheet(b" " * (MOST_BYTES + 1))) == TOO_LARGE


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"type,mission\n", with_sheet(b"", mimetype=b"ods"), with_sheet(b"")[:-30]]
)
def test_what_is_no_workbook_is_told(content: bytes) -> None:
    assert unsafe(content) == NOT_XLSX
