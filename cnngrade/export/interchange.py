"""Points on their way into other systems: Moodle, Canvas, Gradescope.

Their gradebooks know people by ids of their own, which a submission's name holds only
in part. The list of the class that they export has them: each person on it is matched
with a submission by id, e-mail address or name. Who cannot be matched for certain is
reported, not guessed.

A gradebook is of one lesson and has rows only for those who get points in it: an empty
cell could wipe out a grade that stands there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cnngrade.record import Result
from cnngrade.report.tables import UNJUDGED, cell, ordered, table
from cnngrade.safe_text import cut_lines, one_line, visible

from .people import ClassList, ClassListError, Person, Submitter, match

_NAMES = ("First name", "Last name", "Surname", "Full name")
_MOODLE_KEYS = ("ID number", "Email address", "Username")
_CANVAS_KEYS = ("ID", "SIS User ID", "SIS Login ID")
_WORKSHEET = ("Identifier", "Full name", "Grade", "Last modified (grade)")
_Rows = list[Sequence[str | float]]
_Reasons = list[tuple[str, str]]
_UNKNOWN: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Gradebook:
    """A file to import, and whom it leaves out.

    Attributes:
        data: the bytes of the CSV file.
        unmatched: submissions that are not in it: (student, reason).
        absent: people on the class list of whom no submission was found.
        notes: what to look at before the file is imported.
    """

    data: bytes
    unmatched: tuple[tuple[str, str], ...] = ()
    absent: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def moodle(
    results: Iterable[Result],
    lesson: str,
    listed: ClassList | None = None,
    ids: Mapping[str, str] = _UNKNOWN,
) -> Gradebook:
    """Return a lesson's points for Moodle.

    `ids` holds the ids that Moodle wrote into the names of files, by student.

    If the class list is an assignment's grading worksheet, the file is one again, with
    the columns that are read when it is uploaded there. Else it is for the gradebook's
    import: whatever ids the list has, and a column of points. Without a list it is a
    worksheet if ids are known; if not, the submissions' names are given as user names.
    """
    judged, unmatched = _of_lesson(results, lesson)
    title = f"Lesson {lesson}"
    if listed is None:
        return _moodle_unlisted(_with_submitters(judged, ids), title, unmatched)
    if listed.has("Identifier"):
        return _worksheet(judged, listed, ids, unmatched)
    names = [name for name in _NAMES if listed.has(name)]
    keys = [key for key in _MOODLE_KEYS if listed.has(key)]
    if not keys:
        raise ClassListError(
            "Moodle's import tells people by ID number, e-mail address or user name; "
            "the class list has none of them."
        )
    placed, others, absent = _placed(_with_submitters(judged, ids), listed, keys)
    rows: _Rows = [
        [*_text(person, names), *_text(person, keys), result.earned]
        for result, person in placed
    ]
    return _gradebook((*names, *keys, title), rows, unmatched + others, absent)


def _worksheet(
    judged: Sequence[Result],
    listed: ClassList,
    ids: Mapping[str, str],
    unmatched: _Reasons,
) -> Gradebook:
    key, name, _, last = _WORKSHEET
    placed, others, absent = _placed(_with_submitters(judged, ids), listed, [key])
    rows: _Rows = [
        [*_text(person, [key, name]), result.earned, _text(person, [last])[0] or "-"]
        for result, person in placed
    ]
    notes = _maximum(judged, listed)
    return _gradebook(_WORKSHEET, rows, unmatched + others, absent, notes)


def _moodle_unlisted(
    who: Sequence[tuple[Result, Submitter]], title: str, unmatched: _Reasons
) -> Gradebook:
    if not any(one.id for _, one in who):
        rows: _Rows = [[result.student, result.earned] for result, _ in who]
        return _gradebook(("Username", title), rows, unmatched)
    lost = "The number that Moodle gives to a participant is not known."
    unmatched += [(result.student, lost) for result, one in who if not one.id]
    rows = [
        [f"Participant {one.id}", one.name, result.earned, "-"]
        for result, one in who
        if one.id
    ]
    return _gradebook(_WORKSHEET, rows, unmatched)


def canvas(
    results: Iterable[Result],
    lesson: str,
    listed: ClassList | None = None,
    ids: Mapping[str, str] = _UNKNOWN,
    assignment: str = "",
) -> Gradebook:
    """Return a lesson's points as a gradebook that Canvas imports.

    `assignment` is the heading of the column in Canvas, with its number if it has one:
    "Lesson 02 (4711)"; else Canvas asks whether to make a new assignment. Without a
    class list people are told by `ids`, which Canvas wrote into the names of files,
    else by name.
    """
    judged, unmatched = _of_lesson(results, lesson)
    head = ("Student", *_CANVAS_KEYS, "Section", assignment or f"Lesson {lesson}")
    most = max((result.points for result in judged), default=0)
    rows: _Rows = [["    Points Possible", "", "", "", "", most]]
    if listed is None:
        who = _with_submitters(judged, ids)
        rows += [[one.name, one.id, "", "", "", r.earned] for r, one in who]
        return _gradebook(head, rows, unmatched)
    placed, others, absent = _placed(
        _with_submitters(judged, ids), listed, _CANVAS_KEYS
    )
    columns = (*_CANVAS_KEYS, "Section")
    rows += [
        [_text(p, ["Student"])[0] or p.name, *_text(p, columns), result.earned]
        for result, p in placed
    ]
    return _gradebook(head, rows, unmatched + others, absent)


def gradescope(result: Result) -> bytes:
    """Return one submission's ``results.json`` as Gradescope reads it."""
    tests: list[dict[str, Any]] = [
        {
            "name": one_line(task.task),
            "score": task.earned,
            "max_score": task.points,
            "status": "passed" if task.passed else "failed",
            "output": visible(cut_lines(task.verdict.text)),
            "visibility": "visible",
        }
        for task in result.tasks
    ]
    lines = [f"This notebook {UNJUDGED}. {result.problem}"] if result.problem else []
    if result.notes:
        lines += ["Also noticed, without effect on the points:"]
        lines += [f"- {note}" for note in result.notes]
    facts = {
        "score": result.earned,
        "output": visible(cut_lines("\n".join(lines))),
        "visibility": "visible",
        "tests": tests,
    }
    return json.dumps(facts, indent=1).encode() + b"\n"


