"""The table of a run, on the terminal."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from tests.bench.measuring import Result

COLUMNS = ("work", "database", "entries", "ours", "beside", "theirs", "ratio", "asked", "holds")
HOLDS = {None: "", True: "yes", False: "NO"}


def figure(value: float | None, unit: str) -> str:
    """A figure as precise as it is worth: three digits."""
    if value is None:
        return ""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}{unit if unit.startswith('/') else ' ' + unit}"


def cells(result: Result) -> tuple[str, ...]:
    return (
        result.work,
        result.database,
        f"{result.size:,}",
        figure(result.ours, result.unit),
        result.beside,
        figure(result.peer, result.unit),
        "" if result.ratio is None else f"{result.ratio:.2f} ×",
        str(result.asked or ""),
        HOLDS[result.holds],
    )


def print_table(results: Iterable[Result]) -> None:
    table = Table(*COLUMNS, box=None)
    for result in results:
        table.add_row(*cells(result), style="red" if result.holds is False else None)
    Console(width=150).print(table)
