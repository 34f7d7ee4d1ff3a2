"""One submission, from its bytes to its result: what a worker of the pool does.

A worker keeps one template, and what it knows of each task's cases, for all its jobs.
It imports PyTorch; the process that hands out jobs does not.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._match import Match, match
from ._notebook import NotebookError, parse
from ._plan import Step, message, plan
from ._record import Result, TaskResult
from ._reference import references
from ._run import GRACE_SECONDS, TRIAL_SECONDS, Limits, run
from ._session import TemplateEndedError
from ._visible import cut

if TYPE_CHECKING:
    from ._verdicts import TaskVerdict

USUAL, TRAINING = 20.0, 60.0
"""Seconds that one cell may compute, and one in a lesson with a task that trains."""
_FOR_TRAINING = ("torch._dynamo", "torchvision")  # the first optimizer needs a second
LONGER = 4.0
"""How many times as long as it may compute a step may take by the clock."""
TOGETHER = 5
"""How many times as long as one cell a whole submission may take."""
MOST_KEPT, MOST_LISTED = 100_000, 200
"""Characters of one cell, and cells and remarks of one submission, in a report."""


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


def start(level: str, hidden: tuple[str, ...], lesson: str) -> None:
    """Set up a worker, which ends when the process that started it does.

    Its template for this lesson gets ready meanwhile.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _begin(level, hidden, _trains(lesson))


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


_own = threading.local()
"""Each thread's template: a cluster's worker may grade in several threads."""


def _template(level: str, hidden: tuple[str, ...], trains: bool) -> Any:
    """Return this thread's template; a new one where the old one will not do.

    One that is ready for training does for other lessons, too.
    """
    about = getattr(_own, "about", None)
    if about not in [(level, hidden, trains), (level, hidden, True)]:
        if about:
            _own.template.close()
        _begin(level, hidden, trains)
    if not _own.checked:
        _own.template.check()
        _own.checked = True
    return _own.template


def _begin(level: str, hidden: tuple[str, ...], trains: bool) -> None:
    if sys.platform.startswith("linux"):
        from ._forked import Template as Sessions
    else:
        from ._spawned import Spawner as Sessions

    _own.template = Sessions(level, hidden, _FOR_TRAINING if trains else ())
    _own.about, _own.checked = (level, hidden, trains), False
    Finalize(None, _own.template.close, exitpriority=1)  # atexit is not for workers


def isolation(level: str, hidden: tuple[str, ...], lesson: str) -> list[str]:
    """Return what was tried from inside and found closed, in sentences.

    The template that it starts will do for this lesson.

    Raises:
        IsolationError: the level cannot be had here.
    """
    return _template(level, hidden, _trains(lesson)).closed


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
    try:
        return _graded(job, matched)
    except TemplateEndedError:  # for lack of memory, say
        _own.about = None
        return _graded(job, matched)


def _graded(job: Job, matched: Match) -> tuple[dict[str, Any], dict[str, float]]:
    from . import _notes, _verdicts  # these import PyTorch

    cell = job.timeout or (TRAINING if _trains(job.lesson) else USUAL)
    template = _template(job.level, job.hidden, _trains(job.lesson))
    steps = [s for s in plan(matched) if not s.asks or job.only in ("", s.task)]
    known = _verdicts.limits(cell)
    computing = [known.of(step) * template.slack for step in steps]
    clock = [LONGER * seconds for seconds in computing]
    limits = Limits(
        LONGER * template.slack * cell + GRACE_SECONDS,
        {name: LONGER * template.slack * s for name, s in known.questions.items()},
        TOGETHER * LONGER * template.slack * max(cell, USUAL),
        min(TRIAL_SECONDS, cell),
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
        _first(notes, "remarks"),
        _first([cell.source for cell in matched.added], "cells"),
    )
    return result.plain(), _seconds(steps, started, ended)


def _trains(lesson: str) -> bool:
    """Tell whether a lesson has a task for which something is trained."""
    from cnnlib.checks._question import Question
    from cnnlib.checks._registry import questions

    mine = [q for q in questions().values() if q.lesson == lesson]
    return any(question.seconds > Question.seconds for question in mine)


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
        cut(cell.source, MOST_KEPT) if cell else "",
    )


def _first(texts: Sequence[str], what: str) -> tuple[str, ...]:
    """Return as many as anybody reads: a result is kept for the whole class."""
    kept = [cut(text, MOST_KEPT) for text in texts[:MOST_LISTED]]
    if len(texts) > MOST_LISTED:
        kept.append(f"# … and {len(texts) - MOST_LISTED:,} more {what}")
    return tuple(kept)


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
