"""The still face of a drawing pad: a digit and what the nets make of it, and words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from torch import Tensor

from cnnlib.picture import Picture
from cnnlib.plots.images import draw_panel, drawable
from cnnlib.plots.panels import new_figure
from cnnlib.plots.style import INK, LINES, TEXT, dress, set_title
from cnnlib.text import listed, percent, sentence


def still(image: np.ndarray, names: Sequence[str], answers: Tensor) -> Picture:
    """Draw an image (28, 28) beside bars of the probabilities (nets, 10)."""
    high = 300 + 90 * (len(names) - 1)
    figure = new_figure(620, high)
    panel = figure.add_axes((8 / 620, 1 - 276 / high, 252 / 620, 252 / high))
    pixels, scale = drawable(image[None])
    draw_panel(panel, pixels, scale, "what the net sees")
    top = 24 + 20 * (len(names) - 1)
    place = (304 / 620, 8 / high, 308 / 620, (high - top - 8) / high)
    _draw_bars(figure.add_axes(place), names, answers.numpy())
    return Picture(figure, "A digit and its probabilities.")


def _draw_bars(ax: Axes, names: Sequence[str], shares: np.ndarray) -> None:
    """Draw a group of bars for each digit, a bar for each net."""
    height = 0.84 / len(shares)
    for net, row in enumerate(shares):
        at = np.arange(len(row)) + (net - (len(shares) - 1) / 2) * height
        bars = ax.barh(at, 100 * row, height=0.94 * height, color=LINES[net])
        bars.set_label(names[net])
        texts = [percent(round(p, 2)) if p >= 0.005 else "" for p in row.tolist()]
        ax.bar_label(bars, texts, padding=3, fontsize=TEXT - 1, color=INK)
    dress(ax)
    ax.set_yticks(range(shares.shape[1]), map(str, range(shares.shape[1])))
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(0, 118), ylim=(9.5, -0.5))
    ax.xaxis.set_visible(False)
    ax.spines[["left", "bottom"]].set_visible(False)
    if len(shares) == 1:
        set_title(ax, "probability")
        return
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(-0.04, 0.99),
        borderpad=0.2,
        frameon=False,
        fontsize=TEXT,
        labelspacing=0.2,
    )


def describe(what: str, names: Sequence[str], answers: Tensor) -> str:
    """Say in a sentence what is shown and how each net reads it."""
    readings = [_reading(name, row) for name, row in zip(names, answers, strict=True)]
    return sentence(f"{what}: {listed(readings)}")


def _reading(name: str, row: Tensor) -> str:
    first, second = row.topk(2).indices.tolist()
    who = f"{name} reads" if name else "the net reads"
    return (
        f"{who} it as {first} with {percent(float(row[first]))}, then {second} with "
        f"{percent(float(row[second]))}"
    )
