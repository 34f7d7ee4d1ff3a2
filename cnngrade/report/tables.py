"""Results as files for spreadsheets and machines: CSV, JUnit XML, JSON.

Each function returns the bytes of one file. They come out the same for the same
results, in whatever order these are given. Times are in ``timings.csv`` alone.
"""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cnngrade.class_run.journal import Change
from cnngrade.record import GradingSettings, Result, TaskResult
from cnngrade.safe_text import cut_lines, one_line, visible

if TYPE_CHECKING:
    from .term_facts import StudentTerm

FORMAT = 1
"""The version of ``report.json``; it grows when a field changes its meaning."""
UNJUDGED = "cannot be judged"
"""What stands for a status where a whole notebook has none."""

_FAILURES = ("failed", "missing", "unsolved")
_FORMULA = re.compile("(^|;)([\\s\"']*)(?=[=+\\-@\uff1d\uff0b\uff0d\uff20].)")

Timings = Mapping[tuple[str, str, str], float]


def ordered(results: Iterable[Result]) -> list[Result]:
    """Return results by student and lesson, as every report lists them."""
    return sorted(results, key=lambda r: (r.student.casefold(), r.student, r.lesson))


def grades(results: Iterable[Result]) -> bytes:
    """Return ``grades.csv``: a row per task of each submission."""
    rows: list[Sequence[str | float]] = []
    for result in ordered(results):
        start = (result.student, result.lesson)
        if result.problem and not result.tasks:
            rows.append((*start, "", 0, 0, UNJUDGED, result.problem, ""))
        for task in result.tasks:
            earned = (task.points, task.earned)
            verdict = (task.verdict.status, task.verdict.headline)
            given = f"{task.given[0]:g}: {task.given[1]}" if task.given else ""
            rows.append((*start, task.task, *earned, *verdict, given))
    head = ["student", "lesson", "task", "points", "earned", "status", "reason"]
    head += ["instructor"]
    return table(head, rows)


def summary(results: Iterable[Result]) -> bytes:
    """Return ``summary.csv``: a row per student and lesson."""
    head = ["student", "lesson", "earned", "points", "passed", "of", "problem"]
    head += ["by the answers", "instructor", "comments"]
    return table(
        head,
        (
            (
                result.student,
                result.lesson,
                "excused" if result.said.excused else result.earned,
                result.points,
                sum(task.passed for task in result.tasks),
                len(result.tasks),
                result.problem,
                result.by_answers,
                " ".join(result.words),
                " ".join(result.said.comments),
            )
            for result in ordered(results)
        ),
    )


def term(terms: Sequence[StudentTerm]) -> bytes:
    """Return ``term.csv``: a row per student, a column per lesson."""
    lessons = sorted({lesson for one in terms for lesson in one.results})
    head = ("student", *(f"lesson {lesson}" for lesson in lessons), "earned", "points")
    rows = [
        (
            one.student,
            *(_term_cell(one.results.get(lesson)) for lesson in lessons),
            one.earned,
            one.points,
        )
        for one in terms
    ]
    return table(head, rows)


def _term_cell(result: Result | None) -> str | float:
    if result is None:
        return ""
    return "excused" if result.said.excused else result.earned


def changes_table(changes: Sequence[Change]) -> bytes:
    """Return ``changes.csv``: a row per task that came out otherwise than before.

    The newest stand last. Points are those that the answers earned by themselves.
    """
    head = ("student", "lesson", "task", "from", "to", "status", "now", "why")
    rows = [
        (
            *(one.student, one.lesson, one.task, one.before[1], one.after[1]),
            *(one.before[0], one.after[0], one.why),
        )
        for one in changes
    ]
    return table(head, rows)


