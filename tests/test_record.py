"""The record of the Haiti mission, loaded, and real questions put to it over HTTP."""

import json
import shutil
import threading
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine
from werkzeug.serving import make_server

from api.app import create_app
from api.settings import Settings
from ledger import keys
from ledger.recording import record
from ledger.records import lines
from ledger.schemas import parse_event
from ledger.store import open_engine, writing
from projections.answers import ANSWERS
from projections.runner import Projector
from tests.conftest import create_database, drop_database

MISSION = "/v1/missions/haiti-mss"


class Server:
    """The loaded record behind a real HTTP server."""

    def __init__(self, engine: Engine, address: str, key: str):
        self.engine, self.address, self.key = engine, address, key

    def get(self, path: str, **parameters: Any) -> Any:
        with urllib.request.urlopen(f"{self.address}{path}?{urlencode(parameters)}", timeout=30) as answer:
            return json.load(answer)

    def data(self, answer: str, **parameters: Any) -> Any:
        return self.get(f"{MISSION}/{answer}", **parameters)["data"]

    def position(self, ref: str) -> int:
        return next(entry["position"] for entry in self.get("/v1/entries", limit=1000)["data"] if entry["ref"] == ref)


def load(engine: Engine) -> str:
    """Record the shipped events in one batch; make a key."""
    with writing(engine) as connection:
        events = [parse_event(json.loads(line)) for line in lines("haiti-mss")]
        record(connection, events, actor="shipped-record", project=Projector())
        return keys.create(connection, "desk", "recorder")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server_url = None
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("record") / "ledger.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        url = f"sqlite:///{path}"
    else:
        server_url = request.getfixturevalue("server_url")
        url = create_database(server_url, request.getfixturevalue("postgresql_template"))
    engine = open_engine(url)
    key = load(engine)
    web = make_server("127.0.0.1", 0, create_app(Settings(database_url=url), engine), threaded=True)
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    yield Server(engine, f"http://127.0.0.1:{web.server_port}", key)
    web.shutdown()
    thread.join()
    web.server_close()
    engine.dispose()
    if server_url:
        drop_database(server_url, url)


def one(rows: list[Any], **wanted: Any) -> Any:
    """The only row with these fields."""
    (row,) = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return row


def heads(figure: Any) -> tuple[Any, Any]:
    return figure["minimum"], figure["maximum"]


@pytest.mark.parametrize(
    ("day", "count"), [("2023-12-31", 1), ("2024-02-29", 5), ("2024-04-26", 7), ("2024-06-15", 8), ("2024-08-31", 10)]
)
def test_pledges_notified_by_letter_are_those_that_the_united_nations_counted(
    server: Server, day: str, count: int
) -> None:
    notified = [pledge for pledge in server.data("pledges", valid_at=day) if pledge["notified"]]

    assert len(notified) == count
    assert {pledge["notified"]["formality"] for pledge in notified} == {"letter_to_secretary_general"}


def test_benin_pledged_a_range_and_later_made_it_conditional(server: Server) -> None:
    before = one(server.data("pledges", valid_at="2024-03-01"), pledge="ben-personnel")
    after = one(server.data("pledges", valid_at="2024-10-01"), pledge="ben-personnel")

    assert [(i["category"], i["minimum"], i["maximum"]) for i in before["items"]] == [("troops", 1500, 2000)]
    assert (before["notified"]["symbol"], before["conditional"]) == ("S/2024/224", False)
    assert after["items"] == before["items"]
    assert [c["condition"] for c in after["conditions"] if c["met"] is None] == ["military-command"]


def test_jamaica_pledged_two_hundred_and_sent_twenty_four(server: Server) -> None:
    pledge = one(server.data("pledges", valid_at="2024-03-05"), pledge="jam-personnel")
    fulfilment = one(server.data("fulfilment", valid_at="2024-09-12"), party="JAM", kind="personnel", of="person")

    assert {(i["category"], i["minimum"], i["maximum"]) for i in pledge["items"]} == {
        ("troops", 170, 170),
        ("individual_police", 30, 30),
    }
    assert pledge["notified"]["symbol"] == "S/2024/262"
    assert (heads(fulfilment["delivered"]), heads(fulfilment["pledged"])) == ((24, 24), (200, 200))
    assert {(c["category"], heads(c["pledged"]), heads(c["delivered"])) for c in fulfilment["categories"]} == {
        ("troops", (170, 170), (20, 20)), ("individual_police", (30, 30), (4, 4))}  # fmt: skip


