"""What is to be run: the student's cells poured into the course's copy."""

from __future__ import annotations

from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from . import code
from .exercise import ExercisePart
from .match import Match
from .notebook import Cell


@dataclass(frozen=True)
class Step:
    """One step: a cell to run, or (where `source` is None) a task to ask.

    Attributes:
        source: the code.
        task: the task that is asked, or that the cell answers.
        cell: the student's cell, None for one of the course's.
    """

    source: str | None
    task: str = ""
    cell: Cell | None = None

    @property
    def asks(self) -> bool:
        """Whether an answer is asked here; else a cell is run."""
        return self.source is None


def plan(match: Match) -> list[Step]:
    """Return the steps in the order of the exercise.

    Answers stand at their places, and so does everything that the course wrote, as it
    wrote it. A cell of the student's own follows the cell that it follows in the
    student's notebook; a task is asked where its check cell stands, or right after the
    cell below that answers it anew (see `answers_below`).
    """
    own, later = _own(match), answers_below(match)
    asked_after = defaultdict[int, list[str]](list)
    for task, cell in later.items():
        asked_after[cell.index].append(task)

    def student_steps(cells: Sequence[Cell]) -> Iterator[Step]:
        for cell in cells:
            yield Step(cell.source, cell=cell)
            yield from (Step(None, task) for task in asked_after[cell.index])

    steps = [*student_steps(own[""])]
    for part in match.exercise.parts:
        if part.role != "check" or part.task not in later:
            steps += _steps(part, match.cell_of.get(part.id))
        steps += student_steps(own[part.id])
    return steps


def answers_below(match: Match) -> dict[str, Cell]:
    """Return the student's cells below a check that answer its task anew, by the task.

    The last one that ran counts, by the numbers that Jupyter gives to runs, the answer
    cell among them. Where there are no numbers, the answer cell counts, unless it is
    as it was handed out: then the last of the others.
    """
    own = _own(match)
    made = {}
    for task in match.exercise.tasks:
        check = match.exercise.part(task, "check").id
        ids = [part.id for part in match.exercise.parts]
        below = [cell for one in ids[ids.index(check) :] for cell in own[one]]
        again = [cell for cell in below if task in code.bound(cell.source)]
        if not again:
            continue
        *_, last = sorted(again, key=lambda cell: cell.ran)
        answer = match.cell(task, "answer")
        stub = match.exercise.part(task, "answer").source
        if answer is None or code.same(answer.source, stub) or last.ran > answer.ran:
            made[task] = last
    return made


def _own(match: Match) -> dict[str, list[Cell]]:
    """Return the student's own cells by the part that they follow."""
    places = {cell.index: part for part, cell in match.cell_of.items()}
    own, added = defaultdict[str, list[Cell]](list), {c.index for c in match.added}
    before = ""
    for cell in match.notebook.cells:
        before = places.get(cell.index, before)
        if cell.index in added:
            own[before].append(cell)
    return own


def _steps(part: ExercisePart, cell: Cell | None) -> list[Step]:
    if part.role == "check":
        return [Step(None, part.task)]
    if part.role == "answer":
        return [Step(cell.source, part.task, cell)] if cell else []
    return [Step(part.source)]


def message(
    steps: Sequence[Step],
    wanted: list[int],
    seed: int,
    seconds: Sequence[tuple[float, float]],
    *,
    guarded: bool = True,
    process_seconds: int = 0,
    files: Sequence[tuple[str, bytes]] = (),
) -> dict[str, Any]:
    """Return what a session is told: the steps, and which of them to do.

    `seconds` are, for each step, how long it may compute, and take by the clock;
    `process_seconds` is how long one process may compute, where it is held to that;
    `files` are put into the folder that it works in, by their paths there.
    """
    sent = [
        {
            "source": step.source,
            "task": step.task,
            "guarded": guarded and (step.asks or step.cell is not None),
            "computing": computing,
            "clock": clock,
        }
        for step, (computing, clock) in zip(steps, seconds, strict=True)
    ]
    return {
        "steps": sent,
        "wanted": wanted,
        "seed": seed,
        "computing_seconds": process_seconds,
        "files": [[path, b64encode(data).decode()] for path, data in files],
    }
