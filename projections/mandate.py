"""The mandate: which mission it is, by which act, from when, until when, with what ceiling."""

from ledger.standing import Standing
from ledger.values import PartialDate, add_months
from projections.ends import outlasts
from projections.projection import Projection, Row, disputes, pick, rank, remark, since

_VOTES = ("votes_for", "votes_against", "abstentions")


def _registered(row: Row, s: Standing) -> Row:
    return {**row, "host": s.data.get("host"), "registered": since(s), "names": [_name(s), *row["names"]]}


def _name(s: Standing) -> Row:
    return {**pick(s, "name", "acronym"), **since(s)}


def _instrument(action: str, s: Standing) -> Row:
    """An act as it bears on the mandate.

    The end of a term given by its length is counted from the adoption, where the day of that is known.
    """
    until, months, adopted = s.data.get("until"), s.data.get("months"), PartialDate.parse(s.effective)
    basis = "stated" if until else None
    if months and not until and adopted.precision == "day":
        until, basis = add_months(adopted.first, months).isoformat(), "counted from the adoption"
    vote = pick(s, *_VOTES) if any(name in s.data for name in _VOTES) else None
    return {
        "action": action,
        **pick(s, "instrument", "by", "chapter_vii", "terms"),
        "adopted": s.effective,
        "until": until,
        "until_basis": basis,
        "months": months,
        "vote": vote,
        "entries": s.positions,
    }


def _authorized(row: Row, s: Standing) -> Row:
    if any(act["action"] == "renewed" for act in row["instruments"]):
        row = remark(row, "renewed-before-authorized", "a renewal is dated before the authorisation that it renews", s)
    return _with_act(row, "authorised", s)


def _transitioned(row: Row, s: Standing) -> Row:
    gives_term = "until" in s.data or "months" in s.data
    row = (_with_act if gives_term else _with_provision)(row, "transitioned", s)
    return {**row, "names": [*row["names"], _name(s)]}


def _renewed(row: Row, s: Standing) -> Row:
    return _with_act(row, "renewed", s)


def _with_act(row: Row, action: str, s: Standing) -> Row:
    """A mission that is given a term after its termination lives again."""
    terminated = row["terminated"] if outlasts(row["terminated"], s, bool(row["instruments"])) else None
    return {**_with_provision(row, action, s), "terminated": terminated}


def _with_provision(row: Row, action: str, s: Standing) -> Row:
    return {**row, "instruments": [*row["instruments"], _instrument(action, s)]}


def _amended(row: Row, s: Standing) -> Row:
    return _with_provision(row, "amended", s)


def _ceiling(row: Row, s: Standing) -> Row:
    ceiling = {**pick(s, "total", "uniformed", "civilian", "instrument"), **since(s)}
    return {**row, "ceiling": ceiling, "ceilings": [ceiling]}


def _office(row: Row, s: Standing) -> Row:
    return {
        **row,
        "support_offices": [
            *row["support_offices"],
            {**pick(s, "office", "name", "instrument", "channel", "functions"), **since(s)},
        ],
    }


def _terminated(row: Row, s: Standing) -> Row:
    return {
        **row,
        "terminated": {
            **pick(s, "instrument", "reason"),
            "last_day": s.data.get("last_day"),
            **since(s),
        },
    }


MANDATE = Projection(
    "mandate",
    reads={
        "mission.registered": _registered,
        "mission.authorized": _authorized,
        "mission.transitioned": _transitioned,
        "mandate.renewed": _renewed,
        "mandate.amended": _amended,
        "ceiling.set": _ceiling,
        "support-office.established": _office,
        "mission.terminated": _terminated,
    },
    keys=lambda s: ["mandate"],
    start={
        "host": None,
        "registered": None,
        "names": [],
        "instruments": [],
        "ceiling": None,
        "terminated": None,
    },
    lists=("ceilings", "support_offices"),
)


def terms(row: Row) -> list[Row]:
    """The acts that gave the mission a term, in their order."""
    return [
        act
        for act in row["instruments"]
        if act["action"] in ("authorised", "renewed")
        or (act["action"] == "transitioned" and (act["until"] or act["months"]))
    ]


def present(row: Row, valid_at: str) -> Row:
    """The mandate on the day: name, act in force, term, status, ceiling, and how it came about."""
    row = _with_ranks(row)
    given, name = terms(row), (row["names"] or [{"name": None, "acronym": None, "entries": []}])[-1]
    term = (
        given[-1] if given else {"instrument": None, "adopted": None, "until": None, "until_basis": None, "entries": []}
    )
    ceiling = row["ceiling"] and {**row["ceiling"], "rank": rank(row, row["ceiling"]["entries"][0])}
    return {
        "name": name["name"],
        "acronym": name["acronym"],
        "host": row["host"],
        "status": _status(row, given, valid_at),
        "instrument": term["instrument"],
        "from": term["adopted"],
        "until": term["until"],
        "until_basis": term["until_basis"],
        "ceiling": ceiling,
        "ceilings": row["ceilings"],
        "names": row["names"],
        "instruments": row["instruments"],
        "support_offices": row["support_offices"],
        "terminated": row["terminated"],
        "disputes": disputes(row),
        "provenance": _provenance(row, name, term),
        "entries": row["entries"],
    }


def _with_ranks(row: Row) -> Row:
    """The row, each of its parts with the rank of its entry."""
    parts = ("names", "instruments", "ceilings", "support_offices")
    return {**row, **{name: [{**part, "rank": rank(row, part["entries"][0])} for part in row[name]] for name in parts}}


def _provenance(row: Row, name: Row, term: Row) -> Row:
    """The entries behind each plain field."""
    ended = row["terminated"]["entries"] if row["terminated"] else term["entries"]
    fields = dict.fromkeys(("instrument", "from", "until", "until_basis"), term["entries"])
    registered = row["registered"]["entries"] if row["registered"] else []
    return {**dict.fromkeys(("name", "acronym"), name["entries"]), "host": registered, "status": ended, **fields}


def _status(row: Row, given: list[Row], valid_at: str) -> str:
    end = row["terminated"]
    if end and _is_over(end, valid_at):
        return "terminated"
    if not given:
        return "registered"
    return "expired" if given[-1]["until"] and given[-1]["until"] < valid_at else "active"


def _is_over(end: Row, valid_at: str) -> bool:
    """A mission is over after its last day where one is stated, else from the day of its termination."""
    if end["last_day"]:
        return PartialDate.parse(end["last_day"]).last.isoformat() < valid_at
    return PartialDate.parse(end["since"]).first.isoformat() <= valid_at
