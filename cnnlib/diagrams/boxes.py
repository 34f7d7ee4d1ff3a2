"""The boxes of a block drawing: what stands in each, beside it, and what repeats."""

from collections.abc import Sequence
from dataclasses import dataclass

from cnnlib.model_summary import SummaryRow

from ._words import OperationWords
from .net import Net, layer_label, layer_name


@dataclass(frozen=True)
class OperationBox:
    """One operation (or input): the words inside, the name and the numbers beside.

    ``text`` is what one tower holds, in lines, and ``words`` the same in one line;
    ``towers`` boxes with it stand side by side. ``mixes`` says whether each tower
    looks at all towers before it.
    """

    text: str
    words: str
    name: str
    size: str
    params: str
    role: str
    towers: int = 1
    mixes: bool = True

    @property
    def phrase(self) -> str:
        """All of it in one line, for the sentence."""
        text = self.words
        if self.towers > 1:
            text = f"{self.towers} x {text}"
        head = f"{self.name}: {text}" if self.name else text
        if self.params[:1].isdigit():
            unit = "parameter" if self.params == "1" else "parameters"
            return f"{head}, {self.size}, {self.params} {unit}"
        return ", ".join(part for part in (head, self.size, self.params) if part)


@dataclass(frozen=True)
class BoxGroup:
    """Boxes that follow one another ``times`` times."""

    boxes: tuple[OperationBox, ...]
    times: int = 1


def boxes_of(net: Net, activations: bool) -> list[OperationBox]:
    """Return a box for each input and for each operation, quiet ones if asked for."""
    count = len(net.input_shapes)
    boxes = [
        OperationBox(name, name, "", by(shape), "", "input")
        for name, shape in zip(_input_names(count), net.input_shapes, strict=True)
    ]
    for row, words, towers in zip(net.rows, net.words, net.towers[1:], strict=True):
        if activations or words.role != "quiet":
            boxes.append(_box(row, words, towers))
    return boxes


def _input_names(count: int) -> list[str]:
    return ["Input"] if count == 1 else [f"Input {i + 1}" for i in range(count)]


def _box(row: SummaryRow, words: OperationWords, towers: int) -> OperationBox:
    head, details = words.box, list(words.box_details)
    if towers > 1:
        total, part = row.output_shape[0], row.output_shape[0] // towers
        details = [word for word in details if not word.endswith("groups")]
        head = head.replace(f"({total})", f"({part})")
    mixes = words.towers == 1 and not words.apart
    return OperationBox(
        _lines(head, details, towers),
        ", ".join([head, *details]),
        layer_name(row),
        by(row.output_shape),
        _params(row),
        words.role,
        towers,
        mixes,
    )


def _lines(head: str, details: list[str], towers: int) -> str:
    """Break the words into lines where one line would make a wide box."""
    if towers > 1:
        lines = head.rsplit(" ", 1) if towers > 2 else [head]
        return "\n".join([*lines, *details])
    comma = "\n" if len(details) > 1 else ", "
    return comma.join(filter(None, [head, ", ".join(details)]))


def by(shape: Sequence[int]) -> str:
    """``by((6, 28, 28))`` is ``"6 x 28 x 28"``."""
    return " x ".join(map(str, shape)) or "1"


def _params(row: SummaryRow) -> str:
    """Write the number of parameters, or which layer has counted them, or nothing."""
    owns = row.module is not None and any(True for _ in row.module.parameters())
    if row.shared_with is not None and owns and not row.params:
        return f"as {layer_label(row.shared_with)}"
    return f"{row.params:,}" if row.params else ""


def grouped(boxes: Sequence[OperationBox], fold: bool) -> list[BoxGroup]:
    """Put boxes that repeat one after the other into one group, if asked to.

    Boxes are the same when they say the same; only their names may differ. Of the
    repeats that start at a box, the one that saves most boxes is taken.
    """
    groups: list[BoxGroup] = []
    start = 0
    while start < len(boxes):
        length, times = _repeat(boxes, start) if fold else (1, 1)
        groups.append(BoxGroup(tuple(boxes[start : start + length]), times))
        start += length * times
    return groups


def _repeat(boxes: Sequence[OperationBox], start: int) -> tuple[int, int]:
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
