"""How far a unit sees: the cells below it, layer by layer, down to the pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnlib.arithmetic import receptive_field
from cnnlib.picture import Picture
from cnnlib.plots.style import HEAT, INK, LINES, MUTED, Scale, ink_on
from cnnlib.text import listed

from .canvas import Canvas, text_size

if TYPE_CHECKING:
    from collections.abc import Sequence

_CELL, _BETWEEN = 24.0, 30.0
"""Points: the side of a cell, and the height between two rows of cells."""
_MOST = 24
"""Pixels across that a drawing can show."""


def draw_reach(
    layers: Sequence[tuple[int, int]], names: Sequence[str] | None = None
) -> Picture:
    """Draw one unit and all cells that it depends on, along one axis, as a pyramid.

    ``layers`` lists (kernel, stride) from the input on, as for
    ``arithmetic.receptive_field``; ``names`` are their names. Each row is what one
    layer gives, the lowest row is the input. The number in a cell says by how many
    paths it leads to the unit. Lines join a cell to the ends of its window.

    Raises ValueError for no layers, a stride that leaves gaps in the input, more than
    24 pixels across, and names that are not one for each layer.
    """
    layers = [(int(kernel), int(stride)) for kernel, stride in layers]
    across = int(receptive_field(layers))
    if not layers or across > _MOST or any(k < s for k, s in layers):
        raise ValueError(
            "draw_reach draws one layer and more, windows not smaller than their "
            f"strides, and {_MOST} pixels at most; got {layers}, which see {across}."
        )
    if names is not None and len(names) != len(layers):
        raise ValueError(
            f"There must be one name per layer: got {len(names)} for {len(layers)}."
        )
    called = list(names) if names is not None else [f"{k} wide" for k, _ in layers]
    paths, places = _rows(layers)
    sheet = _pyramid(layers, called, paths, places)
    words = ["pixels", *called[:-1], f"{called[-1]}: one unit"]
    left = max(text_size(name)[0] for name in words) + 26
    page = Canvas()
    page.add(sheet, left, 14)
    width = left + across * _CELL + 14
    height = 28 + len(layers) * (_CELL + _BETWEEN) + _CELL
    return Picture(page.to_figure(width, height), _words(called, paths))


def _rows(
    layers: Sequence[tuple[int, int]],
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the paths and the places (in pixels) of the cells, row by row upwards."""
    paths = [np.ones(1, int)]
    for kernel, stride in reversed(layers):
        below = np.zeros((len(paths[0]) - 1) * stride + kernel, int)
        for i, count in enumerate(paths[0]):
            below[i * stride : i * stride + kernel] += count
        paths.insert(0, below)
    places = [np.arange(len(paths[0])) + 0.5]
    for (kernel, stride), row in zip(layers, paths[1:], strict=True):
        starts = np.arange(len(row)) * stride
        places.append((places[-1][starts] + places[-1][starts + kernel - 1]) / 2)
    return paths, places


def _pyramid(
    layers: Sequence[tuple[int, int]],
    names: Sequence[str],
    paths: Sequence[np.ndarray],
    places: Sequence[np.ndarray],
) -> Canvas:
    """Draw the rows; the lower left corner of the input is (0, 0)."""
    sheet, scale = Canvas(), Scale(0, int(max(row.max() for row in paths)), HEAT)
    for level, (row, middles) in enumerate(zip(paths, places, strict=True)):
        low = level * (_CELL + _BETWEEN)
        name = "pixels" if level == 0 else names[level - 1]
        if level == len(layers):
            name = f"{name}: one unit"
        sheet.text(-12, low + _CELL / 2, name, align="right", colour=MUTED)
        for count, middle in zip(row, middles, strict=True):
            colour = scale.colours(np.array(count))
            fill = "#{:02x}{:02x}{:02x}".format(*colour)
            x = middle * _CELL
            sheet.box(x - _CELL / 2, low, _CELL, _CELL, fill, INK)
            sheet.text(x, low + _CELL / 2, str(count), colour=ink_on(colour / 255))
        if level:
            _joined(sheet, layers[level - 1], middles, places[level - 1], low)
    return sheet


def _joined(
    sheet: Canvas,
    layer: tuple[int, int],
    middles: np.ndarray,
    below: np.ndarray,
    low: float,
) -> None:
    """Join each cell of a row to the two ends of its window in the row below."""
    kernel, stride = layer
    for i, middle in enumerate(middles):
        colour = LINES[1] if i == 0 else "#8c8c8c"
        first, last = below[i * stride], below[i * stride + kernel - 1]
        ends = ((middle - 0.5, first - 0.5), (middle + 0.5, last + 0.5))
        for upper, lower in ends:
            points = [(upper * _CELL, low), (lower * _CELL, low - _BETWEEN)]
            sheet.line(points, colour, 1.6 if i == 0 else 0.7)


def _words(names: Sequence[str], paths: Sequence[np.ndarray]) -> str:
    seen = [
        f"{len(row)} of {'the pixels' if level == 0 else names[level - 1]}"
        for level, row in enumerate(paths[:-1])
    ]
    ways = listed([str(number) for number in paths[0]])
    return (
        f"One unit of {names[-1]} and what it depends on, downwards: "
        f"{listed(seen[::-1])}. Paths from each pixel: {ways}."
    )
