"""MNIST's rule for where a digit lies in its image, as the page applies it, too."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from cnnlib.plots.arrays import read_image
from cnnlib.text import size

SIDE = 28
"""Pixels along a side of MNIST's images."""
BOX = 20
"""Pixels along the longer side of a centred digit."""
MIDDLE = 14
"""The pixel, counted from 0, on which the centre of mass of MNIST's digits lies."""


def centre_digit(image: Any) -> torch.Tensor:
    """Bring one drawn digit into the form of MNIST's images.

    The digit, as far as it has ink, is scaled until its longer side fills 20 pixels;
    then it is put where its centre of mass lies on pixel (14, 14) of 28x28, counted
    from 0, or as near to that as the image has room for. The rule is that of MNIST's
    makers: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied
    to document recognition", Proceedings of the IEEE 86 (11), 1998, section III.A, and
    the page of the database by Y. LeCun, C. Cortes and C. Burges. Pixel 14 is what one
    measures in its images (lesson 05). As there, pixels have 256 levels.

    ``image``: (H, W) or (1, H, W), of any size, 0 paper and 1 ink. Returns float32
    (1, 28, 28); an image without ink stays empty.

    Raises:
        ValueError: more than one image or channel, or values outside 0 to 1.
    """
    ink = read_digit(image).astype(np.float64)
    inked = ink > 0.1 * ink.max()
    if not inked.any():
        return torch.zeros(1, SIDE, SIDE)
    ends = [_ends(inked.any(axis=1 - axis)) for axis in (0, 1)]
    step = max(last - first for first, last in ends) / BOX
    down, across = (
        _shares(ink.sum(axis=1 - axis), *ends[axis], step) for axis in (0, 1)
    )
    return levels(down @ ink @ across.T)


def read_digit(image: Any) -> np.ndarray:
    """Return one grey image (H, W) with values 0 to 1 as floats.

    Raises:
        ValueError: more than one image or channel, or values outside 0 to 1.
    """
    array = read_image(image, "image")
    if array.shape[0] != 1:
        raise ValueError(
            "A digit is one grey image (H, W) or (1, H, W); this one has "
            f"{array.shape[0]} channels of {size(*array.shape[1:])}."
        )
    low, high = float(array.min()), float(array.max())
    if low < -1e-6 or high > 1 + 1e-6:
        raise ValueError(
            f"The pixels of a digit go from 0 (paper) to 1 (ink); these go from "
            f"{low:g} to {high:g}. Whole numbers 0..255 become that by / 255."
        )
    return array[0].clip(0, 1)


def levels(pixels: np.ndarray) -> torch.Tensor:
    """Round pixels (H, W), 0 to 1, to steps of 1/255: float32 (1, H, W)."""
    whole = np.floor(255 * pixels + 0.5 + 1e-9).clip(0, 255)
    return torch.from_numpy((whole / 255).astype(np.float32))[None]


def _ends(inked: np.ndarray) -> tuple[int, int]:
    """Return where ink begins and ends along an axis (n,)."""
    places = np.flatnonzero(inked)
    return int(places[0]), int(places[-1]) + 1


def _shares(profile: np.ndarray, first: int, last: int, step: float) -> np.ndarray:
    """Return how much of each new pixel each old one covers: (28, n), along an axis.

    ``profile`` (n,) is the ink of each row or column, ``step`` how many of them make a
    new pixel. Rows of the result add up to 1 where they lie inside.
    """
    places = np.arange(len(profile))
    mass = float(profile @ (places + 0.5) / profile.sum())
    room = SIDE - (last - first) / step
    start = min(max(MIDDLE + 0.5 - (mass - first) / step, 0.0), room)
    edges = first + step * (np.arange(SIDE + 1) - start)
    ends = np.minimum(edges[1:, None], places + 1)
    starts = np.maximum(edges[:-1, None], places)
    covered: np.ndarray = (ends - starts).clip(min=0) / step
    return covered
