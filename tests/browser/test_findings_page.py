"""What an auditor should look at, grouped by what it is."""

import pytest
from playwright.sync_api import expect

from projections.findings import CODES
from tests.browser.conftest import NARROW, Open, Served, violations

FINDINGS = "/missions/haiti-mss/findings"


def test_each_group_says_what_it_means_and_how_many_there_are(shown: Served, open_page: Open) -> None:
    page = open_page(shown.url + FINDINGS)

    group = page.get_by_role("region", name="Mandate expired")
    expect(group).to_contain_text(CODES["mandate-expired"])
    expect(group.get_by_role("heading")).to_have_text("Mandate expired 1")
    expect(group.locator(".finding")).to_have_count(1)


def test_a_finding_leads_to_its_entries(shown: Served, open_page: Open) -> None:
    page = open_page(shown.url + FINDINGS, javascript=False)

    page.get_by_role("region", name="Dispute open").locator(".behind a").first.click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Entry ")


def test_where_nothing_is_found_it_says_so(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{FINDINGS}?valid_at=2022-10-07&known_position=20")

    expect(page.locator("main")).to_contain_text("Nothing was found at these clocks")
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(shown: Served, open_page: Open, scheme: str) -> None:
    page = open_page(shown.url + FINDINGS, color_scheme=scheme)

    assert violations(page) == []


def test_it_is_read_at_360_pixels_without_moving_sideways(shown: Served, open_page: Open) -> None:
    page = open_page(shown.url + FINDINGS, viewport=NARROW)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
