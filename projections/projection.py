"""What a projection is: which events it reads, under which keys, and how a row changes with each.

A row is plain JSON data. It is never changed in place: `reads` holds, by event type, pure functions
`(row, standing) -> row`. They never raise: facts arrive late and out of order, and what does not fit is kept
in the row as a remark, which becomes a finding.

A row has a head and lists. The lists grow with the history; the head does not, and all that an answer says but the lists
themselves can be told from it (`projections/heads.py`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ledger.standing import Standing
from projections import heads

Row = dict[str, Any]
Apply = Callable[[Row, Standing], Row]


@dataclass(frozen=True)
class Projection:
    """One kind of row. `keys` gives the rows that an event touches; `start` is a row before its first event.

    `lists` names the fields to which events only add and which no `Apply` reads: they are stored event by event,
    the rest of the row, its head, as a whole. `weigh` changes what the head says in sum when a claim about one of its
    entries gives that another rank, or disputes it.
    """

    name: str
    reads: Mapping[str, Apply]
    keys: Callable[[Standing], Iterable[str]]
    start: Mapping[str, Any] = field(default_factory=dict)
    lists: tuple[str, ...] = ()
    weigh: heads.Weigh | None = None

    @cached_property
    def all_lists(self) -> tuple[str, ...]:
        """Its own, and those that every row has."""
        return "entries", "claims", "remarks", *self.lists

    @cached_property
    def blank(self) -> Mapping[str, Any]:
        """The head of a row before its first event."""
        return {name: value for name, value in {**self.start, **heads.START}.items() if name not in self.lists}

    @cached_property
    def unlisted(self) -> Mapping[str, Any]:
        """What a row is without its head: as at the start, with nothing in its lists, which are shared, since no row is changed in place."""
        return {**self.blank, **{name: [] for name in self.all_lists}}

    @cached_property
    def plain(self) -> Mapping[str, Any]:
        """By field what a head does not tell, because it is as at the start; the key it always tells."""
        return {**self.blank, "key": None}


def subject_of(s: Standing) -> Standing | None:
    """The event itself; of one about another entry the entry at the end of that chain. None where that does not stand."""
    while s.entry.target is not None:
        if s.about is None:
            return None
        s = s.about
    return s


def keys_of(projection: Projection, s: Standing) -> frozenset[str]:
    """The rows of `projection` that `s` touches; an event about another entry touches the rows of that entry."""
    subject = subject_of(s)
    if subject is None or subject.type not in projection.reads:
        return frozenset()
    return frozenset(projection.keys(subject))


def step(projection: Projection, key: str, row: Row | None, s: Standing) -> Row:
    """The row after `s`; its positions are added to `entries`, a claim about one of its entries to `claims`."""
    so_far = row if row is not None else joined(projection, key, None, [])
    lists = {name: so_far[name] for name in projection.all_lists}
    head = {name: value for name, value in so_far.items() if name not in lists}
    head, added = parted(projection, key, head, s)
    return joined(projection, key, head, [lists, added])


def parted(projection: Projection, key: str, head: Row | None, s: Standing) -> tuple[Row, Row]:
    """The head of the row after `s`, without what is as at the start, and what `s` adds to its lists."""
    row = {**projection.unlisted, **head} if head else {**projection.unlisted, "key": key}
    if s.entry.target is not None:
        row = heads.heard({**row, "claims": [_claim(s)]}, s, projection.weigh)
    else:
        row = projection.reads[s.type](row, s)
        row["entries"] = s.positions
    added = {name: values for name in projection.all_lists if (values := row.pop(name))}
    row.update(heads.counted(row, added))
    plain = projection.plain
    if row["beyond"]:
        row.update((name, plain[name]) for name in heads.SUMS if name in plain)
    return {name: value for name, value in row.items() if value is not plain[name] and value != plain[name]}, added


def joined(projection: Projection, key: str, head: Row | None, additions: Iterable[Row]) -> Row:
    """The whole row: its head (None before the first event) and what events added, in their order."""
    lists: dict[str, list[Any]] = {name: [] for name in projection.all_lists}
    for addition in additions:
        for name, values in addition.items():
            lists[name] += values
    return {**projection.blank, **(head or {"key": key}), **lists}


def fold(projection: Projection, seen: Iterable[Standing]) -> dict[tuple[str, str], Row]:
    """Every row of `projection`, by mission and key, after the events `seen` in their order."""
    kept: dict[tuple[str, str], Row] = {}
    added: dict[tuple[str, str], list[Row]] = {}
    for s in seen:
        for key in keys_of(projection, s):
            place = (s.mission or "", key)
            kept[place], addition = parted(projection, key, kept.get(place), s)
            added.setdefault(place, []).append(addition)
    return {place: joined(projection, place[1], head, added[place]) for place, head in kept.items()}


def _claim(s: Standing) -> Row:
    return {
        "type": s.type,
        "position": s.position,
        "entries": s.positions,
        "effective": s.effective,
        "source": s.source,
        **{name: s.data[name] for name in ("by", "rival", "items", "rank", "reason", "statement") if name in s.data},
        **({"rival_effective": s.data["effective"]} if "effective" in s.data else {}),
        "target": s.entry.target,
    }


def remark(row: Row, code: str, text: str, s: Standing) -> Row:
    """The row with something that did not fit, for the findings."""
    return {**row, "remarks": [*row["remarks"], {"code": code, "text": text, "entries": s.positions}]}


def since(s: Standing) -> Row:
    """When and by which entries: what every part of a row carries."""
    return {"since": s.effective, "entries": s.positions}


def pick(s: Standing, *names: str) -> Row:
    """The named fields of the event, null where it leaves them out."""
    said = s.data.get
    return {name: said(name) for name in names}


# --- claims about a row's entries ---------------------------------------------------------------------------------


def rank(row: Row, position: int) -> str:
    """The rank of an entry: the latest one given to it, else normal."""
    return heads.rank(row["claims"], position)


def ranked_by(row: Row, position: int) -> list[int]:
    """The entries that gave an entry its rank; none where it is normal for want of any."""
    given = heads.rank_claim(row["claims"], position)
    return list(given["entries"]) if given else []


def disputes(row: Row, position: int | None = None) -> list[Row]:
    """Disputes of the row's entries, or of one of them; `open` until one side is deprecated or the other preferred."""
    claims = row["claims"]
    if not claims:
        return []
    wanted = [c for c in claims if c["type"] == heads.DISPUTED and position in (None, c["target"])]
    return [{**_without_type(claim), "open": not heads.is_settled(claims, claim)} for claim in wanted]


def corroborations(row: Row, position: int | None = None) -> list[Row]:
    """What bears the row's entries, or one of them, out."""
    return [
        _without_type(c) for c in row["claims"] if c["type"] == heads.CORROBORATED and position in (None, c["target"])
    ]


def _without_type(claim: Row) -> Row:
    return {name: value for name, value in claim.items() if name != "type"}
