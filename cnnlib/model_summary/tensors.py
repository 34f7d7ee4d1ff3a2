"""The tensors of a run: what is known about each, and how they stay on one device.

The meta device has tensors with a shape and a type, and no values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from .operations import words
from .records import TracedTensor

UNSIZED = (UninitializedParameter, UninitializedBuffer)
"""Tensors of lazy layers, which have no size before the first run."""
FOREIGN = -1
"""Stands for the id of a parameter that the model does not know."""
_MARK = "_cnnlib_value"
"""Attribute of a tensor that holds its `TracedTensor`."""


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


def storage_of(tensor: Tensor) -> int:
    """Tell which memory a tensor lies in."""
    try:
        return tensor.untyped_storage()._cdata
    except (NotImplementedError, RuntimeError):  # sparse and other odd tensors
        return id(tensor)


class Ledger:
    """Keeps, as a mark on each tensor, its shape and where it came from.

    `parameters` maps the id of a parameter (of the model or of its copy) to the id of
    the model's own.
    """

    def __init__(self, parameters: dict[int, int]) -> None:
        self._parameters = parameters
        self._count = 0

    def mark(
        self,
        tensor: Tensor,
        active: bool = True,
        params: frozenset[int] = frozenset(),
        key: int | None = None,
    ) -> TracedTensor:
        """Write down a new tensor: one that depends on the input, or a constant.

        With `key` it holds the same values as another.
        """
        if key is None:
            key = self._count if active else -1
            self._count += active
        traced = _described(tensor, key, params)
        setattr(tensor, _MARK, traced)
        return traced

    def mark_constants(
        self, results: list[Tensor], params: frozenset[int], args: Any
    ) -> list[TracedTensor]:
        """Remember which parameters new constants are made of.

        A result that is one of the arguments `args` keeps what is known about it.
        """
        old = {id(tensor) for tensor in tensors_in(args)}
        return [
            self.traced(tensor)
            if id(tensor) in old
            else self.mark(tensor, active=False, params=params)
            for tensor in results
        ]

    def on_meta(self, tensor: Tensor) -> Tensor:
        """Stand in for a tensor that has stayed on a real device."""
        moved = torch.empty_like(tensor, device="meta")
        setattr(moved, _MARK, self.traced(tensor))
        return moved

    def traced(self, tensor: Tensor) -> TracedTensor:
        """Tell what is known about a tensor."""
        known = getattr(tensor, _MARK, None)
        if known is not None:
            return known
        original = self._parameters.get(id(tensor))
        if original is None and isinstance(tensor, nn.Parameter):
            original = FOREIGN
        params = frozenset() if original is None else frozenset([original])
        return _described(tensor, -1, params)

    def traced_arguments(self, item: Any) -> Any:
        """Arguments of an operation, with a `TracedTensor` in place of each tensor."""
        if isinstance(item, Tensor):
            return self.traced(item)
        if isinstance(item, dict):
            return {key: self.traced_arguments(entry) for key, entry in item.items()}
        if isinstance(item, tuple | list):
            return [self.traced_arguments(entry) for entry in item]
        return item

    def mark_strangers(self, tensors: list[Tensor]) -> None:
        """Say that unknown tensors depend on the input: they came through NumPy."""
        for tensor in tensors:
            known = hasattr(tensor, _MARK) or id(tensor) in self._parameters
            if not known and not isinstance(tensor, nn.Parameter):
                self.mark(tensor)


def _described(tensor: Tensor, key: int, params: frozenset[int]) -> TracedTensor:
    """Write down shape and type of a tensor, and what is known of its origin."""
    with torch._C.DisableTorchFunction():
        if isinstance(tensor, UNSIZED):
            return TracedTensor((), tensor.dtype, key, params)
        return TracedTensor(tuple(tensor.shape), tensor.dtype, key, params)


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


NORMS = words("batch_norm layer_norm group_norm")
"""Operations that `norm_result` stands in for; it does not check their arguments."""


def norm_result(name: str, args: tuple[Any, ...]) -> Tensor | None:
    """Return the result of a normalisation on the meta device, or None to run it.

    The result has the shape of the input. There PyTorch works each of them out in
    Python, which would take half of the time of a summary of ResNet-50. With
    statistics of the batch (a True among the arguments) it is run: PyTorch has
    conditions then.
    """
    image = args[0] if args else None
    if name not in NORMS or not isinstance(image, Tensor) or not image.is_meta:
        return None
    if not image.is_floating_point() or any(arg is True for arg in args[1:]):
        return None
    return torch.empty_like(image)
