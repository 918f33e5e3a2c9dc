"""One run: its databases, and its ledgers, one of each size, made when first wanted and used by every measurement."""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine

from ledger.store import reading, size
from tests.bench import ours
from tests.bench.databases import SQLITE, Databases
from tests.bench.measuring import ROUNDS, seconds
from tests.bench.workload import Workload


class Peer(Protocol):
    def close(self) -> None: ...


@dataclass
class Filled:
    """A ledger, and the events that come after those that it holds."""

    url: str
    engine: Engine
    workload: Workload
    size: int
    kept: Path | None = None

    def close(self) -> None:
        self.engine.dispose()
        if self.kept is not None:
            self.kept.write_bytes(pickle.dumps(self.workload))


@dataclass
class Bench:
    """What a measurement needs to know of the run that it is part of."""

    folder: Path
    databases: Databases
    kinds: list[str]
    sizes: list[int]
    rounds: int = ROUNDS
    keep: bool = False
    filled: dict[tuple[str, int], Filled] = field(default_factory=dict)

    def ledger(self, kind: str, count: int) -> Filled:
        if (kind, count) not in self.filled:
            made = self._kept(count) if self.keep and kind == SQLITE else self._fill(kind, count)
            self.filled[kind, count] = made
        return self.filled[kind, count]

    def fresh(self, kind: str, name: str) -> str:
        return self.databases.fresh(kind, name)

    def end(self, urls: Sequence[str], *peers: Peer) -> None:
        """Close what stood beside us, and remove its databases."""
        for peer in peers:
            peer.close()
        for url in urls:
            self.databases.drop(url)

    def close(self) -> None:
        for one in self.filled.values():
            one.close()

    def _fill(self, kind: str, count: int, url: str | None = None) -> Filled:
        url = url or self.fresh(kind, f"filled-{count}")
        engine, workload = ours.made(url), Workload()
        took = seconds(lambda: ours.fill(engine, workload, count))
        print(f"  a ledger of {count:,} entries on {kind} was made in {took:,.0f} s", flush=True)
        return Filled(url, engine, workload, count)

    def _kept(self, count: int) -> Filled:
        """The ledger that an earlier run left in the folder; made where there is none, or where it was left in the middle."""
        path, beside = self.folder / f"kept-{count}.db", self.folder / f"kept-{count}.workload"
        if path.exists() and beside.exists():
            engine, workload = ours.made(f"sqlite:///{path}"), pickle.loads(beside.read_bytes())
            with reading(engine) as connection:
                if size(connection) == workload.position:
                    return Filled(f"sqlite:///{path}", engine, workload, count, beside)
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        filled = self._fill(SQLITE, count, f"sqlite:///{path}")
        filled.kept = beside
        return filled
