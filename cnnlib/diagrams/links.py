"""What is drawn between two activations: how each value looks at those before it."""

from itertools import product

from ._words import OperationWords
from .canvas import Canvas, Point
from .solids import BETWEEN, Solid

INK = "#4d4d4d"
FAINT = "#8c8c8c"

Placed = tuple[Solid, Point]  # a body and its lower left corner


def draw_link(
    canvas: Canvas, before: Placed, after: Placed, words: OperationWords
) -> None:
    """Draw the operation between two bodies.

    A window is drawn on the map that it slides over, and two lines bring it together
    at the one value it makes (a transposed convolution makes a window of one value);
    a dense layer is drawn as a fan; the rest as an arrow.
    """
    flat, maps = len(before[0].shape) == 1, len(before[0].shape) >= 3
    if words.window is not None and maps and len(after[0].shape) >= 3:
        kernel = words.window.kernel[-2:]
        for source, target in tower_pairs(before[0], after[0], words):
            if words.spreads:
                _window(canvas, after, before, kernel, target, source)
            else:
                _window(canvas, before, after, kernel, source, target)
    elif words.role == "dense" and flat:
        _fan(canvas, before, after, crossed=True)
    elif words.role == "flatten" and not flat:
        _fan(canvas, before, after, crossed=False)
    else:
        for source, target in tower_pairs(before[0], after[0], words):
            _arrow(canvas, before, after, source, target)


def tower_pairs(
    before: Solid, after: Solid, words: OperationWords
) -> list[tuple[int, int]]:
    """Tell which tower looks at which: its own only, or all of them."""
    own = words.towers > 1 or words.apart
    if own and before.towers == after.towers:
        return [(i, i) for i in range(after.towers)]
    return list(product(range(before.towers), range(after.towers)))


def _window(
    canvas: Canvas,
    wide: Placed,
    narrow: Placed,
    kernel: tuple[int, ...],
    on: int,
    at: int,
) -> None:
    """Draw a window on a front sheet, and lines from it to one value of another."""
    solid, (left, low) = wide
    x, y = solid.front(on)
    height, width = (
        min(face, max(3.5, face * size / pixels))
        for face, size, pixels in zip(
            reversed(solid.face), kernel, solid.shape[-2:], strict=True
        )
    )
    body, (right, base) = narrow
    u, v = body.front(at)
    ahead = right > left
    x += left + (0.72 if ahead else 0.28) * (solid.face[0] - width)
    y += low + 0.4 * (solid.face[1] - height)
    canvas.box(x, y, width, height, "none", INK)
    point_x = right + u + (0.22 if ahead else 0.78) * body.face[0]
    point = (point_x, base + v + 0.68 * body.face[1])
    edge = x + width if ahead else x
    canvas.line([(edge, y + height), point], INK, 0.5)
    canvas.line([(edge, y), point], INK, 0.5)


def _fan(
    canvas: Canvas,
    before: Placed,
    after: Placed,
    *,
    crossed: bool,
) -> None:
    """Draw lines between the ends of two bodies: straight, and crossed if asked.

    Each tower leads to its own part of what follows, as flattening puts them.
    """
    solid, (left, low) = before
    body, (right, base) = after
    part = body.height / solid.towers
    for tower in range(solid.towers):
        x, y = solid.front(tower)
        start = left + x + solid.face[0]
        bottom, top = low + y, low + y + solid.face[1]
        foot = base + part * (solid.towers - 1 - tower)
        ends = [(bottom, foot), (top, foot + part)]
        if crossed:
            ends += [(bottom, foot + part), (top, foot)]
        for first, last in ends:
            canvas.line([(start, first), (right, last)], FAINT, 0.5)


def _arrow(
    canvas: Canvas, before: Placed, after: Placed, source: int, target: int
) -> None:
    solid, (left, low) = before
    body, (right, base) = after
    start = low + solid.height / 2 + middle_of(solid, source)
    end = base + body.height / 2 + middle_of(body, target)
    canvas.arrow((left + solid.width + 2, start), (right - 2, end), INK)


def draw_way_in(
    canvas: Canvas,
    before: Solid,
    after: Solid,
    words: OperationWords,
    ends: Point,
    y: float,
) -> None:
    """Draw the arrows into a row, one per pair of towers, between two x positions."""
    start, end = ends
    for source, target in tower_pairs(before, after, words):
        first = y + middle_of(after, source, before.towers)
        canvas.arrow((start, first), (end, y + middle_of(after, target)), INK)


def draw_way_out(canvas: Canvas, body: Solid, ends: Point, y: float) -> None:
    """Draw the arrows out of a row, one per tower."""
    start, end = ends
    for tower in range(body.towers):
        height = y + middle_of(body, tower)
        canvas.arrow((start, height), (end, height), INK)


def middle_of(body: Solid, tower: int, towers: int | None = None) -> float:
    """Tell how far a tower's middle lies above the middle of the whole body."""
    count = body.towers if towers is None else towers
    distance = body.face[1] + body.depth + BETWEEN
    return ((count - 1) / 2 - tower) * distance
