"""Results as they come, kept so that nothing is graded twice or lost.

One line of JSON each in `journal.jsonl`, on the disk before the next is waited for; no
line is ever changed. The last one may be half written when the power fails; it is left
out when read again. A line is a run (how was graded from here on), an intake (what in a
folder or zip belonged to nobody), or a result. A journal takes zip after zip: for each
student and lesson it keeps every attempt, and every verdict on it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cnngrade.files.notebook import CannotGradeError
from cnngrade.record import Result

NAME = "journal.jsonl"
FORMAT = 3
"""The version of a journal; it grows when a line changes its form."""
_READ = (2, FORMAT)
"""Those that can be read: the older ones lack what is new, and nothing else."""

_Key = tuple[str, str]
"""A student and a lesson."""


@dataclass(frozen=True)
class Age:
    """What tells which of two attempts is newer, as far as files tell it.

    Attributes:
        stamp: when it was handed in, by nbgrader, in seconds; 0: not known.
        number: Canvas's own of the file; 0: not known.
        modified: the file's date, in seconds; 0: not known.
        zipped: whether that date is a zip's, which has no time zone.
        file: what the file was called in the submissions.
    """

    stamp: float = 0.0
    number: int = 0
    modified: float = 0.0
    zipped: bool = False
    file: str = ""

    def before(self, other: Age) -> str:
        """Return by what an attempt is older than another for certain, or ""."""
        if self.stamp and other.stamp:
            return "nbgrader's time" if self.stamp < other.stamp else ""
        if self.number and other.number:
            by_number = self.number < other.number
            return "the number that Canvas gave the file" if by_number else ""
        dated = self.modified and other.modified and self.zipped == other.zipped
        if dated and self.modified < other.modified - _CLOCK_SECONDS:
            return "the file's date"
        return ""


_CLOCK_SECONDS = 2.0
"""Dates in a zip are of every second second."""


@dataclass
class Attempt:
    """One file that was handed in, with the verdicts on it: the last one holds.

    Attributes:
        run: how it was graded.
    """

    age: Age
    run: dict[str, Any]
    results: list[Result]

    @property
    def result(self) -> Result:
        """What became of it, as of now."""
        return self.results[-1]


@dataclass(frozen=True)
class Change:
    """A task that came out otherwise than before: (status, points) each.

    Attributes:
        why: "graded again" or "handed in again".
        line: where in the journal the later verdict stands.
    """

    student: str
    lesson: str
    task: str
    before: tuple[str, float]
    after: tuple[str, float]
    why: str
    line: int = 0


@dataclass
class Journal:
    """The journal of a report folder.

    Attributes:
        settings: how it was begun, and how what is new is graded.
        runs: all settings in it: several where reports were merged.
        attempts: by student and lesson, the one that counts last.
        intakes: what was found in each folder or zip besides submissions.
        seconds: by student, lesson and task.
        lines: how many there are.
    """

    path: Path
    settings: dict[str, Any]
    runs: list[dict[str, Any]] = field(default_factory=list)
    attempts: dict[_Key, list[Attempt]] = field(default_factory=dict)
    intakes: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[tuple[str, str, str], float] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    lines: int = 0

    @property
    def results(self) -> dict[_Key, Result]:
        """The result that counts, by student and lesson."""
        return {key: some[-1].result for key, some in self.attempts.items()}

    def has(self, student: str, lesson: str, digest: str) -> bool:
        """Tell whether this very file was graded, whether it counts or not."""
        some = self.attempts.get((student, lesson), ())
        return any(one.result.digest == digest for one in some)

    def counting(self, student: str, lesson: str) -> Attempt | None:
        """Return the attempt that counts, if there is one."""
        some = self.attempts.get((student, lesson))
        return some[-1] if some else None

    def add(
        self, result: Result, seconds: Mapping[str, float], age: Age | None = None
    ) -> None:
        """Keep a result, on the disk, too."""
        age = age or Age()
        entry = {"result": result.plain(), "seconds": dict(seconds)}
        self._write(entry | {"age": _plain_age(age)})
        self._take(result, seconds, age, self.lines - 1)

    def begin_run(self, settings: dict[str, Any]) -> None:
        """Note how what follows was graded."""
        if self.runs and self.runs[-1] == settings:
            return
        first = {} if self.runs else {"format": FORMAT}
        self._write(first | {"run": settings})
        self.runs.append(settings)

    def note_intake(self, intake: dict[str, Any]) -> None:
        """Keep what was found besides submissions, unless it is known already."""
        if intake not in self.intakes:
            self._write({"intake": intake})
            self._take_intake(intake)

    def _take_intake(self, intake: dict[str, Any]) -> None:
        """Take an intake in place of an earlier one of the same folder or zip.

        Canvas calls each of its zips alike; those that share no file are different.
        """
        self.intakes = [
            one
            for one in self.intakes
            if one["name"] != intake["name"]
            or not {*one["digests"]} & {*intake["digests"]}
        ]
        self.intakes.append(intake)

    def _take(
        self, result: Result, seconds: Mapping[str, float], age: Age, line: int
    ) -> None:
        key = result.student, result.lesson
        some = self.attempts.setdefault(key, [])
        before = some[-1].result if some else None
        same = next((one for one in some if one.result.digest == result.digest), None)
        if same is not None:
            same.results.append(result)
        else:
            is_older = some and age.before(some[-1].age)
            at = len(some) - 1 if is_older else len(some)
            some.insert(at, Attempt(age, self.runs[-1], [result]))
        if before is not None and some[-1].result is result:
            why = "graded again" if same else "handed in again"
            self.changes += _changes(before, result, why, line)
        for task, spent in seconds.items():
            self.seconds[*key, task] = spent

    def _write(self, entry: dict[str, Any]) -> None:
        line = json.dumps(entry).encode("ascii") + b"\n"
        with open(self.path, "ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self.lines += 1


def _changes(before: Result, after: Result, why: str, line: int) -> Iterator[Change]:
    """Yield the tasks of which status or points are others than before."""
    old = {task.task: task for task in before.tasks}
    for task in after.tasks:
        was = old.get(task.task)
        if was is None:
            continue
        then, now = ((one.verdict.status, one.by_answer) for one in (was, task))
        if then != now:
            who = after.student, after.lesson, task.task
            yield Change(*who, then, now, why, line)


def open_journal(folder: Path, settings: dict[str, Any]) -> Journal:
    """Return the journal of a report folder, a new one if there is none.

    `settings` say how the class is to be graded; their "seed" may be None: then the
    journal's is kept.

    Raises:
        CannotGradeError: the folder holds the results of another run, or other files.
    """
    path = folder / NAME
    lines = _lines(path)
    if not lines:
        return new_journal(folder, settings)
    journal = _filled(path, lines)
    _same_settings(folder, journal.settings, settings)
    return journal


def new_journal(folder: Path, settings: dict[str, Any]) -> Journal:
    """Begin a journal in a folder, which is made if it is not there."""
    path = folder / NAME
    folder.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    made = Journal(path, settings)
    made.begin_run(settings)
    return made


def has_results(folder: Path) -> bool:
    """Tell whether there is a journal in a folder."""
    path = folder / NAME
    return path.exists() and path.stat().st_size > 0


def read_journal(folder: Path) -> Journal:
    """Return the journal of a report; raise `CannotGradeError` if there is none."""
    lines = _lines(folder / NAME)
    if not lines:
        raise CannotGradeError(
            f"{folder} is not the folder of a report: no {NAME} there."
        )
    return _filled(folder / NAME, lines)


def _filled(path: Path, lines: Sequence[dict[str, Any]]) -> Journal:
    settings = lines[0].get("run")
    if not isinstance(settings, dict):
        raise CannotGradeError(
            f"{path} is not the journal of a grading. Take another folder for --out."
        )
    if lines[0].get("format") not in _READ:
        raise CannotGradeError(
            f"{path} was written by a release of the course that keeps results in "
            "another form. Grade again into another folder for --out."
        )
    journal = Journal(path, settings)
    for line in lines:
        if "run" in line:
            journal.runs.append(line["run"])
        elif "intake" in line:
            journal._take_intake(line["intake"])
        else:
            result = Result.from_plain(line["result"])
            age = Age(**line.get("age", {}))
            journal._take(result, line["seconds"], age, journal.lines)
        journal.lines += 1
    return journal


def _plain_age(age: Age) -> dict[str, Any]:
    """Return what is known of an age."""
    return {name: value for name, value in vars(age).items() if value}


def _lines(path: Path) -> list[dict[str, Any]]:
    """Return the whole lines of a journal, and cut off what is not one."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        with open(path, "r+b") as file:
            file.truncate(len(whole))
    try:
        return [json.loads(line) for line in whole.splitlines()]
    except ValueError:
        raise CannotGradeError(
            f"{path} is damaged: it holds a line that is not JSON. Take another folder "
            "for --out, or remove that line."
        ) from None


_WORDS = {
    "version": "release {} of the course",
    "seed": "--seed {}",
    "timeout": "--timeout {}",
    "isolation": "--isolation {}",
    "all_or_nothing": "--all-or-nothing: {}",
}


def _same_settings(folder: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    for name, words in _WORDS.items():
        wanted, had = now[name], before.get(name, False)
        if wanted is not None and wanted != had:
            raise CannotGradeError(
                f"{folder} was graded with {words.format(had)}, not "
                f"{words.format(wanted)}. Grade again into another folder, or go on "
                "with what it was begun with."
            )
