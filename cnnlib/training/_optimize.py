"""One step of training: what changes the weights, and how fast."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.optim import LBFGS, SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import (
    CyclicLR,
    LambdaLR,
    LRScheduler,
    OneCycleLR,
    ReduceLROnPlateau,
)

from cnnlib.text import listed, sentence

from ._evaluate import Loss
from .checks import apply_loss
from .device import device_of, train_mode

OPTIMIZERS = ("adam", "sgd")
SCHEDULES = ("one-cycle", "constant")
Schedule = str | LRScheduler | Callable[[int, int], float]
LR = 0.01
"""The highest rate, where none is given."""
_EACH_STEP = (OneCycleLR, CyclicLR)
"""Schedules of PyTorch that go on with each step; the others do with each epoch."""
_BETAS = (0.9, 0.99)  # of Adam: in a run of few steps 0.99 does better than 0.999
_WARM = 0.1  # share of the steps in which the rate rises


class Stepper:
    """A model, its loss, its optimiser and its rate: ``step`` learns from one batch."""

    def __init__(
        self,
        model: nn.Module,
        loss: Loss,
        *,
        optimizer: str | Optimizer,
        schedule: Schedule,
        lr: float | None,
        weight_decay: float,
        steps: int,
    ) -> None:
        self._model, self._loss = model, loss
        self._optimizer = _optimizer(optimizer, model, lr, weight_decay)
        self._before = [group["lr"] for group in self._optimizer.param_groups]
        self._schedule = _schedule(schedule, self._optimizer, steps)
        self._own = not isinstance(schedule, LRScheduler)

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return float(self._optimizer.param_groups[0]["lr"])

    @property
    def highest(self) -> float:
        """The highest learning rate, as the optimizer was built with it."""
        return float(self._before[0])

    def epoch(self, loss: float) -> None:
        """Move a schedule on that goes by epochs; `loss` is that of the epoch."""
        if isinstance(self._schedule, ReduceLROnPlateau):
            self._schedule.step(loss)
        elif not self._own and not isinstance(self._schedule, _EACH_STEP):
            self._schedule.step()

    def close(self) -> None:
        """Give an optimizer that was handed in the rate back that it came with."""
        if self._own:
            for group, lr in zip(
                self._optimizer.param_groups, self._before, strict=True
            ):
                group["lr"] = lr
                group.pop("initial_lr", None)

    def step(self, images: Tensor, labels: Tensor) -> Tensor:
        """Change the weights once; return the mean loss before the change."""
        loss = apply_loss(self._loss, self._scores(images), labels)
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        if self._own or isinstance(self._schedule, _EACH_STEP):
            self._schedule.step()
        return loss.detach()

    def _scores(self, images: Tensor) -> Tensor:
        try:
            scores: Tensor = self._model(images)
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            raise ValueError(
                "The model cannot be trained on a batch of shape "
                f"{tuple(images.shape)}: {sentence(str(error))} {_advice(images)}"
            ) from error
        return scores


def _advice(images: Tensor) -> str:
    if len(images) == 1:
        return (
            "It is a batch of one image: a DataLoader with drop_last=True leaves it "
            "out, where it is the last."
        )
    return "Where augment changes the size of the images, use one that keeps it."


def _optimizer(
    given: str | Optimizer,
    model: nn.Module,
    lr: float | None,
    decay: float,
) -> Optimizer:
    learning = [weight for weight in model.parameters() if weight.requires_grad]
    if not learning:
        raise ValueError(f"The model has nothing to learn: {_why_nothing(model)}.")
    if isinstance(given, Optimizer):
        return _handed_in(given, model, lr, decay)
    rate = LR if lr is None else lr
    fused = device_of(model).type in ("cpu", "cuda")
    if given == "adam":
        return AdamW(learning, rate, _BETAS, weight_decay=decay, fused=fused)
    if given == "sgd":
        return SGD(learning, rate, momentum=0.9, weight_decay=decay, fused=fused)
    raise ValueError(
        f"optimizer should be one of {OPTIMIZERS}, not {_short(given)}. One of "
        "PyTorch's is handed in built: torch.optim.RMSprop(model.parameters(), 0.001)."
    )


def _handed_in(
    optimizer: Optimizer, model: nn.Module, lr: float | None, decay: float
) -> Optimizer:
    if lr is not None or decay:
        raise ValueError(
            "The optimizer that is handed in has its own rate and weight decay: leave "
            "lr and weight_decay out, and give them to it when it is built."
        )
    if isinstance(optimizer, LBFGS):
        raise ValueError(
            "LBFGS asks for the loss several times in a step, which this loop does "
            "not do: hand in another optimizer."
        )
    own = {id(weight) for weight in model.parameters()}
    held = [weight for group in optimizer.param_groups for weight in group["params"]]
    if not any(id(weight) in own and weight.requires_grad for weight in held):
        raise ValueError(
            "The optimizer changes no weight of this model that can learn: build it "
            "with model.parameters(), after the model."
        )
    return optimizer


def _schedule(given: Schedule, optimizer: Optimizer, steps: int) -> LRScheduler:
    if isinstance(given, LRScheduler):
        if given.optimizer is not optimizer:
            raise ValueError(
                "The schedule belongs to another optimizer: hand in the one that it "
                "was built with, as optimizer."
            )
        return given
    if given == "one-cycle":
        return LambdaLR(optimizer, lambda step: one_cycle(step, steps))
    if given == "constant":
        return LambdaLR(optimizer, lambda step: 1.0)
    if not callable(given) or isinstance(given, type):
        raise ValueError(
            f"schedule should be one of {SCHEDULES}, not {_short(given)}; or a "
            "function of step and steps that gives a share of lr."
        )
    share = given(0, steps)
    if not isinstance(share, int | float):
        raise ValueError(
            "A schedule is a function of step and steps that gives a share of lr, a "
            f"number; this one gives {type(share).__name__}."
        )
    return LambdaLR(optimizer, lambda step: float(given(step, steps)))


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
