"""What is committed in ``notebooks/``: built from the lessons' text, and clean.

Nothing is run here; strict nbval runs the notebooks (``make test``).
"""

from itertools import pairwise

import nbformat
import pytest

from tools.build import build, compare, folded, held, hygiene, rules
from tools.build.course import Course

COURSE = Course(build.ROOT)
LESSONS = {path.stem: path for path in COURSE.sources()}


@pytest.fixture(params=LESSONS)
def lesson(request):
    return LESSONS[request.param]


def test_the_text_keeps_to_the_conventions_and_is_what_is_committed(lesson):
    draft = build.load_draft(lesson, COURSE)
    assert build.text_differences(draft, COURSE) == [], "run `make build`"


@pytest.mark.parametrize("check", hygiene.CHECKS, ids=lambda check: check.__name__)
def test_a_committed_notebook_is_clean(lesson, check):
    notebook = held.read(COURSE.notebook(lesson))
    found = [(notebook.cells[f.cell].id, f.message) for f in check(notebook)]
    assert found == []


def test_a_committed_notebook_is_valid(lesson):
    notebook = nbformat.read(COURSE.notebook(lesson), as_version=4)
    assert nbformat.validator.isvalid(notebook)


def test_nothing_is_left_for_the_author_to_write():
    """What ``tools.new_lesson`` marks is written before a lesson is committed."""
    texts = [*LESSONS.values(), *COURSE.exercises()]
    for folder in ("cnnlib/checks/questions", "cnnjudge/keys"):
        texts += sorted((COURSE.root / folder).glob("*.py"))
    assert [path.name for path in texts if "TODO" in path.read_text("utf-8")] == []


def test_every_notebook_has_its_lesson():
    found = {path.stem for path in (COURSE.root / "notebooks").glob("*.ipynb")}
    assert found == set(LESSONS)


def test_no_answer_is_shown_before_its_cell_is_run(lesson):
    """What a reader meets who opens the file: under a Predict there is no output."""
    file = nbformat.read(COURSE.notebook(lesson), as_version=4)
    assert list(compare.held_differences(file)) == []
    asked = [cell for cell in held.answers(file) if cell.outputs]
    assert [cell.id for cell in asked] == []
    assert sum("held" in cell.metadata.get("cnnlib", {}) for cell in file.cells) > 4


def test_every_predict_has_its_answer_below(lesson):
    """A text in between would leave the answer in sight."""
    cells = [*nbformat.read(COURSE.notebook(lesson), as_version=4).cells, None]
    alone = [
        cell.source
        for cell, after in pairwise(cells)
        if cell.cell_type == "markdown" and held.PREDICT in cell.source
        if "<details" not in cell.source
        if after is None or after.cell_type != "code"
    ]
    assert alone == []


def test_a_lesson_begins_with_a_picture_and_folded_code(lesson):
    """Before the goals: a picture after few words, and no code in sight."""
    words, drawn = 0, False
    for cell in nbformat.read(COURSE.notebook(lesson), as_version=4).cells:
        if cell.cell_type == "markdown":
            if rules.GOALS_START in cell.source:
                break
            words += 0 if drawn else len(cell.source.split())
        else:
            assert folded.is_folded(cell), cell.id
            pages = [one.get("data", {}).get("text/html", "") for one in cell.outputs]
            drawn = drawn or any("<img" in page for page in pages)
    assert drawn
    assert words < 160
