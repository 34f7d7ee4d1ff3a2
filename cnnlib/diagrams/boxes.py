"""The boxes of a block drawing: what stands in each, beside it, and what repeats."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cnnlib.model_summary import SummaryRow
from cnnlib.text import listed

from ._words import OperationWords
from .net import Net, layer_label, layer_name


@dataclass(frozen=True)
class OperationBox:
    """One operation (or input): the words inside, the name and the numbers beside.

    ``text`` is what one tower holds, in lines, and ``words`` the same in one line;
    ``towers`` boxes with it stand side by side. ``mixes`` says whether each tower
    looks at all towers before it. ``above`` tells which boxes it takes, counted from
    its own place: (-1,) is the box before it, and () nothing. ``takes`` names them in
    words where they are others than that one.
    """

    text: str
    words: str
    name: str
    size: str
    params: str
    role: str
    towers: int = 1
    mixes: bool = True
    above: tuple[int, ...] = ()
    takes: str = ""

    @property
    def phrase(self) -> str:
        """All of it in one line, for the sentence."""
        text = self.words
        if self.towers > 1:
            text = f"{self.towers} x {text}"
        head = f"{self.name}: {text}" if self.name else text
        if self.takes:
            head = f"{head} (takes {self.takes})"
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
    """Return a box for each input and for each operation, quiet ones if asked for.

    What takes the output of a quiet one that is left out, takes the output before it.
    """
    count = len(net.input_shapes)
    boxes = [
        OperationBox(name, name, "", by(shape), "", "input")
        for name, shape in zip(_input_names(count), net.input_shapes, strict=True)
    ]
    shown = {-1 - i: i for i in range(count)}  # the box of each input, of each row
    for number, row in enumerate(net.rows):
        words, towers = net.words[number], net.towers[number + 1]
        taken = [shown[source] for source in row.sources if source is not None]
        taken = list(dict.fromkeys(taken))
        if words.role == "quiet" and not activations:
            shown[number] = taken[0] if taken else len(boxes) - 1
            continue
        shown[number] = len(boxes)
        names = [boxes[place].name or boxes[place].words for place in taken]
        boxes.append(
            replace(
                _box(row, words, towers),
                above=tuple(place - len(boxes) for place in taken),
                takes="" if taken == [len(boxes) - 1] else listed(names),
            )
        )
    return boxes


def is_chain(boxes: Sequence[OperationBox]) -> bool:
    """Tell whether each box takes the one before it, and that one alone."""
    return all(box.above == (-1,) for box in boxes[1:])


def joints(boxes: Sequence[OperationBox]) -> list[int]:
    """Return the places between which a drawing may be cut, its two ends among them.

    At place i only what box i - 1 gives is still needed by box i and those after it.
    """
    lowest, found = len(boxes), {0, len(boxes)}
    for place in reversed(range(len(boxes))):
        lowest = min([lowest, *(place + step for step in boxes[place].above)])
        if lowest >= place - 1 and (boxes[place].above or place == 0):
            found.add(place)
    return sorted(found)


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

    Boxes are the same when they say the same and take the same; only their names may
    differ. Of the repeats that start at a box, the one that saves most boxes is taken.
    A repeat begins and ends at a joint, so that no branch leads out of it.
    """
    groups: list[BoxGroup] = []
    ends = set(joints(boxes))
    start = 0
    while start < len(boxes):
        length, times = _repeat(boxes, start, ends) if fold else (1, 1)
        groups.append(BoxGroup(tuple(boxes[start : start + length]), times))
        start += length * times
    return groups


def _repeat(
    boxes: Sequence[OperationBox], start: int, ends: set[int]
) -> tuple[int, int]:
    """Return (length, times) of the repeat at ``start`` that saves most boxes."""
    keys = [
        (box.text, box.size, box.params, box.towers, box.above) for box in boxes[start:]
    ]
    best, saved = (1, 1), 0
    for length in range(1, len(keys) // 2 + 1):
        if length > 1 and boxes[start].role == "quiet":
            break  # a repeat begins with a layer, not with the activation before it
        if not {start, start + length} <= ends:
            continue
        times = 1
        while keys[times * length : (times + 1) * length] == keys[:length]:
            times += 1
        while start + times * length not in ends:
            times -= 1
        if length * (times - 1) > saved:
            best, saved = (length, times), length * (times - 1)
    return best
