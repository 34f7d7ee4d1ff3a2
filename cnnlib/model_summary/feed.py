"""The inputs of a run: read from the caller's arguments, made when they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map

from cnnlib.text import shortened

from .records import Shape
from .tensors import UNSIZED


@dataclass
class Slot:
    """A tensor among the inputs of the model."""

    size: Shape
    dtype: torch.dtype
    given: Shape | None = None
    """Shape of the tensor that the caller gave, if it was one."""


@dataclass
class Feed:
    """The inputs of the model, with a `Slot` in place of each tensor."""

    args: list[Any] = field(default_factory=list)
    kwargs: dict[str, Any] = field(default_factory=dict)

    @property
    def tensors(self) -> list[Slot]:
        """The tensors, in order, however they are nested."""
        leaves = tree_leaves((self.args, self.kwargs))
        return [leaf for leaf in leaves if isinstance(leaf, Slot)]

    def make(
        self, batch: int, device: torch.device
    ) -> tuple[list[Tensor], list[Any], dict[str, Any]]:
        """Tensors for one run, and the arguments of the model they stand in."""
        tensors: list[Tensor] = []

        def filled(leaf: Any) -> Any:
            if not isinstance(leaf, Slot):
                return leaf
            tensors.append(_tensor((batch, *leaf.size), leaf.dtype, device))
            return tensors[-1]

        args, kwargs = tree_map(filled, (self.args, self.kwargs))
        return tensors, args, kwargs


def _tensor(shape: Shape, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Values between 0 and 1 that are the same each time; zeros for whole numbers."""
    if device.type == "meta":
        return torch.empty(shape, dtype=dtype, device=device)
    if not (dtype.is_floating_point or dtype.is_complex):
        return torch.zeros(shape, dtype=dtype, device=device)
    generator = torch.Generator(device="cpu").manual_seed(0)
    return torch.rand(shape, generator=generator, device="cpu").to(device, dtype)


def read_feed(model: nn.Module, input_size: Any, input_data: Any, dtypes: Any) -> Feed:
    """Read the caller's arguments: a size, several sizes, or tensors."""
    if input_size is not None and input_data is not None:
        raise TypeError(
            "summary takes either input_size, such as (1, 28, 28), or input_data, a "
            "tensor that the model takes, not both."
        )
    if input_data is not None:
        return _feed_of_data(input_data, dtypes)
    sizes = _read_sizes(input_size)
    types = _read_dtypes(dtypes, len(sizes), _floating_dtype(model))
    slots = [Slot(size, dtype) for size, dtype in zip(sizes, types, strict=True)]
    if isinstance(input_size, dict):
        return Feed(kwargs=dict(zip(input_size, slots, strict=True)))
    return Feed(list(slots))


# -- sizes --------------------------------------------------------------------------


def _read_sizes(input_size: Any) -> list[Shape]:
    """Return one size for each input, from one size or several."""
    if any(_is_data(leaf) for leaf in tree_leaves(input_size)):
        raise TypeError(_tensors_for_sizes(input_size))
    if isinstance(input_size, dict):
        return [_read_size(size) for size in input_size.values()]
    if _is_whole(input_size):
        return [_read_size([input_size])]
    if not _is_list(input_size):
        raise TypeError(_no_size(input_size))
    if any(_is_list(entry) for entry in input_size):
        return [_read_size(size) for size in input_size]
    return [_read_size(input_size)]


def _read_size(entries: Any) -> Shape:
    if not _is_list(entries) or not all(_is_whole(entry) for entry in entries):
        raise TypeError(_no_size(entries))
    size = tuple(int(entry) for entry in entries)
    if any(entry < 1 for entry in size):
        raise ValueError(
            f"Every entry of input_size must be at least 1, but it is {size}. Leave "
            f"the batch out: (1, 28, 28) is one grey image of 28 x 28."
        )
    return size


def _is_list(item: Any) -> bool:
    return isinstance(item, Sequence) and not isinstance(item, str | bytes)


def _is_whole(item: Any) -> bool:
    return hasattr(item, "__index__") and not isinstance(item, bool | Tensor)


def _is_data(item: Any) -> bool:
    """Whether it is a tensor or an array, not a number of either kind."""
    return hasattr(item, "__array__") and getattr(item, "ndim", 1) > 0


def _tensors_for_sizes(argument: Any) -> str:
    """Say where tensors belong, and which size the first of them has."""
    first = next(leaf for leaf in tree_leaves(argument) if _is_data(leaf))
    shape = tuple(np.shape(first))
    several = "" if first is argument else f" in a {type(argument).__name__}"
    what = f"{type(first).__name__} of shape {shape}{several}"
    if isinstance(first, Tensor) and len(shape) > 1:
        cure = "Pass it by name, input_data=..., with its batch axis."
    elif len(shape) > 1:
        cure = "Pass the size of one input, or input_data=torch.as_tensor(array)[None]."
        if len(shape) == 4:
            cure = f"Pass the size of one input, {shape[1:]}."
    else:
        cure = "Pass a tuple of whole numbers, such as tuple(size.tolist())."
    return (
        "input_size is the size of one input without the batch, such as (1, 28, 28); "
        f"got {what}. {cure}"
    )


def _no_size(argument: Any) -> str:
    """Say that an argument is not a size."""
    return (
        "input_size is the size of one input without the batch, such as (1, 28, 28), "
        "or a list of such sizes for a model with several inputs; got "
        f"{shortened(repr(argument), 80)}."
    )


# -- types --------------------------------------------------------------------------


def _read_dtypes(dtypes: Any, count: int, default: torch.dtype) -> list[torch.dtype]:
    """Return one type for each of `count` inputs."""
    if dtypes is None:
        return [default] * count
    each = list(dtypes) if _is_list(dtypes) else [dtypes] * count
    if len(each) != count or not all(isinstance(d, torch.dtype) for d in each):
        raise ValueError(
            f"dtypes is one torch.dtype, or one for each of the {count} inputs, such "
            f"as [torch.long]; got {dtypes!r}."
        )
    return each


def _floating_dtype(model: nn.Module) -> torch.dtype:
    """Precision that the model works in: that of its first floating parameter."""
    for tensor in (*model.parameters(), *model.buffers()):
        if tensor.is_floating_point():
            return tensor.dtype
    return torch.get_default_dtype()


# -- tensors ------------------------------------------------------------------------


def _feed_of_data(input_data: Any, dtypes: Any) -> Feed:
    """Keep the size and the type of every tensor, and all else as it is."""
    is_several = isinstance(input_data, dict | tuple | list)
    data = tree_map(_slot, input_data if is_several else [input_data])
    feed = Feed(kwargs=data) if isinstance(data, dict) else Feed(list(data))
    if not feed.tensors:
        arrays = any(hasattr(leaf, "__array__") for leaf in tree_leaves(input_data))
        raise TypeError(
            "input_data is a tensor with its batch axis, or a list or dict of what the "
            f"model takes; got {type(input_data).__name__} without a tensor"
            f"{': torch.as_tensor(array) makes one of an array' if arrays else ''}."
        )
    if dtypes is not None:
        types = _read_dtypes(dtypes, len(feed.tensors), torch.float32)
        for slot, dtype in zip(feed.tensors, types, strict=True):
            slot.dtype = dtype
    return feed


def _slot(item: Any) -> Any:
    if not isinstance(item, Tensor) or isinstance(item, UNSIZED) or item.dim() == 0:
        return item
    return Slot(tuple(item.shape[1:]), item.dtype, tuple(item.shape))
