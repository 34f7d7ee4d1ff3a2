"""Points on their way into other systems: Moodle, Canvas, Gradescope.

Their gradebooks know people by ids of their own, which a submission's name holds only
in part. The list of the class that they export has them: each person on it is matched
with a submission by id, e-mail address or name. Who cannot be matched for certain is
reported, not guessed.

A gradebook is of one lesson and has rows only for those who get points in it: an empty
cell could wipe out a grade that stands there.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from cnngrade.files.exercise import handed_out
from cnngrade.record import Result
from cnngrade.report.tables import UNJUDGED, cell, ordered, table
from cnngrade.safe_text import cut_lines, one_line, visible

from .class_list import AGAIN, ClassList, ClassListError, Person, Submitter, match

_NAMES = ("First name", "Last name", "Surname", "Full name")
_MOODLE_KEYS = ("ID number", "Email address", "Username")
_CANVAS_KEYS = ("ID", "SIS User ID", "SIS Login ID")
_WORKSHEET = (
    *("Identifier", "Full name", "Grade", "Last modified (grade)"),
    "Feedback comments",
)
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
    key, name, grade, last, comments = _WORKSHEET
    placed = _placed(_with_submitters(handed_in, ids), listed, [key])
    who = [key, name] if listed.has(name) else [key]
    own = [comments] if listed.has(comments) else []
    notes = _maximum([result for result, _ in placed.rows], listed)
    rows: _Rows = []
    kept = []
    for result, person in placed.rows:
        row: list[str | float] = [
            *_text(person, who),
            result.earned,
            _text(person, [last])[0] or "-",
        ]
        for text in _text(person, own):
            is_free = not text or text.startswith(MARK)
            row.append(comment(result) if is_free else text)
            kept += [] if is_free else [person.name]
        rows.append(row)
    if kept:
        notes.append(f"Comments that a person wrote stay: {', '.join(kept)}.")
    head = [listed.called(column) for column in (*who, grade, last, *own)]
    return placed.gradebook(head, rows, notes)


def _moodle_unlisted(
    who: Sequence[tuple[Result, Submitter]], title: str, unmatched: _Reasons
) -> Gradebook:
    if not any(one.id for _, one in who):
        rows: _Rows = [[result.student, result.earned] for result, _ in who]
        made = _gradebook(("Username", title), rows, unmatched)
        note = (
            "The names of the hand-ins stand in the column “Username”; Moodle takes "
            "them if they are user names. If not, give the class list (--class-list)."
        )
        return replace(made, notes=(note,))
    lost = "The number that Moodle gives to a participant is not known."
    unmatched += [(result.student, lost) for result, one in who if not one.id]
    rows = [
        [f"Participant {one.id}", one.name, result.earned, "-", comment(result)]
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
    "Lesson 02 (4711)". Without it the class list's only column that fits the lesson is
    taken; else Canvas asks whether to make a new assignment, which is told. Without a
    class list people are told by `ids`, which Canvas wrote into the names of files,
    else by name.
    """
    heading, note = assignment, ""
    if not assignment:
        heading, note = canvas_column(listed.columns if listed else (), lesson)
    notes = (note,) if note else ()
    handed_in = _of_lesson(results, lesson)
    excused = {one.student for one in handed_in if one.said.excused}
    handed_in = [_not_excused(one) for one in handed_in]
    judged, unmatched = _judged(handed_in)

    def mark(result: Result) -> str | float:
        return "EX" if result.student in excused else result.earned

    head = ("Student", *_CANVAS_KEYS, "Section", heading)
    most = max((result.points for result in judged), default=0)
    rows: _Rows = [["    Points Possible", "", "", "", "", most]]
    if listed is None:
        who = _with_submitters(judged, ids)
        rows += [[one.name, one.id, "", "", "", mark(r)] for r, one in who]
        return replace(_gradebook(head, rows, unmatched), notes=notes)
    placed = _placed(_with_submitters(handed_in, ids), listed, _CANVAS_KEYS)
    columns = (*_CANVAS_KEYS, "Section")
    rows += [
        [_text(p, ["Student"])[0] or p.name, *_text(p, columns), mark(result)]
        for result, p in placed.rows
    ]
    return placed.gradebook(head, rows, notes)


def canvas_column(columns: Sequence[str], lesson: str) -> tuple[str, str]:
    """Return the heading for a lesson's points, and what to know of it, or "".

    Canvas's own columns end in the assignment's number: "02 Padding (778899)". One fits
    that has the words of the exercise's name, else one that has the lesson's number.
    """
    own = [column for column in columns if re.search(r"\S \(\d+\)$", column)]
    known = handed_out().get(lesson)
    words = set(known.name.casefold().split("_")) if known else {lesson}
    for wanted in (words - {lesson}, {lesson}, {lesson.lstrip("0")}):
        fitting = [one for one in own if wanted and wanted <= _words(one)]
        if len(fitting) == 1:
            return fitting[0], f"The points are for Canvas's “{fitting[0]}”."
        if fitting:
            names = ", ".join(f"“{one}”" for one in fitting)
            return f"Lesson {lesson}", (
                f"Several columns of Canvas fit: {names}. Choose one with "
                "--assignment; as it is Canvas makes a new assignment."
            )
    return f"Lesson {lesson}", (
        f"Canvas takes “Lesson {lesson}” for a new assignment. Give the heading of "
        "yours, as Canvas exports it, with --assignment, or the class list that has it."
    )


def _words(column: str) -> set[str]:
    """Return the words and numbers of a heading, without the number at its end."""
    return set(re.findall(r"[^\W_]+", re.sub(r" \(\d+\)$", "", column).casefold()))


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


MARK = "cnnlib:"
"""How our comments begin: what begins otherwise was written by a person."""


def comment(result: Result) -> str:
    """Return a result in one line for the student: Moodle's "Feedback comments"."""
    if result.said.excused:
        return f"{MARK} does not count: {result.said.excused}."
    parts = [f"{MARK} {result.earned:g} of {result.points:g} points"]
    if result.problem:
        parts.append(result.problem)
    parts += [
        f"{task.task} {task.earned:g} of {task.points:g}: {task.verdict.lead}"
        for task in (() if result.problem else result.tasks)
        if task.earned < task.points and not task.given
    ]
    parts += [*result.words, *result.said.comments]
    text = one_line(" · ".join(part.rstrip() for part in parts), 1500)
    return html.escape(text, quote=False)  # Moodle shows it as HTML


def _of_lesson(results: Iterable[Result], lesson: str) -> list[Result]:
    return [result for result in ordered(results) if result.lesson == lesson]


def _judged(results: Sequence[Result]) -> tuple[list[Result], _Reasons]:
    """Return the results that have points, and why the others have none."""
    without = [(one.student, why) for one in results if (why := reason_for_none(one))]
    return [result for result in results if not reason_for_none(result)], without


def reason_for_none(result: Result) -> str:
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
    problems = [(r.student, why) for r, _ in who if (why := reason_for_none(r))]
    unjudged = {student for student, _ in problems}
    others = [(one, why) for one, why in found.unmatched if one not in unjudged]
    rows, uncertain = [], found.uncertain
    for result, _ in who:
        for place in found.places.get(result.student, ()):
            person = listed.people[place]
            if reason_for_none(result):
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
