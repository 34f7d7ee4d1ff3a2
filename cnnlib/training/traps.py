"""What trains without an error, but badly; ``fit`` warns of it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .checks import answer
from .device import device_of
from .targets import yes_from

_SAMPLE = 16
_BRIGHT = 100
"""Pixels beyond this are not brought near 1: what is standardised stays far below."""


def traps(model: nn.Module, images: Tensor, loss: Any) -> list[str]:
    """Return a sentence for each trap: softmax twice or never, pixels 0..255 ..."""
    sentences = []
    if loss is functional.cross_entropy or isinstance(loss, nn.CrossEntropyLoss):
        scores = answer(model, images[:_SAMPLE].to(device_of(model), copy=True))
        if scores.dim() >= 2 and scores.shape[1] > 1 and are_probabilities(scores):
            sentences.append(
                "The model's scores are probabilities already: none is below 0, and "
                "they add up to 1. Cross-entropy makes probabilities of them once "
                "more, so the net learns slowly: leave the softmax out."
            )
    if loss is functional.nll_loss or isinstance(loss, nn.NLLLoss):
        scores = answer(model, images[:_SAMPLE].to(device_of(model), copy=True))
        if not are_probabilities(scores.exp()):
            sentences.append(
                "NLLLoss wants the logarithms of probabilities, and the model gives "
                "other numbers, so the loss falls below 0 and tells nothing: pass "
                "loss=nn.CrossEntropyLoss(), or end the model with nn.LogSoftmax(1)."
            )
    if yes_from(loss) == 0 and isinstance(_last(model), nn.Sigmoid):
        sentences.append(
            "The model ends with a sigmoid, and BCEWithLogitsLoss makes one of its "
            "numbers once more, so the net learns slowly: leave the sigmoid out, or "
            "pass loss=nn.BCELoss()."
        )
    low, high = float(images.min()), float(images.max())
    if low >= 0 and high > _BRIGHT:
        sentences.append(
            f"The images go up to {high:g}. Perhaps they are bytes made floats: then "
            "images / 255 brings them to 0..1, where nets learn best."
        )
    return sentences


def _last(model: nn.Module) -> nn.Module:
    """Return the last layer of a sequence, however deep it stands in others."""
    while isinstance(model, nn.Sequential) and len(model):
        model = model[-1]
    return model


def are_probabilities(answers: Tensor) -> bool:
    """Tell whether all answers (N, classes) are 0 or more and add up to 1."""
    sums = answers.sum(dim=1)
    near = torch.allclose(sums, torch.ones_like(sums), rtol=0, atol=1e-3)
    return near and bool(answers.min() >= 0)
