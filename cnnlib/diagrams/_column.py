"""One column of a block drawing: names, boxes, sizes, arrows and repeat brackets."""

import re
from collections.abc import Sequence
from itertools import pairwise, product

from cnnlib.plots.style import MUTED, TEXT

from ._aside import Aside, asides
from ._lanes import LANE, SideLine, lanes, side_lines
from .boxes import BoxGroup, OperationBox
from .canvas import LINE_HEIGHT, Canvas, Point, text_size
from .links import INK
from .solids import COLOURS

ARROW = 9.0
"""Length of an arrow, which is the room between two boxes, in points."""
PAD = 6.0
"""Room left and right of the words in a box, half of it above and below, in points."""
BESIDE = 6.0
"""Room between a box and the words beside it, in points."""
SPLIT = 6.0
"""Room between towers, in points."""
BRACKET = 7.0
"""Room between the words and the bracket around a repeat, in points."""
WIDEST_NAME = 44.0
"""Width above which a name is broken at its dots, in points."""
ASIDE = 14.0
"""Room between the column and a branch that stands beside it, in points."""
LINE = TEXT * LINE_HEIGHT
HEAD = ("output size", "parameters")

LeftAndWidth = tuple[float, float]
FromTo = tuple[float, float]
"""Where an arrow starts and where it ends, from left to right."""


class Column:
    """Boxes below one another; the sheet begins at y = 0 and goes down from there.

    ``beside``: a branch of its own layers stands beside the others, not among them.
    """

    def __init__(self, groups: Sequence[BoxGroup], *, beside: bool) -> None:
        self.groups = groups
        boxes = [box for group in groups for box in group.boxes]
        names = max(text_size(_name(box))[0] for box in boxes)
        notes = [word for box in boxes for word in (box.size, box.params)]
        self.left = names + BESIDE if names else 0.0
        self.asides = asides(boxes) if beside else []
        self.moved = {
            place for one in self.asides for place in range(one.first, one.joint)
        }
        self.box_width = max(
            _box_width(box) for i, box in enumerate(boxes) if i not in self.moved
        )
        self.lines = side_lines(boxes, self.asides)
        edge = self.left + self.box_width
        self.right = edge + BESIDE
        if self.lines:
            self.right += LANE * lanes(self.lines) + BESIDE
        self.aside_width = max((_box_width(boxes[i]) for i in self.moved), default=0.0)
        if self.moved:
            end = edge + ASIDE + self.aside_width + BESIDE
            self.right = max(self.right, end)
        self.end = self.right + max(text_size(word)[0] for word in (*HEAD, *notes))
        self.width = self.end + max(_bracket_width(group) for group in groups)
        self.spots = _spots(boxes)
        self.height = ARROW - self.spots[-1][1] + slot(boxes[-1]) / 2

    def draw(self, *, arrows: bool, first: bool, last: bool) -> Canvas:
        """Draw everything; short arrows lead in from and on to other columns."""
        sheet = Canvas()
        self._draw_beside(sheet, *HEAD, -LINE)
        for place, (box, middle) in enumerate(self.spots):
            self._draw_box(sheet, box, middle, aside=place in self.moved)
        if arrows:
            self._draw_arrows(sheet, first=first, last=last)
            for line in self.lines:
                self._draw_line(sheet, line)
            for aside in self.asides:
                self._draw_aside(sheet, aside)
        start = 0
        for group in self.groups:
            inside = self.spots[start : start + len(group.boxes)]
            start += len(group.boxes)
            if group.times > 1:
                self._draw_bracket(sheet, inside, group.times)
        return sheet

    def _spans(self, towers: int) -> list[LeftAndWidth]:
        """Left edge and width of each of the boxes that stand side by side."""
        width = (self.box_width - SPLIT * (towers - 1)) / towers
        return [(self.left + i * (width + SPLIT), width) for i in range(towers)]

    def _draw_box(
        self, sheet: Canvas, box: OperationBox, middle: float, *, aside: bool
    ) -> None:
        fill, edge = COLOURS[box.role]
        height = _box_height(box)
        beside = (self.left + self.box_width + ASIDE, self.aside_width)
        for left, width in [beside] if aside else self._spans(box.towers):
            sheet.box(left, middle - height / 2, width, height, fill, edge)
            sheet.text(left + width / 2, middle, box.text, gid="box")
        if box.name:
            x, name = self.left - BESIDE, _name(box)
            sheet.text(x, middle, name, align="right", colour=MUTED, gid="name")
        self._draw_beside(sheet, box.size, box.params, middle)

    def _draw_beside(self, sheet: Canvas, size: str, params: str, y: float) -> None:
        """Put the size over the parameters, or the size alone in the middle."""
        rise = LINE / 2 if params else 0.0
        sheet.text(self.right, y + rise, size, align="left", gid="size")
        if params:
            y -= rise
            sheet.text(self.right, y, params, align="left", colour=MUTED, gid="params")

    def _draw_arrows(self, sheet: Canvas, *, first: bool, last: bool) -> None:
        """Draw the arrows between boxes, into the column and out of it."""
        (top, highest), (bottom, lowest) = self.spots[0], self.spots[-1]
        for place, ((above, high), (box, low)) in enumerate(pairwise(self.spots), 1):
            if -1 not in box.above or place - 1 in self.moved:
                continue
            start, end = high - _box_height(above) / 2, low + _box_height(box) / 2
            for x, reach in self._joins(above, box):
                sheet.arrow((x, start), (reach, end), INK)
        for left, width in [] if first else self._spans(top.towers):
            x, end = left + width / 2, highest + _box_height(top) / 2
            sheet.arrow((x, end + ARROW), (x, end), INK)
        for left, width in [] if last else self._spans(bottom.towers):
            x, start = left + width / 2, lowest - _box_height(bottom) / 2
            sheet.arrow((x, start), (x, start - ARROW), INK)

    def _draw_line(self, sheet: Canvas, line: SideLine) -> None:
        """Draw a line beside the boxes: out of some low, into others high."""
        edge = self.left + self.box_width
        x = edge + BESIDE + LANE * (line.lane + 0.5)
        heights = []
        for place in line.starts:
            y, from_x = self._leaving(place)
            sheet.line([(from_x, y), (x, y)], INK, 0.8)
            heights.append(y)
        for place in line.ends:
            box, middle = self.spots[place]
            y = middle + _box_height(box) / 5
            sheet.arrow((x, y), (edge, y), INK)
            heights.append(y)
        sheet.line([(x, max(heights)), (x, min(heights))], INK, 0.8)

    def _draw_aside(self, sheet: Canvas, aside: Aside) -> None:
        """Draw the arrows of a branch beside the column, and the one that passes it."""
        edge, rows = self.left + self.box_width, range(aside.first, aside.joint)
        tops, lows = zip(*(self._ends(row) for row in rows), strict=True)
        x = edge + ASIDE + self.aside_width / 2
        y, start = self._leaving(aside.source)
        sheet.line([(start, y), (x, y)], INK, 0.8)
        for high, top in zip((y, *lows), tops, strict=False):
            sheet.arrow((x, high), (x, top), INK)
        joint = self.spots[aside.joint][1]
        sheet.line([(x, lows[-1]), (x, joint)], INK, 0.8)
        sheet.arrow((x, joint), (edge, joint), INK)
        x = self.left + self.box_width / 2
        start, end = self._ends(aside.first - 1)[1], self._ends(aside.joint)[0]
        sheet.arrow((x, start), (x, end), INK)

    def _ends(self, place: int) -> tuple[float, float]:
        """Return the y of a box's upper and of its lower edge."""
        box, middle = self.spots[place]
        return middle + _box_height(box) / 2, middle - _box_height(box) / 2

    def _leaving(self, place: int) -> Point:
        """Return (y, x) where a line leaves a box, or the arrow into the column."""
        if place < 0:
            box, middle = self.spots[0]
            y = middle + _box_height(box) / 2 + 0.6 * ARROW
            return y, self.left + self.box_width / 2
        box, middle = self.spots[place]
        return middle - _box_height(box) / 5, self.left + self.box_width

    def _joins(self, above: OperationBox, box: OperationBox) -> list[FromTo]:
        """Where arrows start and end: tower to tower, or each tower to all of them."""
        sources, targets = (
            [left + width / 2 for left, width in self._spans(towers)]
            for towers in (above.towers, box.towers)
        )
        if len(sources) != len(targets):
            return [(x, x) for x in max(sources, targets, key=len)]
        if box.mixes:
            return list(product(sources, targets))
        return list(zip(sources, targets, strict=True))

    def _draw_bracket(
        self, sheet: Canvas, inside: Sequence[tuple[OperationBox, float]], times: int
    ) -> None:
        (first, high), (last, low) = inside[0], inside[-1]
        top, bottom = high + slot(first) / 2, low - slot(last) / 2
        x = self.end + BRACKET
        sheet.line([(x - 3, top), (x, top), (x, bottom), (x - 3, bottom)], INK, 0.8)
        middle = (top + bottom) / 2
        sheet.text(x + 4, middle, f"x {times}", align="left", gid="repeat")


