"""Numbers in grids, for convolutions worked by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from ._arrays import pair, to_floats
from ._panels import WIDTH, Drawn, canvas
from ._style import INK, MUTED, RULE, SIGNED, TEXT, TITLE, Scale, ink_on, outline
from ._words import cell, count, listed, sentence, size

Box = tuple[int, int, int, int]
ABOVE = 26
BETWEEN = 40
MOST = 1100
"""Pixels that the widest panel may take."""


@dataclass(frozen=True)
class Grid:
    """One panel: its title, values (H, W), cell texts, padding, boxes."""

    title: str
    values: np.ndarray
    texts: list[list[str]]
    padding: tuple[int, int, int, int]
    boxes: list[Box]

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.values.shape[0], self.values.shape[1]

    def is_padding(self, row: int, column: int) -> bool:
        """Tell whether the cell is one of the padding cells around."""
        above, below, left, right = self.padding
        rows, columns = self.shape
        return not (above <= row < rows - below and left <= column < columns - right)


def plot_grids(
    panels: Sequence[tuple],
    *,
    highlight: Mapping[str, Any] | None = None,
    operators: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Drawn:
    """Show small arrays as grids of numbers, side by side.

    ``panels``: ``(title, array)`` or ``(title, array, {"padding": p})``. An array has
    shape (H, W), (n,) (one row), (1, H, W) or (1, 1, H, W). ``padding`` says how many
    of the array's outer rows and columns are padding: an int, (height, width), or
    (top, bottom, left, right); those cells are hatched. NaN leaves a cell empty: not
    computed yet. ``highlight`` puts boxes on panels: title -> (row, column, height,
    width), or a list of such, counted in the array as given. ``operators`` are the
    signs between the panels, such as ``["∗", "="]``. Whole numbers have no decimals,
    others up to four. Cells above zero are tinted red, below zero blue.
    """
    boxes = dict(highlight or {})
    grids = [read_grid(panel, boxes) for panel in panels]
    if not grids:
        raise ValueError(
            "plot_grids needs at least one panel (title, array); got none."
        )
    if unknown := set(boxes) - {grid.title for grid in grids}:
        raise ValueError(
            f"highlight names {listed(sorted(map(repr, unknown)))}, but the panels are "
            f"called {listed([repr(grid.title) for grid in grids])}."
        )
    signs = list(operators if operators is not None else [""] * (len(grids) - 1))
    if len(signs) != len(grids) - 1:
        raise ValueError(
            f"{count(len(grids), 'panel')} have room for {len(grids) - 1} operators "
            f"between them; got {len(signs)}."
        )
    box = _cell_size(grids)
    rows = _rows(grids, box[1])
    spans = [_spans([grids[i] for i in row], box[1]) for row in rows]
    tall = [ABOVE + box[0] * max(grids[i].shape[0] for i in row) for row in rows]
    width = max(sum(span) + BETWEEN * (len(span) - 1) for span in spans)
    page = canvas(width, sum(tall) + 14 * (len(rows) - 1), ax=ax)
    top = 0
    for row, span, high in zip(rows, spans, tall, strict=True):
        left = 0.0
        for index, wide in zip(row, span, strict=True):
            grid = grids[index]
            x = left + (wide - grid.shape[1] * box[1]) / 2
            y = top + ABOVE + (high - ABOVE - grid.shape[0] * box[0]) / 2
            _draw(page.axes[0], grid, box, x, y)
            left += wide + BETWEEN
            if index < len(signs):
                middle = top + (ABOVE + high) / 2
                _write(page.axes[0], left - BETWEEN / 2, middle, signs[index], INK, 13)
        top += high + 14
    return page.result(_describe(grids), single=True)


def read_grid(panel: tuple, highlight: Mapping[str, Any]) -> Grid:
    """Check one panel and bring it to (H, W)."""
    if not isinstance(panel, tuple | list) or len(panel) not in (2, 3):
        raise TypeError(
            "Each panel of plot_grids is (title, array) or (title, array, options); "
            f"got {panel!r}."
        )
    title, options = str(panel[0]), dict(panel[2]) if len(panel) == 3 else {}
    if set(options) - {"padding"}:
        raise ValueError(
            f'The only option of a panel is "padding"; the panel {title!r} has '
            f"{listed(sorted(map(repr, options)))}."
        )
    values = to_floats(panel[1], f"array of the panel {title!r}", finite=False)
    while values.ndim > 2 and values.shape[0] == 1:
        values = values[0]
    values = np.atleast_2d(values)
    if values.ndim != 2:
        raise ValueError(
            f"The panel {title!r} must have shape (H, W), (n,), (1, H, W) or "
            f"(1, 1, H, W); got {values.shape}. Give each channel a panel of its own."
        )
    boxes = highlight.get(title, [])
    boxes = [boxes] if len(boxes) and np.ndim(boxes[0]) == 0 else list(boxes)
    boxes = [_checked(box, values.shape, title) for box in boxes]
    return Grid(title, values, cell_texts(values), _margins(options, title), boxes)


def _checked(box: Any, shape: tuple[int, ...], title: str) -> Box:
    row, column, height, width = (int(number) for number in box)
    fits = row >= 0 and column >= 0 and height >= 1 and width >= 1
    if not fits or row + height > shape[0] or column + width > shape[1]:
        raise ValueError(
            f"The box (row, column, height, width) = {(row, column, height, width)} "
            f"does not lie in the panel {title!r}, which is {size(*shape)}."
        )
    return row, column, height, width


def _margins(options: Mapping[str, Any], title: str) -> tuple[int, int, int, int]:
    """Return the padding above, below, left and right."""
    padding = options.get("padding", 0)
    if isinstance(padding, tuple | list) and len(padding) == 4:
        above, below, left, right = (int(length) for length in padding)
        return above, below, left, right
    up, side = pair(padding, f"padding of the panel {title!r}")
    return up, up, side, side


def cell_texts(values: np.ndarray) -> list[list[str]]:
    """Write the cells, all with as few decimals as show every value, at most four.

    >>> cell_texts(np.array([[1.0, -2.0]])), cell_texts(np.array([[0.5, 1 / 3]]))
    ([['1', '−2']], [['0.5000', '0.3333']])
    """
    known = values[np.isfinite(values)].astype(float)
    for decimals in range(5):
        if np.allclose(known.round(decimals), known.round(4), rtol=0, atol=1e-6):
            break
    return [[cell(value, decimals) for value in row] for row in values]


def _cell_size(grids: Sequence[Grid]) -> tuple[int, int]:
    """Return (height, width) of a cell: room for the longest number."""
    longest = max(len(text) for grid in grids for row in grid.texts for text in row)
    columns = max(grid.shape[1] for grid in grids)
    least = 8 * longest + 7
    if least * columns > MOST:
        raise ValueError(
            f"{count(columns, 'column')} of numbers with {longest} characters cannot be "
            "read side by side; show a part of the array, or use plot_image."
        )
    width = max(min(max(34, 9 * longest + 12), (WIDTH - 16) // columns), least)
    return min(width, 34), width


def _spans(grids: Sequence[Grid], wide: int) -> list[float]:
    """Return the widths of the panels; a long title widens its panel."""
    return [max(grid.shape[1] * wide, 8.6 * len(grid.title)) for grid in grids]


def _rows(grids: Sequence[Grid], wide: int) -> list[list[int]]:
    """Return the panels of each row, by number: as many as fit."""
    rows: list[list[int]] = []
    used = 0.0
    for index, span in enumerate(_spans(grids, wide)):
        if rows and used + BETWEEN + span <= WIDTH - 16:
            rows[-1].append(index)
            used += BETWEEN + span
        else:
            rows.append([index])
            used = span
    return rows


def tints(values: np.ndarray) -> np.ndarray:
    """Return pale cell colours (H, W, 3), 0..1: red above zero, blue below."""
    known = np.where(np.isfinite(values), values, 0)
    top = 2.2 * (float(np.abs(known).max()) or 1.0)
    return Scale(-top, top, SIGNED).colours(known) / 255


def _draw(ax: Axes, grid: Grid, box: tuple[int, int], left: float, top: float) -> None:
    """Draw one grid with its upper left corner at (left, top)."""
    high, wide = box
    colours = tints(grid.values)
    points = TITLE if wide >= 30 else TEXT
    for (row, column), value in np.ndenumerate(grid.values):
        padding = grid.is_padding(row, column)
        x, y = left + column * wide, top + row * high
        fill = "white" if padding or np.isnan(value) else colours[row, column]
        ax.add_patch(Rectangle((x, y), wide, high, fc=fill, ec=RULE, lw=0.8))
        if padding:
            _hatch(ax, x, y, wide, high)
        ink = MUTED if padding else ink_on(colours[row, column])
        _write(ax, x + wide / 2, y + high / 2, grid.texts[row][column], ink, points)
    middle = left + grid.shape[1] * wide / 2
    ax.text(
        middle, top - 7, grid.title, fontsize=TITLE, color=INK, ha="center", va="bottom"
    )
    for row, column, height, width in grid.boxes:
        corner = top + row * high + 0.5, left + column * wide + 0.5
        outline(ax, (*corner, height * high, width * wide))


def _hatch(ax: Axes, x: float, y: float, wide: float, high: float) -> None:
    """Draw slanting lines in the corners of a padding cell, clear of its number."""
    third = min(wide, high) / 3
    for corner in ((x, y, 1, 1), (x + wide, y + high, -1, -1)):
        across, down, right, below = corner
        for part in (0.5, 1.0):
            ends = [across + right * part * third, across]
            ax.plot(ends, [down, down + below * part * third], color=RULE, lw=0.8)


def _write(ax: Axes, x: float, y: float, text: str, ink: str, points: float) -> None:
    ax.text(x, y, text, fontsize=points, color=ink, ha="center", va="center_baseline")


def _describe(grids: Sequence[Grid]) -> str:
    """Say the sizes, the numbers of small grids, and where the boxes are."""
    small = sum(grid.values.size for grid in grids) <= 64
    return " ".join(sentence(_describe_one(grid, numbers=small)) for grid in grids)


def _describe_one(grid: Grid, *, numbers: bool) -> str:
    text = f"{grid.title} ({size(*grid.shape)})"
    if numbers:
        rows = [" ".join(word or "?" for word in row) for row in grid.texts]
        text += ": " + " / ".join(rows).replace("−", "-")
    if any(grid.padding):
        text += ", padding around"
    for row, column, height, width in grid.boxes:
        text += f", a box of {size(height, width)} at row {row}, column {column}"
    return text
