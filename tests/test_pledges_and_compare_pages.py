"""The pages of pledges and of comparisons, asked for at many clocks, on both databases."""

from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from api.app import create_app
from api.cli.recording import load_record
from api.settings import Settings
from api.web.presets import presets, year_before
from ledger.recording import record
from ledger.schemas import parse_event
from ledger.store import reading, writing
from projections.runner import Projector
from tests.builders import append, people, registered, said

HAITI = "/missions/haiti-mss"
DAYS = ("2023-10-02", "2024-09-12", "2025-10-03")


@pytest.fixture
def client(engine: Engine) -> FlaskClient:
    load_record(engine, "haiti-mss")
    return create_app(Settings(database_url=str(engine.url)), engine).test_client()


def revised(day: str = "2025-01-01") -> dict[str, object]:
    return said("pledge.revised", day, mission="haiti-mss", pledge="jam-personnel", items=[people(150)])


def test_every_pledge_has_a_page_from_the_day_on_which_it_is_made(client: FlaskClient) -> None:
    for day in DAYS:
        made = [row["pledge"] for row in client.get(f"/v1{HAITI}/pledges?valid_at={day}").json["data"]]
        pages = [client.get(f"{HAITI}/pledges/{name}?valid_at={day}").status_code for name in made]

        assert made
        assert set(pages) == {200}


def test_states_can_be_compared_in_either_direction_and_as_published(client: FlaskClient) -> None:
    for first in DAYS:
        for last in DAYS:
            asked = {
                "from_valid_at": first,
                "to_valid_at": last,
                "from_known_position": 200,
                "reported_by": "2025-06-01",
            }

            assert client.get(f"{HAITI}/compare", query_string=asked).status_code == 200


def test_the_answer_and_the_page_tell_of_the_same_pledges(client: FlaskClient) -> None:
    asked = {"from_valid_at": DAYS[1], "to_valid_at": DAYS[2]}

    paths = [one["path"].split("/") for one in client.get(f"/v1{HAITI}/diff", query_string=asked).json["data"]]
    page = client.get(f"{HAITI}/compare", query_string={**asked, "subject": "pledges"}).text

    names = {path[2] for path in paths if path[1] == "pledges"}
    assert all(f"/pledges/{name}?" in page for name in names)
    assert page.count('<article class="change') == len(names)


def test_a_ledger_recorded_at_once_offers_nothing_that_it_learned_of_late(client: FlaskClient, engine: Engine) -> None:
    assert "the ledger learned" not in client.get(f"{HAITI}/compare").text

    append(engine, revised())

    assert "What the ledger learned since entry 394 about today" in client.get(f"{HAITI}/compare").text


def recorded_on(engine: Engine, day: str, *events: dict[str, object]) -> None:
    with writing(engine) as connection:
        said_then = [parse_event(event) for event in events]
        record(
            connection,
            said_then,
            actor="tester",
            project=Projector(),
            clock=lambda: datetime.fromisoformat(f"{day}T10:00:00+00:00"),
        )


def test_what_the_ledger_learned_is_offered_by_days_of_recording(engine: Engine) -> None:
    for number, day in enumerate(("2025-01-01", "2025-01-02", "2025-02-01")):
        recorded_on(engine, day, registered(f"mission-{number}"), registered(f"other-{number}"))

    with reading(engine) as connection:
        made = presets(connection, None, "2025-02-02", 5)

    assert [preset.states.get("from_known_at") for preset in made] == [None, "2025-01-02", "2025-01-01"]
    assert made[1].text == "What the ledger learned since 2 January 2025 about today"


def test_each_renewal_is_compared_from_the_day_before_to_the_day_after(engine: Engine) -> None:
    act = {"action": "renewed", "adopted": "2024-09-30", "instrument": "S/RES/2751(2024)"}
    mandate = {"instruments": [act, {**act, "adopted": "2024-09"}, {**act, "action": "amended"}]}

    with reading(engine) as connection:
        (_, renewal) = presets(connection, mandate, "2025-02-02", -1)

    assert renewal.states == {"from_valid_at": "2024-09-29", "to_valid_at": "2024-10-01"}


@pytest.mark.parametrize(("day", "before"), [("2025-10-03", "2024-10-03"), ("2024-02-29", "2023-02-28")])
def test_a_year_before_is_a_day(day: str, before: str) -> None:
    assert year_before(day) == before
