"""An untouched exercise fails under nbval in exactly its check cells."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import nbformat
import pytest

from cnnlib.checks.registry import questions
from tools.build import build
from tools.build.course import Course

pytestmark = pytest.mark.process

COURSE = Course(build.ROOT)


def run_lax(folder, report):
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env"]
    command += ["--nbval-cell-timeout=600", "-p", "no:cacheprovider", "-q"]
    command += ["-n", "2", "--dist", "loadfile", f"--junit-xml={report}", str(folder)]
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    env |= {"OMP_NUM_THREADS": "1", "CNNLIB_DATA": "bundled"}
    subprocess.run(command, cwd=COURSE.root, env=env, capture_output=True, timeout=1800)
    cases = ET.parse(report).getroot().iter("testcase")
    return {
        (stem(case.get("classname")), case.get("name")): any(
            child.tag in ("failure", "error") for child in case
        )
        for case in cases
    }


def stem(classname):
    """Return the notebook's name from that of its tests: folder.NN_topic.ipynb."""
    return classname.removesuffix(".ipynb").rpartition(".")[2]


def test_untouched_exercises_fail_in_exactly_their_check_cells(tmp_path):
    failed = run_lax("exercises", tmp_path / "report.xml")
    expected = {}
    for path in COURSE.exercises():
        notebook = nbformat.read(COURSE.notebook(path, "exercises"), as_version=4)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for number, cell in enumerate(code):
            name = path.stem.removesuffix("_exercise")
            expected[name, f"Cell {number}"] = cell.id.endswith("-check")
    assert sum(expected.values()) == len(questions())  # one check cell to a task
    assert failed == expected
