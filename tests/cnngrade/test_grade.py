"""`cnnlib grade` over a small class: reports, going on, grading again."""

import csv
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial

import pytest

from cnngrade.class_run import grade_class
from cnngrade.class_run import journal as journal_module
from cnngrade.class_run import pool as pool_module
from cnngrade.files.notebook import CannotGradeError
from tests.cnngrade.conftest import COMMAND, grade, rows, unlike
from tests.patience import TOO_LONG

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("the class of four")]

KILLS = int(os.environ.get("CNNLIB_KILLS", "3"))


def test_points_are_those_of_the_answers(graded):
    points = {row["student"]: row["earned"] for row in rows(graded, "summary.csv")}
    assert points == {"half": "6", "none": "0", "right": "12", "wrong": "10"}


def test_a_task_says_what_became_of_it(graded):
    found = {(row["student"], row["task"]): row for row in rows(graded, "grades.csv")}
    assert found["right", "flatten"]["status"] == "passed"
    assert found["none", "flatten"]["status"] == "unsolved"
    wrong = found["wrong", "flatten"]
    assert wrong["status"] == "failed"
    assert (wrong["points"], wrong["earned"]) == ("2", "0")
    assert "flatten" in wrong["reason"]


def test_the_report_names_the_mistake(graded):
    report = json.loads((graded / "report.json").read_text())
    (wrong,) = [r for r in report["results"] if r["student"] == "wrong"]
    (task,) = [t for t in wrong["tasks"] if t["task"] == "flatten"]
    assert task["mistake"] == "flattening the batch away"
    assert report["run"]["seed"] == 7
    assert report["run"]["isolation"] == "full"
    assert len(report["run"]["isolation_facts"]) == 6


def test_nothing_in_the_report_names_this_machine(graded):
    for path in graded.rglob("*"):
        if path.is_file():
            assert str(graded.parent) not in path.read_text(errors="replace"), path


def test_the_same_again_grades_nothing_and_changes_nothing(graded, school, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(graded, out)
    said = grade(school, out)
    assert "0 submissions to grade; 4 graded before are kept" in said.stdout
    assert unlike(graded, out) == []
    assert (out / "journal.jsonl").read_bytes() == (
        graded / "journal.jsonl"
    ).read_bytes()


def test_a_changed_submission_alone_is_graded_again(graded, school, tmp_path):
    out, changed = tmp_path / "out", tmp_path / "school"
    shutil.copytree(graded, out)
    shutil.copytree(school, changed)
    shutil.copy(changed / "right.ipynb", changed / "none.ipynb")
    said = grade(changed, out)
    assert "1 submissions to grade; 3 graded before are kept" in said.stdout
    points = {row["student"]: row["earned"] for row in rows(out, "summary.csv")}
    assert points["none"] == "12"


def test_one_task_is_graded_again_for_everybody(graded, school, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(graded, out)
    lines = (out / "journal.jsonl").read_text().splitlines()
    spoilt = []
    for line in lines:  # as if the checkers of two tasks had been wrong
        entry = json.loads(line)
        for task in entry.get("result", {}).get("tasks", ()):
            if task["verdict"]["task"] in ("flatten", "min_pool2d"):
                task["verdict"]["status"] = "error"
        spoilt.append(json.dumps(entry))
    (out / "journal.jsonl").write_text("\n".join(spoilt) + "\n")
    said = grade(school, out, "--regrade", "flatten")
    assert "4 submissions to grade" in said.stdout
    found = {(row["student"], row["task"]): row for row in rows(out, "grades.csv")}
    assert found["right", "flatten"]["status"] == "passed"
    assert found["wrong", "flatten"]["status"] == "failed"
    assert found["right", "min_pool2d"]["status"] == "error"
    assert len(found) == 4 * 6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--seed", "8"), "was graded with --seed 7, not --seed 8"),
        (("--timeout", "9"), "was graded with --timeout 0.0, not --timeout 9.0"),
        (("--isolation", "none"), "with --isolation full, not --isolation none"),
        (("--regrade", "conv3d"), "No task is called 'conv3d'"),
        (("--isolation", "some"), "'some' is not one of"),
    ],
)
def test_another_run_is_refused(graded, school, tmp_path, arguments, words):
    out = tmp_path / "out"
    shutil.copytree(graded, out)
    said = grade(school, out, *arguments, check=False)
    assert said.returncode == 2
    assert words in " ".join((said.stderr + said.stdout).split())
    assert unlike(graded, out) == []


def test_another_release_is_refused(graded):
    run = _run(version="9.9")
    with pytest.raises(CannotGradeError, match=r"with release .* not release 9\.9 of"):
        journal_module.open_journal(graded, run)


