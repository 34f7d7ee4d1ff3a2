"""Short branches that are drawn beside the column: a shortcut with layers of its own.

Where a block's input also goes through a convolution before it is added, that
convolution stands in a row of its own between the block's last layer and the addition.
In the column itself it would look like the next layer of the block.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .boxes import OperationBox


@dataclass(frozen=True)
class Aside:
    """Boxes ``first`` to ``last`` of a column, between a block's end and the joint.

    They begin with what box ``source`` gives (-1: what comes into the column from
    above) and end in the box after ``last``, which also takes the one before ``first``.
    """

    source: int
    first: int
    last: int

    @property
    def joint(self) -> int:
        """The box in which the two ways come together."""
        return self.last + 1


def asides(boxes: Sequence[OperationBox]) -> list[Aside]:
    """Find the branches of a column that can stand beside it.

    Each is a chain, and no other line passes the rows from its source to its joint.
    """
    ways = [
        (place + step, place)
        for place, box in enumerate(boxes)
        for step in box.above
        if step != -1
    ]
    found = (_aside(boxes, first) for first in range(1, len(boxes)))
    return [aside for aside in found if aside and _free(aside, ways)]


def _aside(boxes: Sequence[OperationBox], first: int) -> Aside | None:
    """Return the branch that begins with this box, if one does."""
    above = boxes[first].above
    if len(above) != 1 or above == (-1,):
        return None
    last = first
    while last + 1 < len(boxes) and boxes[last + 1].above == (-1,):
        last += 1
    aside = Aside(first + above[0], first, last)
    if aside.joint == len(boxes):
        return None
    joined = sorted(boxes[aside.joint].above) == [first - 1 - aside.joint, -1]
    single = all(box.towers == 1 for box in boxes[first : aside.joint + 1])
    return aside if joined and single else None


def _free(aside: Aside, ways: Sequence[tuple[int, int]]) -> bool:
    """Tell whether all other ways end before the branch, or begin after it."""
    own = {(aside.source, aside.first), (aside.first - 1, aside.joint)}
    return all(
        end <= max(aside.source, 0) or start >= aside.joint
        for start, end in set(ways) - own
    )
