"""The events that every measurement records: made up, the same in every run, as many as are asked for.

Fifty missions and two hundred parties, of which a few say most. A mission is founded with everything that it will ever
have (posts, pledges, commitments, contingents), as its first hundred events; from then on these change, and no new ones
come, so that a mission has about as many rows after ten thousand entries as after ten million. Of the events 3% correct an
earlier one and 10% tell of an earlier day. The first ten thousand are the same in every ledger, however many follow, so
that one question has one answer in ledgers of every size.

Targets are positions: they are right where the events are recorded in order, from an empty ledger on.
"""

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from ledger.codes import STATES

MISSIONS, PARTIES, CONTRIBUTORS = 50, 200, 20
CORRECTED, LATE = 0.03, 0.10
FIRST_DAY, DAYS, FULL = date(2004, 1, 1), 7_900, 10_000_000
REMEMBERED = 64
Said = dict[str, Any]
Told = tuple[str, Said]

_CATEGORIES = ("troops", "individual_police", "formed_police_units", "experts_on_mission", "civilian")
_KIT = ("helicopter", "armoured_vehicle", "field_hospital", "generator", "patrol_boat")
_POSTS = ("head_of_mission", "force_commander", "police_commissioner", "chief_of_staff")
_TOPICS = ("support-office", "extension-of-mandate")
_STANCES = ("supports", "opposes", "abstains", "calls_for", "reserves")
_MEASURES = ("pledged", "received", "disbursed", "balance")
_FAMILY = ("Otunge", "Mwangi", "Baptiste", "Larsen", "Okafor", "Silva", "Haddad", "Rossi", "Novak", "Tanaka")
_GIVEN = ("Amina", "Joseph", "Claire", "Henrik", "Ngozi", "Paulo", "Samir", "Giulia", "Petra", "Kenji")
_SOURCES = (
    ("un_document", "Letter from the permanent representative addressed to the President of the Security Council"),
    ("official_statement", "Statement by the ministry of foreign affairs on the contribution to the mission"),
    ("mission_publication", "Weekly situation report of the mission, annex on contingents and equipment"),
    ("news", "Agency report on the movements of contributing states, with figures by officials"),
)
_NOTES = (
    "As told by the permanent mission; the figure for the second rotation is said to follow within the month, and "
    "replaces the one that was given to the conference in spring.",
    "The annex gives the figure by category; what was under way on the day of the report is counted as arrived, which "
    "the report of the week before did not do.",
    "Confirmed by the mission's headquarters, which counts those on leave as present; the ministry, asked by an agency, "
    "gives no figure and says that none has changed.",
    "The source names the day and not the hour; two other reports of the same week agree on the figure, and a third one "
    "gives a range in which it lies.",
)


class Mission:
    """What has to be remembered of one mission so that its next event can be recorded."""

    def __init__(self, number: int, parties: list[str], choose: random.Random):
        self.name, self.host = f"mission-{number:02d}", parties[0]
        self.contributors = parties[1 : CONTRIBUTORS + 1]
        self.weights = list(accumulate(1 / rank for rank in range(1, len(self.contributors) + 1)))
        self.category = {party: choose.choice(_CATEGORIES) for party in self.contributors}
        self.kit = {party: choose.choice(_KIT) for party in self.contributors}
        self.holders: dict[str, str | None] = {}
        self.notified: set[str] = set()
        self.suspended: set[str] = set()
        self.correctable: list[tuple[int, Said]] = []
        self.founding = list(_founding(self, choose))[::-1]


