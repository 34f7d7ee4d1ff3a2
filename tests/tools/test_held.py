"""Answers wait in the metadata until their cell is run, and nothing else does."""

import copy
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.build import compare, held

ROOT = Path(__file__).parents[2]


def ran(source, count):
    output = new_output("stream", name="stdout", text=f"{count}\n")
    return new_code_cell(source, outputs=[output], execution_count=count)


@pytest.fixture
def lesson():
    return new_notebook(
        cells=[
            ran("'before'", 1),
            new_markdown_cell("Look.\n\n**Predict.** How many?"),
            ran("'setting up'", 2),
            ran("example.predict(0, 1)", 3),
            ran("'the answer'", 4),
            new_code_cell("silent = 1", execution_count=5),
            new_markdown_cell("Why it is so."),
            ran("'after'", 6),
        ]
    )


def test_answers_wait_and_the_rest_is_shown(lesson):
    held.hold(lesson)
    shown = {cell.source for cell in lesson.cells if cell.get("outputs")}
    assert shown == {"'before'", "example.predict(0, 1)", "'after'"}
    unrun = [c for c in lesson.cells if c.cell_type == "code" and not c.execution_count]
    assert [cell.source for cell in unrun] == ["'setting up'", "'the answer'"]
    nbformat.validate(lesson)


def test_they_come_back_as_they_were(lesson, tmp_path):
    before = copy.deepcopy(lesson)
    held.hold(lesson)
    held.hold(lesson)  # a second time takes nothing more away
    nbformat.write(lesson, tmp_path / "lesson.ipynb")
    assert held.read(tmp_path / "lesson.ipynb") == before


def test_a_file_that_shows_or_holds_against_the_rule_is_told(lesson):
    differences = list(compare.held_differences(lesson))
    assert len(differences) == 2
    assert all("to be held" in text for text in differences)
    held.hold(lesson)
    assert list(compare.held_differences(lesson)) == []
    lesson.cells[0].metadata["cnnlib"] = lesson.cells[2].metadata["cnnlib"]
    (difference,) = compare.held_differences(lesson)
    assert "to be shown" in difference


@pytest.mark.process
@pytest.mark.parametrize(("code", "exit_code"), [("1 + 1", 0), ("1 + 2", 1)])
def test_strict_nbval_compares_what_is_held(tmp_path, code, exit_code):
    two = new_output("execute_result", {"text/plain": "2"}, execution_count=1)
    answer = new_code_cell(code, outputs=[two], execution_count=1)
    lesson = new_notebook(cells=[new_markdown_cell("**Predict.** 1 + 1?"), answer])
    held.hold(lesson)
    assert not answer.outputs
    nbformat.write(lesson, tmp_path / "lesson.ipynb")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["--nbval", "--nbval-current-env", "-c", str(ROOT / "pyproject.toml")]
    command += ["--confcutdir", str(ROOT), "-p", "conftest", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == exit_code, done.stdout
