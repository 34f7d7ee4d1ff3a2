"""explore_kernel in Python: its image, its state, what the page may tell it."""

import base64
import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cnnlib import explore_kernel, images
from cnnlib.visuals.shared.bridge import VIEW, Bridge

EDGES = torch.tensor([[-1.0, 0, 1]] * 3)
BLUR = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16


def photo(height=40, grey=True):
    return images.to_tensor(images.load("china", height=height, grey=grey))


def pixels(explorer):
    """The image as the page decodes it."""
    data = explorer.data["image"]
    levels = np.frombuffer(base64.b64decode(data["levels"]), np.uint8)
    span = data["high"] - data["low"]
    values = data["low"] + span * levels.astype(np.float64) / 255
    return values.reshape(data["height"], data["width"])


def test_a_photograph_is_kept_exactly():
    image = photo()
    explorer = explore_kernel(image)
    assert torch.equal(explorer.image, image)
    np.testing.assert_allclose(pixels(explorer), image[0].numpy(), atol=1e-7)


def test_bytes_as_floats_keep_their_values():
    image = torch.arange(256.0).reshape(16, 16)
    explorer = explore_kernel(image)
    assert torch.equal(explorer.image[0], image)
    assert (explorer.data["image"]["low"], explorer.data["image"]["high"]) == (0, 255)


def test_other_numbers_are_rounded_to_256_levels_and_image_says_to_which():
    torch.manual_seed(0)
    image = torch.randn(20, 30)
    explorer = explore_kernel(image)
    step = (image.max() - image.min()) / 255
    assert (explorer.image[0] - image).abs().max() <= step / 2 + 1e-6
    np.testing.assert_allclose(pixels(explorer), explorer.image[0].numpy(), atol=1e-6)


def test_a_flat_image_is_no_error():
    assert torch.equal(
        explore_kernel(torch.full((6, 6), 3.0)).image[0], torch.full((6, 6), 3.0)
    )
    assert explore_kernel(torch.full((6, 6), 0.3)).image.std() < 1e-6


def test_colours_are_shown_in_grey():
    image = photo(grey=False)
    explorer = explore_kernel(image)
    assert explorer.image.shape == (1, *image.shape[1:])
    assert (explorer.image - image.mean(0)).abs().max() < 1 / 255


@pytest.mark.parametrize("height", [256, 257, 400])
def test_large_images_are_reduced_and_the_page_says_so(height):
    image = torch.rand(1, height, 300)
    explorer = explore_kernel(image)
    small = F.avg_pool2d(image, 2)
    assert explorer.image.shape == small.shape
    assert (explorer.image - small).abs().max() < 1 / 255
    assert "each pixel is the mean of 2x2 pixels" in explorer.data["facts"]
    assert "reduced" not in explore_kernel(image[:, :256, :256]).data["facts"]


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular", "none"])
@pytest.mark.parametrize("stride", [1, 3])
@pytest.mark.parametrize("size", [3, 5])
def test_response_is_that_of_conv2d(mode, stride, size):
    torch.manual_seed(size)
    kernel = torch.randn(size, size)
    explorer = explore_kernel(photo(), kernel)
    told = {"kernel": kernel.tolist(), "stride": stride, "padding_mode": mode}
    explorer._bridge.receive(json.dumps(told))
    p = 0 if mode == "none" else size // 2
    layer = torch.nn.Conv2d(
        1,
        1,
        size,
        stride,
        p,
        bias=False,
        padding_mode="zeros" if mode == "none" else mode,
    )
    layer.weight.data = kernel[None, None]
    right = layer(photo()[None]).detach()[0, 0]
    torch.testing.assert_close(explorer.response, right, rtol=1e-5, atol=1e-5)


def test_what_the_page_says_is_taken_over_and_shown_next_time():
    explorer = explore_kernel(photo())
    before, sentence = explorer.data, explorer.sentence
    assert torch.equal(explorer.kernel, EDGES)
    told = {"kernel": BLUR.tolist(), "stride": 2, "padding_mode": "reflect"}
    explorer._bridge.receive(json.dumps(told))
    assert torch.equal(explorer.kernel, BLUR)
    assert (explorer.stride, explorer.padding_mode) == (2, "reflect")
    assert explorer.response.shape == (20, 30)
    explorer._draw()
    assert explorer.data["kernel"] == BLUR.tolist()
    assert explorer.sentence != sentence
    assert "stride 2" in explorer.sentence
    assert explorer.data["bridge"] == before["bridge"] != ""


