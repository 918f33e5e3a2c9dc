"""Pictures of every page at 1280 and 360 pixels, light and dark, of the record of the mission in Haiti.

python -m tests.browser.screenshots [FOLDER]
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import CHROMIUM, NARROW, WIDE, Served, haiti_in, serve

MISSION = "/missions/haiti-mss"
PAGES = {
    "missions": "/",
    "mission": f"{MISSION}?valid_at=2025-10-03",
    "figure": f"{MISSION}/figure?of=/accounts/USD/un_trust_fund/received",
    "pledges": f"{MISSION}/pledges?valid_at=2025-10-03",
    "pledge": f"{MISSION}/pledges/jam-personnel?valid_at=2025-10-03",
    "compare": f"{MISSION}/compare?from_valid_at=2024-09-12&to_valid_at=2025-10-03",
    "history": f"{MISSION}/history?valid_at=2025-10-03",
    "findings": f"{MISSION}/findings?valid_at=2025-10-03",
    "recorded": "/history",
    "entry": "/entries/78",
    "corrected": "/entries/150",
    "sign-in": "/sign-in",
    "no-such-page": "/nowhere",
}
SIGNED_IN = {
    "record": "/record",
    "form": "/record/pledge.notified",
    "correction": "/record/entry.corrected?target=78",
    "spreadsheet": "/record/spreadsheet",
}


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    with served() as ledger, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for width, scheme in ((w, s) for w in (WIDE, NARROW) for s in ("light", "dark")):
            take(browser, ledger, folder, width, scheme)
        browser.close()


@contextmanager
def served() -> Iterator[Served]:
    with tempfile.TemporaryDirectory() as folder:
        yield from serve(haiti_in(Path(folder) / "template"), Path(folder) / "served")


def take(browser: Browser, ledger: Served, folder: Path, viewport: dict[str, int], scheme: str) -> None:
    context = browser.new_context(viewport=viewport, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    shoot(page, ledger, folder / f"{viewport['width']}-{scheme}", PAGES)
    page.goto(ledger.url + "/sign-in")
    page.get_by_label("Key").fill(ledger.keys["recorder"])
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    shoot(page, ledger, folder / f"{viewport['width']}-{scheme}", SIGNED_IN)
    context.close()


def shoot(page: Page, ledger: Served, folder: Path, pages: dict[str, str]) -> None:
    for name, path in pages.items():
        page.goto(ledger.url + path)
        page.wait_for_timeout(200)
        page.screenshot(path=str(folder / f"{name}.png"), full_page=True)


if __name__ == "__main__":
    main()
