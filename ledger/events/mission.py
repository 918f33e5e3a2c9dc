"""Missions and their mandates."""

from typing import Annotated

from ledger import codes
from ledger.events.declaration import event
from ledger.texts import Text
from ledger.values import DateText, DayText, Instrument, PartyCode, Prose, Title, closed, optional, told

_WIKIDATA = Annotated[str, Text("a Wikidata identifier", r"Q[1-9]\d{0,11}", 13, example="Q123456")]
_MONTHS = "Length of the term in months, where the act states a length and not an end."


@event("mission.registered", stream="mission")
class MissionRegistered:
    """A mission gets its place in the ledger, before anything else about it."""

    name: Title = told("The mission's name.", example="Multinational Security Support Mission in Haiti")
    acronym: Title | None = optional("Its acronym.", example="MSS")
    host: PartyCode | None = optional("The state where it operates.", example="HTI")
    wikidata: _WIKIDATA | None = optional("Wikidata identifier.")


@event("mission.authorized", stream="mandate")
class MissionAuthorized:
    """A mandating body authorises the mission. The effective date is that of adoption."""

    instrument: Instrument = told("The act.", example="S/RES/2699(2023)")
    by: PartyCode | None = optional("The body that acted.", example="UNSC")
    until: DayText | None = optional("Last day of the term, where it is stated.", example="2024-10-02")
    months: int | None = optional(_MONTHS, low=1, high=240, example=12)
    votes_for: int | None = optional("Votes in favour.", low=0, high=250)
    votes_against: int | None = optional("Votes against.", low=0, high=250)
    abstentions: int | None = optional("Abstentions.", low=0, high=250)
    chapter_vii: bool | None = optional("Whether Chapter VII of the UN Charter is invoked.")
    terms: Prose | None = optional("What the act provides besides.")


@event("mission.transitioned", stream="mandate")
class MissionTransitioned:
    """The mission takes another form and name; it stays the same mission."""

    name: Title = told("The new name.", example="Gang Suppression Force")
    acronym: Title | None = optional("The new acronym.", example="GSF")
    instrument: Instrument | None = optional("The act that provides for it, where there is one.")
    by: PartyCode | None = optional("The body that acted.")
    until: DayText | None = optional("Last day of the new term, where it is stated.")
    months: int | None = optional(_MONTHS, low=1, high=240)
    votes_for: int | None = optional("Votes in favour.", low=0, high=250)
    votes_against: int | None = optional("Votes against.", low=0, high=250)
    abstentions: int | None = optional("Abstentions.", low=0, high=250)
    chapter_vii: bool | None = optional("Whether Chapter VII of the UN Charter is invoked.")
    terms: Prose | None = optional("What the act provides besides.")


@event("mandate.renewed", stream="mandate")
class MandateRenewed:
    """The term is extended. The effective date is that of adoption."""

    instrument: Instrument = told("The act.", example="S/RES/2751(2024)")
    by: PartyCode | None = optional("The body that acted.")
    until: DayText | None = optional("Last day of the new term, where it is stated.", example="2025-10-02")
    months: int | None = optional(_MONTHS, low=1, high=240)
    votes_for: int | None = optional("Votes in favour.", low=0, high=250)
    votes_against: int | None = optional("Votes against.", low=0, high=250)
    abstentions: int | None = optional("Abstentions.", low=0, high=250)
    terms: Prose | None = optional("What the act provides besides.")


@event("mandate.amended", stream="mandate")
class MandateAmended:
    """The terms change, not their length; or a provision of the mandate is put on record by itself."""

    instrument: Instrument = told("The act.")
    by: PartyCode | None = optional("The body that acted.")
    terms: Prose = told("What is provided.")


@event("ceiling.set", stream="mandate")
class CeilingSet:
    """A ceiling for the personnel of the mission."""

    instrument: Instrument = told("The act.", example="S/RES/2793(2025)")
    total: int = told("All personnel.", low=0, high=10**6, example=5550)
    uniformed: int | None = optional("Of these, uniformed personnel at most.", low=0, high=10**6)
    civilian: int | None = optional("Of these, civilians at most.", low=0, high=10**6)


@event("support-office.established", stream="mandate")
class SupportOfficeEstablished:
    """An office is created to support the mission."""

    office: PartyCode = told("The office.", example="UNSOH")
    name: Title = told("Its name.")
    instrument: Instrument | None = optional("The act.")
    channel: Annotated[str, closed(codes.CHANNELS, "channel", "a channel")] | None = optional("How it is paid.")
    functions: Prose | None = optional("What it is to do.")


@event("mission.terminated", stream="mandate")
class MissionTerminated:
    """The mission ends before, or other than by, the end of its term."""

    instrument: Instrument | None = optional("The act.")
    last_day: DateText | None = optional("Last day, where it is not the effective date.")
    reason: Prose | None = optional("Why.")