def _of_lesson(results: Iterable[Result], lesson: str) -> tuple[list[Result], _Reasons]:
    """Return a lesson's results, and whose notebook could not be judged."""
    of_lesson = [result for result in ordered(results) if result.lesson == lesson]
    unjudged = [
        (result.student, f"It {UNJUDGED}: {result.problem}")
        for result in of_lesson
        if result.problem
    ]
    return [result for result in of_lesson if not result.problem], unjudged


def _with_submitters(
    judged: Sequence[Result], ids: Mapping[str, str]
) -> list[tuple[Result, Submitter]]:
    """Return results, each with what is known of who handed it in."""
    return [(r, Submitter(r.student, ids.get(r.student, ""))) for r in judged]


def _placed(
    who: Sequence[tuple[Result, Submitter]], listed: ClassList, keys: Sequence[str]
) -> tuple[list[tuple[Result, Person]], _Reasons, list[str]]:
    """Match results with the people on a list.

    Returns:
        Results with their people; submissions left out, with the reason; the names of
        people on the list of whom there is no submission.
    """
    places, unmatched = match([one for _, one in who], listed.people)
    placed = []
    for result, _ in who:
        if result.student in places:
            person = listed.people[places[result.student]]
            if problem := _unusable(_text(person, keys)):
                unmatched.append((result.student, f"The id of {person.name} {problem}"))
            else:
                placed.append((result, person))
    taken = set(places.values())
    absent = [p.name for n, p in enumerate(listed.people) if n not in taken]
    return placed, unmatched, absent


def _unusable(key: Sequence[str]) -> str:
    """Say why ids cannot be written to a file unchanged; "" if they can."""
    if not any(key):
        return "is empty on the class list."
    if any(cell(text) != text for text in key):
        return "would be read as a formula by a spreadsheet."
    return ""


def _text(person: Person, columns: Sequence[str]) -> list[str]:
    return [person.row.get(column.casefold(), "").strip() for column in columns]


def _maximum(judged: Sequence[Result], listed: ClassList) -> list[str]:
    """Say where the maximum grade in Moodle is not the points of the lesson."""
    most = max((result.points for result in judged), default=0)
    maxima = {person.row.get("maximum grade", "").strip() for person in listed.people}
    try:
        other = sorted({float(text) for text in maxima if text} - {float(most)})
    except ValueError:
        return []
    return [
        f"The assignment's maximum grade in Moodle is {grade:g}; the lesson has {most} "
        "points. Set it to that before you upload the file."
        for grade in other
    ]


def _gradebook(
    head: Sequence[str],
    rows: Iterable[Sequence[str | float]],
    unmatched: Iterable[tuple[str, str]],
    absent: Iterable[str] = (),
    notes: Iterable[str] = (),
) -> Gradebook:
    return Gradebook(table(head, rows), tuple(unmatched), tuple(absent), tuple(notes))
