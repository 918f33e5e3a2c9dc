"""What a page costs the server: a mission's page against a bare page of Flask, by turns, in one run; and what it weighs.

python -m tests.bench.pages [--entries 100000]
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from api.app import create_app
from api.cli.recording import load_record
from api.settings import Settings
from ledger.store import open_engine
from migrations import migrate
from projections.runner import rebuild
from tests.bench.ledgers import fill
from tests.bench.workload import Workload

ROUNDS = 200
PAGE = "/missions/{mission}?valid_at=2024-09-12"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--entries", type=int, default=100_000)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        haiti = made(Path(folder) / "haiti.db")
        load_record(haiti, "haiti-mss")
        large = made(Path(folder) / "large.db")
        fill_one(large, given.entries)
        measure("the record of Haiti", haiti, "haiti-mss")
        measure(f"a mission of {given.entries:,} entries", large, "mission-00")


def made(path: Path) -> Engine:
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    return engine


def fill_one(engine: Engine, count: int) -> None:
    """As many entries, all of one mission."""
    fill(engine, Workload(missions=1), count)
    rebuild(engine)


def measure(what: str, engine: Engine, mission: str) -> None:
    page = PAGE.format(mission=mission)
    app = create_app(Settings(database_url=str(engine.url)), engine)
    ours, bare = app.test_client(), bare_page(len(app.test_client().get(page).data))
    first = seconds(create_app(Settings(database_url=str(engine.url)), engine).test_client(), page)
    times = [(seconds(bare, "/"), seconds(ours, page)) for _ in range(ROUNDS)]
    plain, again = (statistics.median(column) for column in zip(*times, strict=True))
    weight = len(ours.get(page, headers={"Accept-Encoding": "gzip"}).data)
    print(
        f"{what}: bare page {plain * 1000:.2f} ms; made before {again * 1000:.2f} ms ({again / plain:.1f} ×); "
        f"made for the first time {first * 1000:.0f} ms ({first / plain:.0f} ×); {weight / 1024:.0f} KiB compressed"
    )


def bare_page(size: int) -> FlaskClient:
    """Flask by itself, with a page of the same length."""
    app = Flask("bare")
    html = "x" * size
    app.add_url_rule("/", view_func=lambda: html)
    return app.test_client()


def seconds(client: FlaskClient, path: str) -> float:
    start = time.perf_counter()
    response = client.get(path)
    assert response.status_code == 200
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
