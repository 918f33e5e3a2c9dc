"""Verifying an entry in the browser: what holds is green, and whatever is changed behind the ledger's back is red."""

import json
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, expect

from ledger.signing import new_key, read_log_key, sign
from tests.browser.conftest import Open, Served, violations
from tests.builders import append, said
from tests.tampering import flip, tampered

ORIGIN = "ledger.example.org/log"


def verify(page: Page) -> str:
    """Press the button; the outcome."""
    page.get_by_role("button", name="Verify in this browser").click()
    outcome = page.locator("#verified .outcome")
    expect(outcome).to_be_visible()
    return outcome.inner_text()


def key_of(served: Served) -> str:
    with urlopen(f"{served.url}/v1/log/keys") as answer:
        return str(answer.read().decode().strip())


def sign_now(served: Served) -> None:
    sign(served.engine, read_log_key(Path(str(served.engine.url.database)).with_name("log.key")))


def recall(page: Page, name: str, value: object) -> None:
    """Let the browser remember something else than what it saw."""
    page.evaluate("([name, value]) => localStorage.setItem(name, JSON.stringify(value))", [name, value])


@pytest.mark.parametrize("position", [0, 29, 255, 256, 383, 384, 393, 394])
def test_an_entry_of_a_full_or_a_partial_tile_is_verified(shown: Served, open_page: Open, position: int) -> None:
    page = open_page(f"{shown.url}/entries/{position}")

    outcome = verify(page)

    assert outcome.startswith(f"Entry {position} is in the log as it was recorded.")
    expect(page.locator(".checks .badge.good")).to_have_count(7)
    expect(page.locator(".checks .badge.bad")).to_have_count(0)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_it_goes_on_from_what_was_verified_before(served: Served, open_page: Open, size: int) -> None:
    page = open_page(f"{served.url}/entries/29")
    verify(page)
    meeting = said("meeting.held", "2026-01-01", mission="haiti-mss", title="A meeting")
    append(served.engine, *([meeting] * size))
    sign_now(served)

    outcome = verify(page)

    assert f"The log, of {395 + size} entries" in outcome
    expect(page.locator(".checks")).to_contain_text("It goes on from the checkpoint of 395 entries")


def test_the_newest_entry_of_a_log_of_two_full_tiles_is_verified(served: Served, open_page: Open) -> None:
    append(served.engine, *([said("meeting.held", "2026-01-01", mission="haiti-mss", title="A meeting")] * 117))
    sign_now(served)

    outcomes = [verify(open_page(f"{served.url}/entries/{position}")) for position in (256, 511)]

    assert [outcome.split(".")[0] for outcome in outcomes] == [
        "Entry 256 is in the log as it was recorded",
        "Entry 511 is in the log as it was recorded",
    ]


def test_the_first_key_is_remembered_and_a_pasted_one_is_told_apart(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}/entries/29")

    first, second = verify(page), verify(page)
    page.get_by_label("Verifier key, from elsewhere").fill(key_of(shown))
    third = verify(page)

    assert "the key this browser saw first now, and remembers" in first
    assert "the key this browser saw first on" in second
    assert third.endswith("is signed by the key you pasted.")


def test_another_key_than_the_one_seen_first_is_red(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}/entries/29")
    other = str(new_key(ORIGIN).verifier)
    recall(page, "mission-ledger:key", {"key": other, "seen": "2026-01-01T00:00:00Z"})

    outcome = verify(page)

    assert "not signed by the key this browser saw first on 1 January 2026" in outcome
    expect(page.locator(".outcome")).to_have_class("outcome notice bad")


@pytest.mark.parametrize(
    ("pasted", "told"),
    [
        ("nonsense", "this is no verifier key"),
        (str(new_key(ORIGIN).verifier), "not signed by the key you pasted"),
        (str(new_key("elsewhere.example/log").verifier), "the key you pasted is of elsewhere.example/log"),
    ],
    ids=["no key", "another key of the log", "a key of another log"],
)
def test_a_wrong_pasted_key_is_red(shown: Served, open_page: Open, pasted: str, told: str) -> None:
    page = open_page(f"{shown.url}/entries/29")
    page.get_by_label("Verifier key, from elsewhere").fill(pasted)

    assert told in verify(page)


def test_where_the_server_names_no_key_it_asks_for_one(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}/entries/29")
    page.route("**/v1/log/keys", lambda route: route.fulfill(status=404, body="{}"))

    assert "the server names no key of ledger.example.org/log; paste the one" in verify(page)


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ({"size": 400, "root": "A" * 43 + "="}, "the log was set back"),
        ({"size": 395, "root": "A" * 43 + "="}, "the log shows another past"),
        ({"size": 300, "root": "A" * 43 + "="}, "it does not go on from the checkpoint of 300 entries"),
    ],
)
def test_a_log_set_back_or_forked_is_red(shown: Served, open_page: Open, seen: dict[str, object], told: str) -> None:
    page = open_page(f"{shown.url}/entries/29")
    recall(page, f"mission-ledger:checkpoint:{ORIGIN}", {**seen, "seen": "2026-01-01T00:00:00Z"})

    assert told in verify(page)


