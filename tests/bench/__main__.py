"""All measurements in one run, and one table of them.

python -m tests.bench --sizes 10000 1000000 [--ten-million] [--only append,snapshot] [--database both] [--json FILE]
"""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import append, imports, memory, over_http, reading, rebuild, snapshots, threads
from tests.bench.bench import Bench
from tests.bench.databases import POSTGRESQL, SQLITE, Databases
from tests.bench.machine import machine
from tests.bench.measuring import ROUNDS, Result
from tests.bench.table import cells, print_table

WORKS: dict[str, Callable[[Bench], Iterator[Result]]] = {
    "append": append.measure,
    "threads": threads.measure,
    "http": over_http.measure,
    "import": imports.measure,
    "rebuild": rebuild.measure,
    "snapshot": snapshots.measure,
    "history": reading.history,
    "verify": reading.verify,
    "memory": memory.measure,
}
KINDS = {SQLITE: [SQLITE], POSTGRESQL: [POSTGRESQL], "both": [SQLITE, POSTGRESQL]}


def main() -> None:
    given = _asked()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that servers and files are cleared away
    with tempfile.TemporaryDirectory(dir=given.folder) as temporary:
        folder = given.folder if given.keep else Path(temporary)
        folder.chmod(0o755)  # PostgreSQL's own user has to reach its data
        databases = Databases(folder)
        sizes = sorted({*given.sizes, *([10_000_000] if given.ten_million else [])})
        bench = Bench(folder, databases, KINDS[given.database], sizes, given.rounds, given.keep)
        try:
            results = list(_measured(bench, given.only.split(",")))
        finally:
            bench.close()
            databases.close()
    print_table(results)
    if given.json:
        told = {"machine": machine(), "databases": databases.settings, "sizes": sizes, "rounds": bench.rounds}
        told["results"] = [result.as_json() for result in results]
        given.json.write_text(json.dumps(told, indent=1) + "\n")


def _asked() -> argparse.Namespace:
    asked = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    asked.add_argument("--sizes", type=int, nargs="+", default=[10_000, 1_000_000], help="entries in each ledger")
    asked.add_argument("--ten-million", action="store_true", help="a ledger of ten million entries as well")
    asked.add_argument("--only", default=",".join(WORKS), help=f"some of {','.join(WORKS)}")
    asked.add_argument("--database", choices=KINDS, default="both")
    asked.add_argument("--rounds", type=int, default=ROUNDS)
    asked.add_argument("--folder", type=Path, help="where the databases are made; they are removed afterwards")
    asked.add_argument("--keep", action="store_true", help="keep large SQLite ledgers in --folder for the next run")
    asked.add_argument("--json", type=Path, help="write the figures to this file")
    given = asked.parse_args()
    if given.keep and not given.folder:
        asked.error("--keep needs --folder")
    if strange := set(given.only.split(",")) - set(WORKS):
        asked.error(f"--only knows no {', '.join(sorted(strange))}")
    return given


def _measured(bench: Bench, only: list[str]) -> Iterator[Result]:
    for name in only:
        print(f"{name} …", flush=True)
        for result in WORKS[name](bench):
            print("  " + "  ".join(filter(None, cells(result))), flush=True)
            yield result


if __name__ == "__main__":
    main()
