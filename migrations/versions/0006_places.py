"""Rows at numbered places, every piece found by whole numbers alone. The projections are to be made anew."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.drop_table("rectangles")
    op.create_table(
        "places",
        sa.Column("place", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("mission", sa.Text, nullable=False),
        sa.Column("projection", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
    )
    op.create_index("places_key", "places", ["generation", "mission", "projection", "key"], unique=True)
    op.create_table(
        "rectangles",
        sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("edge", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("event", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("known_from", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("valid_from", sa.Integer, nullable=False),
        sa.Column("root", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary),
    )
    op.execute("UPDATE generations SET size = 0")
