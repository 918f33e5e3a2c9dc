"""The command line records, imports and exports: all or nothing, once, with every fault told by row and column."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from api.cli import main
from api.templates import csv_template
from ledger.entries import Entry
from ledger.store import read_entries, reading
from tests.builders import announced, append, corrected, registered, retracted, said

Cli = Callable[..., Result]
SAID = ("type", "mission", "effective", "data", "source", "note", "ref")


def run(url: str | None, *arguments: str, **more: Any) -> Result:
    return CliRunner().invoke(main, list(arguments), env={"DATABASE_URL": url}, **more)


@pytest.fixture
def cli(database_url: str) -> Cli:
    """The command line on a fresh ledger, on either database."""
    return lambda *arguments, **more: run(database_url, *arguments, **more)


def entries_of(engine: Engine) -> list[Entry]:
    with reading(engine) as connection:
        return read_entries(connection)


def contents(engine: Engine, shift: int = 0) -> list[dict[str, Any]]:
    """What the entries say from position `shift` on, their targets counted from there."""
    found = [{name: getattr(entry, name) for name in SAID} for entry in entries_of(engine)[shift:]]
    return [{**one, "data": _shifted(one["data"], shift)} for one in found]


def _shifted(data: dict[str, Any], shift: int) -> dict[str, Any]:
    inner = {"data": _shifted(data["data"], shift)} if isinstance(data.get("data"), dict) else {}
    return data | inner | {n: data[n] - shift for n in ("target", "rival") if isinstance(data.get(n), int)}


def lines(*events: dict[str, Any]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def borne_out(target: int) -> dict[str, Any]:
    return said("claim.corroborated", mission=None, target=target)


def written(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


# --- recording -----------------------------------------------------------------------------------------------------


def test_an_event_is_recorded_from_standard_input_under_the_users_name(cli: Cli, engine: Engine) -> None:
    result = cli("record", "-", input=json.dumps(registered()))

    (entry,) = entries_of(engine)
    assert (result.exit_code, result.stdout) == (
        0, "0  mission.registered  2023-01-01  test-mission/mission  version 1\n",
    )  # fmt: skip
    assert entry.actor.startswith("cli:")


def test_a_list_is_recorded_as_one_and_once_under_its_key(cli: Cli, engine: Engine, tmp_path: Path) -> None:
    file = written(tmp_path / "events.json", json.dumps([registered(), announced()]))

    first, again = (json.loads(cli("record", file, "--key", "k", "--actor", "desk", "--json").stdout) for _ in range(2))

    assert [(e["position"], e["actor"], e["replayed"]) for e in first["entries"]] == [
        (0, "desk", False),
        (1, "desk", False),
    ]
    assert [(e["position"], e["id"]) for e in again["entries"]] == [(e["position"], e["id"]) for e in first["entries"]]
    assert all(e["replayed"] for e in again["entries"])
    assert len(entries_of(engine)) == 2


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("{", "The input is not JSON"),
        ("[]", "The list holds no event."),
        (json.dumps(announced()), "Error: /mission: mission 'test-mission' is not registered"),
        (json.dumps([announced()]), "Error: /0/mission: mission 'test-mission' is not registered"),
        (
            json.dumps([registered(), {**announced(), "effective": "2024-13"}]),
            "/1/effective: 2024-13 is not in the calendar",
        ),
    ],
)
def test_what_cannot_be_recorded_is_refused_in_sentences(cli: Cli, engine: Engine, body: str, told: str) -> None:
    result = cli("record", "-", input=body)

    assert result.exit_code == 1
    assert told in result.stderr
    assert entries_of(engine) == []


def test_the_shipped_record_is_loaded_once(cli: Cli, engine: Engine) -> None:
    first = cli("load", "haiti-mss")
    count = len(entries_of(engine))

    again = cli("load", "haiti-mss")

    assert first.stdout == f"{count} events recorded, at positions 0–{count - 1}.\n"
    assert (again.exit_code, len(entries_of(engine))) == (0, count)
    assert "is in the ledger already" in again.stdout


def test_a_ledger_with_another_mission_of_that_name_is_left_alone(cli: Cli, engine: Engine) -> None:
    append(engine, registered("haiti-mss"))

    result = cli("load", "haiti-mss")

    assert result.exit_code == 1
    assert "holds a mission haiti-mss already" in result.stderr
    assert len(entries_of(engine)) == 1


# --- importing and exporting ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
@pytest.mark.parametrize("before", [0, 3])
def test_the_shipped_record_survives_export_and_import(
    tmp_path: Path, suffix: str, before: int, engine: Engine, cli: Cli
) -> None:
    other, file = f"sqlite:///{tmp_path / 'other.db'}", str(tmp_path / f"export.{suffix}")
    assert run(other, "migrate").exit_code == 0
    assert run(other, "load", "haiti-mss").exit_code == 0
    assert run(other, "export", "--output", file).exit_code == 0

    append(engine, *(registered(f"m{number}") for number in range(before))) if before else None
    result = cli("import", file)
    again = run(other, "export", "--output", str(tmp_path / "again.jsonl"))

    exported = [json.loads(line) for line in (tmp_path / "again.jsonl").read_text().splitlines()]
    assert (result.exit_code, again.exit_code, result.stderr) == (0, 0, "")
    assert contents(engine, before) == [{name: one[name] for name in SAID} for one in exported]


def test_targets_of_an_exported_part_come_to_mean_the_new_positions(cli: Cli, engine: Engine, tmp_path: Path) -> None:
    append(engine, registered("other"), said("party.registered", mission=None, party="ABC", name="A", kind="group"))
    dispute = said("claim.disputed", mission=None, target=6, rival=5, reason="two figures")
    nested = corrected(7, to_data={"rival": 4})
    exported = [registered("new"), *(announced(name, mission="new") for name in "abc"), dispute, nested, retracted(8)]
    numbered = [{**event, "position": 3 + n} for n, event in enumerate(exported)]

    result = cli("import", written(tmp_path / "part.jsonl", lines(*numbered)))

    data = [entry.data for entry in entries_of(engine)]
    assert result.exit_code == 0, result.stderr
    assert (data[6]["target"], data[6]["rival"]) == (5, 4)
    assert (data[7]["target"], data[7]["data"]) == (6, {"rival": 3})
    assert data[8]["target"] == 7


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (1, "row 2, /data/target: position 1 is not in this file"),
        (12, "row 2, /data/target: position 12 comes only later in this file"),
    ],
)
def test_a_target_that_the_file_does_not_hold_above_is_a_fault(
    cli: Cli, engine: Engine, tmp_path: Path, target: int, told: str
) -> None:
    append(engine, registered("m1"), announced("x", mission="m1"))
    events = [registered(), borne_out(target), announced()]

    result = cli(
        "import", written(tmp_path / "e.jsonl", lines(*({**e, "position": 10 + n} for n, e in enumerate(events))))
    )

    assert result.exit_code == 1
    assert told in result.stderr
    assert len(entries_of(engine)) == 2


def test_targets_of_events_as_they_are_posted_mean_the_ledgers_positions(
    cli: Cli, engine: Engine, tmp_path: Path
) -> None:
    append(engine, registered("m1"), announced("x", mission="m1"))

    result = cli("import", written(tmp_path / "e.ndjson", lines(registered(), borne_out(1))))

    assert (result.exit_code, entries_of(engine)[3].target) == (0, 1)


def test_a_sheet_from_a_spreadsheet_program_is_told_what_to_write_instead(cli: Cli, tmp_path: Path) -> None:
    cli("record", "-", input=json.dumps(registered()))
    header = "\ufeffType;Mission;Effective;Pledge;Party;Items.1.Kind;Items.1.Category;Items.1.Minimum"
    row = "pledge.announced;test-mission;2024-03-05 00:00:00;a;Jamaica;personnel;troops;170"
    good = row.replace(" 00:00:00", "").replace("Jamaica", "JAM")

    wrong, right = (cli("import", written(tmp_path / "e.csv", f"{header}\n{line}\n")) for line in (row, good))

    assert (wrong.exit_code, right.exit_code) == (1, 0)
    assert "row 2, effective: is longer than 10 characters" in wrong.stderr
    assert "; write 2024-03-05, without a time" in wrong.stderr
    assert "; write JAM for Jamaica" in wrong.stderr


TWICE = (
    '{"type": "mission.registered", "mission": "m", "effective": "2024", "effective": "2025", "data": {"name": "M"}}'
)


def test_a_name_that_stands_twice_in_an_object_is_refused_from_a_file_too(cli: Cli, tmp_path: Path) -> None:
    told = "the name 'effective' stands twice in one object"

    alone, lined = cli("record", "-", input=TWICE), cli("import", written(tmp_path / "e.jsonl", "\n" + TWICE))

    assert (alone.exit_code, lined.exit_code) == (1, 1)
    assert told in alone.stderr
    assert "row 2: is not JSON that can be read: " + told in lined.stderr


def test_the_same_content_is_imported_once_whoever_imports_it(cli: Cli, engine: Engine, tmp_path: Path) -> None:
    events = [{**event, "position": 7 + n} for n, event in enumerate([registered(), announced(), borne_out(8)])]
    first, copy = (written(tmp_path / name, lines(*events)) for name in ("a.jsonl", "b.jsonl"))

    results = [cli("import", first, "--actor", "one"), cli("import", copy, "--actor", "two")]

    assert [result.exit_code for result in results] == [0, 0]
    assert "is in the ledger already, at positions 0–2; nothing was recorded." in results[1].stdout
    assert len(entries_of(engine)) == 3


def test_every_faulty_row_is_told_and_nothing_is_recorded(cli: Cli, engine: Engine, tmp_path: Path) -> None:
    append(engine, registered(), announced("taken", ref="letter"))
    events = [announced("a"), {**announced("b"), "effective": "soon"}, announced("c", ref="letter"),
              said("pledge.withdrawn", pledge="b"), said("pledge.withdrawn", pledge="nowhere")]  # fmt: skip
    file = written(tmp_path / "e.jsonl", lines(*events[:2]) + "{\n\n" + lines(*events[2:]))

    result = cli("import", file)

    told = [line.removeprefix("Error: ").split(": ")[0] for line in result.stderr.splitlines()]
    assert result.exit_code == 1
    assert told == [
        "row 2, /effective",
        "row 3",
        "row 5, /ref",
        "row 7, /data/pledge",
        "4 faulty rows; nothing was recorded.",
    ]
    assert len(entries_of(engine)) == 2


def test_a_refused_row_is_told_even_where_it_is_the_only_good_one(cli: Cli, engine: Engine, tmp_path: Path) -> None:
    append(engine, registered())
    events = [said("pledge.withdrawn", pledge="nowhere"), {**announced(), "effective": "soon"}]

    alone, beside = (cli("import", written(tmp_path / f"{n}.jsonl", lines(*events[:n]))) for n in (1, 2))

    assert "row 1, /data/pledge: the pledge is not in the ledger" in alone.stderr
    assert "row 1, /data/pledge: the pledge is not in the ledger" in beside.stderr
    assert "row 2, /effective" in beside.stderr


def test_a_filled_template_is_imported_and_its_faults_name_row_and_column(
    cli: Cli, engine: Engine, tmp_path: Path
) -> None:
    append(engine, registered("haiti-mss"))
    header, row = csv_template("pledge.notified").decode("utf-8-sig").splitlines()
    good, bad = row.replace("# ", "", 1), row.replace("# ", "", 1).replace("troops", "trops").replace("jam-", "jm-")

    faulty = cli("import", written(tmp_path / "bad.csv", "\n".join([header, row, good, bad])))
    fine = cli("import", written(tmp_path / "good.csv", "\n".join([header, row, good])))

    assert faulty.exit_code == 1
    assert "row 4, items.1.category: 'trops' is not one of: troops" in faulty.stderr
    assert (fine.exit_code, fine.stdout) == (0, "1 event recorded, at position 1.\n")


def test_an_untouched_template_is_told_apart_from_a_filled_one(cli: Cli, tmp_path: Path) -> None:
    file = str(tmp_path / "t.xlsx")

    assert cli("template", "pledge.notified", "--output", file).exit_code == 0
    result = cli("import", file)

    assert result.exit_code == 1
    assert "holds no events; rows whose type begins with # are not read" in result.stderr


def test_a_dry_run_decides_and_records_nothing(cli: Cli, engine: Engine, tmp_path: Path) -> None:
    good, bad = (
        written(tmp_path / f"{n}.jsonl", lines(*events)) for n, events in enumerate([[registered()], [announced()]])
    )

    results = [cli("import", file, "--dry-run") for file in (good, bad)]

    assert [result.exit_code for result in results] == [0, 1]
    assert results[0].stdout == "1 event would be recorded, at position 0.\n"
    assert entries_of(engine) == []


def test_a_file_of_another_kind_is_a_wrong_use(cli: Cli, tmp_path: Path) -> None:
    result = cli("import", written(tmp_path / "events.txt", ""))

    assert result.exit_code == 2
    assert "ends in none of .jsonl, .ndjson, .csv, .xlsx" in result.stderr


def test_csv_holds_no_formulas_and_one_mission_alone(cli: Cli, engine: Engine) -> None:
    append(engine, registered(), registered("other"), announced("a", source={"title": "=HYPERLINK(1)"}))

    result = cli("export", "--format", "csv", "--mission", "test-mission")

    header, *rows = result.stdout.splitlines()
    assert header.startswith("position,recorded_at,actor,stream,version,id,leaf_hash,type,mission,effective,")
    assert [row.split(",")[0] for row in rows] == ["0", "2"]
    assert "'=HYPERLINK(1)" in rows[1]
    assert cli("export", "--mission", "tset").exit_code == 1
