"""Reading over the API: parameters, pages, filters, representations, caching, diffs."""

import csv
import io
import json
from typing import Any

import brotli
import pytest
from sqlalchemy import Engine

from projections.runner import rebuild
from tests.builders import announced, append, corrected, deployed, people, registered, said
from tests.desk import Desk, desk_on


def test_unknown_parameters_are_refused_with_the_nearest_right_one(desk: Desk) -> None:
    desk.post(registered())

    answer = desk.get("/v1/missions/test-mission/snapshot", valid_a="2024-01-01", as_of="2024-01-01")

    told = {error["parameter"]: error["detail"] for error in answer.json["errors"]}
    assert answer.status_code == 422
    assert "valid_at" in told["valid_a"]
    assert "known_at" in told["as_of"]
    assert "ambiguous" in told["as_of"]


def test_a_parameter_given_twice_is_refused(desk: Desk) -> None:
    answer = desk.client.get("/v1/entries?limit=1&limit=2")

    assert (answer.status_code, answer.json["errors"][0]["parameter"]) == (422, "limit")


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"valid_at": "2024-02-30"}, "valid_at"),
        ({"valid_at": "2024-02"}, "valid_at"),
        ({"known_at": "yesterday--"}, "known_at"),
        ({"known_at": "2024-01-01T00:00:00"}, "known_at"),
        ({"known_position": "-1"}, "known_position"),
        ({"known_position": "99"}, "known_position"),
        ({"known_position": "0", "known_at": "2024-01-01"}, "known_at"),
        ({"reported_by": "2024-1-1"}, "reported_by"),
        ({"format": "xml"}, "format"),
    ],
)
def test_a_bad_parameter_is_named(desk: Desk, parameters: dict[str, str], named: str) -> None:
    desk.post(registered())

    answer = desk.get("/v1/missions/test-mission/pledges", **parameters)

    assert answer.status_code == 422
    assert answer.json["errors"][0]["parameter"] == named


def test_pages_lead_to_one_another_and_lose_nothing(desk: Desk) -> None:
    desk.post([registered(), *(announced(f"p{number}") for number in range(6))])

    seen, path = [], "/v1/entries?limit=3&mission=test-mission"
    while path:
        page = desk.client.get(path).json
        seen += [entry["position"] for entry in page["data"]]
        path = page["links"]["next"]

    assert seen == list(range(7))


def test_filters_find_what_they_name(desk: Desk) -> None:
    desk.post(
        [
            registered(),
            announced("a", party="JAM", source={"symbol": "S/2024/262"}),
            announced("b", party="BLZ", effective="2024-05"),
        ]
    )
    desk.post([said("pledge.withdrawn", "2024-06-01", pledge="a"), corrected(2, to_data={"party": "GTM"})])

    def positions(**filters: str) -> list[int]:
        return [entry["position"] for entry in desk.get("/v1/entries", **filters).json["data"]]

    assert positions(party="JAM") == [1, 3]
    assert positions(party="BLZ") == [2, 4]
    assert positions(type="pledge.announced") == [1, 2]
    assert positions(symbol="S/2024/262") == [1]
    assert positions(stream="test-mission/pledge/a") == [1, 3]
    assert positions(effective_from="2024-05-20", effective_to="2024-05-25") == [2]
    assert positions(recorded_from="2199-01-01") == []
    assert positions(after="3") == [4]


def test_lists_come_as_ndjson_and_csv(desk: Desk) -> None:
    desk.post([registered(), {**announced("a"), "note": "=HYPERLINK(1)"}])

    lines = (
        desk.client.get("/v1/entries", headers={"Accept": "application/x-ndjson"}).get_data(as_text=True).splitlines()
    )
    rows = list(csv.DictReader(io.StringIO(desk.get("/v1/entries", format="csv").get_data(as_text=True))))

    assert [json.loads(line)["position"] for line in lines] == [0, 1]
    assert rows[1]["data.pledge"] == "a"
    assert rows[1]["note"] == "'=HYPERLINK(1)"


