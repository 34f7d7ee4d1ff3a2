"""One file, from its path to its verdicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cnngrade.files.match import identify, match
from cnngrade.files.notebook import CannotGradeError, read
from cnngrade.files.plan import Step, message, plan
from cnngrade.limits import CHECK_CELL_SECONDS
from cnngrade.record import TaskResult, whole
from cnngrade.sessions.patience import Patience
from cnngrade.sessions.run import run_steps
from cnngrade.sessions.spawned import Spawned


@dataclass(frozen=True)
class Judged:
    """What became of each task of one file, and what was found odd in it.

    Attributes:
        name: that of the exercise.
        notes: a sentence for each odd thing; none of them changes a verdict.
    """

    path: Path
    name: str
    results: list[TaskResult]
    notes: list[str]

    @property
    def passed(self) -> int:
        """How many tasks passed."""
        return sum(result.passed for result in self.results)

    @property
    def earned(self) -> float:
        """The points earned."""
        return whole(sum(result.earned for result in self.results))

    @property
    def points(self) -> int:
        """The points that there are."""
        return sum(result.points for result in self.results)


def check_file(
    path: Path,
    seconds: float = CHECK_CELL_SECONDS,
    watch: Callable[[Step], None] = lambda step: None,
) -> Judged:
    """Judge one notebook; raise `CannotGradeError` if that cannot be done."""
    notebook = read(path)
    exercise = identify(notebook)
    matched = match(notebook, exercise)
    steps = plan(matched)

    def patience() -> Patience:
        from .verdicts import (
            check_patience,  # imports PyTorch: meanwhile the process starts
        )

        return check_patience(seconds)

    folder = path.resolve().parent

    def open_session(wanted: list[int], guarded: bool) -> Spawned:
        times = [(seconds, seconds)] * len(steps)
        return Spawned(message(steps, wanted, 0, times), folder)

    done = run_steps(steps, open_session, patience, watch)
    from .by_hand import hidden_by_packages
    from .notes import notes_on_file, notes_on_run
    from .verdicts import judge_steps

    results = judge_steps(matched, steps, done, seconds)
    notes = [
        *notes_on_file(matched),
        *notes_on_run(matched, steps, done, results),
        *hidden_by_packages(matched, [file.name for file in folder.glob("*.py")]),
    ]
    return Judged(path, exercise.name, results, notes)


def notebooks(path: Path) -> list[Path]:
    """Return the notebooks that a file or folder named by somebody stands for."""
    if not path.is_dir():
        return [path]
    files = sorted(
        file
        for file in path.rglob("*.ipynb")
        if not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    if not files:
        raise CannotGradeError(f"There is no notebook (.ipynb) in the folder {path}.")
    return files
