"""Read what the caller gave as input: sizes without the batch axis, or tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

Shape = tuple[int, ...]


def read_sizes(input_size: Any) -> list[Shape]:
    """One shape per input of the model, from one size or a list of sizes."""
    if isinstance(input_size, int) and not isinstance(input_size, bool):
        return [_checked((input_size,))]
    if not isinstance(input_size, Sequence) or isinstance(input_size, str):
        raise TypeError(_legal(input_size))
    if any(isinstance(entry, Sequence) for entry in input_size):
        return [_checked(entry) for entry in input_size]
    return [_checked(input_size)]


def _checked(size: Any) -> Shape:
    if not isinstance(size, Sequence) or isinstance(size, str):
        raise TypeError(_legal(size))
    for entry in size:
        if isinstance(entry, bool) or not isinstance(entry, int):
            raise TypeError(_legal(size))
        if entry < 1:
            raise ValueError(
                f"Every entry of input_size must be at least 1, but {tuple(size)} has "
                f"{entry}. Leave the batch out: (1, 28, 28) is one grey image."
            )
    return tuple(int(entry) for entry in size)


def _legal(found: Any) -> str:
    return (
        "input_size is the size of one input without the batch, such as (1, 28, 28), "
        f"or a list of such sizes for a model with several inputs; got {found!r}."
    )


def read_data(input_data: Any) -> tuple[list[Shape], list[torch.dtype]]:
    """Shapes without the batch axis, and dtypes, of real tensors."""
    tensors = [input_data] if isinstance(input_data, Tensor) else list(input_data)
    return [tuple(t.shape[1:]) for t in tensors], [t.dtype for t in tensors]


def floating_dtype(model: nn.Module) -> torch.dtype:
    """Precision that the model works in: that of its first floating parameter."""
    for tensor in (*model.parameters(), *model.buffers()):
        if tensor.is_floating_point():
            return tensor.dtype
    return torch.get_default_dtype()
