"""Which modules make one row of a summary, and which are looked into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from .names import words


def described(model: Any) -> nn.Module:
    """Return the module to describe: what ``torch.compile`` and the like wrap."""
    if not isinstance(model, nn.Module):
        raise TypeError(
            f"summary describes a torch.nn.Module, such as nn.Conv2d(1, 3, 3); got "
            f"{model if isinstance(model, type) else type(model).__name__}."
        )
    if isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
        return described(model.module)
    if "_orig_mod" in model._modules:
        return described(model._orig_mod)
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        raise TypeError(
            "summary cannot look into a TorchScript module; pass the model that it was "
            "made from."
        )
    return model


_LIGHT = words(
    """
    add sub mul div pow neg square sqrt rsqrt abs index squeeze unsqueeze
    permute transpose movedim expand expand_as
    """
)
"""Arithmetic and changes of order that do not deserve a row inside a layer."""
_VIEWS = words("view reshape flatten unflatten")
_LOOP = 16
"""So many operations in one layer without layers inside come from a Python loop."""


def is_one_row(module: nn.Module, kinds: Sequence[str]) -> bool:
    """Tell whether a call of `module`, which did `kinds`, becomes one row.

    A layer of PyTorch does. So does a layer that someone wrote, if it has no layers
    inside and does one thing; otherwise one looks into it.
    """
    if not is_leaf(module):
        return False
    if isinstance(module, nn.Sequential | nn.ModuleList | nn.ModuleDict):
        return False
    if is_pytorch(module) or len(kinds) > _LOOP:
        return True
    views = sum(kind in _VIEWS for kind in kinds)
    others = sum(kind not in _LIGHT | _VIEWS for kind in kinds)
    return others == 0 or (others == 1 and views == 0)


def is_leaf(module: nn.Module) -> bool:
    """Tell whether a module is a layer: no modules inside but parametrizations.

    Multi-head attention has one inside, but uses its weights only.
    """
    if isinstance(module, nn.MultiheadAttention):
        return is_pytorch(module)
    return all(name == "parametrizations" for name in module._modules)


def is_pytorch(module: nn.Module) -> bool:
    """Tell whether PyTorch itself wrote the module's ``forward``."""
    forward = type(module).forward
    written = (forward.__module__ or "").startswith("torch.nn.")
    return written and forward is not nn.Module.forward
