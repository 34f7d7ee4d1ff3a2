"""Panels side by side, placed to the pixel, so that small images stay crisp."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator

from cnnlib.picture import DPI, Picture
from cnnlib.text import count

from .style import RULE, Scale, colour_bar, style_ticks

Drawn: TypeAlias = Any
"""A ``Picture``; or, where the caller gave ``ax``, these Axes (a list if several)."""

FIGURE_WIDTH = 864
"""Pixels across of the widest ordinary figure."""
EDGE = 8
"""Pixels of white around a figure."""
GAP = 14
"""Pixels between two panels."""
TITLE_ROOM = 24
TICK_ROOM = 20
BAR_ROOM = 72


@dataclass(frozen=True)
class Sheet:
    """Axes to draw on, one per panel, and perhaps one for the colour bar.

    ``figure`` is ours, or None where the caller gave the axes.
    """

    figure: Figure | None
    axes: list[Axes]
    bar: Axes | None = None

    def add_bar(self, scale: Scale) -> None:
        """Draw the colour bar in its place, or beside the last of the given axes."""
        colour_bar(scale, self.axes[-1], self.bar)

    def result(
        self, sentence: str, *, caption: str = "", single: bool = False
    ) -> Drawn:
        """Return the Picture, or the caller's axes (``single``: the only one).

        The sentence is for those who do not see it; a caption adds what is not drawn.
        """
        if self.figure is not None:
            return Picture(self.figure, sentence, caption=caption)
        return self.axes[0] if single else self.axes


def sheet(
    sizes: Sequence[tuple[int, ...]],
    *,
    columns: int | None = None,
    widest: int = 330,
    titles: bool = True,
    ticks: bool = False,
    bar: bool = False,
    ax: Any = None,
) -> Sheet:
    """Return one axes per image of (height, width), in rows, a bar at the right.

    Without ``ax`` the figure is made to measure: no panel is wider than ``widest``
    pixels, all together not wider than ``FIGURE_WIDTH``.
    """
    if ax is not None:
        return Sheet(None, given_axes(ax, len(sizes)))
    columns = min(columns or columns_for(len(sizes)), len(sizes))
    rows = -(-len(sizes) // columns)
    digits = max(len(str(height)) for height, _ in sizes)
    left = EDGE + (8 * digits + 6 if ticks else 0)
    gap = GAP + left - EDGE
    above, below = TITLE_ROOM if titles else EDGE, TICK_ROOM + 4 if ticks else EDGE
    room = FIGURE_WIDTH - left - EDGE - BAR_ROOM * bar - gap * (columns - 1)
    boxes = [fitted(size, min(widest, room // columns)) for size in sizes]
    slot = max(width for _, width in boxes)
    tall = [
        max(height for height, _ in boxes[row * columns : (row + 1) * columns])
        for row in range(rows)
    ]
    across = left + columns * slot + gap * (columns - 1) + EDGE + BAR_ROOM * bar
    figure = new_figure(across, sum(tall) + rows * (above + below))
    axes = []
    for index, (height, width) in enumerate(boxes):
        row, column = divmod(index, columns)
        x = left + column * (slot + gap) + (slot - width) // 2
        top = sum(tall[:row]) + row * (above + below) + above
        axes.append(place(figure, x, top + (tall[row] - height) // 2, width, height))
    return Sheet(figure, axes, bar_axes(figure, above, below) if bar else None)


def columns_for(panels: int) -> int:
    """Choose how many panels stand side by side.

    >>> [columns_for(n) for n in (1, 2, 3, 4, 5, 6, 9, 17, 65)]
    [1, 2, 3, 4, 3, 3, 4, 5, 8]
    """
    if panels <= 4:
        return panels
    return next((c for c in (3, 4, 5, 6) if panels <= c * (c - 1)), 8)


def fitted(size: tuple[int, ...], slot: int) -> tuple[int, int]:
    """Return (height, width) in screen pixels of an image in a slot that wide.

    The height is at most 1.2 times the slot. A small image gets a whole number of
    screen pixels per image pixel.
    """
    height, width = size
    zoom = min(slot / width, 1.2 * slot / height)
    if zoom >= 2:
        zoom = int(zoom)
    return max(1, round(zoom * height)), max(1, round(zoom * width))


def new_figure(width: float, height: float, *, constrained: bool = False) -> Figure:
    """Return a white figure of so many pixels, made without pyplot."""
    return Figure(
        figsize=(width / DPI, height / DPI),
        dpi=DPI,
        facecolor="white",
        layout="constrained" if constrained else None,
    )


def place(figure: Figure, x: float, top: float, width: float, height: float) -> Axes:
    """Add an axes whose upper left corner is at pixel (x, top) from the upper left."""
    across, down = figure.get_size_inches() * DPI
    bottom = down - top - height
    return figure.add_axes((x / across, bottom / down, width / across, height / down))


def bar_axes(figure: Figure, above: int, below: int) -> Axes:
    """Add the axes of the colour bar at the right, at most 300 pixels high."""
    across, down = (round(inches * DPI) for inches in figure.get_size_inches())
    height = min(down - above - below, 300)
    top = above + (down - above - below - height) // 2
    return place(figure, across - BAR_ROOM + 2, top, 12, height)


def canvas(width: float, height: float, *, bar: bool = False, ax: Any = None) -> Sheet:
    """Return one bare axes measured in screen pixels, rows downwards, with margins."""
    if ax is None:
        figure = new_figure(width + 2 * EDGE + BAR_ROOM * bar, height + 2 * EDGE)
        own = place(figure, EDGE, EDGE, width, height)
        page = Sheet(figure, [own], bar_axes(figure, EDGE, EDGE) if bar else None)
    else:
        page = Sheet(None, given_axes(ax, 1))
    page.axes[0].set_axis_off()
    page.axes[0].set(xlim=(0, width), ylim=(height, 0), aspect="equal")
    return page


def frame(ax: Axes, size: tuple[int, ...], *, axis: bool = False) -> None:
    """Draw a thin frame; with ``axis`` its corners say the height and the width."""
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set(visible=True, color=RULE, linewidth=0.6)
    style_ticks(ax)
    for line, length in ((ax.xaxis, size[1]), (ax.yaxis, size[0])):
        line.set_major_locator(FixedLocator([-0.5, length - 0.5] if axis else []))
        line.set_major_formatter(FixedFormatter(["0", str(length)] if axis else []))
    if axis:
        left, right = ax.get_xticklabels()
        left.set_horizontalalignment("left")
        right.set_horizontalalignment("right")
        top, bottom = ax.get_yticklabels()
        top.set_verticalalignment("top")
        bottom.set_verticalalignment("bottom")


def given_axes(ax: Any, wanted: int) -> list[Axes]:
    """Return the axes that a caller handed over as a list, if their number is right."""
    axes = list(np.ravel(np.asarray(ax, dtype=object)))
    if not all(isinstance(one, Axes) for one in axes):
        raise TypeError(
            "ax must be a Matplotlib Axes or a sequence of them; got "
            f"{type(ax).__name__}."
        )
    if len(axes) != wanted:
        raise ValueError(
            f"This picture has {count(wanted, 'panel')}, so ax must hold {wanted} "
            f"Axes; got {len(axes)}."
        )
    return axes
