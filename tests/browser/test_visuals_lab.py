"""The visuals in a real JupyterLab, and in what nbconvert makes of it, offline."""

import subprocess
import sys
from contextlib import contextmanager

import nbformat
import pytest
import torch
import torch.nn.functional as F
from axe_playwright_python.sync_playwright import Axe

from .colab import WIDGETS, python_with
from .lab import (
    errors,
    jupyterlab,
    keep_inside,
    open_notebook,
    outputs,
    run_all,
    write_notebook,
)
from .test_visuals_kernel import conv2d, response
from .test_visuals_page import LIVE, button, opened, photo
from .test_visuals_step import Case, check_step

pytestmark = pytest.mark.browser

CELLS = {
    "first": """\
import torch
from cnnlib import *
torch.manual_seed(0)
x = torch.randint(-9, 10, (2, 5, 5)).double()
k = torch.randint(-9, 10, (2, 3, 3)).double()
photo = images.to_tensor(images.load("china", height=48, grey=True))""",
    "conv": "step_conv(x, k, bias=2, padding=1)",
    "pool": "step_pool(x, 2, stride=1)",
    "kernel": "explorer = explore_kernel(photo)\nexplorer",
    "told": "explorer.kernel.tolist(), explorer.stride, explorer.padding_mode",
    "again": "explorer",
    "sizes": "explore_sizes()",
    "versions": "import ipywidgets, ipykernel, IPython\n"
    "ipywidgets.__version__, ipykernel.__version__, IPython.__version__",
}
HOSTS = ["conv", "pool", "kernel", "again", "sizes"]
HOST = ".cnnlib-visual"
KEYS = "a b d d x v m 1 z ArrowDown ArrowUp"
"""Commands of JupyterLab: insert, delete, cut, paste, Markdown, heading, undo, move."""


def case(name):
    torch.manual_seed(0)
    x = torch.randint(-9, 10, (2, 5, 5)).double()
    k = torch.randint(-9, 10, (2, 3, 3)).double()
    if name == "pool":
        return Case(x, mode="max", window=2, options={"stride": 1})
    return Case(x, k, options={"bias": 2, "padding": 1})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "visuals"
    write_notebook(folder / "all.ipynb", CELLS)
    return folder


