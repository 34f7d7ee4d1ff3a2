"""Changes that keep a digit's name: small random shifts, turns and zooms.

Each function returns a callable for ``fit(..., augment=...)``: it takes a batch
(N, C, H, W) and returns a new one of the same shape, every image changed by its own
random amount, with zeros where nothing was.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Augment = Callable[[Tensor], Tensor]


def random_shift(pixels: int) -> Augment:
    """Shift each image by -pixels..pixels whole pixels, down and across.

    All (2 * pixels + 1)**2 shifts are equally likely. What is pushed over the edge is
    lost; the free rows and columns are 0.
    """
    if isinstance(pixels, bool) or not isinstance(pixels, int) or pixels < 0:
        raise ValueError(f"pixels should be a whole number, 0 or more, not {pixels!r}.")

    def shift(batch: Tensor) -> Tensor:
        count, _, height, width = _batch_shape(batch)
        offsets = torch.randint(2 * pixels + 1, (2, count, 1), device=batch.device)
        rows = offsets[0] + torch.arange(height, device=batch.device)
        columns = offsets[1] + torch.arange(width, device=batch.device)
        padded = functional.pad(batch, (pixels,) * 4)
        image = torch.arange(count, device=batch.device)[:, None, None]
        moved = padded.permute(0, 2, 3, 1)[image, rows[:, :, None], columns[:, None]]
        return moved.permute(0, 3, 1, 2)

    return shift


def small_turns(degrees: float, zoom: float = 0.0, pixels: float = 0.0) -> Augment:
    """Turn each image about its centre by -degrees..degrees, drawn evenly.

    Values between pixels are interpolated bilinearly.

    Args:
        degrees: largest turn to either side.
        zoom: 0.1 also scales each image by 0.9 to 1.1.
        pixels: also moves each image by up to so many pixels down and across.
    """
    if min(degrees, zoom, pixels) < 0 or zoom >= 1:
        raise ValueError(
            "degrees, zoom and pixels should be 0 or more, and zoom less than 1: "
            f"got {degrees}, {zoom}, {pixels}."
        )

    def turn(batch: Tensor) -> Tensor:
        count, _, height, width = _batch_shape(batch)
        draw = torch.rand(4, count, device=batch.device, dtype=batch.dtype) * 2 - 1
        angle = draw[0] * math.radians(degrees)
        scale = 1 / (1 + draw[1] * zoom)
        cos, sin = angle.cos() * scale, angle.sin() * scale
        # Coordinates run from -1 to 1 on both axes: a turn needs the sides' ratio.
        matrix = torch.stack(
            [
                torch.stack([cos, -sin * height / width, draw[2] * 2 * pixels / width]),
                torch.stack([sin * width / height, cos, draw[3] * 2 * pixels / height]),
            ]
        )
        grid = functional.affine_grid(
            matrix.permute(2, 0, 1), list(batch.shape), align_corners=False
        )
        return functional.grid_sample(batch, grid, align_corners=False)

    return turn


def _batch_shape(batch: Tensor) -> tuple[int, int, int, int]:
    if batch.dim() != 4:
        raise ValueError(
            f"A batch of images has shape (N, C, H, W), not {tuple(batch.shape)}."
        )
    count, channels, height, width = batch.shape
    return count, channels, height, width
