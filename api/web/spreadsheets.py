"""Recording many events at once from a spreadsheet: all of them, or none."""

import base64
import zlib
from collections.abc import Sequence
from typing import Any

from flask import Response, current_app, render_template, request
from sqlalchemy import Connection

from api import session, signer
from api.faults import Faulty
from api.files import File, read
from api.importing import bring_in
from api.parameters import settings
from api.problems import Problem
from api.sheets import Fault
from api.templates import csv_template, xlsx_template
from api.web.pages import engine, page, pages_of, posted, respond
from api.workbooks import unsafe
from ledger.events import EVENTS, SUBJECTS
from ledger.refusals import Refused

blueprint = pages_of("spreadsheets")
SUFFIXES = (".csv", ".xlsx")
MOST_SHOWN = 200
_MAKERS = {
    "csv": (csv_template, "text/csv; charset=utf-8"),
    "xlsx": (xlsx_template, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


@page(blueprint, "/record/spreadsheet", role="recorder")
def upload(connection: Connection) -> str:
    """Templates to fill in, and the place to send them."""
    return _shown()


def _shown(faults: Sequence[Fault] = (), wrong: str = "", name: str = "") -> str:
    rows = len({fault.row for fault in faults})
    return render_template(
        "spreadsheet.html", types=_types(), faults=faults[:MOST_SHOWN], count=len(faults), rows=rows, wrong=wrong, name=name,
        most=settings().max_batch, most_bytes=settings().max_body,
    )  # fmt: skip


def _types() -> list[str]:
    """The event types that this session may record, subject by subject."""
    by_subject = [kind for subject in SUBJECTS for kind in EVENTS.values() if kind.__module__ == subject.__name__]
    return [kind.TYPE for kind in by_subject if _may(kind.RECORDER)]


@blueprint.get("/record/spreadsheet/<type_name>.<suffix>")
def template(type_name: str, suffix: str) -> Response:
    """A spreadsheet to fill in with events of one type."""
    if type_name not in EVENTS or suffix not in _MAKERS:
        raise Problem("not-found", "there is no such template")
    make, media = _MAKERS[suffix]
    answer = Response(make(type_name), content_type=media)
    answer.headers["Content-Disposition"] = f'attachment; filename="{type_name}.{suffix}"'
    return answer


@blueprint.before_request
def _room_for_the_file() -> None:
    """The second step sends the file once more, as text."""
    request.max_content_length = request.max_form_memory_size = 2 * settings().max_body


@posted(blueprint, "/record/spreadsheet", role="recorder")
def send() -> Response:
    """Check a file and show what it holds; or record what was shown."""
    content, name, is_final = _file()
    suffix = next((suffix for suffix in SUFFIXES if name.lower().endswith(suffix)), None)
    if suffix is None or not content:
        return _faulty(wrong="Choose a CSV or XLSX file that is not empty.")
    if len(content) > settings().max_body:
        return _faulty(wrong=f"{name} is larger than {settings().max_body // 1024:,} KiB; send it in parts.")
    if suffix == ".xlsx" and (reason := unsafe(content)):
        return _faulty(wrong=f"{name}: {reason}.")
    file = read(content, suffix)
    if file.count > settings().max_batch:
        return _faulty(wrong=f"{name} holds {file.count} events; at most {settings().max_batch} are taken at once.")
    return _decided(file, content, name, is_final)


def _file() -> tuple[bytes, str, bool]:
    """The file, its name, and whether it was shown already and is to be recorded. Raises Problem."""
    if sent := request.files.get("file"):
        return sent.read(settings().max_body + 1), str(sent.filename or "")[:200], False
    if "content" not in request.form:
        return b"", "", False
    try:
        unpack = zlib.decompressobj()
        content = unpack.decompress(base64.b64decode(request.form["content"], validate=True), settings().max_body + 1)
    except (ValueError, zlib.error):
        raise Problem("bad-request", "The file did not come back whole; choose it again.") from None
    return content, request.form.get("name", "")[:200], True


def _beyond_role(event: Any) -> str | None:
    """What keeps this session from recording an event."""
    recorder = event.data.RECORDER
    return None if _may(recorder) else f"{event.type} takes the key of an {recorder}"


def _may(recorder: str) -> bool:
    return recorder != "operator" and session.may(recorder)


def _decided(file: File, content: bytes, name: str, is_final: bool) -> Response:
    """Record the events, or show how many there are; where any row is faulty, the faults."""
    holder = session.who()
    assert holder is not None
    try:
        imported = bring_in(engine(), file, actor=holder.name, dry_run=not is_final, complaint=_beyond_role)
    except Faulty as faulty:
        empty = "" if faulty.faults else f"{name} holds no events; rows whose type begins with # are not read."
        return _faulty(faulty.faults, empty, name)
    except Refused as refused:
        return _faulty(wrong=" ".join(refusal.detail for refusal in refused.refusals))
    if is_final and not imported.replayed:
        signer.wake(current_app)
    packed = "" if is_final else base64.b64encode(zlib.compress(content)).decode()
    html = render_template(
        "spreadsheet_checked.html", imported=imported, is_final=is_final, name=name, content=packed, shown=imported.shown,
    )  # fmt: skip
    return respond(html)


def _faulty(faults: Sequence[Fault] = (), wrong: str = "", name: str = "") -> Response:
    return respond(_shown(faults, wrong, name), status=422)
