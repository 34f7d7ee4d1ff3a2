"""One look for all figures: inks, sizes, colour scales, boxes.

Nothing here reads or writes Matplotlib's rcParams: each artist is told its look.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from cnnlib.text import negative_share, number

INK = "#1a1a1a"
MUTED = "#595959"
RULE = "#b8b8b8"
TITLE = 9.0
TEXT = 8.0

GREY = "gray"
HEAT = "viridis"
SIGNED = "RdBu_r"

LINES = ("#0072b2", "#d55e00", "#007a59", "#9a4f80", "#8a6100", "#333333")
DASHES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v")


@dataclass(frozen=True)
class Scale:
    """Which value has which colour: the limits and the name of the colour map.

    ``extend`` says on which side values lie beyond the limits.
    """

    low: float
    high: float
    cmap_name: str
    extend: Literal["neither", "min", "max", "both"] = "neither"

    @property
    def cmap(self) -> Colormap:
        """The Matplotlib colour map."""
        return matplotlib.colormaps[self.cmap_name]

    @property
    def signed(self) -> bool:
        """Whether zero is the middle of the scale."""
        return self.cmap_name == SIGNED

    @property
    def largest(self) -> float:
        """The largest absolute value of the scale."""
        return max(abs(self.low), abs(self.high))

    def place(self, values: np.ndarray) -> np.ndarray:
        """Return where the values lie on the scale, 0..1."""
        return ((values - self.low) / (self.high - self.low)).clip(0, 1)

    def colours(self, values: np.ndarray) -> np.ndarray:
        """Return the RGB bytes (..., 3) of the values."""
        table = self.cmap(np.linspace(0, 1, 256), bytes=True)[:, :3]
        return table[(self.place(values) * 255).round().astype(np.uint8)]


def scale_for(
    values: np.ndarray,
    *,
    unsigned_map: str = GREY,
    signed: bool | None = None,
    robust: bool = False,
) -> Scale:
    """Choose a scale: diverging and centred on zero for signed values, else from 0 up.

    Values between 0 and 1 keep the limits 0 and 1 in grey, so that pictures compare.
    ``robust``: where a few extremes would leave all else pale, a signed scale ends at
    the 99th percentile of the absolute values.
    """
    if signed is None:
        signed = negative_share(values) > 0
    if not signed:
        low, high = min(0.0, float(values.min())), float(values.max())
        if unsigned_map == GREY and high <= 1:
            high = 1.0
        return Scale(low, high if high > low else low + 1.0, unsigned_map)
    size = np.abs(values)
    top = float(size.max()) or 1.0
    usual = float(np.quantile(size, 0.99)) if robust else top
    if usual == 0 or usual > top / 2:
        return Scale(-top, top, SIGNED)
    below, above = float(values.min()) < -usual, float(values.max()) > usual
    extend: Literal["min", "max", "both"]
    extend = "both" if below and above else "min" if below else "max"
    return Scale(-usual, usual, SIGNED, extend)


def ink_on(rgb: Sequence[float] | np.ndarray) -> str:
    """Return black or white, whichever stands out more on the colour (0..1 each)."""
    light = luminance(rgb) + 0.05
    return "black" if light / 0.05 >= 1.05 / light else "white"


def luminance(rgb: Sequence[float] | np.ndarray) -> float:
    """Return the relative luminance of an sRGB colour as WCAG 2 defines it, 0..1."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def set_title(ax: Axes, text: str | None) -> None:
    """Write a small title over the axes."""
    if text:
        ax.set_title(text, fontsize=TITLE, color=INK, pad=5, fontweight="normal")


def dress(ax: Axes, *, grid: Literal["x", "y"] | None = None) -> None:
    """Make a chart quiet: two axis lines, readable ticks, perhaps a grid."""
    ax.set_facecolor("white")
    style_ticks(ax)
    for name, spine in ax.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color(RULE)
        spine.set_linewidth(0.8)
    ax.grid(False)
    if grid:
        ax.grid(True, axis=grid, color="#e4e4e4", linewidth=0.7, linestyle="-")
    ax.set_axisbelow(True)


def style_ticks(ax: Axes) -> None:
    """Write tick labels in ink with fine grey marks, outside, left and below."""
    ax.tick_params(
        which="both",
        labelsize=TEXT,
        color=MUTED,
        labelcolor=INK,
        direction="out",
        width=0.6,
        length=3,
        pad=2.5,
    )


def outline(ax: Axes, box: tuple[float, float, float, float]) -> None:
    """Draw a box (row, col, height, width) in pixels: white inside black."""
    row, col, height, width = box
    for colour, thick, order in (("black", 3.6, 5), ("white", 1.4, 6)):
        ax.add_patch(
            Rectangle(
                (col - 0.5, row - 0.5),
                width,
                height,
                fill=False,
                edgecolor=colour,
                linewidth=thick,
                joinstyle="miter",
                clip_on=False,
                zorder=order,
            )
        )


def colour_bar(scale: Scale, ax: Axes, cax: Axes | None) -> None:
    """Draw a slim bar with a few ticks, in ``cax`` or else beside ``ax``."""
    bar = ax.figure.colorbar(
        ScalarMappable(Normalize(scale.low, scale.high), scale.cmap),
        cax=cax,
        ax=None if cax is not None else ax,
        extend=scale.extend,
        ticks=MaxNLocator(nbins=5, steps=[1, 2, 5, 10]),
        format=FuncFormatter(lambda value, _: number(value).replace("-", "−")),
    )
    bar.outline.set(edgecolor=RULE, linewidth=0.6)
    bar.ax.tick_params(which="minor", length=0)
    bar.ax.grid(False)
    style_ticks(bar.ax)
