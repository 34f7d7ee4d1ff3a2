"""What is known about the tensors of a run, kept as a mark on each of them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .records import Value
from .tensors import describe, tensors_in

FOREIGN = -1
"""Stands for a parameter that the model does not know."""
_MARK = "_cnnlib_value"


class Ledger:
    """Knows, for every tensor, its shape and what it was made of.

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
    ) -> Value:
        """Write down a new tensor: one that depends on the input, or a constant.

        With `key` it holds the same values as another.
        """
        if key is None:
            key = self._count if active else -1
            self._count += active
        value = describe(tensor, key, params)
        setattr(tensor, _MARK, value)
        return value

    def mark_constants(
        self, found: list[Tensor], params: frozenset[int], args: Any
    ) -> list[Value]:
        """Remember which parameters new constants are made of; old ones stay."""
        old = {id(tensor) for tensor in tensors_in(args)}
        return [
            self.value(tensor)
            if id(tensor) in old
            else self.mark(tensor, active=False, params=params)
            for tensor in found
        ]

    def on_meta(self, tensor: Tensor) -> Tensor:
        """Stand in for a tensor that has stayed on a real device."""
        moved = torch.empty_like(tensor, device="meta")
        setattr(moved, _MARK, self.value(tensor))
        return moved

    def value(self, tensor: Tensor) -> Value:
        """Tell what is known about a tensor."""
        value = getattr(tensor, _MARK, None)
        if value is None:
            original = self._parameters.get(id(tensor))
            if original is None and isinstance(tensor, nn.Parameter):
                original = FOREIGN
            params = frozenset() if original is None else frozenset([original])
            value = describe(tensor, -1, params)
        return value

    def seen(self, item: Any) -> Any:
        """Arguments of an operation, with values in place of tensors."""
        if isinstance(item, Tensor):
            return self.value(item)
        if isinstance(item, dict):
            return {key: self.seen(entry) for key, entry in item.items()}
        if isinstance(item, tuple | list):
            return [self.seen(entry) for entry in item]
        return item

    def mark_strangers(self, tensors: list[Tensor]) -> None:
        """Take what a layer gets for the input's, if it came by way of NumPy."""
        for tensor in tensors:
            known = hasattr(tensor, _MARK) or id(tensor) in self._parameters
            if not known and not isinstance(tensor, nn.Parameter):
                self.mark(tensor)