def timings_table(timings: Timings) -> bytes:
    """Return ``timings.csv``: what each task took, in seconds by the clock."""
    rows = [(*key, round(timings[key], 3)) for key in sorted(timings)]
    return table(("student", "lesson", "task", "seconds"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str | float]]) -> bytes:
    """Return a CSV file that a spreadsheet reads as the text and numbers it holds."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([cell(name) for name in head])
    for row in rows:
        writer.writerow(
            [cell(entry) if isinstance(entry, str) else entry for entry in row]
        )
    return b"\xef\xbb\xbf" + file.getvalue().encode()


def cell(text: str) -> str:
    """Return text that no spreadsheet takes for a formula, in one line.

    Programs set to semicolons split a cell at them even within quotes, so what follows
    one is treated as the start of a cell.
    """
    return _FORMULA.sub(r"\1'\2", one_line(text, 1000))


def junit(results: Iterable[Result]) -> bytes:
    """Return ``junit.xml``: a suite per student and lesson, a case per task.

    Only what earns its points is green. An unsolved or missing task is a failure, not
    "skipped": CI services pass a run whose tests were skipped. What broke before it
    could be judged (error, timed out, died, not reached) is an error. Times are 0,
    which some readers need, so that the file is the same after every run.
    """
    root = ET.Element("testsuites", name="cnnlib grade")
    totals = {"tests": 0, "failures": 0, "errors": 0}
    for result in ordered(results):
        suite = ET.SubElement(root, "testsuite", name=_suite(result))
        for task in result.tasks:
            _case(suite, result, task)
        if result.problem:
            case = _testcase(suite, result, "notebook")
            first = result.problem.split("\n", 1)[0]
            _add(case, "error", UNJUDGED, first, result.problem)
        counts = _counts(suite)
        for name, count in counts.items():
            totals[name] += count
            suite.set(name, str(count))
        suite.set("skipped", "0")
        suite.set("time", "0")
    for name, count in totals.items():
        root.set(name, str(count))
    ET.indent(root)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _suite(result: Result) -> str:
    return f"{one_line(result.student)}, lesson {one_line(result.lesson)}"


def _testcase(suite: ET.Element, result: Result, name: str) -> ET.Element:
    place = f"lesson{one_line(result.lesson)}.{one_line(result.student)}"
    facts = {"classname": place, "name": one_line(name), "time": "0"}
    return ET.SubElement(suite, "testcase", facts)


def _case(suite: ET.Element, result: Result, task: TaskResult) -> None:
    case = _testcase(suite, result, task.task)
    if not task.passed:
        verdict = task.verdict
        kind = "failure" if verdict.status in _FAILURES else "error"
        _add(case, kind, verdict.status, verdict.headline, verdict.text)


def _add(case: ET.Element, kind: str, status: str, first: str, text: str) -> None:
    child = ET.SubElement(case, kind, type=status, message=one_line(first))
    child.text = visible(cut_lines(text))


def _counts(suite: ET.Element) -> dict[str, int]:
    return {
        "tests": len(suite.findall("testcase")),
        "failures": len(suite.findall("testcase/failure")),
        "errors": len(suite.findall("testcase/error")),
    }


def report(settings: GradingSettings, results: Iterable[Result]) -> bytes:
    """Return ``report.json``: all that is known but the times, nothing made visible."""
    listed = [_result_facts(result) for result in ordered(results)]
    facts = {"format": FORMAT, "run": asdict(settings), "results": listed}
    return json.dumps(facts, indent=1).encode() + b"\n"


def _result_facts(result: Result) -> dict[str, Any]:
    return {
        "earned": result.earned,
        "points": result.points,
        "student": result.student,
        "lesson": result.lesson,
        "digest": result.digest,
        "tasks": [_task_facts(task) for task in result.tasks],
        "notes": result.notes,
        "by_hand": result.by_hand,
        "beside": result.beside,
        "by_answers": result.by_answers,
        "instructor": result.words,
        "comments": result.said.comments,
        "added": result.added,
        "problem": result.problem,
    }


def _task_facts(task: TaskResult) -> dict[str, Any]:
    return {
        "task": task.task,
        "points": task.points,
        "earned": task.earned,
        "parts": task.verdict.parts,
        "status": task.verdict.status,
        "text": task.verdict.text,
        "mistake": task.verdict.mistake or task.verdict.remark,
        "case": task.verdict.case,
        "answer": task.fingerprint,
        "code": task.code,
    }
