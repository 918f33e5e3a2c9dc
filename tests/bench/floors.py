"""What is asked of each figure, in one table: by the work and by what stands beside it."""

from tests.bench.measuring import Asked

MILLION = 1_000_000
RAW, EVENTSOURCING = "raw", "eventsourcing"

FLOORS: dict[tuple[str, str, str], Asked] = {
    ("append", "sqlite", RAW): Asked(least=0.5),
    ("append", "sqlite", EVENTSOURCING): Asked(least=1.0),
    ("append", "postgresql", RAW): Asked(least=0.45),
    ("append", "postgresql", EVENTSOURCING): Asked(least=1.5),
    ("append p50", "any", "smallest"): Asked(most=1.3),
    ("16 threads", "sqlite", "one thread"): Asked(least=3.0),
    ("16 threads p99", "sqlite", "alone"): Asked(most=10.0, own=True),
    ("http record", "postgresql", EVENTSOURCING): Asked(least=1.5),
    ("http 304", "any", "hello"): Asked(least=0.7),
    ("http page", "any", "hello"): Asked(least=0.4),
    ("import", "sqlite", EVENTSOURCING): Asked(least=1.0, since=MILLION),
    ("import", "postgresql", EVENTSOURCING): Asked(least=2.0, since=MILLION),
    ("rebuild", "any", EVENTSOURCING): Asked(least=20.0, since=MILLION),
    ("rebuild", "any", RAW): Asked(least=0.12, since=MILLION),
    ("snapshot p99", "any", "smallest"): Asked(most=1.5),
    ("snapshot p99", "any", "alone"): Asked(most=10.0, own=True, since=MILLION),
    ("snapshot", "any", "folding"): Asked(least=15.0, since=MILLION),
    ("memory", "any", "a tenth"): Asked(most=1.2, since=MILLION),
}


def asked(work: str, database: str, beside: str, size: int = MILLION) -> Asked | None:
    """What is asked of a ledger of that many entries."""
    found = FLOORS.get((work, database, beside)) or FLOORS.get((work, "any", beside))
    return found if found and size >= found.since else None
