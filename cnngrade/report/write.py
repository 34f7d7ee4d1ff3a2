"""All files of a report, each put in place whole, the page that links them last."""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cnngrade.class_run.journal import Change
from cnngrade.intake.naming import LONGEST, file_name, folded
from cnngrade.record import GradingSettings, Result

from . import pages, tables
from .tables import Timings
from .term_facts import History, term_facts

NAMES = f"{pages.FEEDBACK}/names.json"
"""What each student's page is called: the same from week to week."""


def write(
    out: Path,
    settings: GradingSettings,
    results: Sequence[Result],
    timings: Timings,
    history: History | None = None,
    changes: Sequence[Change] = (),
) -> list[Path]:
    """Write a report; return its files, ``index.html`` last.

    But for ``timings.csv`` and ``timings.html``, the same results give the same bytes,
    where pages had no names before. A file is complete or as it was before, also when
    the writing is cut short.
    """
    written = []
    kept = _kept_names(out)
    listed = tables.ordered(results)
    for name, data in _files(
        settings, listed, timings, kept, history or {}, _in_order(changes)
    ):
        path = out / name
        put_in_place(path, data)
        written.append(path)
    return written


def _in_order(changes: Sequence[Change]) -> list[Change]:
    """Return changes in an order that does not depend on which worker was quicker.

    Those of one student and task keep theirs.
    """
    return sorted(changes, key=lambda one: (one.student.casefold(), one.lesson))


def put_in_place(path: Path, data: bytes) -> None:
    """Put a file in place at once: whoever reads it sees the old one or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(".cnnlib-new")
    try:
        new.write_bytes(data)
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)


def feedback_names(
    results: Sequence[Result], kept: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return a file name without suffix for each student's page.

    Who has one in `kept` keeps it.
    """
    names = dict(kept or {})
    taken = {folded(name) for name in names.values()}
    for student in dict.fromkeys(result.student for result in tables.ordered(results)):
        if student not in names:
            names[student] = file_name(student, taken)
    return names


def read_names(out: Path) -> dict[str, str]:
    """Return the names of the pages that a report has, by student."""
    return _kept_names(out)


def _kept_names(out: Path) -> dict[str, str]:
    """Return the names that a report has; leave out what is none of ours."""
    try:
        found = json.loads((out / NAMES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    kept: dict[str, str] = {}
    taken: set[str] = set()
    for student, name in found.items() if isinstance(found, dict) else ():
        is_one = isinstance(name, str) and re.fullmatch(r"[^\W_][\w.-]*", name)
        if is_one and len(name.encode()) <= LONGEST and folded(name) not in taken:
            kept[student] = name
            taken.add(folded(name))
    return kept


def _files(
    settings: GradingSettings,
    results: Sequence[Result],
    timings: Timings,
    kept: Mapping[str, str],
    history: History,
    changes: Sequence[Change],
) -> Iterator[tuple[str, bytes]]:
    terms = term_facts(results, history)
    names, own = feedback_names(results, kept), defaultdict(list)
    yield NAMES, json.dumps(names, indent=1, ensure_ascii=True).encode() + b"\n"
    yield "grades.csv", tables.grades(results)
    yield "summary.csv", tables.summary(results)
    yield "term.csv", tables.term(terms)
    yield "changes.csv", tables.changes_table(changes)
    yield "timings.csv", tables.timings_table(timings)
    yield "junit.xml", tables.junit(results)
    yield "report.json", tables.report(settings, results)
    for result in results:
        own[result.student].append(result)
    for one in terms:
        is_term = len(one.results) > 1 or max(one.attempts.values()) > 1
        term = one if is_term else None
        page = pages.feedback(settings, one.student, own[one.student], term)
        yield f"{pages.FEEDBACK}/{names[one.student]}.html", page.encode()
    yield "term.html", pages.term_page(settings, terms, changes, names).encode()
    yield "timings.html", pages.times_page(settings, results, timings, names).encode()
    yield "index.html", pages.class_page(settings, results, names).encode()
