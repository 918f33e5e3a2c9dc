"""The most memory that an import, a rebuild and an export take, each in a process of its own, at a tenth and at all entries.

python -m tests.bench.memory WORK URL FOLDER [FILE]
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ledger.store import open_engine, reading
from tests.bench import ours
from tests.bench.bench import Bench
from tests.bench.floors import asked
from tests.bench.imports import written
from tests.bench.measuring import Result

WORKS = ("import", "rebuild", "export")


def measure(bench: Bench) -> Iterator[Result]:
    for kind in bench.kinds:
        for size in bench.sizes:
            peaks = [dict(_peaks(bench, kind, count)) for count in (size // 10, size)]
            for work in WORKS:
                tenth, whole = (peak[work] for peak in peaks)
                yield Result(
                    work=f"memory of {work}", database=kind, size=size, beside=f"{size // 10:,} entries", unit="MB",
                    ours=whole, peer=tenth, ratio=whole / tenth, asked=asked("memory", kind, "a tenth", size),
                )  # fmt: skip


def _peaks(bench: Bench, kind: str, count: int) -> Iterator[tuple[str, float]]:
    file, url = written(bench.folder / f"memory-{count}.jsonl", count), bench.fresh(kind, "memory")
    for work in WORKS:
        command = [sys.executable, "-m", "tests.bench.memory", work, url, str(bench.folder), str(file)]
        found = subprocess.run(command, capture_output=True, text=True, check=True)
        yield work, float(found.stdout)
    bench.databases.drop(url)
    file.unlink()


def main(work: str, url: str, folder: str, file: str) -> None:
    engine = ours.made(url) if work == "import" else open_engine(url)
    if work == "import":
        ours.import_file(engine, Path(file))
        ours.prove(engine, Path(folder))
    elif work == "rebuild":
        ours.rebuild(engine)
    else:
        with reading(engine) as connection:
            ours.exported(connection, Path(folder) / "exported.jsonl")
        (Path(folder) / "exported.jsonl").unlink()
    print(_peak())


def _peak() -> float:
    """The megabytes that this process held at most. What getrusage tells includes the process that started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
