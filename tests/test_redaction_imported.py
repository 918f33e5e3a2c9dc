"""What was removed keeps its place in another ledger: everything that is readable is imported, and nothing else is made up."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from api.cli import main
from ledger.entries import Entry
from ledger.store import open_engine
from migrations import migrate
from tests.builders import announced, append, corrected, people, registered, retracted, said
from tests.test_redaction import CODE, SECRET, SYMBOL, assert_in_order, entries_of, redacted, secret, traces


def run(url: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), env={"DATABASE_URL": url})


def told(engine: Engine) -> list[Entry]:
    """A ledger of which much was removed: openings, a correction, a retraction, a claim, and what later entries build on."""
    append(engine, {**registered(), "note": SECRET}, secret(ref="letter"), announced("b"))
    append(engine, corrected(1, to_data={"party": "KEN"}), said("pledge.suspended", "2024-04", pledge="a"))
    append(engine, said("pledge.conditioned", "2024-02", pledge="b", condition="money-first", text=SECRET))
    append(engine, said("pledge.condition-met", "2024-03", pledge="b", condition="money-first"), retracted(4))
    append(engine, corrected(2, to_source={"title": SECRET}), corrected(8, to_data={"data": {"party": "BLZ"}}))
    append(engine, said("claim.disputed", mission=None, target=1, reason=SECRET), said("party.registered", mission=None, party="GRP", name=SECRET, kind="group"))  # fmt: skip
    for target in (0, "letter", 7, 8, 10, 11, 5):
        append(engine, redacted(target))
    append(engine, registered(), announced("a"), said("pledge.revised", "2024-07", pledge="a", items=[people(5)]))
    return entries_of(engine)


def readable(entries: list[Entry]) -> list[Any]:
    """What entries say and where they stand, without what every ledger gives anew."""
    return [
        (
            e.position,
            e.type,
            e.stream,
            e.version,
            e.mission,
            e.effective,
            e.ref,
            e.target,
            e.root,
            e.data,
            e.source,
            e.note,
        )
        for e in entries
    ]


@pytest.fixture
def other(tmp_path: Path) -> Any:
    engine = open_engine(f"sqlite:///{tmp_path / 'other.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_a_ledger_with_removed_payloads_survives_export_and_import(
    database_url: str, engine: Engine, other: Engine, tmp_path: Path, suffix: str
) -> None:
    before, file = told(engine), str(tmp_path / f"export.{suffix}")

    assert run(database_url, "export", "--output", file).exit_code == 0
    taken = run(str(other.url), "import", file)

    assert taken.exit_code == 0, taken.output
    assert readable(entries_of(other)) == readable(before)
    assert [entry.payload is None for entry in entries_of(other)] == [entry.payload is None for entry in before]
    assert traces(other, SECRET, CODE, SYMBOL) == []
    assert_in_order(other)


def test_positions_that_later_lines_name_become_the_new_ones(
    database_url: str, engine: Engine, other: Engine, tmp_path: Path
) -> None:
    told(engine)
    append(other, registered("elsewhere"), announced("z", mission="elsewhere"))
    file = str(tmp_path / "export.jsonl")

    run(database_url, "export", "--output", file)
    taken = run(str(other.url), "import", file)

    assert taken.exit_code == 0, taken.output
    shifted = entries_of(other)[2:]
    assert [entry.target for entry in shifted] == [
        None if entry.target is None else entry.target + 2 for entry in entries_of(engine)
    ]
    assert_in_order(other)


def test_a_removed_entry_without_the_redaction_is_a_fault(other: Engine, tmp_path: Path) -> None:
    lines = exported(tmp_path / "export.jsonl", other)

    result = imported(other, tmp_path, [line for line in lines if line["type"] != "payload.redacted"])

    assert result.exit_code == 1
    assert "the entry that says so is not in this file" in result.output
    assert len(entries_of(other)) == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stream": "new/pledge/a/b"}, "is no stream of pledge.announced; it is written as new/pledge/{pledge}"),
        ({"stream": "other/pledge/a"}, "is no stream of pledge.announced"),
        ({"stream": None}, "is no stream of pledge.announced"),
        ({"effective": "soon"}, "effective"),
        ({"mission": None}, "mission"),
        ({"ref": "a b"}, "ref"),
        ({"type": "pledge.made"}, "type"),
    ],
)
def test_a_removed_entry_whose_envelope_is_wrong_is_a_fault(
    other: Engine, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    lines = exported(tmp_path / "export.jsonl", other)
    lines[1] |= change

    result = imported(other, tmp_path, lines)

    assert result.exit_code == 1, result.output
    assert words in " ".join(result.output.split())
    assert len(entries_of(other)) == 3


def test_the_same_file_is_not_taken_twice_and_the_answer_says_why(other: Engine, tmp_path: Path) -> None:
    lines = exported(tmp_path / "export.jsonl", other)

    first, second = imported(other, tmp_path, lines), imported(other, tmp_path, lines)

    assert first.exit_code == 0, first.output
    assert second.exit_code == 1
    assert "something of the request that used this idempotency key was removed" in " ".join(second.output.split())
    assert len(entries_of(other)) == 6


def exported(path: Path, engine: Engine) -> list[dict[str, Any]]:
    """The lines of an export of a mission `new` whose pledge was removed."""
    append(engine, registered("test-mission"), secret(), redacted(1))
    run(str(engine.url), "export", "--output", str(path))
    return [json.loads(line.replace("test-mission", "new")) for line in path.read_text().splitlines()]


def imported(engine: Engine, folder: Path, lines: list[dict[str, Any]]) -> Result:
    file = folder / "changed.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    return run(str(engine.url), "import", str(file))
