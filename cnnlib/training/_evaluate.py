"""How good a trained net is: loss, accuracy, probabilities, confusion matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnnlib.text import percent

from .checks import (
    answer,
    apply_loss,
    as_images,
    as_labels,
    as_model,
    at_least,
    check_loss,
    check_range,
    count_classes,
)
from .device import device_of, usable

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a net makes of N labelled images; all tensors are on the CPU.

    Attributes:
        loss: mean loss per image.
        accuracy: share of the images whose most probable class is the label, 0 to 1.
        predictions: (N,) int64, the most probable class of each image.
        labels: (N,) int64, as given.
        probabilities: (N, classes), each row sums to 1.
    """

    loss: float
    accuracy: float
    predictions: Tensor = field(repr=False)
    labels: Tensor = field(repr=False)
    probabilities: Tensor = field(repr=False)

    @property
    def confusion_matrix(self) -> Tensor:
        """Counts (classes, classes); rows are true labels, columns predictions."""
        classes = self.probabilities.shape[1]
        pairs = self.labels * classes + self.predictions
        return torch.bincount(pairs, minlength=classes**2).view(classes, classes)

    @property
    def mistakes(self) -> Tensor:
        """Indices of the wrongly named images, the most confident mistake first."""
        wrong = (self.predictions != self.labels).nonzero().flatten()
        sure = self.probabilities[wrong].amax(dim=1)
        return wrong[sure.argsort(descending=True, stable=True)]

    def __repr__(self) -> str:
        right = int((self.predictions == self.labels).sum())
        share = percent(self.accuracy, decimals=2)
        return (
            f"{share} right ({right:,} of {len(self.labels):,} images), "
            f"loss {self.loss:.4f}"
        )


def evaluate(
    model: nn.Module,
    images: Any,
    labels: Any,
    *,
    loss: Loss = functional.cross_entropy,
    batch_size: int = 1000,
    device: str | torch.device | None = None,
) -> Evaluation:
    """Measure `model` on labelled images, in evaluation mode and without gradients.

    The model's mode and device are as before afterwards.

    Args:
        model: gives scores (N, classes), before the softmax.
        images: (N, C, H, W), fractions; tensor or NumPy array.
        labels: (N,), whole numbers 0 to classes - 1.
        loss: mean loss of scores (N, classes) and labels (N,).
        batch_size: images per forward pass; it changes memory, not the result.
        device: where to compute; None means where the model is.

    Raises:
        TypeError: images or labels are neither tensor nor array.
        ValueError: they do not fit each other or the model; the sentence says how.
    """
    given, images = images, as_images(images, as_model(model))
    labels = as_labels(labels, len(images)).cpu()
    classes = count_classes(model, images, given)
    check_range(labels, classes)
    check_loss(loss, classes, model)
    scores = forward(model, images, batch_size, device)
    _check_finite(scores)
    return judge(scores, labels, loss)


def predict(
    model: nn.Module,
    images: Any,
    *,
    batch_size: int = 1000,
    device: str | torch.device | None = None,
) -> Tensor:
    """Return the probabilities (N, classes) that `model` gives to N images.

    The softmax of the model's scores, on the CPU, without gradients; the model's mode
    and device are as before. ``predict(model, images).argmax(1)`` are the predictions.

    Args:
        model: gives scores (N, classes), before the softmax.
        images: (N, C, H, W), fractions; one image alone goes in as image[None].
        batch_size: images per forward pass; it changes memory, not the result.
        device: where to compute; None means where the model is.

    Raises:
        TypeError: images are neither tensor nor array.
        ValueError: they do not fit the model; the sentence says how.
    """
    given, images = images, as_images(images, as_model(model))
    count_classes(model, images, given)
    scores = forward(model, images, batch_size, device)
    _check_finite(scores)
    return scores.softmax(dim=1)


def _check_finite(scores: Tensor) -> None:
    """Raise ValueError where scores have no softmax."""
    broken = int((~torch.isfinite(scores.softmax(dim=1)).all(dim=1)).sum())
    if broken:
        raise ValueError(
            f"For {broken:,} of {len(scores):,} images the model gives numbers that "
            "are not finite (NaN or infinity): its training went wrong, or its weights "
            "were never set. Build the model anew and train it, with a lower lr."
        )


def forward(
    model: nn.Module,
    images: Tensor,
    batch_size: int = 1000,
    device: str | torch.device | None = None,
) -> Tensor:
    """Return the scores (N, classes) of images on the CPU, computed batch by batch."""
    size = at_least(1, "batch_size", batch_size)
    home = device_of(model)
    target = home if device is None else usable(device)
    try:
        model.to(target)
        batches = [
            answer(model, batch.to(target, copy=True)).cpu()
            for batch in images.split(size)
        ]
    finally:
        model.to(home)
    return torch.cat(batches)


def judge(scores: Tensor, labels: Tensor, loss: Loss) -> Evaluation:
    """Turn scores (N, classes) and labels (N,) into an Evaluation."""
    predictions = scores.argmax(dim=1)
    return Evaluation(
        loss=float(apply_loss(loss, scores, labels)),
        accuracy=float((predictions == labels).double().mean()),
        predictions=predictions,
        labels=labels,
        probabilities=scores.softmax(dim=1),
    )
