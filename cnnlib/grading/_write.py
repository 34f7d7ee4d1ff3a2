"""All files of a report, each put in place whole, the page that links them last."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import _pages, _tables
from ._names import file_name
from ._record import Result, Run
from ._tables import Timings


def write(
    out: Path, run: Run, results: Sequence[Result], timings: Timings
) -> list[Path]:
    """Write a report; return its files, ``index.html`` last.

    But for ``timings.csv`` and ``timings.html``, the same results give the same bytes.
    A file is complete or as it was before, also when the writing is cut short.
    """
    written = []
    for name, data in _files(run, _tables.ordered(results), timings):
        path = out / name
        replace(path, data)
        written.append(path)
    return written


def replace(path: Path, data: bytes) -> None:
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
    for student in dict.fromkeys(result.student for result in _tables.ordered(results)):
        names[student] = file_name(student, taken)
    return names


def _files(
    run: Run, results: Sequence[Result], timings: Timings
) -> Iterator[tuple[str, bytes]]:
    yield "grades.csv", _tables.grades(results)
    yield "summary.csv", _tables.summary(results)
    yield "timings.csv", _tables.timings_table(timings)
    yield "junit.xml", _tables.junit(results)
    yield "report.json", _tables.report(run, results)
    names, own = feedback_names(results), defaultdict(list)
    for result in results:
        own[result.student].append(result)
    for student, name in names.items():
        page = _pages.feedback(run, student, own[student])
        yield f"{_pages.FEEDBACK}/{name}.html", page.encode()
    yield "timings.html", _pages.times_page(run, results, timings, names).encode()
    yield "index.html", _pages.class_page(run, results, names).encode()
