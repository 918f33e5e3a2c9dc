"""Pledges: their terms, their original terms, what became of them, and on which documents."""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.events import parties_of
from ledger.standing import Standing
from projections.ends import may_be_later, outlasts
from projections.heads import is_brief
from projections.projection import Projection, Row, corroborations, disputes, pick, rank, ranked_by, remark, since

_LAST_TERMS, _LAST_SUSPENSIONS = 2, 5


def _announced(row: Row, s: Standing) -> Row:
    said = {**pick(s, "announcer"), "formality": s.data.get("formality") or "public_statement", **since(s)}
    return _opened(row, s, {"announced": said})


def _notified(row: Row, s: Standing) -> Row:
    said = {
        "formality": s.data.get("formality") or "letter_to_secretary_general",
        "symbol": (s.source or {}).get("symbol"),
        **since(s),
    }
    return _opened(row, s, {"notified": said})


def _opened(row: Row, s: Standing, said: Row) -> Row:
    if not opened(row) and row["changes"] >= 0:
        row = remark(row, "not-opened", f"something of {row['key']} is dated before its own beginning", s)
    if opened(row) and row["parties"] != parties_of(s.data):
        row = remark(row, "notified-by-others", f"opened by {row['parties']} and by {parties_of(s.data)}", s)
    revised = row["terms"] if not opened(row) and may_be_later(row["terms"], s) else None
    ends = {name: row[name] if outlasts(row[name], s, opened(row)) else None for name in ("withdrawn", "lapsed")}
    row = {
        **row,
        **said,
        **ends,
        "parties": parties_of(s.data),
        "converts": list(dict.fromkeys([*row["converts"], *s.data.get("converts", [])])),
    }
    if "condition" in s.data:
        row = _with_condition(row, s, s.data.get("condition_text"))
    row = _with_terms(row, s, s.data["items"])
    return row if revised is None else {**row, "terms": revised}


def _with_terms(row: Row, s: Standing, items: Any) -> Row:
    terms = {"items": items, **since(s)}
    due = s.data.get("due") or row["due"]
    original = row["original"] or ({**terms, "type": s.type} if opened(row) else None)
    promised = sorted({*row["promised"], *(promise(item) for item in items)})
    last = {"last_terms": [*row["last_terms"], terms][-_LAST_TERMS:], "promised": promised}
    return _changed({**row, **last, "terms": terms, "all_terms": [terms], "original": original, "due": due}, s)


def promise(item: Mapping[str, Any]) -> str:
    """What an item is of: its kind, of money with the currency."""
    return "/".join(filter(None, (item["kind"], item.get("currency"))))


def _changed(row: Row, s: Standing) -> Row:
    document = {name: (s.source or {}).get(name) for name in ("symbol", "url", "title", "published")}
    documents = [*row["documents"], {**document, "entries": s.positions}] if s.source else row["documents"]
    return {**row, "documents": documents, "changes": row["changes"] + 1}


def _with_condition(row: Row, s: Standing, text: str | None) -> Row:
    condition = {"condition": s.data["condition"], "text": text, "met": None, **since(s)}
    others = [other for other in row["conditions"] if other["condition"] != condition["condition"]]
    return {**row, "conditions": [*others, condition]}


def _revised(row: Row, s: Standing) -> Row:
    return _with_terms(row, s, s.data["items"])


def _conditioned(row: Row, s: Standing) -> Row:
    return _changed(_with_condition(row, s, s.data["text"]), s)


def _condition_met(row: Row, s: Standing) -> Row:
    if all(condition["condition"] != s.data["condition"] for condition in row["conditions"]):
        row = remark(row, "condition-met-before-made", f"condition {s.data['condition']} is met before it is made", s)
    met = [{**c, "met": since(s)} if c["condition"] == s.data["condition"] else c for c in row["conditions"]]
    return _changed({**row, "conditions": met}, s)


def _confirmed(row: Row, s: Standing) -> Row:
    row = {**row, "confirmations": [*row["confirmations"], {**pick(s, "by", "formality", "statement"), **since(s)}]}
    return _with_terms(row, s, s.data["items"]) if "items" in s.data else _changed(row, s)


def _suspended(row: Row, s: Standing) -> Row:
    said = {**pick(s, "cause", "by", "reason"), "ended": None, **since(s)}
    last = {"suspensions": [*row["suspensions"], said][-_LAST_SUSPENSIONS:], "suspended": row["suspended"] + 1}
    return _changed({**row, **last, "all_suspensions": [said]}, s)