class Workload:
    """An endless list of events. It can be pickled, and goes on where it was."""

    def __init__(self, missions: int = MISSIONS, seed: int = 7):
        self.choose = random.Random(seed)
        self.position = 0
        ranked = sorted(STATES)[:PARTIES]
        self.choose.shuffle(ranked)
        self.missions = [Mission(number, self._some(ranked), self.choose) for number in range(missions)]

    def __iter__(self) -> Iterator[Said]:
        while True:
            yield self.next()

    def take(self, count: int, settled: int | None = None) -> list[Said]:
        """The next events. Those about an entry are about one before the position `settled`, where it is given: then
        they may be recorded in any order."""
        return [self.next(settled) for _ in range(count)]

    def next(self, settled: int | None = None) -> Said:
        mission, choose = self.choose.choice(self.missions), self.choose
        said = self._correction(mission, settled) if choose.random() < CORRECTED else None
        if said is None:
            type_name, data = self._ordinary(mission, choose, settled is not None)
            said = self._event(mission, type_name, data)
            if settled is None:
                self._remember(mission, type_name, data)
        self.position += 1
        return said

    def _ordinary(self, mission: Mission, choose: random.Random, in_any_order: bool) -> Told:
        if mission.founding:
            return _strength(mission, choose) if in_any_order else mission.founding.pop()
        make = choose.choices(_ORDINARY, cum_weights=_WEIGHTS)[0]
        return (_strength if in_any_order and make in _IN_ORDER else make)(mission, choose)

    def _event(self, mission: Mission, type_name: str, data: Said) -> Said:
        choose, day = self.choose, self.today()
        if choose.random() < LATE:
            day -= timedelta(days=choose.randint(1, 60))
        said = {"mission": mission.name, "type": type_name, "effective": day.isoformat(), "data": data}
        return {**said, "source": _source(choose, day), "note": choose.choice(_NOTES)}

    def today(self) -> date:
        """A ledger grows ever faster: the first thousandth of its entries takes a sixth of its time."""
        return FIRST_DAY + timedelta(days=int(DAYS * (self.position / FULL) ** 0.25))

    def _correction(self, mission: Mission, settled: int | None) -> Said | None:
        known = [one for one in mission.correctable if settled is None or one[0] < settled]
        if not known:
            return None
        target, data = self.choose.choice(known)
        change: Said = {"data": _changed(data, self.choose)}
        if self.choose.random() < 0.2:
            change = {"effective": (self.today() - timedelta(days=self.choose.randint(0, 30))).isoformat()}
        why = {"reason_code": "late_information", "reason": "A later report gives another figure for the same day."}
        return self._event(mission, "entry.corrected", {"target": target, **change, **why})

    def _remember(self, mission: Mission, type_name: str, data: Said) -> None:
        if not {"items", "money"} & data.keys() or type_name == "pledge.announced":
            return
        if len(mission.correctable) < REMEMBERED:
            mission.correctable.append((self.position, data))
        else:
            mission.correctable[self.choose.randrange(REMEMBERED)] = (self.position, data)

    def _some(self, ranked: list[str]) -> list[str]:
        """A host and its contributors, states that rank high more often than others."""
        keys = {party: self.choose.random() ** (rank**0.5) for rank, party in enumerate(ranked, 1)}
        return sorted(keys, key=lambda party: -keys[party])[: CONTRIBUTORS + 1]


def _source(choose: random.Random, day: date) -> Said:
    kind, title = choose.choice(_SOURCES)
    published = (day + timedelta(days=choose.randint(0, 3))).isoformat()
    source = {"title": title, "published": published, "kind": kind, "confidence": "high"}
    return {**source, "symbol": f"S/{day.year}/{choose.randint(1, 999)}"} if kind == "un_document" else source


def _changed(data: Said, choose: random.Random) -> Said:
    if "money" in data:
        return {"money": {**data["money"], "amount": str(choose.randint(10, 9_000) * 1_000)}}
    items = [dict(item) for item in data["items"]]
    if items[0]["kind"] == "money":
        items[0]["amount"] = str(choose.randint(10, 9_000) * 1_000)
    else:
        items[0]["minimum"] = items[0]["maximum"] = choose.randint(1, 900)
    return {"items": items}


# --- what is said ------------------------------------------------------------------------------------------------------

Make = Callable[[Mission, random.Random], Told]


