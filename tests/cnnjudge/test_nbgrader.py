"""The real nbgrader takes the course folder that ``make nbgrader`` writes."""

import copy
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from cnnlib.checks.registry import questions
from tools import nbgrader_course
from tools.build import build
from tools.build.course import Course

pytestmark = pytest.mark.process

NAME = "03_pooling"
HALF = ["max_pool2d", "flatten"]
PART = """def flatten(x, start_dim=1):
    return x.reshape(len(x), -1)"""
LOUD = """\
import sys
import warnings
warnings.warn("careful")
"""


class OneExercise(Course):
    """The course with the exercises of one lesson."""

    def exercises(self):
        return [p for p in super().exercises() if p.stem.startswith(NAME)]


def nbgrader(folder, *arguments):
    env = dict(os.environ, OMP_NUM_THREADS="1")
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env["PATH"]])
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nbgrader")
    nbgrader_course.write(folder, OneExercise(build.ROOT))
    nbgrader(folder, "generate_assignment", NAME, "--create")
    return folder


@pytest.fixture(scope="module")
def scores(folder):
    solution = nbformat.read(build.ROOT / "solutions" / f"{NAME}.ipynb", as_version=4)
    answers = {cell.id: cell.source for cell in solution.cells}
    tasks = [name for name, q in questions().items() if q.lesson == "03"]
    for student, solved in {
        "none": [],
        "all": tasks,
        "half": HALF,
        "loud": tasks,
        "part": ["flatten"],
    }.items():
        notebook = copy.deepcopy(released(folder))
        for cell in notebook.cells:
            if cell.id in solved:
                cell.source = PART if student == "part" else answers[cell.id]
                if student == "loud":
                    body = '    print("x", file=sys.stderr); warnings.warn("here")\n'
                    cell.source = LOUD + cell.source.replace(
                        "    if", body + "    if", 1
                    )
        file = folder / "submitted" / student / NAME / f"{NAME}.ipynb"
        file.parent.mkdir(parents=True)
        nbformat.write(notebook, file)
    nbgrader(folder, "autograde", NAME)
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        return {
            found.student.id: {
                grade.cell.name.removesuffix("-check"): grade.score
                for notebook in found.notebooks
                for grade in notebook.grades
            }
            for found in book.assignment_submissions(NAME)
        }


def released(folder):
    return nbformat.read(folder / "release" / NAME / f"{NAME}.ipynb", as_version=4)


def test_the_released_notebook_has_no_solutions(folder):
    cells = {cell.id: cell for cell in released(folder).cells}
    assert cells["max_pool2d"].source.endswith("    raise NotImplementedError")
    assert '"""Largest number' in cells["max_pool2d"].source
    assert "BEGIN SOLUTION" not in str(released(folder))
    assert "unfold" not in str(cells)


def test_nothing_half_and_all_give_the_right_points(scores):
    points = {n: q.points for n, q in questions().items() if q.lesson == "03"}
    assert scores["none"] == dict.fromkeys(points, 0)
    assert scores["all"] == points
    assert scores["half"] == {n: p if n in HALF else 0 for n, p in points.items()}


def test_what_is_right_in_part_earns_its_part(scores):
    assert questions()["flatten"].points == 2
    assert scores["part"]["flatten"] == 1
    assert sum(scores["part"].values()) == 1


def test_a_warning_on_stderr_costs_nothing(scores):
    assert scores["loud"] == scores["all"]
