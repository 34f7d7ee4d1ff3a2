"""A training run as a few frames: weights, maps and mistakes of some epochs."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cnnlib.training import History, predict
from cnnlib.visuals.network.inside import Inside, Layer
from cnnlib.visuals.network.sums import weights

CONVOLUTIONS_SHOWN = 4
"""Convolutions whose maps are shown, from the first to the last."""


@dataclass(frozen=True)
class FilmFrame:
    """What a net was after one epoch; 0 is before training.

    ``kernels`` (K, kh, kw) are those of the first convolution, its first input map;
    ``layers`` are convolutions with their maps of one image; ``predictions`` (N,) are
    what it says of the test images.
    """

    epoch: int
    kernels: np.ndarray
    layers: list[Layer]
    scores: np.ndarray
    predictions: Tensor
    labels: Tensor

    @property
    def accuracy(self) -> float:
        """Share of the test images that are named rightly, 0 to 1."""
        return float((self.predictions == self.labels).float().mean())

    @property
    def confusion(self) -> Tensor:
        """Counts (classes, classes); rows are labels, columns predictions."""
        classes = len(self.scores)
        pairs = self.labels * classes + self.predictions
        return torch.bincount(pairs, minlength=classes**2).view(classes, classes)


def saved(epochs: int, most: int) -> list[int]:
    """Return which of epochs 0 to ``epochs`` are shown: all, or evenly chosen ones."""
    number = min(epochs + 1, most)
    return sorted({round(k) for k in np.linspace(0, epochs, number)})


def frames(
    model: nn.Module, digits: Any, history: History, epochs: list[int]
) -> list[FilmFrame]:
    """Go back to each of the epochs and look inside, at the first test image."""
    twin = copy.deepcopy(model)
    shown = []
    for epoch in epochs:
        twin.load_state_dict(history.snapshots[epoch])
        inside = Inside(twin, digits.test_images[0])
        convolutions = [one for one in inside.layers if one.op.name == "conv2d"]
        count = min(CONVOLUTIONS_SHOWN, len(convolutions))
        places = np.linspace(0, len(convolutions) - 1, count)
        shown.append(
            FilmFrame(
                epoch,
                weights(convolutions[0])[:, 0].copy(),
                [convolutions[round(place)] for place in places],
                inside.layers[-1].maps.reshape(-1),
                _predictions(twin, digits, history, epoch),
                digits.test_labels.cpu().long(),
            )
        )
    return shown


def _predictions(twin: nn.Module, digits: Any, history: History, epoch: int) -> Tensor:
    """Return what the net said of the test images; ``fit`` has kept it for most."""
    if 0 < epoch <= len(history.validation_predictions):
        return history.validation_predictions[epoch - 1]
    return predict(twin, digits.test_images).argmax(dim=1)
