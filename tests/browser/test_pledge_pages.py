"""The pages of pledges, as a desk officer and an auditor meet them."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, Open, Served, count, violations
from tests.builders import append, corrected, retracted, said

PLEDGES = "/missions/haiti-mss/pledges"
JAMAICA = f"{PLEDGES}/jam-personnel"


def column(page: Page, number: int) -> list[str]:
    return [text.strip() for text in page.locator(f"table.pledges tbody tr > :nth-child({number})").all_inner_texts()]


def test_every_pledge_is_listed_with_what_was_delivered_of_it(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{PLEDGES}?valid_at=2024-09-12")

    row = page.locator("tr#jam-personnel")
    expect(row).to_contain_text("170 troops")
    expect(row).to_contain_text("24 people")
    expect(row.get_by_role("link", name="S/2024/262")).to_have_attribute("href", "https://undocs.org/S/2024/262")


def test_filters_and_order_stand_in_the_address_beside_the_clocks(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{PLEDGES}?valid_at=2025-10-03")

    page.get_by_label("Status", exact=True).select_option("suspended")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("link", name="Changes", exact=True).click()

    assert {"valid_at=2025-10-03", "status=suspended", "sort=changes"} <= set(page.url.partition("?")[2].split("&"))
    expect(page.get_by_text("2 of 27 pledges made by 3 October 2025")).to_be_visible()
    assert column(page, 2) == ["ken-600-more", "blz-personnel"]
    expect(page.get_by_role("columnheader", name="Changes")).to_have_attribute("aria-sort", "ascending")


def test_the_same_column_again_turns_the_order_round(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{PLEDGES}?sort=pledge")
    forward = column(page, 2)

    page.get_by_role("link", name="Pledge", exact=True).click()

    expect(page.get_by_role("columnheader", name="Pledge")).to_have_attribute("aria-sort", "descending")
    assert column(page, 2) == forward[::-1]
    assert forward == sorted(forward)


def test_the_clocks_keep_the_filters(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{PLEDGES}?party=JAM", javascript=False)

    page.get_by_label("Valid on", exact=True).fill("2024-09-12")
    page.get_by_role("button", name="Show").click()

    assert column(page, 2) == ["g20-session-funds", "jam-personnel"]


def test_a_filter_that_nothing_passes_says_so(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{PLEDGES}?status=lapsed")

    expect(page.get_by_text("No pledge is like that at these clocks.")).to_be_visible()


@pytest.mark.parametrize("wrong", ["status=x", "sort=x", "kind=x", "conditional=x", "disputed=x", "valid_at=x"])
def test_a_parameter_that_cannot_be_is_named(shown: Served, open_page: Open, wrong: str) -> None:
    page = open_page(f"{shown.url}{PLEDGES}?{wrong}")

    expect(page.locator("main")).to_contain_text(wrong.partition("=")[0])
    expect(page.get_by_role("heading", level=1)).to_contain_text("A parameter is unknown")


def test_the_life_of_a_pledge_tells_what_went_and_what_came(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{JAMAICA}")

    notified = page.locator("#entry-78")
    expect(notified.locator("del").first).to_contain_text("removed: 200 uniformed unspecified")
    expect(notified.locator("ins").nth(1)).to_contain_text("added: 30 individual police")
    expect(notified.get_by_role("link", name="S/2024/262")).to_have_attribute("href", "https://undocs.org/S/2024/262")
    expect(notified.get_by_role("link", name="in the signed log")).to_have_attribute("href", "/entries/78#proof")
    expect(page.locator("#entry-143")).to_contain_text("Claims instead: 250 uniformed unspecified")


def test_a_pledge_shows_its_original_terms_and_its_course(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{JAMAICA}")

    expect(page.locator(".stands")).to_contain_text("200 uniformed unspecified")
    expect(page.get_by_role("img", name="pledged 200, delivered 21").first).to_be_visible()


def test_corrections_stand_under_what_they_correct_and_are_not_signed_yet(served: Served, open_page: Open) -> None:
    fifth = count(served)
    append(served.engine, corrected(78, "2024-06-01", to_effective="2024-03-06"), retracted(fifth, "2024-07-01"))

    page = open_page(f"{served.url}{JAMAICA}")

    under = page.locator("#entry-78 .about > li")
    expect(under).to_have_count(2)
    expect(under.first).to_contain_text("source error")
    expect(under.first).to_contain_text("retracted")
    expect(under.last.get_by_role("link", name="not signed yet")).to_have_attribute(
        "href", f"/entries/{fifth + 1}#proof"
    )


def test_what_was_removed_is_told_and_not_shown(served: Served, open_page: Open) -> None:
    removed = said(
        "payload.redacted", "2026-01-01", mission=None, target=78, legal_basis="Article 17", reason="names a person"
    )
    append(served.engine, removed)

    page = open_page(f"{served.url}{JAMAICA}")

    expect(page.locator("#entry-78")).to_contain_text("What it said was removed")
    expect(page.locator("#entry-78")).to_contain_text("Article 17")
    assert page.get_by_text("Constabulary").count() == 0


def test_pledges_that_take_the_place_of_others_lead_to_each_other(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{PLEDGES}/bgd-personnel")

    page.get_by_role("link", name="bgd-gsf-personnel").first.click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("bgd-gsf-personnel")
    expect(page.locator(".stands")).to_contain_text("Takes the place of")


def test_an_unknown_pledge_is_told_with_the_names_like_it(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{PLEDGES}/jam-personel")

    assert page.request.get(page.url).status == 404
    expect(page.locator("main").get_by_role("link", name="jam-personnel")).to_be_visible()


def test_a_pledge_that_is_not_made_yet_leads_to_its_day(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{JAMAICA}?valid_at=2023-01-01")

    page.locator("main").get_by_role("link", name="4 August 2023").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Pledge of Jamaica")


def test_recorders_find_the_forms_with_the_pledge_filled_in(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{JAMAICA}")

    link = page.locator(".actions").get_by_role("link", name="revised")
    expect(link).to_have_attribute("href", "/record/pledge.revised?mission=haiti-mss&pledge=jam-personnel")


EVERY = [
    PLEDGES,
    f"{PLEDGES}?status=lapsed",
    JAMAICA,
    f"{PLEDGES}/ken-personnel",
    f"{PLEDGES}/usa-funds",
    f"{PLEDGES}/none",
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", EVERY)
def test_axe_finds_nothing(shown: Served, open_page: Open, path: str, scheme: str) -> None:
    page = open_page(shown.url + path, color_scheme=scheme)

    assert violations(page) == []


@pytest.mark.parametrize("path", EVERY)
def test_it_is_read_at_360_pixels_without_moving_sideways(shown: Served, open_page: Open, path: str) -> None:
    page = open_page(shown.url + path, viewport=NARROW)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_every_pledge_of_the_record_has_a_page(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{PLEDGES}")
    links = [
        f"{shown.url}{link.get_attribute('href')}"
        for link in page.locator("table.pledges th a[href*=pledges\\/]").all()
    ]

    assert len(links) > 40
    assert {page.request.get(link).status for link in links} == {200}
