"""What verifying costs: against bare hashing, in memory, and in appending. Everything in one run, by turns.

python -m tests.bench.verification --entries 1000000 [--database postgresql+psycopg://…]
"""

import argparse
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Engine, text

from api.signer import Signer
from ledger.audit.audit import Trust, audit
from ledger.audit.database import Database
from ledger.log import StoredTree
from ledger.recording import record
from ledger.schemas import parse_event
from ledger.signing import LogKey, new_key, sign, write_log_key
from ledger.store import open_engine, reading, writing
from migrations import migrate
from projections import audit as index
from projections.runner import Projector, rebuild
from tests.bench.ledgers import fill, said_by_a_party
from tests.bench.workload import Workload
from tests.builders import MISSION, registered

ROUNDS = 3


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--entries", type=int, default=100_000)
    asked.add_argument("--database", help="an empty database; a new SQLite file unless it is named")
    asked.add_argument("--memory-of", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.memory_of:
        print(peak_of_an_audit(given.memory_of))
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), given.entries, given.database)


def measure(folder: Path, count: int, url: str | None) -> None:
    engine = made(url or f"sqlite:///{folder / 'large.db'}", count)
    key = write_log_key(folder / "large.key", (new_key("bench.example/large"),))
    integrated = seconds(lambda: sign(engine, key))
    bare, whole, proofs = [], [], []
    for _ in range(ROUNDS):
        bare.append(rate_of_bare_hashing(engine))
        whole.append(count / seconds(lambda: audited(engine, key)))
        proofs.append(rate_of_proofs(engine, count))
    told("bare leaf hashes, one core", f"{statistics.median(bare):,.0f}/s")
    rate = statistics.median(whole)
    told("verify, payload to signature", f"{rate:,.0f}/s", f"{rate / statistics.median(bare):.2f} × bare")
    told("take entries into the tree and sign", f"{count / integrated:,.0f}/s")
    told("inclusion proofs from storage", f"{statistics.median(proofs):,.0f}/s")
    part = min(count, 200_000)
    told("index made anew and compared", f"{rate_of_the_index(folder, part):,.0f}/s", f"{part:,} entries")
    small = made(f"sqlite:///{folder / 'small.db'}", count // 10)
    sign(small, write_log_key(folder / "small.key", (new_key("bench.example/small"),)))
    peaks = [memory_of(str(one.url.render_as_string(hide_password=False))) for one in (small, engine)]
    told("peak memory, a tenth and all", f"{peaks[0]:.0f} MB, {peaks[1]:.0f} MB", f"{peaks[1] / peaks[0]:.2f} ×")
    for size, rounds, appends in ((1, 6, 150), (1_000, 4, 3)):
        without, with_log = appending(folder, size, rounds, appends)
        what = "single appends" if size == 1 else f"batches of {size:,}"
        told(
            f"{what}, without and with the log",
            f"{without:,.0f}/s, {with_log:,.0f}/s",
            f"{without / with_log - 1:+.1%} cost",
        )


def told(what: str, figure: str, beside: str = "") -> None:
    print(f"{what:<45}{figure:>28}  {beside}", flush=True)


def made(url: str, count: int) -> Engine:
    engine = open_engine(url)
    migrate(engine)
    fill(engine, Workload(), count)
    return engine


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def rate_of_bare_hashing(engine: Engine) -> float:
    with reading(engine) as connection:
        leaves = connection.execute(text("SELECT envelope FROM entries WHERE position < 100000")).scalars().all()

    def hash_all() -> None:
        for leaf in leaves:
            sha256(b"\0" + leaf).digest()

    return len(leaves) / seconds(hash_all)


def audited(engine: Engine, key: LogKey) -> None:
    with reading(engine) as connection:
        report = audit(Database(connection), Trust(tuple(one.verifier for one in key.keys)))
    assert report.clean
    assert report.assurance == "signed"


def rate_of_proofs(engine: Engine, count: int) -> float:
    choose, wanted = random.Random(3), 2_000
    with reading(engine) as connection:
        return wanted / seconds(
            lambda: [StoredTree(connection).inclusion(choose.randrange(count), count) for _ in range(wanted)]
        )


def rate_of_the_index(folder: Path, count: int) -> float:
    engine = made(f"sqlite:///{folder / 'indexed.db'}", count)
    rebuild(engine)
    with reading(engine) as connection:
        return count / seconds(lambda: list(index.deviations(connection)))


def memory_of(url: str) -> float:
    """The peak of a process of its own that audits a ledger, and of the largest of its workers, in megabytes."""
    command = [sys.executable, "-m", "tests.bench.verification", "--memory-of", url]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def peak_of_an_audit(url: str) -> float:
    with reading(open_engine(url)) as connection:
        audit(Database(connection), Trust())
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(one).ru_maxrss for one in whose) / 1024


def appending(folder: Path, size: int, rounds: int, appends: int) -> tuple[float, float]:
    """Entries per second without and with a signer beside the appends, by turns; medians."""
    plain, logged = (made(f"sqlite:///{folder / f'{name}-{size}.db'}", 0) for name in ("plain", "logged"))
    for engine in (plain, logged):
        append(engine, [registered()])
    signer = Signer(logged, write_log_key(folder / f"logged-{size}.key", (new_key("bench.example/logged"),)), 1.0)
    signer.start()
    rates: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds):
        for with_log, engine in ((False, plain), (True, logged)):

            def work(engine: Engine = engine, with_log: bool = with_log) -> None:
                for _ in range(appends):
                    append(engine, [said_by_a_party(MISSION)] * size)
                    if with_log:
                        signer.wake()

            rates[with_log].append(appends * size / seconds(work))
    signer.stop()
    return statistics.median(rates[False]), statistics.median(rates[True])


def append(engine: Engine, said: list[dict[str, object]]) -> None:
    with writing(engine) as connection:
        record(connection, [parse_event(one) for one in said], actor="bench", project=Projector())


if __name__ == "__main__":
    main()
