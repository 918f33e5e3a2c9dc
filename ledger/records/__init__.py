"""Records that ship with the package, as events in JSON Lines."""

from importlib import resources

RECORDS = ("haiti-mss",)


def content(name: str) -> bytes:
    """A shipped record as its file stands."""
    assert name in RECORDS, name
    return resources.files(__name__).joinpath(f"{name}.jsonl").read_bytes()


def lines(name: str) -> list[str]:
    """The events of a shipped record, one JSON text each, in the order in which they are to be recorded."""
    return content(name).decode("utf-8").splitlines()
