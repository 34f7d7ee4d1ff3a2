"""Results of common operations on the meta device, without calling PyTorch.

There, batch norm takes 0.7 ms and a linear layer 0.4 ms, since they are worked out in
Python; a convolution takes 0.03 ms. For operations that keep the shape of their input
the result is known beforehand. Arguments have been checked before (see `mismatch`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from .names import words

CHECKED = words("batch_norm layer_norm group_norm")
"""Operations to be checked first, since here nothing else would."""
_SAME_SHAPE = CHECKED | words("relu gelu silu sigmoid tanh elu leaky_relu hardswish")


def shortcut(name: str, func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Return the result of an operation on the meta device, or None to run it."""
    first = args[0] if args else None
    if not isinstance(first, Tensor) or not first.is_meta:
        return None
    if not first.is_floating_point():
        return None
    if name in _SAME_SHAPE:
        return None if _in_place(func, args, kwargs) else torch.empty_like(first)
    if name == "linear" and len(args) > 1 and args[1].dim() == 2:
        return first.new_empty((*first.shape[:-1], args[1].shape[0]))
    return None


def _in_place(func: Callable[..., Any], args: Any, kwargs: Any) -> bool:
    named = getattr(func, "__name__", "_").endswith("_")
    flagged = kwargs.get("inplace") or any(arg is True for arg in args[1:])
    return bool(named or flagged or "out" in kwargs)
