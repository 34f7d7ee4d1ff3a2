"""Scikit-learn's digits in the form of MNIST."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from cnnlib import data
from cnnlib.data import bundled_digits


@pytest.fixture(scope="module")
def bundled():
    return data.load_mnist("bundled", verbose=False)


def test_bundled_digits_have_the_form_of_mnist(bundled):
    assert bundled.train_images.shape == (1437, 1, 28, 28)
    assert bundled.test_images.shape == (360, 1, 28, 28)
    for images in (bundled.train_images, bundled.test_images):
        assert images.dtype == torch.float32
        assert images.min() == 0
        assert images.max() == 1
    assert bundled.train_labels.dtype == bundled.test_labels.dtype == torch.int64
    assert bundled.train_labels.unique().tolist() == list(range(10))
    assert bundled.test_labels.bincount().tolist() == [36] * 10


def test_bundled_split_is_all_of_the_digits_each_once(bundled):
    labels = torch.cat([bundled.train_labels, bundled.test_labels]).bincount()
    assert labels.tolist() == np.bincount(load_digits().target).tolist()
    images = torch.cat([bundled.train_images, bundled.test_images]).flatten(1)
    assert len(images.unique(dim=0)) == len(images)


def test_bundled_images_are_those_of_scikit_learn_with_their_labels(bundled):
    source = load_digits()
    expected = bundled_digits.to_mnist_form(
        torch.from_numpy(source.images).float() / 16
    )
    for digit in range(10):
        theirs = expected[source.target == digit]
        kept = bundled.only([digit])
        both = torch.cat([kept.train_images, kept.test_images]).flatten(1)
        assert torch.equal(both.unique(dim=0), theirs.flatten(1).unique(dim=0))


def test_bundled_strokes_are_smooth_and_not_blocks(bundled):
    """Cells of 8x8 hold 17 values; between them there are many more."""
    assert len(bundled.train_images.unique()) > 1000


def test_bundled_split_is_always_the_same(bundled):
    torch.manual_seed(1)
    again = data.load_mnist("bundled", verbose=False)
    assert torch.equal(again.train_images, bundled.train_images)
    assert torch.equal(again.test_labels, bundled.test_labels)


def test_bundled_digits_are_centred_within_a_frame(bundled):
    images = torch.cat([bundled.train_images, bundled.test_images])[:, 0]
    where = torch.arange(28.0)
    for axis in (1, 2):
        ink = images.sum(dim=3 - axis)
        centres = (ink * where).sum(dim=1) / ink.sum(dim=1)
        assert (centres - 13.5).abs().max() <= 0.51
    inked = images.amax(dim=0) > 0
    assert not inked[0].any()
    assert not inked[:, 0].any()
    for axis in (1, 2):
        lines = (images.amax(dim=axis) > 0).int()
        first, last = lines.argmax(dim=1), 27 - lines.flip(1).argmax(dim=1)
        assert (last - first + 1).max() <= 20


def test_bundled_digits_show_the_digits_of_scikit_learn():
    """Reduced to 8x8 again, at the best of all shifts, they look as before."""
    cells = torch.from_numpy(load_digits().images[:200]).float() / 16
    images = bundled_digits.to_mnist_form(cells)
    cells = cells.flatten(1) - cells.mean(dim=(1, 2))[:, None]
    best = torch.zeros(len(cells))
    for row in range(9):
        for column in range(9):
            window = images[:, :, row : row + 20, column : column + 20]
            small = torch.nn.functional.adaptive_avg_pool2d(window, 8).flatten(1)
            small = small - small.mean(dim=1, keepdim=True)
            best = best.max(torch.cosine_similarity(cells, small))
    assert best.min() > 0.85


def test_bundled_strokes_are_about_as_bright_as_mnists(bundled):
    """MNIST: mean 0.1307, standard deviation 0.3081."""
    assert abs(bundled.train_images.mean() - 0.1307) < 0.03
    assert abs(bundled.train_images.std() - 0.3081) < 0.03


def test_bundled_digits_can_be_told_apart(bundled):
    means = torch.stack(
        [bundled.train_images[bundled.train_labels == k].mean(dim=0) for k in range(10)]
    )
    distances = torch.cdist(bundled.test_images.flatten(1), means.flatten(1))
    accuracy = (distances.argmin(dim=1) == bundled.test_labels).float().mean()
    assert accuracy > 0.85
