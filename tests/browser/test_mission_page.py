"""The page of a mission, as somebody meets it who has come for figures."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, Open, Served, violations

MISSION = "/missions/haiti-mss"


def test_on_12_september_2024_jamaica_has_24_of_200(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{MISSION}?valid_at=2024-09-12")

    row = page.locator("tr#JAM")
    expect(row.get_by_role("cell").nth(1)).to_have_text("24")
    expect(row.get_by_role("cell").nth(2)).to_have_text("200")


def test_the_page_follows_the_slider(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{MISSION}?valid_at=2024-09-12")
    slider = page.get_by_role("slider")
    expect(page.locator("tr#JAM")).to_contain_text("24")

    slider.focus()
    slider.press("End")

    expect(page).not_to_have_url(re.compile("2024-09-12"))
    expect(page.locator("h1")).to_contain_text("Gang Suppression Force")
    expect(page.get_by_role("slider")).to_be_focused()


def test_a_figure_of_one_entry_leads_to_it(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{MISSION}?valid_at=2024-09-12")

    page.locator("tr#JAM").get_by_role("link", name="24").click()

    expect(page).to_have_url(re.compile("/entries/144"))


def test_a_figure_of_several_entries_leads_to_their_list(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{MISSION}?valid_at=2024-09-12")

    page.locator("tr#KEN").get_by_role("link", name="about 400").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("The entries behind this figure")
    expect(page.locator(".timeline li")).to_have_count(3)
    expect(page.locator(".timeline")).to_contain_text("Kenya")


def test_a_resolution_recorded_with_a_wrong_year_is_in_force_too_early_until_its_correction_is_known(
    shown: Served, open_page: Open
) -> None:
    page = open_page(f"{shown.url}{MISSION}?valid_at=2023-10-01&known_position=154")
    mandate = page.get_by_role("region", name="Mandate")
    expect(mandate).to_contain_text("S/RES/2751(2024)")

    page.get_by_role("link", name="as known now").click()

    expect(page.get_by_text("as the ledger knew it now")).to_be_visible()
    expect(mandate).not_to_contain_text("S/RES/2751(2024)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", MISSION, f"{MISSION}/figure?of=/mandate"])
def test_axe_finds_nothing(shown: Served, open_page: Open, path: str, scheme: str) -> None:
    page = open_page(shown.url + path, color_scheme=scheme)

    assert violations(page) == []


def test_it_is_read_at_360_pixels_without_moving_sideways(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{MISSION}", viewport=NARROW)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_it_says_the_same_without_javascript(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{MISSION}", javascript=False)

    page.get_by_label("Valid on", exact=True).fill("2024-09-12")
    page.get_by_role("button", name="Show").click()

    expect(page.locator("tr#JAM")).to_contain_text("24")
    expect(page.locator("tr#JAM")).to_contain_text("200")
