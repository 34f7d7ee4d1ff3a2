"""Every lesson runs top to bottom in JupyterLab in Chromium, without an error."""

import socket
from pathlib import Path

import pytest

from .lab import chromium, jupyterlab, open_notebook, outputs, run_all

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LESSONS = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with jupyterlab(NOTEBOOKS, port=port) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser, address):
    """A page that may reach nothing but the JupyterLab that serves it."""
    context = browser.new_context(viewport={"width": 1100, "height": 1400})
    page = context.new_page()
    page.foreign = []
    own = address.split("/lab/")[0]

    def only_own(route):
        if route.request.url.startswith((own, "data:", "blob:")):
            return route.continue_()
        page.foreign.append(route.request.url)
        return route.abort()

    page.route("**/*", only_own)
    yield page
    context.close()


def errors(cells: list[dict]) -> list[str]:
    return [
        f"{cell['id']}: {output['ename']}: {output['evalue']}"
        for cell in cells
        for output in cell["outputs"]
        if output["output_type"] == "error"
    ]


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
