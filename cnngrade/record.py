"""What is kept of a graded class: plain facts, the same in whatever order it was run.

A `Result` is what the journal holds a line of, and all that reports are made from.
Nothing in it names this machine; `student` and `platform_id` alone name a student.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from cnnjudge.verdict import Verdict

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
class TaskResult:
    """What became of one task of a submission.

    Attributes:
        verdict: the verdict; its status is one of `STATUSES`.
        points: what the task is worth.
        fingerprint: the same for answers that gave the same wrong values, or "".
        code: the student's answer cell.
    """

    verdict: Verdict
    points: int
    fingerprint: str = ""
    code: str = ""

    @property
    def task(self) -> str:
        """The name of the task."""
        return self.verdict.task

    @property
    def passed(self) -> bool:
        """Whether it earns its points."""
        return self.verdict.passed

    @property
    def earned(self) -> float:
        """The points earned: all, or those of the parts that are right."""
        return self.points if self.passed else self.verdict.part_points


@dataclass(frozen=True)
class Result:
    """What became of one submission: one student's notebook of one lesson.

    Attributes:
        student: the submission's name, as the folder or file gave it.
        lesson: two digits.
        digest: of the file's bytes: a changed file is graded again.
        tasks: in the order of the exercise.
        notes: what was found odd in the file, a sentence each; they cost no points.
        added: the code cells that the student added.
        problem: why the file could not be judged at all, or "".
        platform_id: "moodle 102" or "canvas 102", where the platform wrote its id of
            the student into the file's name; it decides where points go.
    """

    student: str
    lesson: str
    digest: str
    tasks: tuple[TaskResult, ...]
    notes: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    problem: str = ""
    platform_id: str = ""

    @property
    def earned(self) -> float:
        """The points earned, a whole number where it is one."""
        earned = sum(task.earned for task in self.tasks)
        return int(earned) if earned == int(earned) else earned

    @property
    def points(self) -> int:
        """The points that there are."""
        return sum(task.points for task in self.tasks)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self)

    @staticmethod
    def from_plain(plain: Mapping[str, Any]) -> Result:
        """Return the result that `plain` was made from."""
        tasks = tuple(
            TaskResult(**{**task, "verdict": Verdict.from_plain(task["verdict"])})
            for task in plain["tasks"]
        )
        rest = {"notes": tuple(plain["notes"]), "added": tuple(plain["added"])}
        return Result(**{**plain, "tasks": tasks, **rest})


@dataclass(frozen=True)
class GradingSettings:
    """How a class was graded: what a report says of itself.

    Attributes:
        version: the course's.
        seed: what the cases were drawn from.
        timeout: seconds that one cell may compute; 0: what is usual in its lesson.
        isolation: "full", "limits" or "none".
        isolation_facts: what was tried from inside and found closed, a sentence each.
        all_or_nothing: whether parts of a task earned nothing.
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
    all_or_nothing: bool = False
