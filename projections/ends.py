"""Ends whose dates do not tell whether they lie before or after a beginning. Pure.

Events come in the order of their first days, so an end of 2024-03 comes before a beginning of 15 March, and may lie
after it all the same.
"""

from ledger.standing import Standing
from ledger.values import PartialDate
from projections.projection import Row


def may_be_later(part: Row | None, s: Standing) -> bool:
    """Whether a part of the row, dated less exactly, may lie after the event: 2024-03 after 15 March."""
    return part is not None and PartialDate.parse(part["since"]).last >= PartialDate.parse(s.effective).first


def outlasts(end: Row | None, s: Standing, begun: bool) -> bool:
    """Whether an earlier `end` holds against the beginning `s`.

    Where nothing had `begun` before, it can end nothing else; where something had, what is recorded later lies later.
    """
    return end is not None and may_be_later(end, s) and (not begun or end["entries"][0] > s.position)