def _founding(mission: Mission, choose: random.Random) -> Iterator[Told]:
    """Everything that a mission will ever have, once."""
    yield "mission.registered", {"name": f"Multinational support mission {mission.name[-2:]}", "host": mission.host}
    yield "mission.authorized", {"instrument": f"Decision {mission.name[-2:]} of the Council", "months": 12}
    yield "ceiling.set", {"instrument": f"Decision {mission.name[-2:]} of the Council", "total": 5_500}
    yield "lead-nation.designated", {"party": mission.contributors[0]}
    for post in _POSTS:
        yield "post.created", {"post": post.replace("_", "-"), "role": post}
        yield _appointed(mission, post.replace("_", "-"), choose)
    for party in mission.contributors[:6]:
        yield "partner.joined", {"group": "PARTNERS", "party": party, "role": "financial_contributor"}
    for party in mission.contributors:
        yield "pledge.announced", {"pledge": _pledge(party), "party": party, "items": [_people(mission, party, choose)]}
        yield "personnel.deployed", {"party": party, "items": [_people(mission, party, choose)]}
    for party in mission.contributors[:8]:
        yield "commitment.signed", {"commitment": _fund(party), **_paid(party, choose)}
        yield "equipment.delivered", {"party": party, "items": [_kit(mission, party, choose)]}
        for topic in _TOPICS:
            yield _stated(mission, party, topic, choose)
    for target in ("full-strength", "field-hospital"):
        yield "target.set", {"target": target, "text": "To be reached before the end of the term.", "due": "2030"}


def _pledge(party: str) -> str:
    return f"{party.lower()}-personnel"


def _fund(party: str) -> str:
    return f"{party.lower()}-trust-fund"


def _people(mission: Mission, party: str, choose: random.Random) -> Said:
    count = choose.randint(1, 900)
    return {"kind": "personnel", "category": mission.category[party], "minimum": count, "maximum": count}


def _kit(mission: Mission, party: str, choose: random.Random) -> Said:
    count = choose.randint(1, 40)
    return {"kind": "equipment", "category": mission.kit[party], "minimum": count, "maximum": count}


def _paid(party: str, choose: random.Random) -> Said:
    return {"party": party, "channel": "un_trust_fund", "money": _sum(choose)}


def _sum(choose: random.Random) -> Said:
    return {"currency": choose.choice(("USD", "EUR")), "amount": str(choose.randint(10, 9_000) * 1_000)}


def _appointed(mission: Mission, post: str, choose: random.Random) -> Told:
    person = f"{choose.choice(_GIVEN)} {choose.choice(_FAMILY)}"
    mission.holders[post] = person
    return "office-holder.appointed", {"post": post, "person": person, "party": _party(mission, choose)}


def _party(mission: Mission, choose: random.Random, among: int = CONTRIBUTORS) -> str:
    return choose.choices(mission.contributors[:among], cum_weights=mission.weights[:among])[0]


def _stated(mission: Mission, party: str, topic: str, choose: random.Random) -> Told:
    text = "Said in the debate on the report of the Secretary-General; the delegation asks for a term of twelve months."
    return "position.stated", {"party": party, "on": topic, "stance": choose.choice(_STANCES), "text": text}


def _position(mission: Mission, choose: random.Random) -> Told:
    return _stated(mission, _party(mission, choose, 8), choose.choice(_TOPICS), choose)


def _movement(type_name: str) -> Make:
    def make(mission: Mission, choose: random.Random) -> Told:
        party = _party(mission, choose)
        data = {"party": party, "items": [_people(mission, party, choose)], "contingent": f"{party.lower()}-1"}
        fulfils = type_name == "personnel.deployed" and choose.random() < 0.5
        return type_name, {**data, "fulfils": _pledge(party)} if fulfils else data

    return make


def _rotated(mission: Mission, choose: random.Random) -> Told:
    party = _party(mission, choose)
    arrive, leave = [_people(mission, party, choose)], [_people(mission, party, choose)]
    return "personnel.rotated", {"party": party, "rotated_in": arrive, "rotated_out": leave}


