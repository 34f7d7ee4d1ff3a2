"""Which cell of a student's notebook is which cell of the exercise.

A cell is known by its id, else by the course's mark in its metadata, else (where a
tool has lost both) by what it does: it defines a task, checks one, or still holds the
course's own code. Every other code cell was added by the student.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from . import code
from .exercise import ExercisePart, HandedOutExercise, handed_out
from .notebook import CannotGradeError, Cell, Notebook, shown


@dataclass
class Match:
    """Which cell is which.

    Attributes:
        cell_of: the student's cell of each part that was found, by the part's id.
        added: the student's own code cells, in order.
        copies: further cells with the mark, the name or the code of a part.
        without_id: the parts that were not found by id.
    """

    exercise: HandedOutExercise
    notebook: Notebook
    cell_of: dict[str, Cell] = field(default_factory=dict)
    added: list[Cell] = field(default_factory=list)
    copies: list[tuple[Cell, ExercisePart]] = field(default_factory=list)
    without_id: set[str] = field(default_factory=set)

    def cell(self, task: str, role: str) -> Cell | None:
        """Return the student's answer cell or check cell of a task, if it is there."""
        return self.cell_of.get(self.exercise.part(task, role).id)


def identify(notebook: Notebook) -> HandedOutExercise:
    """Return the exercise that a notebook is; raise `CannotGradeError` if none."""
    known, path = handed_out(), shown(notebook.path)
    lesson = notebook.course.get("lesson")
    if isinstance(lesson, str):
        if "kind" not in notebook.course:
            raise CannotGradeError(_is_a_lesson(path, lesson, known.get(lesson)))
        if lesson in known:
            return _fitting(notebook, known[lesson], known.values())
        raise CannotGradeError(
            f"{path} is the exercise of lesson {lesson}, which this release of the "
            f"course does not know; it knows {_listed(known.values())}. Update it: "
            "pip install --upgrade cnnlib"
        )
    found = (
        _most(known.values(), lambda ref: _by_id(notebook, ref))
        or _most(known.values(), lambda ref: _by_name(notebook, ref))
        or _by_file(notebook.path.stem, known)
    )
    if found is None:
        raise CannotGradeError(
            f"{path} is no exercise of this course: none of its cells answers a task. "
            f"There are: {_listed(known.values())}."
        )
    return found


def _fitting(
    notebook: Notebook,
    stated: HandedOutExercise,
    known: Iterable[HandedOutExercise],
) -> HandedOutExercise:
    """Return the exercise that the metadata state, or the one that the cells are of.

    Somebody may have copied the cells of one exercise into the file of another. Where
    no cell fits what is stated, the cells decide.
    """
    if _by_id(notebook, stated) or _by_name(notebook, stated):
        return stated
    return _most(known, lambda ref: _by_id(notebook, ref)) or stated


def _is_a_lesson(path: str, lesson: str, exercise: HandedOutExercise | None) -> str:
    own = f" Its exercise is exercises/{exercise.name}.ipynb." if exercise else ""
    return f"{path} is lesson {lesson} itself, which has nothing to be judged.{own}"


def _listed(known: Iterable[HandedOutExercise]) -> str:
    return ", ".join(f"{ref.name}.ipynb" for ref in known)


def _most(
    known: Iterable[HandedOutExercise], count: Callable[[HandedOutExercise], int]
) -> HandedOutExercise | None:
    best = max(known, key=count, default=None)
    return best if best is not None and count(best) else None


def _by_id(notebook: Notebook, exercise: HandedOutExercise) -> int:
    ids = {cell.id for cell in notebook.cells}
    marked = {str(_part_id_in_metadata(cell)) for cell in notebook.cells}
    return sum(p.id in ids or p.id in marked for p in exercise.parts if p.role)


def _by_name(notebook: Notebook, exercise: HandedOutExercise) -> int:
    cells = [cell for cell in notebook.cells if cell.is_code]
    named = {name for cell in cells for name in code.bound(cell.source)}
    called = {name for cell in cells for name in code.checked(cell.source)}
    return sum(task in named or task in called for task in exercise.tasks)


