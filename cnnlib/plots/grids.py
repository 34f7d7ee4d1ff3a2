"""Numbers in grids, for convolutions worked by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from cnnlib.text import cell, count, listed, sentence, size

from .arrays import pair, to_floats
from .panels import FIGURE_WIDTH, Drawn, Sheet, canvas
from .style import INK, MUTED, RULE, SIGNED, TEXT, TITLE, Scale, ink_on, outline

CellBox = tuple[int, int, int, int]
Stroke = list[tuple[float, float]]
LOW_CELL, HIGH_CELL = 27, 34
"""Heights of a cell in pixels: in grids of more than 16 rows, and else."""
TITLE_HEIGHT = 26
SIGN_WIDTH = 40
"""Pixels between two panels, where a sign such as = may stand."""
WIDEST_GRID = 1100
"""Pixels that the widest panel may take."""


@dataclass(frozen=True)
class NumberGrid:
    """One panel: its title, values (H, W), cell texts, padding, boxes."""

    title: str
    values: np.ndarray
    texts: list[list[str]]
    padding: tuple[int, int, int, int]
    boxes: list[CellBox]

    @property
    def cell(self) -> int:
        """The width of a cell in pixels: room for the longest number."""
        longest = max(len(text) for row in self.texts for text in row)
        least = 8 * longest + 7
        room = (FIGURE_WIDTH - 16) // self.shape[1]
        return max(min(max(HIGH_CELL, 10 * longest + 10), room), least)

    @property
    def span(self) -> float:
        """The width of the panel in pixels; a long title widens it."""
        return max(self.shape[1] * self.cell, 8.6 * len(self.title))

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
    page = _draw_rows(grids, signs, ax)
    small = sum(grid.values.size for grid in grids) <= 64
    text, caption = (_describe(grids, numbers=shown) for shown in (small, False))
    return page.result(text, caption=caption, single=True)


def _draw_rows(
    grids: Sequence[NumberGrid], signs: Sequence[str], ax: Axes | None
) -> Sheet:
    """Draw as many panels in a row as fit, their middles at one height."""
    rows = _rows(grids)
    cell = LOW_CELL if max(grid.shape[0] for grid in grids) > 16 else HIGH_CELL
    tall = [TITLE_HEIGHT + cell * max(grids[i].shape[0] for i in row) for row in rows]
    width = max(
        sum(grids[i].span for i in row) + SIGN_WIDTH * (len(row) - 1) for row in rows
    )
    page = canvas(width, sum(tall) + 14 * (len(rows) - 1), ax=ax)
    top = 0.0
    for row, high in zip(rows, tall, strict=True):
        left, middle = 0.0, top + (TITLE_HEIGHT + high) / 2
        for index in row:
            grid = grids[index]
            x = left + (grid.span - grid.shape[1] * grid.cell) / 2
            _draw(page.axes[0], grid, cell, x, middle - grid.shape[0] * cell / 2)
            left += grid.span + SIGN_WIDTH
            if index < len(signs):
                place = left - SIGN_WIDTH / 2
                _write(page.axes[0], place, middle, signs[index], INK, 13)
        top += high + 14
    page.axes[0].set(xlim=(0, width), ylim=(top - 14, 0))
    return page


def _rows(grids: Sequence[NumberGrid]) -> list[list[int]]:
    """Return the panels of each row, by number."""
    rows: list[list[int]] = []
    used = 0.0
    for index, grid in enumerate(grids):
        if rows and used + SIGN_WIDTH + grid.span <= FIGURE_WIDTH - 16:
            rows[-1].append(index)
            used += SIGN_WIDTH + grid.span
        else:
            rows.append([index])
            used = grid.span
    return rows


def read_grid(panel: tuple, highlight: Mapping[str, Any]) -> NumberGrid:
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
    margins = _margins(options, title)
    grid = NumberGrid(title, values, cell_texts(values), margins, boxes)
    if grid.cell * grid.shape[1] > WIDEST_GRID:
        raise ValueError(
            f"The {count(grid.shape[1], 'column')} of numbers of the panel {title!r} "
            "cannot be read side by side; show a part of them, or use plot_image."
        )
    return grid


def _checked(box: Any, shape: tuple[int, ...], title: str) -> CellBox:
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


def tints(values: np.ndarray) -> np.ndarray:
    """Return pale cell colours (H, W, 3), 0..1: red above zero, blue below."""
    known = np.where(np.isfinite(values), values, 0)
    top = 2.2 * (float(np.abs(known).max()) or 1.0)
    return Scale(-top, top, SIGNED).colours(known) / 255


def _draw(ax: Axes, grid: NumberGrid, high: int, left: float, top: float) -> None:
    """Draw one grid of cells that high, its upper left corner at (left, top)."""
    (rows, columns), wide = grid.shape, grid.cell
    right, bottom = left + columns * wide, top + rows * high
    colours = tints(grid.values)
    lines = [[(x, top), (x, bottom)] for x in np.linspace(left, right, columns + 1)]
    lines += [[(left, y), (right, y)] for y in np.linspace(top, bottom, rows + 1)]
    for row, column in np.ndindex(rows, columns):
        x, y = left + column * wide, top + row * high
        text = grid.texts[row][column]
        padding = grid.is_padding(row, column)
        if padding or not text:
            colours[row, column] = 1
        if padding:
            lines += _hatch(x, y, wide, high)
        ink = MUTED if padding else ink_on(colours[row, column])
        points = TITLE if wide >= HIGH_CELL else TEXT
        _write(ax, x + wide / 2, y + high / 2, text, ink, points)
    place = (left, right, bottom, top)
    ax.imshow(colours, extent=place, interpolation="nearest", origin="upper", zorder=0)
    rules = LineCollection(lines, colors=RULE, linewidths=0.8, capstyle="projecting")
    ax.add_collection(rules, autolim=False).set_clip_on(False)
    _write(ax, (left + right) / 2, top - 14, grid.title, INK, TITLE)
    for row, column, height, width in grid.boxes:
        corner = top + row * high + 0.5, left + column * wide + 0.5
        outline(ax, (*corner, height * high, width * wide))


def _hatch(x: float, y: float, wide: float, high: float) -> list[Stroke]:
    """Return slanting lines in two corners of a padding cell, clear of its number."""
    corners = ((x, y, 1), (x + wide, y + high, -1))
    return [
        [(across + turn * length, down), (across, down + turn * length)]
        for across, down, turn in corners
        for length in (6, 11)
    ]


def _write(ax: Axes, x: float, y: float, text: str, ink: str, points: float) -> None:
    ax.text(x, y, text, fontsize=points, color=ink, ha="center", va="center_baseline")


def _describe(grids: Sequence[NumberGrid], *, numbers: bool) -> str:
    """Say the sizes, the numbers if wanted, and where the boxes are."""
    return " ".join(sentence(_describe_one(grid, numbers=numbers)) for grid in grids)


def _describe_one(grid: NumberGrid, *, numbers: bool) -> str:
    text = f"{grid.title} ({size(*grid.shape)})"
    if numbers:
        rows = [" ".join(word or "?" for word in row) for row in grid.texts]
        text += ": " + " / ".join(rows).replace("−", "-")
    if any(grid.padding):
        text += ", padding around"
    for row, column, height, width in grid.boxes:
        text += f", a box of {size(height, width)} at row {row}, column {column}"
    return text
