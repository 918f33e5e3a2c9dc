"""Recording by forms and from spreadsheets, without a browser, on both databases."""

import io
import re
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import Engine

from api import workbooks
from ledger.entries import Entry
from ledger.events import EVENTS
from ledger.store import read_entries, reading, size
from ledger.tables import entries
from tests.visitor import Visitor, faults, hidden

MISSION = {"/mission": "haiti-mss", "/effective": "2023-10-02", "/data/name": "Multinational Security Support Mission"}
PLEDGE = {
    "/mission": "haiti-mss", "/effective": "2024-03-05", "/data/pledge": "jam-personnel", "/data/party": "JAM",
    "/data/items/0/kind": "personnel", "/data/items/0/category": "troops", "/data/items/0/minimum": "170",
    "/source/symbol": "S/2024/262",
}  # fmt: skip


@pytest.fixture
def visitor(engine: Engine) -> Visitor:
    return Visitor(engine).sign_in()


def newest(visitor: Visitor) -> Entry:
    with reading(visitor.engine) as connection:
        return read_entries(connection, entries.c.position == size(connection) - 1)[0]


def count(visitor: Visitor) -> int:
    with reading(visitor.engine) as connection:
        return size(connection)


def record(visitor: Visitor, path: str, said: dict[str, str]) -> Any:
    """Send a form, look at the preview, and record."""
    shown = visitor.send(path, said)
    assert shown.status_code == 200, faults(shown)
    return visitor.send(path, {**said, "key": hidden(shown, "key"), "do": "record"})


def test_on_an_empty_ledger_a_mission_is_registered_and_shown(visitor: Visitor) -> None:
    answer = record(visitor, "/record/mission.registered", MISSION)

    assert answer.headers["Location"] == "/entries/0?recorded=now"
    assert "Recorded." in visitor.get("/entries/0", recorded="now").text
    assert "Multinational Security Support Mission" in visitor.get("/").text
    assert (newest(visitor).actor, newest(visitor).type) == ("a-recorder", "mission.registered")


def test_the_preview_tells_what_changes_and_records_nothing(visitor: Visitor) -> None:
    record(visitor, "/record/mission.registered", MISSION)

    shown = visitor.send("/record/pledge.notified", PLEDGE)

    assert "at least 170 troops" in shown.text
    assert "What it changes" in shown.text
    assert count(visitor) == 1


def test_the_preview_tells_the_findings_that_it_would_raise(visitor: Visitor) -> None:
    record(visitor, "/record/mission.registered", MISSION)

    shown = visitor.send("/record/pledge.notified", {**PLEDGE, "/data/party": "NOBODY"})

    assert "NOBODY" in shown.text
    assert "Findings</h2>" in shown.text


def test_sent_twice_it_is_recorded_once(visitor: Visitor) -> None:
    shown = visitor.send("/record/mission.registered", MISSION)
    said = {**MISSION, "key": hidden(shown, "key"), "do": "record"}

    places = {visitor.send("/record/mission.registered", said).headers["Location"] for _ in range(3)}

    assert places == {"/entries/0?recorded=now"}
    assert count(visitor) == 1


def test_every_fault_is_told_and_what_was_typed_stays(visitor: Visitor) -> None:
    record(visitor, "/record/mission.registered", MISSION)

    said = {
        **PLEDGE,
        "/effective": "5.3.2024",
        "/data/party": "Jamaica",
        "/data/items/0/minimum": "many",
        "/note": "<b>kept</b>",
    }
    answer = visitor.send("/record/pledge.notified", said)

    assert answer.status_code == 422
    told = " ".join(faults(answer))
    assert all(text in told for text in ("write 2024-03-05 or 2024-05-03", "write JAM for Jamaica", "digits only"))
    assert "&lt;b&gt;kept&lt;/b&gt;" in answer.text
    assert "<title>Error: " in answer.text


def test_what_the_ledger_refuses_is_told_at_its_field(visitor: Visitor) -> None:
    record(visitor, "/record/mission.registered", MISSION)

    answer = visitor.send(
        "/record/pledge.withdrawn", {"/mission": "haiti-mss", "/effective": "2024", "/data/pledge": "none-such"}
    )

    assert 'href="#at-data-pledge"' in answer.text
    assert "not in the ledger" in " ".join(faults(answer))


def test_lists_grow_and_shrink_and_lose_nothing(visitor: Visitor) -> None:
    more = visitor.send("/record/pledge.notified", {**PLEDGE, "do": "add:/data/items:money"})
    fewer = visitor.send(
        "/record/pledge.notified", {**PLEDGE, "/data/items/1/kind": "money", "do": "remove:/data/items/0"}
    )

    assert 'name="/data/items/1/currency"' in more.text
    assert 'name="/data/items/0/minimum"' in more.text
    assert 'value="170"' in more.text
    assert 'value="170"' not in fewer.text
    assert 'value="jam-personnel"' in fewer.text


