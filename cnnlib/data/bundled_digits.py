"""Scikit-learn's bundled handwritten digits, brought to the form of MNIST.

The 1,797 digits are those of E. Alpaydin and C. Kaynak (1998), Optical Recognition of
Handwritten Digits, UCI Machine Learning Repository: 8x8 cells, each the count 0..16 of
inked pixels in a 4x4 block of the scanned image.
"""

import numpy as np
import torch
from torch.nn.functional import interpolate, pad

from .places import package_folder

BOX = 20  # MNIST's digits fill a 20x20 box within the 28x28 image
_SIZE = 28
_ROOM = (_SIZE - BOX) // 2
_TEST_PER_CLASS = 36  # about one image in five is kept for testing


def load() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Training images and labels, test images and labels, always the same split.

    The test images are 36 of each class, spread evenly over the order in which they
    were collected: 1,437 training and 360 test images. So the same people wrote both,
    unlike MNIST's.

    Returns:
        Images as float32 (N, 1, 28, 28) in 0..1, labels as int64 (N,).
    """
    cells, labels, test = read()
    images = to_mnist_form(cells.float() / 16)
    return images[~test], labels[~test], images[test], labels[test]


def read() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return all digits as they came, and which are for testing.

    Returns:
        Counts of ink 0..16 as int64 (N, 8, 8), labels as int64 (N,), bool (N,).
    """
    # Read directly: to import scikit-learn takes longer than all the rest.
    file = package_folder("sklearn", "scikit-learn") / "datasets/data/digits.csv.gz"
    rows = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.int64))  # (N, 65)
    labels = rows[:, -1]
    return rows[:, :-1].reshape(-1, 8, 8), labels, _spread_over_each_class(labels)


def to_mnist_form(cells: torch.Tensor) -> torch.Tensor:
    """Bring digits (N, 8, 8) in 0..1 to images (N, 1, 28, 28) in 0..1.

    As MNIST was made: the digit fills a 20x20 box, here by bicubic interpolation, and
    the box lies so that the digit's centre of mass is in the middle of the image. The
    contrast is raised, since interpolation leaves strokes paler than MNIST's.
    """
    framed = strokes(cells)
    moves = shifts(framed).tolist()
    rolled = zip(framed, moves, strict=True)
    return torch.stack([image.roll(move, dims=(1, 2)) for image, move in rolled])


def strokes(cells: torch.Tensor) -> torch.Tensor:
    """Bring digits (N, 8, 8) in 0..1 to the middle of images (N, 1, 28, 28)."""
    smooth = interpolate(cells[:, None], size=(BOX, BOX), mode="bicubic")
    return pad(((smooth - 0.3) / 0.5).clamp(0, 1), (_ROOM,) * 4)


def shifts(images: torch.Tensor) -> torch.Tensor:
    """Return how far to move each image down and right, in pixels: int32 (N, 2).

    Then the digit's centre of mass is in the middle, as near as there is room for it.
    """
    middle = (_SIZE - 1) / 2
    where = torch.arange(_SIZE, dtype=images.dtype)
    mass = images.sum(dim=(1, 2, 3))
    centres = [(images.sum(dim=(1, axis)) * where).sum(dim=1) / mass for axis in (3, 2)]
    found = (middle - torch.stack(centres, dim=1)).round().clamp(-_ROOM, _ROOM)
    return found.int()


def _spread_over_each_class(labels: torch.Tensor) -> torch.Tensor:
    chosen = torch.zeros(len(labels), dtype=torch.bool)
    for label in labels.unique():
        places = (labels == label).nonzero()[:, 0]
        steps = torch.arange(_TEST_PER_CLASS) * len(places) // _TEST_PER_CLASS
        chosen[places[steps]] = True
    return chosen
