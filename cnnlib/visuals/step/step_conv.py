"""Step through a convolution or a pooling, window by window."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnlib.picture import Picture
from cnnlib.plots import plot_grids
from cnnlib.plots.grids import cell_texts
from cnnlib.text import sentence
from cnnlib.visuals.shared.visual import Visual, numbers

from .code import call, loop_lines, source
from .steps import Pair, WindowSteps, conv_steps, pool_steps
from .words import all_sums, describe, what

IntOrPair = int | Pair


class StepConv(Visual):
    """A convolution to step through; made by ``step_conv``.

    ``output`` (1, H', W') is what ``F.conv2d`` returns for the numbers in float64.
    """

    title = "Convolution, step by step"
    module = "step/step_conv"

    def __init__(self, steps: WindowSteps) -> None:
        self.output = steps.output
        super().__init__(
            _still(steps),
            describe(steps),
            sentence(what(steps)),
            page_data(steps, self.title),
            all_sums(steps),
        )


class StepPool(StepConv):
    """A pooling to step through; made by ``step_pool``.

    ``output`` (C, H', W') is what ``F.max_pool2d`` or ``F.avg_pool2d`` returns.
    """

    title = "Pooling, step by step"


def step_conv(
    image: Any,
    kernel: Any,
    bias: float = 0,
    stride: IntOrPair = 1,
    padding: IntOrPair | str = 0,
    dilation: IntOrPair = 1,
) -> StepConv:
    """Show a convolution window by window: forward, back, play, or predict.

    ``image``: (H, W), or (C, H, W) with up to 4 channels; NumPy, torch or lists, its
    numbers as they are. ``kernel``: (kh, kw), or (C, kh, kw) with one slice for each
    channel; one kernel, so one map comes out. The other arguments are those of
    ``F.conv2d`` ("valid" and "same" included); the bias is one number.

    Beside the grids stand the arithmetic of the window, the line of our own loop and
    the call of PyTorch. Predict mode hides the next number, takes yours, and says
    what went wrong: the bias forgotten, the kernel turned, the window misplaced.

    The numbers are those of PyTorch in float64; in float32 it agrees to about seven
    digits. With its padding the image has at most 16x16 cells.
    """
    return StepConv(conv_steps(image, kernel, bias, stride, padding, dilation))


def step_pool(
    image: Any,
    window: IntOrPair,
    mode: str = "max",
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
) -> StepPool:
    """Show max or average pooling window by window, each channel alone.

    ``image``: (H, W), or (C, H, W) with up to 4 channels. ``mode`` is "max" or "avg";
    the other arguments are those of ``F.max_pool2d`` and ``F.avg_pool2d``: the stride
    is the window unless you say otherwise, a maximum is padded with -inf, and a mean
    counts the zeros of its padding. Controls and limits as for ``step_conv``.
    """
    return StepPool(pool_steps(image, window, mode, stride, padding, dilation))


def page_data(steps: WindowSteps, title: str) -> dict[str, Any]:
    """Return what the page works with; grids come with the decimals of their texts."""
    grids = {"input": steps.image, "output": steps.output}
    if steps.kernel is not None:
        grids["kernel"] = steps.kernel
    return {
        "title": title,
        "facts": sentence(what(steps)),
        "mode": steps.mode,
        **{name: numbers(grid) for name, grid in grids.items()},
        "decimals": {name: decimals(grid) for name, grid in grids.items()},
        "window": list(steps.window),
        "bias": numbers(np.array(steps.bias)),
        "stride": list(steps.stride),
        "dilation": list(steps.dilation),
        "margins": list(steps.margins),
        "loop": loop_lines(steps),
        "source": source(steps),
        "call": call(steps),
    }


def decimals(grid: np.ndarray) -> int:
    """Return how many decimals the cells of a grid have: 0 to 4, in wide grids 2."""
    texts = cell_texts(grid.reshape(-1, grid.shape[-1]))
    longest = max(len(text.partition(".")[2]) for row in texts for text in row)
    return min(longest, 2) if grid.shape[-1] > 8 else longest


def _still(steps: WindowSteps) -> Picture:
    """Draw the grids with the first window, and of the output the number it makes.

    The other numbers are for the reader to find.
    """
    many = len(steps.image) > 1
    word = "padded input" if any(steps.margins) else "input"
    above, below, left, right = steps.margins
    box = (0, 0, *steps.reach)
    panels: list[tuple] = []
    boxes: dict[str, Any] = {}
    for channel, cells in enumerate(steps.padded):
        name = f"{word}, channel {channel}" if many else word
        around = {"padding": (above, below, left, right)}
        panels.append((name, cells.round(decimals(steps.image)), around))
        if steps.mode == "conv" or channel == 0:
            boxes[name] = box
        if steps.kernel is not None:
            name = f"kernel, channel {channel}" if many else "kernel"
            panels.append((name, steps.kernel[channel].round(decimals(steps.kernel))))
    for channel, cells in enumerate(steps.output):
        name = f"output, channel {channel}" if len(steps.output) > 1 else "output"
        first = np.full_like(cells, np.nan)
        if channel == 0:
            first[0, 0] = cells[0, 0].round(decimals(steps.output))
        panels.append((name, first))
        if channel == 0:
            boxes[name] = (0, 0, 1, 1)
    return plot_grids(panels, highlight=boxes)
