"""One submission, from its bytes to its result: what a worker of the pool does.

A worker keeps one template, and what it knows of each task's cases, for all its jobs.
It imports PyTorch; the process that hands out jobs does not.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ._record import Result, TaskResult

TOGETHER = 10
"""A submission may take this many times as long as one of its cells."""


@dataclass(frozen=True)
class Job:
    """What a worker has to know to grade one submission.

    Attributes:
        student, lesson: whose, and of what.
        digest: of the file's bytes.
        data: the file's bytes.
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


@cache
def _template(level: str, hidden: tuple[str, ...]) -> Any:
    from ._forked import Template

    made = Template(level, hidden)
    atexit.register(made.close)
    return made


def isolation(level: str, hidden: tuple[str, ...]) -> list[str]:
    """Return what was tried from inside and found closed, in sentences.

    Raises:
        IsolationError: the level cannot be had here.
    """
    return _template(level, hidden).probe()


def grade(job: Job) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the plain `Result` of a job, and the seconds each task took."""
    from ._match import match
    from ._notebook import NotebookError, parse
    from ._reference import references

    reference = references()[job.lesson]
    if job.problem:
        return _unjudged(job, reference.tasks, job.problem).plain(), {}
    try:
        notebook = parse(job.data, Path(f"{reference.name}.ipynb"))
        matched = match(notebook, reference)
    except NotebookError as error:
        return _unjudged(job, reference.tasks, str(error)).plain(), {}
    return _graded(job, matched)


def _graded(job: Job, matched: Any) -> tuple[dict[str, Any], dict[str, float]]:
    import time

    from . import _notes, _verdicts
    from ._forked import message
    from ._plan import plan
    from ._relay import LONGER
    from ._run import GRACE_SECONDS, Limits, run

    template = _template(job.level, job.hidden)
    steps = [s for s in plan(matched) if not s.asks or job.only in ("", s.task)]
    own = _verdicts.limits(job.timeout)
    computing = [own.of(step) * template.slack for step in steps]
    patience = LONGER * template.slack
    limits = Limits(
        job.timeout * patience + GRACE_SECONDS,
        {name: seconds * patience for name, seconds in own.questions.items()},
        TOGETHER * job.timeout,
    )
    started: dict[int, float] = {}
    clock = time.perf_counter

    done = run(
        steps,
        lambda wanted, guarded: template.open(
            message(steps, wanted, job.seed, computing, guarded=guarded)
        ),
        lambda: limits,
        lambda step: started.setdefault(id(step), clock()),
        trial=True,
    )
    ended = clock()
    found = _verdicts.verdicts(matched, steps, done, job.timeout, job.seed)
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


def _task(verdict: Any, matched: Any) -> TaskResult:
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


def _seconds(steps: list[Any], started: dict[int, float], end: float) -> dict[str, float]:
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
