"""The numbers behind a stepper: input, window, and what PyTorch makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch.nn import functional as F

from cnnlib.arithmetic import output_size, pool_output_size
from cnnlib.arithmetic.axis import no_text, sides
from cnnlib.arithmetic.inputs import pair
from cnnlib.plots.arrays import to_floats
from cnnlib.text import count, size

Pair = tuple[int, int]
Mode = Literal["conv", "max", "avg"]
POOLINGS = ("max", "avg")
MOST_CELLS = 16
"""Rows and columns of numbers, padding included, that can be stepped through."""
MOST_CHANNELS = 4
"""Channels of an image that can be stepped through."""


@dataclass(frozen=True)
class WindowSteps:
    """One convolution or pooling, all its windows, all its results.

    ``image`` (C, H, W) is not padded; ``margins`` are the rows and columns of padding
    above, below, left and right. ``kernel`` is (C, kh, kw), for pooling None.
    ``output`` is what PyTorch returns in float64: (1, H', W') of a convolution,
    (C, H', W') of a pooling.
    """

    mode: Mode
    image: np.ndarray
    kernel: np.ndarray | None
    window: Pair
    bias: float
    stride: Pair
    dilation: Pair
    margins: tuple[int, int, int, int]
    output: np.ndarray

    @property
    def padded(self) -> np.ndarray:
        """The image in its padding, -inf around for a maximum, zeros else."""
        above, below, left, right = self.margins
        fill = -np.inf if self.mode == "max" else 0.0
        around = ((0, 0), (above, below), (left, right))
        return np.pad(self.image, around, constant_values=fill)

    @property
    def reach(self) -> Pair:
        """Rows and columns from the first to the last cell of the window."""
        (high, wide), (down, across) = self.window, self.dilation
        return down * (high - 1) + 1, across * (wide - 1) + 1

    def cells(self, row: int, column: int) -> np.ndarray:
        """Return the cells (C, kh, kw) under the window that makes output[row, column].

        A pooling looks at one channel of them at a time.
        """
        top, left = row * self.stride[0], column * self.stride[1]
        part = self.padded[:, top : top + self.reach[0], left : left + self.reach[1]]
        return part[:, :: self.dilation[0], :: self.dilation[1]]


def conv_steps(
    image: Any, kernel: Any, bias: Any, stride: Any, padding: Any, dilation: Any
) -> WindowSteps:
    """Read the arguments of ``step_conv`` and compute, or refuse in a sentence."""
    x, weight = _maps(image, "image"), _maps(kernel, "kernel")
    if len(weight) != len(x):
        raise ValueError(
            f"The image has {count(len(x), 'channel')} and the kernel "
            f"{count(len(weight), 'slice')}: a kernel needs one slice for each "
            f"channel, so its shape must be ({len(x)}, kh, kw)."
        )
    window = weight.shape[1], weight.shape[2]
    strides, dilations = pair(stride, "stride"), pair(dilation, "dilation")
    (above, below), (left, right) = sides(padding, window, strides, dilations)
    margins = int(above), int(below), int(left), int(right)
    _not_too_large(x, margins, "step_conv")
    output_size(x.shape[1:], window, strides, padding, dilations)
    added = _bias(bias)
    with torch.no_grad():
        output = F.conv2d(
            F.pad(torch.from_numpy(x), (margins[2], margins[3], *margins[:2]))[None],
            torch.from_numpy(weight)[None],
            torch.tensor([added], dtype=torch.float64),
            stride=strides,
            dilation=dilations,
        )
    return WindowSteps(
        mode="conv",
        image=x,
        kernel=weight,
        window=window,
        bias=added,
        stride=strides,
        dilation=dilations,
        margins=margins,
        output=output[0].numpy(),
    )


def pool_steps(
    image: Any, window: Any, mode: str, stride: Any, padding: Any, dilation: Any
) -> WindowSteps:
    """Read the arguments of ``step_pool`` and compute, or refuse in a sentence."""
    if mode not in POOLINGS:
        raise ValueError(f'mode must be "max" or "avg", but it is {mode!r}.')
    no_text(padding, "pooling")
    x, cells = _maps(image, "image"), pair(window, "window")
    strides = cells if stride is None else pair(stride, "stride")
    around, dilations = pair(padding, "padding", 0), pair(dilation, "dilation")
    if mode == "avg" and dilations != (1, 1):
        raise ValueError(
            "Average pooling has no dilation in PyTorch: only max pooling has; got "
            f"dilation {dilation}."
        )
    margins = around[0], around[0], around[1], around[1]
    _not_too_large(x, margins, "step_pool")
    pool_output_size(x.shape[1:], cells, strides, around, dilations)
    batch = torch.from_numpy(x)[None]
    if mode == "max":
        output = F.max_pool2d(batch, cells, strides, around, dilations)
        if not output.isfinite().all():
            raise ValueError(
                "Some windows see nothing but padding, and the maximum of nothing is "
                "-inf: use less padding or a smaller dilation."
            )
    else:
        output = F.avg_pool2d(batch, cells, strides, around)
    return WindowSteps(
        mode="max" if mode == "max" else "avg",
        image=x,
        kernel=None,
        window=cells,
        bias=0.0,
        stride=strides,
        dilation=dilations,
        margins=margins,
        output=output[0].numpy(),
    )


def _maps(data: Any, name: str) -> np.ndarray:
    """Return float64 (C, H, W) from (H, W), (C, H, W) or (1, C, H, W)."""
    array = to_floats(data, name).astype(np.float64)
    if array.ndim == 4 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == 4:
        raise ValueError(
            f"One {name} at a time can be stepped through; this one has shape "
            f"{array.shape}. Choose one, for example {name}[0]."
        )
    if array.ndim not in (2, 3):
        raise ValueError(
            f"The {name} must have shape (H, W), (C, H, W) or (1, C, H, W); got "
            f"{array.shape}."
        )
    array = array[None] if array.ndim == 2 else array
    if len(array) > MOST_CHANNELS:
        raise ValueError(
            f"At most {MOST_CHANNELS} channels can be stepped through; the {name} has "
            f"{len(array)}. Choose some, for example {name}[:{MOST_CHANNELS}]."
        )
    return np.ascontiguousarray(array)


def _not_too_large(x: np.ndarray, margins: tuple[int, ...], name: str) -> None:
    high, wide = x.shape[1] + sum(margins[:2]), x.shape[2] + sum(margins[2:])
    if high <= MOST_CELLS and wide <= MOST_CELLS:
        return
    rows, columns = MOST_CELLS - sum(margins[:2]), MOST_CELLS - sum(margins[2:])
    cure = f"Show a part of it, for example image[..., :{rows}, :{columns}]."
    if rows < 1 or columns < 1:
        cure = "Use less padding."
    raise ValueError(
        f"{name} writes every number into a cell, so the image with its padding may "
        f"have at most {size(MOST_CELLS, MOST_CELLS)} cells; this one has "
        f"{size(high, wide)}. {cure}"
    )


def _bias(bias: Any) -> float:
    try:
        value = float(bias)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(
            f"The bias must be one number; got {type(bias).__name__}."
        ) from None
    if not np.isfinite(value):
        raise ValueError(f"The bias must be a finite number; got {value}.")
    return value
