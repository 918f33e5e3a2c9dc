"""The log: tiles of the Merkle tree, signed checkpoints, cosignatures; receipts under proof; a guard that lets redactions through.

A payload and its salt may be removed where an entry says so, and nothing else of an entry may change. Checkpoints
are append-only like the entries that they sign.

Receipts made so far hold a digest of what was said. It goes over the salts of the entries from here on, and theirs are brought
into that form, so that they tell nothing of a payload that is removed and the same request still gets its first answer.
"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_KEPT = (
    "position", "id", "stream", "version", "mission", "type", "effective", "first_day", "last_day", "recorded_at", "actor",
    "ref", "target", "root", "request", "envelope",
)  # fmt: skip
_REFUSED = "entries are append-only: UPDATE is refused"


def upgrade() -> None:
    op.add_column("entries", sa.Column("request", sa.Text))
    op.add_column("head", sa.Column("closed", sa.Text))
    op.add_column("generations", sa.Column("rebuilt", sa.BigInteger, nullable=False, server_default="0"))
    _log_tables()
    op.execute("INSERT INTO log (id, size) VALUES (1, 0)")
    connection = op.get_bind()
    guards = _sqlite_guards() if connection.dialect.name == "sqlite" else _postgresql_guards(_own_entries(connection))
    for statement in guards:
        op.execute(sa.text(statement))
    _salt_receipts(connection)


def _salt_receipts(connection: sa.Connection) -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    op.execute("DROP TRIGGER receipts_no_update" + ("" if is_sqlite else " ON receipts"))
    kept = connection.execute(sa.text("SELECT actor, key, request, first_position, count FROM receipts")).all()
    for receipt in kept:
        salts = connection.execute(
            sa.text("SELECT salt FROM entries WHERE position BETWEEN :first AND :last ORDER BY position"),
            {"first": receipt.first_position, "last": receipt.first_position + receipt.count - 1},
        ).scalars()
        salted = hashlib.sha256(b"".join(map(bytes, salts)) + receipt.request.encode()).hexdigest()
        connection.execute(
            sa.text("UPDATE receipts SET request = :salted WHERE actor = :actor AND key = :key"),
            {"salted": salted, "actor": receipt.actor, "key": receipt.key},
        )
    op.execute(
        "CREATE TRIGGER receipts_no_update BEFORE UPDATE ON receipts "
        + (
            "BEGIN SELECT RAISE(ABORT, 'receipts are append-only: UPDATE is refused'); END"
            if is_sqlite
            else "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    )


def _log_tables() -> None:
    op.create_table(
        "log",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.CheckConstraint("id = 1"),
    )
    op.create_table(
        "tiles",
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("tile", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
        sa.Column("nodes", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "checkpoints",
        sa.Column("origin", sa.Text, primary_key=True),
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
        sa.Column("signed_at", sa.Text, nullable=False),
    )
    op.create_index("checkpoints_signed_at", "checkpoints", ["signed_at", "size"])
    op.create_table(
        "cosignatures",
        sa.Column("origin", sa.Text, primary_key=True),
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("key_id", sa.Text, primary_key=True),
        sa.Column("line", sa.Text, nullable=False),
    )


def _sqlite_guards() -> list[str]:
    same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in _KEPT)
    return [
        "DROP TRIGGER entries_no_update",
        "CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries "
        f"WHEN NOT (NEW.payload IS NULL AND NEW.salt IS NULL AND NEW.symbols = ' ' AND NEW.parties = ' ' AND {same} AND EXISTS "
        "(SELECT 1 FROM entries AS told WHERE told.root = OLD.root AND told.target = OLD.position AND told.type = 'payload.redacted')) "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
        *(
            f"CREATE TRIGGER checkpoints_no_{verb.lower()} BEFORE {verb} ON checkpoints "
            f"BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only: {verb} is refused'); END"
            for verb in ("UPDATE", "DELETE")
        ),
        "CREATE TRIGGER checkpoints_once BEFORE INSERT ON checkpoints "
        "WHEN EXISTS (SELECT 1 FROM checkpoints WHERE origin = NEW.origin AND size = NEW.size) "
        "BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only: REPLACE is refused'); END",
    ]


def _own_entries(connection: sa.Connection) -> str:
    """The table with its schema, so that no temporary table of the same name can stand in for it in the guard."""
    return connection.execute(sa.text("SELECT format('%I.entries', current_schema())")).scalar_one()


def _postgresql_guards(entries: str) -> list[str]:
    same = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in _KEPT)
    return [
        "DROP TRIGGER entries_no_update ON entries",
        "CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF NEW.payload IS NULL AND NEW.salt IS NULL AND NEW.symbols = ' ' AND NEW.parties = ' ' AND {same} "
        f"AND EXISTS (SELECT 1 FROM {entries} AS told WHERE told.root = OLD.root AND told.target = OLD.position "
        f"AND told.type = 'payload.redacted') THEN RETURN NEW; END IF; RAISE EXCEPTION '{_REFUSED}'; END $$",
        "CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()",
        *(
            f"CREATE TRIGGER checkpoints_no_{verb.lower()} BEFORE {verb} ON checkpoints "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            for verb in ("UPDATE", "DELETE", "TRUNCATE")
        ),
    ]
