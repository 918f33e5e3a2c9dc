"""Who leads: the lead nation, posts and their holders."""

from typing import Annotated

from ledger import codes
from ledger.events.declaration import event
from ledger.values import DateText, Instrument, PartyCode, Prose, Slug, Title, Unfit, closed, optional, told

PostRole = Annotated[str, closed(codes.POST_ROLES, "post_role", "the role of a post")]
LEAD_NATION = "lead-nation"
EndCause = Annotated[str, closed(codes.END_CAUSES, "end_cause", "why it ended")]


@event("lead-nation.designated", stream="lead-nation")
class LeadNationDesignated:
    """A state becomes the mission's lead nation."""

    party: PartyCode = told("The state.", example="KEN")
    instrument: Instrument | None = optional("The act that names it.")


@event("lead-nation.ended", stream="lead-nation")
class LeadNationEnded:
    """A state ceases to be the lead nation, or is said to."""

    party: PartyCode = told("The state.")
    cause: EndCause | None = optional("Why.")
    reason: Prose | None = optional("In words.")


@event("post.created", stream="post/{post}")
class PostCreated:
    """A post comes into being."""

    post: Slug = told("The post's name within the mission.", example="force-commander")
    role: PostRole = told("Its role.", example="force_commander")
    title: Title | None = optional("Its title.")

    def __post_init__(self) -> None:
        if self.post == LEAD_NATION:
            raise Unfit(
                "post", f"{LEAD_NATION!r} is what answers call the lead nation itself; give the post another name"
            )


@event("post.abolished", stream="post/{post}")
class PostAbolished:
    """A post ceases to be."""

    post: Slug = told("The post.")
    reason: Prose | None = optional("Why.")


@event("office-holder.appointed", stream="post/{post}")
class OfficeHolderAppointed:
    """A person is appointed to, or first seen in, a post."""

    post: Slug = told("The post.", example="force-commander")
    person: Title = told("The person's name.", example="Godfrey Otunge")
    party: PartyCode | None = optional("The state or organisation that sends the person.", example="KEN")
    rank: Title | None = optional("Rank or title.", example="Colonel")
    acting: bool | None = optional("Holds the post in the meantime.")
    designate: bool | None = optional("Named, and not yet in function.")
    on_behalf_of: PartyCode | None = optional("For whom the post is held.")
    appointed_by: PartyCode | None = optional("Who appointed.")
    takes_up: DateText | None = optional("When the person is to take up the post, where that is later.")


@event("office-holder.departed", stream="post/{post}")
class OfficeHolderDeparted:
    """A person leaves a post."""

    post: Slug = told("The post.")
    person: Title = told("The person's name, as appointed.")
    cause: EndCause | None = optional("Why.")
    reason: Prose | None = optional("In words.")
