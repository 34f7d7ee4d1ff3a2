"""Photographs from installed packages: shapes, sizes, credits, errors."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.datasets import load_sample_image

from cnnlib import images


def test_names_are_known_and_sorted():
    assert images.names() == ("china", "flower", "hopper", "sticker")


@pytest.mark.parametrize("name", ["china", "flower"])
def test_colours_are_those_that_scikit_learn_loads(name):
    assert np.array_equal(images.load(name), load_sample_image(f"{name}.jpg"))


@pytest.mark.parametrize(
    ("name", "shape"),
    [("china", (427, 640, 3)), ("hopper", (600, 512, 3)), ("sticker", (100, 100, 4))],
)
def test_shapes_as_on_disk(name, shape):
    picture = images.load(name)
    assert picture.shape == shape
    assert picture.dtype == np.uint8


@pytest.mark.parametrize("name", images.names())
@pytest.mark.parametrize("grey", [False, True])
def test_height_keeps_the_proportions(name, grey):
    whole, small = images.load(name, grey=grey), images.load(name, height=50, grey=grey)
    assert small.shape[0] == 50
    assert small.shape[1] == round(50 * whole.shape[1] / whole.shape[0])
    assert small.shape[2:] == whole.shape[2:]
    assert small.ndim == (2 if grey else 3)


def test_reducing_averages_and_does_not_skip_pixels():
    """427 rows to 61: each new row stands for 7 old ones, 7 columns for 7 columns."""
    whole = images.load("china", grey=True).astype(float)
    small = images.load("china", height=61, grey=True).astype(float)
    means = whole[:, :637].reshape(61, 7, 91, 7).mean(axis=(1, 3))
    assert np.abs(small - means).mean() < 6
    assert np.abs(whole[3::7, 3:637:7] - means).mean() > 8, "what skipping would give"


def test_enlarging_works():
    assert images.load("sticker", height=250).shape == (250, 250, 4)


def test_grey_is_the_brightness_of_the_colours():
    colours = images.load("china").astype(float)
    expected = colours @ [0.299, 0.587, 0.114]
    assert np.abs(images.load("china", grey=True) - expected).max() <= 1


def test_sticker_is_a_disc_on_transparent_ground():
    opacity = images.load("sticker")[..., 3]
    rows, columns = np.mgrid[:100, :100] - 49.5
    distance = np.hypot(rows, columns)
    assert (opacity[distance > 51] == 0).all()
    assert (opacity[distance < 49] == 255).all()
    assert ((opacity > 0) & (opacity < 255)).any(), "the edge should be smooth"


def test_grey_sticker_lies_on_white():
    grey = images.load("sticker", grey=True)
    assert grey.shape == (100, 100)
    assert grey[0, 0] == grey[-1, -1] == 255
    assert grey[50, 50] < 200


@pytest.mark.parametrize("name", images.names())
def test_each_call_gives_an_array_of_its_own(name):
    first = images.load(name)
    first[:] = 0
    assert images.load(name).any()


@pytest.mark.parametrize("name", images.names())
def test_credits_are_complete(name):
    credit = images.credit(name)
    assert all(credit)
    assert credit.package in {"scikit-learn", "matplotlib"}
    assert credit.author in str(credit)
    assert credit.licence in str(credit)
    if credit.package == "scikit-learn":
        assert "CC BY 2.0" in credit.licence


def test_changes_to_the_sticker_are_stated_as_its_licence_asks():
    assert "cut out" in images.credit("sticker").licence


@pytest.mark.parametrize("ask", [images.load, images.credit])
def test_unknown_name_lists_the_names(ask):
    with pytest.raises(ValueError, match=r"'lena'.*'china', 'flower', 'hopper'"):
        ask("lena")


@pytest.mark.parametrize("height", [0, -3])
def test_height_below_one(height):
    with pytest.raises(ValueError, match="1 pixel or more"):
        images.load("china", height=height)


@pytest.mark.parametrize("height", [2.5, "20", True])
def test_height_that_is_no_whole_number(height):
    with pytest.raises(TypeError, match="whole number"):
        images.load("china", height=height)


def test_tensor_has_channels_first_and_values_up_to_one():
    array = images.load("china", height=31)
    tensor = images.to_tensor(array)
    assert tensor.dtype == torch.float32
    assert tensor.shape == (3, *array.shape[:2])
    assert tensor.is_contiguous()
    assert torch.equal(tensor[1, 4, 7] * 255, torch.tensor(float(array[4, 7, 1])))


def test_tensor_of_grey_picture_and_of_sticker():
    assert images.to_tensor(images.load("china", grey=True)).shape == (1, 427, 640)
    assert images.to_tensor(images.load("sticker")).shape == (4, 100, 100)


def test_tensor_of_floating_point_values_is_not_scaled_again():
    tensor = images.to_tensor(np.full((2, 3), 0.25))
    assert tensor.dtype == torch.float32
    assert (tensor == 0.25).all()


@pytest.mark.parametrize("value", [-0.1, 1.1, 255.0, np.nan])
def test_tensor_refuses_floating_point_values_outside_zero_to_one(value):
    with pytest.raises(ValueError, match="Divide by 255"):
        images.to_tensor(np.array([[0.5, value]]))


def test_tensor_does_not_share_memory():
    array = np.zeros((2, 3), np.float32)
    images.to_tensor(array)[:] = 1
    assert not array.any()


def test_tensor_refuses_other_integers():
    with pytest.raises(TypeError, match="int64"):
        images.to_tensor(np.zeros((2, 3), np.int64))


@pytest.mark.parametrize("shape", [(3,), (1, 3, 4, 5)])
def test_tensor_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match="height, width"):
        images.to_tensor(np.zeros(shape))


@pytest.mark.process
def test_photographs_need_neither_scikit_learn_loaded_nor_torchvision():
    """Importing scikit-learn would cost a second in lesson 01."""
    code = (
        "import sys; from cnnlib import images; images.load('china');"
        "sys.exit(any(name in sys.modules for name in ('sklearn', 'torchvision')))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_missing_package_is_named_with_its_cure(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="pip install scikit-learn"):
        images.load("china")
