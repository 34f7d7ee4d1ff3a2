"""What is written down about a run: values, operations, steps, and where it stopped."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from .products import Products


@dataclass(slots=True)
class Value:
    """What is known about one tensor: its shape, and where it came from."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    key: int = -1  # names the values that depend on the input; -1 for the others
    params: frozenset[int] = frozenset()  # ids of the parameters a constant is made of

    @property
    def active(self) -> bool:
        """Whether the tensor depends on the input of the model."""
        return self.key >= 0


@dataclass(slots=True)
class Op:
    """One call of a PyTorch function; tensors among the arguments are `Value`s."""

    name: str
    arguments: dict[str, Any]
    inputs: list[Value]
    outputs: list[Value]
    params: frozenset[int]
    products: Products | None = None
    reuses_memory: bool = False


@dataclass(slots=True)
class Step:
    """What becomes one row: a layer with the operations in it, or one operation."""

    name: str
    kind: str
    module: nn.Module | None
    ops: list[Op]
    inputs: list[Value]
    outputs: list[Value]
    called_before: str | None = None  # name of the row of the first call


@dataclass
class Place:
    """Where the run stopped: the layer, the operation and its arguments."""

    name: str
    module: nn.Module | None
    op: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    inputs: list[Value] = field(default_factory=list)


class Misfit(ValueError):
    """Raised inside a run when an operation is about to get what it cannot take."""
