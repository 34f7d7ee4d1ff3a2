"""A copy of the model that may be run: on the meta device, without its hooks.

The copy holds no weights: every parameter and buffer becomes a tensor of the meta
device, which has a shape and no memory. The user's model is never touched.
"""

from __future__ import annotations

import copy
import types
from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

_HOOKS = (
    "_forward_pre_hooks",
    "_forward_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_pre_hooks_with_kwargs",
    "_forward_hooks_always_called",
)


def runnable_copy(model: nn.Module, *, meta: bool) -> tuple[nn.Module, dict[int, int]]:
    """Copy `model` for one run, and tell which parameter each tensor stands for.

    The second result maps the id of a tensor (of the copy or of the model) to the id
    of the model's own parameter. With ``meta=False`` the values are copied too.
    """
    memo: dict[int, Any] = {}
    tensors = {id(tensor): tensor for tensor in _tensors(model)}
    for key, tensor in tensors.items():
        memo[key] = _stand_in(tensor, meta)
    for module in model.modules():
        for name in _HOOKS:
            hooks = module.__dict__.get(name)
            if hooks is not None:
                memo[id(hooks)] = _kept(hooks)
    copied = copy.deepcopy(model, memo)
    for original, module in zip(model.modules(), copied.modules(), strict=True):
        _rebind_hooks(original, module)
    copied.eval()
    owners = {id(parameter): id(parameter) for parameter in model.parameters()}
    owners |= {id(memo[key]): key for key in owners}
    return copied, owners


def _tensors(model: nn.Module) -> list[Tensor]:
    """Parameters, buffers, and tensors that are plain attributes of a layer."""
    plain = [
        value
        for module in model.modules()
        for value in vars(module).values()
        if isinstance(value, Tensor)
    ]
    return [*model.parameters(), *model.buffers(), *plain]


def _stand_in(tensor: Tensor, meta: bool) -> Tensor:
    if isinstance(tensor, UninitializedParameter | UninitializedBuffer):
        kind: Any = type(tensor)
        return kind(device="meta" if meta else tensor.device, dtype=tensor.dtype)
    with torch.no_grad():
        data = tensor.detach()
        held = torch.empty_like(data, device="meta") if meta else data.clone()
    if isinstance(tensor, nn.Parameter):
        return nn.Parameter(held, requires_grad=tensor.requires_grad)
    return held


def _kept(hooks: Any) -> OrderedDict[int, Any]:
    """Only PyTorch's own hooks, which compute weights (pruning, weight norm, lazy)."""
    kept: OrderedDict[int, Any] = OrderedDict()
    for key, hook in hooks.items():
        origin = getattr(hook, "__func__", type(hook)).__module__
        if origin.startswith(("torch.nn.utils.", "torch.nn.modules.lazy")):
            kept[key] = hook
    return kept


def _rebind_hooks(original: nn.Module, module: nn.Module) -> None:
    """Let the kept hooks that are methods of a layer act on its copy."""
    for name in ("_forward_pre_hooks", "_forward_hooks"):
        hooks = getattr(module, name)
        for key, hook in list(hooks.items()):
            if getattr(hook, "__self__", None) is original:
                hooks[key] = types.MethodType(hook.__func__, module)
        flags = f"{name}_with_kwargs"
        known = getattr(original, flags, {})
        setattr(module, flags, OrderedDict((k, known[k]) for k in hooks if k in known))
