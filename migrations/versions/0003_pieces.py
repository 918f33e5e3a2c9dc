"""Rows in pieces: a head for each day, and what each event adds. The projections are to be made anew."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.drop_table("routes")
    op.drop_table("rectangles")
    op.create_table(
        "rectangles",
        sa.Column("generation", sa.Integer, primary_key=True),
        sa.Column("mission", sa.Text, primary_key=True),
        sa.Column("projection", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("event", sa.BigInteger, primary_key=True),
        sa.Column("valid_from", sa.Text, primary_key=True),
        sa.Column("known_from", sa.BigInteger, primary_key=True),
        sa.Column("valid_to", sa.Text, nullable=False),
        sa.Column("known_to", sa.BigInteger, nullable=False),
        sa.Column("root", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_index("rectangles_open", "rectangles", ["generation", "mission", "projection", "known_to", "valid_to"])
    op.create_index("rectangles_root", "rectangles", ["generation", "root", "known_to"])
    op.add_column("generations", sa.Column("made_by", sa.Text))
    op.execute("UPDATE generations SET size = 0")
