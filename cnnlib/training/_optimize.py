"""One step of training: what changes the weights, and how fast."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import ConstantLR, LRScheduler, OneCycleLR

from ._device import device_of
from ._evaluate import Loss

OPTIMIZERS = ("adam", "sgd")
SCHEDULES = ("one-cycle", "constant")


class Stepper:
    """A model, its loss, its optimiser and its rate: ``step`` learns from one batch."""

    def __init__(
        self,
        model: nn.Module,
        loss: Loss,
        *,
        optimizer: str,
        schedule: str,
        lr: float,
        weight_decay: float,
        steps: int,
    ) -> None:
        self._model, self._loss = model, loss
        self._optimizer = _optimizer(optimizer, model, lr, weight_decay)
        self._schedule = _schedule(schedule, self._optimizer, lr, steps)

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return float(self._optimizer.param_groups[0]["lr"])

    def step(self, images: Tensor, labels: Tensor) -> Tensor:
        """Change the weights once; return the mean loss before the change."""
        loss = self._loss(self._model(images), labels)
        if loss.dim() != 0:
            raise ValueError(
                f"The loss of a batch has shape {tuple(loss.shape)}, expected one "
                'number: the mean over the images (reduction="mean").'
            )
        loss.backward()
        self._optimizer.step()
        self._optimizer.zero_grad()
        self._schedule.step()
        return loss.detach()


def _optimizer(name: str, model: nn.Module, lr: float, decay: float) -> Optimizer:
    learning = [weight for weight in model.parameters() if weight.requires_grad]
    if not learning:
        raise ValueError("The model has nothing to learn: no parameter requires_grad.")
    fused = device_of(model).type in ("cpu", "cuda")
    if name == "adam":
        return AdamW(learning, lr, weight_decay=decay, fused=fused)
    if name == "sgd":
        return SGD(learning, lr, momentum=0.9, weight_decay=decay, fused=fused)
    raise ValueError(f"optimizer should be one of {OPTIMIZERS}, not {name!r}.")


def _schedule(name: str, optimizer: Optimizer, lr: float, steps: int) -> LRScheduler:
    if name == "one-cycle":
        return OneCycleLR(optimizer, max_lr=lr, total_steps=steps)
    if name == "constant":
        return ConstantLR(optimizer, factor=1.0)
    raise ValueError(f"schedule should be one of {SCHEDULES}, not {name!r}.")


@contextmanager
def learning_on(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Put `model` on `device`, ready to train; afterwards back, ready to be used."""
    home = device_of(model)
    try:
        model.to(device)
        _train_mode(model)
        yield
    finally:
        model.zero_grad()
        model.eval()
        model.to(home)


def _train_mode(model: nn.Module) -> None:
    """Training mode, except for layers whose parameters are all frozen."""
    model.train()
    for layer in model.modules():
        own = list(layer.parameters(recurse=False))
        if own and not any(weight.requires_grad for weight in own):
            layer.eval()
