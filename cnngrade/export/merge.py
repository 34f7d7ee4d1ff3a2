"""Several reports made one: parts of a class, or its weeks, graded apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cnngrade.class_run.grade_class import ClassResults, class_results
from cnngrade.class_run.journal import (
    Attempt,
    Journal,
    has_results,
    new_journal,
    read_journal,
)
from cnngrade.class_run.people import Known, settled
from cnngrade.files.notebook import CannotGradeError
from cnngrade.term.instructor import BEGINNING, NAME


def merged(reports: Sequence[Path], out: Path) -> tuple[ClassResults, list[str]]:
    """Write one journal of several; return what it holds, and what to know of it.

    Raises:
        CannotGradeError: one of them is no report, or there is something at `out`.
    """
    if len(reports) < 2:
        raise CannotGradeError("Give two reports, or more.")
    if has_results(out):
        raise CannotGradeError(f"{out} holds a report. Take a new folder for --out.")
    parts = [read_journal(report) for report in reports]
    told = _differences(reports, parts)
    first = parts[0]
    made = new_journal(out, first.settings)
    for report, part in zip(reports, parts, strict=True):
        for name, other in _take(made, part).items():
            if name != other:
                told.append(f"{name} of {report.name} is called {other} here.")
    _join_words(reports, out)
    return class_results(made), told


def _differences(reports: Sequence[Path], parts: Sequence[Journal]) -> list[str]:
    """Say in what ways the reports were graded otherwise."""
    told = []
    for name in ("version", "timeout", "isolation", "all_or_nothing"):
        values = {str(part.settings.get(name)) for part in parts}
        if len(values) > 1:
            told.append(
                f"The reports were graded with different settings: {name} "
                f"{', '.join(sorted(values))}."
            )
    return told


def _take(made: Journal, part: Journal) -> dict[str, str]:
    """Copy a journal into another; return what each student is called there."""
    known = [
        Known(one.student, one.lesson, one.platform_id)
        for one in (a.result for some in made.attempts.values() for a in some)
    ]
    new = [
        Known(student, lesson, some[-1].result.platform_id)
        for (student, lesson), some in part.attempts.items()
    ]
    names = settled(known, new)
    called = dict(zip((one.student for one in new), names, strict=True))
    for intake in part.intakes:
        renamed: list[Any] = [
            [called.get(who, who), *rest] for who, *rest in intake["superseded"]
        ]
        made.note_intake(intake | {"superseded": renamed})
    for ((student, lesson), some), name in zip(
        part.attempts.items(), names, strict=True
    ):
        seconds = {
            task: part.seconds[student, lesson, task]
            for task in (one.task for one in some[-1].result.tasks)
            if (student, lesson, task) in part.seconds
        }
        here = made.attempts.get((name, lesson), [])
        for attempt in _missing(here, some):
            made.begin_run(attempt.run)
            for result in attempt.results:
                made.add(replace(result, student=name), seconds, attempt.age)
    return called


def _missing(here: Sequence[Attempt], some: Sequence[Attempt]) -> list[Attempt]:
    """Return the attempts that are not here already."""
    digests = {one.result.digest for one in here}
    return [one for one in some if one.result.digest not in digests]


def _join_words(reports: Sequence[Path], out: Path) -> None:
    """Put the instructor's files together, each line once."""
    lines, seen = [BEGINNING], set()
    for report in reports:
        try:
            text = (report / NAME).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            continue
        own = [
            line
            for line in text.splitlines()
            if line.strip()
            and not line.lstrip().startswith("#")
            and " ".join(line.split()) not in seen
        ]
        seen |= {" ".join(line.split()) for line in own}
        if own:
            lines.append(f"\n# from {report.name}\n" + "\n".join(own) + "\n")
    if len(lines) > 1:
        (out / NAME).write_text("".join(lines), encoding="utf-8")
