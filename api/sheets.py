"""Events as rows of a spreadsheet: the columns of an event type, flat rows, templates, reading CSV and XLSX.

Columns are derived from the schemas, so a new field is a new column at once. Data fields stand under their own
names; those that an event has beside its data (`effective`, `source`, …) get `data.` in front. Lists of values
stand in one cell, joined by `;`; lists of objects take numbered columns such as `items.1.category`.
A row whose type begins with `#` is not read: that is how a template holds its example. Letter case makes no
difference in a header, since spreadsheets put capitals there by themselves; in cells it does.
"""

import csv
import dataclasses
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import orjson
from marshmallow import fields as mf
from marshmallow import validate
from python_calamine import CalamineError, CalamineWorkbook

from api.formulas import unguarded
from ledger import codec
from ledger.entries import REDACTION, Entry
from ledger.events import EVENTS
from ledger.schemas import BooleanField, Tagged, TargetField, TextField, said_schema
from ledger.texts import nearest_first

ENVELOPE = ("type", "mission", "effective", "data", "source", "note", "ref")
_REDACTION = ("redaction", *(f"redaction.{name}" for name in REDACTION))
LEDGERS_OWN = (
    "position",
    *(name for name in Entry._fields if name not in ENVELOPE),
    "leaf_hash",
    *_REDACTION,
)
COMMENT = "#"
_YES_OR_NO = {"yes": "it is so", "no": "it is not so"}
Path = tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """One column: where its cells go in the event, and what they may hold. A `constant` is filled in where it is left out."""

    path: Path
    field: mf.Field
    required: bool
    description: str
    choices: Mapping[str, str] | None = None
    choices_name: str = ""
    constant: str | None = None

    @property
    def name(self) -> str:
        return name_of(self.path)


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a file: the row as the spreadsheet counts it, the column, and what to do."""

    row: int
    column: str
    detail: str


@dataclass
class Row:
    """One event read from a file: its row number, the event as JSON, the cells that could not be read.

    `lists` says for each list of objects (a pointer) which numbers its columns bear; None where the file is no sheet.
    """

    number: int
    event: Any
    faults: list[Fault] = field(default_factory=list)
    lists: dict[str, list[str]] | None = None

    def column(self, pointer: str) -> str:
        """The column that a JSON pointer into the event belongs to."""
        if self.lists is None:
            return pointer
        path: Path = ()
        for part in pointer.split("/")[1:]:
            numbers = self.lists.get("/" + "/".join(path))
            if numbers is None and part.isdigit():
                break
            path = (*path, part if numbers is None else numbers[int(part)])
        return name_of(path) if path else ""


def name_of(path: Path) -> str:
    inner = path[0] == "data" and len(path) > 1 and path[1] not in ENVELOPE
    return ".".join(path[1:] if inner else path)


# --- columns -------------------------------------------------------------------------------------------------------


@cache
def columns(type_name: str, items: int = 3) -> tuple[Column, ...]:
    """The columns of an event type, with room for `items` things in each list of objects."""
    said = said_schema(type_name)().fields
    return tuple(
        column
        for name in ENVELOPE
        if name in said
        for column in _columns((name,), [said[name]], said[name].required, items)
    )


def _columns(path: Path, variants: list[Any], required: bool, items: int) -> Iterator[Column]:
    first = variants[0]
    if isinstance(first, mf.Nested):
        yield from _inside(path, first.schema, required, items)
    elif isinstance(first, mf.List) and isinstance(first.inner, mf.Nested):
        for number in range(1, items + 1):
            yield from _inside((*path, str(number)), first.inner.schema, required and number == 1, items)
    else:
        told = dict.fromkeys(variant.metadata.get("description", "") for variant in variants)
        yield Column(
            path, first, required, " / ".join(filter(None, told)), *_choices(path, variants), _constant(path, variants)
        )


def _inside(path: Path, schema: Any, required: bool, items: int) -> Iterator[Column]:
    members = members_of(schema)
    for name in dict.fromkeys(name for member in members for name in member.fields):
        variants = [member.fields[name] for member in members if name in member.fields]
        always = len(variants) == len(members) and all(variant.required for variant in variants)
        yield from _columns((*path, name), variants, required and always, items)


def members_of(schema: Any) -> list[Any]:
    """The schemas that a schema stands for: those that it tells apart, or itself."""
    made: Mapping[str, Any] = schema.type_schemas if isinstance(schema, Tagged) else {"": lambda: schema}
    return [make() for make in made.values()]


def _choices(path: Path, variants: list[Any]) -> tuple[Mapping[str, str] | None, str]:
    first = variants[0]
    if isinstance(first, BooleanField):
        return _YES_OR_NO, "yes or no"
    if isinstance(first, TextField):
        same = all(isinstance(v, TextField) and v.text.choices is first.text.choices for v in variants)
        return (first.text.choices, first.text.choices_name or "") if same else (None, "")
    fixed = [_fixed(variant) for variant in variants]
    return ({text: text for text in fixed if text}, path[-1]) if all(fixed) else (None, "")


def _fixed(variant: Any) -> str | None:
    rule = variant.validate
    return str(rule.comparable) if isinstance(rule, validate.Equal) else None


def _constant(path: Path, variants: list[Any]) -> str | None:
    return _fixed(variants[0]) if len(variants) == 1 and path != ("type",) else None


@cache
def _by_name(type_name: str) -> dict[str, Column]:
    return {column.name: column for column in columns(type_name, 1)}


def column_named(type_name: str, name: str) -> Column | None:
    """The column of that name, whatever the number in it; None where the event type has none."""
    found = _by_name(type_name).get(re.sub(r"\.[1-9]\d{0,2}\.", ".1.", name))
    numbers = iter(re.findall(r"\.([1-9]\d{0,2})\.", name))
    return found and dataclasses.replace(found, path=tuple(next(numbers) if p == "1" else p for p in found.path))


# --- flat rows and back --------------------------------------------------------------------------------------------


def flatten(event: Mapping[str, Any]) -> dict[str, str | int]:
    """An event as cells by column name; what is left out has no cell."""
    free = {column.path for column in columns(event["type"], 1) if isinstance(column.field, mf.Dict)}
    parts = (part for name in ENVELOPE for part in _flat((name,), event.get(name), free))
    return {name_of(path): cell for path, cell in parts}


def _flat(path: Path, value: Any, free: set[Path]) -> Iterator[tuple[Path, str | int]]:
    if path in free:
        yield from [(path, orjson.dumps(value).decode())] if value is not None else []
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _flat((*path, name), part, free)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for number, part in enumerate(value, 1):
            yield from _flat((*path, str(number)), part, free)
    elif isinstance(value, list):
        yield path, "; ".join(re.sub(r"([\\;])", r"\\\1", str(part)) for part in value)
    elif value is not None:
        yield path, {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def unflatten(type_name: str, cells: Mapping[str, Any], number: int = 1) -> Row:
    """The event that a row of cells says. Empty cells are left out; cells that cannot be read are its faults."""
    lists: dict[str, list[str]] = {}
    row = Row(number, {"data": {}}, lists=lists)
    for name, cell in cells.items():
        if not _text(cell):
            continue
        column = column_named(type_name, name)
        if column is None:
            row.faults.append(Fault(number, name, f"is not a column of {type_name}; leave the cell empty"))
            continue
        try:
            _put(row.event, column.path, read_value(column.field, cell))
        except ValueError as error:
            _put(row.event, column.path, _text(cell))
            row.faults.append(Fault(number, name, str(error)))
    _fill_constants(row.event, type_name)
    row.event = _with_lists(row.event, "", lists)
    return row


def _put(event: dict[str, Any], path: Path, value: Any) -> None:
    for part in path[:-1]:
        event = event.setdefault(part, {})
    event[path[-1]] = value


def _fill_constants(event: dict[str, Any], type_name: str) -> None:
    for column in columns(type_name, 1):
        if column.constant is not None:
            *above, _, name = column.path
            numbered: Any = event
            for part in above:
                numbered = numbered.get(part, {})
            for thing in numbered.values():
                thing.setdefault(name, column.constant)


def _with_lists(value: Any, pointer: str, lists: dict[str, list[str]]) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(name.isdigit() for name in value):
        lists[pointer] = sorted(value, key=int)
        return [_with_lists(value[name], f"{pointer}/{place}", lists) for place, name in enumerate(lists[pointer])]
    return {name: _with_lists(part, f"{pointer}/{name}", lists) for name, part in value.items()}


def read_value(kind: Any, cell: Any) -> Any:
    """A cell as the event holds it. Raises ValueError with a sentence that says what the cell may hold."""
    if isinstance(kind, mf.List):
        parts = (
            re.sub(r"\\([\\;])", r"\1", part).strip() for part in re.findall(r"(?s)(?:\\.|[^;\\]|\\$)+", _text(cell))
        )
        return [read_value(kind.inner, part) for part in parts if part]
    if isinstance(kind, BooleanField):
        return _yes_or_no(_text(cell))
    if isinstance(kind, mf.Integer):
        return _whole(_text(cell))
    if isinstance(kind, mf.Dict):
        return _object(_text(cell))
    if isinstance(kind, TargetField) and re.fullmatch(r"\d{1,15}", _text(cell)):
        return int(_text(cell))
    return _text(cell)


def _text(cell: Any) -> str:
    """A cell as text: whole numbers without a point, dates as YYYY-MM-DD, truth as yes or no."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else format(Decimal(repr(cell)), "f")
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell).strip()