def _strength(mission: Mission, choose: random.Random) -> Told:
    party = _party(mission, choose)
    statement = "Counted by the mission's headquarters on the last day of the week."
    return "strength.reported", {"party": party, "items": [_people(mission, party, choose)], "statement": statement}


def _revised(mission: Mission, choose: random.Random) -> Told:
    party = _party(mission, choose)
    reason = "The government states new terms in a letter to the Secretary-General."
    return "pledge.revised", {"pledge": _pledge(party), "items": [_people(mission, party, choose)], "reason": reason}


def _notified(mission: Mission, choose: random.Random) -> Told:
    party = _party(mission, choose)
    if party in mission.notified:
        return "pledge.confirmed", {"pledge": _pledge(party), "statement": "Affirmed with its terms unchanged."}
    mission.notified.add(party)
    return "pledge.notified", {"pledge": _pledge(party), "party": party, "items": [_people(mission, party, choose)]}


def _suspended(mission: Mission, choose: random.Random) -> Told:
    party = _party(mission, choose)
    if party in mission.suspended:
        mission.suspended.remove(party)
        return "pledge.resumed", {"pledge": _pledge(party), "reason": "The review has ended."}
    mission.suspended.add(party)
    return "pledge.suspended", {"pledge": _pledge(party), "cause": "policy_review"}


def _received(mission: Mission, choose: random.Random) -> Told:
    party = _party(mission, choose, 8)
    return "contribution.received", {**_paid(party, choose), "commitment": _fund(party)}


def _disbursed(mission: Mission, choose: random.Random) -> Told:
    return "funds.disbursed", {**_paid(_party(mission, choose, 8), choose), "purpose": "Fuel, rations, rents, flights."}


def _balance(mission: Mission, choose: random.Random) -> Told:
    data = {"fund": "un-trust-fund", "measure": choose.choice(_MEASURES), "money": _sum(choose)}
    return "fund-balance.reported", {**data, "statement": "Stated by the administrator of the fund."}


def _equipment(type_name: str, **more: str) -> Make:
    def make(mission: Mission, choose: random.Random) -> Told:
        party = _party(mission, choose, 8)
        return type_name, {"party": party, "items": [_kit(mission, party, choose)], **more}

    return make


def _casualty(mission: Mission, choose: random.Random) -> Told:
    data = {"party": _party(mission, choose), "casualty": "wounded_in_action", "minimum": 1, "maximum": 3}
    return "casualty.reported", {**data, "circumstances": "During a patrol; two were flown out on the same day."}


def _changed_holder(mission: Mission, choose: random.Random) -> Told:
    post = choose.choice(sorted(mission.holders))
    if (person := mission.holders[post]) is None:
        return _appointed(mission, post, choose)
    mission.holders[post] = None
    return "office-holder.departed", {"post": post, "person": person, "cause": "term_ended"}


def _sent(mission: Mission, choose: random.Random) -> Told:
    data = {"form": "letter", "sent_by": [_party(mission, choose)], "on": "support-office"}
    return "communication.sent", {**data, "text": "Asks for flights, fuel and medical care to be paid from the fund."}


_MIX: dict[Make, int] = {
    _rotated: 13,
    _movement("personnel.deployed"): 9,
    _movement("personnel.repatriated"): 8,
    _strength: 14,
    _revised: 14,
    _notified: 6,
    _suspended: 2,
    _received: 9,
    _disbursed: 4,
    _position: 8,
    _balance: 4,
    _equipment("equipment.delivered"): 3,
    _equipment("equipment-status.reported", status="in_use"): 2,
    _casualty: 1,
    _changed_holder: 1,
    _sent: 2,
}
_ORDINARY, _WEIGHTS = list(_MIX), list(accumulate(_MIX.values()))
_IN_ORDER = (_changed_holder, _suspended)  # what undoes one before it
