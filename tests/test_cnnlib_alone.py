"""`cnnlib` without the other packages: all works but checks, which say so."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.exercise_files import ROOT

pytestmark = pytest.mark.process

ALONE = """
import importlib, sys, warnings
sys.path.insert(0, {home!r})
sys.meta_path[:] = [f for f in sys.meta_path if "__editable__" not in
                    str(getattr(f, "__module__", ""))]
import torch
import cnnlib
for name in ("cnnjudge", "cnngrade"):
    assert importlib.util.find_spec(name) is None, name
assert cnnlib.__file__.startswith({home!r})
for name in cnnlib.__all__:
    getattr(cnnlib, name)
"""
WORKS = {
    "counts": """
net = torch.nn.Sequential(torch.nn.Conv2d(1, 6, 5), torch.nn.ReLU())
assert "156" in str(cnnlib.summary(net, (1, 28, 28)))
""",
    "draws": """
assert cnnlib.plot_conv(torch.rand(5, 5), torch.ones(3, 3))._repr_mimebundle_()
""",
    "trains": """
from cnnlib.training import fit
images, labels = torch.rand(8, 1, 28, 28), torch.arange(8) % 2
net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 2))
before = net[1].weight.detach().clone()
fit(net, images, labels, epochs=1)
assert not torch.equal(before, net[1].weight)
""",
    "asks": """
from cnnlib.checks.ask import ask
from cnnlib.checks.registry import questions
question = questions()["flatten"]
cases = question.draw(7)
outcomes = ask(question, lambda x, start_dim=1: x.flatten(start_dim), cases)
assert len(outcomes) == len(cases) and "called:flatten" in outcomes[0].remarks
""",
}
CHECK = """
from cnnlib import checks
try:
    checks.flatten(lambda x, start_dim=1: x.flatten(start_dim))
except ImportError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with `cnnlib` and nothing else of the course."""
    folder = tmp_path_factory.mktemp("alone")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "cnnlib", folder / "cnnlib", ignore=ignored)
    return folder


def _run(home, code, *, ok=True):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", ALONE.format(home=str(home)) + code],
        cwd=home,
        env=environment | {"MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) == ok, done.stderr
    return done


@pytest.mark.parametrize("what", WORKS)
def test_without_the_rest_of_the_course_it(home, what):
    _run(home, WORKS[what])


def test_a_check_says_what_is_missing_and_how_to_get_it(home):
    (line,) = _run(home, CHECK).stdout.splitlines()
    assert line.startswith("Checks need the package cnnjudge, which is not installed")
    assert "pip install" in line


def test_the_command_line_says_so_too(home):
    done = _run(home, "from cnnlib.__main__ import main; main()", ok=False)
    assert "cnngrade" in done.stderr


def test_where_the_judge_is_blocked_a_check_is_silent(home):
    code = 'sys.modules["cnnjudge"] = None\n' + CHECK
    assert _run(home, code).stdout == ""
