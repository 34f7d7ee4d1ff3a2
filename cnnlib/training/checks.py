"""What goes into training, checked before the first step: errors in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cnnlib.model_summary import summary

from .device import device_of

_CURE = (
    "Give it images of the size it was built for, or build it for images of this size."
)
_AXES = (
    "A batch has shape (N, C, H, W): grey images (N, H, W) get their channel axis by "
    "images[:, None], one image (C, H, W) its batch axis by image[None]."
)


def as_images(images: Any, model: nn.Module) -> Tensor:
    """Return `images` as a floating tensor (N, ...) of the model's own dtype.

    Raises:
        TypeError: not a tensor or NumPy array.
        ValueError: whole numbers, no images, or values that are not finite.
    """
    images = _tensor(images, "images")
    if images.dtype == torch.bool or not images.is_floating_point():
        raise ValueError(
            f"The images hold whole numbers ({_name(images)}), but a net computes with "
            "fractions: images.float() / 255 brings 0..255 to 0..1."
        )
    if images.dim() < 2 or len(images) == 0:
        raise ValueError(
            f"There is no image in a tensor of shape {tuple(images.shape)}: expected "
            "(N, C, H, W) with N at least 1."
        )
    if not torch.isfinite(images.sum()) and not torch.isfinite(images).all():
        raise ValueError("Some pixels are not finite numbers (NaN or infinity).")
    return images.detach().to(_float_dtype(model))


def as_labels(labels: Any, count: int) -> Tensor:
    """Return `labels` as an int64 tensor (count,).

    Raises:
        TypeError: not a tensor or NumPy array.
        ValueError: not whole numbers, not one axis, or not `count` of them.
    """
    labels = _tensor(labels, "labels")
    if labels.dim() != 1:
        hint = " A one-hot table becomes that by labels.argmax(1)."
        raise ValueError(
            f"The labels have shape {tuple(labels.shape)}, expected ({count},): one "
            f"whole number per image.{hint if labels.dim() == 2 else ''}"
        )
    if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
        raise ValueError(
            f"The labels are {_name(labels)}, expected whole numbers 0, 1, 2 ... that "
            "name the classes: labels.long() if that is what they hold."
        )
    if len(labels) != count:
        raise ValueError(
            f"There are {count} images but {len(labels)} labels: each image needs one."
        )
    return labels.long()


def check_range(labels: Tensor, classes: int) -> None:
    """Raise ValueError unless all labels are 0 to classes - 1."""
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= classes:
        raise ValueError(
            f"The labels run from {low} to {high}, but the model gives {classes} "
            f"scores per image: legal labels are 0 to {classes - 1}."
        )


def count_classes(model: nn.Module, images: Tensor) -> int:
    """Return the number of scores that `model` gives per image, by trying one image.

    The model is asked in evaluation mode and without gradients; its mode is kept.

    Raises:
        ValueError: the model cannot take such an image, or does not give (N, classes).
    """
    sample = images[:1].to(device_of(model), copy=True)
    shape = tuple(sample.shape[1:])
    try:
        with evaluating(model), torch.no_grad():
            scores = model(sample)
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        raise ValueError(
            f"The model cannot take images of shape {shape}: "
            f"{_reason(model, shape, error)} {_AXES if len(shape) == 2 else _CURE}"
        ) from error
    if not isinstance(scores, Tensor) or scores.dim() != 2 or len(scores) != 1:
        got = tuple(scores.shape) if isinstance(scores, Tensor) else type(scores)
        raise ValueError(
            f"For one image of shape {shape} the model gives {got}, expected "
            "(1, classes): one row of scores per image."
        )
    return scores.shape[1]


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put `model` into evaluation mode inside; afterwards every part is as before."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def at_least(least: int, name: str, value: Any) -> int:
    """Return `value` if it is a whole number of `least` or more, else raise."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(
            f"{name} should be a whole number, not {type(value).__name__} ({value!r})."
        )
    if value < least:
        raise ValueError(f"{name} should be {least} or more, not {value}.")
    return int(value)


def positive(name: str, value: Any, *, or_zero: bool = False) -> float:
    """Return `value` if it is a finite number above 0 (or 0), else raise."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise TypeError(f"{name} should be a number, not {type(value).__name__}.")
    if not (0 < value < float("inf") or (or_zero and value == 0)):
        least = "of 0 or more" if or_zero else "above 0"
        raise ValueError(f"{name} should be a finite number {least}, not {value}.")
    return float(value)


def _tensor(value: Any, name: str) -> Tensor:
    if isinstance(value, np.ndarray):
        return torch.from_numpy(np.ascontiguousarray(value))
    if not isinstance(value, Tensor):
        raise TypeError(
            f"The {name} should be a torch tensor or a NumPy array, "
            f"not {type(value).__name__}."
        )
    return value


def _float_dtype(model: nn.Module) -> torch.dtype:
    for parameter in model.parameters():
        if parameter.is_floating_point():
            return parameter.dtype
    return torch.get_default_dtype()


def _name(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _reason(model: nn.Module, shape: tuple[int, ...], error: BaseException) -> str:
    """Say which layer does not fit, as ``summary`` names it, else what PyTorch said."""
    if len(shape) == 3:
        try:
            summary(model, shape)
        except ValueError as refusal:
            return str(refusal).split(". ")[0].removesuffix(".") + "."
        except Exception:  # what summary cannot follow is no reason to say less
            return _first_line(error)
    return _first_line(error)


def _first_line(error: BaseException) -> str:
    text = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return text if text.endswith(".") else text + "."
