"""Tensors of a run: finding them, describing them, keeping them on one device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from .records import Value

UNSIZED = (UninitializedParameter, UninitializedBuffer)


def tensors_in(item: Any) -> Iterator[Tensor]:
    """Yield the tensors in a result or in arguments, however they are nested."""
    if isinstance(item, Tensor):
        yield item
    elif isinstance(item, dict):
        for entry in item.values():
            yield from tensors_in(entry)
    elif isinstance(item, tuple | list):
        for entry in item:
            yield from tensors_in(entry)


def values_in(item: Any) -> Iterator[Value]:
    """Yield the values that stand for the tensors in arguments."""
    if isinstance(item, Value):
        yield item
    elif isinstance(item, dict):
        for entry in item.values():
            yield from values_in(entry)
    elif isinstance(item, tuple | list):
        for entry in item:
            yield from values_in(entry)


def describe(tensor: Tensor, key: int, params: frozenset[int]) -> Value:
    """Write down shape and type of a tensor, and what is known of its origin."""
    with torch._C.DisableTorchFunction():
        if isinstance(tensor, UNSIZED):
            return Value((), tensor.dtype, key, params)
        return Value(tuple(tensor.shape), tensor.dtype, key, params)


def storage_of(tensor: Tensor) -> int:
    """Tell which memory a tensor lies in."""
    try:
        return tensor.untyped_storage()._cdata
    except (NotImplementedError, RuntimeError):  # sparse and other odd tensors
        return id(tensor)


# -- staying on the meta device -----------------------------------------------------


def stays_itself(name: str, args: Any, kwargs: Any) -> bool:
    """Whether an operation only moves a tensor to a device, which is then left out."""
    first = args[0] if args else None
    if not isinstance(first, Tensor) or not first.is_meta:
        return False
    if name in ("cpu", "cuda"):
        return True
    return name == "to" and len(args) == 1 and not kwargs


def without_device(name: str, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """Arguments of ``Tensor.to`` on a meta tensor without the device among them."""
    first = args[0] if args else None
    if name != "to" or not isinstance(first, Tensor) or not first.is_meta:
        return args, kwargs
    kept = [
        entry.dtype if isinstance(entry, Tensor) else entry
        for entry in args[1:]
        if not isinstance(entry, str | torch.device) and entry is not None
    ]
    return (first, *kept), {k: v for k, v in kwargs.items() if k != "device"}


def to_meta(item: Any, moved: Callable[[Tensor], Tensor]) -> Any:
    """Replace the tensors in arguments that are on a real device by `moved` ones."""
    if isinstance(item, Tensor):
        return item if item.is_meta or item.dim() == 0 else moved(item)
    if isinstance(item, dict):
        return {key: to_meta(entry, moved) for key, entry in item.items()}
    if type(item) in (tuple, list):
        return type(item)(to_meta(entry, moved) for entry in item)
    return item
