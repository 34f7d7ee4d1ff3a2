"""Points for parts of tasks, through the whole of `cnnlib grade` and `export`."""

import json
import subprocess
import sys

import pytest

from tests.cnngrade.conftest import answered, grade, rows
from tests.patience import TOO_LONG

pytestmark = [
    pytest.mark.process,
    pytest.mark.published("02", "03"),
    pytest.mark.xdist_group("the class of four"),
]

NO_START_DIM = "def flatten(x, start_dim=1):\n    return x.reshape(len(x), -1)"
NO_STRIDE = """\
def avg_pool2d(x, kernel_size, stride=None):
    kh, kw = (kernel_size,) * 2 if isinstance(kernel_size, int) else kernel_size
    return x.unfold(2, kh, kh).unfold(3, kw, kw).mean(dim=(-1, -2))
"""


@pytest.fixture(scope="module")
def students(tmp_path_factory):
    folder = tmp_path_factory.mktemp("students")
    every = ["max_pool2d", "min_pool2d", "global_avg_pool", "edge_then_pool"]
    answers = dict.fromkeys(every, True)
    answers |= {"flatten": NO_START_DIM, "avg_pool2d": NO_STRIDE}
    (folder / "part.ipynb").write_text(answered(**answers))
    return folder


@pytest.fixture(scope="module")
def report(students, tmp_path_factory):
    out = tmp_path_factory.mktemp("reports") / "parts"
    grade(students, out)
    return out


def test_tables_pages_and_export_have_the_same_points(report, tmp_path):
    (row,) = rows(report, "summary.csv")
    assert (row["earned"], row["points"], row["passed"]) == ("10.5", "12", "4")
    earned = {row["task"]: row["earned"] for row in rows(report, "grades.csv")}
    assert (earned["flatten"], earned["avg_pool2d"]) == ("1", "1.5")
    (page,) = (report / "feedback").glob("*.html")
    text = page.read_text()
    assert "10.5 of 12" in text
    assert "1.5 of 2 points so far. Right: square windows side by side; " in text
    assert "Not yet: stride." in text
    assert "10.5 of 12" in (report / "index.html").read_text()
    file = tmp_path / "moodle.csv"
    command = [sys.executable, "-m", "cnnlib", "export", str(report)]
    command += ["--to", "moodle", "--out", str(file)]
    subprocess.run(command, check=True, timeout=TOO_LONG, capture_output=True)
    assert "10.5" in file.read_text()


def test_check_gives_the_points_that_grade_gives(students, report):
    command = [sys.executable, "-m", "cnnlib", "check", str(students / "part.ipynb")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TOO_LONG)
    assert "10.5 of 12" in done.stdout
    (result,) = json.loads((report / "report.json").read_text())["results"]
    assert result["earned"] == 10.5
    flatten = {task["task"]: task for task in result["tasks"]}["flatten"]
    assert flatten["parts"] == [
        ["each picture a row, a gradient", 1, True],
        ["`start_dim`", 1, False],
    ]


def test_all_or_nothing_gives_nothing_for_a_part(students, report, tmp_path):
    grade(students, tmp_path / "out", "--all-or-nothing")
    (row,) = rows(tmp_path / "out", "summary.csv")
    assert row["earned"] == "8"
    (page,) = (tmp_path / "out" / "feedback").glob("*.html")
    assert "points so far" not in page.read_text()
    again = grade(students, report, "--all-or-nothing", check=False)
    assert again.returncode == 2
    assert "--all-or-nothing" in " ".join(again.stderr.split())
