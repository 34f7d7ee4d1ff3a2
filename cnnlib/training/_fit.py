"""Training: the loop of lesson 05, with the data in memory and a one-cycle rate."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

from ._augment import Augment
from ._batches import Batches, best_layout
from ._evaluate import Evaluation, Loss, forward, judge, loader_outputs
from ._given import (
    BATCH,
    check_patience,
    training_data,
    validation_data,
    warn_of_plain_lists,
)
from ._history import History
from ._keeper import Keeper, copy_of
from ._measure import Measurement, Metrics, check_metrics
from ._optimize import Schedule, Stepper, learning_on
from .checks import as_model, at_least, positive
from .device import best_device, seeded, usable
from .loader import LoaderBatches, is_loader
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
    labels: Any = None,
    *,
    epochs: int,
    batch_size: int = BATCH,
    lr: float | None = None,
    optimizer: str | Optimizer = "adam",
    schedule: Schedule = "one-cycle",
    weight_decay: float = 0.0,
    loss: Loss = functional.cross_entropy,
    metrics: Metrics | None = None,
    validation: Any = None,
    patience: int | None = None,
    keep_best: bool = False,
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
        model: gives scores (N, classes), before the softmax; with another `loss`,
            what that loss compares with the labels.
        images: (N, C, H, W), fractions; tensor or NumPy array. Or a DataLoader, which
            brings the labels, and has a batch size and an order of its own.
        labels: (N,), whole numbers 0 to classes - 1. With cross-entropy and scores
            (N, classes, H, W) they are (N, H, W); with a loss that compares numbers, or
            yes or no, of the shape of what the model gives.
        epochs: how often to go through all images.
        batch_size: images per step; the last batch of an epoch may be smaller.
        lr: the highest learning rate; None is 0.01.
        optimizer: "adam" (betas 0.9 and 0.99) or "sgd" (momentum 0.9); or one of
            PyTorch's, built with the model's parameters and its own rate.
        schedule: "one-cycle" raises the rate to `lr` in the first tenth of the steps
            and brings it down to almost nothing in the rest; "constant" keeps it; a
            function of step and steps gives a share of `lr`; one of PyTorch's goes on
            with each epoch (OneCycleLR and CyclicLR with each step).
        weight_decay: share of each weight (times the rate) taken off per step.
        loss: mean loss of scores (N, classes) and labels (N,), for example
            ``nn.CrossEntropyLoss(label_smoothing=0.1)``; or of other outputs and
            labels, such as ``nn.MSELoss()`` and ``nn.BCEWithLogitsLoss()``.
        metrics: measures of one's own for the validation images, each a function of all
            outputs and labels.
        validation: (images, labels) to evaluate after each epoch, or a DataLoader.
        patience: stop when so many epochs have passed without a new lowest validation
            loss, and give the model the weights of the best.
        keep_best: give the model the weights of the best epoch, by validation loss.
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
    check_metrics(metrics)
    model = as_model(model)
    check_patience(patience, keep_best, validation)
    with seeded(seed, target):  # a DataLoader draws numbers for its first batch
        data = training_data(model, images, labels, loss, batch_size)
        held_out = validation_data(model, validation, loss)
    warn_of_plain_lists(model)
    for words in traps(model, data[0], loss):
        warnings.warn(words, stacklevel=2)
    history = History()
    keeper = Keeper(model, keep=keep_best, patience=patience)
    with seeded(seed, target), learning_on(model, target):
        batches: Batches | LoaderBatches
        if is_loader(images):
            batches = LoaderBatches(images, model, loss, device=target, augment=augment)
        else:
            batches = Batches(
                *data,
                batch_size,
                seed=seed,
                device=target,
                augment=augment,
                layout=best_layout(model, data[0], target),
            )
        steps = epochs * len(batches)
        stepper = Stepper(
            model,
            loss,
            optimizer=optimizer,
            schedule=schedule,
            lr=None if lr is None else positive("lr", lr),
            weight_decay=positive("weight_decay", weight_decay, or_zero=True),
            steps=steps,
        )
        if snapshots:
            history.snapshots.append(copy_of(model))
        watcher = progress(show, steps, epochs)
        started = time.perf_counter()
        try:
            for _ in range(epochs):
                learned = _epoch(batches, stepper, watcher)
                validated = held_out and _validate(model, held_out, loss, metrics)
                _record(history, learned, validated)
                stepper.epoch(validated.loss if validated else learned.loss)
                if snapshots:
                    history.snapshots.append(copy_of(model))
                    if isinstance(validated, Evaluation):
                        history.validation_predictions.append(validated.predictions)
                watcher.epoch(history)
                if keeper.is_time_to_stop(history):
                    history.stopped_early = history.epochs < epochs
                    break
        except KeyboardInterrupt:
            history.interrupted = True
        except _DivergedError:
            raise ValueError(
                f"In epoch {history.epochs + 1} the loss stopped being a finite "
                "number. The usual cause is too high a learning rate: build the model "
                f"anew and try a tenth of lr={stepper.highest:g}."
            ) from None
        finally:
            keeper.bring_back()
            stepper.close()
            history.seconds = time.perf_counter() - started
            watcher.close(history)
    return history


def _epoch(
    batches: Batches | LoaderBatches, stepper: Stepper, watcher: NoProgress
) -> _Epoch:
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
    model: nn.Module, held_out: Any, loss: Loss, metrics: Metrics | None
) -> Evaluation | Measurement:
    if is_loader(held_out):
        return judge(*loader_outputs(model, held_out, None, loss), loss, metrics)
    images, labels = held_out
    return judge(forward(model, images), labels.cpu(), loss, metrics)


def _record(
    history: History, learned: _Epoch, validated: Evaluation | Measurement | None
) -> None:
    history.train_loss.append(learned.loss)
    history.step_loss += learned.step_loss
    history.learning_rate += learned.rates
    if validated is None:
        return
    history.validation_loss.append(validated.loss)
    if not math.isnan(validated.accuracy):
        history.validation_accuracy.append(validated.accuracy)
    for name, value in validated.metrics.items():
        history.validation_metrics.setdefault(name, []).append(value)
