"""One step of training: what changes the weights, and how fast."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from cnnlib.text import listed, sentence

from ._evaluate import Loss
from .checks import apply_loss
from .device import device_of, train_mode

OPTIMIZERS = ("adam", "sgd")
SCHEDULES = ("one-cycle", "constant")
_BETAS = (0.9, 0.99)  # of Adam: in a run of few steps 0.99 does better than 0.999
_WARM = 0.1  # share of the steps in which the rate rises


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
        self._schedule = _schedule(schedule, self._optimizer, steps)

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return float(self._optimizer.param_groups[0]["lr"])

    def step(self, images: Tensor, labels: Tensor) -> Tensor:
        """Change the weights once; return the mean loss before the change."""
        loss = apply_loss(self._loss, self._scores(images), labels)
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        self._schedule.step()
        return loss.detach()

    def _scores(self, images: Tensor) -> Tensor:
        try:
            scores: Tensor = self._model(images)
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            raise ValueError(
                "The model cannot be trained on a batch of shape "
                f"{tuple(images.shape)}: {sentence(str(error))} Where augment changes "
                "the size of the images, use one that keeps it."
            ) from error
        return scores


def _optimizer(name: str, model: nn.Module, lr: float, decay: float) -> Optimizer:
    learning = [weight for weight in model.parameters() if weight.requires_grad]
    if not learning:
        raise ValueError(f"The model has nothing to learn: {_why_nothing(model)}.")
    fused = device_of(model).type in ("cpu", "cuda")
    if name == "adam":
        return AdamW(learning, lr, _BETAS, weight_decay=decay, fused=fused)
    if name == "sgd":
        return SGD(learning, lr, momentum=0.9, weight_decay=decay, fused=fused)
    raise ValueError(f"optimizer should be one of {OPTIMIZERS}, not {_short(name)}.")


def _schedule(name: str, optimizer: Optimizer, steps: int) -> LambdaLR:
    if name == "one-cycle":
        return LambdaLR(optimizer, lambda step: one_cycle(step, steps))
    if name == "constant":
        return LambdaLR(optimizer, lambda step: 1.0)
    raise ValueError(f"schedule should be one of {SCHEDULES}, not {_short(name)}.")


def _short(value: object) -> str:
    return repr(value) if isinstance(value, str) else f"of type {type(value).__name__}"


def _why_nothing(model: nn.Module) -> str:
    if any(True for _ in model.parameters()):
        return "no parameter requires_grad; model.requires_grad_(True) lets all learn"
    lists = unregistered(model)
    if lists:
        return f"{UNREGISTERED.format(lists=listed(lists))}"
    return "it has no parameters"


UNREGISTERED = (
    "layers in a plain list or dict are not registered ({lists}); use nn.ModuleList or "
    "nn.ModuleDict"
)


def unregistered(model: nn.Module) -> list[str]:
    """Names of plain lists and dicts with layers whose parameters training misses."""
    known = {id(parameter) for parameter in model.parameters()}
    return [
        f"{path}.{name}".lstrip(".")
        for path, module in model.named_modules()
        for name, value in vars(module).items()
        if isinstance(value, list | tuple | dict) and not name.startswith("_")
        for layers in [value.values() if isinstance(value, dict) else value]
        if any(
            id(parameter) not in known and parameter.requires_grad
            for layer in layers
            if isinstance(layer, nn.Module)
            for parameter in layer.parameters()
        )
    ]


def one_cycle(step: int, steps: int) -> float:
    """Return the share of the highest rate that step 0, 1 ... steps - 1 gets.

    Straight up during the first tenth of the steps and straight down to nearly zero
    during the rest: 5 steps get 1.00, 0.78, 0.56, 0.33, 0.11. Never zero, at most one.
    Source of the idea: Smith and Topin, "Super-convergence" (2017).
    """
    done = (step + 0.5) / steps
    return max(0.0, min(done / _WARM, (1 - done) / (1 - _WARM)))


@contextmanager
def learning_on(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Put `model` on `device`, ready to train; afterwards back, ready to be used."""
    home = device_of(model)
    try:
        model.to(device)
        train_mode(model)
        yield
    finally:
        model.zero_grad()
        model.eval()
        model.to(home)
