"""What was recorded, and what happened: two orders of the same entries, with corrections in their place."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, Open, Served, violations
from tests.builders import append, said

RECORDED, MISSION = "/history", "/missions/haiti-mss/history"
RESOLUTION, CORRECTION = 42, 155


def meeting(title: str) -> dict[str, object]:
    return said("meeting.held", "2026-01-01", mission="haiti-mss", title=title)


# --- of the ledger -------------------------------------------------------------------------------------------------------


def test_the_newest_entries_come_first_and_older_ones_follow(shown: Served, open_page: Open) -> None:
    page = open_page(shown.url + RECORDED)
    numbers = page.locator(".entries-list .number")
    assert [numbers.nth(0).inner_text(), numbers.nth(49).inner_text()] == ["#394", "#345"]

    page.get_by_role("link", name="Older entries").click()

    expect(numbers.first).to_have_text("#344")


def test_the_filter_finds_what_bears_a_symbol(shown: Served, open_page: Open) -> None:
    page = open_page(shown.url + RECORDED, javascript=False)

    page.get_by_label("UN symbol").fill("S/RES/2751(2024)")
    page.get_by_role("button", name="Filter").click()

    expect(page.locator(f"#e{RESOLUTION}")).to_be_visible()
    assert "symbol=S/RES/2751(2024)" in (page.get_by_role("link", name="CSV").get_attribute("href") or "")


def test_the_filter_names_the_field_that_cannot_be(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{RECORDED}?party=jamaica&recorded_from=2027-01-01&recorded_to=2026-01-01")

    expect(page.get_by_label("Party")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#party-wrong")).to_contain_text("write JAM for Jamaica")
    expect(page.locator(".entries-list")).to_have_count(0)
    assert violations(page) == []


def test_a_range_that_runs_backward_is_told_at_its_field(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{RECORDED}?recorded_from=2027-01-01&recorded_to=2026-01-01")

    expect(page.locator("#recorded_from-wrong")).to_contain_text("exchange them")


def test_a_corrected_entry_shows_in_place_what_it_said(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{RECORDED}?type=mandate.renewed")

    row = page.locator(f"#e{RESOLUTION}")
    expect(row.locator("del").first).to_have_text("30 September 2023")
    expect(row.locator("ins").first).to_have_text("30 September 2024")
    expect(row).to_contain_text(f"Corrected by #{CORRECTION}")


def test_what_was_retracted_or_removed_is_told_in_place(served: Served, open_page: Open) -> None:
    append(served.engine, said("entry.retracted", "2026-09-01", mission=None, target=394, reason="Said of another."))
    removal = {"target": 393, "legal_basis": "Article 17", "reason": "Somebody asked."}
    append(served.engine, said("payload.redacted", "2026-09-01", mission=None, **removal))

    page = open_page(served.url + RECORDED)

    expect(page.locator("#e394 .badge")).to_have_text("retracted")
    expect(page.locator("#e394")).to_contain_text("Said of another.")
    expect(page.locator("#e393")).to_contain_text("Removed by #396")
    expect(page.locator("#e393")).to_contain_text("Article 17")
    assert violations(page) == []


def test_new_entries_appear_by_themselves_and_are_told_once(served: Served, open_page: Open) -> None:
    page = open_page(served.url + RECORDED)
    expect(page.locator("#live")).to_have_text("")

    append(served.engine, meeting("A first meeting"))

    expect(page.locator(".entries-list li").first).to_contain_text("A first meeting")
    expect(page.locator("#live")).to_contain_text("1 new entry")
    append(served.engine, meeting("A second one"), meeting("A third one"))
    expect(page.locator(".entries-list li").first).to_contain_text("A third one")
    expect(page.locator("#live")).to_contain_text("2 new entries")
    expect(page.locator("li.fresh")).to_have_count(2)


def test_a_correction_appears_by_itself_inside_what_it_corrects(served: Served, open_page: Open) -> None:
    page = open_page(served.url + RECORDED)
    page.locator("#n394").focus()
    told = said("entry.corrected", mission=None, target=394, reason_code="recording_error", reason="A slip of the pen.")

    append(served.engine, {**told, "data": {**told["data"], "effective": "2026-02-15"}})

    expect(page.locator("#e394")).to_contain_text("A slip of the pen.")
    expect(page.locator("#n394")).to_be_focused()


def test_only_what_the_filter_lets_through_appears(served: Served, open_page: Open) -> None:
    page = open_page(f"{served.url}{RECORDED}?type=pledge.announced")
    first = page.locator(".entries-list .number").first.inner_text()

    with page.expect_response(lambda answer: "/history/newer" in answer.url) as waited:
        append(served.engine, meeting("A meeting"))
    assert waited.value.status == 204

    assert page.locator(".entries-list .number").first.inner_text() == first


def test_a_hidden_tab_does_not_ask(served: Served, open_page: Open) -> None:
    page = open_page(served.url + RECORDED)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "newer" in request.url else None)

    page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true})")
    page.wait_for_timeout(4500)

    assert asked == []


# --- of a mission --------------------------------------------------------------------------------------------------------


def test_before_its_correction_was_recorded_the_wrong_date_stands_without_remark(
    shown: Served, open_page: Open
) -> None:
    before = f"type=mandate.renewed&valid_at=2026-01-01&known_position={CORRECTION - 1}"
    page = open_page(f"{shown.url}{MISSION}?{before}")

    row = page.locator(f"#e{RESOLUTION}")
    expect(row).to_contain_text("effective 30 September 2023")
    expect(row).not_to_contain_text("30 September 2024")
    expect(row.locator("del, ins, .badge, .change")).to_have_count(0)
    expect(page.get_by_role("heading", name="September 2023")).to_be_visible()


def test_after_it_the_right_date_stands_with_what_was_said_before(shown: Served, open_page: Open) -> None:
    after = f"type=mandate.renewed&valid_at=2026-01-01&known_position={CORRECTION}"
    page = open_page(f"{shown.url}{MISSION}?{after}")

    row = page.locator(f"#e{RESOLUTION}")
    expect(row).to_contain_text("effective 30 September 2024")
    expect(row).to_contain_text("first said 30 September 2023")
    expect(row).to_contain_text("Source error: The article printed the wrong year.")
    expect(row.locator("del").first).to_have_text("30 September 2023")
    expect(page.get_by_role("heading", name="September 2024")).to_be_visible()


def test_it_is_paged_in_the_order_of_effective_dates_with_a_way_to_each_year(shown: Served, open_page: Open) -> None:
    page = open_page(shown.url + MISSION)
    expect(page.get_by_role("heading", level=2).first).to_have_text("October 2022")

    page.get_by_role("navigation", name="Years").get_by_role("link", name="2025").click()

    expect(page.get_by_role("heading", name="January 2025")).to_be_visible()


def test_it_is_filtered_by_party_at_the_same_clocks(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}{MISSION}?valid_at=2024-09-12", javascript=False)

    page.get_by_label("Party").select_option("JAM")
    page.get_by_role("button", name="Filter").click()

    assert "valid_at=2024-09-12" in page.url
    expect(page.locator("#e29")).to_contain_text("Jamaica")
    expect(page.locator(".entries-list > li").last).to_contain_text("2024")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [RECORDED, f"{RECORDED}?type=entry.corrected", MISSION])
def test_axe_finds_nothing(shown: Served, open_page: Open, path: str, scheme: str) -> None:
    page = open_page(shown.url + path, color_scheme=scheme)

    assert violations(page) == []


@pytest.mark.parametrize("path", [RECORDED, f"{RECORDED}?type=entry.corrected", MISSION, f"{MISSION}?page=4"])
def test_it_is_read_at_360_pixels_without_moving_sideways(shown: Served, open_page: Open, path: str) -> None:
    page = open_page(shown.url + path, viewport=NARROW)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
