"""Exchanges and plans: letters, requests, meetings; figures and deadlines to be reached."""

from typing import Annotated

from ledger import codes
from ledger.events.declaration import event
from ledger.values import DateText, Item, PartyCode, Prose, Slug, Title, closed, optional, told

CommunicationForm = Annotated[
    str, closed(codes.COMMUNICATION_FORMS, "communication_form", "the form of a communication")
]
TargetOutcome = Annotated[str, closed(codes.TARGET_OUTCOMES, "target_outcome", "what became of a target")]


@event("communication.sent", stream="communications")
class CommunicationSent:
    """One party writes to, asks or calls another."""

    form: CommunicationForm = told("Its form.", example="letter")
    sent_by: tuple[PartyCode, ...] = told("From whom.", most=100, example=["HTI"])
    sent_to: tuple[PartyCode, ...] | None = optional("To whom.", most=100)
    on: Slug | None = optional("What it is about, as a topic.", example="un-support-office")
    text: Prose = told("What it says.")


@event("meeting.held", stream="meetings")
class MeetingHeld:
    """Parties meet: a conference, a visit, a session."""

    title: Title = told("What meeting.", example="Force generation conference")
    convened_by: tuple[PartyCode, ...] | None = optional("Who convened it.", most=50)
    participants: tuple[PartyCode, ...] | None = optional("Who took part.", most=250)
    place: Title | None = optional("Where.")
    outcome: Prose | None = optional("What came of it.")


@event("target.set", stream="target/{target}")
class TargetSet:
    """A figure to be reached or a deadline to be kept: a plan, never a fact about what is there."""

    target: Slug = told("The target's name within the mission.", example="full-strength-2026-10")
    text: Prose = told("What is to be reached.")
    items: tuple[Item, ...] | None = optional("The figure, where there is one.", most=20)
    due: DateText | None = optional("By when.", example="2026-10")
    party: PartyCode | None = optional("Who is to reach it.")
    setter: PartyCode | None = optional("Who says so, where it is somebody else.")
    supersedes: tuple[Slug, ...] | None = optional("Targets that this one takes the place of.", most=20)


@event("target.closed", stream="target/{target}")
class TargetClosed:
    """A target is met, missed, replaced or given up."""

    target: Slug = told("The target.")
    outcome: TargetOutcome = told("What became of it.")
    reason: Prose | None = optional("In words.")
