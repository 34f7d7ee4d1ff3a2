"""draw_digit in JupyterLab: the model in the kernel answers, as it is just then."""

import ast

import pytest
import torch

from cnnlib import models
from cnnlib.visuals.digit.models import example_digits

from .colab import WIDGETS, python_with
from .lab import jupyterlab, open_notebook, outputs, write_notebook

pytestmark = pytest.mark.browser

CELLS = {
    "pad": """\
import torch
from cnnlib import draw_digit, models
torch.manual_seed(0)
net = models.mnist_cnn()
pad = draw_digit(net, centre=False)
pad""",
    "trained": "with torch.no_grad(): net.fc.bias.copy_(torch.arange(10.0) / 4)",
    "asked": "(pad.image * 255).flatten().tolist(), pad.probabilities.tolist()",
    "broken": "net.fc = torch.nn.Linear(3, 10)",
}
ROWS = "() => document.querySelector('.cnnlib-visual').cnnlib.probabilities() ?? null"


@pytest.fixture(params=WIDGETS)
def address(free_port, tmp_path, request):
    folder = tmp_path / "pads"
    write_notebook(folder / "pad.ipynb", CELLS)
    python = python_with(request.param)
    with jupyterlab(folder, port=free_port(), python=python) as address:
        yield address


def run_cell(page, name):
    page.evaluate(
        """async (index) => {
            window.jupyterapp.shell.currentWidget.content.activeCellIndex = index;
            await window.jupyterapp.commands.execute('notebook:run-cell');
        }""",
        list(CELLS).index(name),
    )
    return outputs(page)[list(CELLS).index(name)]["outputs"]


def answered(page, digit, words):
    """Load an example; wait until the page says who answered; return the row."""
    page.get_by_role("button", name=f"Example {digit}").click()
    page.wait_for_function(
        """([digit, words]) => {
            const host = document.querySelector('.cnnlib-visual');
            const said = host.querySelector('.spoken').innerText;
            const loaded = said.includes(`Example ${digit}. `);
            return loaded && host.innerText.includes(words);
        }""",
        arg=[digit, words],
    )
    return page.evaluate(ROWS)


def test_the_model_in_the_kernel_answers(page, address):
    said = []
    page.on("pageerror", lambda error: said.append(str(error)))
    open_notebook(page, address, "pad.ipynb")
    net = run_first(page)
    words = "Answered by the model in Python."
    image = example_digits()[3]
    with torch.no_grad():
        right = net(image[None]).softmax(1)
        found = torch.tensor(answered(page, 3, words))
        torch.testing.assert_close(found, right, atol=1e-6, rtol=0)  # not rounded
        run_cell(page, "trained")
        net.fc.bias.copy_(torch.arange(10.0) / 4)
        found = torch.tensor(answered(page, 4, words))
        right = net(example_digits()[4][None]).softmax(1)
        torch.testing.assert_close(found, right, atol=1e-6, rtol=0)
    (output,) = run_cell(page, "asked")
    pixels, row = ast.literal_eval("".join(output["data"]["text/plain"]))
    assert pixels == pytest.approx((255 * example_digits()[4]).flatten().tolist())
    assert row == pytest.approx(right[0].tolist(), abs=1e-6)
    run_cell(page, "broken")
    assert answered(page, 5, "The model cannot read it any more: ") is None
    assert page.foreign == []
    assert said == []


def run_first(page):
    """Run the first cell only; return the same net."""
    run_cell(page, "pad")
    page.locator(".cnnlib-visual .live").wait_for()
    torch.manual_seed(0)
    return models.mnist_cnn().eval()
