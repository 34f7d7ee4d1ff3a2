"""The faces of sixteen traffic signs, drawn after those of Europe, seen from the front.

A face is drawn large and brought down, so that its edges are smooth. Coordinates run
from -1 to 1, across and down; a sign fills that square.
"""

import math
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

FIRST = (
    "no entry",
    "give way",
    "danger",
    "straight on",
    "turn left",
    "turn right",
    "bend left",
    "bend right",
)
OTHERS = (
    "closed",
    "crossroads",
    "keep left",
    "keep right",
    "no left turn",
    "no right turn",
    "side road left",
    "side road right",
)
NAMES = FIRST + OTHERS

_DRAWN = 384  # pixels of the large drawing
_RED, _BLUE = (193, 18, 31), (0, 82, 165)
_WHITE, _BLACK = (245, 245, 245), (20, 20, 20)

Point = tuple[float, float]


@lru_cache(maxsize=64)
def face(name: str, side: int) -> np.ndarray:
    """Draw a sign.

    Args:
        name: one of `NAMES`; what is called left is the mirror image of right.
        side: height and width in pixels.

    Returns:
        uint8 (side, side, 4), red, green, blue and opacity; it is shared, so copy it
        before you change it. Outside the sign the colours go on unchanged and the
        opacity is 0: so no dark seam appears when the face is resized.
    """
    if "left" in name:
        return face(name.replace("left", "right"), side)[:, ::-1]
    pen = _Pen()
    _DRAW[name](pen)
    shrunk = [part.resize((side, side), Image.Resampling.BOX) for part in pen.parts()]
    return np.dstack([np.asarray(part) for part in shrunk])


class _Pen:
    """Draws shapes given by points in -1..1; the first shape is the sign's outline."""

    def __init__(self) -> None:
        self._colours = Image.new("RGB", (_DRAWN, _DRAWN), _WHITE)
        self._opacity = Image.new("L", (_DRAWN, _DRAWN), 0)

    def parts(self) -> tuple[Image.Image, Image.Image]:
        return self._colours, self._opacity

    def outline(self, points: list[Point], rim: tuple[int, int, int]) -> None:
        self._colours.paste(rim, (0, 0, _DRAWN, _DRAWN))
        ImageDraw.Draw(self._opacity).polygon(_pixels(points), fill=255)

    def fill(self, points: list[Point], colour: tuple[int, int, int]) -> None:
        ImageDraw.Draw(self._colours).polygon(_pixels(points), fill=colour)

    def line(
        self, points: list[Point], width: float, colour: tuple[int, int, int]
    ) -> None:
        draw = ImageDraw.Draw(self._colours)
        thick = round(width * _DRAWN / 2)
        draw.line(_pixels(points), fill=colour, width=thick, joint="curve")

    def arrow(
        self, points: list[Point], width: float, colour: tuple[int, int, int]
    ) -> None:
        """Draw a line that ends in an arrow head, three times as wide as the line."""
        (x0, y0), (x1, y1) = points[-2:]
        length = math.hypot(x1 - x0, y1 - y0)
        along = ((x1 - x0) / length, (y1 - y0) / length)
        side, head = 1.6 * width, 1.9 * width
        base = (x1 - head * along[0], y1 - head * along[1])
        self.line([*points[:-1], (base[0], base[1])], width, colour)
        corners = [
            (x1, y1),
            (base[0] - side * along[1], base[1] + side * along[0]),
            (base[0] + side * along[1], base[1] - side * along[0]),
        ]
        self.fill(corners, colour)


def _pixels(points: list[Point]) -> list[Point]:
    return [((x + 1) * _DRAWN / 2, (y + 1) * _DRAWN / 2) for x, y in points]


def _disc(radius: float) -> list[Point]:
    angles = [2 * math.pi * k / 72 for k in range(72)]
    return [(radius * math.cos(a), radius * math.sin(a)) for a in angles]


def _triangle(size: float, up: bool = True) -> list[Point]:
    """Equal sides, the centre of mass in the middle."""
    sign = -1 if up else 1
    angles = [math.pi / 2 + 2 * math.pi * k / 3 for k in range(3)]
    return [(size * math.cos(a), sign * size * math.sin(a) + 0.2) for a in angles]


def _warning(pen: _Pen) -> None:
    pen.outline(_triangle(1.15), _RED)
    pen.fill(_triangle(0.78), _WHITE)


def _order(pen: _Pen) -> None:
    pen.outline(_disc(0.95), _WHITE)
    pen.fill(_disc(0.88), _BLUE)


def _ban(pen: _Pen) -> None:
    pen.outline(_disc(0.95), _RED)
    pen.fill(_disc(0.72), _WHITE)


def _no_entry(pen: _Pen) -> None:
    pen.outline(_disc(0.95), _WHITE)
    pen.fill(_disc(0.9), _RED)
    pen.line([(-0.62, 0.0), (0.62, 0.0)], 0.3, _WHITE)


def _give_way(pen: _Pen) -> None:
    down = [(x, y - 0.4) for x, y in _triangle(1.15, up=False)]
    pen.outline(down, _RED)
    pen.fill([(x, y - 0.4) for x, y in _triangle(0.72, up=False)], _WHITE)


def _danger(pen: _Pen) -> None:
    _warning(pen)
    pen.line([(0.0, -0.25), (0.0, 0.25)], 0.18, _BLACK)
    pen.line([(0.0, 0.35), (0.0, 0.52)], 0.18, _BLACK)


def _straight_on(pen: _Pen) -> None:
    _order(pen)
    pen.arrow([(0.0, 0.65), (0.0, -0.7)], 0.26, _WHITE)


def _turn_right(pen: _Pen) -> None:
    _order(pen)
    pen.arrow([(-0.65, 0.0), (0.7, 0.0)], 0.26, _WHITE)


def _bend_right(pen: _Pen) -> None:
    _warning(pen)
    pen.arrow([(-0.2, 0.52), (-0.2, 0.05), (0.3, -0.25)], 0.14, _BLACK)


def _keep_right(pen: _Pen) -> None:
    _order(pen)
    pen.arrow([(-0.48, -0.48), (0.52, 0.52)], 0.26, _WHITE)


def _no_right_turn(pen: _Pen) -> None:
    _ban(pen)
    pen.arrow([(-0.2, 0.5), (-0.2, -0.1), (0.48, -0.1)], 0.17, _BLACK)
    pen.line([(-0.55, -0.55), (0.55, 0.55)], 0.14, _RED)


def _crossroads(pen: _Pen) -> None:
    _warning(pen)
    pen.line([(0.0, -0.3), (0.0, 0.5)], 0.16, _BLACK)
    pen.line([(-0.35, 0.15), (0.35, 0.15)], 0.16, _BLACK)


def _side_road_right(pen: _Pen) -> None:
    _warning(pen)
    pen.line([(-0.08, -0.3), (-0.08, 0.5)], 0.16, _BLACK)
    pen.line([(-0.08, 0.15), (0.35, 0.15)], 0.16, _BLACK)


_DRAW = {
    "no entry": _no_entry,
    "give way": _give_way,
    "danger": _danger,
    "straight on": _straight_on,
    "turn right": _turn_right,
    "bend right": _bend_right,
    "closed": _ban,
    "crossroads": _crossroads,
    "keep right": _keep_right,
    "no right turn": _no_right_turn,
    "side road right": _side_road_right,
}
