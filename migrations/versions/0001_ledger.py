"""The ledger: entries with their guards, head, receipts, keys; rectangles and routes of the projections.

Entries and receipts are append-only by the database's own word: UPDATE, DELETE, TRUNCATE, REPLACE and
positions out of order are refused whoever asks. There is no downgrade: a ledger is not taken down.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

POSITION = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _ledger_tables()
    _projection_tables()
    op.execute("INSERT INTO head (id, size, recorded_at) VALUES (1, 0, '')")
    op.execute("INSERT INTO generations (id, live, latest, size) VALUES (1, 1, 1, 0)")
    connection = op.get_bind()
    guards = _sqlite_guards() if connection.dialect.name == "sqlite" else _postgresql_guards(_own_entries(connection))
    for statement in guards:
        op.execute(sa.text(statement))


def _ledger_tables() -> None:
    op.create_table(
        "entries",
        sa.Column("position", POSITION, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("mission", sa.Text),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("effective", sa.Text, nullable=False),
        sa.Column("first_day", sa.Text, nullable=False),
        sa.Column("last_day", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("ref", sa.Text, unique=True),
        sa.Column("target", sa.BigInteger, sa.ForeignKey("entries.position")),
        sa.Column("root", sa.BigInteger, nullable=False),
        sa.Column("symbols", sa.Text, nullable=False),
        sa.Column("parties", sa.Text, nullable=False),
        sa.Column("salt", sa.LargeBinary),
        sa.Column("payload", sa.LargeBinary),
        sa.Column("envelope", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("stream", "version"),
        sa.CheckConstraint(
            "position >= 0 AND version >= 1 AND (target IS NULL OR target < position) AND root <= position"
        ),
    )
    op.create_index("entries_mission", "entries", ["mission", "position"])
    op.create_index("entries_recorded_at", "entries", ["recorded_at"])
    op.create_index("entries_root", "entries", ["root", "position"])
    op.create_table(
        "head",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.Text, nullable=False),
        sa.CheckConstraint("id = 1"),
    )
    op.create_table(
        "receipts",
        sa.Column("actor", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("first_position", sa.BigInteger, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("recorded_at", sa.Text, nullable=False),
    )
    op.create_table(
        "keys",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False, unique=True),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("revoked_at", sa.Text),
    )


def _projection_tables() -> None:
    op.create_table(
        "generations",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("live", sa.Integer, nullable=False),
        sa.Column("latest", sa.Integer, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.CheckConstraint("id = 1"),
    )
    op.create_table(
        "routes",
        sa.Column("generation", sa.Integer, primary_key=True),
        sa.Column("mission", sa.Text, primary_key=True),
        sa.Column("projection", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("root", sa.BigInteger, primary_key=True),
    )
    op.create_index("routes_root", "routes", ["generation", "root"])
    op.create_table(
        "rectangles",
        sa.Column("generation", sa.Integer, primary_key=True),
        sa.Column("mission", sa.Text, primary_key=True),
        sa.Column("projection", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("valid_from", sa.Text, primary_key=True),
        sa.Column("known_from", sa.BigInteger, primary_key=True),
        sa.Column("valid_to", sa.Text, nullable=False),
        sa.Column("known_to", sa.BigInteger, nullable=False),
        sa.Column("row", sa.LargeBinary, nullable=False),
    )


_APPEND_ONLY = ("entries", "receipts")


def _sqlite_guards() -> list[str]:
    guards = [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} are append-only: {verb} is refused'); END"
        for table in _APPEND_ONLY
        for verb in ("UPDATE", "DELETE")
    ]
    return [
        *guards,
        "CREATE TRIGGER entries_in_order BEFORE INSERT ON entries "
        "WHEN NEW.position IS NOT (SELECT coalesce(max(position), -1) + 1 FROM entries) "
        "OR EXISTS (SELECT 1 FROM entries WHERE id = NEW.id) "
        "OR EXISTS (SELECT 1 FROM entries WHERE stream = NEW.stream AND version = NEW.version) "
        "OR EXISTS (SELECT 1 FROM entries WHERE ref = NEW.ref) "
        "BEGIN SELECT RAISE(ABORT, 'entries are append-only: this one is out of order or takes the place of another'); END",
        "CREATE TRIGGER receipts_once BEFORE INSERT ON receipts "
        "WHEN EXISTS (SELECT 1 FROM receipts WHERE actor = NEW.actor AND key = NEW.key) "
        "BEGIN SELECT RAISE(ABORT, 'receipts are append-only: REPLACE is refused'); END",
    ]


def _own_entries(connection: sa.Connection) -> str:
    """The table with its schema, so that no temporary table of the same name can stand in for it in the guard."""
    return connection.execute(sa.text("SELECT format('%I.entries', current_schema())")).scalar_one()


def _postgresql_guards(entries: str) -> list[str]:
    guards = [
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% are append-only: % is refused', TG_TABLE_NAME, TG_OP; END $$",
        "CREATE FUNCTION refuse_disorder() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF NEW.position IS DISTINCT FROM (SELECT coalesce(max(position), -1) + 1 FROM {entries}) THEN "
        "RAISE EXCEPTION 'entries are append-only: this one is out of order'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER entries_in_order BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION refuse_disorder()",
    ]
    return guards + [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in _APPEND_ONLY
        for verb in ("UPDATE", "DELETE", "TRUNCATE")
    ]
