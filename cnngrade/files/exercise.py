"""The course's own copy of each exercise: its code cells, unsolved, in order."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "cnnjudge" / "exercises"


@dataclass(frozen=True)
class ExercisePart:
    """A code cell of an exercise; ``role`` is "answer", "check", or "" for the rest."""

    id: str
    source: str
    role: str = ""
    task: str = ""


@dataclass(frozen=True)
class HandedOutExercise:
    """An exercise as the course hands it out."""

    name: str
    lesson: str
    version: str
    parts: tuple[ExercisePart, ...]

    @property
    def tasks(self) -> list[str]:
        """The names of its tasks, in order."""
        return [part.task for part in self.parts if part.role == "answer"]

    def part(self, task: str, role: str) -> ExercisePart:
        """Return a task's answer cell or check cell."""
        return next(p for p in self.parts if (p.task, p.role) == (task, role))


@cache
def handed_out() -> dict[str, HandedOutExercise]:
    """Return the exercises of this release by the number of their lesson."""
    return {path.stem: load(path) for path in sorted(FOLDER.glob("*.json"))}


def load(path: Path) -> HandedOutExercise:
    """Read one exercise as ``tools.build.exercise`` writes it."""
    facts = json.loads(path.read_text(encoding="utf-8"))
    parts = tuple(
        ExercisePart(
            cell["id"], cell["source"], cell.get("role", ""), cell.get("task", "")
        )
        for cell in facts["cells"]
    )
    return HandedOutExercise(facts["name"], facts["lesson"], facts["version"], parts)