def test_a_correction_records_only_what_was_changed(visitor: Visitor) -> None:
    record(visitor, "/record/mission.registered", MISSION)
    record(visitor, "/record/pledge.notified", PLEDGE)
    form = visitor.get("/record/entry.corrected", target="1").text
    said = dict(re.findall(r'name="(/[^"]*)"[^>]* value="([^"]*)"', form)) | {"/data/data/items/0/category": "troops"}

    said |= {"/data/data/items/0/minimum": "180", "/data/reason": "misread", "/data/reason_code": "recording_error"}
    record(visitor, "/record/entry.corrected?target=1", said)

    changed = {"items": [{"kind": "personnel", "category": "troops", "minimum": 180}]}
    assert newest(visitor).data == {"target": 1, "data": changed, "reason_code": "recording_error", "reason": "misread"}


def test_a_correction_that_changes_nothing_is_refused(visitor: Visitor) -> None:
    record(visitor, "/record/mission.registered", MISSION)
    same = {"/data/effective": "2023-10-02", "/data/data/name": MISSION["/data/name"], "/effective": "2024"}

    answer = visitor.send(
        "/record/entry.corrected?target=0", {**same, "/data/reason": "x", "/data/reason_code": "duplicate"}
    )

    assert any("corrects nothing" in text for text in faults(answer))


def test_what_is_about_an_entry_begins_with_that_entry(visitor: Visitor) -> None:
    record(visitor, "/record/mission.registered", MISSION)

    for type_name in (name for name, kind in EVENTS.items() if kind.ABOUT and kind.RECORDER == "recorder"):
        asked, form = visitor.get(f"/record/{type_name}"), visitor.get(f"/record/{type_name}", target="0")

        assert "Which entry is it about?" in asked.text
        assert "Multinational Security Support Mission" in form.text
        assert visitor.get(f"/record/{type_name}", target="99").status_code == 404


def test_a_retraction_is_recorded_about_its_entry(visitor: Visitor) -> None:
    record(visitor, "/record/mission.registered", MISSION)

    record(visitor, "/record/entry.retracted?target=0", {"/effective": "2024", "/data/reason": "twice"})

    assert newest(visitor).data == {"target": 0, "reason": "twice"}


def test_every_form_opens_and_is_refused_politely_when_it_is_empty(visitor: Visitor) -> None:
    record(visitor, "/record/mission.registered", MISSION)
    expected = {"recorder": (200, 422), "admin": (403, 403), "operator": (404, 404)}

    for type_name, declared in EVENTS.items():
        opened, sent = (
            visitor.get(f"/record/{type_name}", target="0"),
            visitor.send(f"/record/{type_name}?target=0", {}),
        )

        assert (opened.status_code, sent.status_code) == expected[declared.RECORDER], type_name


@pytest.mark.parametrize("path", ["/record/none.such", "/record/log.reopened"])
def test_there_are_no_other_forms(visitor: Visitor, path: str) -> None:
    assert visitor.get(path).status_code == 404
    assert visitor.send(path, {}).status_code == 404


def test_only_an_admin_is_offered_redactions(engine: Engine, visitor: Visitor) -> None:
    admin = Visitor(engine).sign_in("admin")

    assert "Payload redacted" not in visitor.get("/record").text
    assert "Payload redacted" in admin.get("/record").text
    assert "Log reopened" not in admin.get("/record").text


def test_a_form_may_begin_with_what_its_address_names(visitor: Visitor) -> None:
    record(visitor, "/record/mission.registered", MISSION)
    record(visitor, "/record/pledge.notified", PLEDGE)

    form = visitor.client.get(
        "/record/pledge.withdrawn?mission=haiti-mss&/data/pledge=jam-personnel&/note=%3Cb%3E"
    ).text

    assert 'value="haiti-mss" selected' in form
    assert 'value="jam-personnel"' in form
    assert "&lt;b&gt;" in form


def test_a_picker_offers_parties_documents_and_the_pledges_of_the_mission(visitor: Visitor) -> None:
    record(visitor, "/record/mission.registered", MISSION)
    record(visitor, "/record/pledge.notified", PLEDGE)

    form = visitor.get("/record/personnel.deployed").text

    assert '<option value="KEN">Kenya</option>' in form
    assert '<option value="S/2024/262">' in form
    assert '<option value="jam-personnel">Jamaica</option>' in form


def test_a_form_of_too_many_fields_is_refused(visitor: Visitor) -> None:
    answer = visitor.send("/record/pledge.notified", {f"/data/items/{n}/note": "x" for n in range(2_001)})

    assert answer.status_code == 400


