"""Lines beside a column of boxes, for what does not go to the very next box.

What one box gives to several further down is one line with several ends; what several
give to one box is one line with several beginnings.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ._aside import Aside
from .boxes import OperationBox

LANE = 7.0
"""Distance between two lines, in points."""
MOST_LANES = 8
"""More lines than this beside one another could not be followed."""


@dataclass(frozen=True)
class SideLine:
    """A line from some boxes to others, by their places in the column.

    -1 stands for what comes into the column from above. ``lane`` is 0 next to the
    boxes.
    """

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    lane: int = 0

    @property
    def span(self) -> tuple[int, int]:
        """First and last place that the line passes."""
        return min(self.starts), max(self.ends)


def side_lines(
    boxes: Sequence[OperationBox], beside: Sequence[Aside] = ()
) -> list[SideLine]:
    """Find the lines for a column of boxes, each in a lane of its own where it must.

    Branches that stand ``beside`` the column have arrows of their own, no lines.
    """
    drawn = {(aside.source, aside.first) for aside in beside}
    drawn |= {(aside.first - 1, aside.joint) for aside in beside}
    pairs = [
        (place + step, place)
        for place, box in enumerate(boxes)
        for step in box.above
        if step != -1 and (place + step, place) not in drawn
    ]
    lines, several = [], []
    for source in sorted({start for start, _ in pairs}):
        ends = tuple(end for start, end in pairs if start == source)
        if len(ends) > 1:
            lines.append(SideLine((source,), ends))
        else:
            several.append((source, ends[0]))
    for target in sorted({end for _, end in several}):
        starts = tuple(start for start, end in several if end == target)
        lines.append(SideLine(starts, (target,)))
    return _in_lanes(lines)


def _in_lanes(lines: Sequence[SideLine]) -> list[SideLine]:
    """Give each line the innermost lane that is free, the shortest line first."""
    placed: list[SideLine] = []
    for line in sorted(lines, key=lambda one: one.span[1] - one.span[0]):
        first, last = line.span
        lane = 0
        while any(
            other.lane == lane and first <= other.span[1] and other.span[0] <= last
            for other in placed
        ):
            lane += 1
        placed.append(SideLine(line.starts, line.ends, lane))
    return placed


def lanes(lines: Sequence[SideLine]) -> int:
    """Return how many lines stand beside one another."""
    return max((line.lane + 1 for line in lines), default=0)
