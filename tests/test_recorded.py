"""The ledger as it was recorded: the newest entries first, each with what it says now; and the path of each to the signed root."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from api.web.inclusion import inclusion
from ledger import signing
from ledger.store import read_entries, reading
from projections.history import as_recorded
from projections.projection import Row
from projections.queries import EntryFilter, newest_entries
from tests.builders import announced, append, corrected, deployed, registered, retracted, said


def recorded(engine: Engine, *positions: int) -> list[Row]:
    with reading(engine) as connection:
        found = [entry for entry in read_entries(connection) if entry.position in positions]
        return as_recorded(connection, found)


def newest(engine: Engine, limit: int, before: int | None = None, **wanted: str) -> list[int]:
    with reading(engine) as connection:
        found = newest_entries(connection, EntryFilter(**wanted), limit, before)
        return [entry.position for entry in found]


def test_the_newest_entries_come_first_by_page(engine: Engine) -> None:
    append(engine, registered(), *(deployed(count=number) for number in range(1, 6)))

    assert newest(engine, 3) == [5, 4, 3]
    assert newest(engine, 3, before=3) == [2, 1, 0]
    assert newest(engine, 3, before=0) == []


def test_the_newest_that_the_filter_lets_through(engine: Engine) -> None:
    append(engine, registered(), announced("a", "JAM"), deployed("KEN"), announced("b", "KEN"))

    assert newest(engine, 5, type="pledge.announced") == [3, 1]
    assert newest(engine, 5, party="KEN") == [3, 2]
    assert newest(engine, 1, party="KEN", before=3) == [2]


def test_a_corrected_entry_tells_what_it_said_and_says(engine: Engine) -> None:
    append(engine, registered(), deployed(effective="2024-02-01"), corrected(1, to_effective="2024-02-02"))

    (entry, correction) = recorded(engine, 1, 2)

    assert (entry["said"]["effective"], entry["effective"]) == ("2024-02-01", "2024-02-02")
    assert correction["fields"] == [{"field": "effective", "from": "2024-02-01", "to": "2024-02-02"}]
    assert (entry["mission"], correction["mission"]) == ("test-mission", "test-mission")


def test_a_retracted_correction_is_told_to_be_retracted(engine: Engine) -> None:
    append(engine, registered(), deployed(), corrected(1, to_effective="2024-03-02"), retracted(2))

    (entry, correction, retraction) = recorded(engine, 1, 2, 3)

    assert entry["effective"] == "2024-02-01"
    assert (correction["retracted"], retraction["retracted"]) == (True, False)


def test_a_removed_payload_tells_who_removed_it(engine: Engine) -> None:
    removal = said("payload.redacted", mission=None, target=1, legal_basis="Article 17", reason="Somebody asked.")
    append(engine, registered(), deployed(), removal)

    (entry,) = recorded(engine, 1)

    assert entry["data"] is None
    assert (entry["redaction"]["position"], entry["redaction"]["legal_basis"]) == (2, "Article 17")


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8, 9])
def test_the_path_of_every_entry_leads_to_the_signed_root(engine: Engine, tmp_path: Path, size: int) -> None:
    append(engine, registered(), *(deployed(count=number) for number in range(1, size)))
    checkpoint = signing.sign(engine, signing.write_log_key(tmp_path / "log.key", (signing.new_key("log.example"),)))

    with reading(engine) as connection:
        paths = [(entry, inclusion(connection, entry)) for entry in read_entries(connection)]

    assert len(paths) == size
    for entry, path in paths:
        assert path is not None
        assert path.broken is None
        assert (path.steps[-1].made if path.steps else entry.leaf_hash) == checkpoint.root.hex()


def test_before_anything_is_signed_there_is_no_path(engine: Engine, tmp_path: Path) -> None:
    append(engine, registered())

    with reading(engine) as connection:
        assert inclusion(connection, read_entries(connection)[0]) is None


def test_an_entry_after_the_checkpoint_is_not_covered(engine: Engine, tmp_path: Path) -> None:
    append(engine, registered())
    signing.sign(engine, signing.write_log_key(tmp_path / "log.key", (signing.new_key("log.example"),)))
    append(engine, deployed())

    with reading(engine) as connection:
        path = inclusion(connection, read_entries(connection)[1])

    assert path is not None
    assert not path.covers