def _by_file(
    stem: str, known: dict[str, HandedOutExercise]
) -> HandedOutExercise | None:
    for exercise in known.values():
        if exercise.name in stem:
            return exercise
    number = re.match(r"(\d\d)(?!\d)", stem)
    return known.get(number[1]) if number else None


def match(notebook: Notebook, exercise: HandedOutExercise) -> Match:
    """Find each part of the exercise in a student's notebook."""
    made = Match(exercise, notebook)
    left = [cell for cell in notebook.cells if cell.is_code]
    parts = {part.id: part for part in exercise.parts}
    left = _take(made, left, lambda cell: parts.get(cell.id))
    made.without_id = {
        part.id for part in exercise.parts if part.id not in made.cell_of
    }
    left = _take(made, left, lambda cell: parts.get(str(_part_id_in_metadata(cell))))
    _answers_in_check_cells(made)
    left = _take(made, left, lambda cell: _answered(made, cell))
    left = _take(made, left, lambda cell: _checks(made, cell))
    left = _take(made, left, lambda cell: _unchanged(made, cell))
    copied = [cell for cell, part in made.copies if part.role != "check"]
    again = [(cell, name) for cell in left for name in code.bound(cell.source)]
    made.copies += [
        (cell, exercise.part(name, "answer"))
        for cell, name in again
        if name in exercise.tasks
    ]
    made.added = sorted([*left, *copied], key=lambda cell: cell.index)
    made.copies.sort(key=lambda copy: copy[0].index)
    return made


def _take(
    made: Match, cells: list[Cell], which: Callable[[Cell], ExercisePart | None]
) -> list[Cell]:
    """Give cells their parts; return those that have none."""
    left = []
    for cell in cells:
        part = which(cell)
        if part is None:
            left.append(cell)
        elif part.id in made.cell_of:
            made.copies.append((cell, part))
        else:
            made.cell_of[part.id] = cell
    return left


def _part_id_in_metadata(cell: Cell) -> str | None:
    """Return the id of the part that metadata name, the course's or nbgrader's."""
    ours, theirs = cell.metadata.get("cnnlib"), cell.metadata.get("nbgrader")
    if isinstance(ours, dict) and isinstance(ours.get("task"), str):
        return f"{ours['task']}-check" if ours.get("role") == "check" else ours["task"]
    if isinstance(theirs, dict) and isinstance(theirs.get("grade_id"), str):
        return theirs["grade_id"]
    return None


def _answers_in_check_cells(made: Match) -> None:
    """Where two cells were merged, the check cell holds the answer, too."""
    for task in made.exercise.tasks:
        answer, check = (made.exercise.part(task, r).id for r in ("answer", "check"))
        merged = made.cell_of.get(check) if answer not in made.cell_of else None
        if merged and task in code.bound(merged.source):
            made.cell_of[answer] = made.cell_of.pop(check)
            made.without_id.discard(answer)


def _answered(made: Match, cell: Cell) -> ExercisePart | None:
    names = code.bound(cell.source)
    parts = [made.exercise.part(task, "answer") for task in made.exercise.tasks]
    return next(
        (p for p in parts if p.task in names and p.id not in made.cell_of), None
    )


def _checks(made: Match, cell: Cell) -> ExercisePart | None:
    """Return the part that a cell is which checks a task and binds none."""
    called = [name for name in code.checked(cell.source) if name in made.exercise.tasks]
    if not called or code.bound(cell.source):
        return None
    part = made.exercise.part(called[0], "check")
    return (
        part if part.id not in made.cell_of or code.only_checks(cell.source) else None
    )


def _unchanged(made: Match, cell: Cell) -> ExercisePart | None:
    parts = [p for p in made.exercise.parts if not p.role and p.id not in made.cell_of]
    return next((p for p in parts if code.same(p.source, cell.source)), None)
