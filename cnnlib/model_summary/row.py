"""One row of a summary: what one operation does to the tensor, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from torch import nn

Shape: TypeAlias = tuple[int, ...]


@dataclass
class Row:
    """One operation that changes the tensor: a layer, or a call such as ``F.relu``.

    Shapes are those of one image: the batch axis is left out. ``mult_adds`` is None
    where the work is not counted, ``receptive_field`` and ``jump`` are None where
    they are not defined. Everything else is a number or a text, never None, except
    ``module`` (None for an operation that is not a layer) and ``shared_with``.
    """

    name: str
    """Qualified name, "features.0"; an operation without a layer is "block.relu"."""
    kind: str
    """Class of the layer ("Conv2d") or name of the operation ("relu", "flatten")."""
    depth: int
    """1 for the model's own layers and operations, 2 for those inside them, ..."""
    input_shape: Shape
    """Shape of the first input, without the batch axis."""
    output_shape: Shape
    """Shape of the first output, without the batch axis."""
    shape_formula: str = ""
    """How the output size follows, "floor((28 + 2*1 - 3)/1) + 1 = 28"; or empty."""
    params: int = 0
    """Parameters counted in this row; each one is counted once, where first used."""
    params_formula: str = ""
    """How many they are, "(3*3*1 + 1)*3 = 30"; or empty."""
    mult_adds: int | None = 0
    """Multiply-adds for one image, weights only; None where not counted."""
    mult_adds_formula: str = ""
    """How many they are, "3*3*1 * 3 * 100*100 = 270,000"; or empty."""
    receptive_field: Shape | None = None
    """Pixels of the input that one value of the output sees, along each axis."""
    jump: tuple[int | float, ...] | None = None
    """Input pixels between neighbours in the output, along each axis."""
    activation_bytes: int = 0
    """Bytes that hold the output for one image."""
    share_params: float = 0.0
    """Part of the model's parameters, 0 to 1."""
    share_mult_adds: float = 0.0
    """Part of the counted multiply-adds, 0 to 1."""
    module: nn.Module | None = field(default=None, repr=False)
    """The layer itself (of the model that was given), or None."""
    functional: bool = False
    """True for an operation that is not a layer."""
    shared_with: str | None = None
    """Name of the earlier row that counts this row's parameters, or None."""
    trainable_params: int = 0
    """Those of `params` that require a gradient."""
    input_shapes: tuple[Shape, ...] = ()
    """Shapes of all inputs, without the batch axis."""
    output_shapes: tuple[Shape, ...] = ()
    """Shapes of all outputs, without the batch axis."""
    receptive_start: tuple[int | float, ...] | None = None
    """First input pixel that the output's first value sees; negative in the padding."""
    whole_image: bool = False
    """True where every value sees as much of the image as the net can see at all."""
    reuses_memory: bool = field(default=False, repr=False)
    """True where the output is a view of the input, or overwrites it."""
