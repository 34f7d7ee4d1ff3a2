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
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from cnngrade.record import Result
from cnngrade.report.tables import UNJUDGED, cell, ordered, table
from cnngrade.safe_text import cut_lines, one_line, visible

from .class_list import AGAIN, ClassList, ClassListError, Person, Submitter, match

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
        uncertain: people on it who may have handed in what is left out.
        notes: what to look at before the file is imported.
    """

    data: bytes
    unmatched: tuple[tuple[str, str], ...] = ()
    absent: tuple[str, ...] = ()
    uncertain: tuple[str, ...] = ()
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
    handed_in = _of_lesson(results, lesson)
    title = f"Lesson {lesson}"
    if listed is None:
        judged, unmatched = _judged(handed_in)
        return _moodle_unlisted(_with_submitters(judged, ids), title, unmatched)
    if listed.has("Identifier"):
        return _worksheet(handed_in, listed, ids)
    names = [name for name in _NAMES if listed.has(name)]
    keys = [key for key in _MOODLE_KEYS if listed.has(key)]
    if not keys:
        raise ClassListError(
            "Moodle's import tells people by ID number, e-mail address or user name; "
            f"the class list has none of them. Export it with one of these. {AGAIN}"
        )
    placed = _placed(_with_submitters(handed_in, ids), listed, keys)
    rows: _Rows = [
        [*_text(person, names), *_text(person, keys), result.earned]
        for result, person in placed.rows
    ]
    head = [listed.called(name) for name in (*names, *keys)]
    return placed.gradebook((*head, title), rows)


def _worksheet(
    handed_in: Sequence[Result], listed: ClassList, ids: Mapping[str, str]
) -> Gradebook:
    key, name, grade, last = _WORKSHEET
    placed = _placed(_with_submitters(handed_in, ids), listed, [key])
    who = [key, name] if listed.has(name) else [key]
    rows: _Rows = [
        [*_text(person, who), result.earned, _text(person, [last])[0] or "-"]
        for result, person in placed.rows
    ]
    notes = _maximum([result for result, _ in placed.rows], listed)
    head = [listed.called(column) for column in (*who, grade, last)]
    return placed.gradebook(head, rows, notes)


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
    handed_in = _of_lesson(results, lesson)
    excused = {one.student for one in handed_in if one.said.excused}
    handed_in = [_not_excused(one) for one in handed_in]
    judged, unmatched = _judged(handed_in)

    def mark(result: Result) -> str | float:
        return "EX" if result.student in excused else result.earned

    head = ("Student", *_CANVAS_KEYS, "Section", assignment or f"Lesson {lesson}")
    most = max((result.points for result in judged), default=0)
    rows: _Rows = [["    Points Possible", "", "", "", "", most]]
    if listed is None:
        who = _with_submitters(judged, ids)
        rows += [[one.name, one.id, "", "", "", mark(r)] for r, one in who]
        return _gradebook(head, rows, unmatched)
    placed = _placed(_with_submitters(handed_in, ids), listed, _CANVAS_KEYS)
    columns = (*_CANVAS_KEYS, "Section")
    rows += [
        [_text(p, ["Student"])[0] or p.name, *_text(p, columns), mark(result)]
        for result, p in placed.rows
    ]
    return placed.gradebook(head, rows)


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
        lines += ["Also noticed:"]
        lines += [f"- {note}" for note in result.notes]
    facts = {
        "score": result.earned,
        "output": visible(cut_lines("\n".join(lines))),
        "visibility": "visible",
        "tests": tests,
    }
    return json.dumps(facts, indent=1).encode() + b"\n"


def _not_excused(result: Result) -> Result:
    """Return a result that gets a row, whatever is in it: Canvas knows excuses."""
    if not result.said.excused:
        return result
    return replace(result, problem="", said=replace(result.said, excused=""))


def _of_lesson(results: Iterable[Result], lesson: str) -> list[Result]:
    return [result for result in ordered(results) if result.lesson == lesson]


def _judged(results: Sequence[Result]) -> tuple[list[Result], _Reasons]:
    """Return the results that have points, and why the others have none."""
    without = [(one.student, why) for one in results if (why := _problem(one))]
    return [result for result in results if not _problem(result)], without


def _problem(result: Result) -> str:
    """Say why a result gives nobody points, or "" if it does.

    Where the instructor gives points for the whole lesson, they count.
    """
    if result.said.excused:
        return f"Does not count: {result.said.excused}."
    given = result.said.given is not None or any(task.given for task in result.tasks)
    return "" if given or not result.problem else f"It {UNJUDGED}: {result.problem}"


def _with_submitters(
    judged: Sequence[Result], ids: Mapping[str, str]
) -> list[tuple[Result, Submitter]]:
    """Return results, each with what is known of who handed it in."""
    return [(r, Submitter(r.student, ids.get(r.student))) for r in judged]


@dataclass(frozen=True)
class _Placed:
    """Results with the people on a list that they are for, and who has none."""

    rows: list[tuple[Result, Person]]
    unmatched: _Reasons
    absent: list[str]
    uncertain: list[str]

    def gradebook(
        self,
        head: Sequence[str],
        rows: Iterable[Sequence[str | float]],
        notes: Iterable[str] = (),
    ) -> Gradebook:
        """Return the file of these rows, and whom it leaves out."""
        return Gradebook(
            table(head, rows),
            tuple(self.unmatched),
            tuple(self.absent),
            tuple(self.uncertain),
            tuple(notes),
        )


def _placed(
    who: Sequence[tuple[Result, Submitter]], listed: ClassList, keys: Sequence[str]
) -> _Placed:
    """Match results with people on a list; leave out what gives nobody points."""
    found = match([one for _, one in who], listed.people)
    problems = [(r.student, why) for r, _ in who if (why := _problem(r))]
    unjudged = {student for student, _ in problems}
    others = [(one, why) for one, why in found.unmatched if one not in unjudged]
    rows, uncertain = [], found.uncertain
    for result, _ in who:
        for place in found.places.get(result.student, ()):
            person = listed.people[place]
            if _problem(result):
                uncertain.add(place)
            elif problem := _unusable(_text(person, keys)):
                uncertain.add(place)
                others.append((result.student, f"The id of {person.name} {problem}"))
            else:
                rows.append((result, person))
    with_points = {id(person) for _, person in rows}
    without = [(n, p) for n, p in enumerate(listed.people) if id(p) not in with_points]
    return _Placed(
        rows,
        problems + others,
        [person.name for n, person in without if n not in uncertain],
        [person.name for n, person in without if n in uncertain],
    )


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
) -> Gradebook:
    return Gradebook(table(head, rows), tuple(unmatched))
