"""All files of a report, each put in place whole, the page that links them last."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from cnngrade.intake.naming import file_name
from cnngrade.record import GradingSettings, Result

from . import pages, tables
from .tables import Timings


def write(
    out: Path, settings: GradingSettings, results: Sequence[Result], timings: Timings
) -> list[Path]:
    """Write a report; return its files, ``index.html`` last.

    But for ``timings.csv`` and ``timings.html``, the same results give the same bytes.
    A file is complete or as it was before, also when the writing is cut short.
    """
    written = []
    for name, data in _files(settings, tables.ordered(results), timings):
        path = out / name
        put_in_place(path, data)
        written.append(path)
    return written


def put_in_place(path: Path, data: bytes) -> None:
    """Put a file in place at once: whoever reads it sees the old one or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(".cnnlib-new")
    try:
        new.write_bytes(data)
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)


def feedback_names(results: Sequence[Result]) -> dict[str, str]:
    """Return a file name without suffix for each student's page."""
    taken: set[str] = set()
    names = {}
    for student in dict.fromkeys(result.student for result in tables.ordered(results)):
        names[student] = file_name(student, taken)
    return names


def _files(
    settings: GradingSettings, results: Sequence[Result], timings: Timings
) -> Iterator[tuple[str, bytes]]:
    yield "grades.csv", tables.grades(results)
    yield "summary.csv", tables.summary(results)
    yield "timings.csv", tables.timings_table(timings)
    yield "junit.xml", tables.junit(results)
    yield "report.json", tables.report(settings, results)
    names, own = feedback_names(results), defaultdict(list)
    for result in results:
        own[result.student].append(result)
    for student, name in names.items():
        page = pages.feedback(settings, student, own[student])
        yield f"{pages.FEEDBACK}/{name}.html", page.encode()
    yield "timings.html", pages.times_page(settings, results, timings, names).encode()
    yield "index.html", pages.class_page(settings, results, names).encode()
