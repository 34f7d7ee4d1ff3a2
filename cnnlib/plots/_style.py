"""One look for all figures: inks, sizes, colour scales, boxes.

Nothing here reads or writes Matplotlib's rcParams: each artist is told its look.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from .._picture import DPI
from ._words import negative_share

INK = "#1a1a1a"
MUTED = "#595959"
RULE = "#b8b8b8"
TITLE = 9.0
TEXT = 8.0
WIDTH = 864
"""Widest ordinary figure, in pixels."""

GREY = "gray"
HEAT = "viridis"
SIGNED = "RdBu_r"

LINES = ("#0072b2", "#d55e00", "#007a59", "#9a4f80", "#8a6100", "#333333")
DASHES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P")


@dataclass(frozen=True)
class Scale:
    """Which value has which colour: the limits, the map, what lies beyond."""

    low: float
    high: float
    name: str
    extend: str = "neither"

    @property
    def cmap(self) -> Colormap:
        """The Matplotlib colour map."""
        return matplotlib.colormaps[self.name]

    @property
    def signed(self) -> bool:
        """Whether zero is the middle of the scale."""
        return self.name == SIGNED

    def colours(self, values: np.ndarray) -> np.ndarray:
        """RGB bytes (..., 3) of the values."""
        span = self.high - self.low
        place = ((values - self.low) / span * 255.999).clip(0, 255).astype(np.uint8)
        table = (self.cmap(np.linspace(0, 1, 256))[:, :3] * 255).round()
        return table.astype(np.uint8)[place]

    def mappable(self) -> ScalarMappable:
        """What a colour bar needs."""
        return ScalarMappable(Normalize(self.low, self.high), self.cmap)


def scale_for(
    values: np.ndarray, *, unsigned: str = GREY, signed: bool | None = None
) -> Scale:
    """Diverging and centred on zero where values are negative, else from 0 up.

    Values 0..1 keep the limits 0 and 1 in grey, so that pictures stay comparable.
    """
    if signed is None:
        signed = negative_share(values) > 0
    if signed:
        top = float(np.abs(values).max()) or 1.0
        return Scale(-top, top, SIGNED)
    top = float(values.max())
    low = min(0.0, float(values.min()))
    if unsigned == GREY and top <= 1:
        top = 1.0
    return Scale(low, top if top > low else low + 1.0, unsigned)


def ink_on(rgb: Sequence[float]) -> str:
    """Black or white, whichever stands out more on the colour (0..1 channels)."""
    light = luminance(rgb)
    return "black" if (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) else "white"


def luminance(rgb: Sequence[float]) -> float:
    """Relative luminance of an sRGB colour (WCAG 2): 0 for black, 1 for white."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    red, green, blue = linear[:3]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def new_figure(width: float, height: float) -> Figure:
    """A white figure of so many pixels, made without pyplot."""
    return Figure(
        figsize=(width / DPI, height / DPI),
        dpi=DPI,
        facecolor="white",
        edgecolor="white",
    )


def set_title(ax: Axes, text: str | None) -> None:
    """A small centred title."""
    if text:
        ax.set_title(text, fontsize=TITLE, color=INK, pad=5, fontweight="normal")


def dress(ax: Axes, *, grid: str | None = None) -> None:
    """Charts: quiet axes lines, readable ticks, an optional grid ('x' or 'y')."""
    ax.set_facecolor("white")
    ax.tick_params(
        labelsize=TEXT, colors=MUTED, labelcolor=INK, width=0.6, length=3, which="both"
    )
    for name, spine in ax.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color(RULE)
        spine.set_linewidth(0.8)
    ax.grid(False)
    if grid:
        ax.grid(True, axis=grid, color="#e4e4e4", linewidth=0.7, linestyle="-")
        ax.set_axisbelow(True)


def outline(ax: Axes, box: tuple[float, float, float, float]) -> None:
    """A box (row, col, height, width): a white line inside a black one."""
    row, col, height, width = box
    for colour, thick in (("black", 4.2), ("white", 1.6)):
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
                zorder=5 if colour == "black" else 6,
            )
        )


def colour_bar(scale: Scale, ax: Axes, cax: Axes | None, label: str = "") -> None:
    """A slim bar with few ticks, in ``cax`` or else beside ``ax``."""
    where = {"cax": cax} if cax is not None else {"ax": ax}
    bar = ax.figure.colorbar(scale.mappable(), extend=scale.extend, **where)
    bar.outline.set_edgecolor(RULE)
    bar.outline.set_linewidth(0.6)
    bar.ax.tick_params(
        labelsize=TEXT, colors=MUTED, labelcolor=INK, width=0.6, length=2.5
    )
    bar.locator = MaxNLocator(nbins=5, steps=[1, 2, 5, 10])
    bar.update_ticks()
    if label:
        bar.set_label(label, fontsize=TEXT, color=INK)
