"""`cnnlib export` and `cnnlib autograder`, from a graded class to files."""

import csv
import io
import json
import os
import re
import subprocess
import sys
import zipfile

import pytest
import yaml

from cnngrade.class_run.journal import open_journal
from cnngrade.export.command import TORCH_INDEX, autograder_zip
from cnngrade.files.notebook import CannotGradeError
from cnnlib.settings import settings
from tests.cnngrade.conftest import answered, grade
from tools.build.build import ROOT
from tools.build.course import Course

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("the class of four")]


def cnnlib(*arguments):
    """GradingSettings a command of the course."""
    command = [sys.executable, "-m", "cnnlib", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def read(path):
    """Read a table that was written."""
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


@pytest.mark.published("03")
def test_points_for_moodle(graded, tmp_path):
    people = "First name,Last name,Username\nRita,Wright,right\n"
    people += "Hal,Moon,half\nAda,Away,ada\n"
    (tmp_path / "class.csv").write_text(people)
    said = cnnlib(
        *("export", graded, "--to", "moodle", "--out", tmp_path / "points.csv"),
        *("--class-list", tmp_path / "class.csv"),
    )
    assert said.returncode == 0, said.stderr
    found = {row["Username"]: row["Lesson 03"] for row in read(tmp_path / "points.csv")}
    assert found == {"right": "12", "half": "6"}
    assert "Ada Away is on the list and handed in nothing." in said.stdout
    assert "none is left out" in said.stdout


@pytest.mark.published("03")
def test_points_for_canvas(graded, tmp_path):
    said = cnnlib("export", graded, "--to", "canvas", "--out", tmp_path / "points.csv")
    assert said.returncode == 0, said.stderr
    points = {row["Student"]: row["Lesson 03"] for row in read(tmp_path / "points.csv")}
    assert points["right"] == "12"
    assert points["    Points Possible"] == "12"


@pytest.mark.published("03")
def test_one_submission_for_gradescope(tmp_path):
    (tmp_path / "anna").mkdir()
    file = tmp_path / "anna" / "03_pooling.ipynb"
    file.write_text(answered(flatten=True))
    grade(file, tmp_path / "out", "--lesson", "03")
    target = tmp_path / "results.json"
    said = cnnlib("export", tmp_path / "out", "--to", "gradescope", "--out", target)
    assert said.returncode == 0, said.stderr
    found = json.loads(target.read_text())
    assert found["score"] == 2
    scores = {test["name"]: test["score"] for test in found["tests"]}
    assert scores["flatten"] == 2
    assert sum(test["max_score"] for test in found["tests"]) == 12


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--to", "gradescope"), "takes one submission at a time; the report has 4"),
        (("--to", "moodle", "--lesson", "05"), "nothing of lesson 05; it has 03"),
        (("--to", "moodle", "--class-list", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_what_does_not_fit_is_refused(graded, tmp_path, arguments, words):
    said = cnnlib("export", graded, *arguments, "--out", tmp_path / "x")
    assert said.returncode == 2
    assert words in " ".join(said.stderr.split())
    assert not (tmp_path / "x").exists()


def test_a_folder_without_a_report_is_refused(tmp_path):
    said = cnnlib("export", tmp_path, "--to", "canvas", "--out", tmp_path / "x")
    assert said.returncode == 2
    assert "is not the folder of a report" in " ".join(said.stderr.split())


def test_a_report_whose_journal_has_another_form_is_refused(tmp_path):
    older = {"run": {"version": "0.1.0", "seed": 1, "timeout": 0, "isolation": "full"}}
    (tmp_path / "journal.jsonl").write_text(json.dumps(older) + "\n")
    words = "keeps results in another form. Grade again into another folder"
    said = cnnlib("export", tmp_path, "--to", "canvas", "--out", tmp_path / "x")
    assert said.returncode == 2
    assert words in " ".join(said.stderr.split())
    with pytest.raises(CannotGradeError, match=words):
        open_journal(tmp_path, older["run"])


def test_gradescope_gets_a_zip_that_runs(tmp_path):
    said = cnnlib("autograder", "02", "--out", tmp_path / "autograder.zip")
    assert said.returncode == 0, said.stderr
    with zipfile.ZipFile(tmp_path / "autograder.zip") as file:
        assert sorted(file.namelist()) == ["run_autograder", "setup.sh"]
        for about in file.infolist():
            assert about.external_attr >> 16 == 0o755
            text = file.read(about).decode()
            assert text.startswith("#!/usr/bin/env bash\n")
            path = tmp_path / about.filename
            path.write_text(text)
            subprocess.run(["bash", "-n", str(path)], check=True)
    said = cnnlib("autograder", "99", "--out", tmp_path / "x.zip")
    assert said.returncode == 2
    assert "There is no exercise of lesson '99'" in " ".join(said.stderr.split())


def test_the_script_of_the_zip_grades_a_submission(tmp_path):
    zipped = tmp_path / "autograder.zip"
    assert cnnlib("autograder", "03", "--out", zipped).returncode == 0
    home, tools = tmp_path / "autograder", tmp_path / "course" / "bin"
    for folder in (home / "submission", home / "results", tools):
        folder.mkdir(parents=True)
    (home / "submission" / "03_pooling.ipynb").write_text(answered(flatten=True))
    script = tools / "cnnlib"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m cnnlib "$@"\n')
    script.chmod(0o755)
    with zipfile.ZipFile(zipped) as file:
        text = file.read("run_autograder").decode()
    moved = text.replace("/autograder/", f"{home}/").replace("/opt/", f"{tmp_path}/")
    moved = moved.replace("cd /tmp", f"cd {tmp_path}")
    done = subprocess.run(["bash", "-c", moved], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads((home / "results" / "results.json").read_text())
    assert found["score"] == 2


@pytest.mark.parametrize("files", [{}, {"a.ipynb": 1, "b.ipynb": 1}, {"x.pdf": 0}])
@pytest.mark.published("03")
def test_gradescope_has_results_whatever_was_handed_in(tmp_path, files):
    zipped = tmp_path / "autograder.zip"
    assert cnnlib("autograder", "03", "--out", zipped).returncode == 0
    home, tools = tmp_path / "autograder", tmp_path / "course" / "bin"
    for folder in (home / "submission", home / "results", tools):
        folder.mkdir(parents=True)
    for name, is_notebook in files.items():
        text = answered(flatten=True) if is_notebook else "%PDF"
        (home / "submission" / name).write_text(text)
    script = tools / "cnnlib"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m cnnlib "$@"\n')
    script.chmod(0o755)
    (tools / "python").symlink_to(sys.executable)
    with zipfile.ZipFile(zipped) as file:
        text = file.read("run_autograder").decode()
    moved = text.replace("/autograder/", f"{home}/").replace("/opt/", f"{tmp_path}/")
    moved = moved.replace("cd /tmp", f"cd {tmp_path}")
    subprocess.run(["bash", "-c", moved], capture_output=True, check=True)
    found = json.loads((home / "results" / "results.json").read_text())
    assert found["score"] == 0
    (test, *_) = found["tests"]
    words = found["output"] + test["output"]
    if files == {"x.pdf": 0}:
        assert "ask for the notebook itself" in words
    else:
        assert "Hand in one notebook, 03_pooling.ipynb" in words
        said = "There is no file in" if not files else "has 2."
        assert said in " ".join(words.split())
        assert test["max_score"] == 12


def test_the_autograder_installs_cpu_builds_and_a_release_that_is_named(tmp_path):
    address = Course(ROOT).address
    for ref, at in (("", settings().at_release), ("v1.2", "@v1.2")):
        data = autograder_zip("03", ref)
        (tmp_path / "x.zip").write_bytes(data)
        with zipfile.ZipFile(tmp_path / "x.zip") as file:
            setup = file.read("setup.sh").decode()
        assert f'"cnnlib @ git+{address}{at}"' in setup
        assert setup.index("torch torchvision --index-url") < setup.index("cnnlib @")
    with pytest.raises(CannotGradeError, match="no tag or commit"):
        autograder_zip("03", "v1; rm -rf x")


def test_the_index_of_cpu_builds_is_one_address():
    index = re.search(r"^CPU_INDEX := (\S+)$", (ROOT / "Makefile").read_text(), re.M)
    assert index[1] == TORCH_INDEX
    assert TORCH_INDEX in (ROOT / "deploy" / "github-actions.yml").read_text()


def test_the_workflow_for_github_actions_is_whole():
    path = ROOT / "deploy" / "github-actions.yml"
    workflow, at = yaml.safe_load(path.read_text()), settings().at_release
    assert workflow["env"]["COURSE"] == f"cnnlib @ git+{Course(ROOT).address}{at}"
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    assert "is_template" in job["if"]
    for step in job["steps"]:
        assert "uses" not in step or re.search(r"@[0-9a-f]{40}$", step["uses"])
        subprocess.run(["bash", "-n"], input=step.get("run", ""), text=True, check=True)


@pytest.mark.process
@pytest.mark.parametrize(("answers", "code"), [({"flatten": True}, 1), ({}, 2)])
def test_the_workflow_tells_where_a_student_stands(tmp_path, answers, code):
    (job,) = yaml.safe_load((ROOT / "deploy" / "github-actions.yml").read_text())[
        "jobs"
    ].values()
    run = job["steps"][-1]["run"]
    tools = tmp_path / "course" / "bin"
    tools.mkdir(parents=True)
    (tmp_path / "exercises").mkdir()
    if answers:
        book = tmp_path / "exercises" / "03_pooling.ipynb"
        book.write_text(answered(**answers))
    script = tools / "cnnlib"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m cnnlib "$@"\n')
    script.chmod(0o755)
    done = subprocess.run(
        ["bash", "-e", "-c", run],
        env=os.environ
        | {"HOME": str(tmp_path), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")},
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == code
    summary = (tmp_path / "summary").read_text()
    if answers:
        assert re.search(r"flatten\s+2 of 2\s+passed", summary)
        assert re.search(r"max_pool2d\s+0 of \d\s+unsolved", summary)
    else:
        assert "There is no notebook" in summary
