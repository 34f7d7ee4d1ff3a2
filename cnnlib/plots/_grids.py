"""Numbers in grids, for convolutions worked by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from .._picture import Picture
from ._arrays import pair, to_floats
from ._panels import canvas
from ._style import (
    INK,
    MUTED,
    RULE,
    TITLE,
    WIDTH,
    ink_on,
    outline,
    scale_for,
)
from ._words import count, listed, sentence, size

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class _Grid:
    title: str
    values: np.ndarray
    padding: tuple[int, int, int, int]
    texts: list[list[str]]
    boxes: list[Box]


def plot_grids(
    panels: Sequence[tuple],
    *,
    highlight: Mapping[str, Any] | None = None,
    operators: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Picture | Axes:
    """Show small arrays as grids of numbers, side by side.

    ``panels``: ``(title, array)`` or ``(title, array, {"padding": p})``. An array has
    shape (H, W), (n,) (one row), (1, H, W) or (1, 1, H, W). ``padding`` says how many
    of the array's outer rows and columns are padding: an int, (height, width), or
    (top, bottom, left, right); those cells are hatched. NaN leaves a cell empty (not
    computed yet). ``highlight`` puts boxes on panels: title -> (row, column, height,
    width) or a list of such, counted in the array as given. ``operators`` are the signs
    between the panels, such as ``["∗", "="]``. Whole numbers have no decimals, others
    up to four. Cells are tinted by value: red above zero, blue below.
    """
    grids = [_read(panel, highlight or {}) for panel in panels]
    if not grids:
        raise ValueError(
            "plot_grids needs at least one panel (title, array); got none."
        )
    unknown = set(highlight or {}) - {grid.title for grid in grids}
    if unknown:
        raise ValueError(
            f"highlight names {listed(sorted(map(repr, unknown)))}, but the panels are "
            f"called {listed([repr(g.title) for g in grids])}."
        )
    signs = list(operators or [""] * (len(grids) - 1))
    if len(signs) != len(grids) - 1:
        raise ValueError(
            f"Between {count(len(grids), 'panel')} there is room for "
            f"{count(len(grids) - 1, 'operator')}; got {len(signs)}."
        )
    cell = _cell(grids)
    between = 44 if any(signs) else 30
    spans = [max(g.values.shape[1] * cell[1], 9 * len(g.title)) for g in grids]
    tall = max(g.values.shape[0] for g in grids) * cell[0]
    page = canvas(sum(spans) + between * (len(grids) - 1), tall + 26, ax)
    x = 0.0
    for grid, span, sign in zip(grids, spans, [*signs, ""], strict=True):
        left = x + (span - grid.values.shape[1] * cell[1]) / 2
        top = 26 + (tall - grid.values.shape[0] * cell[0]) / 2
        _draw(page.axes[0], grid, cell, left, top)
        x += span + between
        page.axes[0].text(
            x - between / 2,
            26 + tall / 2,
            sign,
            fontsize=14,
            color=INK,
            ha="center",
            va="center",
        )
    page.axes[0].set(xlim=(0, x - between), ylim=(tall + 26, 0))
    return page.picture_or_ax(_describe(grids))


def _read(panel: tuple, highlight: Mapping[str, Any]) -> _Grid:
    if not isinstance(panel, tuple | list) or len(panel) not in (2, 3):
        raise TypeError(
            "Each panel of plot_grids is (title, array) or (title, array, options); "
            f"got {panel!r}."
        )
    title, options = str(panel[0]), dict(panel[2]) if len(panel) == 3 else {}
    if set(options) - {"padding"}:
        raise ValueError(
            f'The only panel option is "padding"; the panel {title!r} has '
            f"{listed(sorted(map(repr, options)))}."
        )
    values = to_floats(panel[1], f"array of the panel {title!r}", finite=False)
    while values.ndim > 2 and values.shape[0] == 1:
        values = values[0]
    values = values[None] if values.ndim == 1 else values
    if values.ndim != 2:
        raise ValueError(
            f"The panel {title!r} must have shape (H, W), (n,), (1, H, W) or "
            f"(1, 1, H, W); got {values.shape}. Give each channel its own panel."
        )
    boxes = highlight.get(title, [])
    boxes = [boxes] if boxes and np.ndim(boxes[0]) == 0 else list(boxes)
    for box in boxes:
        _check_box(box, values.shape, title)
    return _Grid(
        title, values, _margins(options.get("padding", 0)), cell_texts(values), boxes
    )


def _check_box(box: Box, shape: tuple[int, ...], title: str) -> None:
    row, col, height, width = box
    inside = (
        row >= 0 and col >= 0 and row + height <= shape[0] and col + width <= shape[1]
    )
    if not inside or height < 1 or width < 1:
        raise ValueError(
            f"The box (row, column, height, width) = {tuple(box)} does not lie in the "
            f"panel {title!r}, which is {size(*shape)}."
        )


def _margins(padding: Any) -> tuple[int, int, int, int]:
    """Top, bottom, left, right."""
    if isinstance(padding, tuple | list) and len(padding) == 4:
        top, bottom, left, right = (int(p) for p in padding)
        return top, bottom, left, right
    up, side = pair(padding, "padding")
    return up, up, side, side


def cell_texts(values: np.ndarray) -> list[list[str]]:
    """What stands in the cells: as few decimals as show all values, at most four.

    >>> cell_texts(np.array([[1.0, -2.0]])), cell_texts(np.array([[0.5, 1 / 3]]))
    ([['1', '−2']], [['0.5000', '0.3333']])
    """
    good = values[np.isfinite(values)]
    exact = np.round(good, 4)
    decimals = next(
        (d for d in range(4) if np.allclose(np.round(good, d), exact, 0, 1e-9)), 4
    )
    return [[_text(v, decimals) for v in row] for row in values]


def _text(value: float, decimals: int) -> str:
    if np.isnan(value):
        return ""
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def _cell(grids: Sequence[_Grid]) -> tuple[int, int]:
    """Height and width of a cell in screen pixels: room for the longest number."""
    longest = max(len(t) for g in grids for row in g.texts for t in row)
    columns = sum(g.values.shape[1] for g in grids)
    width = max(9 * longest + 10, min(38, (WIDTH - 44 * len(grids)) // columns), 24)
    if width * columns > 1200:
        raise ValueError(
            f"{count(columns, 'column')} of numbers with {longest} characters do not "
            "fit side by side in readable size; show a part of the array, or use "
            "plot_image."
        )
    return min(max(24, width), 38), width


def _draw(
    ax: Axes, grid: _Grid, cell: tuple[int, int], left: float, top: float
) -> None:
    high, wide = cell
    rows, cols = grid.values.shape
    colours = tints(grid.values)
    above, below, before, after = grid.padding
    for r in range(rows):
        for c in range(cols):
            pad = not (above <= r < rows - below and before <= c < cols - after)
            ax.add_patch(
                Rectangle(
                    (left + c * wide, top + r * high),
                    wide,
                    high,
                    facecolor="white" if pad else colours[r, c],
                    edgecolor=RULE,
                    linewidth=0.8,
                    hatch="////" if pad else None,
                )
            )
            ax.text(
                left + (c + 0.5) * wide,
                top + (r + 0.5) * high,
                grid.texts[r][c],
                fontsize=TITLE,
                ha="center",
                va="center_baseline",
                color=MUTED if pad else ink_on(colours[r, c]),
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1}
                if pad
                else None,
            )
    ax.text(
        left + cols * wide / 2,
        top - 7,
        grid.title,
        fontsize=TITLE,
        color=INK,
        ha="center",
        va="bottom",
    )
    for row, col, height, width in grid.boxes:
        outline(
            ax,
            (
                (top + row * high) + 0.5,
                (left + col * wide) + 0.5,
                height * high,
                width * wide,
            ),
        )


def tints(values: np.ndarray) -> np.ndarray:
    """Pale colours of the cells, RGB in 0..1; empty cells are white."""
    known = np.where(np.isfinite(values), values, 0)
    scale = scale_for(known, signed=True)
    return 1 - (1 - scale.colours(known) / 255) * 0.55


def _describe(grids: Sequence[_Grid]) -> str:
    parts = []
    for grid in grids:
        text = f"{grid.title} ({size(*grid.values.shape)})"
        if grid.values.size <= 25:
            rows = ["; ".join([" ".join(t or "?" for t in row) for row in grid.texts])]
            text += " " + "".join(rows).replace("−", "-")
        for row, col, height, width in grid.boxes:
            text += f", box of {size(height, width)} at row {row}, column {col}"
        parts.append(text)
    return sentence("Number grids: " + " | ".join(parts))
