"""The live pictures of the committed notebooks live wherever scripts run."""

import html
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tools.build import held, live_scripts

from .lab import SETTINGS, jupyterlab, open_notebook
from .test_visuals_lab import offline
from .test_visuals_page import LIVE, button, opened

pytestmark = pytest.mark.browser

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NAMES = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
AS_VS_CODE = """(page) => {
    const container = document.createElement('div');
    container.innerHTML = page;
    document.body.append(container);
    for (const old of [...container.getElementsByTagName('script')]) {
        const script = document.createElement('script');
        script.text = old.innerText;
        container.appendChild(script).parentNode.removeChild(script);
    }
}"""


def live(notebook):
    """The HTML of each live picture among a notebook's outputs."""
    pages = [
        output.get("data", {}).get("text/html", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    ]
    return [page for page in pages if 'class="cnnlib-visual"' in page]


def faces(name):
    """The HTML of each live picture of a notebook, as it was run."""
    return live(held.read(NOTEBOOKS / f"{name}.ipynb"))


PICTURES = {name: found for name in NAMES if (found := faces(name))}
with_pictures = pytest.mark.parametrize("name", PICTURES)


def alive(page, count):
    """Wait until so many pictures live; tell how many places they stand in."""
    page.wait_for_function(
        "count => document.querySelectorAll('.cnnlib-visual > .live').length === count",
        arg=count,
    )
    return page.locator(".cnnlib-visual").count()


def test_every_kind_of_picture_is_packed_in_some_notebook():
    texts = [page for pages in PICTURES.values() for page in pages]
    kinds = {kind for page in texts for kind, *_ in live_scripts.code_and_styles(page)}
    assert kinds >= {"step_conv", "explore_kernel", "explore_sizes", "draw_digit"}
    assert kinds >= {"explore_network", "watch_training"}
    assert all("DecompressionStream" in page for page in texts)


@with_pictures
def test_each_alone_in_a_frame_as_colab_shows_it(browser, tmp_path, name):
    frames = [
        f'<iframe sandbox="allow-scripts" srcdoc="{html.escape(face)}"></iframe>'
        for face in PICTURES[name]
    ]
    path = tmp_path / "frames.html"
    path.write_text(f"<!doctype html><title>x</title>{''.join(frames)}", "utf-8")
    with opened(browser, path) as page:
        found = page.frames[1:]
        assert len(found) == len(frames)
        for frame in found:
            frame.locator(LIVE).wait_for()
            assert not frame.locator(".still img").is_visible()


@with_pictures
def test_vs_code_runs_the_scripts_from_outside_of_the_picture(browser, tmp_path, name):
    path = tmp_path / "empty.html"
    path.write_text("<!doctype html><title>x</title><body>", "utf-8")
    with opened(browser, path) as page:
        for face in PICTURES[name]:
            page.evaluate(AS_VS_CODE, face)
        count = len(PICTURES[name])
        assert alive(page, count) == count


@with_pictures
def test_the_page_that_nbconvert_makes(browser, tmp_path, name):
    source = NOTEBOOKS / f"{name}.ipynb"
    command = [sys.executable, "-m", "nbconvert", "--to", "html", str(source)]
    command += ["--output-dir", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    with opened(browser, tmp_path / f"{name}.html") as page:
        count = len(live(nbformat.read(source, as_version=4)))
        assert alive(page, count) == count
        # nbconvert's page asks for MathJax and require.js; the pictures do not
        page.foreign[:] = [url for url in page.foreign if "cdnjs" not in url]
        page.said[:] = [text for text in page.said if "cnnlib" in text]


def test_a_browser_that_cannot_unpack_keeps_the_still_picture(browser, tmp_path):
    path = tmp_path / "old.html"
    head = "<script>delete window.DecompressionStream</script>"
    path.write_text(f"<!doctype html>{head}{PICTURES[NAMES[1]][0]}", "utf-8")
    with opened(browser, path) as page:
        page.wait_for_timeout(300)
        assert page.locator("img").is_visible()
        assert page.locator(LIVE).count() == 0
        assert "DecompressionStream" in page.said.pop()


@pytest.fixture(scope="module", params=["full", "none"])
def address(request, free_port, tmp_path_factory):
    """JupyterLab, with cells out of sight taken out of the page, and with all in it."""
    tracker = "notebook-extension/tracker"
    usual, SETTINGS[tracker] = SETTINGS[tracker], {"windowingMode": request.param}
    try:
        with jupyterlab(NOTEBOOKS, port=free_port()) as address:
            yield address
    finally:
        SETTINGS[tracker] = usual


TRUST = """() => {
    const cells = window.jupyterapp.shell.currentWidget.content.widgets;
    cells.forEach((cell) => { cell.model.trusted = true; });
}"""


@pytest.mark.parametrize("name", ["03_pooling", "05_mnist_cnn"])
def test_jupyterlab_shows_them_as_saved(browser, address, name):
    """First untrusted: still; then trusted, from the last to the first and back."""
    saved = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    count = len(live(saved))  # those that answer a Predict wait to be run
    with offline(browser, address) as page:
        open_notebook(page, address, f"{name}.ipynb")
        places = page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content.model.toJSON().cells
                .map((cell, index) => [index, JSON.stringify(cell.outputs ?? '')])
                .filter(([, text]) => text.includes('data-cnnlib='))
                .map(([index]) => index)"""
        )
        assert len(places) == count
        show(page, places[0])
        cell_at(page, places[0]).locator("figure img").wait_for()
        assert page.locator(LIVE).count() == 0
        page.evaluate(TRUST)
        for place in [*reversed(places), *places]:
            show(page, place)
            cell = cell_at(page, place)
            cell.locator(LIVE).wait_for()
            assert cell.locator(LIVE).count() == 1
            assert not cell.locator(".still img").is_visible()


def cell_at(page, place):
    return page.locator(f'.jp-Cell[data-windowed-list-index="{place}"]')


def show(page, place):
    page.evaluate(
        """async (place) => {
            const content = window.jupyterapp.shell.currentWidget.content;
            content.activeCellIndex = place;
            await content.scrollToItem(place);
        }""",
        place,
    )


def test_a_picture_goes_on_when_others_are_gone(browser, tmp_path):
    """The first cell deleted, another one's output cleared: nobody misses them."""
    path = tmp_path / "last.html"
    steps = [face for face in PICTURES["03_pooling"] if '"step_conv-' in face]
    path.write_text(f"<!doctype html><body>{steps[-1]}", "utf-8")
    with opened(browser, path) as page:
        assert alive(page, 1) == 1
        before = page.locator(LIVE).inner_text()
        button(page, "Forward").first.click()
        assert page.locator(LIVE).inner_text() != before


def test_a_page_saved_while_alive_comes_to_life_once(browser, tmp_path):
    """The saved page holds the script packed, and unpacked where it ran."""
    path = tmp_path / "live.html"
    path.write_text(f"<!doctype html><body>{PICTURES['03_pooling'][0]}", "utf-8")
    with opened(browser, path) as page:
        assert alive(page, 1) == 1
        saved = page.content()
    path.write_text(saved, "utf-8")
    with opened(browser, path) as page:
        assert alive(page, 1) == 1
        page.wait_for_timeout(300)
        assert alive(page, 1) == 1


def test_equal_pictures_live_side_by_side(browser, tmp_path):
    path = tmp_path / "twice.html"
    path.write_text(f"<body>{PICTURES['03_pooling'][0] * 2}", "utf-8")
    with opened(browser, path) as page:
        assert alive(page, 2) == 2
        page.wait_for_timeout(300)
        assert alive(page, 2) == 2