def _resumed(row: Row, s: Standing) -> Row:
    if all(suspension["ended"] for suspension in row["suspensions"]):
        row = remark(row, "resumed-before-suspended", "the pledge is resumed before it is suspended", s)
    ended = [{**x, "ended": x["ended"] or since(s)} for x in row["suspensions"]]
    return _changed({**row, "suspensions": ended, "all_suspensions": [{"ended": since(s)}]}, s)


def _withdrawn(row: Row, s: Standing) -> Row:
    return _changed({**row, "withdrawn": {**pick(s, "reason"), **since(s)}}, s)


def _lapsed(row: Row, s: Standing) -> Row:
    return _changed({**row, "lapsed": {**pick(s, "reason"), **since(s)}}, s)


PLEDGES = Projection(
    "pledges",
    reads={
        "pledge.announced": _announced,
        "pledge.notified": _notified,
        "pledge.revised": _revised,
        "pledge.conditioned": _conditioned,
        "pledge.condition-met": _condition_met,
        "pledge.confirmed": _confirmed,
        "pledge.suspended": _suspended,
        "pledge.resumed": _resumed,
        "pledge.withdrawn": _withdrawn,
        "pledge.lapsed": _lapsed,
    },
    keys=lambda s: [s.data["pledge"]],
    start={
        "parties": None,
        "terms": None,
        "last_terms": [],
        "promised": [],
        "original": None,
        "announced": None,
        "notified": None,
        "conditions": [],
        "suspensions": [],  # the last of them
        "suspended": 0,  # how often
        "withdrawn": None,
        "lapsed": None,
        "converts": [],
        "due": None,
        "changes": -1,
    },
    lists=("all_terms", "all_suspensions", "confirmations", "documents"),
)


def opened(row: Row) -> bool:
    """Whether the pledge has been made; what arrives of it before its opening is kept and shown later."""
    return bool(row["announced"] or row["notified"])


def _believed(row: Row) -> Row:
    """The row without openings, terms, conditions, suspensions and ends that are deprecated; where all of the openings
    or of the terms are, with the last of them."""

    def good(part: Row | None) -> bool:
        return part is not None and rank(row, part["entries"][0]) != "deprecated"

    terms = row["terms"] if good(row["terms"]) else next(filter(good, reversed(said_terms(row))), row["terms"])
    made = {name: row[name] for name in ("announced", "notified") if good(row[name])}
    made = {"announced": None, "notified": None, **made} if made else {}
    ends = {name: row[name] if good(row[name]) else None for name in ("withdrawn", "lapsed")}
    suspensions = [{**x, "ended": x["ended"] if good(x["ended"]) else None} for x in _said_suspensions(row) if good(x)]
    conditions = [{**x, "met": x["met"] if good(x["met"]) else None} for x in row["conditions"] if good(x)]
    return {**row, **made, **ends, "terms": terms, "suspensions": suspensions, "conditions": conditions}


def said_terms(row: Row) -> list[Row]:
    """All terms of the pledge in their order; of a row without its lists the last of them."""
    return list(row["last_terms"] if is_brief(row) else row["all_terms"])


def _said_suspensions(row: Row) -> list[Row]:
    """All suspensions of the pledge in their order, each with what ended it; of a row without its lists the last of them."""
    if is_brief(row):
        return list(row["suspensions"])
    found: list[Row] = []
    ended = 0
    for said in row["all_suspensions"]:
        if "since" in said:
            found.append(said)
        else:
            found[ended:] = [{**suspension, **said} for suspension in found[ended:]]
            ended = len(found)
    return found


def hidden_suspensions(row: Row) -> int:
    """How many suspensions a row without its lists does not tell of."""
    return row["suspended"] - len(row["suspensions"]) if is_brief(row) else 0


def is_told(row: Row) -> bool:
    """Whether a row without its lists tells the terms and the suspensions on the day: where those that it has are deprecated,
    others are to be found."""
    if hidden_suspensions(row) and any(claim.get("rank") == "deprecated" for claim in row["claims"]):
        return False
    terms = [row["terms"], *row["last_terms"]]
    hidden = row["counts"].get("all_terms", 0) > len(row["last_terms"])
    return not hidden or any(rank(row, said["entries"][0]) != "deprecated" for said in terms)


