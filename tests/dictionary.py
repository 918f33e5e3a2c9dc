"""Makes `projections/rows.zdict`: what rows usually say, from every state of every row of the record of the mission in Haiti.

python -m tests.dictionary
"""

import json
from collections.abc import Iterator
from pathlib import Path

import orjson
import zstandard

from ledger.records import lines
from projections.answers import PROJECTIONS
from projections.projection import Row, keys_of, parted
from projections.view import view
from tests.in_memory import LATE, entered

SIZE = 8_192  # twice as much packs a hundredth better
MADE = Path(__file__).parents[1] / "projections" / "rows.zdict"


def rows() -> Iterator[Row]:
    """Heads and what events add to lists, as they follow each other."""
    entries = entered(*map(json.loads, lines("haiti-mss")))
    heads: dict[tuple[str, str], Row] = {}
    for s in view(entries, LATE, len(entries)):
        for projection in PROJECTIONS:
            for key in keys_of(projection, s):
                place = projection.name, key
                heads[place], added = parted(projection, key, heads.get(place), s)
                yield from (heads[place], added)


def made() -> bytes:
    samples = [orjson.dumps(row, option=orjson.OPT_SORT_KEYS) for row in rows()]
    return zstandard.train_dictionary(SIZE, samples).as_bytes()


if __name__ == "__main__":
    MADE.write_bytes(made())
