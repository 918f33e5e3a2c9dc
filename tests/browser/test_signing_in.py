"""Signing in, as somebody does it who was given a key."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, Open, Served, violations


@pytest.mark.parametrize("javascript", [True, False])
def test_a_wrong_key_is_told_at_its_field_and_the_right_one_leads_on(
    served: Served, open_page: Open, javascript: bool
) -> None:
    page = open_page(f"{served.url}/record", javascript=javascript)
    key = page.get_by_label("Key", exact=True)
    key.fill("ml_wrong")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_be_focused()
    expect(key).to_have_attribute("aria-invalid", "true")
    expect(key).to_have_value("")
    key.fill(served.keys["recorder"])
    page.get_by_role("button", name="Sign in").click()

    expect(page).to_have_url(f"{served.url}/record")
    expect(page.get_by_role("heading", level=1)).to_have_text("Record")


def test_signing_out_takes_one_small_button(served: Served, open_page: Open) -> None:
    page = open_page(f"{served.url}/sign-in")
    page.get_by_label("Key", exact=True).fill(served.keys["reader"])
    page.get_by_role("button", name="Sign in").click()

    page.get_by_role("button", name="Sign out (a-reader)").click()

    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_a_session_without_rights_is_told_which_role_is_needed(served: Served, open_page: Open) -> None:
    page = open_page(f"{served.url}/record")
    page.get_by_label("Key", exact=True).fill(served.keys["reader"])

    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_text("role recorder or a higher one")).to_be_visible()
    page.wait_for_load_state()
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_also_beside_an_error(served: Served, open_page: Open, scheme: str) -> None:
    page = open_page(f"{served.url}/sign-in", color_scheme=scheme, viewport=NARROW)
    found = violations(page)

    page.get_by_label("Key", exact=True).fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.wait_for_load_state()

    assert found + violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
