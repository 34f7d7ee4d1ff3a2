"""The page that lists the differences from torchinfo says what is so."""

import pytest
import torchinfo

from cnnlib import models, summary
from tests.cnnlib.torchinfo_differences import CASES, PAGE, page

pytestmark = pytest.mark.slow


@pytest.mark.skipif(torchinfo.__version__ != "1.8.0", reason="the page is about 1.8.0")
def test_the_page_is_what_is_computed():
    assert PAGE.read_text() == page()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_cnnlib_has_the_true_figures(case):
    figures = case.measure().figures
    assert figures["cnnlib"] == figures["truth"]


@pytest.mark.parametrize(
    ("net", "size"), [(models.lenet5(), (1, 32, 32)), (models.mnist_cnn(), (1, 28, 28))]
)
def test_parameters_and_shapes_of_layers_agree(net, size):
    theirs = torchinfo.summary(net, (1, *size), verbose=0, depth=9).summary_list
    layers = [info for info in theirs if not list(info.module.children())]
    rows = summary(net, size).rows
    assert [tuple(info.output_size[1:]) for info in layers] == [
        row.output_shape for row in rows
    ]
    assert [info.num_params for info in layers] == [row.params for row in rows]


def test_torchinfo_calls_blocks_recursive_that_share_a_relu():
    [case] = [case for case in CASES if case.title.startswith("One ReLU shared")]
    theirs = str(torchinfo.summary(case.make(), (1, *case.size), verbose=0))
    assert "(recursive)" in theirs
