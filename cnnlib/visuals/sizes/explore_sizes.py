"""Two settings of a convolution side by side: how large, what is skipped, what seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cnnlib.arithmetic import coverage, output_size
from cnnlib.arithmetic.inputs import whole
from cnnlib.picture import Picture
from cnnlib.plots import plot_grids
from cnnlib.text import listed, sentence, size
from cnnlib.visuals.shared.visual import Visual

RANGES = {
    "size": (1, 16),
    "kernel_size": (1, 9),
    "stride": (1, 8),
    "padding": (0, 4),
    "dilation": (1, 4),
}
"""The least and the largest value of every setting, in the page, too."""
LEFT_START = {"size": 7, "kernel_size": 3, "stride": 1, "padding": 0, "dilation": 1}
RIGHT_START = {"stride": 2, "padding": 1}

Settings = Mapping[str, int]


class ExploreSizes(Visual):
    """Two settings to compare; made by ``explore_sizes``."""

    title = "Sizes, side by side"
    module = "sizes/explore_sizes"

    def __init__(self, left: Settings | None, right: Settings | None) -> None:
        settings = [_read(left, "left", {}), _read(right, "right", RIGHT_START)]
        sizes = [int(output_size(**setting)) for setting in settings]
        super().__init__(
            _still(settings),
            _describe(settings, sizes),
            "How many windows see each cell of the input, for two settings.",
            page_data(settings),
        )


def page_data(settings: Sequence[Settings]) -> dict[str, Any]:
    """Return what the page works with, for two settings with all five numbers."""
    return {
        "title": ExploreSizes.title,
        "facts": "Square inputs: rows and columns follow the same formula.",
        "settings": [_short(setting) for setting in settings],
        "ranges": _short({name: list(span) for name, span in RANGES.items()}),
    }


def explore_sizes(
    left: Settings | None = None, right: Settings | None = None
) -> ExploreSizes:
    """Show what size comes out of a convolution, for two settings side by side.

    ``left`` and ``right`` are where to start: dicts with the arguments of
    ``arithmetic.output_size`` (size, kernel_size, stride, padding, dilation), one
    number each; what is not given is a 7x7 input, a 3x3 kernel, stride 1 and no
    padding, on the right stride 2 and padding 1.

    In the page all five can be moved for each of the two: the formula with its numbers,
    the windows along one axis, the cells that none uses, and how many windows see each
    pixel.

    >>> explore_sizes({"size": 5, "padding": 1}, {"size": 5, "padding": 1, "stride": 2})
    Two settings. A: 5x5 input, 3x3 kernel, stride 1, padding 1: 5x5 output. \
B: 5x5 input, 3x3 kernel, stride 2, padding 1: 3x3 output.
    """
    return ExploreSizes(left, right)


def _read(start: Settings | None, side: str, default: Settings) -> dict[str, int]:
    """Return all five numbers of a setting, or refuse in a sentence."""
    if start is None:
        start = default
    if not isinstance(start, Mapping):
        raise TypeError(
            f'The {side} setting is a dict such as {{"size": 7, "stride": 2}}; got '
            f"{type(start).__name__}."
        )
    if unknown := sorted(set(start) - set(RANGES)):
        raise ValueError(
            f"A setting has {listed(list(RANGES))}; the {side} one has also "
            f"{listed([repr(name) for name in unknown])}."
        )
    setting = {}
    for name, (least, most) in RANGES.items():
        value = whole(start.get(name, LEFT_START[name]), f"{name} of the {side}", least)
        if value > most:
            raise ValueError(
                f"explore_sizes draws every cell: the {name} of the {side} setting may "
                f"be at most {most}, but it is {value}. arithmetic.output_size takes "
                "any."
            )
        setting[name] = value
    output_size(**setting)  # refuses a kernel that does not fit
    return setting


def _short(setting: Mapping[str, Any]) -> dict[str, Any]:
    """Name the kernel size as the page does."""
    return {name.removesuffix("_size"): value for name, value in setting.items()}


def _still(settings: list[dict[str, int]]) -> Picture:
    """Draw both coverages with the padding around, empty; the first window is boxed."""
    panels, boxes = [], {}
    for name, setting in zip("AB", settings, strict=True):
        title = f"{name}: stride {setting['stride']}, padding {setting['padding']}"
        p, seen = setting["padding"], np.asarray(coverage(**setting), float)
        around = np.pad(seen, p, constant_values=np.nan)
        panels.append((title, around, {"padding": p}))
        span = setting["dilation"] * (setting["kernel_size"] - 1) + 1
        boxes[title] = (0, 0, span, span)
    return plot_grids(panels, highlight=boxes)


def _describe(settings: list[dict[str, int]], sizes: list[int]) -> str:
    parts = []
    for name, setting, side in zip("AB", settings, sizes, strict=True):
        text = f"{name}: {size(setting['size'], setting['size'])} input, "
        text += f"{size(setting['kernel_size'], setting['kernel_size'])} kernel, "
        text += f"stride {setting['stride']}, padding {setting['padding']}"
        if setting["dilation"] > 1:
            text += f", dilation {setting['dilation']}"
        parts.append(sentence(f"{text}: {size(side, side)} output"))
    return " ".join(["Two settings.", *parts])
