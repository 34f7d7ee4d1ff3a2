"""Every lesson runs top to bottom in JupyterLab in Chromium, without an error."""

from pathlib import Path

import pytest

from .lab import errors, jupyterlab, open_notebook, outputs, run_all

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LESSONS = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(free_port):
    with jupyterlab(NOTEBOOKS, port=free_port()) as address:
        yield address


@pytest.mark.parametrize("name", LESSONS)
def test_lesson_runs_from_top_to_bottom(page, address, name):
    open_notebook(page, address, name)
    run_all(page)
    cells = outputs(page)
    assert errors(cells) == []
    assert all(cell["execution_count"] for cell in cells if cell["source"])
    assert page.locator(".jp-OutputArea img:not([alt])").count() == 0
    assert page.foreign == []


def test_a_failing_cell_would_be_seen(page, address):
    open_notebook(page, address, LESSONS[0])
    page.evaluate(
        """() => {
            const cells = window.jupyterapp.shell.currentWidget.content.widgets;
            cells.find(c => c.model.type === 'code').model.sharedModel.setSource('1/0');
        }"""
    )
    run_all(page)
    assert "ZeroDivisionError" in errors(outputs(page))[0]
