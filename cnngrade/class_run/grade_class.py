"""A class's submissions, from a folder to the results that a report is made from."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from cnngrade.files.exercise import handed_out
from cnngrade.files.notebook import CannotGradeError
from cnngrade.intake.intake import Intake, Submission, gather
from cnngrade.intake.sources import digest
from cnngrade.record import GradingSettings, Result

from .job import Job, check_isolation
from .journal import Journal, open_journal
from .pool import Pool, pool

LEVELS = ("full", "limits", "none")


@dataclass(frozen=True)
class ClassOptions:
    """How a class is to be graded; see ``cnnlib grade --help``."""

    submissions: Path
    out: Path
    lesson: str = ""
    workers: int = 0
    seed: int | None = None
    timeout: float = 0.0
    isolation: str = "full"
    scheduler: str = ""
    regrade: str = ""
    all_or_nothing: bool = False


class Watcher(Protocol):
    """Is told how far the grading is."""

    def found(self, intake: Intake) -> None:
        """Look at the submissions; raise `CannotGradeError` if they are not right."""

    def begin(self, jobs: int, kept: int) -> None:
        """So many are to be graded; so many were, earlier."""

    def isolated(self, level: str, facts: list[str]) -> None:
        """Student code will run so."""

    def count_one(self, result: Result) -> None:
        """One more is done."""


@dataclass(frozen=True)
class ClassResults:
    """What came of a class: all that a report is made from.

    Attributes:
        seconds: what each task took, by student, lesson and task.
    """

    settings: GradingSettings
    results: list[Result]
    seconds: dict[tuple[str, str, str], float]


def grade_class(options: ClassOptions, watcher: Watcher) -> ClassResults:
    """Grade what has not been graded yet; return the results of all there are now.

    Raises:
        CannotGradeError: there is nothing to grade, or the report is of another run.
        IsolationError: the level of isolation cannot be had here.
    """
    found = gather(options.submissions, options.lesson)
    if not found.submissions:
        raise CannotGradeError(_why_nothing(options, found))
    _require_known_task(options.regrade)
    watcher.found(found)
    class_folders = _class_folders(options)
    if _has_journal(options.out):
        journal = open_journal(options.out, _settings(options))
        due = _due(found, journal, options.regrade)
    else:
        journal, due = None, _due(found, None, "")
    watcher.begin(len(due), len(found.submissions) - len(due))
    if due:
        lessons = sorted({one.submission.lesson for one in due})
        with _workers(options, class_folders, lessons) as workers:
            facts = workers.ask(check_isolation, options.isolation, class_folders)
            watcher.isolated(options.isolation, facts)
            journal = journal or open_journal(
                options.out, _settings(options, fresh=True) | {"facts": facts}
            )
            _grade_due(due, options, journal, class_folders, workers, watcher)
    assert journal is not None
    return _results(found, journal)


@contextmanager
def _workers(
    options: ClassOptions, class_folders: tuple[str, ...], lessons: list[str]
) -> Iterator[Pool]:
    """Open the pool; here its workers share one template, which starts at once."""
    count = options.workers or _cores()
    with ExitStack() as stack:
        address = None
        if not options.scheduler and sys.platform.startswith("linux"):
            from cnngrade.sessions.forked import Template

            shared = Template(options.isolation, class_folders, lessons)
            address = stack.enter_context(closing(shared)).address
        yield stack.enter_context(pool(count, options.scheduler, address))


def _why_nothing(options: ClassOptions, found: Intake) -> str:
    """Say in a sentence why there is nothing to grade."""
    few = "; ".join(f"{name} {why}" for name, why in found.unplaced[:3])
    more = f"; and {len(found.unplaced) - 3} more" if len(found.unplaced) > 3 else ""
    return f"There is no submission in {options.submissions}: {few}{more}."


def _settings(options: ClassOptions, *, fresh: bool = False) -> dict[str, Any]:
    seed = options.seed
    if fresh and seed is None:
        seed = 1 + secrets.randbelow(2**31)
    return {
        "version": version("cnnlib"),
        "seed": seed,
        "timeout": options.timeout,
        "isolation": options.isolation,
        "all_or_nothing": options.all_or_nothing,
    }


def _cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _has_journal(out: Path) -> bool:
    from .journal import NAME

    return (out / NAME).exists() and (out / NAME).stat().st_size > 0


def _require_known_task(name: str) -> None:
    tasks = [task for ref in handed_out().values() for task in ref.tasks]
    if name and name not in tasks:
        raise CannotGradeError(
            f"No task is called {name!r}, so it cannot be graded again. There are: "
            f"{', '.join(tasks)}."
        )


def _class_folders(options: ClassOptions) -> tuple[str, ...]:
    """Return the folders of this machine that student code must not see."""
    given = options.submissions.resolve()
    places = {given if given.is_dir() else given.parent, options.out.resolve()}
    return tuple(sorted(str(p) for p in {*places, Path.cwd()} if p != Path("/")))


# ---- what is to be done -------------------------------------------------------------


@dataclass(frozen=True)
class _Due:
    """A submission that is to be graded: all of it, or one task again."""

    submission: Submission
    only: str = ""


def _due(found: Intake, journal: Journal | None, regrade: str) -> list[_Due]:
    """Return what has not been graded yet, or has changed since, or is asked again.

    Lesson by lesson, since a worker gets ready for a lesson.
    """
    due = []
    for one in sorted(found.submissions, key=lambda one: one.lesson):
        if journal is None or not journal.has(one.student, one.lesson, one.digest):
            due.append(_Due(one))
        elif regrade in handed_out()[one.lesson].tasks:
            due.append(_Due(one, regrade))
    return due


def _bytes_or_problem(one: Submission) -> tuple[bytes, str]:
    """Return a submission's bytes, or none and why they cannot be read."""
    if one.problem:
        return b"", one.problem
    try:
        return one.source.read(), ""
    except CannotGradeError as error:
        return b"", str(error)


