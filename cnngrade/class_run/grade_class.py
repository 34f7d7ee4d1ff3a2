"""A class's submissions, from a folder to the results that a report is made from."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from cnngrade.files.exercise import handed_out
from cnngrade.files.notebook import CannotGradeError
from cnngrade.intake.beside import digest_with
from cnngrade.intake.intake import Intake, Submission, gather
from cnngrade.intake.naming import clean
from cnngrade.intake.sources import digest
from cnngrade.record import GradingSettings, Result

from .job import Job, check_isolation
from .journal import Age, Change, Journal, has_results, open_journal
from .people import Known, settled
from .pool import Pool, pool

ALL = "all"
"""For `ClassOptions.regrade`: every task."""
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
        results: those that count, of all folders and zips that the report has had.
        history: by student and lesson, the results of all attempts in their order.
        seconds: what each task took, by student, lesson and task.
        changes: the tasks that came out otherwise than before, ever.
        changed_now: how many of them, counted from the end, did so in this run.
    """

    settings: GradingSettings
    results: list[Result]
    seconds: dict[tuple[str, str, str], float]
    history: dict[tuple[str, str], list[Result]] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    changed_now: int = 0


def grade_class(options: ClassOptions, watcher: Watcher) -> ClassResults:
    """Grade what has not been graded yet; return the results of all that ever were.

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
    journal = None
    if has_results(options.out):
        journal = open_journal(options.out, _settings(options))
    found = _settled(found, journal)
    due = _due(found, journal, options.regrade if journal else "")
    lines = journal.lines if journal else 0
    watcher.begin(len(due), len(found.submissions) - len(due))
    if due:
        lessons = sorted({one.submission.lesson for one in due})
        with _workers(options, class_folders, lessons) as workers:
            facts = workers.ask(check_isolation, options.isolation, class_folders)
            watcher.isolated(options.isolation, facts)
            journal = journal or open_journal(
                options.out, _settings(options, fresh=True) | {"facts": facts}
            )
            journal.note_intake(_intake(options, found))
            _grade_due(due, options, journal, class_folders, workers, watcher)
    assert journal is not None
    journal.note_intake(_intake(options, found))
    return class_results(journal, since=lines)


def _intake(options: ClassOptions, found: Intake) -> dict[str, Any]:
    """Return what is kept of a folder or zip besides its submissions."""
    return {
        "name": clean(options.submissions.resolve().name),
        "digests": sorted({one.digest for one in found.submissions}),
        "unplaced": [list(one) for one in found.unplaced],
        "superseded": [list(one) for one in found.superseded],
    }


def _settled(found: Intake, journal: Journal | None) -> Intake:
    """Call each student what the report calls them, and set aside what is older.

    Two files of one student and lesson may come to light only now that it is known who
    is who; and a file may be older than the one that counts already.
    """
    before = journal.attempts if journal else {}
    known = [
        Known(result.student, result.lesson, result.platform_id)
        for some in before.values()
        for result in (attempt.result for attempt in some)
    ]
    new = [Known(s.student, s.lesson, s.platform_id) for s in found.submissions]
    called = settled(known, new)
    names = {
        one.student: name for one, name in zip(found.submissions, called, strict=True)
    }
    superseded = [
        (names.get(who, who), name, why) for who, name, why in found.superseded
    ]
    newest: dict[tuple[str, str], Submission] = {}
    for one, student in zip(found.submissions, called, strict=True):
        mine = replace(one, student=student)
        key = student, one.lesson
        other = newest.setdefault(key, mine)
        if other is mine:
            continue
        later, earlier = (
            (mine, other)
            if not _age(mine).before(_age(other))
            else (
                other,
                mine,
            )
        )
        newest[key] = later
        why = _age(earlier).before(_age(later)) or "its place among the files"
        reason = f"is older than {later.source.label} by {why}"
        superseded.append((student, earlier.source.label, reason))
    kept = []
    for key, one in newest.items():
        counting = journal.counting(*key) if journal else None
        is_known = journal is not None and journal.has(*key, one.digest)
        why = _age(one).before(counting.age) if counting and not is_known else ""
        if why:
            reason = f"is older by {why} than what was graded before, which counts"
            superseded.append((one.student, one.source.label, reason))
        kept.append(replace(one, set_aside=bool(why)))
    return replace(
        found,
        submissions=sorted(kept, key=lambda one: (one.student, one.lesson)),
        superseded=sorted(superseded),
    )


def _age(one: Submission) -> Age:
    zipped = bool(one.source.member)
    return Age(one.stamp, one.number, one.modified, zipped, one.source.label)


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


def _require_known_task(name: str) -> None:
    tasks = [task for ref in handed_out().values() for task in ref.tasks]
    if name and name not in (*tasks, ALL):
        raise CannotGradeError(
            f"No task is called {name!r}, so it cannot be graded again. There are: "
            f"{', '.join(tasks)}; or {ALL}."
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
    seed: int = 0


def _due(found: Intake, journal: Journal | None, regrade: str) -> list[_Due]:
    """Return what has not been graded yet, or has changed since, or is asked again.

    Lesson by lesson, since a worker gets ready for a lesson.
    """
    due = []
    for one in sorted(found.submissions, key=lambda one: one.lesson):
        if one.set_aside:
            continue
        if journal is None or not journal.has(one.student, one.lesson, one.digest):
            due.append(_Due(one))
        elif regrade in (*handed_out()[one.lesson].tasks, ALL):
            counting = journal.counting(one.student, one.lesson)
            if counting and counting.result.digest == one.digest:
                only = "" if regrade == ALL else regrade
                due.append(_Due(one, only, counting.run["seed"]))
    return due


def _bytes_or_problem(
    one: Submission,
) -> tuple[bytes, tuple[tuple[str, bytes], ...], str]:
    """Return a submission's bytes and the files beside it, or why there are none."""
    if one.problem:
        return b"", (), one.problem
    try:
        files = tuple((path, source.read()) for path, source in one.beside)
        return one.source.read(), files, ""
    except CannotGradeError as error:
        return b"", (), str(error)


