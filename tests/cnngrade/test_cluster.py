"""`cnnlib grade --scheduler` on a real Dask scheduler with two workers, one killed."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tests.cnngrade.conftest import grade, rows
from tests.patience import TOO_LONG

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("the class of four")]

pytest.importorskip("distributed")


@pytest.fixture
def cluster(tmp_path):
    """Start a scheduler and two workers; yield its address and the workers."""
    processes = []

    def start(*arguments, needle):
        log = tmp_path / f"{len(processes)}.log"
        module, *rest = arguments
        with log.open("w") as file:
            processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", f"distributed.cli.{module}", *rest],
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    cwd=tmp_path,
                )
            )
        for _ in range(10 * TOO_LONG):
            found = re.search(needle, log.read_text())
            if found:
                return found[0]
            time.sleep(0.1)
        raise AssertionError(log.read_text())

    address = start(
        *("dask_scheduler", "--port", "0", "--no-dashboard", "--host", "127.0.0.1"),
        needle=r"tcp://127\.0\.0\.1:\d+",
    )
    for _ in range(2):
        start(
            *("dask_worker", address, "--nworkers", "1", "--nthreads", "1"),
            *("--no-nanny", "--no-dashboard"),
            needle="Registered to",
        )
    yield address, processes[1:]
    for process in processes:
        process.kill()
        process.wait()


def test_a_worker_that_is_killed_loses_and_doubles_nothing(
    cluster, school, graded, tmp_path
):
    address, workers = cluster
    many, out = tmp_path / "many", tmp_path / "out"
    many.mkdir()
    for copy in range(6):
        for path in school.glob("*.ipynb"):
            shutil.copy(path, many / f"{path.stem}{copy}.ipynb")
    command = [sys.executable, "-m", "cnnlib", "grade", str(many)]
    process = subprocess.Popen(
        [*command, "--out", str(out), "--seed", "7", "--scheduler", address],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    journal = out / "journal.jsonl"
    while not (journal.exists() and len(journal.read_text().splitlines()) > 3):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    workers[0].send_signal(signal.SIGKILL)
    said, _ = process.communicate(timeout=TOO_LONG)
    assert process.returncode == 0, said
    entries = [json.loads(line) for line in journal.read_text().splitlines()]
    students = [entry["result"]["student"] for entry in entries if "result" in entry]
    assert len(students) == len(set(students)) == 24
    points = {row["student"]: row["earned"] for row in rows(graded, "summary.csv")}
    for row in rows(out, "summary.csv"):
        assert row["earned"] == points[row["student"][:-1]]


def test_without_a_scheduler_it_says_so(school, tmp_path):
    said = grade(
        school, tmp_path / "out", "--scheduler", "tcp://127.0.0.1:9", check=False
    )
    assert said.returncode == 2
    assert "There is no Dask scheduler at tcp://127.0.0.1:9" in said.stderr
