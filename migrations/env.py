"""Alembic's environment: runs on the connection that `migrations.migrate` hands over, or on DATABASE_URL."""

import os

from alembic import context
from sqlalchemy import Connection

from ledger.store import open_engine
from ledger.tables import METADATA


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=METADATA)
    context.run_migrations()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    _run(handed_over)
else:
    engine = open_engine(os.environ["DATABASE_URL"])
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        _run(connection)
