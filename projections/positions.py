"""Positions: who supports, opposes or declines what."""

from ledger.events import parties_of
from ledger.standing import Standing
from projections.projection import Projection, Row, disputes, pick, rank, remark, since


def _stated(row: Row, s: Standing) -> Row:
    said = {**pick(s, "stance", "speaker", "members", "text"), "source": s.source, **since(s)}
    return {**row, "now": said, "earlier": [*row["earlier"], *([row["now"]] if row["now"] else [])]}


def _withdrawn(row: Row, s: Standing) -> Row:
    if row["now"] is None:
        return remark(row, "withdrawn-before-stated", "a position is withdrawn before it is stated", s)
    return {**row, "now": None, "earlier": [*row["earlier"], {**row["now"], "withdrawn": since(s)}]}


POSITIONS = Projection(
    "positions",
    reads={"position.stated": _stated, "position.withdrawn": _withdrawn},
    keys=lambda s: [f"{s.data['on']}/{parties_of(s.data)}"],
    start={"now": None},
    lists=("earlier",),
)


def positions(rows: list[Row]) -> list[Row]:
    """The positions held on the day."""
    return [_held(row) for row in rows if row["now"] is not None]


def _held(row: Row) -> Row:
    on, parties = row["key"].split("/")
    return {
        "on": on,
        "parties": parties.split("+"),
        **row["now"],
        "earlier": [{**said, "rank": rank(row, said["entries"][0])} for said in row["earlier"]],
        "rank": rank(row, row["now"]["entries"][0]),
        "disputes": disputes(row),
        "entries": row["entries"],
    }
