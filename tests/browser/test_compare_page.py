"""The page that sets two states side by side."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, Open, Served, count, violations
from tests.builders import append, people, said

COMPARE = "/missions/haiti-mss/compare"
YEAR = f"{COMPARE}?from_valid_at=2024-09-12&to_valid_at=2025-10-03"


def test_two_days_are_told_apart_with_the_entries_that_caused_it(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{YEAR}")

    mandate = page.locator("#mandate .change")
    expect(mandate).to_contain_text("Multinational Security Support Mission in Haiti")
    expect(mandate).to_contain_text("Gang Suppression Force")
    expect(mandate.locator(".causes").get_by_role("link", name="#296 Mission transitioned")).to_have_attribute(
        "href", "/entries/296"
    )
    expect(mandate.locator(".causes").get_by_role("link", name="S/RES/2793(2025)").first).to_be_visible()
    expect(page.locator(".counts")).to_contain_text("added")


def test_a_figure_shows_both_states_and_what_it_moved_by(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{YEAR}&subject=deployments")

    kenya = page.get_by_role("article", name="Deployments: Kenya: individual police").locator(".sides > div").first
    expect(kenya.locator(".before del")).to_contain_text("400")
    expect(kenya.locator(".after ins")).to_contain_text("759")
    expect(kenya.locator(".moved")).to_have_text("about +359")


def test_one_subject_can_be_shown_alone(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{YEAR}")

    page.get_by_role("navigation", name="Subjects").get_by_role("link", name="Pledges").click()

    expect(page.locator("details.subject-of")).to_have_count(1)
    expect(page.get_by_role("article", name="Pledges: Belize, blz-personnel")).to_contain_text("suspended")


def test_the_states_can_be_exchanged(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{YEAR}")

    page.get_by_role("link", name="Swap the two").click()

    expect(page.get_by_role("group", name="From the state").get_by_label("Valid on")).to_have_value("2025-10-03")
    expect(page.locator("#mandate .change .before").first).to_contain_text("Gang Suppression Force")


def test_without_parameters_it_compares_today_with_a_year_before(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{COMPARE}?valid_at=2025-10-03")

    expect(page.get_by_role("group", name="From the state").get_by_label("Valid on")).to_have_value("2024-10-03")
    expect(page.get_by_role("group", name="To the state").get_by_label("Valid on")).to_have_value("2025-10-03")


def test_two_states_of_knowledge_tell_what_the_ledger_learned(served: Served, open_page: Open) -> None:
    last = count(served) - 1
    revised = said("pledge.revised", "2025-01-01", mission="haiti-mss", pledge="jam-personnel", items=[people(150)])
    append(served.engine, revised)

    page = open_page(
        f"{served.url}{COMPARE}?from_valid_at=2025-10-03&to_valid_at=2025-10-03&from_known_position={last}"
    )

    jamaica = page.get_by_role("article", name="Pledges: Jamaica, jam-personnel")
    expect(jamaica.locator(".before").first).to_contain_text("170 troops")
    expect(jamaica.locator(".after").first).to_contain_text("150 troops")
    expect(jamaica.locator(".causes")).to_contain_text(f"#{last + 1} Pledge revised")
    expect(page.locator("details.subject-of#mandate")).to_have_count(0)


def test_what_the_ledger_learned_of_late_is_offered(served: Served, open_page: Open) -> None:
    revised = said("pledge.revised", "2025-01-01", mission="haiti-mss", pledge="jam-personnel", items=[people(150)])
    append(served.engine, revised)
    page = open_page(f"{served.url}{COMPARE}")

    page.get_by_text("Often asked for").click()
    page.get_by_role("link", name="What the ledger learned since").first.click()

    expect(page.get_by_role("article", name="Pledges: Jamaica, jam-personnel")).to_contain_text("150 troops")


def test_each_renewal_of_the_mandate_is_offered(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{COMPARE}")

    page.get_by_text("Often asked for").click()
    page.get_by_role("link", name="S/RES/2751(2024)").click()

    expect(page.locator("#mandate .change")).to_contain_text("S/RES/2751(2024)")


def test_two_states_that_say_the_same_are_told_as_that(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{COMPARE}?from_valid_at=2025-10-03&to_valid_at=2025-10-03")

    expect(page.get_by_text("Nothing changed: both states say the same.")).to_be_visible()


def test_it_works_without_javascript(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{COMPARE}", javascript=False)

    page.get_by_role("group", name="From the state").get_by_label("Valid on").fill("2024-09-12")
    page.get_by_role("group", name="To the state").get_by_label("Valid on").fill("2025-10-03")
    page.get_by_role("button", name="Compare").click()

    expect(page.locator("#mandate .change")).to_contain_text("Gang Suppression Force")


WRONG = [
    ("from_valid_at", "banana"), ("to_valid_at", "2025-13-01"), ("from_known_at", "yesterday!"), ("to_known_position", "99999999"),
    ("from_known_position", "-1"), ("from_valid_at", "0001-01-01"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_value_that_cannot_be_is_told_beside_its_field(shown: Served, open_page: Open, name: str, value: str) -> None:
    page = open_page(f"{shown.url}{COMPARE}?{name}={value}")

    assert page.request.get(page.url).status == 422
    expect(page.locator(f"#{name}")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(f"#{name}")).to_have_value(value)
    assert page.locator(f"#{name}-wrong").inner_text()
    assert violations(page) == []


@pytest.mark.parametrize(
    "wrong", ["subject=x", "start=x", "reported_by=x", "from_known_at=2025-01-01&from_known_position=1"]
)
def test_no_parameter_breaks_the_page(shown: Served, open_page: Open, wrong: str) -> None:
    page = open_page(f"{shown.url}{COMPARE}?{wrong}")

    assert page.request.get(page.url).status == 422
    expect(page.locator("main")).to_contain_text(wrong.partition("=")[0].partition("_")[0])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [YEAR, COMPARE, f"{YEAR}&subject=findings", f"{COMPARE}?from_valid_at=2022-01-01"])
def test_axe_finds_nothing(shown: Served, open_page: Open, path: str, scheme: str) -> None:
    page = open_page(shown.url + path, color_scheme=scheme)

    assert violations(page) == []


def test_it_is_read_at_360_pixels_without_moving_sideways(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{YEAR}", viewport=NARROW)
    page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
