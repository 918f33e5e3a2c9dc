"""What an audit may notice, by code."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

CODES: Mapping[str, str] = MappingProxyType(
    {
        "entry-missing": "A position has no entry.",
        "entry-displaced": "An entry lies at another position than its envelope says.",
        "entry-rewritten": "An entry agrees with itself, and is not the one that the log holds at its position.",
        "entry-unreadable": "An envelope is not the canonical JSON that envelopes are.",
        "envelope-differs": "An envelope is not the one that the log holds, nor what the rest of its entry says.",
        "column-differs": "A column says something else than the envelope.",
        "payload-differs": "A payload, or its salt, is not the one that the envelope commits to.",
        "payload-missing": "A payload is gone, and no entry says that it was removed.",
        "payload-there": "A payload is there, and an entry says that it was removed.",
        "target-differs": "An entry is about one that does not lie before it.",
        "root-of-family-differs": "An entry is counted to another family than that of its target.",
        "version-gap": "The versions of a stream do not count from 1 without gaps.",
        "twice": "An id or ref is borne by two entries.",
        "time-runs-backward": "An entry was recorded before the one before it.",
        "head-differs": "The head does not say how many entries there are, or when the last one was recorded.",
        "ledger-closed": "The ledger is closed: it lacks what was signed of it.",
        "receipt-differs": "A receipt is not the one that its entries prove.",
        "receipt-missing": "Entries were recorded under an idempotency key, and their receipt is gone.",
        "tile-missing": "A tile of the tree is missing.",
        "tile-differs": "A tile holds other hashes than the entries give.",
        "tile-short": "A tile holds fewer hashes than the tree has there.",
        "tile-too-much": "There is a tile, or a part of one, that the tree does not have.",
        "checkpoint-unreadable": "A checkpoint is no signed note of a checkpoint.",
        "checkpoint-displaced": "A checkpoint is not kept in the order of its size.",
        "checkpoint-unsigned": "A checkpoint bears no signature of a known key of the log.",
        "signature-wrong": "A signature under a known key is not over this checkpoint.",
        "root-differs": "A checkpoint has another root than the entries give.",
        "tail-missing": "A checkpoint counts more entries than there are.",
        "checkpoint-older": "The newest checkpoint is older than one that was seen before.",
        "known-differs": "A checkpoint that was seen before is none of this history: it was rewritten, or there are two.",
        "known-beyond": "A checkpoint that was seen before counts more entries than there are: history was set back.",
        "witnesses-missing": "The newest checkpoint lacks the cosignatures that the policy asks for.",
        "projection-differs": "A row of the index is not what its entries give.",
        "projection-missing": "A row of the index is missing.",
        "projection-too-much": "A row of the index comes from no entry.",
        "projections-behind": "The index has not taken in all entries.",
        "projections-unmade": "The entries are such that no index can be made of them.",
        "schema-differs": "A table, index, trigger or function is not what the migrations make.",
        "bundle-torn": "What is audited ends before its end, or holds what cannot be read.",
        "proof-wrong": "A proof does not show its entry in the log.",
    }
)
SHOWN = 100


@dataclass(frozen=True)
class Finding:
    """Something noticed: what (`code`), where (a position of the ledger, if it has one), and in words."""

    code: str
    position: int | None
    text: str

    def __post_init__(self) -> None:
        assert self.code in CODES, self.code


@dataclass
class Findings:
    """What an audit has noticed so far: the first hundred of each code, and how many there are of it."""

    kept: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, code: str, position: int | None, text: str) -> None:
        self.counts[code] += 1
        if self.counts[code] <= SHOWN:
            self.kept.append(Finding(code, position, text))

    def take(self, found: Iterable[Finding]) -> None:
        for finding in found:
            self.add(finding.code, finding.position, finding.text)

    @property
    def left_out(self) -> dict[str, int]:
        """How many findings of a code are not kept."""
        return {code: count - SHOWN for code, count in self.counts.items() if count > SHOWN}
