"""What all commands share: errors as sentences with an exit code, the names that entries bear, a progress bar."""

import getpass
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from sqlalchemy.exc import ArgumentError, DBAPIError

from ledger.keys import KeyProblem
from ledger.refusals import Refused
from ledger.signing import KeyFileProblem
from projections.questions import Unanswerable
from projections.runner import RebuildOvertaken

MAX_NAME = 100
MAX_KEY = 200


class Declined(click.ClickException):
    """What was asked for is refused; nothing was recorded."""

    exit_code = 1


class Unusable(click.ClickException):
    """The database cannot be used."""

    exit_code = 3


class CouldNotRun(click.ClickException):
    """The audit could not be made."""

    exit_code = 2


class Ledger(click.Group):
    """A group of commands whose errors are sentences on standard error."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which a user meets them."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Refused as refused:
            raise Declined("\n".join(refusal.detail for refusal in refused.refusals)) from None
        except (KeyProblem, KeyFileProblem, RebuildOvertaken) as problem:
            raise Declined(str(problem)) from None
        except Unanswerable as problem:
            raise Declined(f"{problem.parameter.replace('_', '-')}: {problem}") from None
        except ArgumentError as problem:
            raise Unusable(f"DATABASE_URL is no address of a database: {problem}") from None
        except DBAPIError as problem:
            raise Unusable(f"The database cannot be used: {first_line(problem.orig)}") from None


def first_line(problem: object) -> str:
    return str(problem).strip().split("\n", 1)[0]


class Name(click.ParamType):
    """Printable text without blanks around it: what an entry bears as its actor, or a request as its key."""

    name = "name"

    def __init__(self, most: int = MAX_NAME):
        self.most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not (
            isinstance(value, str) and 0 < len(value) <= self.most and value.isprintable() and value == value.strip()
        ):
            self.fail(f"write 1 to {self.most} printable characters, without blanks around them", param, ctx)
        return value


def user() -> str:
    """The actor of what is recorded here: the operating system's name of the user."""
    try:
        name = getpass.getuser()
        return f"cli:{name if name.isprintable() else 'unknown'}"
    except (OSError, KeyError, ImportError):
        return f"cli:{os.getuid()}" if hasattr(os, "getuid") else "cli:unknown"


actor_option = click.option(
    "--actor",
    type=Name(),
    default=user,
    show_default="cli: and your user name",
    help="Who records; the entries bear it.",
)
key_option = click.option(
    "--key", type=Name(MAX_KEY), help="Idempotency key: the same key and the same events are recorded once."
)
json_option = click.option("--json", "as_json", is_flag=True, help="JSON for programs, instead of text for people.")


@contextmanager
def progress(label: str, total: int | None = None, hidden: bool = False) -> Iterator[Callable[..., None]]:
    """A bar on standard error, where that is a terminal; the yielded function is told how much is done, and of how much."""
    shown = [TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()]
    with Progress(
        *shown, console=Console(file=sys.stderr), disable=hidden or not sys.stderr.isatty(), transient=True
    ) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done, of=total: bar.update(task, completed=done, total=of)


output_option = click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write; standard output otherwise."
)


@contextmanager
def writing_to(output: Path | None) -> Iterator[IO[bytes]]:
    """A file that appears once it is whole, or standard output. What is no plain file, such as a device, is written to directly."""
    whole = output is not None and (output.is_file() or not output.exists())
    try:
        opened = click.open_file(str(output or "-"), "wb", atomic=whole)
    except OSError as error:
        raise click.FileError(str(output), error.strerror) from None
    with opened as file:
        yield file


def span(positions: Sequence[int]) -> str:
    """Positions that follow one another, as people write them."""
    first, last = positions[0], positions[-1]
    return f"position {first}" if first == last else f"positions {first}–{last}"
