"""Panels side by side, placed to the pixel, so that small images stay crisp."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from .._picture import Picture
from ._style import INK, MUTED, RULE, TEXT, WIDTH, Scale, colour_bar, new_figure

GAP = 14
EDGE = 8
TITLE_ROOM = 24
TICK_ROOM = 26
BAR_ROOM = 74


@dataclass(frozen=True)
class Sheet:
    """The axes to draw on, one per panel, and one for the colour bar.

    ``figure`` is ours, or None where the caller gave the axes.
    """

    figure: Figure | None
    axes: list[Axes]
    bar: Axes | None = None

    def add_bar(self, scale: Scale, label: str = "") -> None:
        """The colour bar in its place, or beside the last of the caller's axes."""
        colour_bar(scale, self.axes[-1], self.bar, label)

    def picture(self, sentence: str) -> Picture | list[Axes]:
        """The Picture, or the caller's axes back."""
        return Picture(self.figure, sentence) if self.figure else self.axes

    def picture_or_ax(self, sentence: str) -> Picture | Axes:
        """The Picture, or the caller's only axes back."""
        return Picture(self.figure, sentence) if self.figure else self.axes[0]


def columns_for(panels: int) -> int:
    """How many panels stand side by side: 5 and 6 in rows of 3, 64 in rows of 8.

    >>> [columns_for(n) for n in (1, 2, 3, 4, 5, 6, 9, 17, 65)]
    [1, 2, 3, 4, 3, 3, 5, 6, 8]
    """
    if panels <= 4:
        return panels
    return next((c for c in (3, 4, 5, 6) if panels <= c * (c - 1)), 8)


def sheet(
    sizes: Sequence[tuple[int, int]],
    *,
    columns: int | None = None,
    widest: int = 400,
    titles: bool = True,
    ticks: bool = False,
    bar: bool = False,
    width: int = WIDTH,
    ax: Any = None,
) -> Sheet:
    """One axes per (height, width) of pixels, in rows; room for a bar at the right."""
    if ax is not None:
        return Sheet(None, given_axes(ax, len(sizes)))
    columns = min(columns or columns_for(len(sizes)), len(sizes))
    rows = -(-len(sizes) // columns)
    left = EDGE + (TICK_ROOM if ticks else 0)
    gap = GAP + (TICK_ROOM if ticks else 0)
    room = width - left - EDGE - (BAR_ROOM if bar else 0) - gap * (columns - 1)
    slot = min(widest, room // columns)
    boxes = [fitted(size, slot, int(1.3 * slot)) for size in sizes]
    slot = max(w for _, w in boxes)
    above = TITLE_ROOM if titles else EDGE
    below = TICK_ROOM if ticks else EDGE
    tall = [
        max(h for h, _ in boxes[r * columns : (r + 1) * columns]) for r in range(rows)
    ]
    total_height = sum(tall) + rows * (above + below)
    total_width = left + columns * slot + gap * (columns - 1) + EDGE + BAR_ROOM * bar
    figure = new_figure(total_width, total_height)
    axes = []
    for index, (height, breadth) in enumerate(boxes):
        row, column = divmod(index, columns)
        x = left + column * (slot + gap) + (slot - breadth) // 2
        top = sum(tall[:row]) + row * (above + below) + above
        y = total_height - top - tall[row] + (tall[row] - height) // 2
        axes.append(place(figure, x, y, breadth, height))
    cax = None
    if bar:
        lowest = total_height - sum(tall) - rows * (above + below) + below
        tallest = total_height - above - lowest
        high = min(tallest, 320)
        x = left + columns * slot + gap * (columns - 1) + 12
        cax = place(figure, x, lowest + (tallest - high) // 2, 12, high)
    return Sheet(figure, axes, cax)


def canvas(width: float, height: float, ax: Any = None, edge: int = EDGE) -> Sheet:
    """One bare axes measured in screen pixels, y downwards, with a margin around."""
    if ax is not None:
        (given,) = given_axes(ax, 1)
        given.set_axis_off()
        given.set_aspect("equal")
        return Sheet(None, [given])
    figure = new_figure(width + 2 * edge, height + 2 * edge)
    own = place(figure, edge, edge, width, height)
    own.set_axis_off()
    return Sheet(figure, [own])


def place(figure: Figure, x: float, y: float, width: float, height: float) -> Axes:
    """An axes at pixel (x, y) from the lower left corner."""
    across, up = figure.get_size_inches() * figure.dpi
    return figure.add_axes((x / across, y / up, width / across, height / up))


def fitted(size: tuple[int, int], wide: int, tall: int) -> tuple[int, int]:
    """(height, width) in screen pixels of an image that fits into the slot.

    An image much smaller than the slot gets a whole number of screen pixels per
    image pixel.
    """
    height, width = size
    zoom = min(wide / width, tall / height)
    if zoom >= 3:
        zoom = int(zoom)
    return max(1, round(zoom * height)), max(1, round(zoom * width))


def show(ax: Axes, pixels: np.ndarray, scale: Scale | None = None, **more: Any) -> None:
    """Draw (H, W) through the scale, or (H, W, 3) as it is."""
    limits: dict[str, Any] = {}
    if scale is not None:
        limits = {"cmap": scale.cmap, "vmin": scale.low, "vmax": scale.high}
    ax.imshow(pixels, interpolation="antialiased", **limits, **more)


def frame(ax: Axes, size: tuple[int, int], *, axis: bool = False) -> None:
    """A thin frame; with ``axis`` the first and last row and column are numbered.

    The ticks stand at the edges and say the size: 0 and the number of pixels.
    """
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set_visible(True)
        spine.set_color(RULE)
        spine.set_linewidth(0.6)
    for line, length in ((ax.xaxis, size[1]), (ax.yaxis, size[0])):
        line.set_major_locator(FixedLocator([-0.5, length - 0.5] if axis else []))
        line.set_ticklabels(["0", f"{length}"] if axis else [])
    ax.tick_params(
        labelsize=TEXT, colors=MUTED, labelcolor=INK, width=0.6, length=2.5, pad=2
    )


def given_axes(ax: Any, wanted: int) -> list[Axes]:
    """The axes that a caller handed over, as a list of the length that is needed."""
    axes = list(np.ravel(np.asarray(ax, dtype=object)))
    if not all(isinstance(a, Axes) for a in axes):
        raise TypeError(
            "ax must be a Matplotlib Axes or a sequence of them; got "
            f"{type(ax).__name__}."
        )
    if len(axes) != wanted:
        raise ValueError(
            f"This picture has {wanted} panel{'s' * (wanted != 1)}, so ax must hold "
            f"{wanted} Axes; got {len(axes)}."
        )
    return axes
