"""Events as they are sent, for tests that try all of them: the record of Haiti, the declared examples, and drawn ones.

Drawn events are well-formed by their fields; now and then several fields together cannot be.
"""

import json
from importlib import resources
from typing import Any, get_origin

from hypothesis import strategies as st

from ledger.annotations import Part, parts_of
from ledger.events import EVENTS
from tests.builders import corrected
from tests.examples import example_event
from tests.generated import JSON
from tests.histories import DATES, field_of
from tests.spoiling import CONTRACT, PAID, with_value

RECORD = [json.loads(line) for line in (resources.files("ledger.records") / "haiti-mss.jsonl").read_text().splitlines()]
EXAMPLES = [CONTRACT, PAID, corrected(0, to_data={"party": "BLZ", "items": [{"a": None}]}), *map(example_event, EVENTS)]
FULL = with_value(CONTRACT, ["source"], {
    "symbol": "S/2024/262", "paragraph": "1", "url": "https://example.org", "title": "T", "publisher": "P", "published": "2024",
    "kind": "un_document", "relation": "third_party", "confidence": "high", "retrieved": "2024-03-05", "sha256": "0" * 64,
    "also": ["a", "b"],
}) | {"ref": "r", "expected_version": 0}  # fmt: skip


def nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


@st.composite
def said(draw: st.DrawFn) -> dict[str, Any]:
    """An event of any type, its fields drawn by their declarations."""
    name = draw(st.sampled_from(sorted(EVENTS)))
    declared = EVENTS[name]
    parts = [part for part in parts_of(declared) if part.required or draw(st.booleans())]
    event = {
        "type": name,
        "effective": draw(st.sampled_from(DATES)),
        "data": {p.name: drawn(draw, declared, p) for p in parts},
    }
    more = {"note": st.sampled_from(["in words", " e\u0301 "]), "ref": st.sampled_from(["a", "A.b:c_d-1"]),
            "source": st.sampled_from([{"title": "T"}, PAID["source"], CONTRACT["source"]]), "expected_version": st.integers(0, 9)}  # fmt: skip
    event |= {name: draw(values) for name, values in more.items() if draw(st.booleans())}
    return event if declared.LEDGER_WIDE else {**event, "mission": "alpha"}


def drawn(draw: st.DrawFn, declared: Any, part: Part) -> Any:
    if part.annotation == int | str:
        return draw(st.sampled_from([0, 17, "letter-1"]))
    if get_origin(part.annotation) is dict:
        return draw(st.dictionaries(st.text(max_size=8), JSON, max_size=3) | st.sampled_from([{"a": nested(9)}]))
    return draw(field_of(declared, part.name))


EVENTS_SAID = st.sampled_from([*EXAMPLES, *RECORD]) | said()
