"""docs/benchmarks.md from the figures of a run: `python -m tests.bench.page results.json [more.json …]`.

The page is made and not written, so that no figure in it was typed.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.bench.table import HOLDS, figure

PAGE = Path("docs/benchmarks.md")

WORKS = {
    "append": "One event at a time, in one process, each durable before the next. Ours validates JSON, decides, appends, brings the "
    "index up to it and commits; the bare driver inserts the same bytes into a table without any index but its key; "
    "`eventsourcing` saves an aggregate that it has in memory, or gets it first from its repository, as a command does. Theirs is a new table, ours a ledger of so many entries and a writer that has appended two thousand before.",
    "append, processor": "The processor time of our process for one of them: what a fast disk would leave.",
    "append p50": "The median time of such an append in a large ledger beside that in the smallest.",
    "16 threads": "Sixteen threads of one process on one SQLite ledger, beside one thread; and how long the slowest hundredth waits.",
    "http record": "Sixteen clients with connections that stay open, each with one event a request; beside sixteen processes that save "
    "with `eventsourcing` and have no HTTP to serve.",
    "http 304": "A snapshot that has not changed, asked for with `If-None-Match`, at now (and, fixed, at a position); the same with an API key; beside a bare Flask "
    "application that answers `{\"hello\": \"world\"}` in the same server with as many threads.",
    "http page": "A page of fifty entries, the same again and another one each time, beside the same application.",
    "import": "A file of JSON Lines into an empty ledger, as `mission-ledger import` does it: read, validate, decide, hash, index; then "
    "everything into the tree and signed. Beside it `eventsourcing` saves as many events, a thousand at a time, and the driver "
    "inserts them in its fastest way; neither validates, indexes or signs.",
    "rebuild": "Every projection anew, beside a bare scan that reads and parses as many events, and beside the projection runner of "
    "`eventsourcing`, which keeps one row for each subject, as of now, in a transaction for each event.",
    "snapshot": "Everything about one mission on a past day as known at a past position, in one process; beside folding the mission's "
    "entries by the definition. *The same questions* have the same answers in ledgers of every size; *an early day* is one of "
    "the first of the history, as known at any later position, so that a small answer comes from many entries; on *any day* "
    "answers grow with the ledger, since they list what their figures come from.",
    "history": "The timeline of one mission, beside reading and parsing the same entries from the table.",
    "memory": "The most memory of a process of its own, beside that at a tenth of the entries.",
    "verify": "A whole audit, from payloads to the signature, in all processes that the machine has cores for; beside hashing the same "
    "envelopes on one core.",
}  # fmt: skip

HEAD = """# Benchmarks

`make bench ARGS='--sizes 10000 1000000 --json results.json'` measures everything on this page in one run;
`python -m tests.bench.page results.json` makes the page from it. `--only append,snapshot` chooses works, `--database` one of the
databases, `--ten-million` adds a ledger of that size.

How to read it: every row compares two things that were measured by turns, in rounds, within the same minutes, since the speed of a
machine (above all of its disk) drifts by far more than what is to be seen. *ours* and *theirs* are medians over the rounds; the
*ratio* is the median of the rounds' own ratios, so it is not the one of the two medians. Of rates (`/s`) more is better, of times
and memory less. *Asked* is the bound that the row is held against, and *holds* whether it does.

What is measured on: made-up events of about 600 bytes as JSON, the same in every run
(`tests/bench/workload.py`): 50 missions, 200 parties of which a few say most, 3% corrections, 10% that tell of an earlier day. Nothing is
taken from durability, on either side: SQLite in WAL mode with `synchronous=FULL`, PostgreSQL with `fsync`, `synchronous_commit` and
`full_page_writes` on, reached over loopback; the run asserts it. `eventsourcing` is at its defaults, in which events become visible in
the order of their numbers.

Where a bound does not hold, [the parts of the time](measurements.md#where-the-time-of-recording-goes) say why.
"""


def page(runs: Iterable[Mapping[str, Any]]) -> str:
    parts = [HEAD]
    for run in runs:
        parts += [_measured_on(run), _table(run["results"])]
    works = {name for run in runs for name in map(_work, (result["work"] for result in run["results"]))}
    parts += [
        "## What each row compares\n",
        "\n".join(f"* **{name}**: {WORKS[name]}" for name in WORKS if name in works),
    ]
    return "\n".join(parts) + "\n"


def _work(name: str) -> str:
    """The part of WORKS that tells of a row."""
    return name if name in WORKS else next((known for known in WORKS if name.startswith(known)), name)


def _measured_on(run: Mapping[str, Any]) -> str:
    on = run["machine"]
    libraries = ", ".join(
        f"{name} {on[name]}" for name in on if name not in ("processor", "cores", "memory", "load", "system")
    )
    databases = "; ".join(
        f"{kind}: {', '.join(f'{name} {value}' for name, value in settings.items())}"
        for kind, settings in run["databases"].items()
    )
    return (
        f"## Measured\n\nOn {on['cores']} cores ({on['processor']}), {on['memory']}, load {on['load']}, {on['system']}; {libraries}. {databases}. "
        f"{run['rounds']} rounds, more of the short ones.\n"
    )


def _table(results: Iterable[Mapping[str, Any]]) -> str:
    lines = ["| work | database | entries | ours | beside | theirs | ratio | asked | holds | |", "|" + "---|" * 10]
    for one in results:
        unit, ratio = one["unit"], one["ratio"]
        cells = (
            one["work"], one["database"], f"{one['size']:,}", figure(one["ours"], unit), one["beside"],
            figure(one["peer"], unit), "" if ratio is None else f"{ratio:.2f} ×", one["asked"] or "", HOLDS[one["holds"]], one["note"],
        )  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main(paths: list[str]) -> None:
    PAGE.write_text(page([json.loads(Path(path).read_text()) for path in paths]))


if __name__ == "__main__":
    main(sys.argv[1:])
