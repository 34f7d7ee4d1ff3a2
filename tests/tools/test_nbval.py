"""Strict nbval with this project's settings: what fails a notebook, what does not.

One notebook is run once in a process of its own; each cell is one case.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[2]

SHOW = """\
class Shown:
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": "words", "text/html": "<b>new</b>", "image/png": "bmV3"}
"""


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def result(**data):
    kinds = {"plain": "text/plain", "html": "text/html", "png": "image/png"}
    data = {kinds[key]: value for key, value in data.items()}
    return new_output("execute_result", data=data, execution_count=1)


NEEDS_STDERR = "import sys; print('a'); print('b', file=sys.stderr)"
ERROR = new_output("error", ename="ZeroDivisionError", evalue="division by zero")
IGNORE, RAISES = ["nbval-ignore-output"], ["raises-exception"]
CASES = {
    "no output": (SHOW, [], [], True),
    "the same text": ("print('a')", [stream("a\n")], [], True),
    "another text": ("print('b')", [stream("a\n")], [], False),
    "another value": ("2", [result(plain="1")], [], False),
    "a missing output": ("1;", [stream("a\n")], [], False),
    "an extra output": ("print('a')", [], [], False),
    "an extra stderr line": (NEEDS_STDERR, [stream("a\n")], [], False),
    "an error": ("1 / 0", [], [], False),
    "an error in an ignored cell": ("1 / 0", [], IGNORE, False),
    "an announced error": ("1 / 0", [ERROR], RAISES, True),
    "an announced error that does not come": ("1", [ERROR], RAISES, False),
    "a changed picture": (
        "Shown()",
        [result(plain="words", html="<b>old</b>", png="b2xk")],
        [],
        True,
    ),
    "a changed sentence": (
        "Shown()",
        [result(plain="other words", html="<b>new</b>", png="bmV3")],
        [],
        False,
    ),
    "an ignored output": ("print('b')", [stream("a\n")], IGNORE, True),
    "the data that tests use": (
        "import os; print(os.environ['CNNLIB_DATA'])",
        [stream("bundled\n")],
        [],
        True,
    ),
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """What nbval says of each case, and all that it printed."""
    root = tmp_path_factory.mktemp("course")
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, root)
    cells = []
    for source, outputs, tags, _ in CASES.values():
        cell = new_code_cell(source, outputs=outputs, execution_count=1)
        cell.metadata.update({"tags": tags} if tags else {})
        cells.append(cell)
    (root / "notebooks").mkdir()
    nbformat.write(new_notebook(cells=cells), root / "notebooks" / "cases.ipynb")
    command = "-m pytest --nbval --nbval-current-env --nbval-cell-timeout=600"
    command += " -p no:cacheprovider -n 1 --dist loadfile -rA notebooks"
    done = subprocess.run(
        [sys.executable, *command.split()],
        cwd=root,
        env={k: v for k, v in os.environ.items() if k != "CNNLIB_DATA"},
        capture_output=True,
        text=True,
    )
    found = re.findall(r"^(PASSED|FAILED) .*::Cell (\d+)", done.stdout, re.M)
    assert done.returncode == 1, done.stdout + done.stderr
    return {int(number): word == "PASSED" for word, number in found}, done.stdout


@pytest.mark.parametrize("case", CASES)
def test_strict_nbval_takes_or_refuses(verdicts, case):
    number = list(CASES).index(case)
    assert verdicts[0][number] is CASES[case][-1], verdicts[1]
