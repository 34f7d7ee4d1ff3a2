"""What a course leaves out, weighs otherwise and names: ``course.toml`` beside this.

It is read once. A file that is not of the form that it explains raises ValueError.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("course.toml")
HEADINGS = FILE.with_name("left_out.json")
NEWEST = "main"
_LEGAL = ("extras", "release", "points")
_RELEASE = re.compile(r"\w[\w.-]*")


@dataclass(frozen=True)
class Settings:
    """The settings of a course.

    Attributes:
        extras: whether lessons have what is marked as extra.
        release: the branch, tag or commit that links and install lines name.
        points: by task, where they are others than those of its question; 0: left out.
    """

    extras: bool = True
    release: str = NEWEST
    points: dict[str, int] = field(default_factory=dict)

    @property
    def at_release(self) -> str:
        """What follows the address where pip installs: ``@v1.0``; "" for the newest."""
        return "" if self.release == NEWEST else f"@{self.release}"


@cache
def settings() -> Settings:
    """Return the settings of the course that is installed here."""
    return parsed(FILE.read_text(encoding="utf-8"))


@cache
def left_out(lesson: str) -> frozenset[str]:
    """Return the headings that a lesson has not, since the course has no extras.

    ``make build`` finds them and writes them into a file beside this.
    """
    known = json.loads(HEADINGS.read_text(encoding="utf-8"))
    return frozenset(known.get(lesson, ()))


def parsed(text: str) -> Settings:
    """Read the text of a ``course.toml``; ValueError says what is not legal in it."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"course.toml is no TOML: {error}") from None
    if unknown := sorted(set(given) - set(_LEGAL)):
        raise ValueError(f"course.toml has {unknown[0]!r}; legal are {_LEGAL}.")
    extras, release = given.get("extras", "yes"), given.get("release", NEWEST)
    if extras not in ("yes", "no"):
        raise ValueError(f'course.toml: extras is "yes" or "no", not {extras!r}.')
    if not isinstance(release, str) or not _RELEASE.fullmatch(release):
        raise ValueError(f"course.toml: {release!r} is no branch, tag or commit.")
    points = given.get("points", {})
    if not isinstance(points, dict):
        raise ValueError(f"course.toml: [points] is a table, not {points!r}.")
    for task, number in points.items():
        if type(number) is not int or number < 0:
            raise ValueError(
                f"course.toml: points of {task} are a whole number, 0 to leave it out, "
                f"not {number!r}."
            )
    return Settings(extras == "yes", release, points)
