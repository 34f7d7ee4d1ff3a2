"""What a drawing needs to know of a net: its operations, its towers, its branches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from cnnlib.model_summary import SummaryRow, summary

from ._words import OperationWords, describe


@dataclass(frozen=True)
class Net:
    """The operations of a model in order of execution, as its summary lists them.

    ``towers[i]`` tells in how many parts the input of operation i is drawn, and the
    last entry the same of the net's output.
    """

    rows: list[SummaryRow]
    words: list[OperationWords]
    towers: list[int]
    input_shapes: list[tuple[int, ...]]
    total_params: int

    @property
    def join(self) -> SummaryRow | None:
        """The first operation that shows the net to branch, or None for a chain.

        It takes or gives several tensors, or its input is not the output before it.
        """
        before = self.input_shapes[0]
        for row in self.rows:
            several = len(row.input_shapes) > 1 or len(row.output_shapes) > 1
            if several or row.input_shape != before:
                return row
            before = row.output_shape
        return None


def layer_name(row: SummaryRow) -> str:
    """Return the name of the row's layer; an operation without a layer has none."""
    return "" if row.functional else layer_label(row.name)


def layer_label(name: str) -> str:
    """``layer_label("0")`` is ``"layer 0"``; other names stay as they are."""
    return f"layer {name}" if name.isdigit() else name


def read_net(model: nn.Module, input_size: Any, helper: str) -> Net:
    """Run ``summary`` and find the words and the towers.

    Raises ValueError where there is nothing to draw, and what ``summary`` raises.
    """
    table = summary(model, input_size)
    rows = list(table.rows)
    if not rows:
        raise ValueError(
            f"{helper} has nothing to draw: no operation of this "
            f"{type(model).__name__} changes its input."
        )
    words = [describe(row) for row in rows]
    return Net(rows, words, find_towers(words), table.input_shapes, table.total_params)


def find_towers(words: Sequence[OperationWords]) -> list[int]:
    """Tell in how many towers each activation stands.

    A convolution with 2 groups reads two halves of its input and writes two halves of
    its output. Poolings, ReLU and the like keep channels apart, so the halves reach
    back to the operation that made them and on to the next one that mixes them.
    """
    towers = [1] * (len(words) + 1)
    for i, word in enumerate(words):
        if word.towers > 1:
            towers[i] = towers[i + 1] = word.towers
    apart = [word.apart for word in words]
    for i in reversed(range(len(words))):
        if apart[i] and towers[i] == 1:
            towers[i] = towers[i + 1]
    for i in range(len(words)):
        if apart[i] and towers[i + 1] == 1:
            towers[i + 1] = towers[i]
    return towers
