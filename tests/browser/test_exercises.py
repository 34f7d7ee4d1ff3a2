"""Exercises in JupyterLab in Chromium: unsolved, with a mistake, and solved."""

import shutil
from pathlib import Path

import nbformat
import pytest

from .lab import errors, jupyterlab, open_notebook, outputs, run_all

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.stem for path in (ROOT / "exercises").glob("*.ipynb"))
MISTAKE = """\
def max_pool2d(x, kernel_size, stride=None):
    h, w = pair(kernel_size)
    down, _ = pair(kernel_size if stride is None else stride)
    return x.unfold(2, h, down).unfold(3, w, down).amax(dim=(4, 5))
"""

ERROR = ".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(free_port, tmp_path_factory):
    """JupyterLab on the exercises, on solved ones, and on one with a mistake."""
    folder = tmp_path_factory.mktemp("served") / "exercises"
    shutil.copytree(ROOT / "exercises", folder)
    for name in NAMES:
        solution = nbformat.read(ROOT / "solutions" / f"{name}.ipynb", as_version=4)
        answers = {cell.id: cell.source for cell in solution.cells}
        notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
        for cell in notebook.cells:
            cell.source = answers[cell.id] if cell.cell_type == "code" else cell.source
        nbformat.write(notebook, folder / f"solved_{name}.ipynb")
    wrong = nbformat.read(folder / "03_pooling.ipynb", as_version=4)
    next(cell for cell in wrong.cells if cell.id == "max_pool2d").source = MISTAKE
    nbformat.write(wrong, folder / "wrong.ipynb")
    with jupyterlab(folder, port=free_port()) as address:
        yield address


def shown(page):
    """The red message under a check cell, as it stands on the page."""
    return page.locator(ERROR).first.inner_text()


@pytest.mark.parametrize("name", NAMES)
def test_an_untouched_exercise_stops_at_its_first_check(page, address, name):
    open_notebook(page, address, f"{name}.ipynb")
    run_all(page)
    (error,) = errors(outputs(page))
    assert error.partition(":")[0].endswith("-check")
    assert "Traceback" not in shown(page)
    assert shown(page).startswith("✗ ")
    assert page.foreign == []


@pytest.mark.parametrize("name", NAMES)
def test_a_solved_exercise_passes_every_check(page, address, name):
    open_notebook(page, address, f"solved_{name}.ipynb")
    run_all(page)
    cells = outputs(page)
    assert errors(cells) == []
    checks = [cell for cell in cells if cell["id"].endswith("-check")]
    printed = ["".join(out.get("text", "") for out in c["outputs"]) for c in checks]
    assert checks
    assert all(text.startswith("✓ ") for text in printed)


def test_a_common_mistake_is_named_where_it_was_made(page, address):
    open_notebook(page, address, "wrong.ipynb")
    run_all(page)
    text = shown(page)
    assert "Likely: the step along the columns is that of the rows." in text
    assert "yours[0, 0]" in text