@contextmanager
def offline(browser, address):
    """A page that reaches JupyterLab only; in the end it has reported no error."""
    size = {"width": 1100, "height": 1400}
    context = browser.new_context(viewport=size, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(15_000)
    own, page.said = address.split("/lab/")[0], []
    foreign = keep_inside(page, own, "data:", "blob:")

    def hear(message):
        url = message.location["url"]
        if message.type == "error" and "/lsp/" not in url:  # a part we do without
            page.said.append(f"{message.text} {url}")

    page.on("console", hear)
    page.on("pageerror", lambda error: page.said.append(str(error)))
    try:
        yield page
        assert page.said == []
        assert foreign == []
    finally:
        context.close()


@pytest.fixture(scope="module")
def address(free_port, folder):
    with jupyterlab(folder, port=free_port()) as address:
        yield address


@pytest.fixture(scope="module")
def ran(browser, address):
    """The notebook, run from top to bottom; it stays open for all tests."""
    with offline(browser, address) as page:
        open_notebook(page, address, "all.ipynb")
        page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
        run_all(page)
        assert errors(outputs(page)) == []
        yield page


@pytest.fixture
def lab(ran):
    """The open notebook; an error on its console fails the test that made it."""
    yield ran
    said, ran.said[:] = list(ran.said), []
    assert said == []


def host(page, name):
    return page.locator(HOST).nth(HOSTS.index(name))


def fresh(page, name):
    """Run the cell of a visual; return the visual, as it is in the beginning."""
    run_cell(page, name)
    visual = host(page, name)
    visual.locator(".live").wait_for()
    return visual


def run_cell(page, name):
    """Run one cell and return its outputs."""
    index = list(CELLS).index(name)
    cell = f"window.jupyterapp.shell.currentWidget.content.widgets[{index}]"
    before = page.evaluate(f"() => {cell}.model.executionCount")
    page.evaluate(
        """async (index) => {
            const panel = window.jupyterapp.shell.currentWidget;
            panel.content.activeCellIndex = index;
            panel.content.deselectAll();
            await window.jupyterapp.commands.execute('notebook:run-cell');
        }""",
        index,
    )
    page.wait_for_function(
        f"""() => ![null, {before or 0}].includes({cell}.model.executionCount)
            && {cell}.model.outputs.length > 0"""
    )
    return outputs(page)[index]["outputs"]


def value_of(page, name):
    """The value of the last line of a cell, when it is run now."""
    (output,) = run_cell(page, name)
    return eval(output["data"]["text/plain"])


def sources(page):
    return [cell["source"] for cell in outputs(page)]


@pytest.mark.parametrize("name", ["conv", "pool"])
def test_every_step_by_keyboard_is_torchs_and_asks_nobody(lab, name):
    page, one, visual = lab, case(name), fresh(lab, name)
    page.evaluate(
        """() => {
            window.sent = 0;
            const send = WebSocket.prototype.send;
            WebSocket.prototype.send = function (...what) {
                window.sent += 1;
                return send.apply(this, what);
            };
        }"""
    )
    last = one.output.numel() - 1
    button(visual, "Forward").focus()
    for k in range(1, last + 1):
        page.keyboard.press("Enter")
        check_step(visual, one, k)
    button(visual, "Back").focus()
    page.keyboard.press("Space")
    check_step(visual, one, last - 1)
    visual.get_by_role("slider", name="Step").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    check_step(visual, one, 1)
    visual.locator(".cell[tabindex='0'][role=gridcell]").first.focus()
    page.keyboard.press("ArrowDown")
    check_step(visual, one, one.output.shape[2] + 1)
    assert page.evaluate("window.sent") == 0
    run_cell(page, "versions")
    assert page.evaluate("window.sent") > 0  # it would have been counted


@pytest.mark.parametrize("name", ["conv", "kernel", "sizes"])
def test_jupyterlab_takes_no_key_for_a_command_of_its_own(lab, name):
    page, visual = lab, fresh(lab, name)
    before = sources(page)
    controls = visual.locator(":is(button, input, select, [tabindex='0']):visible")
    for index in range(min(12, controls.count())):
        control = controls.nth(index)
        control.focus()
        for key in KEYS.split():
            page.keyboard.press(key)
        assert control.evaluate("e => e === document.activeElement")
    assert sources(page) == before


def test_predicting_by_keyboard_alone(lab):
    page, one, visual = lab, case("conv"), fresh(lab, "conv")
    button(visual, "Predict").press("Enter")
    values = one.output.flatten().tolist()
    page.keyboard.type(f"{values[0] - 2:g}")
    page.keyboard.press("Enter")
    assert "the bias was forgotten" in visual.locator(".verdict.wrong").inner_text()
    for k in range(3):
        page.keyboard.press("Control+a")
        page.keyboard.type(f"{values[k]:g}")
        page.keyboard.press("Enter")
        assert visual.locator(".verdict.right").is_visible()
        check_step(visual, one, k, spoken=False)
        page.keyboard.press("Enter")
    score = visual.locator(".score").inner_text()
    assert score == "2 of 3 right at the first try"


def change_kernel(page, visual):
    """Type a weight, choose stride and padding; return what comes of it."""
    visual.locator(".editor input").nth(4).focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("-2.5")
    visual.get_by_label("Stride", exact=True).select_option("2")
    visual.get_by_label("Padding", exact=True).select_option("reflect")
    return torch.tensor([[-1.0, 0, 1], [-1, -2.5, 1], [-1, 0, 1]])


def check_python_has_it(page):
    first = fresh(page, "kernel")
    first.locator(".told").wait_for(state="visible")
    kernel = change_kernel(page, first)
    right = conv2d(photo(), kernel, "reflect", 2)
    torch.testing.assert_close(response(first), right, rtol=1e-6, atol=1e-6)
    page.wait_for_timeout(300)
    assert value_of(page, "told") == (kernel.tolist(), 2, "reflect")
    # shown once more it is what it has become, and the two go on side by side
    again = fresh(page, "again")
    again.locator(".told").wait_for(state="visible")
    weights = again.locator(".editor input")
    values = weights.evaluate_all("all => all.map(e => +e.value)")
    assert values == kernel.flatten().tolist()
    weights.first.fill("7")
    page.wait_for_timeout(300)
    assert value_of(page, "told")[0][0] == [7, 0, 1]


def test_python_has_the_kernel_of_the_page(lab):
    assert value_of(lab, "versions")[0].startswith("8.")
    check_python_has_it(lab)


def test_python_has_the_kernel_with_the_widgets_of_colab(browser, free_port, folder):
    python = python_with(WIDGETS[1])
    with (
        jupyterlab(folder, port=free_port(), python=python) as address,
        offline(browser, address) as page,
    ):
        open_notebook(page, address, "all.ipynb")
        run_all(page)
        page.locator(LIVE).nth(len(HOSTS) - 1).wait_for()
        assert errors(outputs(page)) == []
        assert value_of(page, "versions") == ("7.7.1", "6.17.1", "7.34.0")
        check_python_has_it(page)
        button(host(page, "conv"), "Forward").press("Enter")
        check_step(host(page, "conv"), case("conv"), 1)


def test_sizes_by_keyboard(lab):
    visual = fresh(lab, "sizes")
    visual.get_by_role("slider", name="A: stride").focus()
    lab.keyboard.press("ArrowRight")
    size = F.conv2d(torch.ones(1, 1, 7, 7), torch.ones(1, 1, 3, 3), stride=2).shape[-1]
    assert visual.locator(".formula strong").first.inner_text() == f"= {size}"


def no_violation(page):
    found = Axe().run(page, context=HOST)
    assert not found.violations_count, found.generate_report()


def test_axe_and_a_phone(lab):
    no_violation(lab)
    whole = lab.viewport_size
    lab.set_viewport_size({"width": 375, "height": 900})
    lab.wait_for_timeout(500)
    wide = lab.locator(LIVE).evaluate_all(
        """all => all.flatMap((e) => [...e.querySelectorAll('*')].filter((part) =>
            part.getBoundingClientRect().right > e.getBoundingClientRect().right + 1
            && !part.closest('.scroll')).map((part) => part.outerHTML.slice(0, 99)))"""
    )
    lab.set_viewport_size(whole)
    assert wide == []


def wear(page, theme):
    page.evaluate(
        """async (theme) => { await window.jupyterapp.commands.execute(
            'apputils:change-theme', { theme: `JupyterLab ${theme}` }) }""",
        theme.capitalize(),
    )
    page.wait_for_function(
        f"""() => [...document.querySelectorAll('{HOST}')]
            .every((e) => e.dataset.theme === '{theme}')"""
    )


def test_dark_jupyterlab(lab):
    try:
        wear(lab, "dark")
        no_violation(lab)
        run_cell(lab, "conv")  # and one that is born in the dark
        assert host(lab, "conv").get_attribute("data-theme") == "dark"
    finally:
        wear(lab, "light")


def forget_jupyters_own(page):
    """What JupyterLab says of a field, or of a debugger, whose kernel is gone."""
    own = ("widget model not found", "Could not restore the debugger state")
    page.said[:] = [text for text in page.said if not any(map(text.count, own))]


def test_saved_and_opened_again_without_a_kernel(lab, browser, address):
    """Trusted by the one who ran it: alive, and no error where Python's field was."""
    copied = lab.evaluate(
        """async () => {
            const app = window.jupyterapp;
            await app.commands.execute('docmanager:save');
            return (await app.serviceManager.contents.copy('all.ipynb', '')).path;
        }"""
    )
    with offline(browser, address) as page:
        open_notebook(page, address, copied)
        page.wait_for_selector(LIVE)
        for lost in page.get_by_text("model not found").all():
            lost.wait_for(state="hidden")
        page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"
        )
        assert page.locator(LIVE).count() == len(HOSTS)
        button(host(page, "conv"), "Forward").click()
        check_step(host(page, "conv"), case("conv"), 1)
        kernel = change_kernel(page, host(page, "kernel"))
        right = conv2d(photo(), kernel, "reflect", 2)
        found = response(host(page, "kernel"))
        torch.testing.assert_close(found, right, rtol=1e-6, atol=1e-6)
        assert not host(page, "kernel").locator(".told").is_visible()
        forget_jupyters_own(page)