# --- spreadsheets ------------------------------------------------------------------------------------------------------

HEADER = "type,mission,effective,name,acronym\n"
ROW = "mission.registered,haiti-mss,2023-10-02,The mission,MSS\n"


def upload(visitor: Visitor, content: bytes | str, name: str = "events.csv") -> Any:
    file = (io.BytesIO(content.encode() if isinstance(content, str) else content), name)
    return visitor.client.post("/record/spreadsheet", data={"form_token": visitor.token(), "file": file})


def workbook(*rows: str) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row.strip().split(","))
    return out.getvalue()


@pytest.mark.parametrize(("content", "name"), [(HEADER + ROW, "events.csv"), (workbook(HEADER, ROW), "Events.XLSX")])
def test_a_spreadsheet_is_checked_then_recorded_once(visitor: Visitor, content: bytes | str, name: str) -> None:
    checked = upload(visitor, content, name)
    assert count(visitor) == 0

    said = {"content": hidden(checked, "content"), "name": hidden(checked, "name")}
    first, second = (visitor.send("/record/spreadsheet", said).text for _ in range(2))

    assert "Recorded</h1>" in first
    assert "Recorded already" in second
    assert count(visitor) == 1


def test_a_faulty_row_is_told_and_nothing_is_recorded(visitor: Visitor) -> None:
    answer = upload(visitor, HEADER + ROW + "pledge.withdrawn,haiti-mss,5.3.2024,,\n")

    assert answer.status_code == 422
    assert "2 faulty rows" in faults(answer)[0] or "1 faulty row" in faults(answer)[0]
    assert "write 2024-03-05 or 2024-05-03" in answer.text
    assert count(visitor) == 0


def test_rows_beyond_the_role_are_told(visitor: Visitor) -> None:
    rows = "type,effective,target,legal_basis,reason\npayload.redacted,2024,0,law,why\n"

    answer = upload(visitor, rows)

    assert "takes the key of an admin" in answer.text


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        ("", "events.csv", "Choose a CSV or XLSX file"),
        ("x", "events.txt", "Choose a CSV or XLSX file"),
        (HEADER, "events.csv", "holds no events"),
        (b"PK\x03\x04nothing", "events.xlsx", workbooks.NOT_XLSX),
        (b"\xd0\xcf\x11\xe0" * 300, "events.xlsx", workbooks.NOT_XLSX),
        (b"\xff\xfe", "events.csv", "UTF-8"),
    ],
)
def test_what_cannot_be_read_is_told(visitor: Visitor, content: bytes | str, name: str, told: str) -> None:
    answer = upload(visitor, content, name)

    assert answer.status_code == 422
    assert told in answer.text


def test_more_events_than_are_taken_at_once_are_told(engine: Engine) -> None:
    visitor = Visitor(engine, max_batch=1).sign_in()

    answer = upload(visitor, HEADER + ROW + ROW.replace("haiti-mss", "other"))

    assert "at most 1 are taken at once" in answer.text


def test_a_file_that_is_too_large_is_refused_whole(engine: Engine) -> None:
    visitor = Visitor(engine, max_body=2_048).sign_in()

    answer = upload(visitor, HEADER + ROW + "#,,,,\n" * 400)

    assert "larger than 2 KiB" in answer.text
    assert count(visitor) == 0


@pytest.mark.parametrize("content", ["", "!", "AAAA", "eJw="])
def test_a_file_that_does_not_come_back_whole_is_refused(visitor: Visitor, content: str) -> None:
    answer = visitor.send("/record/spreadsheet", {"content": content, "name": "events.csv"})

    assert answer.status_code in (400, 422)


def test_a_file_of_the_largest_size_goes_through_both_steps(visitor: Visitor) -> None:
    note = (
        "".join(chr(33 + (n * n * 7919 + n) % 90) for n in range(3_900))
        .replace(",", ";")
        .replace('"', "'")
        .replace("\\", "/")
    )
    rows = "".join(f"mission.registered,m-{n},2023-10-02,The mission,MSS,{note}{n}\n" for n in range(250))
    checked = upload(visitor, HEADER.replace("\n", ",note\n") + rows)

    recorded = visitor.send("/record/spreadsheet", {"content": hidden(checked, "content"), "name": "events.csv"})

    assert "250 events" in checked.text
    assert recorded.status_code == 200
    assert count(visitor) == 250


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_template_is_for_its_type(visitor: Visitor, suffix: str) -> None:
    answer = visitor.get(f"/record/spreadsheet/pledge.notified.{suffix}")

    assert answer.status_code == 200
    assert f"pledge.notified.{suffix}" in answer.headers["Content-Disposition"]
    assert "holds no events" in upload(visitor, answer.data, f"x.{suffix}").text
