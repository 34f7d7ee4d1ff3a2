"""What is written down about a run: tensors, operations, steps, and where it stopped.

Nothing here holds a tensor; what is known about each is a `TracedTensor`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
from torch import nn

Shape: TypeAlias = tuple[int, ...]


@dataclass(slots=True)
class TracedTensor:
    """What is known about one tensor: its shape, and where it came from."""

    shape: Shape
    dtype: torch.dtype
    key: int = -1
    """Number of a tensor that depends on the input; -1 for all others."""
    params: frozenset[int] = frozenset()
    """Ids of the parameters that a constant was computed from."""

    @property
    def active(self) -> bool:
        """Whether the tensor depends on the input of the model."""
        return self.key >= 0


@dataclass
class Products:
    """Matrix products that ran inside one operation."""

    matrices: Counter[Shape] = field(default_factory=Counter)
    """How often a product ran, by the sizes whose product is its multiply-adds."""
    not_counted: set[str] = field(default_factory=set)
    """Names of operations whose work is not known."""


@dataclass(slots=True)
class TracedOp:
    """One call of a PyTorch function."""

    name: str
    arguments: dict[str, Any]
    """By name, with a `TracedTensor` in the place of each tensor."""
    inputs: list[TracedTensor]
    outputs: list[TracedTensor]
    params: frozenset[int]
    products: Products | None = None
    reuses_memory: bool = False


@dataclass(slots=True)
class TracedStep:
    """What becomes one row: a layer with the operations in it, or one operation."""

    name: str
    kind: str
    module: nn.Module | None
    ops: list[TracedOp]
    inputs: list[TracedTensor]
    outputs: list[TracedTensor]
    called_before: str | None = None
    """Name of the row of the layer's first call, if this is a later one."""


@dataclass
class Stop:
    """Where a run stopped: the layer, the operation and its arguments."""

    name: str
    module: nn.Module | None
    op: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    inputs: list[TracedTensor] = field(default_factory=list)


class Misfit(ValueError):
    """Raised inside a run when an operation is about to get what it cannot take."""


# -- arguments ------------------------------------------------------------------------


def each(value: Any, axes: int) -> tuple[Any, ...]:
    """Return one entry per axis: (2, 2) from 2, as PyTorch reads such arguments."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        entries = tuple(value)
        return entries * axes if len(entries) == 1 else entries
    return (value,) * axes


def tensors_of(arguments: Any) -> list[TracedTensor]:
    """All tensors among the arguments of an operation, in order, nested ones too."""
    if isinstance(arguments, TracedTensor):
        return [arguments]
    if isinstance(arguments, dict):
        arguments = arguments.values()
    elif not isinstance(arguments, tuple | list):
        return []
    return [tensor for entry in arguments for tensor in tensors_of(entry)]


def base_name(op_name: str) -> str:
    """Name of an operation without its number of axes: "conv" for "conv2d"."""
    return op_name[:-2] if op_name[-2:] in ("1d", "2d", "3d") else op_name


def attention_products(query: Shape, key: Shape, value: Shape) -> list[Shape]:
    """Sizes of the two products of an attention: query with key, then with value."""
    *heads, length, features = query
    return [
        (*heads, length, features, key[-2]),
        (*heads, length, key[-2], value[-1]),
    ]


# -- shapes in words ------------------------------------------------------------------


def shape_text(shape: Iterable[int | float]) -> str:
    """Write a shape as 3 x 28 x 28."""
    return " x ".join(f"{size:g}" for size in shape) or "1"
