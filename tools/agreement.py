"""Ask nbval, ``cnnlib check``, ``cnnlib grade`` and nbgrader about the same notebooks.

Notebook 0 of a lesson is its solution. Notebook k has in each task the k-th named
mistake, or the solution where there are fewer. The four must agree on every task, and
with what is known: solutions pass, mistakes do not. `check`, `grade` and nbgrader must
also give the same points for what is right in part.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import cloudpickle
import nbformat

from cnngrade.judging.judged import check_file
from cnnjudge.tasks import task
from cnnlib.checks.registry import questions
from tools import nbgrader_course
from tools.build import build
from tools.build.course import Course

NotebookTask = tuple[str, str]
"""A notebook and a task in it, by their names."""
PassedTasks = dict[NotebookTask, bool]
PointsOfTasks = dict[NotebookTask, float]
MISTAKE = """\
import base64, pickle
{name} = pickle.loads(base64.b64decode({pickled!r}))"""


def notebook(lesson: str, k: int, course: Course) -> nbformat.NotebookNode:
    """Return notebook k of a lesson."""
    path = next(p for p in course.exercises() if p.name.startswith(lesson))
    solution = nbformat.read(course.notebook(path, "solutions"), as_version=4)
    exercise = nbformat.read(course.notebook(path, "exercises"), as_version=4)
    solved = {cell.id: cell.source for cell in solution.cells}
    for cell in exercise.cells:
        if cell.metadata.get("cnnlib", {}).get("role") == "answer":
            cell.source = solved[cell.id]
            if 0 < k <= len(task(cell.id).key.mistakes):
                cell.source = MISTAKE.format(
                    name=cell.id, pickled=_pickled(cell.id, k - 1)
                )
    return exercise


def _pickled(name: str, index: int) -> bytes:
    """Return a mistake with all its code: where grading runs, there are no mistakes."""
    answer = task(name).key.mistakes[index].answer
    module = import_module(f"cnnjudge.keys.lesson{questions()[name].lesson}")
    cloudpickle.register_pickle_by_value(module)
    return base64.b64encode(cloudpickle.dumps(answer))


def expected(
    lesson: str, ks: Sequence[int], course: Course
) -> dict[NotebookTask, bool | None]:
    """Return what is known of each task of the notebooks.

    None where a solution calls the answer of another task, which is a mistake there:
    then the four only have to agree.
    """
    path = next(p for p in course.exercises() if p.name.startswith(lesson))
    cells = nbformat.read(course.notebook(path, "solutions"), as_version=4).cells
    names = [name for name, q in questions().items() if q.lesson == lesson]
    words = {cell.id: set(re.findall(r"\w+", cell.source)) for cell in cells}
    known: dict[NotebookTask, bool | None] = {}
    for k in ks:
        wrong = {name for name in names if 0 < k <= len(task(name).key.mistakes)}
        for name in names:
            leans = bool(wrong & words[name])
            known[f"n{k:02}", name] = (
                False if name in wrong else None if leans else True
            )
    return known


def by_nbval(folder: Path) -> PassedTasks:
    """Run nbval on a folder of notebooks; a task passes if its check cell does."""
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env"]
    command += ["--nbval-cell-timeout=120", "-p", "no:cacheprovider", "-q", "-n", "2"]
    command += ["--dist", "loadfile", f"--junit-xml={report}", f"--rootdir={folder}"]
    subprocess.run([*command, str(folder)], env=_env(), capture_output=True)
    failed = {
        (_stem(case.get("classname", "")), case.get("name", "")): any(
            child.tag in ("failure", "error", "skipped") for child in case
        )
        for case in ET.parse(report).getroot().iter("testcase")
    }
    passed: PassedTasks = {}
    for file in folder.glob("*.ipynb"):
        cells = nbformat.read(file, as_version=4).cells
        code = [cell for cell in cells if cell.cell_type == "code"]
        for number, cell in enumerate(code):
            if cell.id.endswith("-check"):
                name = cell.id.removesuffix("-check")
                passed[file.stem, name] = not failed[file.stem, f"Cell {number}"]
    return passed


def _stem(classname: str) -> str:
    """Return the notebook's name from that of its tests: "folder.n00.ipynb"."""
    return classname.removesuffix(".ipynb").rpartition(".")[2]


