"""What is committed in ``notebooks/``: built from the lessons' text, and clean.

Nothing is run here; strict nbval runs the notebooks (``make test``).
"""

import nbformat
import pytest

from tools.build import build, hygiene
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
    notebook = nbformat.read(COURSE.notebook(lesson), as_version=4)
    found = [(notebook.cells[f.cell].id, f.message) for f in check(notebook)]
    assert found == []


def test_a_committed_notebook_is_valid(lesson):
    nbformat.validate(nbformat.read(COURSE.notebook(lesson), as_version=4))


def test_nothing_is_left_for_the_author_to_write():
    """What ``tools.new_lesson`` marks is written before a lesson is committed."""
    texts = [*LESSONS.values(), *COURSE.exercises()]
    for folder in ("cnnlib/checks/questions", "cnnjudge/keys"):
        texts += sorted((COURSE.root / folder).glob("*.py"))
    assert [path.name for path in texts if "TODO" in path.read_text("utf-8")] == []


def test_every_notebook_has_its_lesson():
    found = {path.stem for path in (COURSE.root / "notebooks").glob("*.ipynb")}
    assert found == set(LESSONS)
