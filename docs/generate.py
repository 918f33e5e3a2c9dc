"""Writes the pages of documentation that are derived from the code: `make docs`. A test holds them up to date."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from api.problems import PROBLEMS
from ledger import codes
from ledger.audit.findings import CODES as AUDIT_CODES
from ledger.events import EVENTS, SUBJECTS
from ledger.events.declaration import RECORDERS
from ledger.texts import Text
from ledger.values import EquipmentItem, Money, MoneyItem, PersonnelItem, ServiceItem, Source
from projections.findings import CODES

HERE = Path(__file__).parent
_VALUES = (PersonnelItem, EquipmentItem, ServiceItem, MoneyItem, Money, Source)


def events_page() -> str:
    """Every event type with its fields, by subject, then the values and the lists of codes."""
    return "\n".join([
        "# Events", "",
        "Made from the declarations in `ledger/events/` by `make docs`; do not edit.", "",
        "Every event has a `type`, an `effective` date (`YYYY`, `YYYY-MM` or `YYYY-MM-DD`), `data`, and where it is known a",
        "`source`, a `note` and a `ref` (the recorder's own name for it). Events of a mission name it in `mission`; events about",
        "another entry take it from their target; `party.*` events belong to no mission.", "",
        *_subjects(), "## Values", "", *(line for value in _VALUES for line in _class(value, "###")),
        "## Codes", "", *_codes(),
    ]) + "\n"  # fmt: skip


def _subjects() -> Iterator[str]:
    for subject in SUBJECTS:
        first, *rest = (subject.__doc__ or "").strip().splitlines()
        yield from (f"## {first.rstrip('.')}", "", *(line for line in rest if line.strip()), *([""] if rest else []))
        for declared in (declared for declared in EVENTS.values() if declared.__module__ == subject.__name__):
            yield from _class(declared, "###", declared.TYPE, _stream(declared))


def _stream(declared: Any) -> str:
    """The stream, and who may record it, where that is not every recorder."""
    stream = f"`{'' if declared.LEDGER_WIDE else '{mission}/'}{declared.STREAM}`"
    return f"Stream: {'that of its target' if declared.ABOUT else stream}. {RECORDERS[declared.RECORDER]}".rstrip()


def _class(declared: Any, level: str, name: str | None = None, more: str = "") -> Iterator[str]:
    hints = get_type_hints(declared, include_extras=True)
    yield from (
        f"{level} `{name}`" if name else f"{level} {declared.__name__}",
        "",
        " ".join(declared.__doc__.split()) + (f" {more}" if more else ""),
        "",
    )
    yield from ("| field | | what |", "|---|---|---|")
    for part in fields(declared):
        yield f"| `{part.name}` | {_kind(hints[part.name], part)} | {_about(part)} |"
    yield ""


def _kind(annotation: Any, part: Field[Any] | None = None) -> str:
    required = part is not None and part.default is MISSING
    inner = (
        [kind for kind in get_args(annotation) if kind is not type(None)]
        if type(None) in get_args(annotation)
        else [annotation]
    )
    text = _name(inner[0]) if len(inner) == 1 else " or ".join(_name(kind) for kind in inner)
    return text + (", required" if required else "")


def _name(annotation: Any) -> str:
    if get_origin(annotation) is Annotated:
        text = next(mark for mark in annotation.__metadata__ if isinstance(mark, Text))
        return (
            f"[{text.choices_name}](#{text.choices_name})"
            if text.choices_name and text.choices_name != "currency"
            else text.meaning.split(":")[0]
        )
    if get_origin(annotation) is tuple:
        return f"list of {_name(get_args(annotation)[0])}"
    if get_origin(annotation) is Literal:
        return f"`{get_args(annotation)[0]}`"
    if get_origin(annotation) is dict:
        return "object"
    if get_args(annotation):
        return " or ".join(_name(kind) for kind in get_args(annotation))
    plain = {int: "whole number", bool: "true or false", str: "text"}
    return plain.get(annotation) or f"[{annotation.__name__}](#{annotation.__name__.lower()})"


def _about(part: Field[Any]) -> str:
    example = part.metadata.get("example")
    return part.metadata["description"] + (f" Example: `{example}`." if example is not None else "")


def _codes() -> Iterator[str]:
    for name, choices in sorted(_lists().items()):
        yield from (
            f"### {name}",
            "",
            "| code | meaning |",
            "|---|---|",
            *(f"| `{code}` | {meaning} |" for code, meaning in choices.items()),
            "",
        )


def _lists() -> Mapping[str, Mapping[str, str]]:
    """The closed lists that events use, by the name that the fields give them."""
    found: dict[str, Mapping[str, str]] = {}
    for declared in (*EVENTS.values(), *_VALUES):
        for annotation in get_type_hints(declared, include_extras=True).values():
            for text in _texts(annotation):
                if text.choices and text.choices is not codes.CURRENCIES:
                    found[str(text.choices_name)] = text.choices
    return found


def _texts(annotation: Any) -> Iterator[Text]:
    if get_origin(annotation) is Annotated:
        yield from (mark for mark in annotation.__metadata__ if isinstance(mark, Text))
    for part in get_args(annotation):
        yield from _texts(part)


def reference_page() -> str:
    """Problem types, findings, and what an audit finds."""
    return "\n".join([
        "# Problems and findings", "", "Made from `api/problems.py`, `projections/findings.py` and `ledger/audit/findings.py` by `make docs`; do not edit.", "",
        "## Problems", "", "The `type` of a problem document is `/problems/` and one of these.", "",
        "| type | status | meaning |", "|---|---|---|", *(f"| `{code}` | {kind.status} | {kind.title} |" for code, kind in PROBLEMS.items()), "",
        "## Findings", "", "| code | what was noticed |", "|---|---|", *(f"| `{code}` | {text} |" for code, text in CODES.items()), "",
        "## What an audit finds", "", "`mission-ledger verify` tells each with its position.", "",
        "| code | what is wrong |", "|---|---|", *(f"| `{code}` | {text} |" for code, text in AUDIT_CODES.items()),
    ]) + "\n"  # fmt: skip


PAGES = {"events.md": events_page, "reference.md": reference_page}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), "utf-8")