@pytest.mark.parametrize("pledge", ["tcd-personnel", "bgd-personnel", "ken-personnel"])
def test_a_pledge_without_a_figure_is_shown_as_such_and_not_as_zero(server: Server, pledge: str) -> None:
    row = one(server.data("pledges", valid_at="2024-03-11"), pledge=pledge)
    matter = one(
        server.data("fulfilment", valid_at="2024-03-11"), party=row["parties"][0], kind="personnel", of="person"
    )

    assert row["notified"] is not None
    assert all(item["unspecified"] == "not_stated" and "minimum" not in item for item in row["items"])
    assert (matter["pledged"]["minimum"], matter["pledged"]["maximum"]) == (None, None)
    assert matter["pledged"]["unspecified"] == len(row["items"])


def test_kenyas_original_figure_is_kept_when_its_letter_gives_none(server: Server) -> None:
    pledge = one(server.data("pledges", valid_at="2024-03-11"), pledge="ken-personnel")

    assert [(item["category"], item["minimum"]) for item in pledge["original"]["items"]] == [
        ("individual_police", 1000)
    ]


def test_the_mandate_is_the_one_of_the_day(server: Server) -> None:
    first, second, third = (server.data("mandate", valid_at=day) for day in ("2024-09-29", "2024-10-15", "2025-10-03"))

    assert (first["instrument"], first["until"], first["status"]) == ("S/RES/2699(2023)", "2024-10-02", "active")
    assert (second["instrument"], second["until"], second["status"]) == ("S/RES/2751(2024)", "2025-10-02", "active")
    assert (third["acronym"], third["instrument"], third["ceiling"]["total"]) == ("GSF", "S/RES/2793(2025)", 5550)
    assert third["ceiling"]["instrument"] == "S/RES/2793(2025)"


def test_the_misdated_resolution_is_corrected_in_the_open(server: Server) -> None:
    correction = server.position("man-2751-adopted")

    def adopted(known_position: int) -> str:
        acts = server.data("mandate", valid_at="2025-01-01", known_position=known_position)["instruments"]
        return one(acts, instrument="S/RES/2751(2024)")["adopted"]

    assert (adopted(correction - 1), adopted(correction)) == ("2023-09-30", "2024-09-30")
    item = one(server.data("history", limit=1000), position=server.position("man-2751-clarity-times-misdated"))
    (change,) = item["changes"]
    assert (change["actor"], change["reason_code"], change["position"]) == (
        "shipped-record",
        "source_error",
        correction,
    )
    assert change["reason"]
    assert item["said"]["source"]["publisher"] == "The Clarity Times"
    assert change["source"]["url"] == "https://press.un.org/en/2024/sc15838.doc.htm"
    assert {"field": "effective", "from": "2023-09-30", "to": "2024-09-30"} in change["fields"]


def test_the_misdated_resolution_was_a_finding_until_it_was_corrected(server: Server) -> None:
    correction = server.position("man-2751-adopted")

    before, after = (
        server.data("findings", valid_at="2025-01-01", known_position=p) for p in (correction - 1, correction)
    )

    assert "resolution-year" in {finding["code"] for finding in before}
    assert "resolution-year" not in {finding["code"] for finding in after}


def test_kenyas_strength_stands_beside_the_rival_reports(server: Server) -> None:
    row = one(
        server.data("deployments", valid_at="2025-09-15"), party="KEN", kind="personnel", category="individual_police"
    )

    over_700 = [report for report in row["reports"] if heads(report["figure"]) == (700, None)]
    (nearly_1000,) = [report for report in row["reports"] if heads(report["figure"]) == (1000, 1000)]
    arrivals = sum(
        m["item"]["minimum"] for m in row["movements"] if m["type"] == "personnel.deployed" and not m["temporary"]
    )
    dead = sum(m["item"]["minimum"] for m in row["movements"] if m["type"] == "casualty.reported")
    assert (arrivals, dead, heads(row["moved"]), row["moved"]["approximate"]) == (761, 2, (759, 759), True)
    assert heads(row["reported"]["figure"]) == (700, None)
    assert all(report["source"] for report in [*over_700, nearly_1000])
    assert nearly_1000["figure"]["approximate"]
    assert nearly_1000["disputed"]
    assert nearly_1000["entries"][0] in {dispute["target"] for dispute in row["disputes"]}
    assert row["variance"] is not None


