"""Where to compute, and making chance repeatable."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn


def best_device() -> torch.device:
    """Return the quickest device at hand: CUDA, else MPS (Apple), else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def usable(device: str | torch.device) -> torch.device:
    """Return `device` if this machine has it, else raise ValueError."""
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ValueError(
            f"This machine cannot compute on the device {str(device)!r}; the quickest "
            f'it has is "{best_device()}". device=None picks that.'
        ) from error
    return torch.device(device)


def seed_everything(seed: int) -> None:
    """Seed the generators of Python, NumPy and PyTorch (on all its devices).

    Call it before a net is built: the weights it starts from are drawn then.
    """
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - the global state is what is to be seeded
    torch.manual_seed(seed)


def device_of(model: nn.Module) -> torch.device:
    """Return the device that the first parameter or buffer of `model` is on."""
    for tensor in (*model.parameters(), *model.buffers()):
        return tensor.device
    return torch.device("cpu")


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Draw from `seed` inside; afterwards PyTorch's generators are as before.

    On CUDA it also asks cuDNN for algorithms that give the same sum every time.
    """
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    cudnn = torch.backends.cudnn
    before = cudnn.deterministic, cudnn.benchmark
    try:
        cudnn.deterministic, cudnn.benchmark = True, False
        _seed(seed, device)
        yield
    finally:
        cudnn.deterministic, cudnn.benchmark = before
        torch.set_rng_state(states["cpu"])
        if "cuda" in states:
            torch.cuda.set_rng_state(states["cuda"], device)
        if "mps" in states:
            torch.mps.set_rng_state(states["mps"])


def _seed(seed: int, device: torch.device) -> None:
    """Seed the CPU's generator and that of `device`, and no other."""
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)


def train_mode(model: nn.Module) -> None:
    """Training mode, except for layers whose parameters are all frozen."""
    model.train()
    for layer in model.modules():
        own = list(layer.parameters(recurse=False))
        if own and not any(weight.requires_grad for weight in own):
            layer.eval()
