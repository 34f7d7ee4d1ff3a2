"""Leave the user's model and process as they were: run a copy, put the rest back.

The copy has no hooks of the user, and on the meta device it holds no weights: every
parameter and buffer becomes a tensor that has a shape and no memory.
"""

from __future__ import annotations

import copy
import random
import sys
import types
import warnings
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules import module as registry

from .tensors import UNSIZED

_IMMUTABLE = (int, float, str, bool, type(None), torch.dtype, torch.device, type)
"""Types of attributes that a copy may share with its model."""
_HOOKS = (
    "_forward_pre_hooks",
    "_forward_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_pre_hooks_with_kwargs",
    "_forward_hooks_always_called",
)
"""Attributes of a module in which PyTorch keeps its hooks."""


def runnable_copy(
    model: nn.Module, *, meta: bool, largest: int | None = None
) -> tuple[nn.Module, dict[int, int]]:
    """Copy `model` for one run, and tell which parameter each tensor stands for.

    The second result maps the id of a parameter (of the copy or of the model) to the
    id of the model's own. With ``meta=False`` the values are copied too; if there are
    more than ``largest`` of them, the copy uses the memory of the model.
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
    if isinstance(value, _IMMUTABLE):
        return value
    if id(value) in memo:
        return memo[id(value)]
    if type(value) in (dict, OrderedDict):
        return type(value)((k, _attribute(v, memo)) for k, v in value.items())
    if type(value) is tuple and all(isinstance(entry, _IMMUTABLE) for entry in value):
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
    return [tensor for tensor in tensors if not isinstance(tensor, UNSIZED)]


def _stand_in(tensor: Tensor, meta: bool, shared: bool) -> Tensor:
    if isinstance(tensor, UNSIZED):
        kind: Any = type(tensor)
        return kind(device="meta" if meta else tensor.device, dtype=tensor.dtype)
    data = tensor.detach()
    if meta:
        values = torch.empty_like(data, device="meta")
    else:
        values = data if shared else data.clone()
    if isinstance(tensor, nn.Parameter):
        return nn.Parameter(values, requires_grad=tensor.requires_grad)
    return values


def _seed_hooks(modules: list[nn.Module], memo: dict[int, Any]) -> None:
    """Let only PyTorch's own hooks be copied, those that compute weights."""
    for module in modules:
        for name in _HOOKS:
            hooks = module.__dict__.get(name)
            if hooks is not None:
                memo[id(hooks)] = _pytorchs_own(hooks)


def _pytorchs_own(hooks: Any) -> OrderedDict[int, Any]:
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


# -- what a run could change besides ----------------------------------------------

_GLOBAL_HOOKS = (
    "_global_forward_hooks",
    "_global_forward_pre_hooks",
    "_global_backward_hooks",
    "_global_backward_pre_hooks",
)
"""Where PyTorch keeps hooks that hold for all modules."""


@contextmanager
def nothing_changed(model: nn.Module) -> Iterator[None]:
    """Put random numbers, global hooks and the model's own state back at the end.

    The run uses a copy, so the model itself could change only where its code holds on
    to it in a way that no copy can follow, such as a closure.
    """
    random_state = _random_state(model)
    hooks = _take_global_hooks()
    training = [(module, module.training) for module in model.modules()]
    try:
        with warnings.catch_warnings(), _nothing_compiled():
            warnings.simplefilter("ignore")
            yield
    finally:
        _restore_random_state(random_state)
        for name, held in hooks.items():
            getattr(registry, name).update(held)
        for module, flag in training:
            if module.training != flag:
                module.training = flag


@contextmanager
def buffers_kept(model: nn.Module) -> Iterator[None]:
    """Put buffers back (running statistics) that a run with real numbers changed."""
    before = [(b, b._version, b.detach().clone()) for b in model.buffers()]
    try:
        yield
    finally:
        for buffer, version, values in before:
            # Batch norm changes its statistics without counting the version up.
            if buffer._version != version or not buffer.equal(values):
                with torch.no_grad():
                    buffer.copy_(values)


def _nothing_compiled() -> AbstractContextManager[Any]:
    """Run compiled functions as they were written, if there can be any."""
    if "torch._dynamo" not in sys.modules:
        return nullcontext()
    return torch.compiler.set_stance("force_eager")


def _take_global_hooks() -> dict[str, dict[int, Any]]:
    taken = {}
    for name in _GLOBAL_HOOKS:
        hooks = getattr(registry, name, None)
        if hooks:
            taken[name] = dict(hooks)
            hooks.clear()
    return taken


def _random_state(model: nn.Module) -> dict[str, Any]:
    state: dict[str, Any] = {
        "python": random.getstate(),
        "numpy": np.random.get_state(),  # noqa: NPY002
        "torch": torch.get_rng_state(),
    }
    if torch.cuda.is_initialized():
        state["cuda"] = torch.cuda.get_rng_state_all()
    if any(parameter.is_mps for parameter in model.parameters()):
        state["mps"] = torch.mps.get_rng_state()
    return state


def _restore_random_state(state: dict[str, Any]) -> None:
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])  # noqa: NPY002
    torch.set_rng_state(state["torch"])
    if "cuda" in state:
        torch.cuda.set_rng_state_all(state["cuda"])
    if "mps" in state:
        torch.mps.set_rng_state(state["mps"])