def test_a_notebook_from_elsewhere_shows_the_still_pictures(lab, browser, address):
    """Not run here yet, so not trusted: JupyterLab takes the scripts away."""
    lab.evaluate(
        """async () => {
            const app = window.jupyterapp;
            const content = app.shell.currentWidget.content.model.toJSON();
            content.metadata.sent = 'so that nobody has signed it';
            content.cells.forEach((cell) => delete cell.metadata.trusted);
            await app.serviceManager.contents.save('sent.ipynb',
                { type: 'notebook', format: 'json', content });
        }"""
    )
    with offline(browser, address) as page:
        open_notebook(page, address, "sent.ipynb")
        pictures = page.locator(".jp-OutputArea figure img")
        pictures.first.wait_for()
        assert pictures.count() == len(HOSTS)
        assert all(picture.is_visible() for picture in pictures.all())
        assert page.locator(LIVE).count() == 0
        run_all(page)
        assert page.locator(LIVE).count() == len(HOSTS)
        forget_jupyters_own(page)


@pytest.fixture(scope="module")
def exported(ran, tmp_path_factory):
    """What ``jupyter nbconvert --to html`` makes of the notebook as it stands."""
    for name in HOSTS:
        fresh(ran, name)
    content = ran.evaluate(
        "() => window.jupyterapp.shell.currentWidget.content.model.toJSON()"
    )
    folder = tmp_path_factory.mktemp("exported")
    nbformat.write(nbformat.from_dict(content), folder / "all.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "all.ipynb"]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return folder / "all.html"


def test_exported_by_nbconvert(browser, exported):
    with opened(browser, exported) as page:
        assert page.locator(LIVE).count() == len(HOSTS)
        button(host(page, "conv"), "Forward").press("Enter")
        check_step(host(page, "conv"), case("conv"), 1)
        right = conv2d(photo(), torch.tensor([[-1.0, 0, 1]] * 3))
        found = response(host(page, "kernel"))
        torch.testing.assert_close(found, right, rtol=1e-6, atol=1e-6)
        # nbconvert's page asks for MathJax and require.js; the visuals do not
        page.foreign[:] = [url for url in page.foreign if "cdnjs" not in url]
        page.said[:] = [text for text in page.said if "cnnlib" in text]


def test_exported_and_without_scripts(browser, exported):
    with opened(browser, exported, java_script_enabled=False) as page:
        pictures = page.locator(f"{HOST} figure")
        assert pictures.count() == len(HOSTS)
        for picture in pictures.all():
            assert picture.locator("img").is_visible()
            assert len(picture.locator("img").get_attribute("alt")) > 60
            assert picture.locator("figcaption").is_visible()
        assert page.locator(LIVE).count() == 0
        page.foreign[:] = [url for url in page.foreign if "cdnjs" not in url]
        page.said.clear()  # what nbconvert's page asks for was refused
