"""How good a trained net is: loss, accuracy, probabilities, confusion matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnnlib.text import percent

from ._measure import (
    Measurement,
    Metrics,
    check_metrics,
    measures,
    own_measures,
    told_metric,
)
from .checks import (
    answer,
    apply_loss,
    as_images,
    as_model,
    at_least,
    count_classes,
)
from .device import device_of, usable
from .loader import batches_of, is_loader
from .targets import checked

Loss = Callable[[Tensor, Tensor], Tensor]
_MUCH = 10
"""So many times as frequent as the rarest class, and accuracy hides that one."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a net makes of N labelled images; all tensors are on the CPU.

    Attributes:
        loss: mean loss per image.
        accuracy: share of the images whose most probable class is the label, 0 to 1.
        predictions: (N,) int64, the most probable class of each image.
        labels: (N,) int64, as given.
        probabilities: (N, classes), each row sums to 1.
        metrics: what the measures of one's own gave, by their names.
    """

    loss: float
    accuracy: float
    predictions: Tensor = field(repr=False)
    labels: Tensor = field(repr=False)
    probabilities: Tensor = field(repr=False)
    metrics: dict[str, float] = field(default_factory=dict, repr=False)

    @property
    def recall(self) -> Tensor:
        """Share of each class that is named rightly, (classes,); NaN for none."""
        matrix = self.confusion_matrix.double()
        return matrix.diagonal() / matrix.sum(dim=1)

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
            + "".join(f", {told_metric(one)}" for one in self.metrics.items())
            + self._rarest()
        )

    def _rarest(self) -> str:
        """Tell of the rarest class where one is many times as frequent as it."""
        counts = torch.bincount(self.labels)
        counts = torch.where(counts > 0, counts, counts.max())
        rarest = int(counts.argmin())
        if counts[rarest] * _MUCH > counts.max():
            return ""
        share = percent(float(self.recall[rarest]), decimals=2)
        return f"; of the rarest class, {rarest}, {share} of {int(counts[rarest]):,}"


def evaluate(
    model: nn.Module,
    images: Any,
    labels: Any = None,
    *,
    loss: Loss = functional.cross_entropy,
    metrics: Metrics | None = None,
    batch_size: int = 1000,
    device: str | torch.device | None = None,
) -> Evaluation | Measurement:
    """Measure `model` on labelled images, in evaluation mode and without gradients.

    The model's mode and device are as before afterwards.

    Args:
        model: gives scores (N, classes), before the softmax; with another `loss`,
            what that loss compares with the labels.
        images: (N, C, H, W), fractions; tensor or NumPy array. Or a DataLoader, which
            brings the labels.
        labels: (N,), whole numbers 0 to classes - 1; or what another `loss` wants, as
            ``fit`` has it.
        loss: mean loss of scores (N, classes) and labels (N,), or of others.
        metrics: measures of one's own, each a function of all outputs and labels.
        batch_size: images per forward pass; it changes memory, not the result.
        device: where to compute; None means where the model is.

    Returns:
        An Evaluation where each image has one class, else a Measurement.

    Raises:
        TypeError: images or labels are neither tensor nor array.
        ValueError: they do not fit each other or the model; the sentence says how.
    """
    check_metrics(metrics)
    if is_loader(images):
        outputs, known = loader_outputs(as_model(model), images, labels, loss, device)
    else:
        images, known, _ = checked(as_model(model), images, labels, loss)
        outputs = forward(model, images, batch_size, device)
    _check_finite(outputs)
    return judge(outputs, known.cpu(), loss, metrics)


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
    if count_classes(model, images, given) == 1:
        raise ValueError(
            "The model gives one number for each image, so there are no classes to "
            "have probabilities. model.eval()(images) gives the numbers; where they "
            "stand for yes or no, torch.sigmoid of them is the probability of yes."
        )
    scores = forward(model, images, batch_size, device)
    _check_finite(scores)
    return scores.softmax(dim=1)


def _check_finite(outputs: Tensor) -> None:
    """Raise ValueError where outputs are no numbers; a score may be -infinity."""
    values = outputs.softmax(dim=1) if outputs.dim() == 2 else outputs
    fine = torch.isfinite(values).flatten(1).all(dim=1)
    broken = int((~fine).sum())
    if broken:
        raise ValueError(
            f"For {broken:,} of {len(outputs):,} images the model gives numbers that "
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


def loader_outputs(
    model: nn.Module,
    loader: Any,
    labels: Any,
    loss: Loss,
    device: str | torch.device | None = None,
) -> tuple[Tensor, Tensor]:
    """Return outputs and labels of all batches of a DataLoader, on the CPU."""
    outputs, known = [], []
    for data in batches_of(loader, labels, model, loss):
        outputs.append(forward(model, data.images, len(data.images), device))
        known.append(data.labels.cpu())
    return torch.cat(outputs), torch.cat(known)


def judge(
    outputs: Tensor, labels: Tensor, loss: Loss, metrics: Metrics | None = None
) -> Evaluation | Measurement:
    """Measure outputs (N, ...) against labels (N, ...)."""
    mean = float(apply_loss(loss, outputs, labels))
    own = own_measures(metrics, outputs, labels)
    whole = labels.dim() == 1 and not labels.is_floating_point()
    if outputs.dim() != 2 or not whole:
        return Measurement(mean, measures(outputs, labels, loss) | own, outputs, labels)
    predictions = outputs.argmax(dim=1)
    return Evaluation(
        loss=mean,
        accuracy=float((predictions == labels).double().mean()),
        predictions=predictions,
        labels=labels,
        probabilities=outputs.softmax(dim=1),
        metrics=own,
    )
