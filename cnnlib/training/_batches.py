"""Batches taken from memory, in a new order every epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from cnnlib.model_summary.untouched import buffers_kept

from ._augment import Augment
from .checks import evaluating
from .device import device_of, seeded, train_mode

_WHOLE_ON_DEVICE = 2**30  # bytes of images that may move to an accelerator at once


class Batches:
    """Labelled images, dealt out in batches; each iteration is one epoch.

    The order depends on the seed alone: neither dropout nor augmentation changes it.
    """

    def __init__(
        self,
        images: Tensor,
        labels: Tensor,
        size: int,
        *,
        seed: int,
        device: torch.device,
        augment: Augment | Sequence[Augment] | None = None,
        layout: torch.memory_format = torch.contiguous_format,
    ) -> None:
        fits = images.numel() * images.element_size() <= _WHOLE_ON_DEVICE
        home = device if fits else images.device
        self._images, self._labels = images.to(home), labels.to(home)
        self._size, self._device, self._layout = size, device, layout
        self._order = torch.Generator().manual_seed(seed)
        self._augments = augments(augment)

    def __len__(self) -> int:
        return math.ceil(len(self._images) / self._size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(self._images), generator=self._order)
        for picked in order.to(self._images.device).split(self._size):
            batch = self._images[picked].to(self._device)
            batch = augmented(batch, self._augments)
            labels = self._labels[picked].to(self._device)
            yield batch.to(memory_format=self._layout), labels


def augmented(batch: Tensor, several: list[Augment]) -> Tensor:
    """Apply augmentations in turn; raise ValueError where images get lost."""
    for augment in several:
        changed = augment(batch)
        if not isinstance(changed, Tensor) or len(changed) != len(batch):
            raise ValueError(
                f"augment was given a batch of shape {tuple(batch.shape)} and gave "
                f"back {_described(changed)}: expected as many images."
            )
        batch = changed
    return batch


def check_smallest_batch(model: nn.Module, images: Tensor, size: int) -> None:
    """Raise ValueError where an epoch has a batch of one, and batch norm refuses it.

    The model is tried in training mode; it is as before afterwards.
    """
    count = len(images)
    if min(size, count) > 1 and count % size != 1:
        return
    if _trains_on(model, images[:1]) or not _trains_on(model, images[[0, -1]]):
        return
    if count == 1:
        raise ValueError(
            "Batch norm cannot learn from one value per channel, which is what one "
            "image gives: train on two images at least."
        )
    sizes = [*range(min(size, count), 1, -1), *range(2, count + 1)]
    better = next(n for n in sizes if count % n != 1)
    raise ValueError(
        f"With batch_size={size} one of the batches of {count} images has one image "
        "alone, but batch norm cannot learn from one value per channel. Choose "
        f"batch_size={better}."
    )


def _trains_on(model: nn.Module, batch: Tensor) -> bool:
    """Whether the model takes a batch in training mode."""
    home = device_of(model)
    modes = [(module, module.training) for module in model.modules()]
    try:
        with seeded(0, home), buffers_kept(model), torch.no_grad():
            train_mode(model)
            model(batch.to(home, copy=True))
    except (RuntimeError, ValueError):
        return False
    finally:
        for module, mode in modes:
            module.training = mode
    return True


def best_layout(
    model: nn.Module, images: Tensor, device: torch.device
) -> torch.memory_format:
    """Return the order in which a batch's numbers should lie in memory.

    On a CPU, convolution and pooling are quicker when the channels of a pixel lie side
    by side (channels last). The shape stays (N, C, H, W) and the values are the same,
    but a model that flattens with ``x.view(...)`` refuses such a batch: it is tried.
    """
    if device.type != "cpu" or images.dim() != 4:
        return torch.contiguous_format
    try:
        with evaluating(model), torch.no_grad():
            model(images[:2].clone(memory_format=torch.channels_last))
    except RuntimeError:
        return torch.contiguous_format
    return torch.channels_last


def augments(augment: Any) -> list[Augment]:
    """Return one augmentation or several as a list, else raise TypeError."""
    several = [augment] if augment is None or callable(augment) else augment
    if not isinstance(several, list | tuple) or not all(
        one is None or callable(one) for one in several
    ):
        raise TypeError(
            "augment should be a function of a batch, or a list of such functions, "
            f"not {augment!r}."
        )
    return [one for one in several if one is not None]


def _described(value: object) -> str:
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return type(value).__name__