def by_check(folder: Path) -> PointsOfTasks:
    """Run ``cnnlib check`` on the same files."""
    return {
        (file.stem, result.task): result.earned
        for file in sorted(folder.glob("*.ipynb"))
        for result in check_file(file).results
    }


def by_grade(folder: Path) -> PointsOfTasks:
    """Let ``cnnlib grade`` grade them as a class."""
    report = folder / "graded"
    students = folder / "students"
    students.mkdir()
    for file in folder.glob("*.ipynb"):
        shutil.copy(file, students)
    command = [sys.executable, "-m", "cnnlib", "grade", str(students)]
    done = subprocess.run(
        [*command, "--out", str(report)], env=_env(), capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    results = json.loads((report / "report.json").read_text())["results"]
    return {
        (result["student"], verdict["task"]): verdict["earned"]
        for result in results
        for verdict in result["tasks"]
    }


def by_nbgrader(folder: Path, lesson: str, course: Course) -> PointsOfTasks:
    """Let nbgrader grade the same files; each stands for a student."""
    home = folder / "nbgrader"
    name = next(p for p in course.exercises() if p.name.startswith(lesson)).stem
    name = name.removesuffix("_exercise")
    nbgrader_course.write(home, course)
    _nbgrader(home, "generate_assignment", name, "--create")
    for file in folder.glob("*.ipynb"):
        target = home / "submitted" / file.stem / name / f"{name}.ipynb"
        target.parent.mkdir(parents=True)
        released = nbformat.read(home / "release" / name / f"{name}.ipynb", 4)
        answers = {c.id: c.source for c in nbformat.read(file, as_version=4).cells}
        for cell in released.cells:
            if cell.metadata.get("nbgrader", {}).get("solution"):
                cell.source = answers[cell.id]
        nbformat.write(released, target)
    _nbgrader(home, "autograde", name)
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{home / 'gradebook.db'}") as book:
        return {
            (submission.student.id, grade.cell.name.removesuffix("-check")): grade.score
            for submission in book.assignment_submissions(name)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


def _nbgrader(home: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=home, env=_env(), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])


def _env() -> dict[str, str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    folder = str(Path(sys.executable).parent)
    env["PATH"] = os.pathsep.join([folder, env.get("PATH", "")])
    return env | {"OMP_NUM_THREADS": "1", "CNNLIB_DATA": "bundled"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare the four; return 0 if they agree everywhere."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.agreement", description=__doc__
    )
    parser.add_argument("lessons", nargs="*", help="two digits each; default: all")
    parser.add_argument("--upto", type=int, default=100, help="the last k")
    options = parser.parse_args(arguments)
    course, bad, count, part = Course(build.ROOT), 0, 0, 0
    lessons = options.lessons or sorted({q.lesson for q in questions().values()})
    for lesson in lessons:
        names = [n for n, q in questions().items() if q.lesson == lesson]
        most = max(len(task(name).key.mistakes) for name in names)
        ks = range(min(most, options.upto) + 1)
        known = expected(lesson, ks, course)
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            for k in ks:
                nbformat.write(notebook(lesson, k, course), folder / f"n{k:02}.ipynb")
            passed = by_nbval(folder)
            points = {
                "cnnlib check": by_check(folder),
                "cnnlib grade": by_grade(folder),
                "nbgrader": by_nbgrader(folder, lesson, course),
            }
        for key, passes in known.items():
            by_tool = {tool: tasks.get(key) for tool, tasks in points.items()}
            count += 1
            (earned, *others) = set(by_tool.values())
            right = earned == questions()[key[1]].points
            part += (earned or 0) > 0 and not right
            agreed = not others and right == passed.get(key)
            if not agreed or passes not in (None, right):
                bad += 1
                by_tool["nbval"] = passed.get(key)
                print(f"lesson {lesson}, {key}: expected {passes}, {by_tool}")
        print(f"lesson {lesson}: {len(known)} verdicts of each of the four", flush=True)
    print(
        f"{count} tasks in notebooks, {part} of them right in part, {bad} on which the "
        "four differ, or are wrong"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