# ---- doing it -----------------------------------------------------------------------


def _grade_due(
    due: list[_Due],
    options: ClassOptions,
    journal: Journal,
    class_folders: tuple[str, ...],
    workers: Pool,
    watcher: Watcher,
) -> None:
    def jobs() -> Iterator[Job]:
        for one in due:
            data, problem = _bytes_or_problem(one.submission)
            yield Job(
                student=one.submission.student,
                lesson=one.submission.lesson,
                digest=(  # the file may have changed since it was found
                    one.submission.digest if one.submission.problem else digest(data)
                ),
                data=data,
                level=options.isolation,
                seed=journal.settings["seed"],
                timeout=options.timeout,
                class_folders=class_folders,
                only=one.only,
                all_or_nothing=options.all_or_nothing,
                problem=problem,
                platform_id=one.submission.platform_id,
            )

    for job, plain, seconds in workers.each(jobs()):
        result = Result.from_plain(plain)
        if job.only:
            result = _merged(journal.results[job.student, job.lesson], result)
        journal.add(result, seconds)
        watcher.count_one(result)


def _merged(before: Result, again: Result) -> Result:
    """Return a result in which the tasks graded again replace what they were."""
    new = {task.task: task for task in again.tasks}
    tasks = tuple(new.get(task.task, task) for task in before.tasks)
    return replace(before, tasks=tasks)


def _results(found: Intake, journal: Journal) -> ClassResults:
    """Return the results of the submissions that there are now."""
    results = [
        journal.results[one.student, one.lesson]
        for one in found.submissions
        if (one.student, one.lesson) in journal.results
    ]
    settings = GradingSettings(
        version=journal.settings["version"],
        seed=journal.settings["seed"],
        timeout=journal.settings["timeout"],
        isolation=journal.settings["isolation"],
        all_or_nothing=journal.settings.get("all_or_nothing", False),
        isolation_facts=tuple(journal.settings.get("facts", ())),
        unplaced=tuple(found.unplaced),
        superseded=tuple(found.superseded),
    )
    return ClassResults(settings, results, journal.seconds)
