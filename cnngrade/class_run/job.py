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

from cnngrade import limits
from cnngrade.files.exercise import handed_out
from cnngrade.files.match import Match, match
from cnngrade.files.notebook import CannotGradeError, parse
from cnngrade.files.plan import Step, message, plan
from cnngrade.record import Result, TaskResult
from cnngrade.safe_text import cut
from cnngrade.sessions.patience import StepTimes
from cnngrade.sessions.run import run_steps
from cnngrade.sessions.session import TemplateEndedError
from cnnjudge.verdict import unjudged


@dataclass(frozen=True)
class Job:
    """What a worker has to know to grade one submission.

    Attributes:
        student, lesson: whose, and of what.
        digest: of the file's bytes.
        data: the file's bytes.
        timeout: seconds that one cell may compute; 0: what is usual in the lesson.
        class_folders: those of the class, which must not be seen from inside.
        only: grade this task alone; "": all of them.
        all_or_nothing: parts of a task that are right earn nothing.
        problem: why nothing of it can be judged; then `status` is that of all tasks.
        platform_id, handed_in, marked_late: as in `Result`.
        files: what lies beside the notebook: (path, bytes).
        not_given: what of it is not given to its code: (path, reason).
        told: what was found in the folder and a person should look at.
    """

    student: str
    lesson: str
    digest: str
    data: bytes
    level: str
    seed: int
    timeout: float
    class_folders: tuple[str, ...] = ()
    only: str = ""
    all_or_nothing: bool = False
    problem: str = ""
    status: str = "missing"
    platform_id: str = ""
    handed_in: float = 0.0
    marked_late: bool = False
    files: tuple[tuple[str, bytes], ...] = ()
    not_given: tuple[tuple[str, str], ...] = ()
    told: tuple[str, ...] = ()


def set_up_worker(address: Any) -> None:
    """Set up a worker, which ends when the process that started it does.

    Its template is at an address; without one it makes one when it needs it.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # to end without a word
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _template_address.append(address)


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


_template_address: list[Any] = []
"""The address of the template that this process shares with others, if it does."""
_thread_channel = threading.local()
"""Each thread's channel: a cluster's worker may grade in several threads."""


def _channel(level: str, class_folders: tuple[str, ...]) -> Any:
    """Return this thread's channel to a template."""
    if getattr(_thread_channel, "about", None) != (level, class_folders):
        made = _opened(level, class_folders)
        try:
            made.check()
        except BaseException:
            made.close()
            raise
        Finalize(None, made.close, exitpriority=2)
        _thread_channel.channel, _thread_channel.about = made, (level, class_folders)
    return _thread_channel.channel


def _opened(level: str, class_folders: tuple[str, ...]) -> Any:
    if not sys.platform.startswith("linux"):
        from cnngrade.sessions.spawned import Spawner

        return Spawner(level)
    from cnngrade.sessions.forked import Channel, Template

    address = _template_address.pop() if _template_address else None
    if address is None:
        made = Template(level, class_folders, tuple(handed_out()))
        Finalize(None, made.close, exitpriority=1)  # atexit is not for workers
        address = made.address
    return Channel(address)


def check_isolation(level: str, class_folders: tuple[str, ...]) -> list[str]:
    """Return what was tried from inside and found closed, in sentences.

    Raises:
        IsolationError: the level cannot be had here.
    """
    return _channel(level, class_folders).closed


def grade_submission(job: Job) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the plain `Result` of a job, and the seconds each task took."""
    exercise = handed_out()[job.lesson]
    if job.problem:
        return _unjudged(job, exercise.tasks, job.problem).plain(), {}
    try:
        notebook = parse(job.data, Path(f"{exercise.name}.ipynb"))
        matched = match(notebook, exercise)
    except CannotGradeError as error:
        return _unjudged(job, exercise.tasks, str(error)).plain(), {}
    try:
        return _run_and_judge(job, matched)
    except TemplateEndedError:  # for lack of memory, say
        _thread_channel.about = None
        return _run_and_judge(job, matched)


def _run_and_judge(job: Job, matched: Match) -> tuple[dict[str, Any], dict[str, float]]:
    from cnngrade.inside import slow_lessons  # these import PyTorch
    from cnngrade.judging import by_hand, verdicts
    from cnngrade.judging.notes import notes_on_file, notes_on_run

    usual = limits.CELL_SECONDS
    if slow_lessons.has_slow_question(job.lesson):
        usual = limits.TRAINING_CELL_SECONDS
    cell = job.timeout or usual
    channel = _channel(job.level, job.class_folders)
    steps = [s for s in plan(matched) if not s.asks or job.only in ("", s.task)]
    times = StepTimes(cell, verdicts.question_seconds(), channel.slack)
    patience = times.patience()
    started: dict[int, float] = {}

    def begin(step: Step) -> None:
        started.setdefault(id(step), time.perf_counter())

    def open_session(wanted: list[int], guarded: bool) -> Any:
        seconds = [times.computing_and_clock(step) for step in steps]
        process = limits.process_computing_seconds(patience.session(steps))
        return channel.open(
            message(
                steps,
                wanted,
                job.seed,
                seconds,
                guarded=guarded,
                process_seconds=process,
                files=job.files,
            )
        )

    done = run_steps(steps, open_session, lambda: patience, begin, trial=True)
    ended = time.perf_counter()
    results = verdicts.judge_steps(matched, steps, done, cell, job.seed)
    remarks = [
        *notes_on_file(matched),
        *notes_on_run(matched, steps, done, results),
        *by_hand.hidden_by_packages(matched, [path for path, _ in job.files]),
    ]
    look = [
        *job.told,
        *by_hand.by_hand(matched, steps, done, results),
        *by_hand.not_given(job.not_given),
    ]
    result = Result(
        job.student,
        job.lesson,
        job.digest,
        tuple(_kept(result, job) for result in results),
        _first(remarks, "remarks"),
        _first([cell.source for cell in matched.added], "cells"),
        by_hand=_first(look, "remarks"),
        **_who_and_when(job),
    )
    return result.plain(), _seconds(steps, started, ended)


def _kept(result: TaskResult, job: Job) -> TaskResult:
    """Return a result as it is kept: with the parts that are right, or without."""
    if job.all_or_nothing:
        return replace(result, verdict=replace(result.verdict, parts=()))
    return result


def _who_and_when(job: Job) -> dict[str, Any]:
    """Return what a result has from its job as it is."""
    return {
        "platform_id": job.platform_id,
        "handed_in": job.handed_in,
        "marked_late": job.marked_late,
        "beside": tuple(path for path, _ in job.files),
    }


def _first(texts: Sequence[str], what: str) -> tuple[str, ...]:
    """Return as many as anybody reads: a result is kept for the whole class."""
    kept = [cut(text, limits.KEPT_CHARACTERS) for text in texts[: limits.KEPT_LISTED]]
    if len(texts) > limits.KEPT_LISTED:
        kept.append(f"# … and {len(texts) - limits.KEPT_LISTED:,} more {what}")
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
    return Result(
        job.student,
        job.lesson,
        job.digest,
        made,
        problem=problem,
        **_who_and_when(job),
    )
