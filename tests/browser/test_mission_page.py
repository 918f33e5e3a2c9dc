"""The page of a mission, as somebody meets it who has come for figures."""

import gzip
import re
from urllib.request import Request, urlopen

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


def test_the_first_view_weighs_less_than_150_kib_with_everything_that_it_loads(shown: Served) -> None:
    page = sent(shown.url + MISSION)
    parts = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', gzip.decompress(page).decode()))

    whole = len(page) + sum(len(sent(shown.url + part)) for part in parts)

    assert len(parts) >= 4
    assert whole < 150 * 1024


def sent(url: str) -> bytes:
    """What goes over the wire to a browser that takes gzip."""
    with urlopen(Request(url, headers={"Accept-Encoding": "gzip"})) as answer:
        return bytes(answer.read())


def test_every_control_is_reached_by_the_keyboard(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{MISSION}?valid_at=2024-09-12")
    controls = page.evaluate(
        """() => [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
          .filter((one) => one.type !== "hidden" && one.checkVisibility({visibilityProperty: true}) && !one.closest("details:not([open]) > :not(summary)"))
          .map((one, index) => (one.dataset.number = index)).length"""
    )

    reached = set()
    for _ in range(3 * controls):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement?.dataset.number ?? null"))
        if len(reached - {None}) == controls:
            break

    assert len(reached - {None}) == controls
