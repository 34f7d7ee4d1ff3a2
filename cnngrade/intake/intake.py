"""The submissions in what an instructor has: whose, of which lesson, the newest.

Nothing is dropped: what is no submission, or an older one, is listed with the reason.
"""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cnngrade.files.exercise import handed_out
from cnngrade.files.match import identify
from cnngrade.files.notebook import CannotGradeError, parse
from cnngrade.files.notebook import shown as shown_path

from . import naming
from .attempts import BY_NAME, Attempt, decided, newest, stamped
from .beside import Beside, beside, digest_with
from .layout import Layout, Ownership
from .naming import Owner, clean, file_name
from .nesting import Prefix
from .sources import NO_NOTEBOOK, FoundFile, Source, digest, files
from .unread import advice, is_packed, unread

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
        platform_id: the platform and the id that it gave, "moodle 102", or "".
        problem: why it cannot be read, where it is no notebook, or "".
        stamp: when it was handed in, in seconds, where nbgrader noted that; else 0.
        number: Canvas's own of the file, or 0.
        is_late: whether the platform wrote "LATE" into its name.
        beside: the files that lie beside it, by the path that its code knows them by.
        not_given: those that its code is not given: (path, reason).
        set_aside: whether a newer one of the student was graded before.
        told: what a person should look at, a sentence each.
    """

    student: str
    lesson: str
    source: Source
    digest: str
    modified: float
    platform_id: str = ""
    problem: str = ""
    stamp: float = 0.0
    number: int = 0
    is_late: bool = False
    beside: tuple[tuple[str, Source], ...] = ()
    not_given: tuple[tuple[str, str], ...] = ()
    set_aside: bool = False
    told: tuple[str, ...] = ()


@dataclass(frozen=True)
class Intake:
    """What was found.

    Attributes:
        submissions: by student and lesson, one for each.
        unplaced: files that are no submissions: (label, reason).
        superseded: older attempts: (student, label, reason).
        doubts: what in the layout can be read in two ways, a sentence each.
    """

    submissions: list[Submission]
    unplaced: list[tuple[str, str]]
    superseded: list[tuple[str, str, str]]
    doubts: tuple[str, ...] = ()


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
    attempts: list[Attempt] = []
    refused: dict[str, tuple[FoundFile, Ownership, str]] = {}
    root = os.path.basename(os.path.realpath(path))
    layout = Layout(found, root, _lesson_in)
    placed, alone = _placed(found, layout, root, unplaced)
    for file, place in placed:
        try:
            attempts.append(_attempt(file, place, lesson))
        except CannotGradeError as error:
            reason = _reason(error, file, place)
            refused[file.source.label] = file, place, reason
            unplaced.append((file.source.label, reason))
    rest = unread(found, refused, attempts, layout, lesson)
    shown = {one.file.source.label for one in rest}
    others = [file for file in found if file.trouble == NO_NOTEBOOK]
    packed = {one.source.label: advice(one) for one in others if is_packed(one)}
    unplaced[:] = [(n, packed.get(n, why)) for n, why in unplaced if n not in shown]
    attempts += rest
    attempts = stamped(attempts, found, unplaced)
    attempts, alike = _apart(_one_spelling(attempts), layout)
    names = naming.shown({attempt.place.owner for attempt in attempts})
    submissions, superseded = [], []
    given: set[str] = set()
    for last, older in newest(attempts):
        student, source = names[last.place.owner], last.file.source
        near = Beside() if last.problem else beside(last, found, layout, alone=alone)
        given |= near.labels
        submissions.append(
            Submission(
                student,
                last.lesson,
                source,
                digest_with(last.digest, _contents(near.given)),
                last.file.modified,
                _platform_id(last.place.owner),
                last.problem,
                max(0.0, last.stamp),
                last.place.number,
                last.place.is_late,
                near.given,
                near.left,
                told=_by_name_alone(last, older),
            )
        )
        for one in older:
            why = f"is older than {source.label} by {decided(one, last)}"
            superseded.append((student, one.file.source.label, why))
    unplaced = [(name, why) for name, why in unplaced if name not in given]
    submissions.sort(key=lambda one: (one.student, one.lesson))
    doubts = (*layout.doubts, *alike)
    return Intake(submissions, sorted(unplaced), sorted(superseded), doubts)


def _placed(
    found: Sequence[FoundFile],
    layout: Layout,
    root: str,
    unplaced: list[tuple[str, str]],
) -> tuple[list[tuple[FoundFile, Ownership]], bool]:
    """Return whose each notebook is; put the other files into `unplaced`.

    Tell besides whether the whole folder is one student's.
    """
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
        return [(file, Ownership(owner, file.parts[-1])) for file in nameless], True
    for file in nameless:
        unplaced.append((file.source.label, _NO_NAME))
    return _without_mixed(placed, unplaced), False


def _by_name_alone(last: Attempt, older: Sequence[Attempt]) -> tuple[str, ...]:
    """Return a sentence where the names of files alone say which one counts."""
    others = [one.file.source.label for one in older if decided(one, last) in BY_NAME]
    if not others:
        return ()
    return (
        f"{last.file.source.label} was graded, and not {', '.join(others[:5])}: "
        "nothing but the names tells which is newer. Look which one is meant; alone in "
        "the hand-in, it is graded.",
    )


def _contents(files: Sequence[tuple[str, Source]]) -> list[tuple[str, bytes]]:
    return [(path, source.read()) for path, source in files]


def _platform_id(owner: Owner) -> str:
    known = owner.platform and owner.id
    return f"{owner.platform.casefold()} {owner.id}" if known else ""


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


def _lesson_in(file: FoundFile) -> str:
    """Return the lesson that a notebook's names tell, or else what is in it; or ""."""
    told = next(filter(None, map(naming.lesson, reversed(file.parts))), "")
    if told:
        return told
    try:
        return identify(parse(file.source.read(), Path("?"))).lesson
    except CannotGradeError:
        return ""


def _one_spelling(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Give one spelling to names that differ in how accents are stored alone.

    macOS stores an accent as a sign of its own, other systems do not.
    """
    spellings: dict[Owner, set[str]] = defaultdict(set)
    owners = [_composed(one.place.owner) for one in attempts]
    for one, owner in zip(attempts, owners, strict=True):
        spellings[owner].add(one.place.owner.name)
    return [
        replace(one, place=replace(one.place, owner=owner))
        if len(spellings[owner]) > 1
        else one
        for one, owner in zip(attempts, owners, strict=True)
    ]


def _composed(owner: Owner) -> Owner:
    return replace(owner, name=unicodedata.normalize("NFC", owner.name))


def _apart(
    attempts: Sequence[Attempt], layout: Layout
) -> tuple[list[Attempt], list[str]]:
    """Part students of one name whose notebooks of a lesson lie in several groups."""
    groups: dict[tuple[Owner, str], set[Prefix]] = defaultdict(set)
    for one in attempts:
        if not one.place.owner.platform:
            groups[one.place.owner, one.lesson].add(layout.around(one.file))
    several = {owner for (owner, _), some in groups.items() if len(some) > 1}
    parted = []
    for one in attempts:
        place = one.place
        if place.owner in several:
            group = "/".join(layout.around(one.file))
            place = replace(place, owner=replace(place.owner, id=group))
        parted.append(replace(one, place=place))
    doubts = [
        f"{clean(owner.name)} lies in several folders around students, with the same "
        "lesson in each: they were taken for different people."
        for owner in sorted(several)
    ]
    return parted, doubts


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
