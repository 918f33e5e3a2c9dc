"""The page of an entry, as an auditor meets it who follows a figure to its source."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, Open, Served, violations
from tests.builders import append, said
from tests.tampering import flip, tampered

CORRECTED, CORRECTION = 42, 155


def test_a_corrected_entry_says_what_it_said_and_what_it_says(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}/entries/{CORRECTED}")

    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Effective", exact=True))
    expect(row.locator("del")).to_have_text("30 September 2023")
    expect(row.locator("ins")).to_have_text("30 September 2024")
    expect(page.locator(".notice").first).to_contain_text(f"Corrected by entry {CORRECTION}")


def test_it_is_linked_to_its_neighbours_its_mission_and_what_is_about_it(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}/entries/{CORRECTED}")

    for name in ("Entry 41", "Entry 43", "as JSON", "proof", "Correct", "Retract", "Dispute", "Rank"):
        expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="haiti-mss, on 30 September 2024")).to_be_visible()
    page.get_by_role("link", name=f"#{CORRECTION} Entry corrected").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Entry {CORRECTION}: Entry corrected")
    expect(page.get_by_role("heading", name="What it corrects")).to_be_visible()


def test_every_field_stands_beside_what_its_declaration_says(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}/entries/29")

    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Party The pledger."))
    expect(row.get_by_role("cell")).to_have_text("Jamaica")
    expect(page.locator(".fields").get_by_role("link", name="jam-personnel")).to_be_visible()


def test_the_path_leads_from_the_leaf_to_the_root(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}/entries/394")

    page.get_by_text("The path, hash by hash").click()

    steps = page.locator(".path li")
    expect(steps.first).to_contain_text("Leaf")
    expect(steps.last).to_contain_text("as the checkpoint has it")
    assert steps.nth(-2).locator("code").last.inner_text() == steps.last.locator("code").inner_text()


def test_a_retraction_is_said_at_the_top(served: Served, open_page: Open) -> None:
    told = {"target": 29, "reason": "it was said of another mission"}
    append(served.engine, said("entry.retracted", "2026-09-01", mission=None, **told))

    page = open_page(f"{served.url}/entries/29")

    expect(page.locator(".notice").first).to_contain_text("Retracted by entry 395")
    expect(page.locator(".notice").first).to_contain_text("it was said of another mission")


def test_a_removed_payload_is_told_with_who_when_why_and_by_which_rule(served: Served, open_page: Open) -> None:
    removal = said(
        "payload.redacted", "2026-09-01", mission=None, target=29, legal_basis="Article 17", reason="Somebody asked."
    )
    append(served.engine, removal)

    page = open_page(f"{served.url}/entries/29")

    notice = page.locator(".notice").first
    expect(notice).to_contain_text("Removed. What this entry said was removed by entry 395")
    expect(notice).to_contain_text("Somebody asked. Legal basis: Article 17")
    assert violations(page) == []


def test_an_entry_that_is_not_there_is_told_with_the_last_one(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}/entries/99999")

    expect(page.locator("main")).to_contain_text("there is no entry 99999; the last one is 394")


@pytest.mark.spoils
def test_a_payload_that_is_no_json_any_more_is_told(served: Served, open_page: Open) -> None:
    tampered(served.engine, flip("entries", "payload", "position = 29", at=0))

    page = open_page(f"{served.url}/entries/30")
    answer = page.request.get(f"{served.url}/entries/29", headers={"Accept": "text/html"})

    assert "what is stored of entry 29 cannot be read" in answer.text()


def test_it_is_read_without_javascript_with_another_way_to_verify(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}/entries/29", javascript=False)

    expect(page.get_by_role("button", name="Verify in this browser")).to_be_hidden()
    expect(page.locator("main")).to_contain_text("mission-ledger verify --proof 29.tlog-proof")
    expect(page.locator("#payload")).to_contain_text('{"data":{')


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("position", [0, CORRECTED, CORRECTION])
def test_axe_finds_nothing(shown: Served, open_page: Open, position: int, scheme: str) -> None:
    page = open_page(f"{shown.url}/entries/{position}", color_scheme=scheme)
    page.get_by_text("The path, hash by hash").click()

    assert violations(page) == []


@pytest.mark.parametrize("position", [29, CORRECTED, CORRECTION])
def test_it_is_read_at_360_pixels_without_moving_sideways(shown: Served, open_page: Open, position: int) -> None:
    page = open_page(f"{shown.url}/entries/{position}", viewport=NARROW)
    page.get_by_text("The path, hash by hash").click()

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