def _yes_or_no(text: str) -> bool:
    known = {"yes": True, "true": True, "no": False, "false": False}
    if text.lower() not in known:
        raise ValueError(f"{text[:40]!r} is neither yes nor no")
    return known[text.lower()]


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?\d{1,15}", text, re.ASCII):
        raise ValueError(f"{text[:40]!r} is not a whole number; write digits only, without separators")
    return int(text)


def _object(text: str) -> Any:
    try:
        found = codec.read(text.encode())
    except ValueError as error:
        raise ValueError(
            f'is not JSON that can be read ({error}); write an object such as {{"party": "JAM"}}'
        ) from None
    if not isinstance(found, dict):
        raise ValueError(f'{text[:40]!r} is not a JSON object; write one such as {{"party": "JAM"}}')
    return found


# --- reading -------------------------------------------------------------------------------------------------------


def read_csv(content: bytes) -> tuple[list[Row], list[Fault]]:
    """The events of a CSV file (UTF-8; comma, semicolon or tab), and what is wrong with its columns."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [], [Fault(1, "", "the file is not UTF-8; save it as “CSV UTF-8”")]
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    try:
        grid = [
            [unguarded(cell) for cell in line]
            for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        ]
    except csv.Error as error:
        return [], [Fault(1, "", f"the file is not CSV: {error}")]
    return read_grid(grid)


def read_xlsx(content: bytes) -> tuple[list[Row], list[Fault]]:
    """The events of the first sheet of an XLSX file, and what is wrong with its columns."""
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            return read_grid(book.get_sheet_by_index(0).to_python(skip_empty_area=False))
    except CalamineError as error:
        return [], [Fault(1, "", f"the file is not a readable XLSX workbook: {error}")]


def read_grid(grid: Sequence[Sequence[Any]]) -> tuple[list[Row], list[Fault]]:
    """The events of a grid of cells whose first row that is not empty names the columns."""
    lines = [(number, line) for number, line in enumerate(grid, 1) if any(_text(cell) for cell in line)]
    if not lines:
        return [], [Fault(1, "", "the sheet is empty; `mission-ledger template` writes one to fill in")]
    at, header = lines[0]
    names = [_text(cell).rstrip("*").strip().lower() for cell in header]
    if "type" not in names:
        return [], [Fault(at, "type", "is missing from the header; it says what sort of event a row is")]
    said = [(number, _cells(names, line)) for number, line in lines[1:]]
    said = [(number, cells) for number, cells in said if not _text(cells.get("type", "")).startswith(COMMENT)]
    types = sorted({_text(cells.get("type", "")) for _, cells in said} & set(EVENTS)) or sorted(EVENTS)
    strange = set(_strange(names, types))
    rows = [_read_row(number, {n: c for n, c in cells.items() if n not in strange}) for number, cells in said]
    return rows, [*_header_faults(at, names, types), *_unnamed(names, lines[1:])]


def _cells(names: Sequence[str], line: Sequence[Any]) -> dict[str, Any]:
    return {name: cell for name, cell in zip(names, line, strict=False) if name}


def _unnamed(names: Sequence[str], lines: Iterable[tuple[int, Sequence[Any]]]) -> list[Fault]:
    """Cells beyond the named columns: a comma too many, or a column without a name."""
    return [
        Fault(number, "", f"the cell {_text(cell)[:40]!r} stands in no named column")
        for number, line in lines
        for place, cell in enumerate(line)
        if _text(cell) and (place >= len(names) or not names[place])
    ]


def _strange(names: Sequence[str], types: Sequence[str]) -> Iterator[str]:
    own = LEDGERS_OWN if "position" in names else ()
    return (n for n in names if n and n not in own and not any(column_named(t, n) for t in types))


def _header_faults(at: int, names: Sequence[str], types: Sequence[str]) -> list[Fault]:
    known = list(dict.fromkeys(column.name for type_name in types for column in columns(type_name)))
    strange = [
        Fault(at, name, f"is not a column here; the columns are: {nearest_first(name, known)}")
        for name in _strange(names, types)
    ]
    twice = [
        Fault(at, name, "stands in the header twice") for name in sorted({n for n in names if n and names.count(n) > 1})
    ]
    return strange + twice


def _read_row(number: int, cells: dict[str, Any]) -> Row:
    type_name = _text(cells.get("type", ""))
    if type_name not in EVENTS:
        said = f"{type_name[:80]!r} is not one of: {nearest_first(type_name, EVENTS)}" if type_name else "is missing"
        return Row(number, {}, [Fault(number, "type", said)], {})
    own = {name for name in LEDGERS_OWN if column_named(type_name, name) is None}
    row = unflatten(type_name, {n: c for n, c in cells.items() if n not in own}, number)
    if _text(cells.get("position", "")):
        row.event["position"] = _position(_text(cells["position"]))
    if _text(cells.get("redaction.position", "")):
        row.event |= {"redaction": _text(cells["redaction.position"]), "stream": _text(cells.get("stream", ""))}
        row.event["target"] = row.event.pop("data").get("target")
    return row


def _position(text: str) -> int | str:
    return int(text) if re.fullmatch(r"\d{1,15}", text, re.ASCII) else text
