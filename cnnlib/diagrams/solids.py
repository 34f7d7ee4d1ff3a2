"""The body that stands for one activation: a stack of maps, a column, a plane.

Sizes are compressed so that 224 and 7 fit one picture: the side of a map goes with
the square root of its size, the depth of a stack and the height of a column with the
logarithm of the number of maps or values. All lengths are points (1/72 inch).
"""

from dataclasses import dataclass
from math import log2, sqrt

from .canvas import Canvas, Point

SHIFT = 2.0
"""From one sheet of a stack to the next, to the right and down, in points."""
SMALLEST = 7.0
"""Shortest side of a map, in points."""
COLUMN = 7.0
"""Width of a column, in points."""
BETWEEN = 9.0
"""Room between two towers, in points."""

COLOURS = {
    "input": ("#efefef", "#6a6a6a"),
    "conv": ("#d8e7f5", "#2f5d8a"),
    "pool": ("#dcefdc", "#39703b"),
    "dense": ("#fbe3c0", "#8f5f12"),
    "flatten": ("#fdf3e1", "#8f5f12"),
    "quiet": ("#ffffff", "#6a6a6a"),
    "other": ("#ebe2f5", "#67478a"),
}
"""Fill and edge by what made the activation; words say the same."""


@dataclass(frozen=True)
class Solid:
    """One activation as it is drawn, with its lower left corner at the origin.

    ``face`` is (width, height) of one sheet, ``sheets`` how many are drawn, and
    ``towers`` how many such stacks stand one above the other.
    """

    face: Point
    sheets: int
    towers: int
    shape: tuple[int, ...]
    role: str

    @property
    def depth(self) -> float:
        """How far the first sheet stands out behind the last."""
        return SHIFT * (self.sheets - 1)

    @property
    def width(self) -> float:
        """Width of the whole body."""
        return self.face[0] + self.depth

    @property
    def height(self) -> float:
        """Height of the whole body, all towers together."""
        one = self.face[1] + self.depth
        return self.towers * one + (self.towers - 1) * BETWEEN

    def front(self, tower: int) -> Point:
        """Lower left corner of the front sheet; tower 0 stands on top."""
        below = self.towers - 1 - tower
        return self.depth, below * (self.face[1] + self.depth + BETWEEN)

    def draw(self, canvas: Canvas) -> None:
        """Draw the sheets from the back, at the upper left, to the front."""
        fill, edge = COLOURS[self.role]
        for tower in range(self.towers):
            x, y = self.front(tower)
            width, height = self.face
            for behind in reversed(range(self.sheets)):
                shift = SHIFT * behind
                canvas.box(x - shift, y + shift, width, height, fill, edge)


def solid(
    shape: tuple[int, ...], largest: int, towers: int = 1, role: str = "other"
) -> Solid:
    """Choose the body for an activation of this shape, without the batch.

    ``largest`` is the longest side of any map in the net: it gets the full size.
    """
    if len(shape) < 2:
        return Solid((COLUMN, column_height(shape)), 1, 1, shape, role)
    *maps, height, width = shape
    face = (side(width, largest), side(height, largest))
    return Solid(face, sheets((maps or [1])[0] // towers), towers, shape, role)


def side(size: int, largest: int) -> float:
    """Length of a side of ``size`` pixels where ``largest`` is the longest one."""
    full = min(62.0, 30 + 6 * log2(largest))
    return max(SMALLEST, full * sqrt(size / largest))


def sheets(maps: int) -> int:
    """Sheets drawn for so many maps: all up to 8, then 2 more for each doubling."""
    return maps if maps <= 8 else round(8 + 2 * log2(maps / 8))


def column_height(shape: tuple[int, ...]) -> float:
    """Height of the column for a vector: 10 points, and 4.2 more for each doubling."""
    return 10 + 4.2 * log2(shape[0] if shape else 1)


def label(solid: Solid) -> str:
    """Write a size as drawings do: "6@28x28", "120", "2 x 48@55x55" for two towers."""
    shape = solid.shape
    if len(shape) < 3:
        return "x".join(map(str, shape)) or "1"
    maps, *sides = shape
    size = f"{maps // solid.towers}@{'x'.join(map(str, sides))}"
    return f"{solid.towers} x {size}" if solid.towers > 1 else size
