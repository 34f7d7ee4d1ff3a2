"""What a net makes of targets that are not one class for each image."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from cnnlib.text import count, four_decimals, percent

from .targets import compares_numbers, is_of_classes, yes_from

Metrics = Mapping[str, Callable[[Tensor, Tensor], Any]]
SHARES = ("accuracy", "all right", "mean IoU")
"""Measures that are shares of 1, and are written as percent."""


@dataclass(frozen=True, eq=False)
class Measurement:
    """How near a net comes to N targets of any kind; all tensors are on the CPU.

    Attributes:
        loss: mean loss.
        metrics: other measures by their names, those that make sense for the loss.
            Numbers: "mean absolute error", and "R2", the share of the targets' variance
            that the net explains (1 is perfect, 0 no better than their mean). Yes or
            no: "accuracy", the share of right answers, and for several labels an image
            "all right", the share of images with no wrong one. Classes of pixels:
            "accuracy", and "mean IoU", for each class the pixels that both call so as
            a share of those that one of them does, averaged over the classes that
            occur. Any other loss has no other measure.
        outputs: (N, ...), what the net gave.
        labels: (N, ...), as given.
    """

    loss: float
    metrics: dict[str, float]
    outputs: Tensor = field(repr=False)
    labels: Tensor = field(repr=False)

    @property
    def accuracy(self) -> float:
        """The share of right answers, 0 to 1; NaN where that makes no sense."""
        return self.metrics.get("accuracy", math.nan)

    def __repr__(self) -> str:
        told = [f"loss {self.loss:.4f}", *map(told_metric, self.metrics.items())]
        return f"{', '.join(told)} ({count(len(self.labels), 'image')})"


def told_metric(named: tuple[str, float]) -> str:
    """Write a measure with its name."""
    name, value = named
    told = percent(value, decimals=2) if name in SHARES else four_decimals(value)
    return f"{name} {told}"


def measures(outputs: Tensor, labels: Tensor, loss: Any) -> dict[str, float]:
    """Return the measures that make sense for a loss, by their names."""
    if is_of_classes(loss) and outputs.shape == labels.shape:  # shares of classes
        return _of_answers(outputs.argmax(dim=1) == labels.argmax(dim=1))
    if is_of_classes(loss):
        return _of_pixels(outputs, labels, getattr(loss, "ignore_index", -100))
    border = yes_from(loss)
    if border is not None:
        return _of_answers((outputs >= border) == (labels >= 0.5))
    if compares_numbers(loss):
        return _of_numbers(outputs.double(), labels.double())
    return {}


def own_measures(
    metrics: Metrics | None, outputs: Tensor, labels: Tensor
) -> dict[str, float]:
    """Return what the user's own measures give.

    Raises:
        ValueError: one of them cannot be applied, or gives no number.
    """
    found = {}
    for name, metric in (metrics or {}).items():
        try:
            found[str(name)] = float(metric(outputs, labels))
        except Exception as error:
            raise ValueError(
                f"The metric {name!r} gives no number for outputs of shape "
                f"{tuple(outputs.shape)} and labels of shape {tuple(labels.shape)}: "
                f"{error}"
            ) from error
    return found


def check_metrics(metrics: Any) -> None:
    """Raise TypeError unless `metrics` are functions by their names."""
    named = isinstance(metrics, Mapping) and all(map(callable, metrics.values()))
    if metrics is not None and not named:
        raise TypeError(
            'metrics should be functions by their names, such as {"largest error": '
            "lambda outputs, labels: (outputs - labels).abs().max()}."
        )


def _of_numbers(outputs: Tensor, labels: Tensor) -> dict[str, float]:
    spread = float(((labels - labels.mean(dim=0)) ** 2).sum())
    found = {"mean absolute error": float((outputs - labels).abs().mean())}
    if spread > 0:
        found["R2"] = 1 - float(((outputs - labels) ** 2).sum()) / spread
    return found


def _of_answers(right: Tensor) -> dict[str, float]:
    found = {"accuracy": float(right.double().mean())}
    if right.dim() == 2 and right.shape[1] > 1:
        found["all right"] = float(right.all(dim=1).double().mean())
    return found


def _of_pixels(outputs: Tensor, labels: Tensor, ignored: int) -> dict[str, float]:
    counts = labels != ignored
    named, true = outputs.argmax(dim=1)[counts], labels[counts]
    shares = []
    for label in range(outputs.shape[1]):
        ours, theirs = named == label, true == label
        either = int((ours | theirs).sum())
        if either:
            shares.append(int((ours & theirs).sum()) / either)
    return {
        "accuracy": float((named == true).double().mean()),
        "mean IoU": float(torch.tensor(shares, dtype=torch.float64).mean()),
    }
