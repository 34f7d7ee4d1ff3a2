"""Solved and unsolved answer cells from one text, and what is refused."""

import json

import pytest

from tools.build import build, exercise
from tools.build.problems import LessonError

FUNCTION = """\
def double(x):
    \"\"\"Twice x.\"\"\"
    # BEGIN SOLUTION
    y = x + x
    return y
    # END SOLUTION"""
VALUE = """\
# BEGIN SOLUTION
sizes = {"a": 1}
# END SOLUTION"""
RICH = """\
# BEGIN SOLUTION
# STUB sizes = {
# STUB     "a": ...,
# STUB }
sizes = {
    "a": 1,
}
# END SOLUTION"""


def test_a_function_keeps_signature_and_docstring():
    head = 'def double(x):\n    """Twice x."""\n'
    assert exercise.solved(FUNCTION) == head + "    y = x + x\n    return y"
    stub = head + "    raise NotImplementedError"
    assert exercise.unsolved(FUNCTION, "double") == stub


def test_a_value_becomes_dots_or_the_stub_that_is_given():
    assert exercise.unsolved(VALUE, "sizes") == "sizes = ..."
    assert exercise.unsolved(RICH, "sizes") == 'sizes = {\n    "a": ...,\n}'
    assert exercise.solved(RICH) == 'sizes = {\n    "a": 1,\n}'


def test_lines_around_the_solution_stay():
    text = f"import math\n{VALUE}\nprint(sizes)"
    assert exercise.unsolved(text, "sizes") == "import math\nsizes = ...\nprint(sizes)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "needs '# BEGIN SOLUTION' and '# END SOLUTION'"),
        ("# BEGIN SOLUTION\nx = 1", "'# BEGIN SOLUTION' without its"),
        ("x = 1\n# END SOLUTION", "'# END SOLUTION' without its"),
        (f"# BEGIN SOLUTION\n{VALUE}\n# END SOLUTION", "not nested"),
        (f"{VALUE}\n{VALUE}", "one solution to a cell"),
        ("# END SOLUTION\nx = 1\n# BEGIN SOLUTION", "turned round"),
        ("# BEGIN SOLUTION\n# END SOLUTION", "no solution between the markers"),
        ("# BEGIN SOLUTION\n# STUB x = ...\n# END SOLUTION", "no solution between"),
        ("# begin solution\nx = 1\n# end solution", "alone on a line"),
        ("x = 1  # BEGIN SOLUTION\nx = 2\n# END SOLUTION", "alone on a line"),
        ("def f():\n    # BEGIN SOLUTION\n    return 1\n# END SOLUTION", "equally far"),
        ("# BEGIN SOLUTION\nx = 1\n# STUB x = ...\n# END SOLUTION", "directly after"),
    ],
)
def test_malformed_markers_are_refused(text, message):
    with pytest.raises(ValueError, match=message):
        exercise.cut(text)


CELLS = """\
# %% [markdown]
# # 03 Pooling: exercises
#
# Text. **Points:** 2.

# %%
import torch
from cnnlib import checks

# %% [markdown]
# ## flatten (2 points)
#
# Text.

# %% task="flatten"
def flatten(x, start_dim=1):
    # BEGIN SOLUTION
    return x.reshape(*x.shape[:start_dim], -1)
    # END SOLUTION

# %% check="flatten"
checks.flatten(flatten)

# %% [markdown]
# <details><summary>Hint</summary>
#
# One.
#
# </details>
#
# <details><summary>I get this error</summary>
#
# Two.
#
# </details>
"""


@pytest.fixture
def tiny(course, monkeypatch):
    """A course whose lesson 03 has one task, and its exercise."""
    lessons = course.root / "lessons"
    (lessons / "03_pooling.py").write_text("# %%\n1\n")
    known = exercise.registry.questions()
    monkeypatch.setattr(
        exercise.registry, "questions", lambda: {"flatten": known["flatten"]}
    )

    def load(text):
        path = lessons / "03_pooling_exercise.py"
        path.write_text(text, encoding="utf-8")
        return build.load_drafts(path, exercise_course)

    from tools.build.course import Course

    exercise_course = Course(course.root)
    return load


def test_one_text_makes_two_notebooks(tiny):
    solution, unsolved = tiny(CELLS)
    assert (solution.name, unsolved.name) == (
        "solutions/03_pooling",
        "exercises/03_pooling",
    )
    assert (solution.run, unsolved.run) == (True, False)
    kinds = [d.notebook.metadata["cnnlib"]["kind"] for d in (solution, unsolved)]
    assert kinds == ["solutions", "exercises"]
    cells = {cell.id: cell for cell in unsolved.notebook.cells}
    assert cells["flatten"].source.endswith("    raise NotImplementedError")
    assert cells["flatten-check"].source == "checks.flatten(flatten)"
    assert "reshape" not in str(unsolved.notebook)
    assert "reshape" in str(solution.notebook)


def test_answers_and_checks_carry_nbgraders_metadata(tiny):
    cells = {cell.id: cell.metadata for cell in tiny(CELLS)[1].notebook.cells}
    common = {"schema_version": 3, "task": False}
    assert cells["flatten"]["nbgrader"] == common | {
        "grade": False,
        "solution": True,
        "locked": False,
        "grade_id": "flatten",
    }
    assert cells["flatten-check"]["nbgrader"] == common | {
        "grade": True,
        "solution": False,
        "locked": True,
        "grade_id": "flatten-check",
        "points": 2,
    }


def test_the_reference_holds_the_code_cells_without_solutions(tiny):
    facts = json.loads(exercise.handed_out_json(tiny(CELLS)[1]))
    assert (facts["name"], facts["lesson"]) == ("03_pooling", "03")
    roles = [(cell.get("role"), cell.get("task")) for cell in facts["cells"]]
    assert roles[-2:] == [("answer", "flatten"), ("check", "flatten")]
    assert "reshape" not in str(facts)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('task="flatten"', 'task="flaten"', "the tasks of this lesson are, in order"),
        ("**Points:** 2.", "**Points:** 3.", r"says '\*\*Points:\*\* 2\.'"),
        ("# Text. ", "# Six tasks. ", "6 tasks in the first cell, not 1"),
        ("(2 points)", "(3 points)", r"'## flatten \(2 points\)'"),
        ("checks.flatten(flatten)", "checks.flatten(x)", "a check cell is: checks"),
        ('# %% check="flatten"', "# %%", "no check cell follows"),
        ("<summary>Hint", "<summary>Help", "no fold 'Hint'"),
        ("<summary>I get this error", "<summary>Err", "no fold 'I get this error'"),
        ("def flatten(x", "def other(x", "the stub does not define flatten"),
        ("import torch", "# BEGIN SOLUTION", "markers of a solution outside"),
        ("    # END SOLUTION\n", "", "without its"),
        ("# Text.\n\n# %% task", "# Text. " + "x" * 80 + "\n\n# %% task", "columns"),
    ],
)
def test_breaches_are_named_with_their_line(tiny, old, new, message):
    assert old in CELLS
    with pytest.raises(LessonError, match=message) as raised:
        tiny(CELLS.replace(old, new, 1))
    assert "lessons/03_pooling_exercise.py:" in str(raised.value)
