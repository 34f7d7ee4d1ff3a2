"""What `cnnlib grade` prints: its progress, then the results of the class."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from types import TracebackType

from rich import progress
from rich.console import Console, Group, RenderableType
from rich.text import Text

from cnngrade.class_run.grade_class import ClassResults
from cnngrade.files.notebook import shown
from cnngrade.record import Result

from .printing import clean, table

STOPPED = "Stopped. What was graded is kept: give the same command to go on."
_LEVELS = {
    "full": "shut away: no files but its own, no network, no other processes",
    "limits": "with limits on time, memory and processes ALONE: it can read files",
    "none": "with NOTHING between it and this machine",
}


class Progress:
    """Shows a bar with the time left on a terminal, else a line now and then."""

    def __init__(self, console: Console) -> None:
        self._console = console
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
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def begin(self, jobs: int, kept: int) -> None:
        """Say how many are to be graded."""
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
    students = len({result.student for result in graded.results})
    parts.append(
        f"{len(graded.results)} submissions of {students} students graded, seed "
        f"{graded.settings.seed}. Report: {shown(out / 'index.html')}"
    )
    return Group(*parts)
