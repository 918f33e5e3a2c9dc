"""Recording by forms, as a desk officer does it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ledger import keys
from ledger.entries import Entry
from ledger.store import open_engine, read_entries, reading, size, writing
from ledger.tables import entries
from migrations import migrate
from tests.browser.conftest import NARROW, Open, Served, Template, count, serve, violations

Signed = Callable[..., Page]


@pytest.fixture
def signed_in(served: Served, open_page: Open) -> Signed:
    """Opens a page as somebody who has signed in: `signed_in("/record", role="admin", javascript=False)`."""

    def opened(path: str, role: str = "recorder", **options: object) -> Page:
        page = open_page(f"{served.url}/sign-in?next={path}", **options)
        page.get_by_label("Key", exact=True).fill(served.keys[role])
        page.get_by_role("button", name="Sign in").click()
        return page

    return opened


def go_on(page: Page) -> None:
    page.locator("main").get_by_role("button", name="Continue").last.click()


def fill_pledge(page: Page) -> None:
    page.get_by_label("Mission", exact=True).select_option("haiti-mss")
    page.get_by_label("Effective").fill("2026-10")
    page.get_by_label("Pledge", exact=True).fill("ken-signals")
    page.get_by_label("Party").fill("KEN")
    page.get_by_role("button", name="Add personnel").click()
    page.get_by_label("Category").select_option("troops")
    page.get_by_label("Minimum").fill("40")
    page.locator("[name='/source/title']").fill("A speech in Nairobi")


def newest(served: Served) -> Entry:
    with reading(served.engine) as connection:
        return read_entries(connection, entries.c.position == size(connection) - 1)[0]


@pytest.mark.parametrize("javascript", [True, False])
def test_a_pledge_is_recorded_after_an_error_was_put_right(served: Served, signed_in: Signed, javascript: bool) -> None:
    page = signed_in("/record", javascript=javascript)
    page.get_by_role("link", name="Pledge announced").click()
    fill_pledge(page)
    page.get_by_label("Party").fill("Kenya")
    go_on(page)

    expect(page.get_by_role("alert")).to_be_focused()
    expect(page).to_have_title("Error: Pledge announced · mission-ledger")
    page.get_by_role("alert").get_by_role("link", name="write KEN for Kenya").click()
    expect(page.locator(":focus")).to_have_attribute("name", "/data/party")
    expect(page.get_by_label("Minimum")).to_have_value("40")
    page.get_by_label("Party").fill("KEN")
    go_on(page)

    expect(page.get_by_role("table")).to_contain_text("at least 40 troops")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Recorded.")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Entry")
    assert newest(served).data["items"] == [{"kind": "personnel", "category": "troops", "minimum": 40}]  # type: ignore[index]


def test_what_is_recorded_appears_in_another_page_that_is_open(
    served: Served, open_page: Open, signed_in: Signed
) -> None:
    other = open_page(f"{served.url}/history")
    expect(other.get_by_text("ken-signals")).to_have_count(0)
    page = signed_in("/record/pledge.announced")

    fill_pledge(page)
    go_on(page)
    page.get_by_role("button", name="Record", exact=True).click()

    expect(other.locator(f"a[href='/entries/{count(served) - 1}']").first).to_be_visible(timeout=15_000)
    expect(other.get_by_text("Kenya: at least 40 troops")).to_be_visible()


def test_pressed_twice_it_is_recorded_once(served: Served, signed_in: Signed) -> None:
    page, before = signed_in("/record/pledge.announced"), count(served)
    fill_pledge(page)
    go_on(page)

    page.get_by_role("button", name="Record", exact=True).dblclick()
    expect(page.get_by_role("status")).to_be_visible()

    assert count(served) == before + 1


def test_a_preview_leads_back_to_the_form_with_everything_in_it(signed_in: Signed) -> None:
    page = signed_in("/record/pledge.announced")
    fill_pledge(page)
    go_on(page)

    page.get_by_role("button", name="Change").click()

    expect(page.get_by_label("Minimum")).to_have_value("40")
    expect(page.get_by_label("Category")).to_have_value("troops")


def test_enter_in_a_field_goes_on_and_removes_nothing(signed_in: Signed) -> None:
    page = signed_in("/record/pledge.announced")
    fill_pledge(page)

    page.get_by_label("Minimum").press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Check before you record")


def test_the_kind_of_a_thing_brings_its_fields(signed_in: Signed) -> None:
    page = signed_in("/record/pledge.announced")
    page.get_by_label("Pledge", exact=True).fill("kept")

    page.get_by_role("button", name="Add money").click()
    page.get_by_role("button", name="Add personnel").click()

    expect(page.get_by_role("group", name="Items 1: money").get_by_label("Currency")).to_be_visible()
    expect(page.get_by_role("group", name="Items 2: personnel").get_by_label("Women")).to_be_visible()
    page.get_by_role("button", name="Remove Items 1: money").click()
    expect(page.get_by_role("group", name="Items 1: personnel").get_by_label("Women")).to_be_visible()
    expect(page.get_by_label("Pledge", exact=True)).to_have_value("kept")


@pytest.mark.parametrize("javascript", [True, False])
def test_a_correction_sends_only_what_was_changed(served: Served, signed_in: Signed, javascript: bool) -> None:
    page = signed_in("/record/entry.corrected?target=78", javascript=javascript)
    expect(page.get_by_role("region", name="Entry 78 says now")).to_contain_text("Jamaica")

    page.locator("[name='/data/data/items/0/maximum']").fill("180")
    page.get_by_label("Reason code").select_option("recording_error")
    page.get_by_label("Reason", exact=True).fill("Misread.")
    go_on(page)
    expect(page.get_by_role("table").first).to_contain_text("170–180 troops")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_role("status")).to_be_visible()

    said = newest(served).data or {}
    assert set(said) == {"target", "data", "reason_code", "reason"}
    assert set(said["data"]) == {"items"}


def test_a_spreadsheet_with_a_faulty_row_then_a_right_one(served: Served, signed_in: Signed) -> None:
    page, before = signed_in("/record/spreadsheet"), count(served)
    good = "pledge.withdrawn,haiti-mss,2026-10-01,jam-personnel\n"

    def send(rows: str) -> None:
        content = ("type,mission,effective,pledge\n" + rows).encode()
        page.get_by_label("Filled-in spreadsheet").set_input_files(
            {"name": "desk.csv", "mimeType": "text/csv", "buffer": content}
        )
        page.get_by_role("button", name="Check").click()

    send(good + "pledge.withdrawn,haiti-mss,1.10.2026,no-such\n")
    row = page.get_by_role("region", name="Faults by row").get_by_role("row").nth(1)
    expect(row).to_contain_text("effective")
    expect(row).to_contain_text("write 2026-01-10 or 2026-10-01")
    assert violations(page) == []
    send(good)
    expect(page.get_by_text("desk.csv holds 1 event")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Record 1 event").click()
    expect(page.get_by_role("status")).to_have_text("1 event of desk.csv recorded.")

    assert count(served) == before + 1


def test_an_empty_ledger_begins_with_a_mission(tmp_path: Path, open_page: Open) -> None:
    for served in serve(empty(tmp_path / "empty"), tmp_path / "served"):
        page = open_page(f"{served.url}/record/mission.registered")
        page.get_by_label("Key", exact=True).fill(served.keys["recorder"])
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Mission", exact=True).fill("sudan-2027")
        page.get_by_label("Effective").fill("2026")
        page.get_by_label("Name").fill("A mission to come")
        go_on(page)
        page.get_by_role("button", name="Record", exact=True).click()
        expect(page.get_by_role("status")).to_be_visible()
        page.goto(served.url)

        expect(page.get_by_role("link", name="A mission to come")).to_be_visible()


def empty(folder: Path) -> Template:
    folder.mkdir()
    engine = open_engine(f"sqlite:///{folder / 'ledger.db'}")
    migrate(engine)
    with writing(engine) as connection:
        made = {"recorder": keys.create(connection, "desk", "recorder")}
    engine.dispose()
    return Template(folder, made)


PATHS = [
    "/record",
    "/record/pledge.announced",
    "/record/entry.corrected",
    "/record/entry.corrected?target=78",
    "/record/claim.disputed?target=78",
    "/record/spreadsheet",
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_moves_sideways_also_beside_errors(
    served: Served, signed_in: Signed, scheme: str
) -> None:
    page = signed_in("/record", color_scheme=scheme, viewport=NARROW)
    found = []

    def look() -> None:
        page.wait_for_load_state()
        found.extend([f"{page.url}: {one}" for one in violations(page)])
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, page.url

    for path in PATHS:
        page.goto(served.url + path)
        look()
    page.goto(f"{served.url}/record/pledge.announced")
    fill_pledge(page)
    page.get_by_role("button", name="Add money").click()
    go_on(page)
    expect(page.get_by_role("alert")).to_be_visible()
    look()
    page.get_by_role("button", name="Remove Items 2: money").click()
    go_on(page)
    expect(page.get_by_role("button", name="Record", exact=True)).to_be_visible()
    look()

    assert found == []
