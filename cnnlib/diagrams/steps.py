"""The activations that get a body of their own, and the words that lead to each."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ._words import OperationWords
from .net import Net, layer_name
from .solids import Solid, label, solid


@dataclass
class VolumeStep:
    """One activation: its body and name, what led to it, what it went through after."""

    body: Solid
    name: str
    words: OperationWords | None = None
    quiet: list[str] = field(default_factory=list)

    @property
    def size(self) -> str:
        """The size as it is written, "6@28x28"."""
        return label(self.body)

    def label(self, activations: bool) -> str:
        """Put the name, where there is one, over the size.

        Quiet operations have their place after the words that lead to a body; those
        before the first body stand below the input's size.
        """
        lines = [self.name, self.size] if self.name else [self.size]
        if activations and self.words is None:
            lines += [f"+ {quiet}" for quiet in self.quiet]
        return "\n".join(lines)

    def between(self, activations: bool) -> str:
        """Break the operation into short lines, to stand before the body."""
        if self.words is None:
            return ""
        *first, last = self.words.name.split(" ")
        lines = [" ".join(first), last] if first else [last]
        lines += self.words.details
        if activations:
            lines += [f"+ {quiet}" for quiet in self.quiet]
        return "\n".join(lines)

    def phrase(self, activations: bool) -> str:
        """Write the operation in one line, "5x5 convolution, stride 2 + ReLU"."""
        words = (self.words.name, *self.words.details) if self.words else (self.size,)
        return " + ".join([", ".join(words), *(self.quiet if activations else [])])


def steps_of(net: Net) -> list[VolumeStep]:
    """One step for the input and one for every operation that is not quiet."""
    shapes = [net.input_shapes[0], *(row.output_shape for row in net.rows)]
    sides = [size for shape in shapes if len(shape) > 1 for size in shape[-2:]]
    largest = max(sides, default=1)
    steps = [VolumeStep(solid(shapes[0], largest, net.towers[0], "input"), "input")]
    for row, words, towers in zip(net.rows, net.words, net.towers[1:], strict=True):
        if words.role == "quiet":
            steps[-1].quiet.append(words.box)
        else:
            body = solid(row.output_shape, largest, towers, words.role)
            steps.append(VolumeStep(body, layer_name(row), words))
    return steps


def left_out(quiet: Iterable[str]) -> str:
    """Say which operations are not drawn, ``"Not drawn: 4 Tanh."``, or nothing."""
    counts = Counter(quiet)
    listed = ", ".join(f"{number} {name}" for name, number in counts.items())
    return f"Not drawn: {listed}." if listed else ""
