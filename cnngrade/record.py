"""What is kept of a graded class: plain facts, the same whatever was run when.

A `Result` is what the journal holds a line of, and all that reports are made from.
Nothing in it names this machine, and nothing but `student` names a student.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

STATUSES = (
    "passed",
    "failed",
    "error",
    "timed out",
    "died",
    "missing",
    "unsolved",
    "not reached",
)


@dataclass(frozen=True)
class TaskVerdict:
    """What became of one task.

    Attributes:
        task: its name.
        points: what it is worth.
        status: one of `STATUSES`; "passed" alone earns the points.
        text: the whole message, as the student would have read it in the notebook.
        mistake: the name of the known mistake that explains the answer, or "".
        case: the kind of case that shows it, or "".
        answer: the same for answers that gave the same wrong values, or "".
    """

    task: str
    points: int
    status: str
    text: str
    mistake: str = ""
    case: str = ""
    answer: str = ""

    @property
    def passed(self) -> bool:
        """Whether it earns its points."""
        return self.status == "passed"

    @property
    def earned(self) -> int:
        """The points earned: all or none."""
        return self.points if self.passed else 0

    @property
    def reason(self) -> str:
        """The first line of the message, without its sign."""
        return self.text.split("\n")[0].lstrip("✓✗ ")

    @property
    def sentence(self) -> str:
        """The reason, without the task's name that leads it."""
        line = self.reason.removeprefix(self.task)
        return line.removeprefix(": ") if line.startswith(":") else f"it{line}"

    @property
    def details(self) -> str:
        """The whole message, "" if the first line says all of it."""
        return self.text if "\n" in self.text else ""


@dataclass(frozen=True)
class TaskResult(TaskVerdict):
    """A verdict with the answer that it is on, as reports show it.

    Attributes:
        code: the student's answer cell.
    """

    code: str = ""


@dataclass(frozen=True)
class Result:
    """What became of one submission: one student's notebook of one lesson.

    Attributes:
        student: the submission's name, as the folder or file gave it.
        lesson: two digits.
        digest: of the file's bytes: a changed file is graded again.
        tasks: in the order of the exercise.
        notes: what was found odd in the file, a sentence each; costs nothing.
        added: the code cells that the student added.
        problem: why the file could not be judged at all, or "".
    """

    student: str
    lesson: str
    digest: str
    tasks: tuple[TaskResult, ...]
    notes: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    problem: str = ""

    @property
    def earned(self) -> int:
        """The points earned."""
        return sum(task.earned for task in self.tasks)

    @property
    def points(self) -> int:
        """The points that there are."""
        return sum(task.points for task in self.tasks)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self)

    @staticmethod
    def of(plain: Mapping[str, Any]) -> Result:
        """Return what `plain` was made from."""
        tasks = tuple(TaskResult(**task) for task in plain["tasks"])
        rest = {"notes": tuple(plain["notes"]), "added": tuple(plain["added"])}
        return Result(**{**plain, "tasks": tasks, **rest})


@dataclass(frozen=True)
class Run:
    """How a class was graded: what a report says of itself.

    Attributes:
        version: the course's.
        seed: what the cases were drawn from.
        timeout: seconds that one cell may compute; 0: what is usual in its lesson.
        isolation: "full", "limits" or "none".
        isolation_facts: what was tried from inside and found closed, a sentence each.
        unplaced: files that belong to nobody or nothing: (name, reason).
        superseded: older attempts, which were not graded: (student, name, reason).
    """

    version: str
    seed: int
    timeout: float
    isolation: str
    isolation_facts: tuple[str, ...] = ()
    unplaced: tuple[tuple[str, str], ...] = ()
    superseded: tuple[tuple[str, str, str], ...] = field(default=())
