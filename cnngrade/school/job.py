"""One submission, from its bytes to its result: what a worker of the pool does.

A worker keeps one template, and what it knows of each task's cases, for all its jobs.
It imports PyTorch; the process that hands out jobs does not.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from cnngrade.files.exercise import references
from cnngrade.files.match import Match, match
from cnngrade.files.notebook import NotebookError, parse
from cnngrade.files.plan import Step, message, plan
from cnngrade.record import Result, TaskResult
from cnngrade.sessions.run import GRACE_SECONDS, TRIAL_SECONDS, Limits, run
from cnngrade.sessions.session import TemplateEndedError
from cnngrade.visible import cut
from cnnjudge.verdict import unjudged

USUAL, TRAINING = 20.0, 60.0
"""Seconds that one cell may compute, and one in a lesson with a task that trains."""
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


def start(address: Any) -> None:
    """Set up a worker, which ends when the process that started it does.

    Its template is at an address; without one it makes one when it needs it.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # to end without a word
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _shared.append(address)


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


_shared: list[Any] = []
"""The address of the template that this process shares with others, if it does."""
_own = threading.local()
"""Each thread's channel: a cluster's worker may grade in several threads."""


def _channel(level: str, hidden: tuple[str, ...]) -> Any:
    """Return this thread's channel to a template."""
    if getattr(_own, "about", None) != (level, hidden):
        made = _opened(level, hidden)
        try:
            made.check()
        except BaseException:
            made.close()
            raise
        Finalize(None, made.close, exitpriority=2)
        _own.channel, _own.about = made, (level, hidden)
    return _own.channel


def _opened(level: str, hidden: tuple[str, ...]) -> Any:
    if not sys.platform.startswith("linux"):
        from cnngrade.sessions.spawned import Spawner

        return Spawner(level)
    from cnngrade.sessions.forked import Channel, Template

    address = _shared.pop() if _shared else None
    if address is None:
        made = Template(level, hidden, tuple(references()))
        Finalize(None, made.close, exitpriority=1)  # atexit is not for workers
        address = made.address
    return Channel(address)


def isolation(level: str, hidden: tuple[str, ...]) -> list[str]:
    """Return what was tried from inside and found closed, in sentences.

    Raises:
        IsolationError: the level cannot be had here.
    """
    return _channel(level, hidden).closed


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
    from cnngrade.inside import trains  # these import PyTorch
    from cnngrade.judging import verdicts
    from cnngrade.judging.notes import notes_on_file, notes_on_run

    cell = job.timeout or (TRAINING if trains.trains(job.lesson) else USUAL)
    channel = _channel(job.level, job.hidden)
    steps = [s for s in plan(matched) if not s.asks or job.only in ("", s.task)]
    known = verdicts.limits(cell)
    computing = [known.of(step) * channel.slack for step in steps]
    clock = [LONGER * seconds for seconds in computing]
    limits = Limits(
        LONGER * channel.slack * cell + GRACE_SECONDS,
        {name: LONGER * channel.slack * s for name, s in known.questions.items()},
        TOGETHER * LONGER * channel.slack * max(cell, USUAL),
        min(TRIAL_SECONDS, cell),
    )
    started: dict[int, float] = {}

    def begin(step: Step) -> None:
        started.setdefault(id(step), time.perf_counter())

    def start(wanted: list[int], guarded: bool) -> Any:
        times = list(zip(computing, clock, strict=True))
        return channel.open(message(steps, wanted, job.seed, times, guarded=guarded))

    done = run(steps, start, lambda: limits, begin, trial=True)
    ended = time.perf_counter()
    results = verdicts.judge_steps(matched, steps, done, cell, job.seed)
    remarks = [
        *notes_on_file(matched),
        *notes_on_run(matched, steps, done, results),
    ]
    result = Result(
        job.student,
        job.lesson,
        job.digest,
        tuple(_with_code(result, matched) for result in results),
        _first(remarks, "remarks"),
        _first([cell.source for cell in matched.added], "cells"),
    )
    return result.plain(), _seconds(steps, started, ended)


def _with_code(result: TaskResult, matched: Match) -> TaskResult:
    cell = matched.cell(result.task, "answer")
    return replace(result, code=cut(cell.source, MOST_KEPT) if cell else "")


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
    from cnnlib.checks.registry import questions

    known = questions()
    made = tuple(
        TaskResult(unjudged(name, job.status, problem), known[name].points)
        for name in tasks
        if job.only in ("", name)
    )
    return Result(job.student, job.lesson, job.digest, made, problem=problem)
