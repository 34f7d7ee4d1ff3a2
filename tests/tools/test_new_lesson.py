"""A ninth lesson: four new files, nothing edited; it builds, is checked and graded."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tools.build import build, source
from tools.build.course import Course
from tools.new_lesson.new_lesson import TEMPLATES, files, main

COURSE = Course(build.ROOT)
NEW = f"{int(COURSE.sources()[-1].name[:2]) + 1:02}"
TOPIC = "transfer_learning"
WRITTEN = {
    f"lessons/{NEW}_{TOPIC}.py",
    f"lessons/{NEW}_{TOPIC}_exercise.py",
    f"cnnlib/checks/questions/lesson{NEW}.py",
    f"cnnjudge/keys/lesson{NEW}.py",
}
BUILT = {
    f"notebooks/{NEW}_{TOPIC}.ipynb",
    f"exercises/{NEW}_{TOPIC}.ipynb",
    f"solutions/{NEW}_{TOPIC}.ipynb",
    f"cnnjudge/exercises/{NEW}.json",
}

MODULES = [path.stem for path in (build.ROOT / "cnnlib" / "checks").glob("[a-z]*")]
"""The parts of `cnnlib.checks`: a task of that name could not be reached."""


def contents(root):
    found = (path for path in root.rglob("*") if path.is_file())
    kept = [path for path in found if "__pycache__" not in path.parts]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in kept}


class Copy:
    """A copy of the course in which commands are run."""

    def __init__(self, root):
        self.root = root
        for name in ("cnnlib", "cnnjudge", "cnngrade", "tools", "lessons"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(build.ROOT / name, root / name, ignore=ignored)
        shutil.copy(build.ROOT / "pyproject.toml", root)

    def run(self, *command):
        """Run a module of the copy; return its exit code and what it printed."""
        env = os.environ | {"PYTHONPATH": str(self.root), "COLUMNS": "200"}
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=self.root,
            env=env,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The course with the new lesson, which is built."""
    copy = Copy(tmp_path_factory.mktemp("ninth") / "course")
    before = contents(copy.root)
    code, said = copy.run("tools.new_lesson", NEW, TOPIC, "--task", "double")
    assert code == 0, said
    written = contents(copy.root)
    assert written.keys() - before.keys() == WRITTEN
    code, said = copy.run("tools.build", NEW)
    assert code == 0, said
    built = contents(copy.root)
    assert built.keys() - written.keys() == BUILT
    assert {name: built[name] for name in before} == before
    return copy


@pytest.mark.process
def test_its_solution_passes_and_its_exercise_is_unsolved(copy):
    code, said = copy.run("cnnlib", "check", f"solutions/{NEW}_{TOPIC}.ipynb")
    assert (code, "2 of 2 points, 1 of 1 tasks passed" in said) == (0, True), said
    code, said = copy.run("cnnlib", "check", f"exercises/{NEW}_{TOPIC}.ipynb")
    assert (code, "unsolved" in said, "0 of 2 points" in said) == (1, True, True), said


@pytest.mark.process
def test_the_grader_and_the_command_line_know_it(copy):
    out = copy.root / "autograder.zip"
    code, said = copy.run("cnnlib", "autograder", NEW, "--out", str(out))
    assert (code, out.exists()) == (0, True), said
    first = Course(copy.root).exercises()[0].name[:2]
    assert f"{first} to {NEW}." in copy.run("cnnlib", "autograder", "--help")[1]


@pytest.mark.process
def test_the_proof_fails_for_the_missing_mistakes_and_for_nothing_else(copy):
    code, said = copy.run("tools.proof", "double")
    assert code == 1
    failed = re.findall(r"^double, (.+), seed 0:$", said, re.M)
    assert failed == ["TODO first", "TODO second", "TODO third"]
    assert "3 right ones, 0 refused" in said


def test_what_has_to_be_written_is_marked_in_every_file():
    for name, text in files(NEW, TOPIC, "double").items():
        assert "TODO" in text, name
        assert "$" not in text, name
    assert {path.stem for path in TEMPLATES.glob("*.txt")} == {
        *("lesson", "exercise", "questions", "keys")
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["8", TOPIC, "--task", "double"], "has two digits, such as 08; got '8'"),
        (["x8", TOPIC, "--task", "double"], "has two digits"),
        (["03", TOPIC, "--task", "double"], "There is a lesson 03: 03_pooling."),
        ([NEW, "pooling", "--task", "double"], "There is a lesson on pooling"),
        ([NEW, "Transfer", "--task", "double"], "lower-case words joined by '_'"),
        ([NEW, "a_exercise", "--task", "double"], "lower-case words joined by '_'"),
        ([NEW, "../x", "--task", "double"], "lower-case words joined by '_'"),
        ([NEW, TOPIC, "--task", "class"], "A task is called as a function is"),
        ([NEW, TOPIC, "--task", "a-b"], "A task is called as a function is"),
        ([NEW, TOPIC, "--task", "flatten"], "There is a task flatten, in lesson 03."),
        *(
            ([NEW, TOPIC, "--task", name], f"A task cannot be called {name}: checks.")
            for name in [*MODULES, "names"]
        ),
    ],
)
def test_names_that_cannot_be_are_refused_and_nothing_is_written(
    arguments, message, capsys, tmp_path
):
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "03_pooling.py").touch()
    before = contents(tmp_path)
    assert main(arguments, root=tmp_path) == 2
    assert message in capsys.readouterr().err
    assert contents(tmp_path) == before


def test_a_file_that_is_there_is_not_overwritten(tmp_path, capsys):
    for name in WRITTEN:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    kept = tmp_path / f"cnnjudge/keys/lesson{NEW}.py"
    kept.write_text("mine")
    assert main([NEW, TOPIC, "--task", "double"], root=tmp_path) == 2
    assert f"cnnjudge/keys/lesson{NEW}.py is there already." in capsys.readouterr().err
    assert contents(tmp_path) == {f"cnnjudge/keys/lesson{NEW}.py": b"mine"}


def test_a_long_task_name_keeps_the_conventions(tmp_path):
    texts = files(NEW, TOPIC, "a_name_of_some_length")
    path = tmp_path / f"{NEW}_{TOPIC}_exercise.py"
    path.write_text(texts[f"lessons/{path.name}"])
    assert source.read(path).problems == []
