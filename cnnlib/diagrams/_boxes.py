"""The boxes of a block drawing: what stands in each, beside it, and what repeats."""

from collections.abc import Sequence
from dataclasses import dataclass

from .._summary import Row
from ._net import Net, layer_name
from ._words import Words


@dataclass(frozen=True)
class Box:
    """One operation (or input): the words inside, the name and the numbers beside.

    ``text`` is what one tower holds; ``towers`` boxes with it stand side by side.
    ``mixes`` says whether each tower looks at all towers before it.
    """

    text: str
    name: str
    size: str
    params: str
    role: str
    towers: int = 1
    mixes: bool = True

    @property
    def phrase(self) -> str:
        """All of it in one line, for the sentence."""
        text = self.text.replace("\n", ", ")
        if self.towers > 1:
            text = f"{self.towers} x {text}"
        head = f"{self.name}: {text}" if self.name else text
        if self.params[:1].isdigit():
            unit = "parameter" if self.params == "1" else "parameters"
            return f"{head}, {self.size}, {self.params} {unit}"
        return ", ".join(part for part in (head, self.size, self.params) if part)


@dataclass(frozen=True)
class Group:
    """Boxes that follow one another ``times`` times."""

    boxes: tuple[Box, ...]
    times: int = 1


def boxes_of(net: Net, activations: bool) -> list[Box]:
    """Return a box for each input and for each operation, quiet ones if asked for."""
    count = len(net.input_shapes)
    boxes = [
        Box("Input" if count == 1 else f"Input {i}", "", by(shape), "", "input")
        for i, shape in enumerate(net.input_shapes, start=1)
    ]
    for row, words, towers in zip(net.rows, net.words, net.towers[1:], strict=True):
        if activations or words.role != "quiet":
            boxes.append(_box(row, words, towers))
    return boxes


def _box(row: Row, words: Words, towers: int) -> Box:
    head, details = words.box, list(words.box_details)
    if towers > 1:
        total, part = row.output_shape[0], row.output_shape[0] // towers
        details = [word for word in details if not word.endswith("groups")]
        head = head.replace(f"({total})", f"({part})")
    break_line = "\n" if towers > 1 or len(details) > 1 else ", "
    text = break_line.join(filter(None, [head, ", ".join(details)]))
    mixes = words.towers == 1 and words.role not in ("pool", "quiet")
    size = by(row.output_shape)
    return Box(text, layer_name(row), size, _params(row), words.role, towers, mixes)


def by(shape: Sequence[int]) -> str:
    """``by((6, 28, 28))`` is ``"6 x 28 x 28"``."""
    return " x ".join(map(str, shape)) or "1"


def _params(row: Row) -> str:
    """Write the number of parameters, or which layer has counted them, or nothing."""
    owns = row.module is not None and any(True for _ in row.module.parameters())
    if row.shared_with is not None and owns and not row.params:
        return f"as {row.shared_with}"
    return f"{row.params:,}" if row.params else ""


def grouped(boxes: Sequence[Box], fold: bool) -> list[Group]:
    """Put boxes that repeat one after the other into one group, if asked to.

    Boxes are the same when they say the same; only their names may differ. Of the
    repeats that start at a box, the one that saves most boxes is taken.
    """
    groups: list[Group] = []
    start = 0
    while start < len(boxes):
        length, times = _repeat(boxes, start) if fold else (1, 1)
        groups.append(Group(tuple(boxes[start : start + length]), times))
        start += length * times
    return groups


def _repeat(boxes: Sequence[Box], start: int) -> tuple[int, int]:
    """Return (length, times) of the repeat at ``start`` that saves most boxes."""
    keys = [(box.text, box.size, box.params, box.towers) for box in boxes[start:]]
    best, saved = (1, 1), 0
    for length in range(1, len(keys) // 2 + 1):
        if length > 1 and boxes[start].role == "quiet":
            break  # a repeat begins with a layer, not with the activation before it
        times = 1
        while keys[times * length : (times + 1) * length] == keys[:length]:
            times += 1
        if length * (times - 1) > saved:
            best, saved = (length, times), length * (times - 1)
    return best
