"""A class of four, graded once."""

import csv
import filecmp
import json
import subprocess
import sys

import pytest

from tests.patience import TOO_LONG
from tools.build.build import ROOT

COMMAND = [sys.executable, "-m", "cnnlib", "grade"]
DIFFERENT_EACH_TIME = {"timings.csv", "timings.html", "journal.jsonl"}


def grade(submissions, out, *arguments, check=True):
    """GradingSettings the command; a new report has seed 7."""
    seed = [] if (out / "journal.jsonl").exists() else ["--seed", "7"]
    done = subprocess.run(
        [*COMMAND, str(submissions), "--out", str(out), *seed, *arguments],
        capture_output=True,
        text=True,
        timeout=TOO_LONG,
        check=False,
    )
    if check:
        assert done.returncode == 0, done.stderr + done.stdout
    return done


def rows(report, name):
    """Read a table of a report."""
    with (report / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def unlike(one, other):
    """Return the files of two reports that differ, timings and journals aside."""
    names = {p.relative_to(r) for r in (one, other) for p in r.rglob("*.*")}
    kept = [name for name in sorted(names) if name.name not in DIFFERENT_EACH_TIME]
    _, wrong, missing = filecmp.cmpfiles(one, other, kept, shallow=False)
    return wrong + missing


def answered(**answers):
    """Return the pooling exercise with these answers, by the name of the task."""
    solved = json.loads((ROOT / "solutions" / "03_pooling.ipynb").read_text())
    notebook = json.loads((ROOT / "exercises" / "03_pooling.ipynb").read_text())
    right = {cell["id"]: cell["source"] for cell in solved["cells"]}
    for cell in notebook["cells"]:
        answer = answers.get(cell["id"].replace("-", "_"), answers.get(cell["id"]))
        if answer is not None:
            cell["source"] = right[cell["id"]] if answer is True else answer
    return json.dumps(notebook)


@pytest.fixture(scope="session")
def school(tmp_path_factory):
    """A folder with the notebooks of four students."""
    folder = tmp_path_factory.mktemp("school")
    tasks = "max_pool2d avg_pool2d min_pool2d global_avg_pool flatten edge_then_pool"
    names = tasks.split()
    every = dict.fromkeys(names, True)
    flat = "def flatten(x, start_dim=1):\n    return x.reshape(-1)"
    classes = {
        "right": every,
        "none": {},
        "half": dict.fromkeys(names[:3], True),
        "wrong": every | {"flatten": flat},
    }
    for student, answers in classes.items():
        (folder / f"{student}.ipynb").write_text(answered(**answers))
    return folder


@pytest.fixture(scope="session")
def graded(school, tmp_path_factory):
    """The report on them."""
    out = tmp_path_factory.mktemp("reports") / "out"
    grade(school, out)
    return out
