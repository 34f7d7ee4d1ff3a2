"""A test without the mark `process` that starts something fails, whatever it does."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")
TRIAL = """
import multiprocessing, os, socket, subprocess
import pytest

def run(): subprocess.run([{python!r}, "-c", ""])

@pytest.fixture(scope="module")
def made_once(): run()

@pytest.fixture
def made(): run()

@pytest.fixture
def runs_at_the_end():
    yield
    run()

def start(method):
    process = multiprocessing.get_context(method).Process(target=print)
    process.start()
    process.join()

@pytest.mark.process
def test_ok_with_the_mark(made_once, made, runs_at_the_end): run()
def test_ok_without(): os.getpid()

def test_process(): run()
def test_caught():
    try: run()
    except OSError: pass
def test_fork():
    if not os.fork(): os._exit(0)
def test_system(): os.system("true")
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_multiprocessing(method): start(method)
def test_connection():
    with socket.socket() as here: here.connect_ex(("127.0.0.1", 9))
def test_fixture(made): pass
def test_fixture_made_for_another_test(made_once): pass
def test_end_of_a_fixture(runs_at_the_end): pass
"""


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_what_starts_something_has_the_mark(tmp_path):
    shutil.copy(CONFTEST, tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = process: it starts\n")
    (tmp_path / "test_trial.py").write_text(TRIAL.format(python=sys.executable))
    command = "-m pytest -p no:cacheprovider -p no:xdist -rA"
    said = subprocess.run(
        [sys.executable, *command.split()], cwd=tmp_path, capture_output=True, text=True
    ).stdout
    found = re.findall(r"^(PASSED|FAILED|ERROR) \S+::test_(\w+)", said, re.M)
    failed = {name for word, name in found if word != "PASSED"}
    assert {name for _, name in found} - failed == {"ok_with_the_mark", "ok_without"}
    assert failed == set(re.findall(r"def test_(\w+)", TRIAL)) - {
        "ok_with_the_mark",
        "ok_without",
    }
    assert said.count("mark it, or its module, with pytest.mark.process") >= len(failed)
