"""The ledger's tables. The migrations make them and their guards; this is how the code names them."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table, Text

METADATA = MetaData()

entries = Table(
    "entries",
    METADATA,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("stream", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("mission", Text),
    Column("type", Text, nullable=False),
    Column("effective", Text, nullable=False),
    Column("first_day", Text, nullable=False),
    Column("last_day", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("ref", Text, unique=True),
    Column("target", BigInteger),
    Column("root", BigInteger, nullable=False),
    Column("request", Text),
    Column("symbols", Text, nullable=False),
    Column("parties", Text, nullable=False),
    Column("salt", LargeBinary),
    Column("payload", LargeBinary),
    Column("envelope", LargeBinary, nullable=False),
)

head = Table(
    "head",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("closed", Text),
)

receipts = Table(
    "receipts",
    METADATA,
    Column("actor", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request", Text, nullable=False),
    Column("first_position", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("recorded_at", Text, nullable=False),
)

keys = Table(
    "keys",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("created_at", Text, nullable=False),
    Column("revoked_at", Text),
)

log = Table(
    "log",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("size", BigInteger, nullable=False),
)

tiles = Table(
    "tiles",
    METADATA,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("tile", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
    Column("nodes", LargeBinary, nullable=False),
)

checkpoints = Table(
    "checkpoints",
    METADATA,
    Column("origin", Text, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", LargeBinary, nullable=False),
    Column("signed_at", Text, nullable=False),
)

cosignatures = Table(
    "cosignatures",
    METADATA,
    Column("origin", Text, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("key_id", Text, primary_key=True),
    Column("line", Text, nullable=False),
)

sessions = Table(
    "sessions",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
)
