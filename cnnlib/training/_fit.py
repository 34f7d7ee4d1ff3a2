"""Training: the loop of lesson 05, with the data in memory and a one-cycle rate."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnnlib.text import listed, sentence

from ._augment import Augment
from ._batches import Batches, best_layout, check_smallest_batch
from ._evaluate import Evaluation, Loss, forward, judge
from ._history import History
from ._optimize import UNREGISTERED, Stepper, learning_on, unregistered
from .checks import (
    as_images,
    as_labels,
    as_model,
    at_least,
    check_loss,
    check_range,
    count_classes,
    positive,
)
from .device import best_device, seeded, usable
from .progress import NoProgress, progress
from .traps import traps

_STEPS_BETWEEN_CHECKS = 50
"""Steps after which the loss is looked at: to ask an accelerator costs time."""


class _Epoch(NamedTuple):
    """What one epoch gave: mean loss per image, loss and rate of each step."""

    loss: float
    step_loss: list[float]
    rates: list[float]


class _DivergedError(Exception):
    """The loss became NaN or infinite."""


def fit(
    model: nn.Module,
    images: Any,
    labels: Any,
    *,
    epochs: int,
    batch_size: int = 128,
    lr: float = 0.01,
    optimizer: str = "adam",
    schedule: str = "one-cycle",
    weight_decay: float = 0.0,
    loss: Loss = functional.cross_entropy,
    validation: tuple[Any, Any] | None = None,
    augment: Augment | Sequence[Augment] | None = None,
    seed: int = 0,
    device: str | torch.device | None = None,
    show: bool = True,
    snapshots: bool = False,
) -> History:
    """Train `model` on labelled images and return what happened on the way.

    Every epoch goes once through all images in a new order, in batches taken from
    memory by index. Afterwards the model is in evaluation mode, on the device it came
    from, without gradients. Layers whose parameters are all frozen
    (``requires_grad=False``) stay in evaluation mode while training, so that frozen
    batch statistics do not move.

    Interrupting (the stop button, Ctrl-C) ends the run, not the program: the model
    keeps what it has learned and the history has the finished epochs.

    The same seed gives the same weights on the same machine, if the model started from
    the same ones: build it after ``seed_everything``. PyTorch's random generators are
    as before afterwards.

    Args:
        model: gives scores (N, classes), before the softmax.
        images: (N, C, H, W), fractions; tensor or NumPy array.
        labels: (N,), whole numbers 0 to classes - 1.
        epochs: how often to go through all images.
        batch_size: images per step; the last batch of an epoch may be smaller.
        lr: the highest learning rate.
        optimizer: "adam" (betas 0.9 and 0.99) or "sgd" (momentum 0.9).
        schedule: "one-cycle" raises the rate to `lr` in the first tenth of the steps
            and brings it down to almost nothing in the rest; "constant" keeps it.
        weight_decay: share of each weight (times the rate) taken off per step.
        loss: mean loss of scores (N, classes) and labels (N,), for example
            ``nn.CrossEntropyLoss(label_smoothing=0.1)``.
        validation: (images, labels) to evaluate after each epoch.
        augment: changes each training batch (N, C, H, W), for example
            ``random_shift(2)``; several are applied in turn.
        seed: of the order of the images, of dropout and of augmentation.
        device: where to compute; None means the quickest at hand.
        show: a bar and the growing curve in a notebook, a bar in a terminal.
        snapshots: keep a copy of all weights before training and after each epoch, and
            what the model then said of the validation images.

    Raises:
        TypeError: images or labels are neither tensor nor array.
        ValueError: something does not fit; the sentence says what would. Also when
            the loss stops being a number.
    """
    epochs = at_least(1, "epochs", epochs)
    batch_size = at_least(1, "batch_size", batch_size)
    seed = at_least(0, "seed", seed)
    target = best_device() if device is None else usable(device)
    images, labels = _labelled(as_model(model), images, labels, loss)
    check_smallest_batch(model, images, batch_size)
    _warn_of_plain_lists(model)
    for words in traps(model, images, loss):
        warnings.warn(words, stacklevel=2)
    held_out = _held_out(model, validation, loss)
    history = History()
    with seeded(seed, target), learning_on(model, target):
        batches = Batches(
            images,
            labels,
            batch_size,
            seed=seed,
            device=target,
            augment=augment,
            layout=best_layout(model, images, target),
        )
        steps = epochs * len(batches)
        stepper = Stepper(
            model,
            loss,
            optimizer=optimizer,
            schedule=schedule,
            lr=positive("lr", lr),
            weight_decay=positive("weight_decay", weight_decay, or_zero=True),
            steps=steps,
        )
        if snapshots:
            history.snapshots.append(_snapshot(model))
        watcher = progress(show, steps, epochs)
        started = time.perf_counter()
        try:
            for _ in range(epochs):
                learned = _epoch(batches, stepper, watcher)
                validated = held_out and _validate(model, *held_out, loss)
                _record(history, learned, validated)
                if snapshots:
                    history.snapshots.append(_snapshot(model))
                    if validated is not None:
                        history.validation_predictions.append(validated.predictions)
                watcher.epoch(history)
        except KeyboardInterrupt:
            history.interrupted = True
        except _DivergedError:
            raise ValueError(
                f"In epoch {history.epochs + 1} the loss stopped being a finite "
                "number. The usual cause is too high a learning rate: build the model "
                f"anew and try a tenth of lr={lr:g}."
            ) from None
        finally:
            history.seconds = time.perf_counter() - started
            watcher.close(history)
    return history


def _labelled(
    model: nn.Module, images: Any, labels: Any, loss: Loss
) -> tuple[Tensor, Tensor]:
    """Check images, labels and loss against each other and the model."""
    given, images = images, as_images(images, model)
    labels = as_labels(labels, len(images))
    classes = count_classes(model, images, given)
    check_range(labels, classes)
    check_loss(loss, classes, model)
    return images, labels


def _warn_of_plain_lists(model: nn.Module) -> None:
    lists = unregistered(model)
    if lists and any(True for _ in model.parameters()):
        warnings.warn(
            sentence(UNREGISTERED.format(lists=listed(lists)))
            + " Training misses them.",
            stacklevel=3,
        )


def _held_out(
    model: nn.Module, validation: Any, loss: Loss
) -> tuple[Tensor, Tensor] | None:
    if validation is None:
        return None
    if not isinstance(validation, tuple | list) or len(validation) != 2:
        raise TypeError(
            "validation should be a pair (images, labels), "
            f"not {type(validation).__name__}."
        )
    images, labels = validation
    return _labelled(model, images, labels, loss)


def _epoch(batches: Batches, stepper: Stepper, watcher: NoProgress) -> _Epoch:
    """Go once through all images."""
    losses, sizes, rates = [], [], []
    for images, labels in batches:
        rates.append(stepper.rate)
        losses.append(stepper.step(images, labels))
        sizes.append(len(images))
        watcher.step(losses[-1])
        if len(losses) % _STEPS_BETWEEN_CHECKS == 0:
            _check_finite(losses[-1])
    means = torch.stack(losses).cpu().double()
    _check_finite(means.sum())
    counts = torch.tensor(sizes, dtype=torch.float64)
    return _Epoch(float(means @ counts / counts.sum()), means.tolist(), rates)


def _check_finite(loss: Tensor) -> None:
    if not torch.isfinite(loss):
        raise _DivergedError


def _validate(
    model: nn.Module, images: Tensor, labels: Tensor, loss: Loss
) -> Evaluation:
    return judge(forward(model, images), labels.cpu(), loss)


def _record(history: History, learned: _Epoch, validated: Evaluation | None) -> None:
    history.train_loss.append(learned.loss)
    history.step_loss += learned.step_loss
    history.learning_rate += learned.rates
    if validated is not None:
        history.validation_loss.append(validated.loss)
        history.validation_accuracy.append(validated.accuracy)


def _snapshot(model: nn.Module) -> dict[str, Tensor]:
    """Copy all weights and buffers to the CPU."""
    return {
        name: value.detach().to("cpu", copy=True)
        for name, value in model.state_dict().items()
    }
