"""The tables of the read side. They hold nothing that cannot be made again from the entries."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table, Text

from ledger.tables import METADATA

generations = Table(
    "generations",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("live", Integer, nullable=False),
    Column("latest", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("made_by", Text),
    Column("rebuilt", BigInteger, nullable=False),
)

rectangles = Table(
    "rectangles",
    METADATA,
    Column("generation", Integer, primary_key=True),
    Column("mission", Text, primary_key=True),
    Column("projection", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("event", BigInteger, primary_key=True),
    Column("valid_from", Text, primary_key=True),
    Column("known_from", BigInteger, primary_key=True),
    Column("valid_to", Text, nullable=False),
    Column("known_to", BigInteger, nullable=False),
    Column("root", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
