"""What is to be run: the student's cells poured into the course's copy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
    student's notebook; a task is asked where its check cell stands.
    """
    own = _own(match)
    steps = [_student_step(cell) for cell in own[""]]
    for part in match.exercise.parts:
        steps += _steps(part, match.cell_of.get(part.id))
        steps += [_student_step(cell) for cell in own[part.id]]
    return steps


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


def _student_step(cell: Cell) -> Step:
    return Step(cell.source, cell=cell)


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
) -> dict[str, Any]:
    """Return what a session is told: the steps, and which of them to do.

    `seconds` are, for each step, how long it may compute, and take by the clock;
    `process_seconds` is how long one process may compute, where it is held to that.
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
    }
