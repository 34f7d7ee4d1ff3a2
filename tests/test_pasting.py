"""How many points of an exercise can be had by pasting from its lesson.

A lesson builds the sibling of a task (one dimension less, one picture, another
reduction), and the exercise the thing itself. What is tried here for each task: every
function of the lesson under the task's name; every value of the lesson, by itself and
as what a function without arguments returns; for a dict, every number and shape that
the lesson prints as a result.
"""

import ast
import contextlib
import io
import re

import pytest

from cnnjudge.tasks import task
from cnnlib.checks.check import Check
from cnnlib.checks.registry import questions
from tools.build import build, held, source
from tools.build.course import Course

COURSE = Course(build.ROOT)
LESSONS = {path.name[:2]: path for path in COURSE.sources()}
EXERCISES = [path.name[:2] for path in COURSE.exercises()]

MOST = 4

_CHEAP = {"torch", "nn", "F", "np", "arithmetic", "worked_example"}
"""Whose calls are made to find the values of a lesson: none of them trains or draws."""
_RESULT = re.compile(r"(?:^|[=:] ?)(\d[\d,]*)(?=[.,;]?(?: |$))", re.M)
_SHAPE = re.compile(r"\((\d+(?:, \d+)*),?\)")


def statements(lesson):
    """Yield the statements of all code cells, in order."""
    for cell in source.read(LESSONS[lesson]).cells:
        if cell.kind == "code":
            yield from ast.parse(cell.text).body


def is_cheap(node):
    """Tell whether a statement only defines, imports, or computes with tensors.

    A function that fetches weights is left out: no test may need a network.
    """
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom):
        return "weights=" not in ast.unparse(node)
    if not isinstance(node, ast.Assign):
        return False
    calls = (part.func for part in ast.walk(node) if isinstance(part, ast.Call))
    return all(root_of(called) in _CHEAP for called in calls)


def root_of(called):
    """Return the first name of what is called: torch of torch.tensor([1]).flip."""
    while not isinstance(called, ast.Name):
        called = getattr(called, "value", None) or getattr(called, "func", None)
        if called is None:
            return ""
    return called.id


def pasted(lesson):
    """Return what a student can copy from a lesson: its functions, and its values.

    What needs more than is cheap to compute raises here, and is left out.
    """
    names, functions, values = {}, [], []
    for node in statements(lesson):
        if not is_cheap(node):
            continue
        code = compile(ast.Module([node], []), lesson, "exec")
        with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
            exec(code, names)
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                functions.append(names[node.name])
            elif isinstance(node, ast.Assign):
                values += [
                    names[target.id]
                    for target in node.targets
                    if isinstance(target, ast.Name)
                ]
    return functions, values


def printed(lesson):
    """Return the whole numbers and shapes that the built lesson prints as results."""
    found: list[object] = []
    for cell in held.read(COURSE.notebook(LESSONS[lesson])).cells:
        for output in cell.get("outputs", []):
            text = output.get("text") or output.get("data", {}).get("text/plain", "")
            found += [int(n.replace(",", "")) for n in _RESULT.findall(text)]
            found += [
                tuple(map(int, shape.split(", "))) for shape in _SHAPE.findall(text)
            ]
    return found


def can_be_pasted(name, functions, values, numbers):
    """Tell whether one of these passes the check of a task."""
    question, reference = questions()[name], task(name).key.reference
    if not question.is_value:
        answers = list(functions)
        if not question.takes:
            answers += [lambda value=value: value for value in values]
        return any(Check(name).verdict(answer).passed for answer in answers)
    if any(Check(name).verdict(value).passed for value in values):
        return True
    known = [*numbers, *values]
    return isinstance(reference, dict) and all(
        any(type(one) is type(entry) and one == entry for one in known)
        for entry in reference.values()
    )


def reached(lesson, functions, values, numbers):
    """Return the names of the tasks of an exercise that pasting solves."""
    names = [name for name, q in questions().items() if q.lesson == lesson]
    return [name for name in names if can_be_pasted(name, functions, values, numbers)]


def points(names):
    return sum(questions()[name].points for name in names)


@pytest.mark.slow
@pytest.mark.parametrize("lesson", EXERCISES)
def test_few_points_can_be_pasted_from_the_lesson(lesson):
    functions, values = pasted(lesson)
    found = reached(lesson, functions, values, printed(lesson))
    assert points(found) <= MOST, found


@pytest.mark.slow
def test_what_would_be_pasted_is_found():
    """The lesson as it was: the loops themselves, the kernel, the three numbers."""
    functions, values = [], []
    for name in ("full_convolve1d", "correlate2d", "conv2d_channels"):
        functions += task(name).key.also_right
    values.append(task("vertical_edge_kernel").key.reference())
    numbers = list(task("parameter_counts").key.reference.values())
    found = reached("01", functions, values, numbers)
    assert points(found) == 2 + 3 + 4 + 2 + 2
    assert "parameter_counts" not in reached("01", [], [], numbers[1:])


def test_functions_values_and_numbers_of_a_lesson_are_found():
    functions, values = pasted("01")
    assert "correlate1d" in {function.__name__ for function in functions}
    kernels = [value.tolist() for value in values if hasattr(value, "tolist")]
    assert [[-1, 0, 1]] * 3 in kernels
    assert {73, 790_021, (5, 3, 2, 3)} <= set(printed("01"))
