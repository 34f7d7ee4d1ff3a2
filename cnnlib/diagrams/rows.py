"""Where bodies, their labels and the words between them stand, row by row.

Pure arithmetic on widths in points; nothing is drawn here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

GAP = 18.0
"""Least room between two bodies, in points."""
APART = 7.0
"""Least room between two labels, in points."""
STUB = 20.0
"""Length of the arrow that leads into a row, or out of it, in points."""


@dataclass(frozen=True)
class Widths:
    """Widths of a body, of the label above it and of the words before it."""

    body: float
    label: float
    words: float = 0.0

    @property
    def extent(self) -> float:
        """Width of the body and its label together."""
        return max(self.body, self.label)


@dataclass(frozen=True)
class Spot:
    """Where an item stands: its row, its middle, and the middle of its words."""

    row: int
    middle: float
    words: float
    right: float


def place_in_rows(items: Sequence[Widths], limit: float) -> list[Spot]:
    """Put the items in rows of at most ``limit``, in as few and as equal as can be."""
    spots = _fill(items, limit)
    rows = spots[-1].row
    low, high = 0.0, limit
    while high - low > 1:
        middle = (low + high) / 2
        if _fill(items, middle)[-1].row == rows:
            high = middle
        else:
            low = middle
    return _fill(items, high)


def _fill(items: Sequence[Widths], limit: float) -> list[Spot]:
    spots: list[Spot] = []
    for i, item in enumerate(items):
        before = spots[-1] if spots else None
        spot = _next(items[i - 1], item, before) if before else _first(item, 0)
        last = i == len(items) - 1
        if before and spot.right + (0 if last else STUB) > limit:
            spot = _first(item, before.row + 1)
        spots.append(spot)
    return spots


def _first(item: Widths, row: int) -> Spot:
    """Place the first item of a row; an arrow leads to it in all rows but the first."""
    if row == 0:
        return Spot(0, item.extent / 2, 0.0, item.extent)
    words = max(item.words, STUB) / 2
    middle = words + STUB / 2 + 4 + item.extent / 2
    return Spot(row, middle, words, max(middle + item.extent / 2, 2 * words))


def _next(left: Widths, item: Widths, before: Spot) -> Spot:
    """Place an item after another in the same row, as near as the labels allow."""
    middle = max(
        before.middle + (left.body + item.body) / 2 + GAP,
        before.middle + (left.extent + item.extent) / 2 + APART,
    )
    shift = (left.body - item.body) / 4  # words stand midway between the two bodies
    words = (before.middle + middle) / 2 + shift
    missing = before.words + left.words / 2 + APART + item.words / 2 - words
    if before.words and missing > 0:
        middle, words = middle + 2 * missing, words + missing
    right = max(middle + item.extent / 2, words + item.words / 2)
    return Spot(before.row, middle, words, right)