def test_the_posts_are_held_by_those_of_the_day(server: Server) -> None:
    june, july = (
        one(server.data("leadership", valid_at=day), post="force-commander") for day in ("2024-06-01", "2024-07-01")
    )
    december = one(server.data("leadership", valid_at="2025-12-03"), post="special-representative")

    assert [(h["person"], h["designate"]) for h in june["holders"]] == [("Noor Gabow", True)]
    assert [(h["person"], h["designate"]) for h in july["holders"]] == [("Godfrey Otunge", None)]
    assert [h["person"] for h in december["holders"]] == ["Jack Christofides"]


def test_the_partner_group_has_seven_members_and_kenya_sits_by_its_command(server: Server) -> None:
    members = server.data("partners", valid_at="2025-09-10")

    assert {member["party"] for member in members} == {"USA", "CAN", "BHS", "SLV", "GTM", "JAM", "KEN"}
    assert one(members, party="KEN")["by_virtue_of"] == "force-commander"
    assert all(member["since"] == "2025" for member in members)


def test_the_difference_of_a_year_names_its_causes(server: Server) -> None:
    operations = server.data("diff", from_valid_at="2024-09-30", to_valid_at="2025-09-30")

    assert {"mandate", "deployments", "funding", "partners"} <= {
        operation["path"].split("/")[1] for operation in operations
    }
    assert all(operation["caused_by"] for operation in operations)
    transition = server.position("man-2793-adopted")
    assert one(operations, path="/mandate/acronym")["caused_by"] == [transition]
    assert one(operations, path="/funding/USA/un_trust_fund/USD/suspended")["caused_by"] == [
        server.position("fun-usa-freeze-2025-02-04")
    ]


def test_what_was_reported_later_is_exactly_the_difference(server: Server) -> None:
    clocks = {"valid_at": "2024-09-30", "limit": 1000}
    everything, reported = server.data("history", **clocks), server.data("history", **clocks, reported_by="2024-10-31")

    def day_reported(item: Any) -> str:
        source = (item["said"] or item)["source"] or {}
        text = source.get("published") or (item["said"] or item)["effective"]
        return text + {4: "-12-31", 7: "-31", 10: ""}[len(text)]

    changed_later = {
        c["position"]
        for item in everything
        for c in item["changes"]
        if (c["source"] or {}).get("published", "2024-09") > "2024-10-31"
    }
    shown = {item["position"] for item in reported}
    late = {item["position"] for item in everything if day_reported(item) > "2024-10-31"}
    assert late
    assert shown == {item["position"] for item in everything} - late - changed_later
    assert server.position("fun-usa-tf-15m") in late


def test_answers_as_reported_differ_from_those_of_today(server: Server) -> None:
    now = one(server.data("funding", valid_at="2024-09-30"), party="USA", channel="un_trust_fund")
    then = one(
        server.data("funding", valid_at="2024-09-30", reported_by="2024-10-31"), party="USA", channel="un_trust_fund"
    )

    assert now["committed"]["minimum"] == "15000000"
    assert then["committed"] is None
    assert then["received"] == now["received"]


def test_every_figure_of_every_answer_names_its_entries(server: Server) -> None:
    snapshot = server.data("snapshot", valid_at="2025-09-15")

    figures = list(_figures(snapshot))
    assert len(figures) > 100
    assert all(figure["entries"] for figure in figures)
    assert all(row["entries"] for name in ANSWERS if name != "mandate" for row in snapshot[name])


def _figures(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        if {"minimum", "maximum", "unspecified", "entries"} <= set(value):
            yield value
        for part in value.values():
            yield from _figures(part)
    elif isinstance(value, list):
        for part in value:
            yield from _figures(part)
