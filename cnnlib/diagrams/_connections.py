"""Who is joined to whom: pixels, hidden units and one output, in three kinds of net."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnlib.picture import Picture
from cnnlib.plots.style import INK, LINES, MUTED, TITLE
from cnnlib.text import count

from .canvas import Canvas

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = ("full", "local", "shared")
_STEP = 13.0
"""Points between two pixels."""
_WIDE, _GAP = 118.0, 58.0
"""Points from the pixels to the output, and between two drawings."""
_PALE = "#c9c9c9"
_DOT, _UNIT = 5.0, 9.0


def draw_connections(pixels: int = 16, units: int = 4) -> Picture:
    """Draw a net of one hidden layer three times: full, local and shared connections.

    Every line is a weight between a pixel and a hidden unit. With *full* connections
    each unit sees all pixels; with *local* ones its own share of them, side by side;
    with *shared* ones the units also have the same weights, and lines of one colour
    and number are one weight. Biases are not drawn.

    Raises ValueError unless there are 1 to 6 pixels for each of 1 to 8 units.
    """
    share, rest = divmod(pixels, units) if units else (0, 0)
    if rest or not 1 <= share <= 6 or not 1 <= units <= 8:
        raise ValueError(
            "draw_connections draws 1 to 6 pixels for each of 1 to 8 hidden units, so "
            f"that every line can be seen; got {pixels} pixels and {units} units."
        )
    sheet, height = Canvas(), pixels * _STEP + 60
    for place, kind in enumerate(KINDS):
        drawn = _drawing(kind, pixels, units)
        sheet.add(drawn, 24 + place * (_WIDE + _GAP), 26)
    width = 3 * _WIDE + 2 * _GAP + 48
    return Picture(sheet.to_figure(width, height), _words(pixels, units))


def _lines(kind: str, pixels: int, units: int) -> Iterator[tuple[int, int, int]]:
    """Yield (pixel, unit, which weight) for every line to the hidden layer."""
    share = pixels // units
    for unit in range(units):
        seen = (
            range(pixels) if kind == "full" else range(unit * share, (unit + 1) * share)
        )
        for weight, pixel in enumerate(seen):
            yield pixel, unit, weight


def _drawing(kind: str, pixels: int, units: int) -> Canvas:
    """Draw one net; its lower left corner is (0, 0)."""
    sheet, top = Canvas(), pixels * _STEP
    middle = _WIDE * 0.62

    def pixel_at(i: int) -> float:
        return top - (i + 0.5) * _STEP

    def unit_at(j: int) -> float:
        return top - (j + 0.5) * top / units

    for pixel, unit, weight in _lines(kind, pixels, units):
        colour = LINES[weight % len(LINES)] if kind == "shared" else MUTED
        ends = [(_DOT, pixel_at(pixel)), (middle - _UNIT / 2, unit_at(unit))]
        sheet.line(ends, colour, 0.5 if kind == "full" else 1.1)
        if kind == "shared":
            sheet.text(-8, pixel_at(pixel), f"w{weight}", colour=colour, size=7)
    for unit in range(units):
        ends = [(middle + _UNIT / 2, unit_at(unit)), (_WIDE - _UNIT / 2, top / 2)]
        sheet.line(ends, _PALE, 0.9)
        _square(sheet, middle, unit_at(unit), _UNIT, "white")
    for pixel in range(pixels):
        _square(sheet, _DOT / 2, pixel_at(pixel), _DOT, "#8c8c8c")
    _square(sheet, _WIDE, top / 2, _UNIT, "white")
    sheet.text(_WIDE / 2, top + 14, kind, size=TITLE)
    for x, words in ((0.0, "pixels"), (middle, "hidden units"), (_WIDE, "output")):
        sheet.text(x, -14, words, valign="baseline", colour=MUTED)
    return sheet


def _square(sheet: Canvas, x: float, y: float, side: float, fill: str) -> None:
    sheet.box(x - side / 2, y - side / 2, side, side, fill, INK)


def _words(pixels: int, units: int) -> str:
    share = pixels // units
    weights = count(share, "weight")
    return (
        f"{pixels} pixels, {count(units, 'hidden unit')}, 1 output, drawn three times. "
        f"Full: {pixels * units} lines from pixels to hidden units, each a weight. "
        f"Local: {pixels} lines, {share} to a unit, each a weight. Shared: {pixels} "
        f"lines, but only {weights}, which all units have in common."
    )
