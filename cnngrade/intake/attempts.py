"""Which of a student's attempts is the newest, and what tells so."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

from cnngrade.files.notebook import CannotGradeError

from .layout import Ownership
from .naming import Owner
from .naming import lesson as lesson_of
from .sources import NO_NOTEBOOK, FoundFile

STAMP = "timestamp.txt"
"""The file in which nbgrader notes when an assignment was handed in."""

_COPY_OF = re.compile(r"^((?:copy of|kopie von|copie de|copia de)[ _])(.*)", re.S)

_DECIDED = (
    f"nbgrader's {STAMP}",
    "the number that Canvas gave the file",
    "the number that Canvas added to the file's name",
    "the file's date",
    "the exercise's name, which is the file's, the dates being equal",
    "the file's name, the dates being equal",
)
BY_NAME = _DECIDED[-2:]
"""What tells by a name alone, which a person should look at."""


@dataclass(frozen=True)
class Attempt:
    """A notebook that is somebody's, and the lesson it is of.

    Attributes:
        digest: of the file's bytes, of none if they cannot be read.
        stamp: when it was handed in, in seconds, where nbgrader noted that.
        problem: why it cannot be read, where it is no notebook, or "".
    """

    file: FoundFile
    place: Ownership
    lesson: str
    digest: str
    stamp: float = -math.inf
    problem: str = ""

    @property
    def age(self) -> tuple[object, ...]:
        """What tells which of two attempts is newer, the surest first."""
        place, file = self.place, self.file
        names = tuple(map(_natural, file.parts)), file.source.label
        named = bool(lesson_of(file.parts[-1]))
        return self.stamp, place.number, place.again, file.modified, named, names


def _natural(name: str) -> tuple[object, ...]:
    """Return what orders names as people do: 9 before 10, a copy after the original.

    Programs put what tells a copy before the suffix: "x (1).ipynb", "x-Copy1.ipynb".
    Without suffixes the original's name is the beginning of the copy's.
    """
    stem = re.sub(r"\.(ipynb|zip)$", "", name, flags=re.I).rstrip().casefold()
    stem = _COPY_OF.sub(r"\2 \1", stem)
    parts = re.split(r"([0-9]{1,18})", stem)
    return tuple(int(part) if i % 2 else part for i, part in enumerate(parts))


def stamped(
    attempts: Sequence[Attempt],
    found: Sequence[FoundFile],
    unplaced: list[tuple[str, str]],
) -> list[Attempt]:
    """Give attempts the time that nbgrader noted beside them.

    The files that hold it are taken out of `unplaced`, or else get another reason.
    """
    folders = {attempt.file.parts[:-1] for attempt in attempts}
    stamps: dict[tuple[str, ...], float] = {}
    for file in found:
        folder, label = file.parts[:-1], file.source.label
        is_stamp = file.parts[-1:] == (STAMP,) and file.trouble == NO_NOTEBOOK
        if is_stamp and folder in folders:
            unplaced.remove((label, NO_NOTEBOOK))
            try:
                stamps[folder] = _time(file.source.read())
            except (CannotGradeError, ValueError, OverflowError):
                unplaced.append((label, "holds no date, so those of the files count"))
    return [
        replace(attempt, stamp=stamps.get(attempt.file.parts[:-1], -math.inf))
        for attempt in attempts
    ]


def _time(stamp: bytes) -> float:
    """Read what nbgrader writes: a date, a time and a zone, which is UTC if unknown."""
    day, hour, *zone = stamp[:200].decode("utf-8").split()
    moment = datetime.fromisoformat(f"{day} {hour}")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_zone(" ".join(zone)))
    return moment.timestamp()


def _zone(name: str) -> tzinfo:
    if re.fullmatch(r"[+-][0-9]{4}", name):
        return datetime.strptime(name, "%z").tzinfo or UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return UTC


def newest(attempts: Sequence[Attempt]) -> Iterator[tuple[Attempt, list[Attempt]]]:
    """Yield the newest attempt of each student at each lesson, and the older ones."""
    together: dict[tuple[Owner, str], list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        together[attempt.place.owner, attempt.lesson].append(attempt)
    for tries in together.values():
        *older, last = sorted(tries, key=lambda attempt: attempt.age)
        yield last, older


def decided(older: Attempt, newer: Attempt) -> str:
    """Return what told that one attempt is newer than another."""
    pairs = zip(_DECIDED, older.age, newer.age, strict=True)
    return next((words for words, one, other in pairs if one != other), _DECIDED[-1])
