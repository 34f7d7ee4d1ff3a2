"""A chart of named points, each with its name beside it."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from matplotlib.transforms import Bbox

from cnnlib.text import number, sentence

from ._charts import CHART_WIDTH, chart, label_axes
from .panels import Drawn
from .style import INK, LINES, TEXT

_SIDES = [(6, 0), (-6, 0), (0, 6), (0, -6), (5, 5), (5, -5), (-5, 5), (-5, -5)]
"""Where a name may stand beside its point, in points: right of it first."""
_ALIGN = {-1: ("right", "top"), 0: ("center", "center"), 1: ("left", "bottom")}


def plot_points(
    points: Mapping[str, Sequence[float]],
    *,
    xlabel: str,
    ylabel: str,
    title: str | None = None,
    log_x: bool = False,
    ax: Axes | None = None,
) -> Drawn:
    """Draw one dot per entry of ``points``, its name beside it.

    ``points``: name -> (x, y). ``log_x=True`` spaces x by its powers of ten, for
    values that differ by much; they must be positive. A name stands where it covers
    no other name and no dot, if there is such a place beside its dot.

    Raises ValueError without points, and for a point that is not two finite numbers.
    """
    if not points:
        raise ValueError("plot_points needs at least one point; got none.")
    places = {str(name): _pair(str(name), xy, log_x) for name, xy in points.items()}
    page = chart(1, CHART_WIDTH, 400, ax)
    axes = page.axes[0]
    label_axes(axes, xlabel, ylabel, title)
    xy = np.array(list(places.values()))
    axes.plot(xy[:, 0], xy[:, 1], "o", color=LINES[0], markersize=5.5, clip_on=False)
    if log_x:
        axes.set_xscale("log")
        narrow = xy[:, 0].max() < 300 * xy[:, 0].min()
        ticks = LogLocator(subs=(1, 2, 5) if narrow else (1,), numticks=12)
        axes.xaxis.set_major_locator(ticks)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: number(x)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.margins(x=0.12, y=0.1)
    _write_names(axes, places)
    listed = [f"{name} {number(x)}, {number(y)}" for name, (x, y) in places.items()]
    head = f"{title}: " if title else ""
    text = f"{head}{ylabel} against {xlabel}; {'; '.join(listed)}"
    caption = sentence(f"{head}{ylabel} against {xlabel}")
    return page.result(sentence(text), caption=caption, single=True)


def _pair(name: str, xy: Sequence[float], log_x: bool) -> tuple[float, float]:
    """Return the two numbers of a point, or say in a sentence what is wrong."""
    values = [float(value) for value in xy]
    if len(values) != 2 or not np.isfinite(values).all():
        raise ValueError(f"A point is two finite numbers; {name!r} is {xy}.")
    if log_x and values[0] <= 0:
        raise ValueError(
            f"With log_x every x is positive; that of {name!r} is {number(values[0])}."
        )
    return values[0], values[1]


def _write_names(ax: Axes, places: Mapping[str, tuple[float, float]]) -> None:
    """Put each name on the first side of its dot that is free."""
    figure = ax.figure
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()  # where axes end
    dots = ax.transData.transform(list(places.values()))
    radius = figure.dpi * 4 / 72
    taken = [Bbox.from_bounds(x - radius, y - radius, 2 * radius, 2 * radius)
             for x, y in dots]  # fmt: skip
    room = ax.get_window_extent()
    for name, at in places.items():
        own = taken[list(places).index(name)]
        boxes = []
        for dx, dy in _SIDES:
            text = ax.annotate(
                name,
                at,
                (dx, dy),
                textcoords="offset points",
                ha=_ALIGN[int(np.sign(dx))][0],
                va=_ALIGN[int(np.sign(dy))][1],
                fontsize=TEXT,
                color=INK,
                annotation_clip=False,
            )
            box = text.get_window_extent()
            hidden = sum(box.overlaps(other) for other in taken if other is not own)
            outside = not (room.x0 <= box.x0 and box.x1 <= room.x1)
            boxes.append((hidden + outside, text, box))
        best = min(boxes, key=lambda entry: entry[0])
        for entry in boxes:
            if entry is not best:
                entry[1].remove()
        taken.append(best[2])
