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

# Where a row lies: the numbers of a generation follow those of the one before it, so that a rebuild and an append never take
# the same.
places = Table(
    "places",
    METADATA,
    Column("place", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("generation", Integer, nullable=False),
    Column("mission", Text, nullable=False),
    Column("projection", Text, nullable=False),
    Column("key", Text, nullable=False),
)

# A piece of a row from `valid_from` on, as known from `known_from` on; see `projections.timeline` for what each column says.
rectangles = Table(
    "rectangles",
    METADATA,
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("edge", Integer, primary_key=True, autoincrement=False),
    Column("event", BigInteger, primary_key=True, autoincrement=False),
    Column("known_from", BigInteger, primary_key=True, autoincrement=False),
    Column("valid_from", Integer, nullable=False),
    Column("root", BigInteger, nullable=False),
    Column("content", LargeBinary),
)
PLACES_OF_A_GENERATION = 2**32


def first_place(generation: int) -> int:
    """The first number for a place of a generation; those before `first_place(generation + 1)` are its own."""
    return generation * PLACES_OF_A_GENERATION


def generation_of(place: int) -> int:
    """The generation that a number for a place belongs to."""
    return place // PLACES_OF_A_GENERATION
