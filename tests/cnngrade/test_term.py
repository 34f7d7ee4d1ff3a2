"""One report over several weeks, by the command itself: nothing lost, nothing mixed."""

import csv
import io
import json
import shutil
import subprocess
import sys

import pytest

from tests.cnngrade.conftest import answered, grade, rows
from tests.patience import TOO_LONG
from tools.build.build import ROOT

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("the class of four")]
NAMES = ("half", "none", "right", "wrong")


def exported(report, lesson):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "cnnlib", "export", str(report)),
            *("--to", "canvas", "--lesson", lesson, "--out", str(report / "x.csv")),
        ],
        capture_output=True,
        text=True,
        timeout=TOO_LONG,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    text = (report / "x.csv").read_text(encoding="utf-8-sig")
    (report / "x.csv").unlink()
    table = list(csv.DictReader(io.StringIO(text)))[1:]
    return {row["Student"]: row[f"Lesson {lesson}"] for row in table}


def everybody(report, lesson):
    """Return who is in each part of a report, with points; they must agree."""
    summary = {
        row["student"]: row["earned"]
        for row in rows(report, "summary.csv")
        if row["lesson"] == lesson
    }
    assert exported(report, lesson) == summary
    index = (report / "index.html").read_text()
    term = {row["student"]: row for row in rows(report, "term.csv")}
    for student, points in summary.items():
        assert f'href="feedback/{student}.html"' in index
        assert (report / "feedback" / f"{student}.html").exists()
        assert term[student][f"lesson {lesson}"] == points
    return summary


def test_zip_after_zip_nothing_is_lost(graded, school, tmp_path):
    out, late = tmp_path / "out", tmp_path / "late"
    shutil.copytree(graded, out)
    late.mkdir()
    first = everybody(out, "03")
    assert set(first) == set(NAMES)
    (late / "none.ipynb").write_text(answered(flatten=True))  # handed in again
    shutil.copy(school / "right.ipynb", late / "zoe.ipynb")  # late
    other = ROOT / "exercises" / "00_images_as_tensors.ipynb"
    (late / "right").mkdir()
    shutil.copy(other, late / "right" / "00_images_as_tensors.ipynb")
    said = grade(late, out, "--yes")
    assert "3 submissions to grade" in said.stdout
    assert "1 mark changed:" in said.stdout
    words = " ".join(said.stdout.split())
    assert (
        "none, lesson 03, flatten: 0 (unsolved) before, 2 (passed) now, handed in again"
        in words
    )
    assert everybody(out, "03") == first | {"none": "2", "zoe": "12"}
    assert everybody(out, "00") == {"right": "0"}

    # The first folder once more, a checker mended: what was newer still counts.
    said = grade(school, out, "--regrade", "flatten")
    assert "3 submissions to grade" in said.stdout
    assert "changed" not in said.stdout
    assert everybody(out, "03") == first | {"none": "2", "zoe": "12"}
    assert everybody(out, "00") == {"right": "0"}
    page = (out / "feedback" / "none.html").read_text()
    assert "the last of 2 hand-ins" in page


def test_all_tasks_are_graded_again_where_that_is_asked(graded, school, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(graded, out)
    journal = out / "journal.jsonl"
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    for line in lines:  # as if a package had been missing
        if line.get("result", {}).get("student") == "right":
            line["result"]["by_hand"] = ["It imports `x`."]
            for task in line["result"]["tasks"]:
                task["verdict"]["status"] = "error"
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    said = grade(school, out, "--regrade", "all")
    assert "4 submissions to grade" in said.stdout
    assert "6 marks changed:" in said.stdout
    assert everybody(out, "03")["right"] == "12"
    assert "It imports" not in (out / "index.html").read_text()


def test_the_instructors_word_is_kept_and_a_bad_line_is_exit_code_1(
    graded, school, tmp_path
):
    out = tmp_path / "out"
    shutil.copytree(graded, out)
    word = out / "instructor.txt"
    assert "# override | WHO" in word.read_text()
    text = "override | wrong | 03 | flatten | 1 | half right\n"
    word.write_text(text)
    grade(school, out)
    assert everybody(out, "03")["wrong"] == "11"
    word.write_text(text + "comment | Nobody | 03 | Hello.\n")
    said = grade(school, out, "--regrade", "flatten", check=False)
    assert said.returncode == 1
    assert "instructor.txt, line 2: “Nobody” fits nobody" in " ".join(
        said.stdout.split()
    )
    summary = {row["student"]: row["earned"] for row in rows(out, "summary.csv")}
    assert summary["wrong"] == "11"
    assert "fits nobody" in (out / "index.html").read_text()
    assert word.read_text() == text + "comment | Nobody | 03 | Hello.\n"
    lines = (out / "journal.jsonl").read_text().splitlines()
    kept = [json.loads(line) for line in lines]
    assert not any("half right" in json.dumps(line) for line in kept)
