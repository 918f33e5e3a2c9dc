"""The audit: from the payloads to the root, the signatures and the witnesses, in one pass. Pure but for its source.

A `Source` is where the ledger is found: a database, a bundle, a server. It gives entries in their order, tiles and
checkpoints; nothing that it says of them is believed.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from ledger.audit.chain import Chain, Link, Receipt, Run, check_receipt
from ledger.audit.findings import Findings
from ledger.audit.growing import GrowingTree
from ledger.checkpoints import Checkpoint, parse_checkpoint
from ledger.merkle import HASH_SIZE
from ledger.notes import Note, VerifierKey, WrongNote, parse_note
from ledger.policy import Policy
from ledger.tiles import WIDTH, Tile, width_at

Progress = Callable[[int, int], None]
MAX_GAP = 1_000_000


class Torn(Exception):
    """A source cannot be read any further, with the reason."""


class Source(Protocol):
    """Where a ledger is found. `size`: how many entries its tree is said to have."""

    @property
    def size(self) -> int: ...

    def links(self) -> Iterator[Link]:
        """The entries in their order."""

    def tile(self, level: int, index: int) -> tuple[bytes, bytes | None] | None:
        """The hashes of a tile, and the nodes kept above them where any are; None where there is no such tile."""

    def checkpoints(self) -> Iterable[bytes]:
        """Signed notes by size."""

    def receipts(self) -> Iterator[Receipt] | None:
        """Receipts by first position; None where the source keeps none."""


@dataclass(frozen=True)
class Trust:
    """Whom the auditor believes: keys of the log, witnesses, and the checkpoints that it has seen before."""

    keys: tuple[VerifierKey, ...] = ()
    policy: Policy = field(default_factory=Policy)
    known: tuple[Checkpoint, ...] = ()


@dataclass
class Report:
    """What an audit found, and how far its assurance goes.

    `signed`: the largest checkpoint that bears a known key's signature and has the root that the entries give;
    `compared`: the largest of those seen before that lies in this history.
    """

    findings: Findings = field(default_factory=Findings)
    entries: int = 0
    removed: int = 0
    root: bytes = b""
    signed: Checkpoint | None = None
    note: Note | None = None
    witnesses: tuple[VerifierKey, ...] = ()
    compared: Checkpoint | None = None

    @property
    def clean(self) -> bool:
        return not self.findings.kept

    @property
    def assurance(self) -> str:
        """The assurance reached: chain, signed, witnessed."""
        return "witnessed" if self.witnesses else "signed" if self.signed else "chain"


def audit(source: Source, trust: Trust, progress: Progress = lambda done, of: None) -> Report:
    """Audit what `source` gives. `progress` is told (done, of) after every 256 entries."""
    return _Audit(source, trust, progress).run()


class _Audit:
    def __init__(self, source: Source, trust: Trust, progress: Progress):
        self._source, self._trust, self._progress = source, trust, progress
        self._report, self._tree = Report(), GrowingTree()
        self._findings = self._report.findings
        self._chain = Chain(self._findings)
        self._suspects: list[int] = []
        self._receipts, self._proving = _Receipts(source.receipts()), False
        self._last_logged: tuple[int, bytes | None] = -1, None
        self._claims: Iterator[_Claim] = iter(())
        self._next_claim: _Claim | None = None
        self._newest: _Claim | None = None

    def run(self) -> Report:
        try:
            self._run()
        except Torn as torn:
            self._findings.add("bundle-torn", self._tree.size, str(torn))
        self._report.entries, self._report.removed = self._tree.size, len(self._chain.removed)
        self._report.root = self._tree.root()
        return self._report

    def _run(self) -> None:
        self._claims = _claims(self._source, self._trust, self._findings)
        self._next_claim = next(self._claims, None)
        for link in self._source.links():
            self._take(link)
            self._progress(self._tree.size, max(self._source.size, self._tree.size))
        self._compare(self._tree.unfinished())
        self._judge_claims(self._tree.size)
        self._chain.end()
        self._judge_suspects()
        self._judge_ends()

    # --- entries and tiles

    def _take(self, link: Link) -> None:
        """Entries in a row: their leaves after what the log holds where entries before them are missing."""
        if link.first - self._tree.size > MAX_GAP:
            raise Torn(f"after entry {self._tree.size - 1} the next one lies at {link.first}")
        while self._tree.size < link.first:
            end = min(link.first, (self._tree.size // WIDTH + 1) * WIDTH)
            logged = self._logged(self._tree.size // WIDTH)
            self._grow(b"".join(self._missing(position, logged) for position in range(self._tree.size, end)))
        self._chain.follow(link)
        leaves = self._judged_leaves(link, self._logged(link.first // WIDTH))
        if self._receipts.kept:
            self._judge_receipts(link.runs)
        self._grow(leaves)

    def _logged(self, index: int) -> bytes | None:
        if self._last_logged[0] != index:
            kept = self._source.tile(0, index)
            self._last_logged = index, kept[0] if kept else None
        return self._last_logged[1]

    def _judged_leaves(self, link: Link, logged: bytes | None) -> bytes:
        """The leaf hashes that the tree grows by. Entries that do not agree with themselves are blamed, and those that are
        not the ones of the log suspected."""
        start = link.first % WIDTH * HASH_SIZE
        if not link.disagreeing and (logged is None or link.leaves.startswith(logged[start:][: len(link.leaves)])):
            return link.leaves
        wrong = {found.position: found for found in link.disagreeing}
        leaves = [link.leaves[at : at + HASH_SIZE] for at in range(0, len(link.leaves), HASH_SIZE)]
        for i, leaf in enumerate(leaves):
            position, held = link.first + i, (logged or b"")[start + i * HASH_SIZE :][:HASH_SIZE]
            is_logged = len(held) < HASH_SIZE or held == leaf
            if position in wrong:
                self._chain.blame(wrong[position], is_logged)
                if len(held) == HASH_SIZE:  # one wrong entry is one finding, and not a wrong root everywhere above it
                    leaves[i] = held
            elif not is_logged:
                self._suspects.append(position)
        return b"".join(leaves)

    def _judge_receipts(self, runs: Iterable[Run]) -> None:
        for run in runs:
            first, entries, *_, request = run
            self._proving |= request is not None
            if request is None and self._receipts.none_before(first + entries):
                continue
            for receipt, start, count in self._receipts.over(first, entries):
                wrong = check_receipt(receipt, run, self._proving)
                if wrong:
                    for position in range(start, start + count):
                        self._findings.add(wrong[0], position, wrong[1])

    def _missing(self, position: int, logged: bytes | None) -> bytes:
        self._findings.add("entry-missing", position, "there is no entry")
        at = position % WIDTH * HASH_SIZE
        there = (logged or b"")[at : at + HASH_SIZE]
        return there if len(there) == HASH_SIZE else bytes(HASH_SIZE)

    def _grow(self, leaves: bytes) -> None:
        """Grow the tree, stopping wherever a checkpoint claims a root."""
        while leaves:
            stop = HASH_SIZE * (self._next_claim.size - self._tree.size) if self._next_claim else len(leaves)
            self._compare(self._tree.grow(leaves[: max(0, stop)]))
            leaves = leaves[max(0, stop) :]
            self._judge_claims(self._tree.size)

    def _compare(self, tiles: Iterable[Tile]) -> None:
        for tile in tiles:
            width = min(tile.width, width_at(tile.level, tile.index, self._source.size))
            if width:
                self._compare_tile(tile, width)

    def _compare_tile(self, tile: Tile, width: int) -> None:
        name, first = f"tile {tile.level}/{tile.index}", tile.index * WIDTH ** (tile.level + 1)
        kept = self._source.tile(tile.level, tile.index)
        if kept is None:
            self._findings.add("tile-missing", first, f"{name} is missing")
            return
        hashes, nodes = kept
        if len(hashes) < width * HASH_SIZE:
            text = f"{name} holds {len(hashes) // HASH_SIZE} hashes, and the tree has {width} there"
            self._findings.add("tile-short", first + len(hashes) // HASH_SIZE * WIDTH**tile.level, text)
        expected = tile.hashes[: len(hashes)]
        if tile.level and hashes[: len(expected)] != expected:
            at = next(
                i
                for i in range(0, len(expected), HASH_SIZE)
                if hashes[i : i + HASH_SIZE] != expected[i : i + HASH_SIZE]
            )
            text = f"{name} holds another hash {at // HASH_SIZE} than the entries give"
            self._findings.add("tile-differs", first + at // HASH_SIZE * WIDTH**tile.level, text)
        elif nodes is not None and width == tile.width and hashes == tile.hashes and nodes != tile.nodes:
            self._findings.add("tile-differs", first, f"the nodes kept above {name} are others than its hashes give")

    # --- checkpoints

    def _judge_claims(self, size: int) -> None:
        """Every checkpoint of this size against the root of the entries; one of less comes too late for that."""
        while self._next_claim is not None and self._next_claim.size <= size:
            claim = self._next_claim
            self._next_claim = next(self._claims, None)
            if claim.size == size:
                self._judge(claim, self._tree.root())
            else:
                self._findings.add(
                    "checkpoint-displaced", max(0, claim.size - 1), f"{claim.what} is kept after a larger one"
                )

    def _judge(self, claim: "_Claim", root: bytes) -> None:
        position = max(0, claim.size - 1)
        self._newest = claim if claim.note else self._newest
        if claim.root != root:
            code = "known-differs" if claim.note is None else "root-differs"
            self._findings.add(code, position, f"{claim.what} has another root than the entries give")
        elif claim.note is None:
            self._report.compared = claim.checkpoint
        elif claim.by_key:
            self._report.signed, self._report.note = claim.checkpoint, claim.note
            self._report.witnesses = claim.witnesses

    def _judge_suspects(self) -> None:
        """A leaf that the log does not hold: where a signed root says that the entries are right, the tile is wrong."""
        sure = max((c.size for c in (self._report.signed, self._report.compared) if c), default=0)
        for position in self._suspects:
            if position < sure:
                text = f"tile 0/{position // WIDTH} holds another leaf hash; the entry's own is under a signed root"
                self._findings.add("tile-differs", position, text)
            else:
                self._findings.add("entry-rewritten", position, "its leaf hash is not the one that the log holds")

    def _judge_ends(self) -> None:
        while self._next_claim is not None:
            claim, self._next_claim = self._next_claim, next(self._claims, None)
            self._newest = claim if claim.note else self._newest
            code = "known-beyond" if claim.note is None else "tail-missing"
            self._findings.add(
                code, self._tree.size, f"{claim.what} counts more than the {self._tree.size} entries that are here"
            )
        if self._source.size > self._tree.size:
            text = f"the tree has {self._source.size} entries, and {self._tree.size} are here"
            self._findings.add("tail-missing", self._tree.size, text)
        if self._trust.keys and self._newest is not None and not self._newest.by_key:
            text = (
                f"the newest checkpoint, of {self._newest.size} entries, bears no signature of a known key of its log"
            )
            self._findings.add("checkpoint-unsigned", max(0, self._newest.size - 1), text)
        newest, seen = self._report.signed, self._report.compared
        if seen is not None and self._trust.keys and (newest is None or newest.size < seen.size):
            text = f"a checkpoint of {seen.size} entries was seen before; the newest here is of {newest.size if newest else 0}"
            self._findings.add("checkpoint-older", seen.size - 1, text)
        if not self._trust.policy.is_witnessed(self._report.witnesses):
            self._findings.add("witnesses-missing", None, "the newest checkpoint is not cosigned as the policy asks")


# --- what is claimed ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Claim:
    """A checkpoint that must be in this history: one that the source shows (`note`), or one seen before."""

    checkpoint: Checkpoint
    note: Note | None = None
    by_key: bool = False
    witnesses: tuple[VerifierKey, ...] = ()

    @property
    def size(self) -> int:
        return self.checkpoint.size

    @property
    def root(self) -> bytes:
        return self.checkpoint.root

    @property
    def what(self) -> str:
        return f"the checkpoint of {self.size} entries" + ("" if self.note else " that was seen before")


def _claims(source: Source, trust: Trust, findings: Findings) -> Iterator[_Claim]:
    """The checkpoints seen before and those of the source, by size."""
    seen = sorted((_Claim(checkpoint) for checkpoint in trust.known), key=lambda claim: claim.size)
    shown = (claim for content in source.checkpoints() if (claim := _read_claim(content, trust, findings)))
    yield from _merged(iter(seen), shown)


def _merged(one: Iterator[_Claim], other: Iterator[_Claim]) -> Iterator[_Claim]:
    heads = [next(one, None), next(other, None)]
    while heads[0] is not None or heads[1] is not None:
        first = 0 if heads[1] is None or (heads[0] is not None and heads[0].size <= heads[1].size) else 1
        claim = heads[first]
        assert claim is not None
        yield claim
        heads[first] = next(one if first == 0 else other, None)


def _read_claim(content: bytes, trust: Trust, findings: Findings) -> _Claim | None:
    try:
        note = parse_note(content)
        checkpoint = parse_checkpoint(note.text)
    except WrongNote as error:
        findings.add("checkpoint-unreadable", None, str(error))
        return None
    signers = _signers(note, trust, findings, max(0, checkpoint.size - 1))
    by_key = any(key in signers for key in trust.keys if key.name == checkpoint.origin)
    witnesses = [key for key in trust.policy.witnesses.values() if key in signers]
    return _Claim(checkpoint, note, by_key, tuple(witnesses))


def _signers(note: Note, trust: Trust, findings: Findings, position: int) -> list[VerifierKey]:
    """Whose signatures hold; each wrong one is told by itself."""
    held = []
    for key in (*trust.keys, *trust.policy.witnesses.values()):
        try:
            held += [signer for signer, _ in note.signed_by([key])]
        except WrongNote as error:
            findings.add("signature-wrong", position, str(error))
    return held


class _Receipts:
    """Receipts beside the entries in their order."""

    def __init__(self, receipts: Iterator[Receipt] | None):
        self.kept = receipts is not None
        self._receipts = receipts or iter(())
        self._next = next(self._receipts, None)
        self._current: Receipt | None = None

    def none_before(self, end: int) -> bool:
        """Whether no receipt covers anything from where the last one ended up to before `end`."""
        return self._current is None and (self._next is None or self._next.first_position >= end)

    def over(self, first: int, count: int) -> Iterator[tuple[Receipt | None, int, int]]:
        """The entries from `first` on, parted by the receipts that cover them: receipt or none, first, count."""
        end = first + count
        while first < end:
            self._move_to(first)
            current, stop = self._current, end
            if current is not None:
                stop = min(end, current.first_position + current.count)
            if self._next is not None:
                stop = min(stop, self._next.first_position)
            yield current, first, stop - first
            first = stop

    def _move_to(self, position: int) -> None:
        if self._current is not None and self._current.first_position + self._current.count <= position:
            self._current = None
        while self._next is not None and self._next.first_position <= position:
            self._current, self._next = self._next, next(self._receipts, None)
