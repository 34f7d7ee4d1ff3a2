"""What a submission may see is a matter of folders: whatever is new stays outside.

Copies of the course are laid where an interpreter's own folders are shown, files are
planted in them, and a submission looks for those in every way that Python has.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.cnngrade.conftest import COMMAND
from tests.exercise_files import ROOT, Book
from tests.security.attack import FIRST
from tests.security.test_attacks import pytestmark  # noqa: F401, where none can be shut

PACKAGES = ("cnnlib", "cnnjudge", "cnngrade")
PLANTED = {
    "cnnjudge/planted_answers.py": "cnnjudge.planted_answers",
    "cnnjudge/keys/planted_key.py": "cnnjudge.keys.planted_key",
    "cnnjudge/planted_folder/__init__.py": "cnnjudge.planted_folder",
    "cnnjudge/planted_folder/deep/planted_deep.json": "",
    "cnngrade/planted_part.py": "cnngrade.planted_part",
    "cnngrade/class_run/planted_job.py": "cnngrade.class_run.planted_job",
    "cnngrade/planted_folder/__init__.py": "cnngrade.planted_folder",
    "planted_package/__init__.py": "planted_package",
    "planted_package/planted_inner.py": "planted_package.planted_inner",
    "planted_module.py": "planted_module",
}
"""New files of a course, and what each would be imported as."""
TEXT = "answer = 'planted'  # the right one\n"

LOOK = """
import importlib, importlib.metadata, importlib.util, os, pkgutil, runpy, sys
sys.path[:0] = $HOMES
seen = {}
def read(way, path):
    try:
        with open(path) as file:
            if "planted" in file.read():
                seen.setdefault(way, path)
    except (OSError, ValueError):
        pass
for home in $HOMES:
    for path in $PATHS:
        read("opened", os.path.join(home, path))
for folder, folders, files in os.walk($TOP):
    if folder == "/":
        folders[:] = {*folders} - {"proc", "sys", "dev"}
    for name in files:
        if "planted" in os.path.join(folder, name):
            read("found", os.path.join(folder, name))
    for name in folders:  # one that is covered is there, and empty
        if "planted" in name and os.listdir(os.path.join(folder, name)):
            seen.setdefault("listed", os.path.join(folder, name))
for package in ("cnnlib", "cnngrade", "cnnjudge", "planted_package"):
    try:
        module = importlib.import_module(package)
        for found in pkgutil.walk_packages(module.__path__, package + "."):
            if "planted" in found.name:
                seen.setdefault("walked", found.name)
    except Exception:
        pass
for name in filter(None, $NAMES):
    try:
        module = importlib.import_module(name)
        if hasattr(module, "answer"):  # folders that are empty can be imported
            seen.setdefault("imported", name)
    except Exception:
        pass
    try:
        if "answer" in runpy.run_module(name):
            seen.setdefault("run", name)
    except Exception:
        pass
for one in importlib.metadata.distributions():
    for file in one.files or ():
        if "planted" in str(file):
            read("metadata", file.locate())
print("; ".join(f"{way} {str(one)[-20:]}" for way, one in seen.items())[:280])
"""
CELL = """
import subprocess, sys
class Boast(Exception): pass
said = subprocess.run([sys.executable, "-c", $LOOK], capture_output=True, text=True)
if said.stdout.strip() or said.returncode:
    raise Boast(said.stdout + said.stderr[-200:])
