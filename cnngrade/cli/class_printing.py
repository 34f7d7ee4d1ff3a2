"""What `cnnlib grade` prints: its progress, then the results of the class."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path
from types import TracebackType

from rich import progress
from rich.console import Console, Group, RenderableType
from rich.text import Text

from cnngrade.class_run.grade_class import ClassResults
from cnngrade.files.notebook import CannotGradeError, shown
from cnngrade.intake.intake import Intake
from cnngrade.record import Result
from cnnlib.text import count

from .printing import clean, table

STOPPED = "Stopped. What was graded is kept: give the same command to go on."
_LEVELS = {
    "full": "shut away: no files but its own, no network, no other processes",
    "limits": "with limits on time, memory and processes ALONE: it can read files",
    "none": "with NOTHING between it and this machine",
}


_DOUBTFUL = (
    "Nothing was graded, since the folders can be read in two ways. If the students "
    "are the right ones, give --yes. If not, give the folder in which each student has "
    "one folder or one notebook."
)
_NAMED = 12
"""Students that are named before the grading; the report names all."""


class Progress:
    """Shows a bar with the time left on a terminal, else a line now and then."""

    def __init__(self, console: Console, *, yes: bool = False) -> None:
        self._console = console
        self._yes = yes
        self._bar = progress.Progress(
            progress.TextColumn("Grading"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            progress.TextColumn("left"),
            progress.TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=None)
        self._done = self._total = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def found(self, intake: Intake) -> None:
        """Say who the students are; where that is in doubt, ask."""
        for line in _found(intake):
            self._console.print(clean(line))
        for doubt in intake.doubts:
            self._console.print(Text.assemble(("? ", "bold"), clean(doubt)))
        if intake.doubts and not self._yes and not self._agreed():
            raise CannotGradeError(_DOUBTFUL)

    def _agreed(self) -> bool:
        """Ask on a terminal; elsewhere nobody can answer."""
        if not (self._console.is_terminal and sys.stdin.isatty()):
            return False
        answer = self._console.input("Are these the students? Grade them [y/N]: ")
        return answer.strip().casefold() in ("y", "yes")

    def begin(self, jobs: int, kept: int) -> None:
        """Say how many are to be graded."""
        self._bar.start()
        self._total = jobs
        self._bar.update(self._task, total=jobs)
        before = f"; {kept} graded before are kept" if kept else ""
        self._console.print(f"{jobs} submissions to grade{before}.")

    def isolated(self, level: str, facts: list[str]) -> None:
        """Say how student code is held."""
        self._console.print(f"Isolation {level}: student code runs {_LEVELS[level]}.")

    def count_one(self, result: Result) -> None:
        """Count one more."""
        self._done += 1
        self._bar.update(self._task, advance=1)
        if not self._console.is_terminal and self._done % 100 == 0:
            self._console.print(f"{self._done} of {self._total}")


def _found(intake: Intake) -> list[str]:
    """Return what was taken for students and lessons."""
    students = list(dict.fromkeys(one.student for one in intake.submissions))
    more = len(students) - _NAMED
    names = ", ".join(students[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    lessons = Counter(one.lesson for one in intake.submissions)
    counts = ", ".join(f"{name} ({n})" for name, n in sorted(lessons.items()))
    return [
        f"{count(len(students), 'student')}: {names}.",
        f"{count(len(intake.submissions), 'submission')} of lessons: {counts}.",
    ]


def _changed(graded: ClassResults) -> list[RenderableType]:
    """Say whose marks changed in this run, from what to what."""
    now = graded.changes[len(graded.changes) - graded.changed_now :]
    lines = [
        f"  {one.student}, lesson {one.lesson}, {one.task}: {one.before[1]:g} "
        f"({one.before[0]}) before, {one.after[1]:g} ({one.after[0]}) now, "
        f"{one.why}"
        for one in sorted(now, key=lambda one: (one.student, one.lesson, one.task))
    ]
    if not lines:
        return []
    more = [f"  and {len(lines) - 40} more: changes.csv"] if len(lines) > 40 else []
    head = f"{count(len(lines), 'mark')} changed:"
    return [Text(clean(line)) for line in (head, *lines[:40], *more)]


def class_summary(graded: ClassResults, out: Path) -> RenderableType:
    """Return what is printed at the end."""
    passed_by_task: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for result in graded.results:
        for task in result.tasks:
            passed_by_task[result.lesson, task.task].append(task.passed)
    tasks = table("Task", "Passed by", middle="Lesson")
    for (lesson, name), passed in passed_by_task.items():
        share = f"{sum(passed)} of {len(passed)} ({sum(passed) / len(passed):.0%})"
        tasks.add_row(name, lesson, share)
    parts: list[RenderableType] = [tasks] if passed_by_task else []
    parts += _changed(graded)
    unread = [result for result in graded.results if result.problem]
    for result in unread:
        parts.append(Text(clean(f"✗ {result.student}: {result.problem}")))
    if graded.settings.unplaced:
        parts.append(f"{len(graded.settings.unplaced)} files could not be placed:")
        parts += [
            Text(clean(f"  {name}: {why}"))
            for name, why in graded.settings.unplaced[:20]
        ]
        if len(graded.settings.unplaced) > 20:
            parts.append("  and more, which the report lists.")
    by_hand = [one for one in graded.results if one.by_hand or one.problem]
    if by_hand:
        parts.append(
            f"{count(len(by_hand), 'hand-in')} to look at by hand: the class page says "
            "which, and what would help."
        )
    for problem in graded.settings.problems:
        parts.append(Text(clean(f"✗ {problem}")))
    students = len({result.student for result in graded.results})
    parts.append(
        f"{len(graded.results)} submissions of {students} students graded, seed "
        f"{graded.settings.seed}. Report: {shown(out / 'index.html')}"
    )
    return Group(*parts)