def present(row: Row, converting: Sequence[Row] = ()) -> Row:
    """One pledge on the day. `status` is the last thing that decides whether it stands; what it rests on stands beside it.

    `converting`: the rows of the pledges that take its place.
    """
    row = _believed(row)
    return {
        "pledge": row["key"],
        "parties": (row["parties"] or "unstated").split("+"),
        "status": _status(row, bool(converting)),
        "items": row["terms"]["items"],
        "terms_since": row["terms"]["since"],
        "original": row["original"],
        "formality": (row["notified"] or row["announced"] or {"formality": None})["formality"],
        "announced": row["announced"],
        "notified": row["notified"],
        "conditional": any(condition["met"] is None for condition in row["conditions"]),
        "conditions": row["conditions"],
        "confirmations": row["confirmations"],
        "suspensions": row["suspensions"],
        "withdrawn": row["withdrawn"],
        "lapsed": row["lapsed"],
        "converts": row["converts"],
        "converted_by": [later["key"] for later in converting],
        "due": row["due"],
        "changes": row["changes"],
        "documents": row["documents"],
        "rank": rank(row, row["terms"]["entries"][0]),
        "disputes": disputes(row),
        "corroborations": corroborations(row),
        "provenance": _provenance(row, converting),
        "entries": row["entries"],
    }


def _provenance(row: Row, converting: Sequence[Row]) -> Row:
    """The entries behind each plain field."""
    made = row["notified"] or row["announced"]
    taken = [position for later in converting for position in _made(later)]
    ended = row["withdrawn"] or row["lapsed"] or (row["suspensions"] or [made])[-1]
    ended = {"entries": [*ended["entries"], *((ended.get("ended") or {}).get("entries") or [])]}
    conditions = [p for c in row["conditions"] for p in [*c["entries"], *(c["met"] or {"entries": []})["entries"]]]
    terms = dict.fromkeys(("items", "terms_since", "due"), row["terms"]["entries"])
    return {
        **terms,
        "status": taken if taken and not (row["withdrawn"] or row["lapsed"]) else ended["entries"],
        "converted_by": taken,
        "rank": ranked_by(row, row["terms"]["entries"][0]),
        "formality": made["entries"],
        "conditional": conditions,
        "changes": row["entries"],
    }


def believed(row: Row) -> bool:
    """Whether the pledge has been made, and not all that made it is deprecated: one that is takes nobody's place."""
    made = [said["entries"][0] for said in (row["announced"], row["notified"]) if said]
    return any(rank(row, position) != "deprecated" for position in made)


def _made(row: Row) -> list[int]:
    """The entries by which a pledge was made."""
    return [position for said in (row["announced"], row["notified"]) if said for position in said["entries"]]


def _status(row: Row, converted: bool) -> str:
    if row["withdrawn"] or row["lapsed"]:
        return "withdrawn" if row["withdrawn"] else "lapsed"
    if converted:
        return "converted"
    if any(not suspension["ended"] for suspension in row["suspensions"]):
        return "suspended"
    return "notified" if row["notified"] else "announced"


def pledges(rows: list[Row]) -> list[Row]:
    """Every pledge made by the day."""
    made = [row for row in rows if opened(row)]
    converting: dict[str, list[Row]] = {}
    for row in filter(believed, made):
        for earlier in row["converts"]:
            converting.setdefault(earlier, []).append(row)
    return [present(row, converting.get(row["key"], ())) for row in made]


def counts(pledge: Mapping[str, Any]) -> bool:
    """Whether a presented pledge is to be counted as pledged: withdrawn, lapsed, converted and deprecated ones are not."""
    return pledge["status"] not in ("withdrawn", "lapsed", "converted") and pledge["rank"] != "deprecated"


def successors(pledges: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """By pledge the one that stands in its place: what fulfils a converted pledge fulfils what took its place.

    A pledge that several took the place of keeps its own.
    """
    by_name = {pledge["pledge"]: pledge for pledge in pledges}
    found = {}
    for name in by_name:
        last, seen = name, {name}
        while by_name[last]["status"] == "converted" and len(by_name[last]["converted_by"]) == 1:
            following = by_name[last]["converted_by"][0]
            if following in seen:
                break
            last = following
            seen.add(last)
        found[name] = last
    return found
