"""A sheet to draw on: shapes, lines and words, placed in points (1/72 inch).

Words are measured before they are placed, so that a layout can keep them apart. The
sheet becomes a figure of its own size, or is fitted into axes that someone else owns.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patheffects import withStroke
from matplotlib.textpath import TextToPath

from cnnlib.picture import DPI
from cnnlib.plots.style import INK, TEXT

Point = tuple[float, float]
LINE_HEIGHT = 1.22
"""Distance between two lines of words, in font sizes."""


class Polygon(NamedTuple):
    """A filled polygon; ``fill`` may be "none"."""

    points: list[Point]
    fill: str
    edge: str


class Polyline(NamedTuple):
    """A thin line through the points."""

    points: list[Point]
    colour: str
    width: float


class CanvasText(NamedTuple):
    """Words at (x, y), aligned as Matplotlib says it; ``gid`` tells what they are.

    A white halo keeps them readable where a line passes.
    """

    x: float
    y: float
    text: str
    align: str
    valign: str
    colour: str
    size: float
    gid: str
    halo: bool


@lru_cache(maxsize=4096)
def _width(line: str, size: float, family: tuple[str, ...]) -> float:
    font = FontProperties(family=list(family), size=size)
    width, _, _ = TextToPath().get_text_width_height_descent(line, font, False)
    return float(width)


def text_size(text: str, size: float = TEXT) -> Point:
    """Return (width, height) in points of words that may have several lines."""
    family = tuple(FontProperties().get_family())
    lines = text.split("\n")
    width = max(_width(line, size, family) for line in lines)
    return width, len(lines) * size * LINE_HEIGHT


@dataclass
class Canvas:
    """Collects shapes, lines and words; x grows to the right, y upwards."""

    shapes: list[Polygon] = field(default_factory=list)
    lines: list[Polyline] = field(default_factory=list)
    words: list[CanvasText] = field(default_factory=list)

    def box(
        self, x: float, y: float, width: float, height: float, fill: str, edge: str
    ) -> None:
        """Add a rectangle whose lower left corner is (x, y)."""
        right, top = x + width, y + height
        corners = [(x, y), (right, y), (right, top), (x, top)]
        self.shapes.append(Polygon(corners, fill, edge))

    def line(self, points: list[Point], colour: str, width: float = 0.6) -> None:
        """Add a line; lines lie above all shapes."""
        self.lines.append(Polyline(points, colour, width))

    def arrow(self, start: Point, end: Point, colour: str) -> None:
        """Add a thin arrow with a small solid head at ``end``."""
        (x0, y0), (x1, y1) = start, end
        length = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-9)
        u, v = (x1 - x0) / length, (y1 - y0) / length
        x, y = x1 - 4.5 * u, y1 - 4.5 * v
        head = [end, (x - 2 * v, y + 2 * u), (x + 2 * v, y - 2 * u)]
        self.line([start, (x, y)], colour, 0.8)
        self.shapes.append(Polygon(head, colour, colour))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        align: str = "center",
        valign: str = "center",
        colour: str = INK,
        size: float = TEXT,
        gid: str = "",
        halo: bool = False,
    ) -> None:
        """Add words of one or more lines."""
        self.words.append(
            CanvasText(x, y, text, align, valign, colour, size, gid, halo)
        )

    def add(self, other: "Canvas", dx: float, dy: float) -> None:
        """Take over what stands on another sheet, moved by (dx, dy)."""
        for shape in other.shapes:
            self.shapes.append(shape._replace(points=_moved(shape.points, dx, dy)))
        for line in other.lines:
            self.lines.append(line._replace(points=_moved(line.points, dx, dy)))
        for words in other.words:
            self.words.append(words._replace(x=words.x + dx, y=words.y + dy))

    def to_figure(self, width: float, height: float) -> Figure:
        """Return a figure of exactly this size, in which words keep their size."""
        figure = Figure(
            figsize=(width / 72, height / 72),
            dpi=DPI,
            facecolor="white",
            edgecolor="white",
        )
        ax = figure.add_axes((0, 0, 1, 1))
        self._put(ax, width, height, 1.0)
        return figure

    def to_axes(self, width: float, height: float, ax: Axes) -> Axes:
        """Fit the sheet into axes; words shrink or grow with everything else."""
        extent = ax.get_window_extent()
        pixels_per_point = ax.figure.dpi / 72
        scale = min(extent.width / width, extent.height / height) / pixels_per_point
        self._put(ax, width, height, scale)
        return ax

    def _put(self, ax: Axes, width: float, height: float, scale: float) -> None:
        ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
        ax.set_axis_off()
        ax.add_collection(
            PolyCollection(
                [shape.points for shape in self.shapes],
                facecolors=[shape.fill for shape in self.shapes],
                edgecolors=[shape.edge for shape in self.shapes],
                linewidths=0.6 * scale,
                zorder=1,
            ),
            autolim=False,
        )
        ax.add_collection(
            LineCollection(
                [line.points for line in self.lines],
                colors=[line.colour for line in self.lines],
                linewidths=[line.width * scale for line in self.lines],
                zorder=2,
            ),
            autolim=False,
        )
        for words in self.words:
            text = ax.text(
                words.x,
                words.y,
                words.text,
                ha=words.align,
                va=words.valign,
                color=words.colour,
                fontsize=words.size * scale,
                linespacing=LINE_HEIGHT,
                zorder=3,
            )
            text.set_gid(words.gid)
            if words.halo:
                white = withStroke(linewidth=2 * scale, foreground="white")
                text.set_path_effects([white])


def _moved(points: list[Point], dx: float, dy: float) -> list[Point]:
    return [(x + dx, y + dy) for x, y in points]
