"""The numbers of a net as a page carries them: exact if there is room, else rounded.

Maps go inline as base64, in 32-bit floats or in 255 levels. `choose` takes the best of
a few `LEVELS` of detail that fits; what a level leaves out, it leaves out everywhere,
so that one sentence can say it.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from .inside import Layer

ROOM = 135_000
"""Bytes of numbers in a page; as text they are a third more."""
ANSWER = 400_000
"""Bytes of numbers in one answer of Python."""
VECTOR = 128
"""A vector may have so many numbers for each map of a layer with maps."""


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
        return most * VECTOR if shape[1] * shape[2] == 1 else most

    def step(self, shape: Sequence[int]) -> int:
        """Return the side of the blocks that become one number."""
        return 1 if self.side is None else math.ceil(max(shape[1:]) / self.side)


EXACT = Detail(exact=True)
LEVELS = (
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
    """Return the first level whose maps fit into ``room`` bytes, else the last."""
    shapes = list(shapes)
    fitting = (d for d in LEVELS if sum(map(d.size, shapes)) <= room)
    return next(fitting, LEVELS[-1])


def pack_layer(layer: Layer, detail: Detail) -> dict[str, Any]:
    """Return a layer for the page: its maps, or those of them that answer most."""
    maps, most = layer.maps, detail.most(layer.maps.shape)
    if len(maps) <= most:
        return pack(maps, detail, layer.ends)
    kept = layer.foremost(most)
    return pack(maps[kept], detail, layer.ends) | {"maps": kept.tolist()}


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
        "data": text(small if detail.exact else levels(small, top, signed)),
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


def text(array: np.ndarray) -> str:
    """Return bytes or little-endian 32-bit floats as base64."""
    kind = np.uint8 if array.dtype == np.uint8 else np.dtype("<f4")
    return base64.b64encode(array.astype(kind).tobytes()).decode("ascii")
