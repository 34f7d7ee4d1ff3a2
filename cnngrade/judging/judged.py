"""One file, from its path to its verdicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cnngrade.files.match import identify, match
from cnngrade.files.notebook import NotebookError, read
from cnngrade.files.plan import Step, message, plan
from cnngrade.limits import CHECK_CELL_SECONDS
from cnngrade.record import TaskVerdict
from cnngrade.sessions.patience import Patience
from cnngrade.sessions.run import run
from cnngrade.sessions.spawned import Spawned


@dataclass(frozen=True)
class Judged:
    """The verdicts on one file, and what was found odd in it."""

    path: Path
    name: str
    verdicts: list[TaskVerdict]
    notes: list[str]

    @property
    def passed(self) -> int:
        """How many tasks passed."""
        return sum(verdict.passed for verdict in self.verdicts)

    @property
    def earned(self) -> int:
        """The points earned."""
        return sum(verdict.earned for verdict in self.verdicts)

    @property
    def points(self) -> int:
        """The points that there are."""
        return sum(verdict.points for verdict in self.verdicts)


def check_file(
    path: Path,
    seconds: float = CHECK_CELL_SECONDS,
    watch: Callable[[Step], None] = lambda step: None,
) -> Judged:
    """Judge one notebook; raise `NotebookError` if that cannot be done."""
    notebook = read(path)
    reference = identify(notebook)
    matched = match(notebook, reference)
    steps = plan(matched)

    def limits() -> Patience:
        from .verdicts import limits  # imports PyTorch: meanwhile the process starts

        return limits(seconds)

    folder = path.resolve().parent

    def start(wanted: list[int], guarded: bool) -> Spawned:
        times = [(seconds, seconds)] * len(steps)
        return Spawned(message(steps, wanted, 0, times), folder)

    done = run(steps, start, limits, watch)
    from .notes import after, notes
    from .verdicts import verdicts

    judged = verdicts(matched, steps, done, seconds)
    found = [*notes(matched), *after(matched, steps, done, judged)]
    return Judged(path, reference.name, judged, found)


def notebooks(path: Path) -> list[Path]:
    """Return the notebooks that a file or folder named by somebody stands for."""
    if not path.is_dir():
        return [path]
    found = sorted(
        file
        for file in path.rglob("*.ipynb")
        if not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    if not found:
        raise NotebookError(f"There is no notebook (.ipynb) in the folder {path}.")
    return found
