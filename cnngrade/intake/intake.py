"""The submissions in what an instructor has: whose, of which lesson, the newest.

Nothing is dropped: what is no submission, or an older one, is listed with the reason.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cnngrade.files.exercise import handed_out
from cnngrade.files.match import identify
from cnngrade.files.notebook import CannotGradeError, parse
from cnngrade.files.notebook import shown as shown_path

from . import naming
from .attempts import Attempt, decided, newest, stamped
from .layout import Layout, Ownership
from .naming import Owner, clean, file_name
from .sources import FoundFile, Source, digest, files

__all__ = ["Intake", "Source", "Submission", "file_name", "gather"]

_OTHER_STEP = "is nbgrader's folder for another step, and holds no submissions"
_NO_NAME = (
    "names no student: put it into a folder with the student's name, or add the name "
    "to the file's"
)
_SEVERAL = (
    "lies in what seems one student's folder or zip, with files in it that Moodle or "
    "Canvas named after several: grade that folder or zip by itself"
)


@dataclass(frozen=True)
class Submission:
    """One student's newest notebook of one lesson.

    Attributes:
        student: what to call the student; no two students are called the same.
        lesson: two digits.
        digest: of the file's bytes when it was found.
        modified: the file's date, in seconds.
    """

    student: str
    lesson: str
    source: Source
    digest: str
    modified: float


@dataclass(frozen=True)
class Intake:
    """What was found.

    Attributes:
        submissions: by student and lesson, one for each.
        unplaced: files that are no submissions: (label, reason).
        superseded: older attempts: (student, label, reason).
    """

    submissions: list[Submission]
    unplaced: list[tuple[str, str]]
    superseded: list[tuple[str, str, str]]


def gather(path: Path, lesson: str = "") -> Intake:
    """Find the submissions in a folder or zip, or the one that a notebook is.

    With `lesson` only those of one lesson. Raise `CannotGradeError` if the path is
    nothing of the kind, or nothing is in it.
    """
    if lesson and lesson not in handed_out():
        raise CannotGradeError(
            f"There is no exercise of lesson {clean(lesson)}; there are those of "
            f"{', '.join(handed_out())}."
        )
    found = files(path)
    if not found:
        raise CannotGradeError(f"There is no file in {clean(str(path))}.")
    unplaced: list[tuple[str, str]] = []
    attempts = []
    for file, place in _placed(found, path, unplaced):
        try:
            attempts.append(_attempt(file, place, lesson))
        except CannotGradeError as error:
            unplaced.append((file.source.label, _reason(error, file, place)))
    attempts = stamped(attempts, found, unplaced)
    names = naming.shown({attempt.place.owner for attempt in attempts})
    submissions, superseded = [], []
    for last, older in newest(attempts):
        student, source = names[last.place.owner], last.file.source
        submissions.append(
            Submission(student, last.lesson, source, last.digest, last.file.modified)
        )
        for one in older:
            why = f"is older than {source.label} by {decided(one, last)}"
            superseded.append((student, one.file.source.label, why))
    submissions.sort(key=lambda one: (one.student, one.lesson))
    return Intake(submissions, sorted(unplaced), sorted(superseded))


def _placed(
    found: Sequence[FoundFile], path: Path, unplaced: list[tuple[str, str]]
) -> list[tuple[FoundFile, Ownership]]:
    """Return whose each notebook is; put the other files into `unplaced`."""
    root = os.path.basename(os.path.realpath(path))
    layout = Layout(found, root)
    placed, nameless, skipped = [], [], set()
    for file in found:
        if folder := layout.other_step(file):
            skipped.add(folder)
        elif reason := layout.aside(file) or file.trouble:
            unplaced.append((file.source.label, reason))
        elif place := layout.place(file):
            placed.append((file, place))
        else:
            nameless.append(file)
    unplaced += [(folder, _OTHER_STEP) for folder in skipped]
    owner = _owner_of_all(layout, nameless, root) if not placed else None
    if owner:
        return [(file, Ownership(owner, file.parts[-1])) for file in nameless]
    for file in nameless:
        unplaced.append((file.source.label, _NO_NAME))
    return _without_mixed(placed, unplaced)


def _owner_of_all(
    layout: Layout, files: Sequence[FoundFile], root: str
) -> Owner | None:
    """Return the student whose folder was given: it holds each lesson once at most."""
    if len(files) == 1 and files[0].parts == (root,):
        return Owner(os.path.splitext(root)[0])
    lessons = [naming.lesson(file.parts[-1]) for file in files]
    loose = all(len(layout.path(file)) == 1 for file in files)
    name = naming.student(root)
    return Owner(name) if name and loose and len(set(lessons)) == len(files) else None


def _without_mixed(
    placed: Sequence[tuple[FoundFile, Ownership]], unplaced: list[tuple[str, str]]
) -> list[tuple[FoundFile, Ownership]]:
    """Put aside what lies as if it were one student's, and names several."""
    others: dict[Owner, set[Owner]] = defaultdict(set)
    for _, place in placed:
        others[place.owner] |= place.others
    kept = []
    for file, place in placed:
        if len(others[place.owner]) > 1:
            unplaced.append((file.source.label, _SEVERAL))
        else:
            kept.append((file, place))
    return kept


def _attempt(file: FoundFile, place: Ownership, wanted: str) -> Attempt:
    """Return a notebook with its lesson; raise `CannotGradeError` if it is of none.

    A notebook that cannot be read has one, too, if its name or its folder's tells it.
    """
    data = b""
    try:
        data = file.source.read()
        notebook = parse(data, _called(place))
    except CannotGradeError:
        lesson = _lesson_by_name(file, place, wanted)
        if not lesson:
            raise
    else:
        lesson = identify(notebook).lesson
    if wanted and lesson != wanted:
        raise CannotGradeError(f"is of lesson {lesson}")
    return Attempt(file, place, lesson, digest(data))


def _called(place: Ownership) -> Path:
    """Return the name that a student gave to a notebook."""
    return Path(clean(place.name) or "?")


def _lesson_by_name(file: FoundFile, place: Ownership, wanted: str) -> str:
    names = [place.name, *reversed(file.parts[:-1])]
    told = next(filter(None, map(naming.lesson, names)), "")
    return told or wanted or naming.first_number(place.name)


def _reason(error: CannotGradeError, file: FoundFile, place: Ownership) -> str:
    """Return what an error says of a file, without the name before it."""
    said = str(error)
    for name in (file.source.label, _called(place), shown_path(_called(place))):
        said = said.removeprefix(f"{name} ")
    return said
