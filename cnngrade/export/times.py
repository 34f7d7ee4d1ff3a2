"""When the platform got each submission: from its own worksheet or list (CSV).

Moodle's grading worksheet has a column "Last modified (submission)", and says "2 days 3
hours late" in its column "Status"; a list of one's own may have a column "Submitted".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from cnngrade.record import Result
from cnngrade.term.instructor import Policy, Word

from .class_list import ClassListError, Person, Submitter, match, read_class_list

_COLUMNS = ("last modified (submission)", "submitted", "submitted at")
_MONTHS = """
january jan januar janvier janv enero ene gennaio gen januari
february feb februar février févr febrero febbraio februari
march mar märz mrz mars marzo maart
april apr avril avr abril abr aprile
may mai mayo maggio mag mei
june jun juni juin junio giugno giu
july jul juli juillet juil julio luglio lug
august aug août agosto ago augustus
september sep sept septembre septiembre settembre set
october oct oktober okt octobre octubre ottobre ott
november nov novembre noviembre
december dec dezember dez décembre déc diciembre dic dicembre
"""
_MONTH = {
    name: number
    for number, line in enumerate(_MONTHS.strip().splitlines(), 1)
    for name in line.split()
}
_DATE = re.compile(
    r"(?P<day>\d{1,2})\.?\s+(?:de\s+)?(?P<month>[^\W\d]+)\.?\s+(?:de\s+)?(?P<year>\d{4})"
    r"\D+?(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::\d\d)?\s*(?P<half>[ap]\.?m\.?)?",
    re.I,
)
_LATE = re.compile(
    r"(?:(?P<d>\d+) days?)? ?(?:(?P<h>\d+) hours?)? ?(?:(?P<m>\d+) min(?:ute)?s?)? "
    r"?(?:(?P<s>\d+) sec(?:ond)?s?)? late",
    re.I,
)


def platform_times(
    folder: Path, word: Word, results: Iterable[Result]
) -> dict[tuple[str, str], float]:
    """Return when each submission came, by student and lesson, in seconds since 1970.

    The files are those that the instructor's file names; what cannot be read of them
    is added to its problems.
    """
    made: dict[tuple[str, str], float] = {}
    handed_in = list(results)
    for lesson, (number, name) in word.times.items():
        mine = [one for one in handed_in if one.lesson == lesson]
        try:
            listed = read_class_list(folder / name)
        except ClassListError as error:
            word.problems.append((number, str(error)))
            continue
        who = [_submitter(result) for result in mine]
        found = match(who, listed.people)
        policy = word.policies.get(lesson)
        unread = []
        for student, places in found.places.items():
            times = [_time(listed.people[place], policy) for place in places]
            known = [time for time in times if time]
            if known:
                made[student, lesson] = max(known)
            else:
                unread.append(student)
        missing = [student for student, _ in found.unmatched] + unread
        if missing:
            why = f"{name} tells no time for {', '.join(sorted(missing))}."
            word.problems.append((number, why))
    return made


def _submitter(result: Result) -> Submitter:
    platform, _, number = result.platform_id.partition(" ")
    return Submitter(result.student, number if platform == "moodle" else None)


def _time(person: Person, policy: Policy | None) -> float:
    """Return when a person's work came, or 0 if the row does not tell."""
    for column in _COLUMNS:
        if found := read_time(person.row.get(column, "")):
            return found
    late = _LATE.search(person.row.get("status", ""))
    if late and policy and any(late.groups()):
        parts = {name: int(text or 0) for name, text in late.groupdict().items()}
        days, minutes = parts["d"], parts["h"] * 60 + parts["m"]
        return policy.due + days * 86400 + minutes * 60 + parts["s"]
    return 0.0


def read_time(text: str) -> float:
    """Return a date and time as platforms write them, in seconds since 1970; or 0.

    A time without a zone is this machine's.
    """
    plain = " ".join(text.split())
    try:
        return datetime.fromisoformat(plain).timestamp()
    except ValueError:
        pass
    found = _DATE.search(plain)
    month = _MONTH.get(found["month"].casefold()) if found else None
    if not found or not month:
        return 0.0
    hour = int(found["hour"])
    if half := (found["half"] or "").lower():
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    try:
        day, minute, year = (int(found[name]) for name in ("day", "minute", "year"))
        return datetime(year, month, day, hour, minute).timestamp()
    except (ValueError, OverflowError):
        return 0.0