"""


class Course:
    """A copy of the course, with new files in it, and how Python finds it."""

    def __init__(self, tmp_path: Path) -> None:
        self.shown = tmp_path / "lib" / "site-packages"  # Python's own: it is shown
        self.shown.mkdir(parents=True)
        self.python = sys.executable
        self.found_by = [self.shown]
        self.homes: list[Path] = []

    def copied(self, home: Path) -> Path:
        """Copy the packages, and plant what is new."""
        home.mkdir(exist_ok=True, parents=True)
        for package in PACKAGES:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / package, home / package, ignore=ignored)
        for file in PLANTED:
            path = home / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(TEXT)
        self.homes.append(home)
        self.found_by.insert(0, home)
        return home


def installed(course: Course) -> None:
    """As pip installs it: beside other packages, with a list of its files."""
    home = course.copied(course.shown)
    info = home / "cnnlib-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: cnnlib\nVersion: 0.1.0\n")
    (info / "top_level.txt").write_text("\n".join([*PACKAGES, "planted_package"]))
    names = [path.relative_to(home) for path in home.rglob("*.*") if path.is_file()]
    lines = "".join(f"{name},,\n" for name in sorted(names))
    (info / "RECORD").write_text(f"../../bin/cnnlib,,\n{lines}")
    (home / "pyproject.toml").write_text("")  # other packages leave that there


def installed_without_a_list(course: Course) -> None:
    """As some installers leave it: with the names of its packages alone."""
    installed(course)
    (course.shown / "cnnlib-0.1.0.dist-info" / "RECORD").unlink()
    (course.shown / "planted_module.py").unlink()  # nobody knows whose that is


def checkout(course: Course) -> None:
    home = course.copied(course.shown / "course")
    shutil.copy(ROOT / "pyproject.toml", home)


def checkout_without_pyproject(course: Course) -> None:
    course.copied(course.shown / "course")


def checkout_behind_a_link(course: Course) -> None:
    home = course.copied(course.shown / "course")
    link = course.shown.parents[1] / "link"
    link.symlink_to(home)
    course.found_by[0] = link


def packages_behind_links(course: Course) -> None:
    """A folder of links to the packages of a checkout that lies in a shown folder."""
    home = course.copied(course.shown / "course")
    links = course.shown.parents[1] / "links"
    links.mkdir()
    for package in PACKAGES:
        (links / package).symlink_to(home / package)
    course.found_by[0] = links


def checkout_around_its_environment(course: Course) -> None:
    """An environment in the checkout, which lies in a shown folder: it must be seen."""
    home = course.copied(course.shown / "course")
    environment = home / ".venv"
    packages = environment / "lib" / f"python{sysconfig.get_python_version()}"
    (environment / "bin").mkdir(parents=True)
    (packages / "site-packages").mkdir(parents=True)
    python = environment / "bin" / "python"
    python.symlink_to(os.path.realpath(sys.executable))
    base = os.path.dirname(os.path.realpath(sys.executable))
    (environment / "pyvenv.cfg").write_text(f"home = {base}\n")
    own = sysconfig.get_path("purelib")
    (packages / "site-packages" / "own.pth").write_text(own + "\n")
    course.python = str(python)


LAID = [
    installed,
    installed_without_a_list,
    checkout,
    checkout_without_pyproject,
    checkout_behind_a_link,
    packages_behind_links,
    checkout_around_its_environment,
]


def _graded(course: Course, tmp_path: Path, isolation: str) -> dict:
    """Let a submission look for what was planted; return what came of it."""
    told = {
        "$HOMES": repr([str(path) for path in course.homes]),
        "$PATHS": repr(list(PLANTED)),
        "$NAMES": repr([*PLANTED.values()]),
        # Where nothing is hidden, to look through all of the machine takes too long.
        "$TOP": repr("/" if isolation == "full" else str(course.shown)),
    }
    look = LOOK
    for sign, fact in told.items():
        look = look.replace(sign, fact)
    book = Book("solutions")
    book.add(FIRST, CELL.replace("$LOOK", repr(look)))
    book.save(tmp_path / "school" / "anna")
    out = tmp_path / f"out-{isolation}"
    options = ("--out", str(out), "--isolation", isolation, "--timeout", "300")
    done = subprocess.run(
        [course.python, *COMMAND[1:], str(tmp_path / "school"), *options],
        env=os.environ | {"PYTHONPATH": ":".join(map(str, course.found_by))},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    (result,) = json.loads((out / "report.json").read_text())["results"]
    return result


@pytest.mark.parametrize("lay", LAID, ids=lambda lay: lay.__name__)
def test_what_is_new_in_the_course_is_never_seen(tmp_path, lay):
    course = Course(tmp_path)
    lay(course)
    result = _graded(course, tmp_path, "full")
    assert result["notes"] == []
    assert result["earned"] == result["points"]


def test_where_nothing_is_covered_the_same_look_finds_it(tmp_path):
    """Else the test above could see nothing, whatever there was."""
    course = Course(tmp_path)
    installed(course)
    (note,) = _graded(course, tmp_path, "limits")["notes"]
    for way in ("opened", "found", "listed", "walked", "imported", "run", "metadata"):
        assert re.search(rf"\b{way} ", note), note