@pytest.mark.spoils
def test_a_payload_changed_behind_the_ledgers_back_is_red(served: Served, open_page: Open) -> None:
    tampered(served.engine, flip("entries", "payload", "position = 29"))
    page = open_page(f"{served.url}/entries/29")

    outcome = verify(page)

    assert outcome.startswith("Entry 29 is not verified: the payload is not the one that was recorded")
    expect(page.locator(".checks .badge.bad")).to_have_count(1)
    assert violations(page) == []


@pytest.mark.spoils
@pytest.mark.parametrize(
    ("position", "told"), [(0, "has another hash for entry 0 than its envelope gives"), (29, "to another root")]
)
def test_a_changed_tile_is_red(served: Served, open_page: Open, position: int, told: str) -> None:
    tampered(served.engine, flip("tiles", "hashes", "level = 0 AND tile = 0"))

    assert told in verify(open_page(f"{served.url}/entries/{position}"))


@pytest.mark.spoils
def test_a_changed_envelope_is_red(served: Served, open_page: Open) -> None:
    tampered(served.engine, flip("entries", "envelope", "position = 300", at=12))

    assert "is not verified" in verify(open_page(f"{served.url}/entries/300"))


@pytest.mark.spoils
def test_a_changed_checkpoint_is_red(served: Served, open_page: Open) -> None:
    with urlopen(f"{served.url}/v1/log/checkpoint") as answer:
        note = answer.read()
    spoilt = note.replace(b"\n395\n", b"\n394\n")
    page = open_page(f"{served.url}/entries/29")
    page.route(
        "**/v1/log/checkpoint", lambda route: route.fulfill(body=spoilt, content_type="text/plain; charset=utf-8")
    )

    assert "is not over this checkpoint" in verify(page)


def test_a_page_that_shows_something_else_is_red(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}/entries/29")
    page.evaluate("document.getElementById('payload').textContent = '{}'")

    assert "this page shows another payload than the one that the log has" in verify(page)


def test_a_removed_payload_verifies_as_far_as_it_can(served: Served, open_page: Open) -> None:
    removal = {"legal_basis": "Article 17", "reason": "Somebody asked."}
    append(served.engine, said("payload.redacted", "2026-09-01", mission=None, target=29, **removal))
    sign_now(served)
    page = open_page(f"{served.url}/entries/29")

    outcome = verify(page)

    assert outcome.startswith("Entry 29 is in the log, and what it said was removed.")
    expect(page.locator(".checks .badge.warn")).to_have_count(1)


def test_an_entry_after_the_newest_checkpoint_is_not_signed_yet(served: Served, open_page: Open) -> None:
    append(served.engine, said("meeting.held", "2026-01-01", mission="haiti-mss", title="A meeting"))
    page = open_page(f"{served.url}/entries/395")
    expect(page.locator("main")).to_contain_text("Not signed yet")

    assert verify(page) == "Entry 395 is recorded and not signed yet; verify it again in a moment."
    sign_now(served)
    assert verify(page).startswith("Entry 395 is in the log as it was recorded.")


def test_what_is_remembered_can_be_forgotten(shown: Served, open_page: Open) -> None:
    page = open_page(f"{shown.url}/entries/29")
    verify(page)

    page.get_by_role("button", name="Forget").click()

    assert json.loads(page.evaluate("JSON.stringify(Object.keys(localStorage))")) == []
    assert "saw first now" in verify(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_results(shown: Served, open_page: Open, scheme: str) -> None:
    page = open_page(f"{shown.url}/entries/29", color_scheme=scheme)
    verify(page)

    assert violations(page) == []


@pytest.mark.parametrize(
    ("index", "width", "path"),
    [(0, 256, "000"), (1, 139, "001.p/139"), (999, 256, "999"), (1000, 256, "x001/000"), (1067, 8, "x001/067.p/8"),
     (1234067, 1, "x001/x234/067.p/1")],
)  # fmt: skip
def test_tiles_are_addressed_as_the_specification_has_it(
    shown: Served, open_page: Open, index: int, width: int, path: str
) -> None:
    page = open_page(f"{shown.url}/entries/29")
    made = page.evaluate(
        "([index, width]) => import('/static/web/log.js').then((log) => log.tilePath(index, width))", [index, width]
    )

    assert made == path
