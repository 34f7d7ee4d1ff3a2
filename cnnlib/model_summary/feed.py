"""The inputs of a run: read from the caller's arguments, made when they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from .records import Shape


@dataclass
class Slot:
    """One input of the model: a tensor of some size, or a fixed value."""

    size: Shape = ()
    dtype: torch.dtype = torch.float32
    fixed: Any = None
    is_tensor: bool = True
    name: str | None = None  # keyword, if it is passed as one


@dataclass
class Feed:
    """The inputs of the model, in order."""

    slots: list[Slot] = field(default_factory=list)

    @property
    def tensors(self) -> list[Slot]:
        """Those that are tensors."""
        return [slot for slot in self.slots if slot.is_tensor]

    def make(
        self, batch: int, device: torch.device
    ) -> tuple[list[Tensor], list[Any], dict[str, Any]]:
        """Tensors for one run, and the arguments of the model they stand in."""
        tensors: list[Tensor] = []
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for slot in self.slots:
            item = slot.fixed
            if slot.is_tensor:
                item = _tensor((batch, *slot.size), slot.dtype, device)
                tensors.append(item)
            if slot.name is None:
                args.append(item)
            else:
                kwargs[slot.name] = item
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
    if (input_size is None) == (input_data is None):
        raise TypeError(
            "summary needs either input_size, such as (1, 28, 28), or input_data, "
            "a tensor that the model takes."
        )
    if input_data is not None:
        return Feed(_slots_of_data(input_data))
    sizes = _read_sizes(input_size)
    types = _read_dtypes(dtypes, len(sizes), _floating_dtype(model))
    names = list(input_size) if isinstance(input_size, dict) else [None] * len(sizes)
    return Feed(
        [
            Slot(size, dtype, name=name)
            for size, dtype, name in zip(sizes, types, names, strict=True)
        ]
    )


# -- sizes --------------------------------------------------------------------------


def _read_sizes(input_size: Any) -> list[Shape]:
    """Return one size for each input, from one size or several."""
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


def _no_size(argument: Any) -> str:
    """Say that an argument is not a size."""
    return (
        "input_size is the size of one input without the batch, such as (1, 28, 28), "
        f"or a list of such sizes for a model with several inputs; got {argument!r}."
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


def _slots_of_data(input_data: Any) -> list[Slot]:
    if isinstance(input_data, dict):
        return [_slot(item, name) for name, item in input_data.items()]
    items = input_data if isinstance(input_data, tuple | list) else [input_data]
    slots = [_slot(item) for item in items]
    if not any(slot.is_tensor for slot in slots):
        raise TypeError(
            "input_data is a tensor with its batch axis, or a list or dict of what the "
            f"model takes; got {type(input_data).__name__} without a tensor."
        )
    return slots


def _slot(item: Any, name: str | None = None) -> Slot:
    if not isinstance(item, Tensor) or item.dim() == 0:
        return Slot(fixed=item, is_tensor=False, name=name)
    return Slot(tuple(item.shape[1:]), item.dtype, name=name)