# ---- doing it -----------------------------------------------------------------------


def _grade_due(
    due: list[_Due],
    options: ClassOptions,
    journal: Journal,
    class_folders: tuple[str, ...],
    workers: Pool,
    watcher: Watcher,
) -> None:
    ages = {}

    def jobs() -> Iterator[Job]:
        for one in due:
            who = one.submission.student, one.submission.lesson
            ages[who] = _age(one.submission)
            data, files, problem = _bytes_or_problem(one.submission)
            yield Job(
                student=one.submission.student,
                lesson=one.submission.lesson,
                digest=(  # the file may have changed since it was found
                    one.submission.digest
                    if one.submission.problem
                    else digest_with(digest(data), files)
                ),
                data=data,
                level=options.isolation,
                seed=one.seed or journal.settings["seed"],
                timeout=options.timeout,
                class_folders=class_folders,
                only=one.only,
                all_or_nothing=options.all_or_nothing,
                problem=problem,
                platform_id=one.submission.platform_id,
                handed_in=one.submission.stamp,
                marked_late=one.submission.is_late,
                files=files,
                not_given=one.submission.not_given,
                told=one.submission.told,
            )

    for job, plain, seconds in workers.each(jobs()):
        result = Result.from_plain(plain)
        if job.only:
            result = _merged(journal.results[job.student, job.lesson], result)
        journal.add(result, seconds, ages[job.student, job.lesson])
        watcher.count_one(result)


def _merged(before: Result, again: Result) -> Result:
    """Return a result in which the tasks graded again replace what they were."""
    new = {task.task: task for task in again.tasks}
    tasks = tuple(new.get(task.task, task) for task in before.tasks)
    return replace(before, tasks=tasks)


def class_results(journal: Journal, *, since: int | None = None) -> ClassResults:
    """Return all that a journal holds; what came after line `since` is of this run."""
    intakes = journal.intakes
    several = len({intake["name"] for intake in intakes}) > 1 or len(intakes) > 1
    unplaced, superseded = [], []
    for intake in intakes:
        start = f"{intake['name']}: " if several else ""
        unplaced += [(start + name, why) for name, why in intake["unplaced"]]
        superseded += [(who, start + n, why) for who, n, why in intake["superseded"]]
    superseded += _graded_before(journal)
    seeds = list(dict.fromkeys(run["seed"] for run in journal.runs))
    first = journal.settings
    settings = GradingSettings(
        version=first["version"],
        seed=first["seed"],
        timeout=first["timeout"],
        isolation=first["isolation"],
        all_or_nothing=first.get("all_or_nothing", False),
        isolation_facts=tuple(first.get("facts", ())),
        unplaced=tuple(sorted(set(unplaced))),
        superseded=tuple(sorted(set(superseded))),
        more_seeds=tuple(seed for seed in seeds if seed != first["seed"]),
    )
    at = journal.lines if since is None else since
    return ClassResults(
        settings,
        list(journal.results.values()),
        journal.seconds,
        {
            key: [attempt.result for attempt in some]
            for key, some in journal.attempts.items()
        },
        journal.changes,
        sum(change.line >= at for change in journal.changes),
    )


def _graded_before(journal: Journal) -> list[tuple[str, str, str]]:
    """Return the attempts that were graded, and for which a newer one counts."""
    return [
        (
            student,
            attempt.age.file or f"lesson {lesson}",
            f"was graded ({attempt.result.earned:g} of {attempt.result.points:g} "
            "points); a newer one counts",
        )
        for (student, lesson), some in journal.attempts.items()
        for attempt in some[:-1]
    ]
