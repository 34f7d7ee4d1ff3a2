"""What `make matrix` is made of agrees with pyproject and with the first cell."""

import json
import re
import subprocess
import sys
from fnmatch import fnmatch

import pytest
from packaging.version import Version

from cnnlib.setup import on_disk
from tools.build import build, colab_install
from tools.build.course import Course
from tools.matrix import matrix, run, sets
from tools.matrix.sets import COLAB_LIST, SETS, bounds, normal, pins, requirements

COURSE = Course(build.ROOT)
COLAB = pins(COLAB_LIST.read_text(encoding="utf-8"))
BY_NAME = {chosen.name: chosen for chosen in SETS}
NOTEBOOKS = sorted(
    path
    for folder in ("notebooks", "exercises", "solutions")
    for path in (COURSE.root / folder).glob("*.ipynb")
)


def test_colab_has_what_the_issue_says():
    wanted = {
        "torch": "2.11.0",
        "torchvision": "0.26.0",
        "matplotlib": "3.10.0",
        "numpy": "2.1.3",
        "ipywidgets": "7.7.1",
        "ipykernel": "6.17.1",
        "ipython": "7.34.0",
    }
    assert wanted.items() <= COLAB.items()
    assert BY_NAME["colab"].python == "3.13"


def test_colabs_versions_satisfy_the_lower_bounds():
    too_old = {
        name: (COLAB[name], bound)
        for name, bound in bounds(COURSE.root).items()
        if name in COLAB and Version(COLAB[name]) < Version(bound)
    }
    assert too_old == {}


def test_the_first_cell_installs_all_that_colab_lacks_and_no_more():
    lacking = bounds(COURSE.root).keys() - COLAB.keys() - sets.NOT_ON_COLAB
    assert lacking == {normal(name) for name in colab_install.COLAB_LACKS}
    assert not sets.NOT_ON_COLAB & COLAB.keys()
    assert sets.NOT_ON_COLAB == on_disk.NOT_ON_COLAB


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: "/".join(path.parts[-2:]))
def test_the_first_cell_of_every_notebook_can_change_no_version(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    first = next(cell for cell in cells if cell["cell_type"] == "code")
    source = "".join(first["source"])
    assert source == colab_install.install_source(COURSE)
    guard, *installs = source.partition("if ")[2].splitlines()
    assert guard == '"google.colab" in sys.modules:'
    pattern = r'    %pip install -q --no-deps ([\w.-]+|"cnnlib @ git\+https://\S+")'
    assert installs
    assert all(re.fullmatch(pattern, line) for line in installs)


def test_the_lowest_set_asks_for_the_very_bounds():
    chosen = BY_NAME["lowest"]
    text = requirements(chosen, COURSE.root)
    told, more = text.splitlines(), list(chosen.more)
    assert told[-len(more) :] == more
    assert dict(line.split(">=") for line in told[: -len(more)]) == bounds(COURSE.root)
    assert "--resolution=lowest-direct" in chosen.options
    least = re.search(r'requires-python = ">=([\d.]+)"', pyproject())[1]
    assert chosen.python == least


def pyproject() -> str:
    return (COURSE.root / "pyproject.toml").read_text(encoding="utf-8")


def test_a_change_of_version_is_told_and_a_new_package_is_none():
    before = {"numpy": "2.1.3", "rich": "13.9.4", "jedi": "0.19"}
    after = {"numpy": "2.4.0", "rich": "13.9.4", "torchinfo": "1.8.0"}
    assert matrix.changes(before, after) == [
        "numpy 2.1.3 became 2.4.0",
        "jedi 0.19 became nothing",
    ]


def test_pins_are_read_from_what_freeze_prints():
    text = "# a line\nLazy_Loader==0.5  # why\ncnnlib @ file:///x\n\npillow==11.3.0\n"
    assert pins(text) == {"lazy-loader": "0.5", "pillow": "11.3.0"}


@pytest.fixture
def small_course(tmp_path):
    """A course with one exercise: a cell, its check, and one more."""
    cells = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# A"},
        *(
            {
                "cell_type": "code",
                "execution_count": None,
                "id": name,
                "metadata": {},
                "outputs": [],
                "source": source,
            }
            for name, source in (("b", "1"), ("b-check", "1 / 0"), ("c", "2"))
        ),
    ]
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    for folder in ("exercises", "notebooks"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "01_a.ipynb").write_text(json.dumps(book))
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return tmp_path


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="its Python is a shell script")
def test_a_failing_check_is_expected_in_exercises_alone(small_course):
    python = small_course / "bin" / "python"
    assert run.notebooks(python, small_course, "exercises").failures == []
    lessons = run.notebooks(python, small_course, "notebooks")
    assert lessons.failures == ["01_a, code cell 1: failed"]
    assert lessons.count == 1


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="its Python is a shell script")
def test_a_run_that_ends_early_is_no_pass(small_course):
    python = small_course / "bin" / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    step = run.notebooks(python, small_course, "notebooks")
    assert step.failures == [f"01_a, code cell {n}: was not run" for n in range(3)]
    assert run.unit_tests(python, small_course).failures == ["no test was run"]


def test_the_package_has_tests_for_each_name_in_the_list():
    files = run.package_tests(COURSE.root)
    patterns = [f"tests/{part}" for part in run.PACKAGE_TESTS]
    unmet = [p for p in patterns if not any(fnmatch(file, p) for file in files)]
    assert unmet == []
    assert len(files) == len(set(files))


@pytest.mark.process
def test_a_snapshot_is_the_working_tree_without_what_git_ignores(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    subprocess.run(["git", "init", "-q", root], check=True)
    (root / ".gitignore").write_text("build/\n")
    (root / "a.txt").write_text("tracked or not, it counts")
    (root / "build").mkdir()
    (root / "build" / "b.txt").write_text("ignored")
    matrix.snapshot(root, tmp_path / "copy")
    found = matrix.call(["git", "ls-files"], tmp_path / "copy").split()
    assert found == [".gitignore", "a.txt"]
    status = matrix.call(["git", "status", "--porcelain"], tmp_path / "copy")
    assert status == ""
