"""What is committed in ``exercises/`` and ``solutions/``; nothing is run here."""

import ast
import re

import nbformat
import pytest

from cnnjudge.tasks import task
from cnnlib.checks.registry import every_question, questions
from tools.build import build, exercise, hygiene, source
from tools.build.course import Course

COURSE = Course(build.ROOT)
TEXTS = {path.stem: path for path in COURSE.exercises()}


@pytest.fixture(params=TEXTS)
def drafts(request):
    return build.load_drafts(TEXTS[request.param], COURSE)


def committed(folder, path):
    return nbformat.read(COURSE.notebook(path, folder), as_version=4)


def test_there_is_one_for_every_lesson_with_tasks():
    assert {name[:2] for name in TEXTS} == {q.lesson for q in questions().values()}
    for folder in ("exercises", "solutions"):
        found = {path.stem for path in (COURSE.root / folder).glob("*.ipynb")}
        assert found == {name.removesuffix("_exercise") for name in TEXTS}


def test_what_is_committed_is_what_the_text_builds(drafts):
    for draft in drafts:
        assert build.text_differences(draft, COURSE) == [], "run `make build`"
    path = exercise.handed_out_path(drafts[1].lesson, COURSE)
    assert path.read_text(encoding="utf-8") == exercise.handed_out_json(drafts[1])


@pytest.mark.parametrize("check", hygiene.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", TEXTS.values(), ids=TEXTS)
def test_solutions_are_clean(path, check):
    notebook = committed("solutions", path)
    found = [(notebook.cells[f.cell].id, f.message) for f in check(notebook)]
    assert found == []


@pytest.mark.parametrize("path", TEXTS.values(), ids=TEXTS)
def test_exercises_are_valid_and_without_outputs(path):
    notebook = committed("exercises", path)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)


def solution_lines(path):
    """The lines of each solution that say something: not `return x`, `)` and such."""
    for cell in source.read(path).cells:
        if cell.task:
            parts = exercise.cut(cell.text)
            given = {line.strip() for line in parts.before}
            given |= {
                line.strip().removeprefix("# STUB ").strip() for line in parts.stub
            }
            for line in parts.solution:
                text = line.strip()
                if len(text) > 14 and text not in given:
                    yield cell.task, text


def everything_shown(path):
    """All that a student can read: the exercise, and what the checks print."""
    texts = [cell.source for cell in committed("exercises", path).cells]
    for cell in committed("solutions", path).cells:
        if cell.id.endswith("-check"):
            texts += [str(output) for output in cell.outputs]
    return "\n".join(texts)


@pytest.mark.parametrize("path", TEXTS.values(), ids=TEXTS)
def test_no_line_of_a_solution_can_be_read_in_the_exercise(path):
    shown = re.sub(r"\s+", " ", everything_shown(path))
    leaked = [
        (name, line)
        for name, line in solution_lines(path)
        if re.sub(r"\s+", " ", line) in shown
    ]
    assert leaked == []


@pytest.mark.parametrize(
    "name", [name for name, q in questions().items() if q.is_value]
)
def test_no_hint_or_message_of_a_value_task_holds_a_right_value(name):
    """Numbers of three digits and more would give the answer away."""
    found = task(name)
    if not isinstance(found.key.reference, dict | list):
        return
    right = set(re.findall(r"\d{3,}", str(found.key.reference).replace("_", "")))
    for mistake in found.key.mistakes:
        said = set(re.findall(r"\d{3,}", mistake.hint.replace(",", "")))
        assert not right & said, mistake.name


@pytest.mark.parametrize("path", TEXTS.values(), ids=TEXTS)
def test_check_cells_print_the_line_that_never_changes(path):
    for cell in committed("solutions", path).cells:
        if cell.id.endswith("-check"):
            (output,) = cell.outputs
            assert re.fullmatch(r"✓ \w+: \d+ .+\n?", output["text"])


@pytest.mark.parametrize("path", TEXTS.values(), ids=TEXTS)
def test_signature_and_docstring_are_kept(path):
    for cell in source.read(path).cells:
        if cell.task and not every_question()[cell.task].is_value:
            stub = ast.parse(exercise.unsolved(cell.text, cell.task)).body[-1]
            answer = ast.parse(exercise.solved(cell.text)).body
            full = next(n for n in answer if getattr(n, "name", "") == cell.task)
            assert isinstance(stub, ast.FunctionDef)
            assert isinstance(full, ast.FunctionDef)
            assert ast.dump(stub.args) == ast.dump(full.args)
            assert ast.get_docstring(stub) == ast.get_docstring(full)
            names = [a.arg for a in stub.args.args]
            takes = every_question()[cell.task].takes
            assert tuple(names[: len(takes)]) == takes
