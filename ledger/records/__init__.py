"""Records that ship with the package, as events in JSON Lines."""

from importlib import resources

RECORDS = ("haiti-mss",)


def lines(name: str) -> list[str]:
    """The events of a shipped record, one JSON text each, in the order in which they are to be recorded."""
    assert name in RECORDS, name
    text = resources.files(__name__).joinpath(f"{name}.jsonl").read_text("utf-8")
    return text.splitlines()
