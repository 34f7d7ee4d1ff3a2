"""What is kept of a graded class: plain facts, the same in whatever order it was run.

A `Result` is what the journal holds a line of, and all that reports are made from.
Nothing in it names this machine; `student` and `platform_id` alone name a student.
What an instructor says of it is never kept here: it is read anew from their own file.
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


def whole(points: float) -> float:
    """Return points, as an int where they are whole: they are written without ".0"."""
    return int(points) if points == int(points) else points


@dataclass(frozen=True)
class TaskResult:
    """What became of one task of a submission.

    Attributes:
        verdict: the verdict; its status is one of `STATUSES`.
        points: what the task is worth.
        fingerprint: the same for answers that gave the same wrong values, or "".
        code: the student's answer cell.
        follows: the tasks whose missing or wrong answers this one uses, as far as its
            code tells: its loss may be theirs.
        given: the points that the instructor gives instead, with the reason.
    """

    verdict: Verdict
    points: int
    fingerprint: str = ""
    code: str = ""
    follows: tuple[str, ...] = ()
    given: tuple[float, str] | None = None

    @property
    def task(self) -> str:
        """The name of the task."""
        return self.verdict.task

    @property
    def passed(self) -> bool:
        """Whether it earns its points."""
        return self.verdict.passed

    @property
    def by_answer(self) -> float:
        """The points of the answer by itself: all, or those of its parts."""
        return self.points if self.passed else self.verdict.part_points

    @property
    def earned(self) -> float:
        """The points earned: the instructor's word before the answer's."""
        return whole(self.by_answer if self.given is None else self.given[0])


@dataclass(frozen=True)
class Said:
    """What an instructor's file says of one result (see `cnngrade.term.instructor`).

    Attributes:
        given: the points of the whole lesson that they give instead, with the reason.
        late: the share of the points earned that is taken off because it came late,
            and why, in words.
        excused: why it does not count, or "".
        comments: sentences to the student.
        notes: what else is said of it, such as an extension, in words.
    """

    given: tuple[float, str] | None = None
    late: tuple[float, str] | None = None
    excused: str = ""
    comments: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        """All of it but the comments, a sentence each."""
        made = [f"Does not count: {self.excused}."] if self.excused else []
        if self.given:
            points, why = self.given
            made.append(f"{points:g} points by the instructor: {why}.")
        if self.late:
            made.append(self.late[1])
        return [*made, *self.notes]


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
        handed_in: when, by the platform, in seconds since 1970; 0: it does not say.
        marked_late: whether the platform wrote "LATE" into the file's name.
        beside: the files that the hand-in brought, which the notebook could read.
        by_hand: what a person should look at, a sentence each with what would help.
        said: what the instructor's file says of it.
    """

    student: str
    lesson: str
    digest: str
    tasks: tuple[TaskResult, ...]
    notes: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    problem: str = ""
    platform_id: str = ""
    handed_in: float = 0.0
    marked_late: bool = False
    beside: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    said: Said = Said()

    @property
    def by_answers(self) -> float:
        """The points that the answers earn by themselves."""
        return whole(sum(task.by_answer for task in self.tasks))

    @property
    def earned(self) -> float:
        """The points earned, in the instructor's word where there is one."""
        if self.said.given is not None:
            return whole(self.said.given[0])
        earned = sum(task.earned for task in self.tasks)
        if self.said.late:
            earned = round(earned * (1 - self.said.late[0]), 2)
        return whole(earned)

    @property
    def words(self) -> list[str]:
        """What the instructor's file says of it, comments aside, a sentence each."""
        given = [
            f"{task.task}: {task.given[0]:g} points by the instructor: {task.given[1]}."
            for task in self.tasks
            if task.given
        ]
        return [*self.said.words, *given]

    @property
    def points(self) -> int:
        """The points that there are."""
        return sum(task.points for task in self.tasks)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON can hold it, without the instructor's word."""
        made = asdict(self)
        del made["said"]
        for task in made["tasks"]:
            del task["given"]
        return made

    @staticmethod
    def from_plain(plain: Mapping[str, Any]) -> Result:
        """Return the result that `plain` was made from."""
        tasks = tuple(
            TaskResult(
                **{
                    **task,
                    "verdict": Verdict.from_plain(task["verdict"]),
                    "follows": tuple(task.get("follows", ())),
                }
            )
            for task in plain["tasks"]
        )
        lists = ("notes", "added", "beside", "by_hand")
        rest = {name: tuple(plain.get(name, ())) for name in lists}
        return Result(**{**plain, "tasks": tasks, **rest})


@dataclass(frozen=True)
class GradingSettings:
    """How a class was graded: what a report says of itself.

    Attributes:
        version: the course's.
        seed: what the cases were drawn from.
        more_seeds: those of other runs, where reports were merged.
        timeout: seconds that one cell may compute; 0: what is usual in its lesson.
        isolation: "full", "limits" or "none".
        isolation_facts: what was tried from inside and found closed, a sentence each.
        all_or_nothing: whether parts of a task earned nothing.
        unplaced: files that belong to nobody or nothing: (name, reason).
        superseded: older attempts, which do not count: (student, name, reason).
        problems: what could not be done as it was asked, such as a line of the
            instructor's file that fits nobody, a sentence each.
    """

    version: str
    seed: int
    timeout: float
    isolation: str
    isolation_facts: tuple[str, ...] = ()
    unplaced: tuple[tuple[str, str], ...] = ()
    superseded: tuple[tuple[str, str, str], ...] = field(default=())
    more_seeds: tuple[int, ...] = ()
    problems: tuple[str, ...] = ()
    all_or_nothing: bool = False
