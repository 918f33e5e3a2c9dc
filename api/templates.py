"""Templates to fill in: a spreadsheet for one event type, with one example row, derived from its declaration.

The example's type begins with `#`, so that a row which nobody touched is never recorded.
"""

import csv
import dataclasses
import io
from collections.abc import Mapping
from typing import Any

import xlsxwriter
from marshmallow import fields as mf

from api.formulas import guarded
from api.sheets import COMMENT, Column, columns, flatten, members_of
from ledger.events import EVENTS
from ledger.schemas import BooleanField, Invalid, TargetField, TextField, parse_event, said_schema

FILLED_ROWS = 1_000
_NOTE = "An example. Rows whose type begins with # are not read: write yours below, with the type without #."


def example(type_name: str) -> dict[str, Any]:
    """An event made of the declared examples, which the ledger would take for well-formed."""
    said: Mapping[str, Any] = said_schema(type_name)().fields
    event = {
        "type": type_name,
        **({"mission": _sample(said["mission"])} if "mission" in said else {}),
        "effective": _sample(said["effective"]),
        "data": _object(said["data"].schema, declared_ones=True),
        "source": _object(said["source"].schema, declared_ones=True),
    }
    return event if _is_valid(event) else _with_more(event, said["data"].schema)


def _is_valid(event: dict[str, Any]) -> bool:
    try:
        parse_event(event)
    except Invalid:
        return False
    return True


def _with_more(event: dict[str, Any], schema: Any) -> dict[str, Any]:
    """Some events need one of several optional fields: the first that makes it valid is added."""
    more = [name for name, kind in schema.fields.items() if kind.metadata.get("example") and name not in event["data"]]
    tried = [{**event, "data": {**event["data"], name: _sample(schema.fields[name])}} for name in more]
    return next(filter(_is_valid, tried))


def _object(schema: Any, declared_ones: bool = False) -> dict[str, Any]:
    """What is required, with the figures that have an example; all declared examples where they are wanted."""
    member = members_of(schema)[0]
    examples = {part.name: part.metadata.get("example") for part in dataclasses.fields(member.declared)}
    wanted = {name for name, value in examples.items() if value is not None and (declared_ones or str(value).isdigit())}
    return {
        name: _sample(kind, examples[name]) for name, kind in member.fields.items() if kind.required or name in wanted
    }


def _sample(kind: Any, given: Any = None) -> Any:
    given = kind.metadata.get("example") if given is None else given
    if given is not None:
        return given
    if isinstance(kind, mf.List):
        return [_sample(kind.inner)]
    if isinstance(kind, mf.Nested):
        return _object(kind.schema)
    if isinstance(kind, TextField):
        return next(iter(kind.text.choices)) if kind.text.choices else kind.metadata.get("description", "…")
    if isinstance(kind, TargetField):
        return 17
    return True if isinstance(kind, BooleanField) else getattr(kind.validate, "comparable", 1)


def csv_template(type_name: str) -> bytes:
    """A CSV file with the columns (an asterisk marks the required ones) and the example."""
    shown, cells = _columns(type_name), _example_cells(type_name)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([column.name + ("*" if column.required else "") for column in shown])
    writer.writerow([guarded(cells.get(column.name, "")) for column in shown])
    return out.getvalue().encode("utf-8-sig")


def _columns(type_name: str) -> list[Column]:
    return [column for column in columns(type_name) if column.constant is None]


def _example_cells(type_name: str) -> dict[str, str | int]:
    return {**flatten(example(type_name)), "type": f"{COMMENT} {type_name}", "note": _NOTE}


def xlsx_template(type_name: str) -> bytes:
    """The same as a workbook: required columns in bold, descriptions as comments, drop-downs for closed lists.

    Text columns are formatted as text, since spreadsheets would otherwise take a month such as 2024-03 for a day.
    """
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        shown = _columns(type_name)
        events, about, codes = (book.add_worksheet(name) for name in ("events", "columns", "codes"))
        lists = _write_codes(book, codes, shown)
        _write_events(book, events, type_name, shown, lists)
        _write_descriptions(book, about, type_name, shown)
    return out.getvalue()


def _write_codes(book: Any, sheet: Any, shown: list[Column]) -> dict[int, str]:
    """Every closed list beside the meanings of its codes; where each stands, by the identity of the list."""
    where: dict[int, str] = {}
    for column in shown:
        if column.choices is not None and id(column.choices) not in where and len(column.choices) > 1:
            place = 3 * len(where)
            sheet.write_row(
                0, place, [column.choices_name.replace("_", " "), "meaning"], book.add_format({"bold": True})
            )
            for line, (code, meaning) in enumerate(column.choices.items(), 1):
                sheet.write_row(line, place, [code, meaning])
            sheet.set_column(place, place + 1, 30)
            letter = xlsxwriter.utility.xl_col_to_name(place)
            where[id(column.choices)] = f"=codes!${letter}$2:${letter}${len(column.choices) + 1}"
    return where


def _write_events(book: Any, sheet: Any, type_name: str, shown: list[Column], lists: dict[int, str]) -> None:
    bold, plain, text = book.add_format({"bold": True}), book.add_format(), book.add_format({"num_format": "@"})
    faint, cells = (
        book.add_format({"italic": True, "font_color": "#707070", "num_format": "@"}),
        _example_cells(type_name),
    )
    for place, column in enumerate(shown):
        number = isinstance(column.field, mf.Integer)
        sheet.set_column(place, place, max(12, len(column.name) + 2), plain if number else text)
        sheet.write_string(0, place, column.name, bold if column.required else plain)
        sheet.write_comment(0, place, _about(column))
        if column.name in cells:
            sheet.write(1, place, cells[column.name], faint)
        if column.choices is not None:
            source = lists.get(id(column.choices), list(column.choices))
            sheet.data_validation(
                1, place, FILLED_ROWS, place, {"validate": "list", "source": source, "ignore_blank": True}
            )
    sheet.freeze_panes(1, 0)


def _about(column: Column) -> str:
    return " ".join(filter(None, ["Required." if column.required else "", column.description]))


def _write_descriptions(book: Any, sheet: Any, type_name: str, shown: list[Column]) -> None:
    bold = book.add_format({"bold": True})
    sheet.write_row(0, 0, [type_name, "", (EVENTS[type_name].__doc__ or "").strip()], bold)
    sheet.write_row(2, 0, ["column", "required", "what it holds"], bold)
    for line, column in enumerate(shown, 3):
        sheet.write_row(line, 0, [column.name, "yes" if column.required else "", column.description])
    sheet.write_row(len(shown) + 4, 0, ["", "", "Further things in a list take further numbers: items.4.category."])
    sheet.write_row(len(shown) + 5, 0, ["", "", "Rows of the first sheet whose type begins with # are not read."])
    sheet.set_column(0, 0, 30)
    sheet.set_column(2, 2, 90)