def _spots(boxes: Sequence[OperationBox]) -> list[tuple[OperationBox, float]]:
    """Give each box the y of its middle, below the two lines of the heading."""
    y = -2 * LINE - ARROW - slot(boxes[0]) / 2
    spots = [(boxes[0], y)]
    for above, box in pairwise(boxes):
        y -= slot(above) / 2 + gap(above, box) + slot(box) / 2
        spots.append((box, y))
    return spots


def gap(above: OperationBox, box: OperationBox) -> float:
    """Return the room between two boxes; arrows that cross need twice as much."""
    crossed = above.towers > 1 and box.towers > 1 and box.mixes
    return 2 * ARROW if crossed else ARROW


def slot(box: OperationBox) -> float:
    """Return the height that a box and the words beside it need."""
    beside = 2 * LINE if box.params else LINE
    return max(_box_height(box), beside, text_size(_name(box))[1])


def _name(box: OperationBox) -> str:
    """Break a name wider than ``WIDEST_NAME`` at its dots, where it has some."""
    lines = [""]
    for part in re.findall(r"[^.]+\.?", box.name):
        if lines[-1] and text_size(lines[-1] + part)[0] > WIDEST_NAME:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def _box_width(box: OperationBox) -> float:
    one = text_size(box.text)[0] + 2 * PAD
    return box.towers * one + (box.towers - 1) * SPLIT


def _box_height(box: OperationBox) -> float:
    return text_size(box.text)[1] + PAD


def _bracket_width(group: BoxGroup) -> float:
    if group.times == 1:
        return 0.0
    return BRACKET + 4 + text_size(f"x {group.times}")[0]
