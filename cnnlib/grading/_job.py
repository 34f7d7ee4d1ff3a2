"""One submission, from its bytes to its result: what a worker of the pool does.

A worker keeps one template, and what it knows of each task's cases, for all its jobs.
It imports PyTorch; the process that hands out jobs does not.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._match import Match, match
from ._notebook import NotebookError, parse
from ._plan import Step, plan
from ._record import Result, TaskResult
from ._reference import references
from ._run import GRACE_SECONDS, Limits, run

if TYPE_CHECKING:
    from ._verdicts import TaskVerdict

USUAL, TRAINING = 20.0, 60.0
"""Seconds that one cell may compute, and one in a lesson with a task that trains."""
LONGER = 4.0
"""How many times as long as it may compute a step may take by the clock."""
TOGETHER = 5
"""How many times as long as one cell a whole submission may take."""


@dataclass(frozen=True)
class Job:
    """What a worker has to know to grade one submission.

    Attributes:
        student, lesson: whose, and of what.
        digest: of the file's bytes.
        data: the file's bytes.
        timeout: seconds that one cell may compute; 0: what is usual in the lesson.
        hidden: folders that must not be seen from inside.
        only: grade this task alone; "": all of them.
        problem: why nothing of it can be judged; then `status` is that of all tasks.
    """

    student: str
    lesson: str
    digest: str
    data: bytes
    level: str
    seed: int
    timeout: float
    hidden: tuple[str, ...] = ()
    only: str = ""
    problem: str = ""
    status: str = "missing"


def start() -> None:
    """Set up a worker: it ends when the process that started it does."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


_own = threading.local()
"""Each thread's template: a cluster's worker may grade in several threads."""


def _template(level: str, hidden: tuple[str, ...]) -> Any:
    from ._forked import Template

    if getattr(_own, "about", None) != (level, hidden):
        made = Template(level, hidden)
        atexit.register(made.close)
        made.check()
        _own.template, _own.about = made, (level, hidden)
    return _own.template


def isolation(level: str, hidden: tuple[str, ...]) -> list[str]:
    """Return what was tried from inside and found closed, in sentences.

    Raises:
        IsolationError: the level cannot be had here.
    """
    return _template(level, hidden).closed


def grade(job: Job) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the plain `Result` of a job, and the seconds each task took."""
    reference = references()[job.lesson]
    if job.problem:
        return _unjudged(job, reference.tasks, job.problem).plain(), {}
    try:
        notebook = parse(job.data, Path(f"{reference.name}.ipynb"))
        matched = match(notebook, reference)
    except NotebookError as error:
        return _unjudged(job, reference.tasks, str(error)).plain(), {}
    return _graded(job, matched)


def _graded(job: Job, matched: Match) -> tuple[dict[str, Any], dict[str, float]]:
    from . import _notes, _verdicts  # these import PyTorch
    from ._forked import message

    template = _template(job.level, job.hidden)
    steps = [s for s in plan(matched) if not s.asks or job.only in ("", s.task)]
    cell = job.timeout or _usual(job.lesson)
    known = _verdicts.limits(cell)
    computing = [known.of(step) * template.slack for step in steps]
    clock = [LONGER * seconds for seconds in computing]
    limits = Limits(
        LONGER * template.slack * cell + GRACE_SECONDS,
        {name: LONGER * template.slack * s for name, s in known.questions.items()},
        TOGETHER * LONGER * cell,
    )
    started: dict[int, float] = {}

    def begin(step: Step) -> None:
        started.setdefault(id(step), time.perf_counter())

    def start(wanted: list[int], guarded: bool) -> Any:
        times = list(zip(computing, clock, strict=True))
        return template.open(message(steps, wanted, job.seed, times, guarded=guarded))

    done = run(steps, start, lambda: limits, begin, trial=True)
    ended = time.perf_counter()
    found = _verdicts.verdicts(matched, steps, done, cell, job.seed)
    notes = [*_notes.notes(matched), *_notes.after(matched, steps, done, found)]
    result = Result(
        job.student,
        job.lesson,
        job.digest,
        tuple(_task(verdict, matched) for verdict in found),
        tuple(notes),
        tuple(cell.source for cell in matched.added),
    )
    return result.plain(), _seconds(steps, started, ended)


def _usual(lesson: str) -> float:
    """Return the seconds that a cell may compute: more where nets are trained."""
    from cnnlib.checks._question import Question
    from cnnlib.checks._registry import questions

    longest = max(q.seconds for q in questions().values() if q.lesson == lesson)
    return USUAL if longest <= Question.seconds else TRAINING


def _task(verdict: TaskVerdict, matched: Match) -> TaskResult:
    cell = matched.cell(verdict.task, "answer")
    return TaskResult(
        verdict.task,
        verdict.points,
        verdict.status,
        verdict.text,
        verdict.mistake,
        verdict.case,
        verdict.answer,
        cell.source if cell else "",
    )


def _seconds(
    steps: list[Step], started: dict[int, float], end: float
) -> dict[str, float]:
    """Return, for each task, the seconds from its asking to what came next."""
    times = [(started.get(id(step)), step) for step in steps]
    begun = [(at, step) for at, step in times if at is not None]
    following = [*(at for at, _ in begun[1:]), end]
    return {
        step.task: round(max(0.0, after - at), 3)
        for (at, step), after in zip(begun, following, strict=True)
        if step.asks
    }


def _unjudged(job: Job, tasks: list[str], problem: str) -> Result:
    from cnnlib.checks._registry import questions

    known = questions()
    made = tuple(
        TaskResult(name, known[name].points, job.status, f"✗ {name}: {problem}")
        for name in tasks
        if job.only in ("", name)
    )
    return Result(job.student, job.lesson, job.digest, made, problem=problem)