def _run(**changes):
    return {
        "version": grade_class.version("cnnlib"),
        "seed": None,
        "timeout": 0.0,
        "isolation": "full",
        "all_or_nothing": False,
    } | changes


def test_a_half_written_line_is_left_out(graded, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(graded, out)
    path = out / "journal.jsonl"
    whole = path.read_bytes()
    for cut in (1, 40, len(whole.splitlines()[-1]) // 2):
        path.write_bytes(whole[:-cut])
        journal = journal_module.open_journal(out, _run())
        assert len(journal.results) == 3
        assert path.read_bytes().endswith(b"\n")
    path.write_bytes(whole.replace(b'"result"', b'"resu\n', 1))
    with pytest.raises(CannotGradeError, match="a line that is not JSON"):
        journal_module.open_journal(out, _run())


def test_killed_at_any_moment_and_started_again_it_gives_the_same(
    graded, school, tmp_path
):
    chance = random.Random(time.time_ns())
    begun = time.monotonic()
    grade(school, tmp_path / "whole")
    whole = time.monotonic() - begun
    killed, number = 0, 0
    while killed < KILLS:
        number += 1
        out = tmp_path / f"out{number}"
        begun = time.monotonic()
        wait = chance.uniform(0.1, 0.95) * whole
        process = subprocess.Popen(
            [*COMMAND, str(school), "--out", str(out), "--seed", "7"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(timeout=wait)
            whole = min(whole, time.monotonic() - begun)  # too quick for us
            continue
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
        said = grade(school, out)
        assert unlike(graded, out) == [], f"killed after {wait:.1f} s"
        lines = (out / "journal.jsonl").read_text().splitlines()
        told = [json.loads(line) for line in lines]
        keys = [line["result"]["student"] for line in told if "result" in line]
        assert sorted(keys) == ["half", "none", "right", "wrong"], said.stdout


def test_the_order_of_work_does_not_show(graded, school, tmp_path):
    grade(school, tmp_path / "out", "--workers", "1")
    assert unlike(graded, tmp_path / "out") == []


def test_with_limits_alone_the_verdicts_are_the_same(graded, school, tmp_path):
    grade(school, tmp_path / "out", "--isolation", "limits")
    assert rows(tmp_path / "out", "grades.csv") == rows(graded, "grades.csv")
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["run"]["isolation"] == "limits"


def test_stopped_by_the_keyboard_it_says_how_to_go_on(school, tmp_path):
    many, out = tmp_path / "class", tmp_path / "out"
    many.mkdir()
    for number in range(100):
        shutil.copy(next(school.glob("right*")), many / f"student{number}.ipynb")
    process = subprocess.Popen(
        [*COMMAND, str(many), "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )  # the tests may run in the background, where it is ignored
    while len(_lines(out / "journal.jsonl")) < 3:
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=TOO_LONG)
    assert process.returncode == 130
    assert "give the same command to go on" in " ".join(said.split())
    assert "Traceback" not in said
    assert len(_lines(out / "journal.jsonl")) < 100


def _lines(path):
    return path.read_text().splitlines() if path.exists() else []


def test_stopped_while_a_worker_is_being_started_none_is_left():
    context = multiprocessing.get_context("spawn")
    unknown = context.Process(target=time.sleep, args=(10**6,))

    def stopped():
        with pool_module.pool(1, "", None) as pool:
            assert pool.ask(abs, -3) == 3
            unknown.start()  # the executor does not know of it
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    unknown.join(timeout=TOO_LONG)
    assert unknown.exitcode == -signal.SIGKILL


def test_the_process_that_hands_out_jobs_does_not_import_torch():
    code = (
        "import sys, cnngrade.cli.student_commands, cnngrade.class_run.grade_class, "
        "cnngrade.cli.class_printing; print('torch' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "False"


def test_columns_are_those_of_the_guide(graded):
    with (graded / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.reader(file)) == [
            *("student", "lesson", "task", "points", "earned", "status", "reason"),
            "instructor",
        ]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone forks")
def test_what_killed_graders_left_is_removed_and_nothing_else(tmp_path, monkeypatch):
    from cnngrade.sessions import forked

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, used, other, linked = (
        tmp_path / name
        for name in ("cnnlib-grade-a", "cnnlib-grade-b", "cnnlib-c", "cnnlib-grade-d")
    )
    for folder in (left, used, other):
        (folder / "stage").mkdir(parents=True)
        (folder / "lock").touch()
    linked.symlink_to(other)
    (tmp_path / "cnnlib-grade-e").mkdir()  # it is just being made
    with forked._lock(used):
        forked._sweep()
        assert not left.exists()
        assert all((folder / "stage").exists() for folder in (used, other))
    assert len(list(tmp_path.iterdir())) == 4
