"""Indexes for what every question asks: which missions there are, and which rectangles are open on the day."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("entries_type", "entries", ["type", "position"])
    op.create_index("rectangles_open", "rectangles", ["generation", "mission", "projection", "known_to", "valid_to"])
