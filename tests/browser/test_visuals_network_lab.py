"""explore_network and watch_training in a real JupyterLab: a kernel answers."""

import numpy as np
import pytest
import torch
from torch import nn

from .colab import WIDGETS, python_with
from .lab import errors, jupyterlab, open_notebook, outputs, run_all, write_notebook
from .test_visuals_lab import offline

pytestmark = pytest.mark.browser

CELLS = {
    "net": """\
import torch
from torch import nn
from cnnlib import explore_network, watch_training, models
torch.manual_seed(0)
net = nn.Sequential(nn.Conv2d(1, 96, 3), nn.ReLU(), nn.Conv2d(96, 40, 3))
image = torch.rand(1, 60, 60)""",
    "look": "explore_network(net, image)",
    "digits": """\
from cnnlib.data import Digits
x, y = torch.rand(96, 1, 8, 8), torch.arange(96) % 4
small = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(144, 4))
digits = Digits(x[:64], y[:64], x[64:], y[64:], "bundled", "", tuple("abcd"))""",
    "film": "film = watch_training(small, digits, epochs=2)\nfilm",
    "told": "[matrix.tolist() for matrix in film.confusion]",
}
HOST = ".cnnlib-visual"
ONE = f"document.querySelectorAll('{HOST}')"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "network"
    write_notebook(folder / "network.ipynb", CELLS)
    return folder


@pytest.fixture(scope="module", params=WIDGETS)
def lab(browser, free_port, folder, request):
    """The notebook, run from top to bottom; it stays open for all tests."""
    python = python_with(request.param)
    with (
        jupyterlab(folder, port=free_port(), python=python) as address,
        offline(browser, address) as page,
    ):
        open_notebook(page, address, "network.ipynb")
        page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
        run_all(page)
        assert errors(outputs(page)) == []
        page.locator(f"{HOST} .live").nth(1).wait_for()
        yield page


def test_python_answers_for_what_the_page_does_not_hold(lab):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 96, 3), nn.ReLU(), nn.Conv2d(96, 40, 3))
    x = torch.rand(1, 60, 60)[None].requires_grad_()
    maps = net(x)[0]
    unit = (7, 31, 44)
    (gradient,) = torch.autograd.grad(maps[unit], x)
    host = lab.locator(HOST).nth(0)
    assert "of 96 maps" in host.locator(".mosaic .caption").inner_text()
    host.locator("[role=tab]").nth(0).focus()
    lab.keyboard.press("End")
    for name, value in zip(("map", "row", "column"), unit, strict=True):
        host.get_by_label(name, exact=True).focus()
        lab.keyboard.press("Control+a")
        lab.keyboard.type(str(value))
    lab.wait_for_function(
        f"() => {{ const found = {ONE}[0].cnnlib.explained();"
        " return found?.terms && String(found.unit) === '7,31,44'; }",
        timeout=60_000,
    )
    found = lab.evaluate(f"() => {ONE}[0].cnnlib.explained()")
    assert found["value"] == pytest.approx(float(maps[unit].detach()), abs=1e-6)
    assert found["gradient"]["box"] == [31, 44, 5, 5]
    top = float(gradient.abs().max())
    assert found["gradient"]["top"] == pytest.approx(top, rel=1e-5)
    parts = sum(term["sum"] for term in found["terms"]) + found["others"]["sum"]
    assert parts + found["bias"] == pytest.approx(found["value"], abs=1e-5)
    assert "all 40 maps" in host.locator(".mosaic .caption").inner_text()
    assert "not on this page" not in host.locator(".why").inner_text()
    # what was asked stands in a field that nobody sees
    field = lab.locator("[class*=cnnlib-to-python-explore_network] input")
    assert field.count() == 1
    assert not field.is_visible()


def test_the_film_follows_its_live_curve(lab):
    host = lab.locator(HOST).nth(1)
    wanted = lab.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.widgets.at(-1)
            .model.outputs.get(0).toJSON().data['text/plain']"""
    )
    matrices = np.array(eval("".join(wanted)))
    host.get_by_label("Epoch").focus()
    lab.keyboard.press("Home")
    for matrix in matrices:
        cells = host.locator(".confusion .cell").all_inner_texts()
        counts = [0 if text == "·" else int(text) for text in cells]
        assert counts == matrix.flatten().tolist()
        lab.keyboard.press("ArrowRight")
    assert host.locator(".spoken").inner_text().startswith("After epoch 2")
