"""What it costs to be late, from the platform's own times or from its LATE marks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from .instructor import Policy

DAY = 86400.0


@dataclass(frozen=True)
class Lateness:
    """How late something is: the days begun, and that in words.

    Attributes:
        doubt: what cannot be known and a person should look at, or "".
    """

    days: int
    words: str
    doubt: str = ""


def lateness(
    policy: Policy, handed_in: float, marked_late: bool, extended: float = 0.0
) -> Lateness | None:
    """Return how late something is that was handed in then; None if it is not.

    `handed_in` is in seconds since 1970, 0 where nobody says; `marked_late` is what the
    platform calls it; `extended` is until when this student has time, 0: as all have.
    """
    due = max(policy.due, extended)
    if handed_in:
        over = handed_in - due
        if over <= policy.grace:
            return None
        days = math.ceil(over / DAY)
        return Lateness(days, f"late by {spoken(over)}")
    if not marked_late:
        return None
    if extended > policy.due:
        doubt = (
            "The platform marks it LATE and says no time, and there is an extension: "
            "nothing was taken off. Give the platform's times (a line “times”)."
        )
        return Lateness(0, "marked LATE, with an extension", doubt)
    doubt = (
        "The platform marks it LATE and says no time: it counts as one day late. Give "
        "the platform's times (a line “times”) if it may have been more."
    )
    return Lateness(1, "marked LATE by the platform, counted as one day", doubt)


def share(policy: Policy, days: int) -> float:
    """Return the share of the points earned that so many days take off."""
    return min(policy.most, days * policy.per_day, 1.0)


def spoken(seconds: float) -> str:
    """Return a time in words: days and hours, or hours and minutes."""
    minutes = math.ceil(seconds / 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def shown(when: float) -> str:
    """Return a moment as the instructor's file writes it."""
    return datetime.fromtimestamp(when).strftime("%Y-%m-%d %H:%M")