def said(kernel="[[0, 0, 0], [0, 0, 0], [0, 0, 0]]", stride=1, mode='"zeros"'):
    return f'{{"kernel": {kernel}, "stride": {stride}, "padding_mode": {mode}}}'


@pytest.mark.parametrize(
    "text",
    [
        *("", "no json", "[]", "3", "{}"),
        said("[[1, 2], [3, 4]]"),
        said('[["a", 0, 0], [0, 0, 0], [0, 0, 0]]'),
        said("[[0, 0, 0], [0, 0, 0], [0, 0]]"),
        said("[[0, 0, 0], [0, 0, 0], [0, 0, NaN]]"),
        said("null"),
        said(stride=0),
        said(stride='"1"'),
        said(stride="[1]"),
        said(mode='"mirror"'),
        said(mode="[1]"),
    ],
)
def test_what_cannot_be_is_not_taken_over(text):
    explorer = explore_kernel(photo())
    explorer._bridge.receive(text)
    assert torch.equal(explorer.kernel, EDGES)
    assert (explorer.stride, explorer.padding_mode) == (1, "zeros")
    explorer._bridge.receive(said())
    assert explorer.kernel.abs().sum() == 0


def test_without_a_kernel_nothing_is_put_into_the_output(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *a, **k: shown.append((a, k)))
    explore_kernel(photo())._ipython_display_()
    ((bundle,), options), *rest = shown
    assert rest == []
    assert options == {"raw": True}
    assert set(bundle) == {"text/plain", "text/html", "image/png"}


def test_with_a_kernel_a_hidden_field_of_that_name_follows(monkeypatch):
    shown, heard = [], []
    monkeypatch.setattr("cnnlib.visuals.shared.bridge._in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda *a, **k: shown.append(a[0]))
    bridge = Bridge("some-name", heard.append)
    bridge.show()
    bridge.show()
    field = bridge._field
    assert field.layout.display == "none"
    assert field._dom_classes == ("cnnlib-to-python-some-name",)
    view = {"version_major": 2, "version_minor": 0, "model_id": field.model_id}
    assert shown == [{VIEW: view}] * 2  # one field, shown twice
    field.value = '{"kernel": 1}'
    assert heard == [{"kernel": 1}]


def test_a_broken_ipywidgets_does_not_stop_the_picture(monkeypatch):
    import sys

    monkeypatch.setattr("cnnlib.visuals.shared.bridge._in_notebook", lambda: True)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    Bridge("some-name", print).show()


REFUSED = [
    (
        "3x3 or 5x5 weights; this one has shape \\(4, 4\\)",
        (torch.ones(9, 9), torch.ones(4, 4)),
    ),
    (
        "3x3 or 5x5 weights; this one has shape \\(2, 3, 3\\)",
        (torch.ones(9, 9), torch.ones(2, 3, 3)),
    ),
    ("finite numbers", (torch.ones(9, 9), torch.full((3, 3), torch.nan))),
    ("real numbers", (torch.ones(9, 9), "blur")),
    ("at least 5 rows and columns.* 4x9", (torch.ones(4, 9), EDGES)),
    ("nothing is left", (torch.ones(5, 900), EDGES)),
    ("1 \\(grey\\), 3 \\(RGB\\) or 4", (torch.ones(5, 9, 9), EDGES)),
    ("finite numbers", (torch.full((9, 9), torch.inf), EDGES)),
    ("one picture", (torch.ones(2, 1, 9, 9), EDGES)),
]


@pytest.mark.parametrize(("words", "given"), REFUSED)
def test_what_cannot_be_explored_is_refused_in_a_sentence(words, given):
    with pytest.raises((ValueError, TypeError), match=words):
        explore_kernel(*given)
