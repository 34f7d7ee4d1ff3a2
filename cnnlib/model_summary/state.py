"""Leave the process as it was found."""

from __future__ import annotations

import random
import sys
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.modules import module as registry

_GLOBAL_HOOKS = (
    "_global_forward_hooks",
    "_global_forward_pre_hooks",
    "_global_backward_hooks",
    "_global_backward_pre_hooks",
)


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
            if buffer._version != version:
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
