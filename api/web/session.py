"""Who looks at a page."""

from flask import Response, g, redirect, request

from api.parameters import settings
from ledger.keys import ROLES, Holder


def who() -> Holder | None:
    """The holder of the key that this browser signed in with; None where it did not."""
    return g.get("holder")


def may(role: str) -> bool:
    """Whether a page for this role may be shown."""
    holder = who()
    if holder is not None:
        return ROLES.index(holder.role) >= ROLES.index(role)
    return role == "reader" and settings().anonymous_reading


def sign_in_first() -> Response:
    """To the page where one signs in, and from there back."""
    return redirect(f"/sign-in?next={request.full_path}")  # type: ignore[return-value]
