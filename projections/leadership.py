"""Leadership: the lead nation, and posts with their holders."""

from collections.abc import Iterable

from ledger.standing import Standing
from projections.ends import outlasts
from projections.projection import Projection, Row, disputes, pick, rank, remark, since

LEAD = "lead-nation"


def _keys(s: Standing) -> Iterable[str]:
    return [LEAD if s.type.startswith(LEAD) else f"post/{s.data['post']}"]


def _designated(row: Row, s: Standing) -> Row:
    others = [other for other in row["holders"] if other["party"] != s.data["party"]]
    return {
        **row,
        "created": True,
        "role": "lead_nation",
        "holders": [*others, {**pick(s, "party", "instrument"), **since(s)}],
    }


def _ended(row: Row, s: Standing) -> Row:
    return _leave(row, s, "party")


def _created(row: Row, s: Standing) -> Row:
    abolished = row["abolished"] if outlasts(row["abolished"], s, row["created"]) else None
    return {**row, **pick(s, "role", "title"), "created": True, "abolished": abolished}


def _abolished(row: Row, s: Standing) -> Row:
    gone = [
        {**holder, "until": s.effective, "cause": "post_abolished", "entries": [*holder["entries"], *s.positions]}
        for holder in row["holders"]
    ]
    return {**row, "abolished": since(s), "holders": [], "former": [*row["former"], *gone]}


def _appointed(row: Row, s: Standing) -> Row:
    holder = {
        **pick(s, "person", "party", "rank", "acting", "designate", "on_behalf_of", "appointed_by", "takes_up"),
        **since(s),
    }
    others = [other for other in row["holders"] if other["person"] != holder["person"]]
    return {**row, "holders": [*others, holder]}


def _departed(row: Row, s: Standing) -> Row:
    return _leave(row, s, "person")


def _leave(row: Row, s: Standing, who: str) -> Row:
    leaving = [holder for holder in row["holders"] if holder[who] == s.data[who]]
    if not leaving:
        return remark(row, "departure-before-appointment", f"{s.data[who]} leaves before taking it up", s)
    gone = {
        **leaving[-1],
        "until": s.effective,
        "cause": s.data.get("cause"),
        "entries": [*leaving[-1]["entries"], *s.positions],
    }
    return {
        **row,
        "holders": [holder for holder in row["holders"] if holder[who] != s.data[who]],
        "former": [*row["former"], gone],
    }


LEADERSHIP = Projection(
    "leadership",
    reads={
        "lead-nation.designated": _designated,
        "lead-nation.ended": _ended,
        "post.created": _created,
        "post.abolished": _abolished,
        "office-holder.appointed": _appointed,
        "office-holder.departed": _departed,
    },
    keys=_keys,
    start={"role": None, "title": None, "created": False, "abolished": None, "holders": []},
    lists=("former",),
)


def present(row: Row) -> Row:
    """The post on the day. It is vacant when it exists and nobody holds it; who is merely designate does not hold it yet."""
    held = any(not holder.get("designate") for holder in row["holders"])
    return {
        "post": row["key"].removeprefix("post/"),
        "role": row["role"],
        "title": row["title"],
        "holders": [_ranked(row, holder) for holder in row["holders"]],
        "former": [_ranked(row, holder) for holder in row["former"]],
        "vacant": row["created"] and not held and row["abolished"] is None,
        "abolished": row["abolished"],
        "disputes": disputes(row),
        "entries": row["entries"],
    }


def _ranked(row: Row, holder: Row) -> Row:
    """A holder with the rank of the claim; `rank` is the holder's own, such as Colonel."""
    return {**holder, "claim_rank": rank(row, holder["entries"][0])}