def test_a_long_list_of_lines_is_made_while_it_is_sent(engine: Engine) -> None:
    for batch in range(3):
        append(engine, *(registered(f"m{batch}-{number}") for number in range(300)))
    desk, path = desk_on(engine, None, max_page=2_000), "/v1/entries"

    part, whole = (desk.get(path, format="ndjson", limit=limit) for limit in (850, 2_000))
    packed = desk.client.get(f"{path}?format=ndjson&limit=850", headers={"Accept-Encoding": "br"})

    assert (part.is_streamed, whole.is_streamed) == (True, True)
    assert [json.loads(line)["position"] for line in part.text.splitlines()] == list(range(850))
    assert part.text.splitlines()[:400] == desk.get(path, format="ndjson", limit=400).text.splitlines()
    assert part.headers["Link"] == '</v1/entries?format=ndjson&limit=850&after=849>; rel="next"'
    assert (len(whole.text.splitlines()), "Link" in whole.headers) == (900, False)
    assert brotli.decompress(packed.data) == part.data
    again = desk.client.get(f"{path}?format=ndjson&limit=850", headers={"If-None-Match": part.headers["ETag"]})
    assert again.status_code == 304


def test_a_long_list_leaves_out_what_is_recorded_while_it_is_sent(engine: Engine) -> None:
    append(engine, *(registered(f"m{number}") for number in range(450)))
    desk = desk_on(engine, None)

    with desk.client.get("/v1/entries?format=ndjson&limit=1000", buffered=False) as answer:
        lines = iter(answer.iter_encoded())
        first = next(lines)
        append(engine, registered("later"))
        rest = b"".join(lines)

    assert (first + rest).count(b"\n") == 450


def test_what_cannot_be_represented_is_not_acceptable(desk: Desk) -> None:
    answer = desk.client.get("/v1/entries", headers={"Accept": "application/pdf"})

    assert (answer.status_code, answer.json["type"]) == (406, "/problems/not-acceptable")


def test_a_snapshot_of_fixed_clocks_never_changes_and_says_so(desk: Desk) -> None:
    desk.post([registered(), announced("a")])
    fixed = {"valid_at": "2024-06-01", "known_position": "1"}
    before = desk.get("/v1/missions/test-mission/snapshot", **fixed)

    desk.post(said("pledge.withdrawn", "2024-02-01", pledge="a"))
    after = desk.get("/v1/missions/test-mission/snapshot", **fixed)

    assert after.data == before.data
    assert before.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert before.headers["ETag"] == after.headers["ETag"]
    assert not before.headers["ETag"].startswith("W/")


def test_a_fixed_answer_keeps_its_bytes_when_the_projections_are_made_anew(desk: Desk, engine: Engine) -> None:
    desk.post(
        [registered(), announced("a", source={"title": "A", "url": "https://example.org"}), deployed(fulfils="a")]
    )
    fixed = {"valid_at": "2024-06-01", "known_position": "2"}
    before = desk.get("/v1/missions/test-mission/snapshot", **fixed)

    rebuild(engine)

    assert desk.get("/v1/missions/test-mission/snapshot", **fixed).data == before.data


def test_fixed_answers_are_private_where_not_everybody_may_read(engine: Engine) -> None:
    append(engine, registered())
    desk = desk_on(engine, "reader", anonymous_reading=False)

    answer = desk.get("/v1/missions/test-mission/snapshot", valid_at="2024-06-01", known_position="0")

    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"


def test_an_answer_that_may_change_is_revalidated(desk: Desk) -> None:
    desk.post([registered(), announced("a")])
    first = desk.get("/v1/missions/test-mission/pledges", known_position="1")

    again = desk.client.get(
        "/v1/missions/test-mission/pledges?known_position=1", headers={"If-None-Match": first.headers["ETag"]}
    )

    assert first.headers["Cache-Control"] == "no-cache"
    assert again.status_code == 304


def test_an_entry_tells_what_became_of_it(desk: Desk) -> None:
    desk.post([registered(), announced("a"), corrected(1, to_effective="2024-03")])

    entry = desk.get("/v1/entries/1").json["data"]

    assert entry["effective"] == "2024-01-01"
    assert entry["stands"]["effective"] == "2024-03"
    assert entry["stands"]["corrections"] == [2]
    assert entry["about_it"] == [{"position": 2, "type": "entry.corrected"}]
    assert json.loads(entry["stored"]["envelope"])["position"] == 1


def test_history_pages_through_a_mission(desk: Desk) -> None:
    desk.post(
        [
            registered(),
            announced("a", effective="2024-05-01"),
            announced("b", effective="2024-03"),
            deployed(effective="2024-03-01"),
        ]
    )

    seen, path = [], "/v1/missions/test-mission/history?limit=2"
    while path:
        page = desk.client.get(path).json
        seen += [item["position"] for item in page["data"]]
        path = page["links"]["next"]

    assert seen == [0, 2, 3, 1]


