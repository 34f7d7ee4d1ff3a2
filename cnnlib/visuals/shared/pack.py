"""Maps and images as a page carries them: exact if there is room, else rounded.

Numbers stand in the page as base64, in 32-bit floats or in 255 levels. `choose` goes
through `DETAILS`, from the best to the coarsest, and takes the first that fits. A
detail holds for all layers of a net alike, so that one sentence can tell the reader
what is left out.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from cnnlib.plots.arrays import SHOWN_CHANNELS, over_white
from cnnlib.text import number

NUMBERS_PER_MAP = 128
"""Where a detail keeps k maps of a layer, it keeps so many times k of a vector."""
LARGEST_AS_PNG = 64
"""Pixels along the longer side of an image that goes into the page as PNG."""
JPEG_QUALITY = 85
"""On the scale of JPEG, which ends at 100."""


@dataclass(frozen=True)
class Detail:
    """How many maps of a layer are shown, how large, and whether as they are."""

    maps: int | None = None
    side: int | None = None
    exact: bool = False

    def size(self, shape: Sequence[int]) -> int:
        """Return the bytes that maps (C, H, W) take."""
        count, high, wide = shape
        step = self.step(shape)
        kept = count if self.maps is None else min(count, self.most(shape))
        cells = kept * math.ceil(high / step) * math.ceil(wide / step)
        return cells * (4 if self.exact else 1)

    def most(self, shape: Sequence[int]) -> int:
        """Return how many maps may be kept."""
        most = self.maps or shape[0]
        return most * NUMBERS_PER_MAP if shape[1] * shape[2] == 1 else most

    def step(self, shape: Sequence[int]) -> int:
        """Return the side of the blocks that become one number."""
        return 1 if self.side is None else math.ceil(max(shape[1:]) / self.side)


EXACT = Detail(exact=True)
DETAILS = (
    EXACT,
    Detail(),
    Detail(side=56),
    Detail(64, 28),
    Detail(32, 28),
    Detail(16, 28),
    Detail(8, 28),
    Detail(8, 20),
    Detail(8, 14),
    Detail(4, 14),
    Detail(4, 7),
    Detail(1, 7),
)


def choose(shapes: Iterable[Sequence[int]], room: int) -> Detail:
    """Return the first of `DETAILS` whose maps fit into ``room`` bytes; or the last."""
    shapes = list(shapes)
    fitting = (d for d in DETAILS if sum(map(d.size, shapes)) <= room)
    return next(fitting, DETAILS[-1])


def pack(maps: np.ndarray, detail: Detail, ends: tuple[float, float]) -> dict[str, Any]:
    """Return maps (C, H, W) for the page, as large and in such levels as ``detail``.

    ``ends`` are the ends of the scale of colours.
    """
    small, step = shrunk(maps, detail.step(maps.shape)), detail.step(maps.shape)
    low, high = ends
    top = max(-low, high) or 1.0
    signed = low < -1e-6 * top
    return {
        "size": list(small.shape),
        "step": step,
        "low": low,
        "high": high,
        "top": top,
        "signed": signed,
        "exact": detail.exact,
        "data": in_base64(small if detail.exact else levels(small, top, signed)),
    }


def shrunk(maps: np.ndarray, step: int) -> np.ndarray:
    """Return means of step x step blocks; those at the far edges may be smaller."""
    if step == 1:
        return maps
    pooled = F.avg_pool2d(
        torch.from_numpy(maps), step, ceil_mode=True, count_include_pad=False
    )
    return pooled.numpy()


def levels(maps: np.ndarray, top: float, signed: bool) -> np.ndarray:
    """Return bytes: -top is 1, zero 128, top 255; without a sign zero is 0."""
    if signed:
        return (128 + (maps / top * 127).round()).clip(1, 255).astype(np.uint8)
    return (maps / top * 255).round().clip(0, 255).astype(np.uint8)


def in_base64(array: np.ndarray) -> str:
    """Return bytes or little-endian 32-bit floats as base64."""
    kind = np.uint8 if array.dtype == np.uint8 else np.dtype("<f4")
    return base64.b64encode(array.astype(kind).tobytes()).decode("ascii")


def nine_digits(value: Any) -> float:
    """Return a number with the nine digits that tell 32-bit floats apart."""
    return float(f"{float(value):.9g}")


def pack_image(image: np.ndarray) -> dict[str, Any]:
    """Return an image (C, H, W) for the page: ``source``, a PNG or JPEG, and ``range``.

    Other than 1, 3 or 4 channels are shown by their mean. ``range`` names the values of
    black and white where they are not 0 and 1, else it is empty.
    """
    seen = image.shape[0] in SHOWN_CHANNELS
    shown = over_white(image if seen else image.mean(axis=0, keepdims=True))
    low, high = float(image.min()), float(image.max())
    plain = low >= 0 and high <= 1
    bottom, span = (0.0, 1.0) if plain else (low, (high - low) or 1.0)
    pixels = ((shown - bottom) / span * 255).round().clip(0, 255).astype(np.uint8)
    picture = Image.fromarray(
        pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)
    )
    buffer = io.BytesIO()
    small = max(image.shape[1:]) <= LARGEST_AS_PNG
    kind, options = ("PNG", {}) if small else ("JPEG", {"quality": JPEG_QUALITY})
    picture.save(buffer, format=kind, **options)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return {
        "source": f"data:image/{kind.lower()};base64,{data}",
        "range": "" if plain else f", from {number(low)} to {number(high)}",
    }
