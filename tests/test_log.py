"""The log over stored entries: the tree is the RFC's, and nothing is signed over what is not what was recorded."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, select, text
from sqlalchemy.exc import DBAPIError

from ledger import log, merkle, signing, tables
from ledger.checkpoints import Checkpoint, parse_checkpoint
from ledger.entries import envelope_of
from ledger.log import StoredTree, Unsound
from ledger.notes import SigningKey
from ledger.signing import LogKey
from ledger.store import read_entries, reading, writing
from ledger.tiles import WIDTH, width_at
from tests.builders import append, deployed, registered
from tests.independent.verify import tree_hash

pytestmark = pytest.mark.spoils  # entries are made without an index here, and changed behind the ledger's back

ORIGIN = "ledger.example.org/log"
SEED = bytes(range(7, 39))


@pytest.fixture
def key(tmp_path: Path) -> LogKey:
    return signing.write_log_key(tmp_path / "keys" / "log.key", (SigningKey(ORIGIN, SEED),))


def fill(engine: Engine, size: int) -> None:
    """Rows up to `size`, as they would be recorded, without deciding and projecting them."""
    with writing(engine) as connection:
        first = connection.execute(select(tables.head.c.size)).scalar_one()
        (model,) = read_entries(connection, tables.entries.c.position == 0)
        row = connection.execute(select(tables.entries).where(tables.entries.c.position == 0)).mappings().one()
        rows = []
        for position in range(first, size):
            changed = {"position": position, "version": position + 1, "id": f"{position}", "root": position}
            rows.append({**row, **changed, "envelope": envelope_of(model._replace(**changed))})
        if not rows:
            return
        connection.execute(insert(tables.entries), rows)
        connection.execute(tables.head.update().values(size=size))


def grown(engine: Engine, size: int) -> None:
    """The ledger with so many entries."""
    with reading(engine) as connection:
        is_empty = connection.execute(select(tables.head.c.size)).scalar_one() == 0
    if is_empty:
        append(engine, registered())
    fill(engine, size)


def leaves(connection: Connection) -> list[bytes]:
    envelopes = connection.execute(select(tables.entries.c.envelope).order_by(tables.entries.c.position)).scalars()
    return [hashlib.sha256(b"\0" + envelope).digest() for envelope in envelopes]


@contextmanager
def unguarded(engine: Engine) -> Iterator[Connection]:
    """What an administrator can do: a connection without the guards."""
    with writing(engine) as connection:
        if engine.dialect.name == "sqlite":
            names = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
            for name, _ in names:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            yield connection
            for _, sql in names:
                connection.exec_driver_sql(sql)
        else:
            connection.exec_driver_sql("SET session_replication_role = 'replica'")
            yield connection
            connection.exec_driver_sql("SET session_replication_role = 'origin'")


# --- the tree -------------------------------------------------------------------------------------------------------


def assert_is_the_naive_tree(engine: Engine, sizes: Sequence[int]) -> None:
    with reading(engine) as connection:
        tree, naive = StoredTree(connection), leaves(connection)
        assert tree.size == len(naive)
        for size in sizes:
            assert tree.root(size) == tree_hash(naive[:size])
        for level in range(3):
            span, index = WIDTH**level, 0
            while width := width_at(level, index, tree.size):
                hashes = [
                    tree_hash(naive[i * span : (i + 1) * span]) for i in range(index * WIDTH, index * WIDTH + width)
                ]
                assert tree.tile(level, index).hashes == b"".join(hashes)
                index += 1
        kept = connection.execute(select(tables.tiles.c.level)).all()
        assert len(kept) == sum(-(-(tree.size >> 8 * level) // WIDTH) for level in range(3))


def test_a_tree_that_grows_by_single_entries_is_that_of_the_rfc(engine: Engine) -> None:
    for size in [*range(1, 5), *range(254, 260), *range(511, 514)]:
        grown(engine, size)
        with writing(engine) as connection:
            assert log.integrate(connection) == size
            assert StoredTree(connection).root(size) == tree_hash(leaves(connection))

    assert_is_the_naive_tree(engine, range(514))


@pytest.mark.parametrize("chunk", [1, 255, 256, 257, 2048])
def test_a_tree_that_grows_in_chunks_is_that_of_the_rfc(
    engine: Engine, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "CHUNK", chunk)
    sizes = (513,) if chunk == 1 else (1, 256, 700, 2_900)

    for size in sizes:
        grown(engine, size)
        with writing(engine) as connection:
            log.integrate(connection)

    assert_is_the_naive_tree(engine, [*sizes, 255, 257, 511, 512, 513])


def test_proofs_from_storage_verify(engine: Engine) -> None:
    grown(engine, 700)
    with writing(engine) as connection:
        log.integrate(connection)
        tree, naive = StoredTree(connection), leaves(connection)

        for size in (1, 2, 255, 256, 257, 512, 513, 699, 700):
            for index in {0, size // 2, size - 1}:
                merkle.check_inclusion(index, size, naive[index], tree.inclusion(index, size), tree_hash(naive[:size]))
            for old in {1, size // 3 + 1, size}:
                proof = tree.consistency(old, size)
                merkle.check_consistency(old, size, tree_hash(naive[:old]), tree_hash(naive[:size]), proof)


def test_the_empty_log_is_signed_as_one(engine: Engine, key: LogKey) -> None:
    assert signing.sign(engine, key) == Checkpoint(ORIGIN, 0, hashlib.sha256(b"").digest())

    append(engine, registered())

    assert signing.sign(engine, key).size == 1


def test_nothing_new_is_signed_once(engine: Engine, key: LogKey) -> None:
    grown(engine, 3)

    made = [signing.sign(engine, key) for _ in range(3)]

    assert made == [made[0]] * 3
    assert [row.size for row in checkpoints(engine)] == [3]


def checkpoints(engine: Engine) -> list[Any]:
    with reading(engine) as connection:
        return list(connection.execute(select(tables.checkpoints).order_by(tables.checkpoints.c.signed_at)))


# --- what is not signed ---------------------------------------------------------------------------------------------

CHANGES = [
    'payload = CAST(\'{"data":{},"note":null,"source":null}\' AS {bytes})',
    "payload = salt",
    "payload = CAST('[]' AS {bytes})",
    "payload = CAST('{}' AS {bytes})",
    "salt = envelope",
    "payload = NULL, salt = NULL",
    "payload = NULL",
    "salt = NULL",
    "envelope = payload",
    *(
        f"{name} = 'changed'"
        for name in ("id", "stream", "mission", "type", "effective", "recorded_at", "actor", "ref", "request")
    ),
    "version = 99",
    "target = 0",
    "mission = NULL",
]


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_is_signed_over_a_changed_entry(engine: Engine, key: LogKey, change: str) -> None:
    grown(engine, 3)
    before = signing.sign(engine, key)
    grown(engine, 6)
    with unguarded(engine) as connection:
        change = change.replace("{bytes}", "BLOB" if engine.dialect.name == "sqlite" else "bytea")
        connection.exec_driver_sql(f"UPDATE entries SET {change} WHERE position = 4".replace("%", "%%"))

    with pytest.raises(Unsound, match=r"entry 4 is not|an entry from 3"):
        signing.sign(engine, key)

    assert [row.size for row in checkpoints(engine)] == [3]
    assert parsed(key) == before
    assert_size_of_tree(engine, 3)


@pytest.mark.parametrize("change", [None, "actor = 'changed'", "envelope = salt"])
def test_a_payload_that_is_gone_is_signed_over_where_an_entry_says_so_and_the_rest_is_as_it_was(
    engine: Engine, key: LogKey, change: str | None
) -> None:
    grown(engine, 5)
    with unguarded(engine) as connection:
        if change:
            connection.exec_driver_sql(f"UPDATE entries SET {change} WHERE position = 2")
        connection.exec_driver_sql("UPDATE entries SET payload = NULL, salt = NULL WHERE position = 2")
        (model,) = read_entries(connection, tables.entries.c.position == 4)
        told = {"type": "payload.redacted", "target": 2}
        envelope = envelope_of(model._replace(**told))
        connection.execute(
            tables.entries.update().where(tables.entries.c.position == 4).values(**told, envelope=envelope)
        )

    if change is None:
        assert signing.sign(engine, key).root == root_of(engine)
        return
    with pytest.raises(Unsound, match="entry 2 is not what its envelope says"):
        signing.sign(engine, key)


def test_nothing_is_signed_over_a_payload_that_nobody_can_have_recorded(engine: Engine, key: LogKey) -> None:
    grown(engine, 6)
    with reading(engine) as connection:
        (entry,) = read_entries(connection, tables.entries.c.position == 4)
    forged = entry._replace(payload=b"no JSON")
    with unguarded(engine) as connection:
        told = {"payload": forged.payload, "envelope": envelope_of(forged)}
        connection.execute(tables.entries.update().where(tables.entries.c.position == 4).values(**told))

    with pytest.raises(Unsound, match="entry 4 is not what its envelope says"):
        signing.sign(engine, key)


def parsed(key: LogKey) -> Checkpoint:
    note = signing.remembered(key)
    assert note is not None
    return parse_checkpoint(note.text)


def assert_size_of_tree(engine: Engine, size: int) -> None:
    with reading(engine) as connection:
        assert StoredTree(connection).size == size


def test_nothing_is_signed_over_a_gap(engine: Engine, key: LogKey) -> None:
    grown(engine, 6)
    with unguarded(engine) as connection:
        connection.exec_driver_sql("DELETE FROM entries WHERE position = 4")

    with pytest.raises(Unsound, match="entry 4 is missing"):
        signing.sign(engine, key)

    assert checkpoints(engine) == []
    assert not key.memory.exists()


def unsign(connection: Connection, size: int) -> None:
    """What was signed beyond `size` is forgotten in the database."""
    for table in ("checkpoints", "entries", "tiles", "log"):
        statement = {
            "checkpoints": f"DELETE FROM checkpoints WHERE size > {size}",
            "entries": f"DELETE FROM entries WHERE position >= {size}",
            "tiles": "DELETE FROM tiles",
            "log": "UPDATE log SET size = 0",
        }[table]
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"UPDATE head SET size = {size}")


@pytest.mark.parametrize("regrown", [3, 4, 5, 6, 9])
def test_no_tree_is_signed_that_does_not_extend_what_the_file_remembers(
    engine: Engine, key: LogKey, regrown: int
) -> None:
    grown(engine, 3)
    signing.sign(engine, key)
    append(engine, *(deployed(count=number) for number in range(3)))
    last = signing.sign(engine, key)
    with unguarded(engine) as connection:
        unsign(connection, 3)
    fill(engine, regrown)

    with pytest.raises(Unsound, match="does not extend the checkpoint of 6"):
        signing.sign(engine, key)

    assert parsed(key) == last
    assert [row.size for row in checkpoints(engine)] == [3]


def test_no_tree_is_signed_that_does_not_extend_what_the_database_remembers(engine: Engine, key: LogKey) -> None:
    grown(engine, 3)
    signing.sign(engine, key)
    key.memory.unlink()
    with unguarded(engine) as connection:
        connection.exec_driver_sql("DELETE FROM tiles")
        connection.exec_driver_sql("UPDATE log SET size = 0")
        connection.exec_driver_sql("DELETE FROM entries WHERE position > 0")
        connection.exec_driver_sql("UPDATE head SET size = 1")
    append(engine, *(deployed(count=number) for number in range(5)))

    with pytest.raises(Unsound, match="does not extend the checkpoint of 3"):
        signing.sign(engine, key)

    assert not key.memory.exists()


def test_a_fork_between_file_and_database_is_signed_by_neither(engine: Engine, key: LogKey) -> None:
    grown(engine, 3)
    signing.sign(engine, key)
    forked = Checkpoint(ORIGIN, 3, bytes(32))
    key.memory.write_text(str(log.signed(forked, key.keys)), "utf-8")

    for size in (3, 4):
        grown(engine, size)
        with pytest.raises(Unsound, match="does not extend the checkpoint of 3"):
            signing.sign(engine, key)

    assert "are not those that were signed" in str(signing.close_if_set_back(engine, key))


@pytest.mark.parametrize("spoilt", ["hashes", "nodes", "torn", "missing"])
def test_nothing_is_signed_over_a_changed_tile(engine: Engine, key: LogKey, spoilt: str) -> None:
    grown(engine, 6)
    signing.sign(engine, key)
    with writing(engine) as connection:
        tile = StoredTree(connection).tile(0, 0)
        changed = {
            "hashes": {"hashes": bytes(32) + tile.hashes[32:]},
            "nodes": {"nodes": bytes(len(tile.nodes))},
            "torn": {"hashes": tile.hashes[:-1]},
        }
        if spoilt == "missing":
            connection.execute(tables.tiles.delete())
        else:
            connection.execute(tables.tiles.update().values(**changed[spoilt]))
    grown(engine, 7)

    if spoilt == "nodes":  # they are made anew from the hashes
        assert signing.sign(engine, key).root == root_of(engine)
        return
    with pytest.raises(Unsound):
        signing.sign(engine, key)
    assert parsed(key).size == 6


def root_of(engine: Engine) -> bytes:
    with reading(engine) as connection:
        return tree_hash(leaves(connection))


def test_a_tile_that_lacks_a_node_gives_none_of_another_level(engine: Engine, key: LogKey) -> None:
    grown(engine, 6)
    signing.sign(engine, key)
    with writing(engine) as connection:
        tile = StoredTree(connection).tile(0, 0)
        connection.execute(tables.tiles.update().values(hashes=tile.hashes[: 32 * 3]))

    with reading(engine) as connection, pytest.raises(Unsound, match="tile 0/0"):
        StoredTree(connection).node(0, 3)


# --- guards -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE checkpoints SET note = signed_at",
        "UPDATE checkpoints SET size = 9",
        "DELETE FROM checkpoints",
        "INSERT OR REPLACE INTO checkpoints (origin, size, note, signed_at) SELECT origin, size, 'x', '' FROM checkpoints",
        "REPLACE INTO checkpoints (origin, size, note, signed_at) SELECT origin, size, 'x', '' FROM checkpoints",
        "TRUNCATE checkpoints",
        "INSERT INTO checkpoints SELECT * FROM checkpoints ON CONFLICT (origin, size) DO UPDATE SET note = ''",
    ],
)
def test_checkpoints_cannot_be_changed_removed_or_replaced(engine: Engine, key: LogKey, statement: str) -> None:
    grown(engine, 3)
    signing.sign(engine, key)
    before = checkpoints(engine)

    with pytest.raises(DBAPIError), writing(engine) as connection:
        connection.exec_driver_sql(statement)

    assert checkpoints(engine) == before
