"""The weights of a convolution layer, one small picture per kernel slice."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from torch import nn

from cnnlib.text import cell, count, sentence, size, values

from .arrays import to_floats
from .images import label
from .mosaic import mosaic_columns
from .panels import FIGURE_WIDTH, Drawn, Sheet, canvas
from .style import TEXT, Scale, ink_on, scale_for

GAP = 12
MOST_SHOWN = (64, 32)
"""Filters and input channels that are drawn at most."""


def plot_kernels(
    weight_or_layer: Any,
    *,
    colour: bool | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Drawn:
    """Show the kernels of a layer, or of a weight (out, in, kh, kw).

    A weight (in, kh, kw) is one filter, (kh, kw) one kernel.
    One row per filter and one column per input channel; with a single input channel
    the filters stand side by side. Zero is white, negative blue, positive red, on one
    scale; small kernels have their numbers written in. Kernels over three channels that
    are larger than 3x3 are drawn in colour, where mid-grey is zero (``colour`` forces
    or forbids it). At most 64 filters and 32 channels are drawn; the sentence says so.
    """
    data = _read_weight(weight_or_layer)
    if colour and data.shape[1] != 3:
        raise ValueError(
            "Only kernels over 3 channels can be drawn in colour; these have "
            f"{data.shape[1]}."
        )
    if colour is None:
        colour = data.shape[1] == 3 and data.shape[2] * data.shape[3] > 9
    shown = data[: MOST_SHOWN[0], : MOST_SHOWN[1]]
    scale = scale_for(shown, signed=True)
    coloured = scale.colours(shown)
    if colour:  # (out, 1, kh, kw, 3): the three channels are the colour
        place = scale.place(shown).transpose(0, 2, 3, 1)[:, None]
        coloured = (place * 255).round().astype(np.uint8)
    page = _draw(shown, coloured, scale, title, ax, bar=not colour)
    out, inner, height, width = data.shape
    text = f"{count(out, 'filter')} of {size(height, width)} over "
    text += f"{count(inner, 'channel')}: {values(data)}"
    if shown.size < data.size:
        text += f"; {len(shown)} filters and {shown.shape[1]} channels are drawn"
    if colour:
        text += "; in colour, mid-grey is zero"
    return page.result(sentence(f"{title}: {text}" if title else text), single=True)


def _read_weight(weight_or_layer: Any) -> np.ndarray:
    """Return floats (out, in, kh, kw)."""
    weight = weight_or_layer
    if isinstance(weight, nn.Module):
        weight = getattr(weight, "weight", None)
        if weight is None or weight.ndim != 4:
            raise TypeError(
                f"A {type(weight_or_layer).__name__} layer has no convolution kernels "
                "(a weight with four axes)."
            )
    data = to_floats(weight, "weight")
    if isinstance(weight_or_layer, nn.ConvTranspose2d):  # its weight is (in, out, ...)
        data = data.swapaxes(0, 1)
    if data.ndim not in (2, 3, 4):
        raise ValueError(
            "Kernels have shape (out, in, kh, kw), (in, kh, kw) or (kh, kw); got "
            f"{data.shape}."
        )
    return data[(None,) * (4 - data.ndim)]


@dataclass(frozen=True)
class _Plan:
    """Where the tiles of (out, in, kh, kw) stand; lengths in screen pixels."""

    columns: int
    rows: int
    pixel: int
    left: int
    above: int
    step: tuple[int, int]
    numbers: bool

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of everything."""
        width = self.left + self.columns * self.step[0] - GAP
        return width, self.above + self.rows * self.step[1] - GAP

    def corner(self, index: int) -> tuple[int, int]:
        """(x, y) of the upper left corner of a tile."""
        row, column = divmod(index, self.columns)
        return self.left + column * self.step[0], self.above + row * self.step[1]


def _plan(shape: tuple[int, ...], title: str | None, *, numbers: bool) -> _Plan:
    out, inner, high, wide = shape
    columns = inner if inner > 1 else mosaic_columns(out)
    rows = out if inner > 1 else -(-out // columns)
    left = 64 if inner > 1 else 1
    room = (FIGURE_WIDTH - 90 - left) // columns - GAP
    pixel = max(1, min(room // wide, 44, 132 // max(high, wide), 800 // rows // high))
    step = wide * pixel + GAP, high * pixel + (GAP if inner > 1 else GAP + 18)
    numbers = numbers and pixel >= 34
    return _Plan(columns, rows, pixel, left, 18 + 24 * bool(title), step, numbers)


def _draw(
    data: np.ndarray,
    coloured: np.ndarray,
    scale: Scale,
    title: str | None,
    ax: Axes | None,
    *,
    bar: bool,
) -> Sheet:
    """Draw (out, in, kh, kw, 3) as tiles on one axes, with numbers where they fit."""
    few = bar and data.size <= 200 and bool(np.abs(data).max() < 100)
    plan = _plan(coloured.shape[:4], title, numbers=few)
    out, inner, high, wide = coloured.shape[:4]
    page = canvas(*plan.size, bar=bar, ax=ax)
    one = page.axes[0]
    if title:
        label(one, (plan.left + plan.size[0]) / 2, 18, title)
    _put_tiles(one, coloured, plan)
    for index in range(out * inner):
        number, channel = divmod(index, inner)
        x, y = plan.corner(index)
        if inner == 1 or number == 0:
            name = f"filter {number}" if inner == 1 else f"channel {channel}"
            short = name if plan.step[0] >= 8 * len(name) else name.split()[1]
            label(one, x + wide * plan.pixel / 2, y - 4, short)
        if inner > 1 and channel == 0:
            middle = y + high * plan.pixel / 2 + 6
            label(one, x - 8, middle, f"filter {number}", ha="right")
        if plan.numbers:
            kernel, colours = data[number, channel], coloured[number, channel]
            _write(one, kernel, colours, (x, y), plan.pixel)
    one.set(xlim=(0, plan.size[0]), ylim=(plan.size[1], 0))
    if bar:
        page.add_bar(scale)
    return page


def _put_tiles(ax: Axes, coloured: np.ndarray, plan: _Plan) -> None:
    """Draw all kernels, enlarged, with a thin frame around each, as one image."""
    width, height = plan.size
    page = np.full((height + 1, width + 1, 3), 255, np.uint8)
    high, wide = coloured.shape[2] * plan.pixel, coloured.shape[3] * plan.pixel
    for index, kernel in enumerate(coloured.reshape(-1, *coloured.shape[2:])):
        x, y = plan.corner(index)
        page[y - 1 : y + high + 1, max(0, x - 1) : x + wide + 1] = 184
        large = kernel.repeat(plan.pixel, axis=0).repeat(plan.pixel, axis=1)
        page[y : y + high, x : x + wide] = large
    place = (0, width + 1, height + 1, 0)
    ax.imshow(page, extent=place, interpolation="nearest", origin="upper", zorder=0)
    ax.images[-1].set_clip_on(False)


def _write(
    ax: Axes,
    kernel: np.ndarray,
    colours: np.ndarray,
    corner: tuple[float, float],
    pixel: int,
) -> None:
    """Write the weights into their cells: whole numbers, else two decimals."""
    digits = 0 if (kernel == kernel.round()).all() else 2
    for (row, column), weight in np.ndenumerate(kernel):
        ax.text(
            corner[0] + (column + 0.5) * pixel,
            corner[1] + (row + 0.5) * pixel,
            cell(weight, digits),
            fontsize=TEXT,
            color=ink_on(colours[row, column] / 255),
            ha="center",
            va="center",
        )