def test_a_diff_of_two_states_of_knowledge_names_the_correction(desk: Desk) -> None:
    desk.post([registered(), announced("a", count=100)])
    desk.post(corrected(1, to_data={"items": [people(120)]}))

    answer = desk.get(
        "/v1/missions/test-mission/diff",
        from_valid_at="2024-06-01",
        to_valid_at="2024-06-01",
        from_known_position=1,
        to_known_position=2,
    )

    items = next(operation for operation in answer.json["data"] if operation["path"] == "/pledges/a/items")
    assert (items["op"], items["from"][0]["minimum"], items["to"][0]["minimum"], items["caused_by"]) == (
        "change",
        100,
        120,
        [2],
    )


def test_recording_is_seen_by_the_next_reader(engine: Engine) -> None:
    append(engine, registered(), announced("a"))
    desk = desk_on(engine)

    desk.post(said("pledge.withdrawn", "2024-02-01", pledge="a"))

    assert desk.get("/v1/missions/test-mission/pledges/a").json["data"]["status"] == "withdrawn"


def test_pages_of_rows_tell_the_next_one_in_their_header(desk: Desk) -> None:
    desk.post([registered(), *(announced(f"p{number}") for number in range(3))])

    for path in ("/v1/entries", "/v1/missions/test-mission/history"):
        answer = desk.get(path, format="csv", limit=2)
        assert 'rel="next"' in answer.headers["Link"]


def test_a_mission_whose_registration_is_retracted_is_no_longer_there(desk: Desk) -> None:
    desk.post(registered())
    desk.post(said("entry.retracted", mission=None, target=0, reason="recorded by mistake"))

    assert desk.get("/v1/missions").json["data"] == []
    assert desk.get("/v1/missions", known_position=0).json["data"] != []
    assert desk.get("/v1/missions/test-mission/snapshot").status_code == 404
    assert desk.get("/v1/missions/test-mission/pledges/%00/history", known_position=0).status_code == 404


def test_a_diff_names_the_retraction_that_took_a_figure_away(desk: Desk) -> None:
    desk.post([registered(), deployed(count=10), deployed(count=5)])
    desk.post(said("entry.retracted", mission=None, target=2, reason="recorded by mistake"))

    day = "2024-12-31"
    answer = desk.get("/v1/missions/test-mission/diff", from_valid_at=day, to_valid_at=day, from_known_position=2)

    moved = next(o for o in answer.json["data"] if o["path"] == "/deployments/JAM/personnel/troops/moved/minimum")
    assert (moved["from"], moved["to"], moved["caused_by"]) == (15, 10, [2, 3])


def test_a_party_is_found_in_whatever_part_and_in_what_a_correction_says(desk: Desk) -> None:
    letter = said("communication.sent", form="letter", sent_by=["HTI"], sent_to=["KEN"], text="A request.")
    desk.post([registered(), letter, deployed("BLZ"), announced("a", "JAM", announcer="KEN")])
    desk.post(corrected(2, to_data={"party": "KEN"}, to_source={"symbol": "S/2024/999"}))

    found = [entry["position"] for entry in desk.get("/v1/entries", party="KEN").json["data"]]
    by_symbol = [entry["position"] for entry in desk.get("/v1/entries", symbol="S/2024/999").json["data"]]

    assert (found, by_symbol) == ([1, 2, 3, 4], [4])


def test_the_history_of_a_pledge_tells_that_another_took_its_place(desk: Desk) -> None:
    successor = announced("b", count=50, effective="2024-05-01", converts=["a"])
    desk.post([registered(), announced("a"), announced("c"), successor])

    def told(**question: Any) -> list[tuple[int, dict[str, Any]]]:
        changes = desk.get("/v1/missions/test-mission/pledges/a/history", **question).json["data"]
        return [(c["position"], {f["field"]: (f["from"], f["to"]) for f in c["fields"]}) for c in changes]

    assert told(valid_at="2024-12-31")[1] == (
        3, {"status": ("announced", "converted"), "converted_by": ([], ["b"])},
    )  # fmt: skip
    assert [position for position, _ in told(valid_at="2024-04-30")] == [1]
    desk.post(said("claim.ranked", "2024-06-01", mission=None, target=3, rank="deprecated", reason="a mistake"))
    assert told(valid_at="2024-12-31")[2] == (
        4, {"status": ("converted", "announced"), "converted_by": (["b"], [])},
    )  # fmt: skip
    desk.post(said("entry.retracted", mission=None, target=3, reason="recorded by mistake"))
    assert [position for position, _ in told(valid_at="2024-12-31")] == [1]
