"""Who is who from one folder or zip to the next: the same student, the same name.

What tells: Canvas's number of a student, which is the same in all assignments; Moodle's
number of a participant, which holds in one assignment alone; else the name. Where two
students have one name and no number tells them apart, nobody is guessed: they keep
apart under names with their numbers, and an instructor can join them by hand.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """One submission as far as it tells who handed it in.

    Attributes:
        student: what the student is called.
        lesson: two digits.
        platform_id: "moodle 102" or "canvas 102", or "".
    """

    student: str
    lesson: str
    platform_id: str = ""

    @property
    def number(self) -> str:
        """The number that the platform gave, or ""."""
        return self.platform_id.partition(" ")[2]

    @property
    def name(self) -> str:
        """The name alone: without the number that was added to it."""
        added = f" ({self.number})"
        base = self.student.removesuffix(added) if self.number else self.student
        return unicodedata.normalize("NFC", base)

    @property
    def mark(self) -> tuple[str, str]:
        """What holds for this student alone, and where it does; ("", "") if nothing."""
        is_moodle = self.platform_id.startswith("moodle")
        return self.platform_id, self.lesson if is_moodle and self.number else ""


def settled(before: Iterable[Known], new: Sequence[Known]) -> list[str]:
    """Return what to call the student of each new submission.

    `before` are the submissions that a report has, `new` those of one folder or zip,
    in which no two students are called the same.
    """
    people = _People()
    for one in before:
        people.add(one.student, one)
    several = Counter((one.name, one.lesson) for one in new)
    order = sorted(range(len(new)), key=lambda place: _order(new[place]))
    made: dict[int, str] = {}

    def take(place: int, student: str) -> None:
        if student:
            made[place] = student
            people.add(student, new[place])

    for way in (people.by_mark, people.by_full_name):
        for place in order:
            if place not in made:
                take(place, way(new[place]))
    for place in order:
        one = new[place]
        if place not in made and several[one.name, one.lesson] == 1:
            take(place, people.by_name(one))
    for place in order:
        one = new[place]
        if place not in made:
            found = people.by_mark(one)
            if not found and several[one.name, one.lesson] == 1:
                found = people.by_name(one)
            numbered = any(_are_two(one, other) for other in new)
            take(place, found or people.free(one, numbered=numbered))
    return [made[place] for place in range(len(new))]


def _are_two(one: Known, other: Known) -> bool:
    """Tell whether two of one name are different students for certain."""
    if one.name != other.name or not (one.platform_id and other.platform_id):
        return one.name == other.name and one.student != other.student
    return one.mark[1] == other.mark[1] and one.mark != other.mark


def _order(one: Known) -> tuple[str, str, str]:
    return one.lesson, one.student, one.platform_id


class _People:
    """The students of a report, and what is known of each."""

    def __init__(self) -> None:
        self._marks: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self._student_of: dict[tuple[str, str], str] = {}
        self._named: dict[str, set[str]] = defaultdict(set)

    def add(self, student: str, one: Known) -> None:
        self._named[Known(student, "", one.platform_id).name].add(student)
        marks = self._marks[student]
        if one.platform_id:
            marks.add(one.mark)
            self._student_of.setdefault(one.mark, student)

    def by_mark(self, one: Known) -> str:
        """Return the student with the same number."""
        return self._student_of.get(one.mark, "") if one.platform_id else ""

    def by_full_name(self, one: Known) -> str:
        """Return the student who is called just so, where no number says otherwise."""
        if one.student not in self._marks or len(self._named[one.name]) > 1:
            return ""
        return "" if self._is_other(one.student, one) else one.student

    def by_name(self, one: Known) -> str:
        """Return the only student of this name, where no number says otherwise."""
        named = self._named.get(one.name, set())
        if len(named) != 1:
            return ""
        (student,) = named
        return "" if self._is_other(student, one) else student

    def _is_other(self, student: str, one: Known) -> bool:
        """Tell whether a student is known to have another number where one holds."""
        if not one.platform_id:
            return False
        platform, lesson = one.platform_id.partition(" ")[0], one.mark[1]
        return any(
            mark.partition(" ")[0] == platform
            and where == lesson
            and mark != one.platform_id
            for mark, where in self._marks[student]
        )

    def free(self, one: Known, *, numbered: bool) -> str:
        """Return a name for somebody new that nobody has."""
        number, wanted = 1, one.student
        if one.number:
            is_told = numbered or self._named.get(one.name)
            wanted = f"{one.name} ({one.number})" if is_told else one.name
        name = wanted
        while name in self._marks:
            number += 1
            name = f"{wanted} ({number})"
        return name
