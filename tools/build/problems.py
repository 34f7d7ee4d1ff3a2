"""What is wrong with a lesson or a notebook, and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend, printed as ``file:line: message``.

    Line 0 means the file as a whole.
    """

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.message}"


@dataclass(frozen=True)
class Finding:
    """A problem inside a list of cells: which cell, which of its lines (from 0)."""

    cell: int
    message: str
    offset: int = 0


class LessonError(Exception):
    """All problems found in one go, in the order of their lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))
