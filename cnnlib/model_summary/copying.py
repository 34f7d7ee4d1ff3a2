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

_PLAIN = (int, float, str, bool, type(None), torch.dtype, torch.device, type)
_HOOKS = (
    "_forward_pre_hooks",
    "_forward_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_pre_hooks_with_kwargs",
    "_forward_hooks_always_called",
)


def runnable_copy(
    model: nn.Module, *, meta: bool, largest: int | None = None
) -> tuple[nn.Module, dict[int, int]]:
    """Copy `model` for one run, and tell which parameter each tensor stands for.

    The second result maps the id of a tensor (of the copy or of the model) to the id
    of the model's own parameter. With ``meta=False`` the values are copied too; if
    there are more than ``largest`` of them, the copy uses the memory of the model.
    """
    memo: dict[int, Any] = {}
    tensors = _tensors(model)
    shared = largest is not None and sum(t.numel() for t in _sized(tensors)) > largest
    for tensor in tensors:
        if id(tensor) not in memo:
            memo[id(tensor)] = _stand_in(tensor, meta, shared)
    modules = list(model.modules())
    _seed_hooks(modules, memo)
    if any(hasattr(module, "__deepcopy__") for module in modules):
        copied = copy.deepcopy(model, memo)  # such modules know best how to be copied
    else:
        copied = _copied(modules, memo)
    for original, module in zip(modules, copied.modules(), strict=True):
        _rebind_hooks(original, module)
        module.training = False
    owners = {id(parameter): id(parameter) for parameter in model.parameters()}
    owners |= {id(memo[key]): key for key in owners}
    return copied, owners


def _copied(modules: list[nn.Module], memo: dict[int, Any]) -> nn.Module:
    """Copy modules attribute by attribute; what cannot be copied is shared."""
    for module in modules:
        memo[id(module)] = type(module).__new__(type(module))
    for module in modules:
        attributes = memo[id(module)].__dict__
        for name, value in module.__dict__.items():
            attributes[name] = _attribute(value, memo)
        attributes.pop("_compiled_call_impl", None)
    return memo[id(modules[0])]


def _attribute(value: Any, memo: dict[int, Any]) -> Any:
    if isinstance(value, _PLAIN):
        return value
    if id(value) in memo:
        return memo[id(value)]
    if type(value) in (dict, OrderedDict):
        return type(value)((k, _attribute(v, memo)) for k, v in value.items())
    if type(value) is tuple and all(isinstance(entry, _PLAIN) for entry in value):
        return value
    try:
        return copy.deepcopy(value, memo)
    except Exception:
        return value


def _tensors(model: nn.Module) -> list[Tensor]:
    """Parameters, buffers, and tensors that are plain attributes of a layer."""
    plain = [
        value
        for module in model.modules()
        for value in module.__dict__.values()
        if isinstance(value, Tensor)
    ]
    return [*model.parameters(), *model.buffers(), *plain]


def _sized(tensors: list[Tensor]) -> list[Tensor]:
    lazy = (UninitializedParameter, UninitializedBuffer)
    return [tensor for tensor in tensors if not isinstance(tensor, lazy)]


def _stand_in(tensor: Tensor, meta: bool, shared: bool) -> Tensor:
    if isinstance(tensor, UninitializedParameter | UninitializedBuffer):
        kind: Any = type(tensor)
        return kind(device="meta" if meta else tensor.device, dtype=tensor.dtype)
    data = tensor.detach()
    if meta:
        held = torch.empty_like(data, device="meta")
    else:
        held = data if shared else data.clone()
    if isinstance(tensor, nn.Parameter):
        return nn.Parameter(held, requires_grad=tensor.requires_grad)
    return held


def _seed_hooks(modules: list[nn.Module], memo: dict[int, Any]) -> None:
    """Let only PyTorch's own hooks be copied, those that compute weights."""
    for module in modules:
        for name in _HOOKS:
            hooks = module.__dict__.get(name)
            if hooks is not None:
                memo[id(hooks)] = _kept(hooks)


def _kept(hooks: Any) -> OrderedDict[int, Any]:
    """Keep the hooks of pruning, weight norm, spectral norm and lazy layers."""
    kept: OrderedDict[int, Any] = OrderedDict()
    for key, hook in hooks.items():
        origin = getattr(hook, "__func__", type(hook)).__module__
        if origin.startswith(("torch.nn.utils.", "torch.nn.modules.lazy")):
            kept[key] = hook
    return kept


def _rebind_hooks(original: nn.Module, module: nn.Module) -> None:
    """Let the kept hooks that are methods of a layer act on its copy."""
    for name in ("_forward_pre_hooks", "_forward_hooks"):
        hooks = module.__dict__[name]
        for key, hook in list(hooks.items()):
            if getattr(hook, "__self__", None) is original:
                hooks[key] = types.MethodType(hook.__func__, module)
                flags = f"{name}_with_kwargs"
                if key in getattr(original, flags, {}):
                    getattr(module, flags)[key] = True
